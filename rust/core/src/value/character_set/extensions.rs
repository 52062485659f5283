//! Code extensions: escape sequences that switch between character sets (PS3.5 §6.1.2.5; ISO 2022).

use std::borrow::Cow;

use super::repertoire::Repertoire;
use super::terms::CharacterSet;
use crate::value::text::Decoded;

const ESCAPE: u8 = 0x1B;

/// The escape sequences of PS3.3 tables C.12-3 and C.12-4, without the escape character.
const SEQUENCES: [(&[u8], Repertoire); 18] = [
    (b"(B", Repertoire::Default),
    (b"-A", Repertoire::Latin1),
    (b")I", Repertoire::Katakana),
    (b"(J", Repertoire::Katakana),
    (b"$B", Repertoire::Kanji),
    (b"-B", Repertoire::Latin2),
    (b"-C", Repertoire::Latin3),
    (b"-D", Repertoire::Latin4),
    (b"-F", Repertoire::Greek),
    (b"-G", Repertoire::Arabic),
    (b"-H", Repertoire::Hebrew),
    (b"-L", Repertoire::Cyrillic),
    (b"-M", Repertoire::Latin5),
    (b"-b", Repertoire::Latin9),
    (b"-T", Repertoire::Thai),
    (b"$)C", Repertoire::Korean),
    (b"$(D", Repertoire::SupplementaryKanji),
    (b"$)A", Repertoire::Chinese),
];

/// The characters of `bytes`, with its escape sequences followed. What is of no character is
/// U+FFFD.
pub(super) fn decode<'a>(set: &CharacterSet, bytes: &'a [u8]) -> Decoded<'a> {
    if !bytes.contains(&ESCAPE) {
        return set.first.decode_replacing(bytes);
    }
    let (mut text, mut is_exact) = (String::with_capacity(bytes.len()), true);
    let mut rest = bytes;
    while !rest.is_empty() {
        // A fragment goes up to the next escape character; its own may be the first byte.
        let after = rest
            .iter()
            .skip(1)
            .position(|byte| *byte == ESCAPE)
            .map_or(rest.len(), |found| found + 1);
        let (fragment, following) = rest.split_at_checked(after).unwrap_or((rest, &[]));
        // Not a sequence of these character sets, or not their characters: then its bytes are shown
        // as they are.
        let decoded = designated(set, fragment).unwrap_or_else(|| {
            let shown = set.first.decode_replacing(fragment);
            Decoded { is_exact: shown.is_exact && !fragment.starts_with(&[ESCAPE]), ..shown }
        });
        text.push_str(&decoded.text);
        is_exact &= decoded.is_exact;
        rest = following;
    }
    Decoded { text: Cow::Owned(text), is_exact }
}

/// The characters of a fragment that starts with the escape sequence of one of the sets that may be
/// used here.
fn designated<'a>(set: &CharacterSet, fragment: &'a [u8]) -> Option<Decoded<'a>> {
    let sequence = fragment.strip_prefix(&[ESCAPE])?;
    let (rest, repertoire) = SEQUENCES
        .iter()
        .find_map(|(own, repertoire)| Some((sequence.strip_prefix(*own)?, *repertoire)))?;
    let is_allowed = repertoire == Repertoire::Default
        || set.first == repertoire
        || set.others.contains(&repertoire);
    if !is_allowed {
        return None;
    }
    if matches!(repertoire, Repertoire::Kanji | Repertoire::SupplementaryKanji) {
        return repertoire.decode_g0_pairs(rest).map(|text| Decoded::exact(Cow::Owned(text)));
    }
    // The end of a line puts the first set back in force; writers repeat the sequence for the next
    // one.
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'\r' | b'\n' | b'\t' | 0x0C))
        .unwrap_or(rest.len());
    let (own, others) = rest.split_at_checked(end)?;
    let is_exact = is_defined(repertoire, own) && is_defined(set.first, others);
    let own = repertoire.decode_exactly(own)?;
    if others.is_empty() {
        return Some(Decoded { text: own, is_exact });
    }
    let text = Cow::Owned(own.into_owned() + &set.first.decode_exactly(others)?);
    Some(Decoded { text, is_exact })
}

/// Whether bytes are of this set by the standard, not only by what its users meant: the default has
/// no upper half.
fn is_defined(repertoire: Repertoire, bytes: &[u8]) -> bool {
    repertoire != Repertoire::Default || bytes.is_ascii()
}
