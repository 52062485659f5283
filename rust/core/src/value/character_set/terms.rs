//! Specific Character Set (PS3.3 §C.12.1.1.2): its defined terms, and those that are misspelt.

use std::borrow::Cow;

use super::extensions;
use super::repertoire::Repertoire;
use crate::value::text::{Decoded, trim};

/// How the bytes of text become characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharacterSet {
    /// That of value 1: what holds where no escape sequence says otherwise.
    pub(super) first: Repertoire,
    /// Those that escape sequences may switch to, besides the first.
    pub(super) others: Vec<Repertoire>,
}

/// The defined terms without their prefix, and what they mean.
const REGISTERED: [(&str, Repertoire); 18] = [
    ("6", Repertoire::Default),
    ("13", Repertoire::Katakana),
    ("100", Repertoire::Latin1),
    ("101", Repertoire::Latin2),
    ("109", Repertoire::Latin3),
    ("110", Repertoire::Latin4),
    ("126", Repertoire::Greek),
    ("127", Repertoire::Arabic),
    ("138", Repertoire::Hebrew),
    ("144", Repertoire::Cyrillic),
    ("148", Repertoire::Latin5),
    ("149", Repertoire::Korean),
    ("58", Repertoire::Chinese),
    ("87", Repertoire::Kanji),
    ("159", Repertoire::SupplementaryKanji),
    ("166", Repertoire::Thai),
    ("192", Repertoire::Utf8),
    ("203", Repertoire::Latin9),
];

impl CharacterSet {
    /// That of a data set that names none.
    pub const DEFAULT: CharacterSet =
        CharacterSet { first: Repertoire::Default, others: Vec::new() };

    /// The character set that the value of (0008,0005) names. A term that means nothing means the
    /// default.
    pub fn from_value(value: &[u8]) -> CharacterSet {
        // What nearly all files have, and each file is asked for.
        match trim(value) {
            b"ISO_IR 100" => return CharacterSet::of([Repertoire::Latin1].into_iter()),
            b"ISO_IR 192" => return CharacterSet::of([Repertoire::Utf8].into_iter()),
            _ => {}
        }
        let value = String::from_utf8_lossy(value);
        CharacterSet::of(
            value.split('\\').map(|term| repertoire(term).unwrap_or(Repertoire::Default)),
        )
    }

    /// That of the terms of a caller; `None` if one means nothing.
    pub fn from_terms(terms: &[impl AsRef<str>]) -> Option<CharacterSet> {
        let terms: Option<Vec<_>> = terms.iter().map(|term| repertoire(term.as_ref())).collect();
        terms.map(|terms| CharacterSet::of(terms.into_iter()))
    }

    fn of(mut terms: impl Iterator<Item = Repertoire>) -> CharacterSet {
        let first = terms.next().unwrap_or(Repertoire::Default);
        if first.is_stand_alone() {
            return CharacterSet { first, others: Vec::new() };
        }
        CharacterSet { first, others: terms.filter(|other| !other.is_stand_alone()).collect() }
    }

    /// A value of (0008,0005) that names it.
    pub fn to_value(&self) -> String {
        if self.others.is_empty() {
            return term(self.first, false).into_owned();
        }
        let terms: Vec<_> =
            [self.first].iter().chain(&self.others).map(|one| term(*one, true)).collect();
        terms.join("\\")
    }

    /// The characters of `bytes`, U+FFFD where they are of none.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Decoded<'a> {
        extensions::decode(self, bytes)
    }
}

/// How the value of (0008,0005) is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// By defined terms alone.
    Defined,
    /// By a term that is none, but whose meaning is known; or by terms that go with no others.
    Misspelt,
    /// By one that means nothing.
    Unknown,
}

impl Spelling {
    /// That of this value.
    pub fn of(value: &[u8]) -> Spelling {
        let value = String::from_utf8_lossy(value);
        let is_single = !value.contains('\\');
        let of_term = |term: &str| {
            let term = term.trim_matches([' ', '\0']);
            match repertoire(term) {
                None => Spelling::Unknown,
                Some(found) if !is_single && found.is_stand_alone() => Spelling::Misspelt,
                Some(_) if is_defined(term) => Spelling::Defined,
                Some(_) => Spelling::Misspelt,
            }
        };
        value.split('\\').map(of_term).max().unwrap_or(Spelling::Defined)
    }
}

/// Whether this is a defined term of PS3.3 tables C.12-2 to C.12-5, or empty. The default's own is
/// that of earlier versions.
fn is_defined(term: &str) -> bool {
    let number = |prefix: &str| {
        let number = term.strip_prefix(prefix)?;
        REGISTERED.iter().find(|(own, _)| *own == number).map(|(_, found)| *found)
    };
    let has_pairs = |found| {
        use Repertoire::{Chinese, Kanji, Korean, SupplementaryKanji};
        matches!(found, Chinese | Kanji | Korean | SupplementaryKanji)
    };
    matches!(term, "" | "GB18030" | "GBK")
        || number("ISO_IR ").is_some_and(|found| !has_pairs(found))
        || number("ISO 2022 IR ").is_some_and(|found| !found.is_stand_alone())
}

fn repertoire(term: &str) -> Option<Repertoire> {
    let term = term.trim_matches([' ', '\0']);
    match term {
        "" | "ISO_IR 6" => return Some(Repertoire::Default),
        "ISO_IR 100" => return Some(Repertoire::Latin1),
        "ISO_IR 192" => return Some(Repertoire::Utf8),
        "GB18030" => return Some(Repertoire::Gb18030),
        "GBK" | "ISO 2022 GBK" => return Some(Repertoire::Gbk),
        "ISO 2022 58" => return Some(Repertoire::Chinese),
        _ => {}
    }
    // `ISO_IR 100`, `ISO 2022 IR 100`, and with other separators or in small letters.
    let upper = term.to_ascii_uppercase();
    let mut words =
        upper.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let number = match (words.next(), words.next(), words.next(), words.next(), words.next()) {
        (Some("ISO"), Some("IR"), Some(number), None, None) => Some(number),
        (Some("ISO"), Some("2022"), Some("IR"), Some(number), None) => Some(number),
        _ => None,
    };
    let registered = number.and_then(|number| REGISTERED.iter().find(|(own, _)| *own == number));
    match registered {
        Some((_, found)) => Some(*found),
        None => Repertoire::from_label(term),
    }
}

fn term(repertoire: Repertoire, has_extensions: bool) -> Cow<'static, str> {
    let registered = REGISTERED.iter().find(|(_, own)| *own == repertoire);
    match (repertoire, registered) {
        (Repertoire::Gb18030, _) => Cow::Borrowed("GB18030"),
        (Repertoire::Gbk, _) => Cow::Borrowed("GBK"),
        (Repertoire::Default, _) if !has_extensions => Cow::Borrowed(""),
        (_, Some((number, _))) if has_extensions => Cow::Owned(format!("ISO 2022 IR {number}")),
        (_, Some((number, _))) => Cow::Owned(format!("ISO_IR {number}")),
        (Repertoire::Other(encoding), None) => Cow::Borrowed(encoding.name()),
        (_, None) => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defined_misspelt_and_unknown_terms() {
        use Spelling::{Defined, Misspelt, Unknown};
        for (value, expected) in [
            ("", Defined),
            ("ISO_IR 100", Defined),
            ("ISO_IR 192 ", Defined),
            ("GB18030", Defined),
            ("ISO 2022 IR 100", Defined),
            ("\\ISO 2022 IR 87", Defined),
            ("ISO 2022 IR 6\\ISO 2022 IR 149\\ISO 2022 IR 58", Defined),
            ("ISO_IR_100", Misspelt),
            ("ISO-IR 100", Misspelt),
            ("ISO IR 100", Misspelt),
            ("iso_ir 100", Misspelt),
            ("ISO 2022-IR 100", Misspelt),
            ("ISO 2022 IR 192", Misspelt),
            ("ISO_IR 87", Misspelt),
            ("latin_1", Misspelt),
            ("ISO_IR 192\\ISO 2022 IR 100", Misspelt),
            ("ISO 2022 IR 6\\GB18030", Misspelt),
            ("ISO_IR 999", Unknown),
            ("\\nonsense", Unknown),
            ("ISO_IR_100\\nonsense", Unknown),
        ] {
            assert_eq!(Spelling::of(value.as_bytes()), expected, "{value}");
        }
        assert_eq!(Spelling::of(b"\xFF"), Unknown);
    }
}
