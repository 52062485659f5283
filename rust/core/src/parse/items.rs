//! The items of a sequence (PS3.5 §7.5).

use super::header::{Encoding, UNDEFINED};
use super::skip::{Skip, item_encoding, skip_item};
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
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
}

/// Goes through the items of the sequence whose value field is `value`, `value_offset` bytes from the start of the
/// file.
///
/// A last item that says to be longer than the sequence is taken as far as the sequence goes.
pub(crate) struct ItemRanges<'a> {
    value: &'a [u8],
    value_offset: u64,
    encoding: Encoding,
    limits: &'a Limits,
    position: usize,
}

impl<'a> ItemRanges<'a> {
    pub fn new(value: &'a [u8], value_offset: u64, encoding: Encoding, limits: &'a Limits) -> ItemRanges<'a> {
        ItemRanges { value, value_offset, encoding, limits, position: 0 }
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
        let (length, total_length) = if length == UNDEFINED {
            let skip = skip_item(value, start, own, self.limits).map_err(|error| {
                let offset = value_offset + error.offset().unwrap_or(0);
                Error::from_kind_of(error).at_offset(offset)
            })?;
            match skip {
                Skip::End { value_length, total_length } => (value_length, total_length),
                Skip::NeedsMore(_) => (cursor.remaining(), cursor.remaining()),
            }
        } else {
            let length = (length as usize).min(cursor.remaining());
            (length, length)
        };
        self.position = start + total_length;
        Ok(Some(ItemRange {
            offset: value_offset.saturating_add(start as u64),
            length: length as u64,
            encoding: own,
            is_undefined_length: total_length != length,
        }))
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

/// The items of the sequence whose value field is `value`, `value_offset` bytes from the start of the file.
///
/// # Errors
///
/// If something else than items is in `value`, there are too many of them or they are nested too deep.
pub fn parse_items(value: &[u8], value_offset: u64, encoding: Encoding, limits: &Limits) -> Result<Vec<ItemRange>> {
    let mut items = Vec::new();
    let mut rest = ItemRanges::new(value, value_offset, encoding, limits);
    while let Some(item) = rest.next()? {
        if items.len() >= limits.element_count {
            let kind = ErrorKind::TooMany { limit: limits.element_count };
            return Err(Error::from(kind).at_offset(item.offset));
        }
        items.push(item);
    }
    Ok(items)
}
