//! Which fragments make a frame: by the Extended Offset Table, the Basic one, or what the fragments
//! themselves say.

use std::ops::Range;

use super::fragments::{Fragment, Fragments};
use super::tables::read_unseen;
use crate::codec::{SIGNATURE_LENGTH, signature};
use crate::cursor::ByteOrder;
use crate::dataset::OpenBytes;
use crate::error::{Error, ErrorKind, ImageFault, Result};
use crate::source::AlignedBuffer;

/// The Extended Offset Table and its lengths (PS3.3 §C.7.6.3.1.8): one fragment a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtendedOffsetTable {
    /// Bytes from the first fragment's item to that of the frame.
    pub offsets: Vec<u64>,
    /// Bytes of the frame, without padding.
    pub lengths: Vec<u64>,
}

/// What was tolerated in finding the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Irregularity {
    /// The Extended Offset Table does not lead to fragments, or not to as many frames as there are.
    ExtendedOffsetTable,
    /// The Basic Offset Table does not lead to fragments, or not to as many frames as there are.
    BasicOffsetTable,
}

impl Irregularity {
    /// A sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Irregularity::ExtendedOffsetTable => {
                "the Extended Offset Table does not fit the fragments: frames are found without it"
            }
            Irregularity::BasicOffsetTable => {
                "the Basic Offset Table does not fit the fragments: frames are found without it"
            }
        }
    }
}

/// The frames of an encapsulated value.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use rapidicom_core::{
///     AlignedBuffer, ByteOrder, FileBytes, Fragments, Frames, Limits, OpenBytes, Source,
/// };
///
/// let value = [
///     &[0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0][..], // an empty Basic Offset Table
///     &[0xFE, 0xFF, 0x00, 0xE0, 2, 0, 0, 0, 1, 2], // the first frame
///     &[0xFE, 0xFF, 0x00, 0xE0, 2, 0, 0, 0, 3, 4], // the second frame
///     &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0], // the delimiter
/// ]
/// .concat();
/// let length = value.len() as u64;
/// let bytes = FileBytes::new(Source::Memory(Arc::new(value)), Vec::new());
/// let open = OpenBytes::new(&bytes)?;
///
/// let fragments = Fragments::read(&open, 0, length, ByteOrder::Little, &Limits::DEFAULT)?;
/// let frames = Frames::find(fragments, None, 2, &open)?;
/// assert_eq!(frames.count(), 2);
/// assert_eq!(frames.read(1, &open, &mut AlignedBuffer::default())?, [3, 4]);
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames {
    fragments: Vec<Fragment>,
    /// For each frame, which fragments are its.
    ranges: Vec<Range<usize>>,
    /// Bytes that the last fragment lacks.
    missing_length: u64,
    /// If nobody has looked at the fragments: each of them is all items of a frame, with their
    /// headers in this order.
    pub(super) unseen: Option<ByteOrder>,
    /// What was tolerated.
    pub irregularities: Vec<Irregularity>,
}

impl Frames {
    /// Frames that tables have, one fragment each.
    pub(super) fn of_tables(fragments: Vec<Fragment>, unseen: Option<ByteOrder>) -> Frames {
        let ranges = (0..fragments.len()).map(|index| index..index + 1).collect();
        Frames { fragments, ranges, missing_length: 0, unseen, irregularities: Vec::new() }
    }

    /// Finds the frames that `fragments` make. Number of Frames says that there are `said_count`.
    ///
    /// A table is believed if it leads to fragments, from the first to the last, and leaves no
    /// frame empty.
    ///
    /// # Errors
    ///
    /// If there are no fragments, if nothing says which make a frame, or the file cannot be read.
    pub fn find(
        fragments: Fragments,
        extended: Option<&ExtendedOffsetTable>,
        said_count: u64,
        bytes: &OpenBytes<'_>,
    ) -> Result<Frames> {
        let Fragments { basic_offset_table, is_table_broken, mut fragments, missing_length } =
            fragments;
        let mut irregularities = Vec::new();
        if fragments.is_empty() {
            return Err(ImageFault::NoFragments.into());
        }
        if let Some(extended) = extended.filter(|table| !table.offsets.is_empty()) {
            if let Some(ranges) = by_extended_table(&mut fragments, extended, said_count) {
                return Ok(Frames {
                    fragments,
                    ranges,
                    missing_length,
                    unseen: None,
                    irregularities,
                });
            }
            irregularities.push(Irregularity::ExtendedOffsetTable);
        }
        if is_table_broken {
            irregularities.push(Irregularity::BasicOffsetTable);
        }
        if !basic_offset_table.is_empty() {
            if let Some(ranges) = by_basic_table(&fragments, &basic_offset_table, said_count) {
                return Ok(Frames {
                    fragments,
                    ranges,
                    missing_length,
                    unseen: None,
                    irregularities,
                });
            }
            irregularities.push(Irregularity::BasicOffsetTable);
        }
        let ranges = by_fragments(&mut fragments, said_count, bytes)?;
        Ok(Frames { fragments, ranges, missing_length, unseen: None, irregularities })
    }

    /// Whether nobody has looked at the fragments: those of a frame are then one.
    pub fn is_unseen(&self) -> bool {
        self.unseen.is_some()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.ranges.len() as u64
    }

    /// The fragments of a frame; none if there is no such frame.
    pub fn fragments(&self, index: u64) -> &[Fragment] {
        let range = usize::try_from(index).ok().and_then(|index| self.ranges.get(index));
        range.and_then(|range| self.fragments.get(range.clone())).unwrap_or_default()
    }

    /// Bytes of a frame.
    pub fn length(&self, index: u64) -> u64 {
        self.fragments(index).iter().map(|fragment| fragment.length).fold(0, u64::saturating_add)
    }

    /// Bytes that the file lacks of a frame, because it ends too early.
    pub fn missing_length(&self, index: u64) -> u64 {
        let is_last = index.checked_add(1) == Some(self.count());
        if is_last { self.missing_length } else { 0 }
    }

    /// Checks that no bytes are missing of a frame.
    ///
    /// # Errors
    ///
    /// If the file ends before the frame.
    pub fn check_whole(&self, index: u64) -> Result<()> {
        let (available, missing) = (self.length(index), self.missing_length(index));
        match missing {
            0 => Ok(()),
            _ => Err(ErrorKind::ValueCutShort {
                needed: available.saturating_add(missing),
                available,
            }
            .into()),
        }
    }

    /// The bytes of a frame, those of its fragments one after the other: as they are in memory if
    /// there is one fragment, else in `buffer`.
    ///
    /// # Errors
    ///
    /// If there is no such frame, or the file cannot be read.
    pub fn read<'b>(
        &self,
        index: u64,
        bytes: &'b OpenBytes<'_>,
        buffer: &'b mut AlignedBuffer,
    ) -> Result<&'b [u8]> {
        match self.fragments(index) {
            [] => Err(ErrorKind::FrameIndex { index, count: self.count() }.into()),
            [only] => match self.unseen {
                None => bytes.get(only.offset, only.length, buffer),
                Some(order) => read_unseen(*only, order, bytes, buffer),
            },
            several => {
                let mut part = AlignedBuffer::default();
                // Fragments lie inside the value, so that together they are not longer than the
                // file.
                buffer.resize(usize::try_from(self.length(index)).unwrap_or(usize::MAX))?;
                let mut start = 0;
                for fragment in several {
                    let bytes = bytes.get(fragment.offset, fragment.length, &mut part)?;
                    let end = start + bytes.len();
                    if let Some(target) = buffer.as_mut_slice().get_mut(start..end) {
                        target.copy_from_slice(bytes);
                    }
                    start = end;
                }
                Ok(buffer.as_slice())
            }
        }
    }
}

/// The fragments of each frame by the Extended Offset Table, cut to the lengths that it says;
/// `None` if they do not fit.
fn by_extended_table(
    fragments: &mut [Fragment],
    table: &ExtendedOffsetTable,
    said_count: u64,
) -> Option<Vec<Range<usize>>> {
    let count = table.offsets.len();
    if count as u64 != said_count || table.lengths.len() != count {
        return None;
    }
    let starts = indices(fragments, &table.offsets)?;
    let padded = |fragment: &Fragment, length: u64| {
        fragment.length >= length && fragment.length - length <= 1
    };
    let mut entries = starts.iter().zip(&table.lengths);
    if !entries.all(|(start, length)| {
        fragments.get(*start).is_some_and(|fragment| padded(fragment, *length))
    }) {
        return None;
    }
    for (start, length) in starts.iter().zip(&table.lengths) {
        if let Some(fragment) = fragments.get_mut(*start) {
            fragment.length = *length;
        }
    }
    Some(starts.into_iter().map(|start| start..start + 1).collect())
}

/// The fragments of each frame by the Basic Offset Table; `None` if it does not fit.
fn by_basic_table(
    fragments: &[Fragment],
    table: &[u64],
    said_count: u64,
) -> Option<Vec<Range<usize>>> {
    // A table with another count of frames helps only if the fragments do not have that count.
    if table.len() as u64 != said_count && fragments.len() as u64 == said_count {
        return None;
    }
    let starts = indices(fragments, table)?;
    let ends = starts.iter().skip(1).copied().chain([fragments.len()]);
    let ranges: Vec<_> = starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect();
    ranges.iter().all(|range| range.start < range.end).then_some(ranges)
}

/// Which fragments are at these offsets from the first fragment's item; `None` if one leads
/// elsewhere, or they do not rise from 0.
fn indices(fragments: &[Fragment], offsets: &[u64]) -> Option<Vec<usize>> {
    let base = fragments.first()?.offset;
    let index = |offset: &u64| {
        let offset = base.checked_add(*offset)?;
        fragments.binary_search_by_key(&offset, |fragment| fragment.offset).ok()
    };
    let indices: Vec<usize> = offsets.iter().map(index).collect::<Option<_>>()?;
    (indices.first() == Some(&0) && indices.is_sorted_by(|a, b| a < b)).then_some(indices)
}

/// The fragments of each frame where no table says them.
fn by_fragments(
    fragments: &mut Vec<Fragment>,
    said_count: u64,
    bytes: &OpenBytes<'_>,
) -> Result<Vec<Range<usize>>> {
    let one_each =
        |fragments: &[Fragment]| (0..fragments.len()).map(|index| index..index + 1).collect();
    let mut buffer = AlignedBuffer::default();
    let mut signature_of = |fragment: &Fragment| -> Result<Option<usize>> {
        Ok(signature(bytes.get(
            fragment.offset,
            fragment.length.min(SIGNATURE_LENGTH),
            &mut buffer,
        )?))
    };
    // All frames start as the first does. Within a frame, bytes can look like the start of another
    // codec's frame by chance.
    let expected = match fragments.iter().find(|fragment| fragment.length > 0) {
        Some(first) => signature_of(first)?,
        None => None,
    };
    let mut starts_frame = |fragment: &Fragment| -> Result<bool> {
        Ok(expected.is_some() && signature_of(fragment)? == expected)
    };
    if said_count == 1 {
        let mut are_whole = fragments.len() > 1;
        for fragment in fragments.iter() {
            are_whole = are_whole && starts_frame(fragment)?;
        }
        if are_whole {
            return Ok(one_each(fragments));
        }
        return Ok(std::iter::once(0..fragments.len()).collect());
    }
    if fragments.len() as u64 == said_count {
        return Ok(one_each(fragments));
    }
    // Empty ones belong to no frame.
    fragments.retain(|fragment| fragment.length > 0);
    if fragments.len() as u64 == said_count {
        return Ok(one_each(fragments));
    }
    let mut starts = Vec::new();
    for (index, fragment) in fragments.iter().enumerate() {
        if starts_frame(fragment)? {
            starts.push(index);
        }
    }
    // Where each fragment starts a frame, the frames are those present, whatever Number of Frames
    // says.
    if starts.first() != Some(&0)
        || (starts.len() < fragments.len() && (starts.len() as u64) < said_count)
    {
        let offset = fragments.first().map_or(0, |fragment| fragment.offset);
        let (fragments, frames) = (fragments.len(), said_count);
        let fault = ImageFault::UnassignedFragments { fragments, frames };
        return Err(Error::from(fault).at_offset(offset));
    }
    let ends = starts.iter().skip(1).copied().chain([fragments.len()]);
    Ok(starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect())
}

#[cfg(test)]
mod tests;
