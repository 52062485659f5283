//! The header of one element: tag, VR and length (PS3.5 §7.1), and the record of where its value
//! lies.

use crate::cursor::{ByteOrder, copy_into};
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
///
/// ```
/// use rapidicom_core::{Element, Tag, Vr};
///
/// let element = Element {
///     tag: Tag::new(0x0028, 0x0010),
///     vr: Vr::US,
///     is_undefined_length: false,
///     is_cut_short: false,
///     value_offset: 340,
///     value_length: 2,
/// };
/// assert_eq!(element.value_end(), 342);
/// ```
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

/// The length that says that it is undefined (PS3.5 §7.1.1).
pub(super) const UNDEFINED: u32 = 0xFFFF_FFFF;

impl ElementHeader {
    /// Reads tag, VR and length at `position` (PS3.5 §7.1.2, §7.1.3); `None` if `bytes` end before.
    #[inline]
    pub(super) fn read(bytes: &[u8], position: usize, encoding: Encoding) -> Option<ElementHeader> {
        // One check for the longest header serves all but the last elements of the data.
        match bytes.get(position..)?.first_chunk::<12>() {
            Some(header) => Some(ElementHeader::decode_any(header, encoding)),
            None => ElementHeader::read_near_end(bytes, position, encoding),
        }
    }

    /// [`ElementHeader::decode`] where the encoding is not known beforehand. Compiled once for each
    /// of those that matter, which takes a third of the instructions.
    #[inline(always)]
    pub(super) fn decode_any(header: &[u8; 12], encoding: Encoding) -> Self {
        match encoding {
            Encoding::EXPLICIT_LITTLE => ElementHeader::decode(header, Encoding::EXPLICIT_LITTLE),
            Encoding::IMPLICIT_LITTLE => ElementHeader::decode(header, Encoding::IMPLICIT_LITTLE),
            other => ElementHeader::decode(header, other),
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

    /// Whether the encoding calls for a VR that is not there.
    pub(super) fn lacks_vr(&self, encoding: Encoding) -> bool {
        self.vr == Vr::IMPLICIT && !encoding.is_implicit && self.tag.group() != 0xFFFE
    }

    /// Whether the VR is one that the standard does not have, or not yet, and two zeros follow it:
    /// the length of an empty value, or the bytes before a length of 4 bytes (PS3.5 §6.2, §7.1.2).
    #[inline(always)]
    pub(super) fn may_be_long(&self, encoding: Encoding) -> bool {
        self.value_length == Some(0)
            && self.header_length == 8
            && !encoding.is_implicit
            && self.vr != Vr::IMPLICIT
            && !self.vr.is_known()
    }

    /// [`ElementHeader::read`] from fewer than 12 bytes, which can hold a header of 8.
    #[cold]
    fn read_near_end(bytes: &[u8], position: usize, encoding: Encoding) -> Option<ElementHeader> {
        let rest = bytes.get(position..)?;
        let mut padded = [0; 12];
        copy_into(&mut padded, rest);
        Some(ElementHeader::decode(&padded, encoding))
            .filter(|header| header.header_length <= rest.len())
    }
}

/// The bytes before an item's value, or a delimiter (PS3.5 §7.5): a tag and a length in every
/// encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ItemHeader {
    pub tag: Tag,
    /// [`UNDEFINED`] if it is not known.
    pub length: u32,
}

impl ItemHeader {
    /// Bytes.
    pub(super) const LENGTH: u64 = 8;

    #[inline(always)]
    pub(super) fn decode(&[a, b, c, d, e, f, g, h]: &[u8; 8], order: ByteOrder) -> Self {
        let tag = Tag::new(order.u16([a, b]), order.u16([c, d]));
        ItemHeader { tag, length: order.u32([e, f, g, h]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;
    const IMPLICIT: Encoding = Encoding::IMPLICIT_LITTLE;
    const BIG: Encoding = Encoding::EXPLICIT_BIG;
    const ROWS: Tag = Tag::new(0x0028, 0x0010);

    fn header(vr: Vr, header_length: usize, value_length: Option<u32>) -> Option<ElementHeader> {
        Some(ElementHeader { tag: ROWS, vr, header_length, value_length })
    }

    #[test]
    fn an_element_record_is_24_bytes() {
        assert_eq!(size_of::<Element>(), 24);
    }

    #[test]
    fn headers_of_each_form() {
        #[rustfmt::skip]
        let table: [(&str, &[u8], Encoding, Option<ElementHeader>); 15] = [
            ("short", b"\x28\0\x10\0US\x02\x01", EXPLICIT, header(Vr::US, 8, Some(0x0102))),
            ("short, undefined is a length", b"\x28\0\x10\0US\xFF\xFF", EXPLICIT,
             header(Vr::US, 8, Some(0xFFFF))),
            ("long", b"\x28\0\x10\0OB\0\0\x04\x03\x02\x01", EXPLICIT,
             header(Vr::OB, 12, Some(0x0102_0304))),
            ("long, reserved bytes do not count", b"\x28\0\x10\0OB\x11\x22\x04\0\0\0", EXPLICIT,
             header(Vr::OB, 12, Some(4))),
            ("undefined", b"\x28\0\x10\0SQ\0\0\xFF\xFF\xFF\xFF", EXPLICIT,
             header(Vr::SQ, 12, None)),
            ("one less", b"\x28\0\x10\0SQ\0\0\xFE\xFF\xFF\xFF", EXPLICIT,
             header(Vr::SQ, 12, Some(0xFFFF_FFFE))),
            ("an unknown VR of two capital letters", b"\x28\0\x10\0ZZ\x02\0", EXPLICIT,
             header(Vr(*b"ZZ"), 8, Some(2))),
            ("implicit", b"\x28\0\x10\0\x04\x03\x02\x01", IMPLICIT,
             header(Vr::IMPLICIT, 8, Some(0x0102_0304))),
            ("implicit, undefined", b"\x28\0\x10\0\xFF\xFF\xFF\xFF", IMPLICIT,
             header(Vr::IMPLICIT, 8, None)),
            ("letters in implicit are a length", b"\x28\0\x10\0US\x02\0", IMPLICIT,
             header(Vr::IMPLICIT, 8, Some(0x0002_5355))),
            ("big endian", b"\0\x28\0\x10US\x01\x02", BIG, header(Vr::US, 8, Some(0x0102))),
            ("long big endian", b"\0\x28\0\x10OB\0\0\x01\x02\x03\x04", BIG,
             header(Vr::OB, 12, Some(0x0102_0304))),
            ("no VR in explicit", b"\x28\0\x10\0\x04\0\0\0", EXPLICIT,
             header(Vr::IMPLICIT, 8, Some(4))),
            ("cut in the long length", b"\x28\0\x10\0OB\0\0\x04\0\0", EXPLICIT, None),
            ("cut in the short length", b"\x28\0\x10\0US\x02", EXPLICIT, None),
        ];
        for (name, bytes, encoding, expected) in table {
            assert_eq!(ElementHeader::read(bytes, 0, encoding), expected, "{name}");
            let later = [&[0xFF; 3], bytes].concat();
            assert_eq!(ElementHeader::read(&later, 3, encoding), expected, "{name}, 3 bytes later");
        }
        assert_eq!(ElementHeader::read(&[0; 12], 12, EXPLICIT), None, "at the end");
        assert_eq!(ElementHeader::read(&[0; 12], 13, EXPLICIT), None, "past the end");
    }

    #[test]
    fn delimiters_have_no_vr_in_any_encoding() {
        #[rustfmt::skip]
        let table: [(&[u8], Encoding); 3] = [
            (b"\xFE\xFF\x00\xE0US\x02\x00", EXPLICIT),
            (b"\xFE\xFF\x00\xE0US\x02\x00", IMPLICIT),
            (b"\xFF\xFE\xE0\x00\x00\x02SU", BIG),
        ];
        for (bytes, encoding) in table {
            let found = ElementHeader::read(bytes, 0, encoding).unwrap();
            let vr = Vr::IMPLICIT;
            let value_length = Some(0x0002_5355);
            let expected = ElementHeader { tag: Tag::ITEM, vr, header_length: 8, value_length };
            assert_eq!(found, expected);
            assert!(!found.lacks_vr(encoding), "it needs none");
        }
    }

    #[test]
    fn only_an_explicit_element_lacks_its_vr() {
        let without = header(Vr::IMPLICIT, 8, Some(0)).unwrap();
        let with = header(Vr::US, 8, Some(0)).unwrap();
        assert!(without.lacks_vr(EXPLICIT) && without.lacks_vr(BIG));
        assert!(!without.lacks_vr(IMPLICIT) && !with.lacks_vr(EXPLICIT));
    }

    #[test]
    fn headers_of_items() {
        let little = ItemHeader::decode(b"\xFE\xFF\x00\xE0\x04\x03\x02\x01", ByteOrder::Little);
        assert_eq!(little, ItemHeader { tag: Tag::ITEM, length: 0x0102_0304 });
        let big = ItemHeader::decode(b"\xFF\xFE\xE0\x0D\x01\x02\x03\x04", ByteOrder::Big);
        assert_eq!(big, ItemHeader { tag: Tag::ITEM_DELIMITATION, length: 0x0102_0304 });
    }

    #[test]
    fn a_value_ends_where_its_length_says() {
        let mut element = Element {
            tag: ROWS,
            vr: Vr::US,
            is_undefined_length: false,
            is_cut_short: false,
            value_offset: 100,
            value_length: 20,
        };
        assert_eq!(element.value_end(), 120);
        element.value_length = u64::MAX;
        assert_eq!(element.value_end(), u64::MAX);
    }
}
