//! Specific Character Set (PS3.3 §C.12.1.1.2): its defined terms, and those that are misspelt.

use std::borrow::Cow;

use super::extensions;
use super::repertoire::Repertoire;

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
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        extensions::decode(self, bytes)
    }
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
