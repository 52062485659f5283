//! How a data set is written: as the Transfer Syntax says, unless its first element shows another
//! encoding.

use super::header::{ElementHeader, Encoding};
use super::leniency::{Deviation, Deviations, Leniency};
use super::rules::Rules;
use super::window::Window;
use crate::error::{ErrorKind, Result};
use crate::vr::Vr;

/// The encoding of the data set that starts at `start`: the expected one (PS3.5 §10), unless the
/// first element shows another.
pub(super) fn find_encoding(
    window: &mut Window<'_>,
    start: u64,
    expected: Option<Encoding>,
    rules: &Rules,
    deviations: &mut Deviations,
) -> Result<Encoding> {
    let Some(expected) = expected else {
        let leniency = Leniency::MissingTransferSyntax;
        deviations.add(Deviation { leniency, offset: start });
        return guess_encoding(window, start);
    };
    let found = encoding_of_first(window, start, expected)?;
    if found != expected {
        let (what, expected) = ("the VR of the first element", "as in the Transfer Syntax");
        let error = ErrorKind::BadValue { what, found: 0, expected };
        deviations.add(rules.leniencies.tolerate(Leniency::OtherVrEncoding, start, error)?);
    }
    Ok(found)
}

/// The encoding that the first element at `start` shows; `expected` where it shows none.
fn encoding_of_first(window: &mut Window<'_>, start: u64, expected: Encoding) -> Result<Encoding> {
    window.extend_to(start.saturating_add(8))?;
    if expected.is_implicit {
        let explicit = Encoding::EXPLICIT_LITTLE;
        let found = first_header(window, start, explicit);
        let is_explicit = found.is_some_and(|header| header.vr != Vr::IMPLICIT);
        return Ok(if is_explicit { explicit } else { expected });
    }
    Ok(item_encoding(window.run().chunk(start), expected))
}

/// The encoding of a data set of which nothing is known. Groups are small numbers: a first group
/// that reads as 0x0100 or more has the other byte order.
pub(super) fn guess_encoding(window: &mut Window<'_>, start: u64) -> Result<Encoding> {
    window.extend_to(start.saturating_add(8))?;
    Ok(match first_header(window, start, Encoding::EXPLICIT_LITTLE) {
        Some(header) if header.vr.is_known() => {
            let is_big = header.tag.group() >= 0x0100;
            if is_big { Encoding::EXPLICIT_BIG } else { Encoding::EXPLICIT_LITTLE }
        }
        _ => Encoding::IMPLICIT_LITTLE,
    })
}

/// The encoding of an item's elements; `first` are the tag and the VR of the first of them.
///
/// An item of an explicit data set can be implicit: inside UN it has to be (PS3.5 §6.2.2 note 2),
/// and some writers copy private sequences as they are. The reverse does not occur.
#[inline]
pub(super) fn item_encoding(first: Option<&[u8; 6]>, parent: Encoding) -> Encoding {
    match first {
        Some(&[a, b, _, _, v, r]) if parent == Encoding::EXPLICIT_LITTLE => {
            let (vr, is_delimiter) = (Vr([v, r]), [a, b] == [0xFE, 0xFF]);
            let is_explicit = is_delimiter || vr.is_capitals() || vr.is_written();
            Encoding { is_implicit: !is_explicit, ..parent }
        }
        _ => parent,
    }
}

/// The encoding of the File Meta Information that starts at `start`: explicit (PS3.10 §7.1), but
/// for files that break the rule.
pub(super) fn meta_encoding(window: &Window<'_>, start: u64) -> Encoding {
    match first_header(window, start, Encoding::EXPLICIT_LITTLE) {
        Some(header) if header.tag.group() == 2 && header.vr == Vr::IMPLICIT => {
            Encoding::IMPLICIT_LITTLE
        }
        _ => Encoding::EXPLICIT_LITTLE,
    }
}

/// Whether the data set at `start` is not deflated though its Transfer Syntax says so: somebody has
/// inflated it and left the File Meta Information alone. What starts like an element is nothing
/// that deflating gives: a stored block, as which an even low byte of a group number would pass,
/// has its length twice, once with all bits turned (RFC 1951 §3.2.4).
pub(super) fn is_not_deflated(window: &Window<'_>, start: u64) -> bool {
    let header = first_header(window, start, Encoding::EXPLICIT_LITTLE);
    header.is_some_and(|header| header.tag.group() == 8 && header.vr.is_known())
}

/// The header at `start`, as far as it was read.
fn first_header(window: &Window<'_>, start: u64, encoding: Encoding) -> Option<ElementHeader> {
    ElementHeader::read(window.bytes(), window.run().position(start)?, encoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Leniencies;
    use crate::parse::fields::{expected, tolerated, what};

    const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;
    const IMPLICIT: Encoding = Encoding::IMPLICIT_LITTLE;
    const BIG: Encoding = Encoding::EXPLICIT_BIG;
    const BASE: u64 = 100;

    fn rules(leniencies: Leniencies) -> Rules {
        Rules { leniencies, ..Rules::default() }
    }

    #[test]
    fn the_first_element_of_an_item_shows_how_it_is_written() {
        #[rustfmt::skip]
        let table: [(&str, &[u8], Encoding, Encoding); 11] = [
            ("explicit", b"\x08\0\x60\0CS", EXPLICIT, EXPLICIT),
            ("an unknown VR", b"\x08\0\x60\0ZZ", EXPLICIT, EXPLICIT),
            ("misspelt", b"\x08\0\x60\0cs", EXPLICIT, EXPLICIT),
            ("question marks", b"\x08\0\x60\0??", EXPLICIT, EXPLICIT),
            ("a length", b"\x08\0\x60\0\x02\0", EXPLICIT, IMPLICIT),
            ("the end of the item", b"\xFE\xFF\x0D\xE0\0\0", EXPLICIT, EXPLICIT),
            ("cut in the VR", b"\x08\0\x60\0\x02", EXPLICIT, EXPLICIT),
            ("nothing", b"", EXPLICIT, EXPLICIT),
            ("explicit in implicit", b"\x08\0\x60\0CS", IMPLICIT, IMPLICIT),
            ("implicit in big endian", b"\0\x08\0\x60\0\0", BIG, BIG),
            ("explicit in big endian", b"\0\x08\0\x60CS", BIG, BIG),
        ];
        for (name, bytes, parent, expected) in table {
            let first = bytes.first_chunk();
            assert_eq!(item_encoding(first, parent), expected, "{name}");
        }
        assert_eq!(item_encoding(None, EXPLICIT), EXPLICIT);
    }

    #[test]
    fn a_data_set_is_written_as_its_first_element_shows() {
        let other = Some((Leniency::OtherVrEncoding, BASE));
        let none = Some((Leniency::MissingTransferSyntax, BASE));
        type Row<'a> =
            (&'static str, &'a [u8], Option<Encoding>, Encoding, Option<(Leniency, u64)>);
        #[rustfmt::skip]
        let table: [Row<'_>; 14] = [
            ("explicit", b"\x08\0\x60\0CS\x02\0", Some(EXPLICIT), EXPLICIT, None),
            ("implicit", b"\x08\0\x60\0\x02\0\0\0", Some(IMPLICIT), IMPLICIT, None),
            ("big endian", b"\0\x08\0\x60CS\0\x02", Some(BIG), BIG, None),
            ("explicit for implicit", b"\x08\0\x60\0CS\x02\0", Some(IMPLICIT), EXPLICIT, other),
            ("implicit for explicit", b"\x08\0\x60\0\x02\0\0\0", Some(EXPLICIT), IMPLICIT, other),
            ("nothing for explicit", b"", Some(EXPLICIT), EXPLICIT, None),
            ("nothing for implicit", b"", Some(IMPLICIT), IMPLICIT, None),
            ("less than a header for implicit", b"\x08\0\x60\0CS\x02", Some(IMPLICIT), IMPLICIT,
             None),
            ("explicit, not named", b"\x08\0\x60\0CS\x02\0", None, EXPLICIT, none),
            ("implicit, not named", b"\x08\0\x60\0\x02\0\0\0", None, IMPLICIT, none),
            ("an unknown VR, not named", b"\x08\0\x60\0ZZ\x02\0", None, IMPLICIT, none),
            ("big endian, not named", b"\0\x08\0\x60CS\0\x02", None, BIG, none),
            ("the highest group of little endian", b"\xFF\0\x60\0CS\x02\0", None, EXPLICIT, none),
            ("the lowest group of big endian", b"\0\x01\0\x60CS\0\x02", None, BIG, none),
        ];
        for (name, bytes, named, encoding, deviation) in table {
            let (mut window, mut deviations) = (Window::memory(bytes, BASE), Deviations::default());
            let strict = rules(Leniencies::NONE.with(Leniency::OtherVrEncoding));
            let found = find_encoding(&mut window, BASE, named, &strict, &mut deviations).unwrap();
            let deviation: Vec<_> = deviation.into_iter().collect();
            assert_eq!((found, tolerated(&deviations)), (encoding, deviation), "{name}");
        }
    }

    #[test]
    fn another_encoding_is_refused_where_it_is_not_granted() {
        let mut window = Window::memory(b"\x08\0\x60\0\x02\0\0\0", BASE);
        let (strict, mut deviations) = (rules(Leniencies::NONE), Deviations::default());
        let found = find_encoding(&mut window, BASE, Some(EXPLICIT), &strict, &mut deviations);
        let (named, expects) = ("the VR of the first element", "as in the Transfer Syntax");
        let kind = ErrorKind::BadValue { what: named, found: 0, expected: expects };
        assert_eq!(what(&found.unwrap_err()), expected(kind, BASE));
        assert!(deviations.as_slice().is_empty());
    }

    #[test]
    fn file_meta_information_is_explicit_but_for_elements_of_its_group_without_a_vr() {
        #[rustfmt::skip]
        let table: [(&str, &[u8], Encoding); 4] = [
            ("explicit", b"\x02\0\0\0UL\x04\0", EXPLICIT),
            ("implicit", b"\x02\0\0\0\x04\0\0\0", IMPLICIT),
            ("another group", b"\x08\0\0\0\x04\0\0\0", EXPLICIT),
            ("nothing", b"", EXPLICIT),
        ];
        for (name, bytes, expected) in table {
            assert_eq!(meta_encoding(&Window::memory(bytes, BASE), BASE), expected, "{name}");
        }
    }

    #[test]
    fn an_element_of_group_0008_is_nothing_that_deflating_gives() {
        #[rustfmt::skip]
        let table: [(&str, &[u8], bool); 5] = [
            ("an element", b"\x08\0\x05\0CS\0\0", true),
            ("another group", b"\x10\0\x05\0CS\0\0", false),
            ("an unknown VR", b"\x08\0\x05\0ZZ\0\0", false),
            ("no VR", b"\x08\0\x05\0\0\0\0\0", false),
            ("less than a header", b"\x08\0\x05\0CS\0", false),
        ];
        for (name, bytes, expected) in table {
            assert_eq!(is_not_deflated(&Window::memory(bytes, BASE), BASE), expected, "{name}");
        }
        let window = Window::memory(b"\x08\0\x05\0CS\0\0", BASE);
        assert!(!is_not_deflated(&window, BASE - 1), "what lies before the window is not known");
    }
}
