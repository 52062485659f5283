//! The fast way past plain elements: whole, of defined length, none that a rule is about.
//!
//! Nearly all elements of nearly all files pass here, at a quarter of what they cost in
//! [`Walk`](super::walk::Walk). A test shows that both ways find the same.

use super::header::{Element, ElementHeader, Encoding};
use super::stop::Stop;
use crate::tag::Tag;
use crate::vr::Vr;

/// Appends the plain elements from `position` of `bytes` on to `elements`, at most `room`, none
/// that `stop` may be about. `base` is where `bytes` start in the file. Returns the position of the
/// first element that needs a closer look.
pub(super) fn record_plain(
    bytes: &[u8],
    base: u64,
    position: usize,
    encoding: Encoding,
    stop: Stop,
    room: usize,
    elements: &mut Vec<Element>,
) -> usize {
    let tags = stop.plain_tags();
    // Compiled once for the encoding that matters, so that the loop does not ask about it for
    // every number.
    match encoding {
        Encoding::EXPLICIT_LITTLE => {
            record_explicit_little(bytes, base, position, tags, room, elements)
        }
        other => record(bytes, base, position, other, tags, room, elements),
    }
}

#[inline(never)]
fn record_explicit_little(
    bytes: &[u8],
    base: u64,
    position: usize,
    tags: (Tag, Tag),
    room: usize,
    elements: &mut Vec<Element>,
) -> usize {
    record(bytes, base, position, Encoding::EXPLICIT_LITTLE, tags, room, elements)
}

/// Appends at most `room` elements whose tags are between the two of `tags` and whose values are in
/// `bytes`.
#[inline(always)]
fn record(
    bytes: &[u8],
    base: u64,
    mut position: usize,
    encoding: Encoding,
    (first, last): (Tag, Tag),
    room: usize,
    elements: &mut Vec<Element>,
) -> usize {
    for _ in 0..room {
        let Some(header) = bytes.get(position..).and_then(<[u8]>::first_chunk::<12>) else { break };
        let header = ElementHeader::decode(header, encoding);
        let ElementHeader { tag, vr, header_length, value_length } = header;
        let Some(length) = value_length else { break };
        let value_position = position + header_length;
        let end = value_position.saturating_add(length as usize);
        let lacks_vr = vr == Vr::IMPLICIT && !encoding.is_implicit;
        if end > bytes.len()
            || tag < first
            || tag > last
            || lacks_vr
            || header.may_be_long(encoding)
        {
            break;
        }
        elements.push(Element {
            tag,
            vr,
            is_undefined_length: false,
            is_cut_short: false,
            value_offset: base + value_position as u64,
            value_length: u64::from(length),
        });
        position = end;
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::fields::*;

    const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;
    const BASE: u64 = 1000;

    /// Where plain elements end, and how many there are.
    fn plain(bytes: &[u8], encoding: Encoding, stop: Stop, room: usize) -> (usize, usize) {
        let mut elements = Vec::new();
        let end = record_plain(bytes, BASE, 0, encoding, stop, room, &mut elements);
        (end, elements.len())
    }

    /// An element of 12 bytes.
    fn comment() -> Vec<u8> {
        element(0x0010_4000, b"LT", b"text")
    }

    #[test]
    fn records_say_where_values_are() {
        let bytes = [&[0xFF; 5][..], &comment(), &element(0x0028_1101, b"OB", &[7; 3])].concat();
        let mut elements = Vec::new();
        let end = record_plain(&bytes, BASE, 5, EXPLICIT, Stop::AtEnd, 9, &mut elements);
        assert_eq!(end, bytes.len());
        let record = |tag, vr, value_offset, value_length| Element {
            tag: Tag(tag),
            vr,
            is_undefined_length: false,
            is_cut_short: false,
            value_offset,
            value_length,
        };
        let expected = [record(0x0010_4000, Vr::LT, 1013, 4), record(0x0028_1101, Vr::OB, 1029, 3)];
        assert_eq!(elements, expected);
    }

    #[test]
    fn what_needs_a_closer_look_is_not_plain() {
        let before = comment();
        #[rustfmt::skip]
        let table: [(&str, Vec<u8>, usize); 13] = [
            ("a whole element", comment(), 12),
            ("an unknown VR", element(0x0010_4000, b"ZZ", b"text"), 12),
            ("a value of one byte less", comment()[..11].to_vec(), 0),
            ("a header of 8 bytes at the end", element(0x0010_4000, b"LT", b"tex"), 0),
            ("a long value of one byte less", header(0x0010_4000, b"OB", 1), 0),
            ("an empty long value", header(0x0010_4000, b"OB", 0), 12),
            ("an undefined length", header(0x0010_4000, b"UN", UNDEFINED), 0),
            ("no VR", implicit(0x0010_4000, b"text"), 0),
            ("an item", [&item(4)[..], b"text"].concat(), 0),
            ("zeros", vec![0; 12], 0),
            ("the first tag", element(0x0000_0001, b"LT", b"text"), 12),
            ("the last tag before pixels", element(0x7FE0_0007, b"LT", b"text"), 12),
            ("pixels", element(0x7FE0_0008, b"LT", b"text"), 0),
        ];
        for (name, bytes, expected) in table {
            let bytes = [&before[..], &bytes].concat();
            let expected = 12 + expected;
            let found = plain(&bytes, EXPLICIT, Stop::AtEnd, 9);
            assert_eq!(found, (expected, expected / 12), "{name}");
        }
        let mut elements = Vec::new();
        let stop = Stop::AtEnd;
        let end = record_plain(&before, BASE, 13, EXPLICIT, stop, 9, &mut elements);
        assert_eq!((end, elements), (13, vec![]), "past the end");
    }

    #[test]
    fn each_encoding_is_read_as_it_is_written() {
        let without = implicit(0x0010_4000, b"text");
        let big = b"\x00\x10\x40\x00LT\x00\x04text";
        for (name, bytes, encoding) in [
            ("explicit", &comment()[..], EXPLICIT),
            ("implicit", &without, Encoding::IMPLICIT_LITTLE),
            ("big endian", big, Encoding::EXPLICIT_BIG),
        ] {
            assert_eq!(plain(bytes, encoding, Stop::AtEnd, 9), (12, 1), "{name}");
        }
    }

    #[test]
    fn stops_and_room_are_kept() {
        let bytes = [comment(), element(0x0010_4001, b"LT", b"text")].concat();
        for (name, stop, room, expected) in [
            ("no room", Stop::AtEnd, 0, 0),
            ("room for one", Stop::AtEnd, 1, 1),
            ("room for both", Stop::AtEnd, 2, 2),
            ("a later group", Stop::AfterGroup(0x0011), 9, 0),
            ("their group", Stop::AfterGroup(0x0010), 9, 2),
        ] {
            let found = plain(&bytes, EXPLICIT, stop, room);
            assert_eq!(found, (12 * expected, expected), "{name}");
        }
    }
}
