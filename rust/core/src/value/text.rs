//! Text: its padding and its values (PS3.5 §6.1, §6.2).

use std::borrow::Cow;

use super::character_set::CharacterSet;
use crate::vr::Vr;

/// Text, and whether its bytes say no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The characters, U+FFFD where bytes are of none.
    pub text: Cow<'a, str>,
    /// Whether the character set has all of them. Else characters were replaced, escape sequences
    /// are left in the text, or the upper half of a set that has none was read as Latin-1.
    pub is_exact: bool,
}

impl<'a> Decoded<'a> {
    pub(super) fn exact(text: Cow<'a, str>) -> Decoded<'a> {
        Decoded { text, is_exact: true }
    }
}

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
    decoded_text(bytes, vr, characters).text
}

/// What [`decoded_text`] gives where that is the bytes themselves: of ASCII without escape
/// sequences, which all character sets have, and which nearly all text is.
pub(crate) fn plain_text(bytes: &[u8], vr: Vr) -> Option<&[u8]> {
    let is_plain = |byte: &u8| (*byte < 0x80) & (*byte != 0x1B);
    // Without an end at the first other byte, so that many are looked at together.
    let are_plain = bytes.iter().fold(true, |so_far, byte| so_far & is_plain(byte));
    are_plain.then(|| without_padding(bytes, vr))
}

fn without_padding(bytes: &[u8], vr: Vr) -> &[u8] {
    match vr {
        Vr::AE => bytes,
        Vr::UR => bytes.trim_ascii_end(),
        _ => trim_end(bytes),
    }
}

/// The same, and whether the character set has all of its characters.
pub fn decoded_text<'a>(bytes: &'a [u8], vr: Vr, characters: &CharacterSet) -> Decoded<'a> {
    // In none of the character sets a blank or a zero is the last byte of a longer character.
    let bytes = without_padding(bytes, vr);
    if vr.uses_specific_character_set() {
        return characters.decode(bytes);
    }
    let text = latin1(bytes);
    let is_exact = matches!(text, Cow::Borrowed(_));
    Decoded { text, is_exact }
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
        Vr::AE | Vr::DS | Vr::IS | Vr::UI => trim_blanks,
        Vr::LO | Vr::SH | Vr::UC => |value| value.trim_end_matches([' ', '\0']),
        _ => |value| value,
    };
    separated(text).map(without_padding)
}

/// `str::trim`, and quick where there is nothing to trim.
fn trim_blanks(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// The parts between backslashes, as `str::split` gives them in three times as many instructions.
fn separated(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|byte| byte == b'\\');
        let (part, behind) = end.and_then(|end| text.split_at_checked(end)).unwrap_or((text, ""));
        rest = behind.get(1..);
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_are_what_stands_between_backslashes(text in r"[a é\\]{0,9}") {
            let found: Vec<&str> = text_values(&text, Vr::DS).collect();
            let expected: Vec<&str> = text.split('\\').map(str::trim).collect();
            prop_assert_eq!(found, expected);
            let found: Vec<&str> = text_values(&text, Vr::LT).collect();
            prop_assert_eq!(found, text.split('\\').collect::<Vec<_>>());
        }
    }

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
    fn text_is_exact_where_the_character_set_has_all_of_it() {
        #[rustfmt::skip]
        let table: [(&str, &[u8], &[u8], bool); 24] = [
            ("ASCII", b"", b"CT", true),
            ("no character set", b"", b"M\xFCller", false),
            ("ISO IR 6", b"ISO_IR 6", b"M\xFCller", false),
            ("Latin-1", b"ISO_IR 100", b"M\xFCller", true),
            ("UTF-8", b"ISO_IR 192", b"M\xC3\xBCller", true),
            ("Latin-1 in UTF-8", b"ISO_IR 192", b"M\xFCller", false),
            ("UTF-8 cut in a character", b"ISO_IR 192", b"M\xC3", false),
            ("an escape sequence in UTF-8", b"ISO_IR 192", b"\x1B-Fa", false),
            ("GB18030", b"GB18030", b"\xCD\xF5", true),
            ("half a pair of GB18030", b"GB18030", b"\x81\xFF\xB5", false),
            ("GBK", b"GBK", b"\xCD\xF5", true),
            ("half a pair of GBK", b"GBK", b"a\xCD", false),
            ("a free place of Latin-3", b"ISO_IR 109", b"\xA5", false),
            ("a free place of Thai", b"ISO_IR 166", b"\xDB", false),
            ("Shift JIS leads that are none", b"ISO_IR 13", b"\xA0", false),
            ("a code extension", b"\\ISO 2022 IR 126", b"\x1B-F\xE1", true),
            ("of a set not declared", b"\\ISO 2022 IR 126", b"\x1B-L\xBB", false),
            ("of no set", b"\\ISO 2022 IR 87", b"\x1B?x", false),
            ("pairs", b"\\ISO 2022 IR 87", b"\x1B$B;3\x1B(B.", true),
            ("half a pair", b"\\ISO 2022 IR 87", b"\x1B$B;", false),
            ("an upper half of none", b"\\ISO 2022 IR 87", b"\x1B(B\xFC", false),
            ("an upper half after the line", b"\\ISO 2022 IR 126", b"\x1B-F\xE1\r\xFC", false),
            ("an unknown term", b"ISO_IR 999", b"M\xFCller", false),
            ("ASCII of an unknown term", b"ISO_IR 999", b"Mueller", true),
        ];
        for (name, term, bytes, expected) in table {
            let characters = CharacterSet::from_value(term);
            assert_eq!(decoded_text(bytes, Vr::LT, &characters).is_exact, expected, "{name}");
        }
        let other = CharacterSet::from_value(b"ISO_IR 100");
        assert!(!decoded_text(b"\xFC", Vr::CS, &other).is_exact, "a VR of ASCII alone");
        assert!(decoded_text(b"A", Vr::CS, &other).is_exact);
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
