//! The items of a sequence (PS3.5 §7.5).

use super::skip::{Skip, item_encoding, skip_item};
use super::{Encoding, UNDEFINED};
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

/// The items of the sequence whose value field is `value`, `value_offset` bytes from the start of the file.
///
/// A last item that says to be longer than the sequence is taken as far as the sequence goes.
///
/// # Errors
///
/// If something else than items is in `value`, there are too many of them or they are nested too deep.
pub fn parse_items(value: &[u8], value_offset: u64, encoding: Encoding, limits: &Limits) -> Result<Vec<ItemRange>> {
    let mut items = Vec::new();
    let mut position = 0;
    loop {
        let mut cursor = Cursor::new(value, position, encoding.order);
        let at = value_offset.saturating_add(position as u64);
        let (Some(tag), Some(length)) = (cursor.tag(), cursor.u32()) else { return Ok(items) };
        if tag == Tag::SEQUENCE_DELIMITATION {
            return Ok(items);
        }
        if tag != Tag::ITEM {
            return Err(Error::from(ErrorKind::ItemExpected { found: tag }).at_offset(at));
        }
        if items.len() >= limits.element_count {
            return Err(Error::from(ErrorKind::TooMany { limit: limits.element_count }).at_offset(at));
        }
        let start = cursor.position();
        let own = item_encoding(value, start, encoding);
        let (length, total_length) = if length == UNDEFINED {
            let skip = skip_item(value, start, own, limits).map_err(|error| {
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
        items.push(ItemRange {
            offset: value_offset.saturating_add(start as u64),
            length: length as u64,
            encoding: own,
            is_undefined_length: total_length != length,
        });
        position = start + total_length;
    }
}
