//! Unique identifiers (PS3.5 §9).

use std::borrow::Cow;

/// A UID's characters as text, without the padding that makes its length even: a zero byte by the
/// standard, blanks in some files. Empty if there are bytes outside ASCII.
pub(crate) fn trim(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).map_or("", |text| text.trim_matches(['\0', ' ']))
}

/// The same of bytes that may be no UID at all, which is not the same as none.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(['\0', ' '])),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(['\0', ' ']).to_owned()),
    }
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
        for (bytes, expected) in
            [(&b"1.2\0"[..], "1.2"), (b"", ""), (b"\0 ", ""), (b"1.\xFF ", "1.\u{FFFD}")]
        {
            assert_eq!(super::lossy(bytes), expected);
        }
    }
}
