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

/// CAP (ISO/IEC 15444-15 §A.3): the decoder knows no other part than Part 15. What is used of
/// Part 2 shows by its own marker segments.
fn check_capabilities(mut contents: Contents<'_>) -> Result<()> {
    const KNOWN: u32 = 1 << (32 - 15) | 1 << (32 - 2);
    if contents.u32()? & !KNOWN != 0 {
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

#[cfg(test)]
mod tests {
    use super::super::bytes::{cod, qcd, segment, size_of};
    use super::*;
    use crate::codec::fault_of;
    use crate::error::{Family, FrameFault};

    /// Reads the main header of `segments`, which a tile-part follows.
    fn read(segments: &[Vec<u8>]) -> Result<Header> {
        let codestream = [&[0xFF, 0x4F], &segments.concat()[..], &[0xFF, 0x90]].concat();
        read_header(&codestream, size_of(1))
    }

    fn fault(segments: &[Vec<u8>]) -> (Option<u64>, FrameFault) {
        fault_of(&read(segments).unwrap_err())
    }

    #[test]
    fn a_main_header_ends_at_the_first_tile_part() {
        // Another SIZ and a comment are passed over.
        let header =
            read(&[segment(SIZ, &[9]), cod(), qcd(), segment(0xFF64, &[0, 1, 7])]).unwrap();
        assert_eq!(header.end, 2 + 5 + 14 + 6 + 7);
        assert_eq!(header.size.components.len(), 1);
        assert_eq!(header.parameters.tile.unwrap().layer_count, 1);
        let coding = header.parameters.coding.default.unwrap();
        assert_eq!((coding.block_width_exponent, coding.block_height_exponent), (6, 6));
        assert_eq!(header.parameters.quantization.default.unwrap().steps, [(8, 0)]);
        assert!(header.packed_headers.is_empty());
    }

    #[test]
    fn a_main_header_needs_coding_and_quantization() {
        let missing = Jpeg2000Fault::NoCodingStyle.into();
        assert_eq!(fault(&[cod()]), (Some(16), missing));
        let missing = Jpeg2000Fault::NoCodingStyle.into();
        assert_eq!(fault(&[qcd()]), (Some(8), missing));
        let codestream = [&[0xFF, 0x4F], &cod()[..]].concat();
        let error = read_header(&codestream, size_of(1)).unwrap_err();
        assert_eq!(fault_of(&error), (Some(16), Jpeg2000Fault::EndsInMainHeader.into()));
        let no_marker = Jpeg2000Fault::MarkerExpected { found: 0xFE64 };
        assert_eq!(fault(&[cod(), segment(0xFE64, &[])]), (Some(16), no_marker.into()));
    }

    #[test]
    fn capabilities_of_part_15_alone_are_known() {
        let with =
            |capabilities: u32| read(&[segment(CAP, &capabilities.to_be_bytes()), cod(), qcd()]);
        assert!(with(1 << 17).is_ok());
        assert!(with(0).is_ok());
        assert!(with(1 << 30).is_ok(), "Part 2, of which nothing is used");
        for capabilities in [1 << 16, 1 << 18, 1 << 17 | 1] {
            let error = with(capabilities).unwrap_err();
            assert_eq!(error.family(), Family::Unsupported, "{capabilities:X}");
        }
        let fault = fault(&[segment(CAP, &[0, 2, 0])]);
        let expected = Jpeg2000Fault::SegmentCutShort { needed: 4, available: 3 };
        assert_eq!(fault, (Some(2), expected.into()));
    }

    #[test]
    fn packed_headers_are_pieces_across_segments() {
        #[rustfmt::skip]
        let second = [
            1, // Zppm: the index of the segment
            0xCC, // the end of the first piece
            0, 0, 0, 1, // length of the second piece
            0xDD,
        ];
        #[rustfmt::skip]
        let first = [
            0, // Zppm
            0, 0, 0, 3, // length of the first piece
            0xAA, 0xBB,
        ];
        let header = [segment(PPM, &second), segment(PPM, &first), cod(), qcd()];
        let pieces = read(&header).unwrap().packed_headers;
        assert_eq!(pieces, [vec![0xAA, 0xBB, 0xCC], vec![0xDD]]);
        let expected = Jpeg2000Fault::PackedHeadersCutShort { needed: 3, available: 2 };
        assert_eq!(fault(&[cod(), segment(PPM, &first), qcd()]), (Some(16), expected.into()));
    }
}
