//! The items of a sequence (PS3.5 §7.5).

use super::elements::Rules;
use super::header::{Encoding, UNDEFINED};
use super::leniency::{Deviation, Leniency};
use super::skip::{Skip, item_encoding, skip_item, skip_item_of_wrong_length};
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result};
use crate::tag::Tag;

/// Where an item's elements lie and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemRange {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Bytes, without the delimiter.
    pub length: u64,
    /// How its elements are written.
    pub encoding: Encoding,
    /// Whether it ends with a delimiter.
    pub is_undefined_length: bool,
    /// What was tolerated to find its end.
    pub deviation: Option<Deviation>,
}

/// Goes through the items of the sequence whose value field is `value`, `value_offset` bytes from
/// the start of the file.
pub(crate) struct ItemRanges<'a> {
    value: &'a [u8],
    value_offset: u64,
    encoding: Encoding,
    rules: &'a Rules,
    position: usize,
}

impl<'a> ItemRanges<'a> {
    pub fn new(
        value: &'a [u8],
        value_offset: u64,
        encoding: Encoding,
        rules: &'a Rules,
    ) -> ItemRanges<'a> {
        ItemRanges { value, value_offset, encoding, rules, position: 0 }
    }

    /// The next item, if there is one.
    ///
    /// # Errors
    ///
    /// If something else than an item stands there, or it is nested too deep.
    pub fn next(&mut self) -> Result<Option<ItemRange>> {
        let (value, value_offset) = (self.value, self.value_offset);
        let mut cursor = Cursor::new(value, self.position, self.encoding.order);
        let at = value_offset.saturating_add(self.position as u64);
        let (Some(tag), Some(length)) = (cursor.tag(), cursor.u32()) else { return Ok(None) };
        if tag == Tag::SEQUENCE_DELIMITATION {
            return Ok(None);
        }
        if tag != Tag::ITEM {
            return Err(Error::from(ErrorKind::ItemExpected { found: tag }).at_offset(at));
        }
        let start = cursor.position();
        let own = item_encoding(value, start, self.encoding);
        let found = if length == UNDEFINED {
            self.undefined(start, own, cursor.remaining())?
        } else {
            self.defined(start, own, length as usize, cursor.remaining())?
        };
        self.position = start.saturating_add(found.total_length);
        let offset = value_offset.saturating_add(start as u64);
        Ok(Some(ItemRange {
            offset,
            length: found.length as u64,
            encoding: own,
            is_undefined_length: length == UNDEFINED,
            deviation: found.deviation,
        }))
    }

    /// The item of undefined length whose elements start at `start` of the value, of which
    /// `remaining` bytes are left.
    fn undefined(&self, start: usize, own: Encoding, remaining: usize) -> Result<Found> {
        let skip = skip_item(self.value, start, own, self.rules, true).map_err(|error| {
            let offset = self.value_offset.saturating_add(error.offset().unwrap_or(0));
            Error::from_kind_of(error).at_offset(offset)
        })?;
        Ok(match skip {
            Skip::End { value_length, total_length, deviation } => {
                let in_file = |found: Deviation| Deviation {
                    offset: self.value_offset + found.offset,
                    ..found
                };
                Found { length: value_length, total_length, deviation: deviation.map(in_file) }
            }
            Skip::NeedsMore(_) => {
                let needed = remaining as u64 + 8;
                let error = ErrorKind::ValueCutShort { needed, available: remaining as u64 };
                let end = self.value_offset.saturating_add(self.value.len() as u64);
                let deviation = self.tolerate(Leniency::MissingDelimiter, end, error)?;
                Found { length: remaining, total_length: remaining, deviation }
            }
        })
    }

    /// The same of one that says to have `length` bytes.
    fn defined(
        &self,
        start: usize,
        own: Encoding,
        length: usize,
        remaining: usize,
    ) -> Result<Found> {
        let behind =
            Cursor::new(self.value, start.saturating_add(length), self.encoding.order).tag();
        let is_followed = match behind {
            Some(tag) => matches!(tag, Tag::ITEM | Tag::SEQUENCE_DELIMITATION),
            // Less than a header behind the last item is no reason to doubt its length.
            None => length <= remaining,
        };
        if is_followed {
            return Ok(Found { length, total_length: length, deviation: None });
        }
        let at = self.value_offset.saturating_add(start as u64);
        if let Some(Skip::End { value_length, total_length, .. }) =
            skip_item_of_wrong_length(self.value, start, own, self.rules, true)
        {
            // With the last of its elements the sequence ends too: its length alone is wrong, not
            // where it ends.
            let is_last = length > remaining && total_length == remaining;
            let leniency =
                if is_last { Leniency::ItemPastSequence } else { Leniency::WrongItemLength };
            let deviation = Some(Deviation { leniency, offset: at });
            return Ok(Found { length: value_length, total_length, deviation });
        }
        if length <= remaining {
            return Ok(Found { length, total_length: length, deviation: None });
        }
        let error = ErrorKind::ValueCutShort { needed: length as u64, available: remaining as u64 };
        let deviation = self.tolerate(Leniency::ItemPastSequence, at, error)?;
        Ok(Found { length: remaining, total_length: remaining, deviation })
    }

    fn tolerate(
        &self,
        leniency: Leniency,
        offset: u64,
        error: ErrorKind,
    ) -> Result<Option<Deviation>> {
        if self.rules.leniencies.allow(leniency) {
            return Ok(Some(Deviation { leniency, offset }));
        }
        Err(Error::from(error).at_offset(offset))
    }

    /// The item with this index, counted from the next one.
    ///
    /// # Errors
    ///
    /// If something else than items stands before it, or they are nested too deep.
    pub fn nth(&mut self, index: usize) -> Result<Option<ItemRange>> {
        for _ in 0..index {
            if self.next()?.is_none() {
                return Ok(None);
            }
        }
        self.next()
    }
}

/// How long an item is, with its delimiter and without.
struct Found {
    length: usize,
    total_length: usize,
    deviation: Option<Deviation>,
}

/// The items of the sequence whose value field is `value`, `value_offset` bytes from the start of
/// the file.
///
/// # Errors
///
/// If something else than items is in `value`, there are too many of them or they are nested too
/// deep.
pub fn parse_items(
    value: &[u8],
    value_offset: u64,
    encoding: Encoding,
    rules: &Rules,
) -> Result<Vec<ItemRange>> {
    let mut items: Vec<ItemRange> = Vec::new();
    let mut rest = ItemRanges::new(value, value_offset, encoding, rules);
    loop {
        let error = match rest.next() {
            Ok(None) => return Ok(items),
            Ok(Some(item)) if items.len() < rules.limits.element_count => {
                items.push(item);
                continue;
            }
            Ok(Some(item)) => {
                let kind = ErrorKind::TooMany { limit: rules.limits.element_count };
                Error::from(kind).at_offset(item.offset)
            }
            Err(error) => error,
        };
        // The last item says that there was more.
        return match items.last_mut() {
            Some(last) if rules.leniencies.allow(Leniency::Damaged) => {
                let offset = error.offset().unwrap_or(value_offset);
                last.deviation = Some(Deviation { leniency: Leniency::Damaged, offset });
                Ok(items)
            }
            _ => Err(error),
        };
    }
}
