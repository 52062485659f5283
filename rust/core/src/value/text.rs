//! Text: its padding, its values and its character set (PS3.5 §6.1, §6.2; PS3.3 §C.12.1.1.2).

use std::borrow::Cow;

use crate::error::{ErrorKind, Result};
use crate::vr::Vr;

/// How the bytes of text become characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CharacterSet {
    /// ISO IR 6 (the default) and ISO IR 100. Bytes above 0x7F in a data set that names no character set are read as
    /// Latin-1, because that is what most of their writers meant.
    Latin1,
    /// ISO IR 192.
    Utf8,
    /// Another one, by its defined terms. Text of ASCII characters without escapes is the same in all of them.
    Other(String),
}

impl CharacterSet {
    /// The character set that the value of (0008,0005) names.
    pub fn from_value(value: &[u8]) -> CharacterSet {
        let value = String::from_utf8_lossy(value);
        let value = value.trim_matches([' ', '\0']);
        match value {
            "" | "ISO_IR 6" | "ISO_IR 100" | "\\ISO 2022 IR 6" | "ISO 2022 IR 6" => CharacterSet::Latin1,
            "ISO_IR 192" => CharacterSet::Utf8,
            other => CharacterSet::Other(other.to_owned()),
        }
    }

    /// A term that names it; the value of (0008,0005) where it is not one that is read.
    pub fn term(&self) -> &str {
        match self {
            CharacterSet::Latin1 => "",
            CharacterSet::Utf8 => "ISO_IR 192",
            CharacterSet::Other(terms) => terms,
        }
    }

    fn decode<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, str>> {
        if let Some(text) = ascii(bytes)
            && !(matches!(self, CharacterSet::Other(_)) && bytes.contains(&0x1B))
        {
            return Ok(Cow::Borrowed(text));
        }
        match self {
            CharacterSet::Latin1 => Ok(latin1(bytes)),
            CharacterSet::Utf8 => Ok(String::from_utf8_lossy(bytes)),
            CharacterSet::Other(terms) => Err(ErrorKind::unsupported("text in this character set", terms).into()),
        }
    }
}

fn ascii(bytes: &[u8]) -> Option<&str> {
    if bytes.is_ascii() { std::str::from_utf8(bytes).ok() } else { None }
}

fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match ascii(bytes) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Whether a backslash separates values in text of this VR (PS3.5 §6.2, §6.4).
pub fn is_multi_valued(vr: Vr) -> bool {
    !matches!(vr, Vr::LT | Vr::ST | Vr::UT | Vr::UR)
}

/// The characters of a value field, without the padding behind its last value. Values are not separated; each
/// but the last keeps its own padding.
///
/// # Errors
///
/// If the text is in a character set that is not read yet.
pub fn text<'a>(bytes: &'a [u8], vr: Vr, characters: &CharacterSet) -> Result<Cow<'a, str>> {
    // In none of the character sets a blank or a zero is the last byte of a longer character.
    let bytes = match vr {
        Vr::AE => bytes,
        Vr::UR => bytes.trim_ascii_end(),
        _ => trim_end(bytes),
    };
    if vr.uses_specific_character_set() { characters.decode(bytes) } else { Ok(latin1(bytes)) }
}

fn is_padding(byte: u8) -> bool {
    matches!(byte, b' ' | b'\0')
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
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

/// The values in the text of a value field, as [`text`] gives it, each without what pads it. Blanks are padding on both
/// sides of identifiers and numbers, behind names and descriptions, and elsewhere part of the value (PS3.5 §6.2).
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
        #[rustfmt::skip]
        let table: [(&str, &[u8], Vr, &CharacterSet, &str); 7] = [
            ("blank", b"AXIAL ", Vr::CS, &CharacterSet::Latin1, "AXIAL"),
            ("zero", b"1.2.3\0", Vr::UI, &CharacterSet::Latin1, "1.2.3"),
            ("leading blanks stay", b"  text", Vr::LT, &CharacterSet::Latin1, "  text"),
            ("latin 1", b"M\xFCller", Vr::PN, &CharacterSet::Latin1, "M\u{FC}ller"),
            ("utf-8", b"M\xC3\xBCller", Vr::PN, &CharacterSet::Utf8, "M\u{FC}ller"),
            ("ascii in another set", b"CT", Vr::LO, &other, "CT"),
            ("a code string knows no character set", b"\xFC", Vr::CS, &other, "\u{FC}"),
        ];
        for (name, bytes, vr, characters, expected) in table {
            assert_eq!(text(bytes, vr, characters).unwrap(), expected, "{name}");
        }
        assert!(text(b"\xBB", Vr::PN, &other).is_err(), "never guessed");
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
