//! Bytes for tests, one field after the other, in Explicit VR Little Endian unless a name says
//! otherwise.

pub(super) use super::header::UNDEFINED;
use super::leniency::{Deviations, Leniency};
use crate::error::{Error, ErrorKind};
use crate::tag::Tag;
use crate::vr::Vr;

/// An Item Delimitation Item.
pub(super) const ITEM_END: [u8; 8] = *b"\xFE\xFF\x0D\xE0\0\0\0\0";
/// A Sequence Delimitation Item.
pub(super) const SEQUENCE_END: [u8; 8] = *b"\xFE\xFF\xDD\xE0\0\0\0\0";

pub(super) fn tag(tag: u32) -> [u8; 4] {
    let [a, b, c, d] = tag.to_be_bytes();
    [b, a, d, c]
}

/// A whole element.
pub(super) fn element(of: u32, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    [&header(of, vr, value.len() as u32), value].concat()
}

/// The bytes before a value of `length` bytes.
pub(super) fn header(of: u32, vr: &[u8; 2], length: u32) -> Vec<u8> {
    match Vr(*vr).has_long_length() {
        true => [&tag(of)[..], vr, &[0, 0], &length.to_le_bytes()].concat(),
        false => [&tag(of)[..], vr, &(length as u16).to_le_bytes()].concat(),
    }
}

/// A whole element without a VR.
pub(super) fn implicit(of: u32, value: &[u8]) -> Vec<u8> {
    [&tag(of)[..], &(value.len() as u32).to_le_bytes(), value].concat()
}

/// The bytes before the elements of an item.
pub(super) fn item(length: u32) -> [u8; 8] {
    let [a, b, c, d] = length.to_le_bytes();
    [0xFE, 0xFF, 0x00, 0xE0, a, b, c, d]
}

/// A kind of error and its offset, to compare.
pub(super) fn what(error: &Error) -> (String, Option<u64>) {
    (format!("{:?}", error.kind()), error.offset())
}

/// What [`what`] gives of this error.
pub(super) fn expected(kind: ErrorKind, offset: u64) -> (String, Option<u64>) {
    (format!("{kind:?}"), Some(offset))
}

/// The error of another tag in place of an item.
pub(super) fn item_expected(found: u32, offset: u64) -> (String, Option<u64>) {
    expected(ErrorKind::ItemExpected { found: Tag(found) }, offset)
}

/// What was tolerated, and where.
pub(super) fn tolerated(deviations: &Deviations) -> Vec<(Leniency, u64)> {
    deviations.as_slice().iter().map(|found| (found.leniency, found.offset)).collect()
}
