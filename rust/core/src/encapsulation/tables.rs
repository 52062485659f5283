//! Frames where offset tables say that they are, without a look at the fragments: each look at
//! bytes that are fetched costs a request.

use super::fragments::Fragment;
use super::frames::{ExtendedOffsetTable, Frames};
use crate::cursor::{ByteOrder, Cursor};
use crate::dataset::OpenBytes;
use crate::error::{Error, ErrorKind, Result};
use crate::source::AlignedBuffer;
use crate::tag::Tag;

/// Bytes of an item's tag and length.
const HEADER_LENGTH: u64 = 8;

impl Frames {
    /// The frames of a value of `length` bytes that starts `offset` bytes into the file, by its
    /// Extended or its Basic Offset Table; `None` if it has no table of `said_count` frames.
    ///
    /// # Errors
    ///
    /// If the bytes of the table cannot be read.
    pub fn by_tables(
        bytes: &OpenBytes<'_>,
        offset: u64,
        length: u64,
        order: ByteOrder,
        extended: Option<&ExtendedOffsetTable>,
        said_count: u64,
    ) -> Result<Option<Frames>> {
        let end = offset.saturating_add(length);
        let mut buffer = AlignedBuffer::default();
        if length < HEADER_LENGTH {
            return Ok(None);
        }
        let Some(table) = header(bytes.get(offset, HEADER_LENGTH, &mut buffer)?, order) else {
            return Ok(None);
        };
        let start = offset.saturating_add(HEADER_LENGTH);
        let first = start.saturating_add(table);
        if first >= end {
            return Ok(None);
        }
        if let Some(extended) = extended.filter(|table| !table.offsets.is_empty()) {
            return Ok(by_extended(extended, said_count, first, end));
        }
        let words = bytes.get(start, table, &mut buffer)?;
        let (words, rest) = words.as_chunks::<4>();
        if words.len() as u64 != said_count || !rest.is_empty() {
            return Ok(None);
        }
        let starts: Vec<u64> =
            words.iter().map(|word| first.saturating_add(u64::from(order.u32(*word)))).collect();
        let ends = starts.iter().skip(1).copied().chain([end]);
        let fragments = starts
            .iter()
            .zip(ends)
            .map(|(start, end)| Fragment { offset: *start, length: end.saturating_sub(*start) });
        let fragments: Vec<Fragment> = fragments.collect();
        let is_right = starts.first() == Some(&first)
            && fragments.iter().all(|fragment| fragment.length > HEADER_LENGTH);
        Ok(is_right.then(|| Frames::of_tables(fragments, Some(order))))
    }
}

fn by_extended(
    table: &ExtendedOffsetTable,
    said_count: u64,
    first: u64,
    end: u64,
) -> Option<Frames> {
    if table.offsets.len() as u64 != said_count || table.lengths.len() != table.offsets.len() {
        return None;
    }
    let fragment = |(offset, length): (&u64, &u64)| Fragment {
        offset: first.saturating_add(*offset).saturating_add(HEADER_LENGTH),
        length: *length,
    };
    let fragments: Vec<Fragment> = table.offsets.iter().zip(&table.lengths).map(fragment).collect();
    let is_inside = |one: &Fragment| one.offset.saturating_add(one.length) <= end;
    let is_after = |pair: &[Fragment]| match pair {
        [one, other] => one.offset.saturating_add(one.length) <= other.offset,
        _ => false,
    };
    let is_right = table.offsets.first() == Some(&0)
        && fragments.iter().all(is_inside)
        && fragments.windows(2).all(is_after);
    is_right.then(|| Frames::of_tables(fragments, None))
}

/// The length of the item whose header `bytes` start with; `None` if it is none.
fn header(bytes: &[u8], order: ByteOrder) -> Option<u64> {
    let mut cursor = Cursor::new(bytes, 0, order);
    let (tag, length) = cursor.tag().zip(cursor.u32())?;
    (tag == Tag::ITEM && length < u32::MAX).then_some(u64::from(length))
}

/// The bytes of a frame whose items nobody has looked at: those of its fragments, one after the
/// other.
///
/// # Errors
///
/// If it does not consist of items, or they cannot be read.
pub(super) fn read_unseen<'b>(
    items: Fragment,
    order: ByteOrder,
    bytes: &OpenBytes<'_>,
    buffer: &'b mut AlignedBuffer,
) -> Result<&'b [u8]> {
    let mut own = AlignedBuffer::default();
    let span = bytes.get(items.offset, items.length, &mut own)?;
    buffer.resize(span.len())?;
    let (mut rest, mut filled) = (span, 0);
    while rest.len() as u64 >= HEADER_LENGTH {
        let at = items.offset.saturating_add((span.len() - rest.len()) as u64);
        let Some(length) = header(rest, order) else {
            let mut cursor = Cursor::new(rest, 0, order);
            match cursor.tag() {
                Some(found) if found != Tag::SEQUENCE_DELIMITATION || filled == 0 => {
                    return Err(Error::from(ErrorKind::ItemExpected { found }).at_offset(at));
                }
                _ => break,
            }
        };
        let value = rest.get(HEADER_LENGTH as usize..).unwrap_or_default();
        let Some((value, after)) =
            value.split_at_checked(usize::try_from(length).unwrap_or(usize::MAX))
        else {
            let available = value.len() as u64;
            let kind = ErrorKind::ValueCutShort { needed: length, available };
            return Err(Error::from(kind).at_offset(at));
        };
        if let Some(target) = buffer.as_mut_slice().get_mut(filled..filled + value.len()) {
            target.copy_from_slice(value);
        }
        (filled, rest) = (filled + value.len(), after);
    }
    buffer.resize(filled)?;
    Ok(buffer.as_slice())
}
