//! Names of files in the order in which people count.

use std::cmp::Ordering;
use std::path::Path;

/// Compares paths with each run of digits as one number, so that `IM2` comes before `IM10`.
pub(super) fn natural(a: &Path, b: &Path) -> Ordering {
    let (mut a, mut b) = (a.as_os_str().as_encoded_bytes(), b.as_os_str().as_encoded_bytes());
    fn digits(text: &[u8]) -> (&[u8], &[u8]) {
        let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        text.split_at_checked(length).unwrap_or((text, &[]))
    }
    fn significant(mut digits: &[u8]) -> &[u8] {
        while let [b'0', rest @ ..] = digits {
            digits = rest;
        }
        digits
    }
    loop {
        let ((x, after_x), (y, after_y)) = (digits(a), digits(b));
        if !x.is_empty() && !y.is_empty() {
            let (x, y) = (significant(x), significant(y));
            let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
            if order.is_ne() {
                return order;
            }
            (a, b) = (after_x, after_y);
            continue;
        }
        match (a, b) {
            ([x, rest_a @ ..], [y, rest_b @ ..]) if x == y => (a, b) = (rest_a, rest_b),
            _ => return a.cmp(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_count() {
        for (a, b) in [
            ("IM2", "IM10"),
            ("a/9", "a/10/1"),
            ("IM", "IM1"),
            ("x01y", "x1z"),
            ("00", "1"),
            ("é1", "é2"),
        ] {
            assert_eq!(natural(Path::new(a), Path::new(b)), Ordering::Less, "{a} {b}");
            assert_eq!(natural(Path::new(b), Path::new(a)), Ordering::Greater, "{b} {a}");
        }
        assert_eq!(
            natural(Path::new("a1"), Path::new("a01")),
            Ordering::Equal,
            "the caller decides"
        );
    }
}
