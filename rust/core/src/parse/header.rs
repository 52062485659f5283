//! The header of one element: tag, VR and length (PS3.5 §7.1), and the record of where its value
//! lies.

use crate::cursor::ByteOrder;
use crate::tag::Tag;
use crate::vr::Vr;

/// How the elements of a data set are written (PS3.5 §7.1, §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// The byte order of tags, lengths and numbers.
    pub order: ByteOrder,
    /// Whether elements carry no VR.
    pub is_implicit: bool,
}

impl Encoding {
    /// Implicit VR Little Endian, the default of PS3.5 §10.1.
    pub const IMPLICIT_LITTLE: Encoding = Encoding { order: ByteOrder::Little, is_implicit: true };
    /// Explicit VR Little Endian, also that of every File Meta Information (PS3.10 §7.1).
    pub const EXPLICIT_LITTLE: Encoding = Encoding { order: ByteOrder::Little, is_implicit: false };
    /// Explicit VR Big Endian, retired.
    pub const EXPLICIT_BIG: Encoding = Encoding { order: ByteOrder::Big, is_implicit: false };
}

/// Where one element's value field lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// The tag.
    pub tag: Tag,
    /// The VR as it is written; [`Vr::IMPLICIT`] if none is.
    pub vr: Vr,
    /// The length is given as undefined: the value ends with a delimiter, which `value_length` does
    /// not count.
    pub is_undefined_length: bool,
    /// The data end before the value does; `value_length` is what there is.
    pub is_cut_short: bool,
    /// Bytes from the start of the file (or of the inflated data set).
    pub value_offset: u64,
    /// Bytes.
    pub value_length: u64,
}

impl Element {
    /// The offset just past the value field, its delimiter not counted.
    pub fn value_end(&self) -> u64 {
        self.value_offset.saturating_add(self.value_length)
    }
}

/// The bytes before a value field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ElementHeader {
    pub tag: Tag,
    pub vr: Vr,
    /// 8 or 12 bytes.
    pub header_length: usize,
    /// `None` where it is undefined.
    pub value_length: Option<u32>,
}

/// The length that stands for an undefined one (PS3.5 §7.1.1).
pub(super) const UNDEFINED: u32 = 0xFFFF_FFFF;

impl ElementHeader {
    /// Reads tag, VR and length at `position` (PS3.5 §7.1.2, §7.1.3); `None` if `bytes` end before.
    #[inline]
    pub fn read(bytes: &[u8], position: usize, encoding: Encoding) -> Option<ElementHeader> {
        // One check for the longest header serves all but the last elements of the data.
        match bytes.get(position..)?.first_chunk::<12>() {
            Some(header) => Some(ElementHeader::decode(header, encoding)),
            None => ElementHeader::read_near_end(bytes, position, encoding),
        }
    }

    /// Takes a header apart; of a short one the last 4 bytes are the value's.
    #[inline(always)]
    pub(super) fn decode(
        &[a, b, c, d, v, r, e, f, g, h, i, j]: &[u8; 12],
        encoding: Encoding,
    ) -> Self {
        let Encoding { order, is_implicit } = encoding;
        // Two numbers and shifts, as this runs for every element of every file.
        let (first, last) = match order {
            ByteOrder::Little => {
                (u64::from_le_bytes([a, b, c, d, v, r, e, f]), u32::from_le_bytes([g, h, i, j]))
            }
            ByteOrder::Big => {
                (u64::from_le_bytes([b, a, d, c, v, r, f, e]), u32::from_be_bytes([g, h, i, j]))
            }
        };
        let tag = Tag::new(first as u16, (first >> 16) as u16);
        let vr = Vr([v, r]);
        // Items and delimiters have no VR in any encoding (PS3.5 §7.5), and some writers leave the
        // VR out here and there: Leniency::ImplicitElement.
        if is_implicit || !vr.is_capitals() || tag.group() == 0xFFFE {
            return ElementHeader::new(tag, Vr::IMPLICIT, 8, order.u32([v, r, e, f]));
        }
        let is_long = vr.has_long_length();
        let (header_length, length) = if is_long { (12, last) } else { (8, (first >> 48) as u32) };
        ElementHeader::new(tag, vr, header_length, length)
    }

    #[inline(always)]
    fn new(tag: Tag, vr: Vr, header_length: usize, length: u32) -> Self {
        ElementHeader {
            tag,
            vr,
            header_length,
            value_length: (length != UNDEFINED).then_some(length),
        }
    }

    /// Whether a VR should be there and is not.
    pub(super) fn lacks_vr(&self, encoding: Encoding) -> bool {
        self.vr == Vr::IMPLICIT && !encoding.is_implicit && self.tag.group() != 0xFFFE
    }

    /// The same for fewer than 12 bytes, of which a header of 8 may be there.
    #[cold]
    fn read_near_end(bytes: &[u8], position: usize, encoding: Encoding) -> Option<ElementHeader> {
        let rest = bytes.get(position..)?;
        let mut padded = [0; 12];
        for (target, byte) in padded.iter_mut().zip(rest) {
            *target = *byte;
        }
        Some(ElementHeader::decode(&padded, encoding))
            .filter(|header| header.header_length <= rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_record_is_24_bytes() {
        assert_eq!(size_of::<Element>(), 24);
    }

    #[test]
    fn headers_of_each_form() {
        let explicit = Encoding::EXPLICIT_LITTLE;
        let implicit = Encoding::IMPLICIT_LITTLE;
        let big = Encoding::EXPLICIT_BIG;
        let tag = Tag::new(0x0028, 0x0010);
        #[rustfmt::skip]
        let table: [(&str, &[u8], Encoding, Option<ElementHeader>); 7] = [
            ("short", b"\x28\0\x10\0US\x02\0", explicit,
             Some(ElementHeader { tag, vr: Vr::US, header_length: 8, value_length: Some(2) })),
            ("long", b"\x28\0\x10\0OB\0\0\x04\0\0\0", explicit,
             Some(ElementHeader { tag, vr: Vr::OB, header_length: 12, value_length: Some(4) })),
            ("undefined", b"\x28\0\x10\0SQ\0\0\xFF\xFF\xFF\xFF", explicit,
             Some(ElementHeader { tag, vr: Vr::SQ, header_length: 12, value_length: None })),
            ("implicit", b"\x28\0\x10\0\x04\0\0\0", implicit,
             Some(ElementHeader { tag, vr: Vr::IMPLICIT, header_length: 8, value_length: Some(4) })),
            ("big endian", b"\0\x28\0\x10US\0\x02", big,
             Some(ElementHeader { tag, vr: Vr::US, header_length: 8, value_length: Some(2) })),
            ("no VR in explicit", b"\x28\0\x10\0\x04\0\0\0", explicit,
             Some(ElementHeader { tag, vr: Vr::IMPLICIT, header_length: 8, value_length: Some(4) })),
            ("cut in the long length", b"\x28\0\x10\0OB\0\0\x04\0\0", explicit, None),
        ];
        for (name, bytes, encoding, expected) in table {
            assert_eq!(ElementHeader::read(bytes, 0, encoding), expected, "{name}");
        }
    }
}
