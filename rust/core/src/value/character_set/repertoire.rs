//! The character repertoires of PS3.3 §C.12.1.1.2, each with what turns its bytes into characters.
//! The only module that names `encoding_rs`.
//!
//! Its encodings are those of the web, which differ here and there from the registered sets that
//! DICOM means.

use std::borrow::Cow;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1252,
    WINDOWS_1254,
};

use crate::value::text::{Decoded, ascii, latin1};

/// A set of characters and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repertoire {
    /// ISO IR 6, the default. Its upper half is read as Latin-1, because that is what most of its
    /// users meant.
    Default,
    /// ISO IR 100.
    Latin1,
    /// ISO IR 101.
    Latin2,
    /// ISO IR 109.
    Latin3,
    /// ISO IR 110.
    Latin4,
    /// ISO IR 144.
    Cyrillic,
    /// ISO IR 127.
    Arabic,
    /// ISO IR 126.
    Greek,
    /// ISO IR 138.
    Hebrew,
    /// ISO IR 148.
    Latin5,
    /// ISO IR 203.
    Latin9,
    /// ISO IR 166.
    Thai,
    /// ISO IR 13 and 14, JIS X 0201: half-width Katakana. Read as Shift JIS, of which it is the
    /// part of single bytes.
    Katakana,
    /// ISO IR 87, JIS X 0208.
    Kanji,
    /// ISO IR 159, JIS X 0212.
    SupplementaryKanji,
    /// ISO IR 149, KS X 1001.
    Korean,
    /// ISO IR 58, GB 2312.
    Chinese,
    /// ISO IR 192.
    Utf8,
    /// GB18030.
    Gb18030,
    /// GBK.
    Gbk,
    /// None of the standard's, but one that other software has a name for.
    Other(&'static Encoding),
}

impl Repertoire {
    /// What other software calls this.
    pub(super) fn from_label(label: &str) -> Option<Repertoire> {
        // Python's own name for it, which is not among the web's.
        if label == "latin_1" || label == "latin-1" {
            return Some(Repertoire::Latin1);
        }
        let encoding = Encoding::for_label(label.replace('_', "-").as_bytes())?;
        // On the web ISO 8859-1 and -9 mean Windows' versions of them.
        Some(match encoding {
            found if found == UTF_8 => Repertoire::Utf8,
            found if found == WINDOWS_1252 && !label.contains("1252") => Repertoire::Latin1,
            found if found == WINDOWS_1254 && !label.contains("1254") => Repertoire::Latin5,
            found if found == BIG5 || found.is_ascii_compatible() => Repertoire::Other(found),
            _ => return None,
        })
    }

    /// Whether it has no room for escape sequences (PS3.3 §C.12.1.1.2, table C.12-5).
    pub(super) fn is_stand_alone(self) -> bool {
        matches!(self, Repertoire::Utf8 | Repertoire::Gb18030 | Repertoire::Gbk)
    }

    /// The characters of `bytes`; `None` if some are of no character.
    pub(super) fn decode_exactly(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Repertoire::Default | Repertoire::Latin1 => Some(latin1(bytes)),
            Repertoire::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            // Four bytes of a character are only known to this one.
            Repertoire::Gb18030 => {
                GB18030.decode_without_bom_handling_and_without_replacement(bytes)
            }
            Repertoire::Other(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
            single_or_pairs => single_or_pairs.characters(bytes, |_| None).map(Cow::Owned),
        }
    }

    /// The characters of `bytes`, U+FFFD for each byte that is of none.
    pub(super) fn decode_replacing(self, bytes: &[u8]) -> Decoded<'_> {
        if let Some(text) = ascii(bytes) {
            return Decoded::exact(Cow::Borrowed(text));
        }
        if let Some(text) = self.decode_exactly(bytes) {
            // The default has no upper half: what is read there is a guess.
            return Decoded { text, is_exact: self != Repertoire::Default };
        }
        let text = match self {
            Repertoire::Utf8 => String::from_utf8_lossy(bytes),
            Repertoire::Gb18030 => GB18030.decode_without_bom_handling(bytes).0,
            Repertoire::Other(encoding) => encoding.decode_without_bom_handling(bytes).0,
            single_or_pairs => Cow::Owned(
                single_or_pairs
                    .characters(bytes, |_| Some(char::REPLACEMENT_CHARACTER))
                    .unwrap_or_default(),
            ),
        };
        Decoded { text, is_exact: false }
    }

    /// The characters of bytes above ASCII, single or in pairs; `otherwise` says what a byte is
    /// that is neither.
    fn characters(self, bytes: &[u8], otherwise: impl Fn(u8) -> Option<char>) -> Option<String> {
        // These two are written with 7 bits, after an escape sequence.
        let is_of_7_bits = matches!(self, Repertoire::Kanji | Repertoire::SupplementaryKanji);
        let mut text = String::with_capacity(bytes.len());
        let mut rest = bytes;
        while let [byte, behind @ ..] = rest {
            let pair = match behind {
                [second, behind @ ..] if *byte >= 0x80 && !is_of_7_bits => {
                    self.pair([*byte, *second]).map(|found| (found, behind))
                }
                _ => None,
            };
            let single = || Some((self.single(*byte).or_else(|| otherwise(*byte))?, behind));
            let (character, behind) = pair.or_else(single)?;
            text.push(character);
            rest = behind;
        }
        Some(text)
    }

    /// The characters of 7-bit pairs after the escape sequence that designates this set as G0;
    /// control characters stand for themselves, and so does a delimiter of a name (PS3.5 §6.2.1)
    /// that is left alone at the end: writers forget the escape sequence that has to stand before
    /// it. `None` if some pair is of no character, or the set is none of pairs.
    pub(super) fn decode_g0_pairs(self, bytes: &[u8]) -> Option<String> {
        let mut text = String::with_capacity(bytes.len());
        let mut rest = bytes;
        loop {
            rest = match rest {
                [] => return Some(text),
                [control @ 0..=0x1F, rest @ ..] => {
                    text.push(char::from(*control));
                    rest
                }
                [first @ 0x21..=0x7E, second @ 0x21..=0x7E, rest @ ..] => {
                    text.push(self.pair([first | 0x80, second | 0x80])?);
                    rest
                }
                [delimiter @ (b'^' | b'=')] => {
                    text.push(char::from(*delimiter));
                    return Some(text);
                }
                _ => return None,
            };
        }
    }

    /// The character of one byte.
    fn single(self, byte: u8) -> Option<char> {
        let encoding = match self {
            _ if byte < 0x80 => return Some(char::from(byte)),
            Repertoire::Katakana if (0xA1..0xE0).contains(&byte) => SHIFT_JIS,
            Repertoire::Katakana
            | Repertoire::Kanji
            | Repertoire::SupplementaryKanji
            | Repertoire::Korean
            | Repertoire::Chinese
            | Repertoire::Gbk => return None,
            // The web has none of the C1 control characters in some of these.
            _ if byte < 0xA0 => return Some(char::from(byte)),
            Repertoire::Latin2 => ISO_8859_2,
            Repertoire::Latin3 => ISO_8859_3,
            Repertoire::Latin4 => ISO_8859_4,
            Repertoire::Cyrillic => ISO_8859_5,
            Repertoire::Arabic => ISO_8859_6,
            Repertoire::Greek => ISO_8859_7,
            Repertoire::Hebrew => ISO_8859_8,
            Repertoire::Latin5 => WINDOWS_1254,
            Repertoire::Latin9 => ISO_8859_15,
            Repertoire::Thai if byte > 0xA0 => WINDOWS_874,
            _ => return None,
        };
        one(encoding, &[byte])
    }

    /// The character of two bytes, of which the first is above ASCII.
    fn pair(self, pair: [u8; 2]) -> Option<char> {
        let [first, second] = pair;
        let is_upper = first >= 0xA1 && second >= 0xA1;
        match self {
            Repertoire::Katakana => shift_jis(pair).or_else(|| one(SHIFT_JIS, &pair)),
            Repertoire::Kanji if is_upper => jis_x_0208(pair).or_else(|| one(EUC_JP, &pair)),
            Repertoire::SupplementaryKanji if pair == [0xA2, 0xB7] => Some('~'),
            Repertoire::SupplementaryKanji if is_upper => one(EUC_JP, &[0x8F, first, second]),
            Repertoire::Korean if is_upper => one(EUC_KR, &pair),
            // What GB 2312 leaves free is private in GBK.
            Repertoire::Chinese if is_upper => {
                gb2312(pair).or_else(|| one(GBK, &pair).filter(|c| !is_private(*c)))
            }
            Repertoire::Gbk => one(GBK, &pair),
            _ => None,
        }
    }
}

fn is_private(character: char) -> bool {
    ('\u{E000}'..='\u{F8FF}').contains(&character)
}

/// The one character that `bytes` are.
fn one(encoding: &'static Encoding, bytes: &[u8]) -> Option<char> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// Where GB 2312 differs from GBK.
fn gb2312(pair: [u8; 2]) -> Option<char> {
    match pair {
        [0xA1, 0xA4] => Some('\u{30FB}'),
        [0xA1, 0xAA] => Some('\u{2015}'),
        _ => None,
    }
}

/// Where JIS X 0208 differs from the web's; the pair with its high bits set.
fn jis_x_0208(pair: [u8; 2]) -> Option<char> {
    match pair {
        [0xA1, 0xC1] => Some('\u{301C}'),
        [0xA1, 0xC2] => Some('\u{2016}'),
        [0xA1, 0xDD] => Some('\u{2212}'),
        [0xA1, 0xF1] => Some('\u{A2}'),
        [0xA1, 0xF2] => Some('\u{A3}'),
        [0xA2, 0xCC] => Some('\u{AC}'),
        _ => None,
    }
}

/// The same for the pairs of Shift JIS.
fn shift_jis(pair: [u8; 2]) -> Option<char> {
    match pair {
        [0x81, 0x60] => Some('\u{301C}'),
        [0x81, 0x61] => Some('\u{2016}'),
        [0x81, 0x7C] => Some('\u{2212}'),
        [0x81, 0x91] => Some('\u{A2}'),
        [0x81, 0x92] => Some('\u{A3}'),
        [0x81, 0xCA] => Some('\u{AC}'),
        _ => None,
    }
}
