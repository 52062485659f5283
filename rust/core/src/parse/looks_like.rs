//! What a file without the prefix `DICM` looks like.

use super::header::{ElementHeader, Encoding};
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
    // ACR-NEMA and bare data sets start with group 0002 or 0008, low byte first, and a low element
    // number.
    match ElementHeader::read(bytes, 0, Encoding::EXPLICIT_LITTLE) {
        Some(header)
            if matches!(header.tag.group(), 0x0002 | 0x0008) && header.tag.element() < 0x2000 =>
        {
            LooksLike::BareDataset
        }
        _ => LooksLike::Unknown,
    }
}
