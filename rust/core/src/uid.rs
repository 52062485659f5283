//! Unique identifiers (PS3.5 §9).

/// A UID's characters as text, without the padding that makes its length even: a zero byte by the
/// standard, blanks in some files. Empty if there are bytes outside ASCII.
pub(crate) fn trim(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).map_or("", |text| text.trim_matches(['\0', ' ']))
}

#[cfg(test)]
mod tests {
    #[test]
    fn padding_is_dropped() {
        for (bytes, expected) in [
            (&b"1.2\0"[..], "1.2"),
            (b"1.2 ", "1.2"),
            (b"1.2\0\0", "1.2"),
            (b"", ""),
            (b"\xFF", ""),
        ] {
            assert_eq!(super::trim(bytes), expected);
        }
    }
}
