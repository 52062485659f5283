//! Finding the end of a value of undefined length (PS3.5 §7.5) without parsing what is inside.

use super::header::{ElementHeader, Encoding, UNDEFINED};
use crate::cursor::{ByteOrder, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::tag::Tag;
use crate::vr::Vr;

/// Where a value of undefined length ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skip {
    /// The value takes `value_length` bytes, and `total_length` with its delimiter.
    End { value_length: usize, total_length: usize },
    /// The bytes end before the value does. It needs at least this many from its start on.
    NeedsMore(usize),
}

/// The bit of each level of nesting: whether the elements of its item are implicit.
struct Levels {
    bits: u128,
    depth: u32,
    limit: u32,
}

impl Levels {
    fn push(&mut self, is_implicit: bool) -> Result<()> {
        // A sequence and its item are a level each, and each level has one bit.
        if self.depth >= (2 * self.limit).min(u128::BITS) {
            return Err(ErrorKind::TooDeep { limit: self.limit }.into());
        }
        self.bits = (self.bits << 1) | u128::from(is_implicit);
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
    }

    fn is_implicit(&self) -> bool {
        self.bits & 1 == 1
    }
}

/// What the walk expects next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Sequence,
    Item,
}

/// Finds the end of the sequence, or of the fragments, whose value starts at `start` of `bytes`.
///
/// Items of defined length are stepped over; only items of undefined length are gone through.
///
/// # Errors
///
/// If something else than an item or a delimiter stands where one must, or the nesting is too deep. Offsets are
/// counted from the start of `bytes`.
pub(crate) fn skip_sequence(bytes: &[u8], start: usize, encoding: Encoding, limits: &Limits) -> Result<Skip> {
    walk(bytes, start, encoding, limits, Inside::Sequence)
}

/// Finds the end of the item of undefined length whose first element starts at `start` of `bytes`.
///
/// # Errors
///
/// As [`skip_sequence`].
pub(crate) fn skip_item(bytes: &[u8], start: usize, encoding: Encoding, limits: &Limits) -> Result<Skip> {
    walk(bytes, start, encoding, limits, Inside::Item)
}

fn walk(bytes: &[u8], start: usize, encoding: Encoding, limits: &Limits, outermost: Inside) -> Result<Skip> {
    let order = encoding.order;
    let mut levels = Levels { bits: 0, depth: 0, limit: limits.sequence_depth };
    // The encoding of a sequence's items is that of the data set that holds it, unless they say otherwise.
    levels.push(encoding.is_implicit)?;
    let mut inside = outermost;
    let mut position = start;
    let needs_more = |end: usize| Ok(Skip::NeedsMore(end.saturating_sub(start)));
    loop {
        let mut cursor = Cursor::new(bytes, position, order);
        if inside == Inside::Sequence {
            let (Some(tag), Some(length)) = (cursor.tag(), cursor.u32()) else { return needs_more(position + 8) };
            match (tag, length) {
                (Tag::ITEM, UNDEFINED) => {
                    position = cursor.position();
                    if bytes.len() < position + 6 {
                        return needs_more(position + 8);
                    }
                    let own = item_encoding(bytes, position, Encoding { order, is_implicit: levels.is_implicit() });
                    levels.push(own.is_implicit)?;
                    inside = Inside::Item;
                }
                (Tag::ITEM, length) => {
                    position = cursor.position().saturating_add(length as usize);
                    if position > bytes.len() {
                        return needs_more(position.saturating_add(8));
                    }
                }
                (Tag::SEQUENCE_DELIMITATION, _) => {
                    let value_length = position - start;
                    position = cursor.position();
                    levels.pop();
                    if levels.depth == 0 {
                        return Ok(Skip::End { value_length, total_length: position - start });
                    }
                    inside = Inside::Item;
                }
                (found, _) => return Err(Error::from(ErrorKind::ItemExpected { found }).at_offset(position as u64)),
            }
        } else {
            let encoding = Encoding { order, is_implicit: levels.is_implicit() };
            let Some(header) = ElementHeader::read(bytes, position, encoding) else { return needs_more(position + 12) };
            match (header.tag, header.value_length) {
                (Tag::ITEM_DELIMITATION, _) => {
                    let value_length = position - start;
                    position += header.header_length;
                    levels.pop();
                    if levels.depth == 0 {
                        return Ok(Skip::End { value_length, total_length: position - start });
                    }
                    inside = Inside::Sequence;
                }
                (found, _) if found.group() == 0xFFFE => {
                    return Err(Error::from(ErrorKind::UnexpectedDelimiter { found }).at_offset(position as u64));
                }
                (_, Some(length)) => {
                    position = position.saturating_add(header.header_length).saturating_add(length as usize);
                    if position > bytes.len() {
                        return needs_more(position.saturating_add(8));
                    }
                }
                (_, None) => {
                    check_undefined(header.vr).map_err(|error| error.at_offset(position as u64))?;
                    position += header.header_length;
                    levels.push(levels.is_implicit())?;
                    inside = Inside::Sequence;
                }
            }
        }
    }
}

/// Whether a value of this VR may have an undefined length: sequences, and what can be encapsulated or unknown.
pub(crate) fn check_undefined(vr: Vr) -> Result<()> {
    match vr {
        Vr::SQ | Vr::UN | Vr::OB | Vr::OW | Vr::IMPLICIT => Ok(()),
        vr => Err(ErrorKind::UndefinedLength { vr }.into()),
    }
}

/// The encoding of an item's elements, whose first one starts at `position`.
///
/// An item of an explicit data set can be implicit: inside UN it has to be (PS3.5 §6.2.2 note 2), and some writers
/// copy private sequences as they are. The reverse does not occur.
pub(crate) fn item_encoding(bytes: &[u8], position: usize, parent: Encoding) -> Encoding {
    if parent.is_implicit || parent.order == ByteOrder::Big {
        return parent;
    }
    let mut cursor = Cursor::new(bytes, position, parent.order);
    match (cursor.tag(), cursor.pair()) {
        (Some(tag), Some(vr)) if tag.group() != 0xFFFE => {
            Encoding { is_implicit: !vr.iter().all(u8::is_ascii_uppercase), ..parent }
        }
        _ => parent,
    }
}
