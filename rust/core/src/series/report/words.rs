//! Numbers in sentences.

/// A length in millimetres, to the micrometre, without trailing zeros.
pub(super) fn mm(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} mm", if text == "-0" { "0" } else { text })
}

/// A number of things: `1 file`, `2 files`.
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", verb(number, "", "s"))
}

/// The form of a verb for a number of things: `is` or `are`, `has` or `have`.
pub(super) fn verb(number: usize, one: &'static str, many: &'static str) -> &'static str {
    if number == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        for (value, expected) in [
            (5.0, "5 mm"),
            (2.5, "2.5 mm"),
            (1.0 / 3.0, "0.333 mm"),
            (-1e-9, "0 mm"),
            (-20.0, "-20 mm"),
            (100.0, "100 mm"),
        ] {
            assert_eq!(mm(value), expected);
        }
        for (number, expected) in [(0, "0 files"), (1, "1 file"), (2, "2 files")] {
            assert_eq!(count(number, "file"), expected);
        }
        assert_eq!([verb(1, "is", "are"), verb(0, "is", "are")], ["is", "are"]);
    }
}
