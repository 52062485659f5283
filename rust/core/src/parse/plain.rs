//! The fast way past plain elements: whole, of defined length, none that a rule is about.
//!
//! Nearly all elements of nearly all files pass here, at a quarter of what they cost in
//! [`Walk`](super::walk::Walk). A test shows that both ways find the same.

use super::header::{Element, ElementHeader, Encoding, UNDEFINED};
use super::stop::Stop;
use crate::memory::reserve;
use crate::tag::Tag;
use crate::vr::Vr;

/// Appends the plain elements from `position` of `bytes` on to `elements`, at most `room`, none
/// that `stop` may be about, each of a larger tag than that before it, the first than `after`.
/// `base` is where `bytes` start in the file. Returns the position of the first element that needs
/// a closer look.
pub(super) fn record_plain(
    bytes: &[u8],
    base: u64,
    position: usize,
    encoding: Encoding,
    stop: Stop,
    (after, room): (Tag, usize),
    elements: &mut Vec<Element>,
) -> usize {
    let (first, last) = stop.plain_tags();
    let after = after.max(Tag(first.0.saturating_sub(1)));
    let Some(rest) = bytes.get(position..) else { return position };
    // None is shorter than that: what is left over for want of room is looked at one by one.
    let rest = rest.get(..room.saturating_mul(8)).unwrap_or(rest);
    let run = Run { bytes: rest, offset: base + position as u64, after, last };
    // Compiled once for each encoding that matters, so that the loop does not ask about it for
    // every number.
    position
        + match encoding {
            Encoding::EXPLICIT_LITTLE => record_explicit_little(run, elements),
            Encoding::IMPLICIT_LITTLE => run.record(implicit_little, elements),
            other => run.record(|bytes: &[u8; 12]| any_header(bytes, other), elements),
        }
}

/// The tag, the VR, the length of the header and that of the value, if nothing about them is
/// unusual.
type PlainHeader = Option<(Tag, Vr, u8, u32)>;

/// The same as [`ElementHeader::decode`], in half of its instructions.
#[inline(always)]
fn explicit_little(header: &[u8; 12]) -> PlainHeader {
    // One number, and shifts.
    let first = u64::from_le_bytes(*header.first_chunk()?);
    let tag = Tag((first as u32).rotate_left(16));
    let vr = Vr(((first >> 32) as u16).to_le_bytes());
    let header_length = vr.header_length()?;
    let mut length = (first >> 48) as u32;
    if header_length != 8 {
        length = u32::from_le_bytes(*header.last_chunk()?);
        if length == UNDEFINED {
            return None;
        }
    }
    Some((tag, vr, header_length, length))
}

#[inline(always)]
fn implicit_little(header: &[u8; 12]) -> PlainHeader {
    let first = u64::from_le_bytes(*header.first_chunk()?);
    let (tag, length) = (Tag((first as u32).rotate_left(16)), (first >> 32) as u32);
    (length != UNDEFINED).then_some((tag, Vr::IMPLICIT, 8, length))
}

#[inline(always)]
fn any_header(bytes: &[u8; 12], encoding: Encoding) -> PlainHeader {
    let header = ElementHeader::decode(bytes, encoding);
    let is_plain = encoding.is_implicit || header.vr.header_length().is_some();
    let length = header.value_length.filter(|_| is_plain)?;
    Some((header.tag, header.vr, header.header_length as u8, length))
}

/// A function of its own: inside of its caller the loop is short of registers.
#[inline(never)]
fn record_explicit_little(run: Run<'_>, elements: &mut Vec<Element>) -> usize {
    run.record(explicit_little, elements)
}

/// Bytes that elements are recorded from, where they start in the file, and which of them.
struct Run<'a> {
    bytes: &'a [u8],
    offset: u64,
    after: Tag,
    last: Tag,
}

impl Run<'_> {
    /// Returns how many bytes were gone past.
    #[inline(always)]
    fn record(
        self,
        header: impl Fn(&[u8; 12]) -> PlainHeader,
        elements: &mut Vec<Element>,
    ) -> usize {
        let Run { bytes, mut offset, mut after, last } = self;
        let mut rest = bytes;
        while let Some((tag, vr, header_length, value_length)) =
            rest.first_chunk().and_then(&header)
        {
            let value_length = u64::from(value_length);
            let length = u64::from(header_length) + value_length;
            if length > rest.len() as u64 || tag <= after || tag > last {
                break;
            }
            let Some(behind) = rest.get(length as usize..) else { break };
            // The longer way raises the error if memory is refused. `memory::push` would be called
            // for every element: it is not inlined, and takes half as many instructions again.
            if elements.len() == elements.capacity() && reserve(elements, 1).is_err() {
                break;
            }
            elements.push(Element {
                tag,
                vr,
                is_undefined_length: false,
                is_cut_short: false,
                value_offset: offset + u64::from(header_length),
                value_length,
            });
            (rest, offset, after) = (behind, offset + length, tag);
        }
        bytes.len() - rest.len()
    }
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
        let end = record_plain(bytes, BASE, 0, encoding, stop, (Tag::ZERO, room), &mut elements);
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
        let end =
            record_plain(&bytes, BASE, 5, EXPLICIT, Stop::AtEnd, (Tag::ZERO, 9), &mut elements);
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
        let before = element(0x0008_1030, b"LT", b"text");
        #[rustfmt::skip]
        let table: [(&str, Vec<u8>, usize); 15] = [
            ("a whole element", comment(), 12),
            ("an unknown VR", element(0x0010_4000, b"ZZ", b"text"), 0),
            ("a smaller tag", element(0x0008_102F, b"LT", b"text"), 0),
            ("the same tag", before.clone(), 0),
            ("a value of one byte less", comment()[..11].to_vec(), 0),
            ("a header of 8 bytes at the end", element(0x0010_4000, b"LT", b"tex"), 0),
            ("a long value of one byte less", header(0x0010_4000, b"OB", 1), 0),
            ("an empty long value", header(0x0010_4000, b"OB", 0), 12),
            ("an undefined length", header(0x0010_4000, b"UN", UNDEFINED), 0),
            ("no VR", implicit(0x0010_4000, b"text"), 0),
            ("an item", [&item(4)[..], b"text"].concat(), 0),
            ("zeros", vec![0; 12], 0),
            ("the next tag", element(0x0008_1031, b"LT", b"text"), 12),
            ("the last tag before pixels", element(0x7FE0_0007, b"LT", b"text"), 12),
            ("pixels", element(0x7FE0_0008, b"LT", b"text"), 0),
        ];
        for (name, bytes, expected) in table {
            let bytes = [&before[..], &bytes].concat();
            let expected = 12 + expected;
            let found = plain(&bytes, EXPLICIT, Stop::AtEnd, 9);
            assert_eq!(found, (expected, expected / 12), "{name}");
        }
        let first = element(0x0000_0001, b"LT", b"text");
        assert_eq!(plain(&first, EXPLICIT, Stop::AtEnd, 9), (12, 1), "the first tag");
        let mut elements = Vec::new();
        let stop = Stop::AtEnd;
        let end = record_plain(&before, BASE, 13, EXPLICIT, stop, (Tag::ZERO, 9), &mut elements);
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
            ("room for one of 8 bytes", Stop::AtEnd, 1, 0),
            ("room for one", Stop::AtEnd, 2, 1),
            ("room for both", Stop::AtEnd, 3, 2),
            ("a later group", Stop::AfterGroup(0x0011), 9, 0),
            ("their group", Stop::AfterGroup(0x0010), 9, 2),
        ] {
            let found = plain(&bytes, EXPLICIT, stop, room);
            assert_eq!(found, (12 * expected, expected), "{name}");
        }
    }
}
