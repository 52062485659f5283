//! Which fragments make a frame: by the Extended Offset Table, the Basic one, or what the fragments
//! themselves say.

use std::ops::Range;

use super::fragments::{Fragment, Fragments};
use crate::codec::{SIGNATURE_LENGTH, signature};
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
    /// What was tolerated.
    pub irregularities: Vec<Irregularity>,
}

impl Frames {
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
                return Ok(Frames { fragments, ranges, missing_length, irregularities });
            }
            irregularities.push(Irregularity::ExtendedOffsetTable);
        }
        if is_table_broken {
            irregularities.push(Irregularity::BasicOffsetTable);
        }
        if !basic_offset_table.is_empty() {
            if let Some(ranges) = by_basic_table(&fragments, &basic_offset_table, said_count) {
                return Ok(Frames { fragments, ranges, missing_length, irregularities });
            }
            irregularities.push(Irregularity::BasicOffsetTable);
        }
        let ranges = by_fragments(&mut fragments, said_count, bytes)?;
        Ok(Frames { fragments, ranges, missing_length, irregularities })
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
            [only] => bytes.get(only.offset, only.length, buffer),
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
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::FileBytes;
    use crate::source::Source;

    const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0];
    const REST: &[u8] = &[1, 2];

    /// Fragments of these bytes, each after the 8 bytes of its item's header.
    fn fragments(values: &[&[u8]]) -> (Fragments, FileBytes) {
        let (mut file, mut found) = (Vec::new(), Fragments::default());
        for value in values {
            file.extend([0xEE; 8]);
            let (offset, length) = (file.len() as u64, value.len() as u64);
            found.fragments.push(Fragment { offset, length });
            file.extend(*value);
        }
        (found, FileBytes::new(Source::Memory(Arc::new(file)), Vec::new()))
    }

    fn pairs(ranges: &[Range<usize>]) -> Vec<(usize, usize)> {
        ranges.iter().map(|range| (range.start, range.end)).collect()
    }

    /// Fragments, the number of frames that there should be, and the fragments of each frame.
    type Case =
        (&'static str, &'static [&'static [u8]], u64, Result<&'static [(usize, usize)], String>);

    #[test]
    fn fragments_are_told_apart_by_what_they_are() {
        let error = |fragments, frames| {
            Err(format!(
                "Image(UnassignedFragments {{ fragments: {fragments}, frames: {frames} }})"
            ))
        };
        #[rustfmt::skip]
        let table: [Case; 14] = [
            ("one of each", &[REST, REST], 2, Ok(&[(0, 1), (1, 2)])),
            ("one frame in one", &[REST], 1, Ok(&[(0, 1)])),
            ("one frame in three", &[JPEG, REST, REST], 1, Ok(&[(0, 3)])),
            ("one frame without a signature", &[REST, REST], 1, Ok(&[(0, 2)])),
            ("more frames than one, whole each", &[JPEG, JPEG], 1, Ok(&[(0, 1), (1, 2)])),
            ("one whole frame", &[JPEG], 1, Ok(&[(0, 1)])),
            ("empty ones", &[JPEG, b"", JPEG, b""], 2, Ok(&[(0, 1), (1, 2)])),
            ("empty ones count where they must", &[REST, b""], 2, Ok(&[(0, 1), (1, 2)])),
            ("by signatures", &[JPEG, REST, JPEG, REST], 2, Ok(&[(0, 2), (2, 4)])),
            ("more by signatures than said", &[JPEG, REST, JPEG, JPEG], 2,
             Ok(&[(0, 2), (2, 3), (3, 4)])),
            ("fewer than said, whole each", &[JPEG, JPEG], 3, Ok(&[(0, 1), (1, 2)])),
            ("fewer than said, not whole", &[JPEG, REST, JPEG], 4, error(3, 4)),
            ("none that says it", &[REST, REST, REST], 2, error(3, 2)),
            ("other bytes first", &[REST, JPEG, JPEG], 2, error(3, 2)),
        ];
        for (name, values, said_count, expected) in table {
            let (fragments, bytes) = fragments(values);
            let open = OpenBytes::new(&bytes).unwrap();
            let found = Frames::find(fragments, None, said_count, &open);
            if let Err(error) = &found {
                assert_eq!(error.offset(), Some(8), "{name}");
            }
            let found = found.map(|frames| pairs(&frames.ranges));
            let expected = expected.map(<[_]>::to_vec);
            assert_eq!(found.map_err(|error| format!("{:?}", error.kind())), expected, "{name}");
        }
    }

    #[test]
    fn a_signature_of_another_codec_starts_no_frame() {
        let jpeg_2000: &[u8] = &[0xFF, 0x4F, 0xFF, 0x51];
        let (fragments, bytes) = fragments(&[b"", JPEG, jpeg_2000, JPEG]);
        let open = OpenBytes::new(&bytes).unwrap();
        let frames = Frames::find(fragments, None, 2, &open).unwrap();
        assert_eq!(frames.ranges, [0..2, 2..3]);
    }

    #[test]
    fn no_fragments_are_an_error() {
        let (fragments, bytes) = fragments(&[]);
        let open = OpenBytes::new(&bytes).unwrap();
        let error = Frames::find(fragments, None, 1, &open).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Image(ImageFault::NoFragments)), "{error}");
    }

    #[test]
    fn the_basic_table_is_believed_where_it_leads_to_fragments() {
        let values: &[&[u8]] = &[JPEG, REST, JPEG];
        let broken = vec![Irregularity::BasicOffsetTable];
        // Fragments at 0, 12 and 22 from the first item.
        for (name, table, said_count, expected, irregularities) in [
            ("it fits", vec![0, 22], 2, vec![0..2, 2..3], vec![]),
            ("it fits, whatever the signatures", vec![0, 12], 2, vec![0..1, 1..3], vec![]),
            ("more frames than said", vec![0, 12, 22], 2, vec![0..1, 1..2, 2..3], vec![]),
            ("not from the first on", vec![12, 22], 2, vec![0..2, 2..3], broken.clone()),
            ("between fragments", vec![0, 13], 2, vec![0..2, 2..3], broken.clone()),
            ("not rising", vec![0, 0], 2, vec![0..2, 2..3], broken.clone()),
            ("past the end", vec![0, u64::MAX], 2, vec![0..2, 2..3], broken.clone()),
            (
                "of two frames, where three are fragments",
                vec![0, 22],
                3,
                vec![0..1, 1..2, 2..3],
                broken.clone(),
            ),
        ] {
            let (fragments, bytes) = fragments(values);
            let fragments = Fragments { basic_offset_table: table, ..fragments };
            let open = OpenBytes::new(&bytes).unwrap();
            let frames = Frames::find(fragments, None, said_count, &open).unwrap();
            assert_eq!(
                (frames.ranges, frames.irregularities),
                (expected, irregularities),
                "{name}"
            );
        }
        let (fragments, bytes) = fragments(values);
        let open = OpenBytes::new(&bytes).unwrap();
        let fragments = Fragments { is_table_broken: true, ..fragments };
        assert_eq!(Frames::find(fragments, None, 2, &open).unwrap().irregularities, broken);
    }

    #[test]
    fn the_extended_table_gives_one_fragment_a_frame_and_its_length() {
        let values: &[&[u8]] = &[b"abcd", b"efgh"];
        let broken = vec![Irregularity::ExtendedOffsetTable];
        for (name, offsets, lengths, said_count, expected, irregularities) in [
            ("it fits", vec![0, 12], vec![4, 4], 2, [4, 4], vec![]),
            ("with padding", vec![0, 12], vec![3, 4], 2, [3, 4], vec![]),
            ("with too much padding", vec![0, 12], vec![4, 2], 2, [4, 4], broken.clone()),
            ("longer than the fragment", vec![0, 12], vec![4, 5], 2, [4, 4], broken.clone()),
            ("elsewhere", vec![0, 11], vec![4, 4], 2, [4, 4], broken.clone()),
            ("fewer lengths", vec![0, 12], vec![4], 2, [4, 4], broken.clone()),
            ("another count", vec![0], vec![4], 2, [4, 4], broken.clone()),
            ("no offsets", vec![], vec![], 2, [4, 4], vec![]),
        ] {
            let (fragments, bytes) = fragments(values);
            let open = OpenBytes::new(&bytes).unwrap();
            let table = ExtendedOffsetTable { offsets, lengths };
            let frames = Frames::find(fragments, Some(&table), said_count, &open).unwrap();
            assert_eq!([frames.length(0), frames.length(1)], expected, "{name}");
            assert_eq!((frames.count(), &frames.irregularities), (2, &irregularities), "{name}");
        }
    }

    #[test]
    fn irregularities_are_sentences() {
        let sentences = [Irregularity::ExtendedOffsetTable, Irregularity::BasicOffsetTable]
            .map(Irregularity::sentence);
        assert!(sentences[0].starts_with("the Extended Offset Table does not fit"));
        assert!(sentences[1].starts_with("the Basic Offset Table does not fit"));
    }

    #[test]
    fn frames_are_read_with_their_fragments_joined() {
        let (fragments, bytes) = fragments(&[b"ab", b"cde", b"f"]);
        let fragments =
            Fragments { basic_offset_table: vec![0, 21], missing_length: 5, ..fragments };
        let open = OpenBytes::new(&bytes).unwrap();
        let frames = Frames::find(fragments, None, 2, &open).unwrap();
        let read = |index| {
            let mut buffer = AlignedBuffer::default();
            frames.read(index, &open, &mut buffer).map(<[u8]>::to_vec)
        };
        assert_eq!((read(0).unwrap(), read(1).unwrap()), (b"abcde".to_vec(), b"f".to_vec()));
        let error = read(2).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::FrameIndex { index: 2, count: 2 }), "{error}");
        assert!(read(u64::MAX).is_err());

        let whole = |index| (frames.length(index), frames.missing_length(index));
        assert_eq!([whole(0), whole(1), whole(2)], [(5, 0), (1, 5), (0, 0)]);
        assert_eq!(frames.fragments(1), [Fragment { offset: 29, length: 1 }]);
        assert!(frames.check_whole(0).is_ok());
        let error = frames.check_whole(1).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::ValueCutShort { needed: 6, available: 1 }),
            "{error}"
        );
    }
}
