//! Text in each character set, and in several of them (PS3.5 §6.1): the terms of Specific Character
//! Set first, then the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rapidicom_core::Vr;
use rapidicom_core::value::{CharacterSet, Spelling, decoded_text, text_values};
use rapidicom_fuzz::Choices;

const TERMS: [&str; 32] = [
    "",
    "ISO_IR 6",
    "ISO_IR 100",
    "ISO_IR 101",
    "ISO_IR 109",
    "ISO_IR 110",
    "ISO_IR 144",
    "ISO_IR 127",
    "ISO_IR 126",
    "ISO_IR 138",
    "ISO_IR 148",
    "ISO_IR 203",
    "ISO_IR 13",
    "ISO_IR 166",
    "ISO_IR 192",
    "GB18030",
    "GBK",
    "ISO 2022 IR 6",
    "ISO 2022 IR 100",
    "ISO 2022 IR 126",
    "ISO 2022 IR 127",
    "ISO 2022 IR 138",
    "ISO 2022 IR 144",
    "ISO 2022 IR 13",
    "ISO 2022 IR 87",
    "ISO 2022 IR 159",
    "ISO 2022 IR 149",
    "ISO 2022 IR 58",
    "iso-ir 100",
    "latin_1",
    "big5",
    "windows-1252",
];

const VRS: [Vr; 9] = [Vr::PN, Vr::LO, Vr::LT, Vr::SH, Vr::UT, Vr::UC, Vr::CS, Vr::UR, Vr::AE];

/// What the text is made of besides any bytes: escape sequences, delimiters, characters of several
/// bytes.
const PIECES: [&[u8]; 16] = [
    b"\x1B(B",
    b"\x1B-F",
    b"\x1B$B",
    b"\x1B$)C",
    b"\x1B$(D",
    b"\x1B$)A",
    b"\x1B(J",
    b"\x1B)I",
    b"\x1B-L",
    b"\\",
    b"^",
    b"=",
    b"\r\n",
    b"\xB1\xE8",
    b"\xE4\xBA\x8C",
    b"\x81\x30\x81\x30",
];

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let vr = choices.pick(&VRS);
    let mut terms: Vec<Vec<u8>> = Vec::new();
    for _ in 0..choices.below(4) + 1 {
        let is_any = choices.is_one_of(16);
        let term = if is_any { choices.bytes(24) } else { choices.pick(&TERMS).as_bytes() };
        terms.push(term.to_vec());
    }
    let mut text = Vec::new();
    while !choices.is_empty() {
        match choices.byte() {
            piece @ 0..16 => text.extend(PIECES[usize::from(piece)]),
            byte => text.push(byte),
        }
    }
    let value = terms.join(&b'\\');
    let characters = CharacterSet::from_value(&value);
    check_terms(&terms, &value, &characters);
    check_text(&text, vr, &terms, &characters);
});

fn check_terms(terms: &[Vec<u8>], value: &[u8], characters: &CharacterSet) {
    let again = CharacterSet::from_value(characters.to_value().as_bytes());
    assert_eq!(again, *characters, "a value names the set that it is of");
    let words: Option<Vec<&str>> =
        terms.iter().map(|term| std::str::from_utf8(term).ok()).collect();
    let Some(words) = words.filter(|_| !value.is_empty()) else { return };
    let is_known = Spelling::of(value) != Spelling::Unknown;
    if words.iter().all(|word| !word.contains('\\')) {
        let named = CharacterSet::from_terms(&words);
        assert_eq!(named.is_some(), is_known);
        assert!(named.is_none_or(|named| named == *characters));
    }
}

fn check_text(bytes: &[u8], vr: Vr, terms: &[Vec<u8>], characters: &CharacterSet) {
    let decoded = decoded_text(bytes, vr, characters);
    let text = &*decoded.text;
    assert!(text.chars().count() <= bytes.len(), "more characters than bytes");
    assert!(text_values(text, vr).map(str::len).sum::<usize>() <= text.len());
    let is_plain = bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if is_plain {
        let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
        assert!(decoded.is_exact, "every character set has ASCII");
        assert!(vr == Vr::AE || text.as_bytes() == &bytes[..end], "{text:?}");
    }
    // One character set, of which another implementation is at hand, and no padding.
    let [term] = terms else { return };
    if vr != Vr::LT || bytes.contains(&0x1B) || matches!(bytes.last(), Some(b' ' | 0)) {
        return;
    }
    match term.as_slice() {
        b"ISO_IR 192" => {
            assert_eq!(text, String::from_utf8_lossy(bytes));
            assert_eq!(decoded.is_exact, std::str::from_utf8(bytes).is_ok());
        }
        b"ISO_IR 100" => {
            let latin1: String = bytes.iter().copied().map(char::from).collect();
            assert_eq!(text, latin1);
        }
        _ => {}
    }
}
