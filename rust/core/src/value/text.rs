//! Text: its padding and its values (PS3.5 §6.1, §6.2).

use std::borrow::Cow;

use super::character_set::CharacterSet;
use crate::vr::Vr;

/// `bytes` as text, if they are ASCII.
pub(super) fn ascii(bytes: &[u8]) -> Option<&str> {
    if bytes.is_ascii() { std::str::from_utf8(bytes).ok() } else { None }
}

/// `bytes` as Latin-1, whose characters are the first 256 of Unicode.
pub(super) fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match ascii(bytes) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Whether a backslash separates values in text of this VR (PS3.5 §6.2, §6.4).
pub fn is_multi_valued(vr: Vr) -> bool {
    !matches!(vr, Vr::LT | Vr::ST | Vr::UT | Vr::UR)
}

/// The characters of a value field, without the padding after its last value. Values are not
/// separated; each but the last keeps its own padding. Bytes that are of no character in
/// `characters` become U+FFFD.
pub fn text<'a>(bytes: &'a [u8], vr: Vr, characters: &CharacterSet) -> Cow<'a, str> {
    // In none of the character sets a blank or a zero is the last byte of a longer character.
    let bytes = match vr {
        Vr::AE => bytes,
        Vr::UR => bytes.trim_ascii_end(),
        _ => trim_end(bytes),
    };
    if vr.uses_specific_character_set() { characters.decode(bytes) } else { latin1(bytes) }
}

fn is_padding(byte: u8) -> bool {
    matches!(byte, b' ' | b'\0')
}

/// A value field without the padding after its last value.
pub fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes
        && is_padding(*last)
    {
        bytes = rest;
    }
    bytes
}

/// A value field or a part of it without the padding on both sides.
pub fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_end(bytes);
    while let [first, rest @ ..] = bytes
        && is_padding(*first)
    {
        bytes = rest;
    }
    bytes
}

/// The values in the text of a value field, as [`text`] gives it, each without what pads it. Blanks
/// are padding on both sides of identifiers and numbers, after names and descriptions, and
/// elsewhere part of the value (PS3.5 §6.2).
pub fn text_values(text: &str, vr: Vr) -> impl Iterator<Item = &str> {
    let without_padding: fn(&str) -> &str = match vr {
        Vr::AE | Vr::DS | Vr::IS | Vr::UI => str::trim,
        Vr::LO | Vr::SH | Vr::UC => |value| value.trim_end_matches([' ', '\0']),
        _ => |value| value,
    };
    text.split('\\').map(without_padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_and_loses_its_padding() {
        let other = CharacterSet::from_value(b"ISO_IR 144");
        let utf8 = CharacterSet::from_value(b"ISO_IR 192");
        #[rustfmt::skip]
        let table: [(&str, &[u8], Vr, &CharacterSet, &str); 8] = [
            ("blank", b"AXIAL ", Vr::CS, &CharacterSet::DEFAULT, "AXIAL"),
            ("zero", b"1.2.3\0", Vr::UI, &CharacterSet::DEFAULT, "1.2.3"),
            ("leading blanks stay", b"  text", Vr::LT, &CharacterSet::DEFAULT, "  text"),
            ("latin 1", b"M\xFCller", Vr::PN, &CharacterSet::DEFAULT, "M\u{FC}ller"),
            ("utf-8", b"M\xC3\xBCller", Vr::PN, &utf8, "M\u{FC}ller"),
            ("Cyrillic", b"\xBB\xDE", Vr::PN, &other, "\u{41B}\u{43E}"),
            ("ascii in another set", b"CT", Vr::LO, &other, "CT"),
            ("a code string knows no character set", b"\xFC", Vr::CS, &other, "\u{FC}"),
        ];
        for (name, bytes, vr, characters, expected) in table {
            assert_eq!(text(bytes, vr, characters), expected, "{name}");
        }
    }

    #[test]
    fn several_values_lose_the_padding_that_their_vr_has() {
        for (text, vr, expected) in [
            (" A \\ B", Vr::AE, ["A", "B"]),
            (" 1\\2 ", Vr::DS, ["1", "2"]),
            ("1.2 \\1.3", Vr::UI, ["1.2", "1.3"]),
            (" a \\ b ", Vr::LO, [" a", " b"]),
            ("A^B \\C", Vr::PN, ["A^B ", "C"]),
            ("AXIAL \\X", Vr::CS, ["AXIAL ", "X"]),
        ] {
            assert_eq!(text_values(text, vr).collect::<Vec<_>>(), expected, "{vr}");
        }
    }
}
