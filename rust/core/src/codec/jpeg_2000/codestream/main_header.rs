//! The main header (ISO/IEC 15444-1 §A.3): everything before the first tile-part.

use super::super::parameters::{ImageSize, Parameters};
use super::super::{NAME, unsupported};
use super::coding::read_parameters;
use super::segment::{CAP, Contents, PPM, SIZ, SOT, marker_at, segment};
use crate::codec::invalid;
use crate::error::{Jpeg2000Fault, Result};

/// What the main header says.
#[derive(Debug)]
pub(crate) struct Header {
    /// SIZ.
    pub size: ImageSize,
    /// COD, QCD and so on.
    pub parameters: Parameters,
    /// Packet headers of the main header (PPM), a piece a tile-part.
    pub packed_headers: Vec<Vec<u8>>,
    /// Where the first tile-part starts.
    pub end: usize,
}

/// Reads the main header, to the first tile-part.
///
/// # Errors
///
/// If it ends early, contradicts itself, or needs what this decoder lacks.
pub(crate) fn read_header(codestream: &[u8], size: ImageSize) -> Result<Header> {
    let mut parameters = Parameters::default();
    let mut packed = Vec::new();
    let mut position = 2;
    while marker_at(codestream, position) != Some(SOT) {
        let Some((marker, contents)) = segment(codestream, position) else {
            return Err(invalid(NAME, position, Jpeg2000Fault::EndsInMainHeader));
        };
        let next = position + 4 + contents.bytes.len();
        match marker {
            SIZ => {}
            CAP => check_capabilities(contents)?,
            PPM => packed.push(contents),
            _ => read_parameters(marker, contents, &size, &mut parameters)?,
        }
        position = next;
    }
    let packed_headers = main_packed_headers(packed)?;
    if parameters.tile.is_none() || parameters.quantization.default.is_none() {
        return Err(invalid(NAME, position, Jpeg2000Fault::NoCodingStyle));
    }
    Ok(Header { size, parameters, packed_headers, end: position })
}

/// CAP (ISO/IEC 15444-15 §A.3): the decoder knows no other part than Part 15.
fn check_capabilities(mut contents: Contents<'_>) -> Result<()> {
    const PART_15: u32 = 1 << (32 - 15);
    if contents.u32()? & !PART_15 != 0 {
        return Err(unsupported("a frame that needs a part of JPEG 2000 other than 1 and 15"));
    }
    Ok(())
}

/// The pieces of PPM segments, in the order of their tile-parts (§A.7.4).
fn main_packed_headers(mut segments: Vec<Contents<'_>>) -> Result<Vec<Vec<u8>>> {
    let offset = segments.first().map_or(0, |segment| segment.offset);
    segments.sort_by_key(|segment| segment.bytes.first().copied());
    let all: Vec<u8> =
        segments.iter().flat_map(|segment| segment.bytes.iter().skip(1)).copied().collect();
    let mut rest = all.as_slice();
    let mut pieces = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let needed = u32::from_be_bytes(*length) as usize;
        let Some((piece, after)) = after.split_at_checked(needed) else {
            let available = after.len();
            let fault = Jpeg2000Fault::PackedHeadersCutShort { needed, available };
            return Err(invalid(NAME, offset, fault));
        };
        pieces.push(piece.to_vec());
        rest = after;
    }
    Ok(pieces)
}
