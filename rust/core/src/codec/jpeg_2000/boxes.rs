//! The JP2 file format around a codestream (ISO/IEC 15444-1 Annex I). DICOM asks for bare
//! codestreams (PS3.5 §A.4.4); some writers put the whole file into the fragment.

use std::ops::Range;

use super::NAME;
use crate::codec::invalid;
use crate::error::{ErrorKind, Jpeg2000Fault, Result};

/// What a codestream starts with: SOC, SIZ.
const CODESTREAM_START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
/// What the file format starts with: the length and type of its first box.
const FILE_START: [u8; 8] = *b"\0\0\0\x0CjP  ";
/// Where a codestream is looked for if the frame does not start with one: files exist with a few
/// bytes before it.
const SEARCHED_LENGTH: usize = 4096;

/// Where the codestream lies in `frame`.
///
/// # Errors
///
/// If there is none, or a palette stands between its samples and those of the image.
pub(crate) fn find_codestream(frame: &[u8]) -> Result<Range<usize>> {
    if frame.starts_with(&CODESTREAM_START) {
        return Ok(0..frame.len());
    }
    if frame.starts_with(&FILE_START) {
        return find_in_file(frame);
    }
    let searched = frame.get(..SEARCHED_LENGTH).unwrap_or(frame);
    match searched.windows(CODESTREAM_START.len()).position(|bytes| bytes == CODESTREAM_START) {
        Some(start) => Ok(start..frame.len()),
        None => Err(invalid(NAME, 0, Jpeg2000Fault::NoCodestream)),
    }
}

/// A box: its type, and where its contents lie.
struct FileBox {
    kind: [u8; 4],
    contents: Range<usize>,
}

/// The boxes of `frame` from `position` to `end`; the last one may be cut short.
fn boxes(frame: &[u8], mut position: usize, end: usize) -> impl Iterator<Item = FileBox> {
    std::iter::from_fn(move || {
        let header = frame.get(position..end)?;
        let (length, rest) = header.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let (length, header_length) = match u32::from_be_bytes(*length) {
            // To the end of the file.
            0 => (header.len(), 8),
            1 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk::<8>()?)).ok()?, 16),
            length => (length as usize, 8),
        };
        if length < header_length {
            return None;
        }
        let start = position + header_length;
        position = position.saturating_add(length).min(end);
        Some(FileBox { kind: *kind, contents: start.min(end)..position })
    })
}

fn find_in_file(frame: &[u8]) -> Result<Range<usize>> {
    for outer in boxes(frame, 0, frame.len()) {
        match &outer.kind {
            b"jp2h"
                if boxes(frame, outer.contents.start, outer.contents.end)
                    .any(|inner| &inner.kind == b"pclr") =>
            {
                return Err(
                    ErrorKind::unsupported("a JP2 file with a palette of its own", "").into()
                );
            }
            b"jp2c" => {
                if frame
                    .get(outer.contents.clone())
                    .is_some_and(|bytes| bytes.starts_with(&CODESTREAM_START))
                {
                    // The length of the box is often wrong; the codestream knows its own end.
                    return Ok(outer.contents.start..frame.len());
                }
                return Err(invalid(NAME, outer.contents.start, Jpeg2000Fault::NoCodestreamInBox));
            }
            _ => {}
        }
    }
    Err(invalid(NAME, 0, Jpeg2000Fault::NoCodestreamBox))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::fault_of;
    use crate::error::Family;

    /// A box of this type, with its length.
    fn file_box(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
        let length = (contents.len() as u32 + 8).to_be_bytes();
        [&length[..], kind, contents].concat()
    }

    fn signature() -> Vec<u8> {
        file_box(b"jP  ", b"\r\n\x87\n")
    }

    /// A file of its signature and other boxes.
    fn file(boxes: &[Vec<u8>]) -> Vec<u8> {
        [signature(), boxes.concat()].concat()
    }

    #[test]
    fn a_bare_codestream_is_the_frame() {
        let frame = [&CODESTREAM_START[..], &[1, 2]].concat();
        assert_eq!(find_codestream(&frame).unwrap(), 0..6);
    }

    #[test]
    fn a_codestream_is_searched_for_in_the_first_4096_bytes() {
        for (skipped, expected) in [(1, Some(1)), (4092, Some(4092)), (4093, None)] {
            let frame = [&vec![0; skipped][..], &CODESTREAM_START].concat();
            let found = find_codestream(&frame).ok();
            assert_eq!(found, expected.map(|start| start..frame.len()), "{skipped} bytes before");
        }
        let error = find_codestream(b"no codestream").unwrap_err();
        assert_eq!(fault_of(&error), (Some(0), Jpeg2000Fault::NoCodestream.into()));
    }

    #[test]
    fn the_codestream_of_a_file_is_in_its_box() {
        let header = file_box(b"jp2h", &file_box(b"ihdr", &[1, 2, 3]));
        let codestream = file_box(b"jp2c", &CODESTREAM_START);
        let found = file(&[header.clone(), codestream.clone(), vec![7; 9]]);
        // To the end of the frame, as the length of the box is often wrong.
        assert_eq!(find_codestream(&found).unwrap(), 12 + 19 + 8..found.len());

        // A length of 0 is one to the end, of 1 one of 64 bits that follows.
        let open = file(&[[&[0; 4], b"jp2c", &CODESTREAM_START[..]].concat()]);
        assert_eq!(find_codestream(&open).unwrap(), 20..24);
        let long = [&[0, 0, 0, 1], b"jp2c", &20u64.to_be_bytes()[..], &CODESTREAM_START].concat();
        assert_eq!(find_codestream(&file(&[long])).unwrap(), 28..32);
        let other = [&[0, 0, 0, 1], b"free", &17u64.to_be_bytes()[..], &[9]].concat();
        assert_eq!(find_codestream(&file(&[other, codestream])).unwrap(), 37..41);
    }

    #[test]
    fn a_file_without_a_codestream_is_refused() {
        let none = |frame: &[u8]| fault_of(&find_codestream(frame).unwrap_err());
        let missing = || (Some(0), Jpeg2000Fault::NoCodestreamBox.into());
        assert_eq!(none(&file(&[])), missing());
        // Boxes shorter than their header end the file.
        let codestream = file_box(b"jp2c", &CODESTREAM_START);
        for length in [2, 7] {
            let short = [&[0, 0, 0, length][..], b"free"].concat();
            assert_eq!(none(&file(&[short, codestream.clone()])), missing(), "length {length}");
        }
        let short = [&[0, 0, 0, 1], b"free", &15u64.to_be_bytes()[..]].concat();
        assert_eq!(none(&file(&[short, codestream.clone()])), missing());
        assert!(find_codestream(&file(&[file_box(b"free", &[]), codestream])).is_ok());

        let empty = file(&[file_box(b"jp2c", &[0xFF, 0x4F, 0xFF])]);
        assert_eq!(none(&empty), (Some(20), Jpeg2000Fault::NoCodestreamInBox.into()));
    }

    #[test]
    fn a_palette_is_not_supported() {
        let palette = file_box(b"pclr", &[]);
        let codestream = file_box(b"jp2c", &CODESTREAM_START);
        let header = file_box(b"jp2h", &[file_box(b"ihdr", &[]), palette.clone()].concat());
        let error = find_codestream(&file(&[header, codestream.clone()])).unwrap_err();
        assert_eq!(error.family(), Family::Unsupported);
        assert!(find_codestream(&file(&[palette, codestream])).is_ok(), "outside of the header");
    }
}
