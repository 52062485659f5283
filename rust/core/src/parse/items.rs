//! The items of a sequence (PS3.5 §7.5).

use super::detect::item_encoding;
use super::elements::{keep_what_was_read, missing_delimiter};
use super::header::{Encoding, ItemHeader, UNDEFINED};
use super::leniency::{Deviation, Deviations, Leniency};
use super::rules::Rules;
use super::skip::{Extent, ItemEnd, find_item_end, skip_item};
use super::walk::Walk;
use super::window::Window;
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

/// Goes through the items of a sequence one after the other.
pub(crate) struct ItemRanges<'a> {
    /// The value field of the sequence, and nothing else.
    window: Window<'a>,
    encoding: Encoding,
    rules: &'a Rules,
    /// Of the next item, in bytes from the start of the file.
    offset: u64,
}

impl<'a> ItemRanges<'a> {
    /// Those of the sequence whose value field is `value`, `value_offset` bytes from the start of
    /// the file.
    pub(crate) fn new(
        value: &'a [u8],
        value_offset: u64,
        encoding: Encoding,
        rules: &'a Rules,
    ) -> ItemRanges<'a> {
        let window = Window::memory(value, value_offset);
        ItemRanges { window, encoding, rules, offset: value_offset }
    }

    /// The next item, if there is one.
    ///
    /// # Errors
    ///
    /// If something else than an item takes its place, or it is nested too deep.
    pub(crate) fn next(&mut self) -> Result<Option<ItemRange>> {
        let mut tolerated = Deviations::default();
        let mut walk = Walk::new(&mut self.window, self.rules, &mut tolerated);
        let Some(header) = walk.item_header(self.offset, self.encoding.order)? else {
            return Ok(None);
        };
        match header.tag {
            Tag::SEQUENCE_DELIMITATION => return Ok(None),
            Tag::ITEM => {}
            found => {
                return Err(Error::from(ErrorKind::ItemExpected { found }).at_offset(self.offset));
            }
        }
        let start = self.offset.saturating_add(ItemHeader::LENGTH);
        let own = item_encoding(walk.window.run().from(start), self.encoding);
        let is_undefined_length = header.length == UNDEFINED;
        let extent = if is_undefined_length {
            undefined(&mut walk, start, own)?
        } else {
            defined(&mut walk, start, header.length, self.encoding)?
        };
        self.offset = start.saturating_add(extent.total_length);
        Ok(Some(ItemRange {
            offset: start,
            length: extent.value_length,
            encoding: own,
            is_undefined_length,
            deviation: extent.deviation,
        }))
    }

    /// The item with this index, counted from the next one.
    ///
    /// # Errors
    ///
    /// If something else than items comes before it, or they are nested too deep.
    pub(crate) fn nth(&mut self, index: usize) -> Result<Option<ItemRange>> {
        for _ in 0..index {
            if self.next()?.is_none() {
                return Ok(None);
            }
        }
        self.next()
    }
}

/// The item of undefined length whose elements start at `start`.
fn undefined(walk: &mut Walk<'_, '_>, start: u64, own: Encoding) -> Result<Extent> {
    if let Some(extent) = skip_item(walk, start, own)? {
        return Ok(extent);
    }
    let deviation = missing_delimiter(start, walk.window.end(), walk.rules)?;
    Ok(rest(walk, start, deviation))
}

/// The item whose elements start at `start` and whose header says that they have `length` bytes.
fn defined(walk: &mut Walk<'_, '_>, start: u64, length: u32, parent: Encoding) -> Result<Extent> {
    let available = walk.window.end().saturating_sub(start);
    let needed = u64::from(length);
    match find_item_end(walk, start, length, parent, true)? {
        ItemEnd::AsWritten => {
            Ok(Extent { value_length: needed, total_length: needed, deviation: None })
        }
        ItemEnd::Elsewhere(extent) => {
            // With the last of its elements the sequence ends too: its length alone is wrong, not
            // where it ends.
            let is_last = needed > available && extent.total_length == available;
            let leniency =
                if is_last { Leniency::ItemPastSequence } else { Leniency::WrongItemLength };
            Ok(Extent { deviation: Some(Deviation { leniency, offset: start }), ..extent })
        }
        ItemEnd::PastEnd => {
            let error = ErrorKind::ValueCutShort { needed, available };
            let leniency = Leniency::ItemPastSequence;
            let deviation = walk.rules.leniencies.tolerate(leniency, start, error)?;
            Ok(rest(walk, start, deviation))
        }
    }
}

/// All from `start` to the end of the sequence.
fn rest(walk: &Walk<'_, '_>, start: u64, deviation: Deviation) -> Extent {
    let length = walk.window.end().saturating_sub(start);
    Extent { value_length: length, total_length: length, deviation: Some(deviation) }
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
            Some(last) => {
                last.deviation = Some(keep_what_was_read(error, value_offset, rules)?);
                Ok(items)
            }
            None => Err(error),
        };
    }
}
