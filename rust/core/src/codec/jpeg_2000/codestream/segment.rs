//! One marker segment (ISO/IEC 15444-1 §A.1): its marker, and the numbers in it.

use super::super::NAME;
use super::super::parameters::ImageSize;
use crate::codec::invalid;
use crate::error::{Error, Jpeg2000Fault, Result};

/// Start of a tile-part.
pub(super) const SOT: u16 = 0xFF90;
/// Start of data: the end of a tile-part's header.
pub(super) const SOD: u16 = 0xFF93;
/// End of the codestream.
pub(super) const EOC: u16 = 0xFFD9;
/// Capabilities.
pub(super) const CAP: u16 = 0xFF50;
/// Image and tile size.
pub(super) const SIZ: u16 = 0xFF51;
/// Coding style, default.
pub(super) const COD: u16 = 0xFF52;
/// Coding style of a component.
pub(super) const COC: u16 = 0xFF53;
/// Quantization, default.
pub(super) const QCD: u16 = 0xFF5C;
/// Quantization of a component.
pub(super) const QCC: u16 = 0xFF5D;
/// Region of interest.
pub(super) const RGN: u16 = 0xFF5E;
/// Progression order change.
pub(super) const POC: u16 = 0xFF5F;
/// Packed packet headers of the main header.
pub(super) const PPM: u16 = 0xFF60;
/// Packed packet headers of a tile-part header.
pub(super) const PPT: u16 = 0xFF61;

/// The contents of a marker segment that are not read yet.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    /// What is left of them.
    pub bytes: &'a [u8],
    /// Where the marker stands in the codestream.
    pub offset: usize,
}

impl Contents<'_> {
    /// The error of this segment.
    pub(super) fn invalid(&self, fault: Jpeg2000Fault) -> Error {
        invalid(NAME, self.offset, fault)
    }

    /// Takes the next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some((taken, rest)) = self.bytes.split_first_chunk::<N>() else {
            let available = self.bytes.len();
            return Err(self.invalid(Jpeg2000Fault::SegmentCutShort { needed: N, available }));
        };
        self.bytes = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_be_bytes(self.take()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.take()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.take()?))
    }

    /// Takes a component's index: a byte, or two if the image has more than 256 components.
    pub(super) fn component(&mut self, size: &ImageSize) -> Result<usize> {
        let component =
            if component_index_length(size) == 1 { self.u8()?.into() } else { self.u16()?.into() };
        let count = size.components.len();
        if component >= count {
            return Err(self.invalid(Jpeg2000Fault::UnknownComponent { component, count }));
        }
        Ok(component)
    }
}

/// Bytes of a component's index (§A.6.2).
pub(super) fn component_index_length(size: &ImageSize) -> usize {
    if size.components.len() < 257 { 1 } else { 2 }
}

/// The marker at `position`, and the contents of its segment; `None` if the codestream ends inside
/// the segment.
pub(super) fn segment(codestream: &[u8], position: usize) -> Option<(u16, Contents<'_>)> {
    let (marker, rest) = codestream.get(position..)?.split_first_chunk::<2>()?;
    // The length counts itself.
    let length = usize::from(u16::from_be_bytes(*rest.first_chunk::<2>()?));
    let bytes = rest.get(2..length)?;
    Some((u16::from_be_bytes(*marker), Contents { bytes, offset: position }))
}

/// The marker at `position`, whether a segment follows or not.
pub(super) fn marker_at(codestream: &[u8], position: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*codestream.get(position..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::super::bytes::size_of;
    use super::*;
    use crate::codec::fault_of;

    #[test]
    fn a_segment_is_as_long_as_it_says() {
        #[rustfmt::skip]
        let codestream = [
            0xFF, 0x4F, // SOC
            0xFF, 0x64, // COM
            0x00, 0x05, // its length, with itself
            0x01, 0x02, 0x03,
            0xFF, 0xD9, // EOC
        ];
        let (marker, contents) = segment(&codestream, 2).unwrap();
        assert_eq!((marker, contents.offset, contents.bytes), (0xFF64, 2, &[1, 2, 3][..]));
        assert!(segment(&codestream[..9], 2).is_some());
        for (bytes, why) in [
            (&codestream[..8], "the end inside the contents"),
            (&codestream[..5], "the end inside the length"),
            (&codestream[..3], "the end inside the marker"),
            (&[0, 0, 0xFF, 0x64, 0, 1, 0, 0], "a length that does not count itself"),
        ] {
            assert!(segment(bytes, 2).is_none(), "{why}");
        }
        let empty = segment(&[0xFF, 0x64, 0, 2], 0).unwrap();
        assert_eq!(empty.1.bytes, []);
        assert!(segment(&codestream, 99).is_none());
    }

    #[test]
    fn a_marker_needs_two_bytes() {
        let bytes = [0x00, 0xFF, 0x93];
        let found = [0, 1, 2, 3].map(|position| marker_at(&bytes, position));
        assert_eq!(found, [Some(0x00FF), Some(SOD), None, None]);
    }

    #[test]
    fn numbers_come_one_after_the_other() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        let mut contents = Contents { bytes: &bytes, offset: 7 };
        assert_eq!(contents.u8().unwrap(), 1);
        assert_eq!(contents.u16().unwrap(), 0x0203);
        assert_eq!(contents.u32().unwrap(), 0x0405_0607);
        let error = contents.u32().unwrap_err();
        let fault = Jpeg2000Fault::SegmentCutShort { needed: 4, available: 2 };
        assert_eq!(fault_of(&error), (Some(7), fault.into()));
        assert_eq!(contents.take::<2>().unwrap(), [8, 9]);
    }

    #[test]
    fn components_have_one_byte_up_to_256_of_them() {
        for (count, bytes, expected) in [
            (1, &[0, 9][..], Ok(0)),
            (1, &[1], Err((1, 1))),
            (256, &[255, 9], Ok(255)),
            (257, &[1, 0], Ok(256)),
            (257, &[1, 1], Err((257, 257))),
        ] {
            let size = size_of(count);
            let found = Contents { bytes, offset: 3 }.component(&size);
            let expected = expected.map_err(|(component, count)| {
                (Some(3), Jpeg2000Fault::UnknownComponent { component, count }.into())
            });
            assert_eq!(found.map_err(|error| fault_of(&error)), expected, "{count} components");
        }
        assert_eq!([256, 257].map(|count| component_index_length(&size_of(count))), [1, 2]);
    }
}
