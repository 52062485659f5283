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

/// Returns the position of the first element from `position` of `bytes` on that is not plain.
#[inline(never)]
pub(super) fn skip_plain(bytes: &[u8], position: usize, encoding: Encoding) -> usize {
    let (tags, ignore) = (Stop::AtEnd.plain_tags(), |_: &ElementHeader, _, _| {});
    match encoding {
        Encoding::EXPLICIT_LITTLE => {
            each_plain(bytes, position, Encoding::EXPLICIT_LITTLE, tags, usize::MAX, ignore)
        }
        other => each_plain(bytes, position, other, tags, usize::MAX, ignore),
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

#[inline(always)]
fn record(
    bytes: &[u8],
    base: u64,
    position: usize,
    encoding: Encoding,
    tags: (Tag, Tag),
    room: usize,
    elements: &mut Vec<Element>,
) -> usize {
    each_plain(bytes, position, encoding, tags, room, |header, value_position, length| {
        elements.push(Element {
            tag: header.tag,
            vr: header.vr,
            is_undefined_length: false,
            is_cut_short: false,
            value_offset: base + value_position as u64,
            value_length: u64::from(length),
        });
    })
}

/// Calls `each` with the header of each plain element from `position` of `bytes` on, the position
/// of its value and its length, as long as tags are between the two of `tags` and there is `room`;
/// returns the position after the last of them.
#[inline(always)]
fn each_plain(
    bytes: &[u8],
    mut position: usize,
    encoding: Encoding,
    (first, last): (Tag, Tag),
    room: usize,
    mut each: impl FnMut(&ElementHeader, usize, u32),
) -> usize {
    for _ in 0..room {
        let Some(header) = bytes.get(position..).and_then(<[u8]>::first_chunk::<12>) else { break };
        let header = ElementHeader::decode(header, encoding);
        let Some(length) = header.value_length else { break };
        let value_position = position + header.header_length;
        let end = value_position.saturating_add(length as usize);
        let lacks_vr = header.vr == Vr::IMPLICIT && !encoding.is_implicit;
        if end > bytes.len() || header.tag < first || header.tag > last || lacks_vr {
            break;
        }
        each(&header, value_position, length);
        position = end;
    }
    position
}
