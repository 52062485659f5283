//! What a file without the prefix `DICM` looks like.

use super::file::PREAMBLE_LENGTH;
use super::prefix::bare_start;
use crate::error::LooksLike;

/// What a file without the prefix is, for the message.
pub(super) fn looks_like(bytes: &[u8]) -> LooksLike {
    const KNOWN: [(&[u8], LooksLike); 8] = [
        (b"PK\x03\x04", LooksLike::Zip),
        (b"\x1F\x8B", LooksLike::Gzip),
        (b"\x89PNG", LooksLike::Known("PNG")),
        (b"\xFF\xD8\xFF", LooksLike::Known("JPEG")),
        (b"%PDF", LooksLike::Known("PDF")),
        (b"\x5C\x01\x00\x00", LooksLike::Known("NIfTI")),
        (b"BZh", LooksLike::Known("bzip2")),
        (b"\x7FELF", LooksLike::Known("program")),
    ];
    if bytes.is_empty() {
        return LooksLike::Empty;
    }
    if let Some((_, found)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return *found;
    }
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7E | 0x80..=0xFF);
    if bytes.iter().take(512).all(is_text) {
        return LooksLike::Text;
    }
    if bare_start(bytes).is_some() {
        return LooksLike::BareDataset;
    }
    if bytes.len() < PREAMBLE_LENGTH + 4 { LooksLike::TooShort } else { LooksLike::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_file_is_known_by_its_first_bytes() {
        let long = [&[b'a'; 512][..], &[0]].concat();
        let not_long = [&[b'a'; 511][..], &[0]].concat();
        #[rustfmt::skip]
        let table: [(&str, &[u8], LooksLike); 27] = [
            ("no bytes", b"", LooksLike::Empty),
            ("zip", b"PK\x03\x04\0", LooksLike::Zip),
            ("zip, cut", b"PK\x03", LooksLike::TooShort),
            ("gzip", b"\x1F\x8B", LooksLike::Gzip),
            ("PNG", b"\x89PNG", LooksLike::Known("PNG")),
            ("JPEG", b"\xFF\xD8\xFF", LooksLike::Known("JPEG")),
            ("PDF", b"%PDF", LooksLike::Known("PDF")),
            ("NIfTI", b"\x5C\x01\0\0", LooksLike::Known("NIfTI")),
            ("bzip2", b"BZh", LooksLike::Known("bzip2")),
            ("a program", b"\x7FELF", LooksLike::Known("program")),
            ("text", b" ~\t\n\r\x80\xFF", LooksLike::Text),
            ("one character", b"a", LooksLike::Text),
            ("a control character", b"a\x0B", LooksLike::TooShort),
            ("a control character before the blank", b"a\x1F", LooksLike::TooShort),
            ("a character after the tilde", b"a\x7F", LooksLike::TooShort),
            ("text for 512 bytes", &long, LooksLike::Text),
            ("text for 511 bytes", &not_long, LooksLike::Unknown),
            ("group 0008", b"\x08\0\x05\0CS\0\0", LooksLike::BareDataset),
            ("group 0002", b"\x02\0\0\0UL\x04\0", LooksLike::BareDataset),
            ("without a VR", b"\x08\0\x60\0\x02\0\0\0", LooksLike::BareDataset),
            ("another group", b"\x09\0\x05\0CS\0\0", LooksLike::TooShort),
            ("group 0000", b"\0\0\x05\0CS\0\0", LooksLike::TooShort),
            ("the last low number", b"\x08\0\xFF\x1FCS\0\0", LooksLike::BareDataset),
            ("a high number", b"\x08\0\x00\x20CS\0\0", LooksLike::BareDataset),
            ("big endian", b"\0\x08\0\x05CS\0\0", LooksLike::BareDataset),
            ("less than a header", b"\x08\0\x05\0CS\0", LooksLike::TooShort),
            ("zeros", &[0; 200], LooksLike::Unknown),
        ];
        for (name, bytes, expected) in table {
            assert_eq!(looks_like(bytes), expected, "{name}");
        }
    }
}
