//! VRs of explicit data sets that the standard does not have: of no two capital letters, misspelt
//! or none at all ([`Leniency::MisspeltVr`](super::Leniency::MisspeltVr)), and those of the future.

use super::header::{ElementHeader, Encoding};
use crate::error::Result;
use crate::tag::Tag;
use crate::vr::Vr;

/// What follows a value that an element may have.
#[derive(Clone, Copy)]
pub(super) enum Next {
    /// The data end exactly there.
    End,
    /// They end before that, or inside the next header.
    Beyond,
    /// The next header.
    Header([u8; 8]),
}

/// Decides whether the two bytes in place of a VR are a misspelt one or the half of a length: what
/// follows the value that each would give tells. Returns the header of the misspelt element, or
/// `None` if it is implicit after all, as `implicit` is.
///
/// `header` starts with the tag; bytes past the end of the data are zero. `next` looks so many
/// bytes after the start of the header.
///
/// # Errors
///
/// Those of `next`.
pub(super) fn spell_vr(
    implicit: &ElementHeader,
    header: [u8; 12],
    encoding: Encoding,
    mut next: impl FnMut(u64) -> Result<Next>,
) -> Result<Option<ElementHeader>> {
    let spelt = spell(header, encoding);
    let mut leads_on = |header: &ElementHeader| -> Result<bool> {
        match header.value_length {
            Some(length) => {
                let next = next(header.header_length as u64 + u64::from(length))?;
                Ok(is_likely_after(header, next, encoding))
            }
            None => Ok(header.vr == Vr::SQ),
        }
    };
    Ok((!leads_on(implicit)? && leads_on(&spelt)?).then_some(spelt))
}

/// The header if its VR is a misspelt one: in capitals it is that VR, else it is unknown and its
/// length has 2 bytes, as that of two letters that are no VR.
fn spell([a, b, c, d, v, r, rest @ ..]: [u8; 12], encoding: Encoding) -> ElementHeader {
    let capitals = Vr([v.to_ascii_uppercase(), r.to_ascii_uppercase()]);
    let is_known = capitals.is_known();
    let Vr([v, r]) = if is_known { capitals } else { Vr(*b"ZZ") };
    let [e, f, g, h, i, j] = rest;
    let spelt = ElementHeader::decode(&[a, b, c, d, v, r, e, f, g, h, i, j], encoding);
    ElementHeader { vr: if is_known { capitals } else { Vr::UN }, ..spelt }
}

/// The header of an element of an unknown VR that two zeros follow, `short` if they are the length
/// of an empty value. VRs that the standard will get have a length of 4 bytes after them (PS3.5
/// §6.2), as DCMTK and GDCM read it; what follows the value that each would give tells.
///
/// # Errors
///
/// Those of `next`, which is that of [`spell_vr`].
pub(super) fn lengthen(
    short: &ElementHeader,
    [a, b, c, d, _, _, rest @ ..]: [u8; 12],
    encoding: Encoding,
    mut next: impl FnMut(u64) -> Result<Next>,
) -> Result<ElementHeader> {
    let [e, f, g, h, i, j] = rest;
    let Vr([v, r]) = Vr::UN;
    let long = ElementHeader::decode(&[a, b, c, d, v, r, e, f, g, h, i, j], encoding);
    let long = ElementHeader { vr: short.vr, ..long };
    let Some(length) = long.value_length else { return Ok(long) };
    let after_long = next(long.header_length as u64 + u64::from(length))?;
    if is_likely_after(&long, after_long, encoding) {
        return Ok(long);
    }
    let after_short = next(short.header_length as u64)?;
    // The last value can be cut short, and elements can be out of order.
    let is_short = match after_short {
        Next::End => true,
        Next::Beyond => false,
        Next::Header([.., v, r, _, _]) => {
            is_likely_after(short, after_short, encoding) || Vr([v, r]).is_known()
        }
    };
    Ok(if is_short { *short } else { long })
}

/// Whether `next` can follow the value of the element with this header: the end, a delimiter, or an
/// element with a greater tag and a VR.
fn is_likely_after(header: &ElementHeader, next: Next, encoding: Encoding) -> bool {
    let [a, b, c, d, v, r, e, f] = match next {
        Next::End => return true,
        Next::Beyond => return false,
        Next::Header(bytes) => bytes,
    };
    let next = ElementHeader::decode(&[a, b, c, d, v, r, e, f, 0, 0, 0, 0], encoding);
    let delimiters = [Tag::ITEM, Tag::ITEM_DELIMITATION, Tag::SEQUENCE_DELIMITATION];
    // Where one VR is misspelt, others are.
    let has_vr = next.vr.is_known() || Vr([v, r]).is_written() || [v, r] == *b"  ";
    delimiters.contains(&next.tag) || (next.tag > header.tag && has_vr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;
    const ID: Tag = Tag::new(0x0010, 0x0020);

    fn header(vr: Vr, header_length: usize, value_length: Option<u32>) -> ElementHeader {
        ElementHeader { tag: ID, vr, header_length, value_length }
    }

    #[test]
    fn a_misspelt_vr_in_capitals_is_that_vr_and_else_unknown() {
        #[rustfmt::skip]
        let table: [(&str, &[u8; 12], ElementHeader); 6] = [
            ("lower case", b"\x10\0\x20\0lo\x02\x01AAAA", header(Vr::LO, 8, Some(0x0102))),
            ("one of two", b"\x10\0\x20\0Lo\x02\x01AAAA", header(Vr::LO, 8, Some(0x0102))),
            ("long", b"\x10\0\x20\0ob\0\0\x04\x03\x02\x01", header(Vr::OB, 12, Some(0x0102_0304))),
            ("undefined", b"\x10\0\x20\0sq\0\0\xFF\xFF\xFF\xFF", header(Vr::SQ, 12, None)),
            ("question marks", b"\x10\0\x20\0??\x02\x01AAAA", header(Vr::UN, 8, Some(0x0102))),
            ("no letters", b"\x10\0\x20\0\0\0\x02\x01AAAA", header(Vr::UN, 8, Some(0x0102))),
        ];
        for (name, bytes, expected) in table {
            assert_eq!(spell(*bytes, EXPLICIT), expected, "{name}");
        }
    }

    #[test]
    fn only_the_end_a_delimiter_or_a_later_element_with_a_vr_can_follow() {
        let of = header(Vr::LO, 8, Some(2));
        #[rustfmt::skip]
        let table: [(&str, Next, bool); 14] = [
            ("the end", Next::End, true),
            ("nothing that is known", Next::Beyond, false),
            ("a later element", Next::Header(*b"\x10\0\x21\0LO\x02\0"), true),
            ("a later element with a misspelt VR", Next::Header(*b"\x10\0\x21\0lo\x02\0"), true),
            ("question marks", Next::Header(*b"\x10\0\x21\0??\x02\0"), true),
            ("blanks", Next::Header(*b"\x10\0\x21\0  \x02\0"), true),
            ("an unknown VR", Next::Header(*b"\x10\0\x21\0ZZ\x02\0"), true),
            ("a later element without a VR", Next::Header(*b"\x10\0\x21\0\x02\0\0\0"), false),
            ("the same element", Next::Header(*b"\x10\0\x20\0LO\x02\0"), false),
            ("an element before it", Next::Header(*b"\x10\0\x1F\0LO\x02\0"), false),
            ("an item", Next::Header(*b"\xFE\xFF\x00\xE0\0\0\0\0"), true),
            ("the end of an item", Next::Header(*b"\xFE\xFF\x0D\xE0\0\0\0\0"), true),
            ("the end of a sequence", Next::Header(*b"\xFE\xFF\xDD\xE0\0\0\0\0"), true),
            ("no delimiter", Next::Header(*b"\xFE\xFF\x01\xE0\0\0\0\0"), false),
        ];
        for (name, next, expected) in table {
            assert_eq!(is_likely_after(&of, next, EXPLICIT), expected, "{name}");
        }
    }

    #[test]
    fn what_follows_decides_between_the_two_readings() {
        let bytes = *b"\x10\0\x20\0lo\x02\0AAAA";
        let implicit = ElementHeader::decode(&bytes, EXPLICIT);
        assert_eq!(implicit.value_length, Some(0x0002_6F6C));
        let (as_implicit, as_misspelt) = (8 + 0x0002_6F6C, 8 + 2);
        let misspelt = Some(header(Vr::LO, 8, Some(2)));
        for (name, ends, expected) in [
            ("as misspelt", vec![as_misspelt], misspelt),
            ("as implicit", vec![as_implicit], None),
            ("as both", vec![as_misspelt, as_implicit], None),
            ("as neither", vec![], None),
        ] {
            let next = |distance| {
                let is_end = ends.contains(&distance);
                Ok(if is_end { Next::End } else { Next::Beyond })
            };
            assert_eq!(spell_vr(&implicit, bytes, EXPLICIT, next).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn an_undefined_length_makes_sense_for_a_sequence_only() {
        let none = |_| Ok(Next::Beyond);
        let sequence = *b"\x10\0\x20\0sq\0\0\xFF\xFF\xFF\xFF";
        let implicit = ElementHeader::decode(&sequence, EXPLICIT);
        let expected = Some(header(Vr::SQ, 12, None));
        assert_eq!(spell_vr(&implicit, sequence, EXPLICIT, none).unwrap(), expected);
        let bytes = *b"\x10\0\x20\0ob\0\0\xFF\xFF\xFF\xFF";
        let implicit = ElementHeader::decode(&bytes, EXPLICIT);
        assert_eq!(spell_vr(&implicit, bytes, EXPLICIT, none).unwrap(), None);
    }

    #[test]
    fn an_unknown_vr_has_a_long_length_after_two_zeros_if_that_leads_on() {
        let zz = Vr(*b"ZZ");
        let (long, short) = (header(zz, 12, Some(4)), header(zz, 8, Some(0)));
        let later = Next::Header(*b"\x28\0\x10\0US\x02\0");
        let earlier = Next::Header(*b"\x08\0\x60\0CS\x02\0");
        let value = Next::Header(*b"\x04\0\0\0abcd");
        #[rustfmt::skip]
        let table: [(&str, Next, Next, ElementHeader); 7] = [
            ("a later element after the long one", later, value, long),
            ("the end after the long one", Next::End, value, long),
            ("a later element at once", Next::Beyond, later, short),
            ("an earlier element at once", Next::Beyond, earlier, short),
            ("the end at once", Next::Beyond, Next::End, short),
            ("a value that is cut short", Next::Beyond, value, long),
            ("both", later, later, long),
        ];
        for (name, after_long, after_short, expected) in table {
            let next = |distance| Ok(if distance == 16 { after_long } else { after_short });
            let bytes = *b"\x10\0\x20\0ZZ\0\0\x04\0\0\0";
            assert_eq!(lengthen(&short, bytes, EXPLICIT, next).unwrap(), expected, "{name}");
        }
        let undefined = *b"\x10\0\x20\0ZZ\0\0\xFF\xFF\xFF\xFF";
        let found = lengthen(&short, undefined, EXPLICIT, |_| Ok(Next::Beyond)).unwrap();
        assert_eq!(found, header(zz, 12, None));
    }

    #[test]
    fn errors_of_the_look_ahead_are_passed_on() {
        let bytes = *b"\x10\0\x20\0lo\x02\0AAAA";
        let implicit = ElementHeader::decode(&bytes, EXPLICIT);
        let error = spell_vr(&implicit, bytes, EXPLICIT, |_| Err(ErrorKind::FileChanged.into()));
        assert!(matches!(error.unwrap_err().kind(), ErrorKind::FileChanged));
    }
}
