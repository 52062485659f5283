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
                    // What the box says of its length is often wrong; the codestream knows its own
                    // end.
                    return Ok(outer.contents.start..frame.len());
                }
                return Err(invalid(NAME, outer.contents.start, Jpeg2000Fault::NoCodestreamInBox));
            }
            _ => {}
        }
    }
    Err(invalid(NAME, 0, Jpeg2000Fault::NoCodestreamBox))
}
