//! The keyword that somebody may have meant.

use super::lookup::keywords;

/// Texts that differ from a keyword by more letters than one for each of these, and one, mean
/// another one, or none.
const LETTERS_A_MISTAKE: usize = 8;
/// The longest keyword of the standard has 64 letters; a longer text is none.
const MOST_LETTERS: usize = 72;
/// Shorter ones resemble too many.
const FEWEST_LETTERS: usize = 3;

/// The keyword that is most like a text that is none: with other capitals, with words apart
/// (`patient_name`, `Patient's Name`), or with a few letters more, less or otherwise.
pub fn similar_keyword(text: &str) -> Option<&'static str> {
    if !text.is_ascii() || text.len() > MOST_LETTERS {
        return None;
    }
    let wanted = letters(text);
    if wanted.len() < FEWEST_LETTERS {
        return None;
    }
    let most = 1 + wanted.len() / LETTERS_A_MISTAKE;
    let mut row = Vec::new();
    let near = keywords().filter(|keyword| keyword.len().abs_diff(wanted.len()) <= most);
    let found = near.map(|keyword| (distance(&wanted, &letters(keyword), &mut row), keyword));
    found.filter(|(distance, _)| *distance <= most).min().map(|(_, keyword)| keyword)
}

/// The letters and digits of a text, in lower case.
fn letters(text: &str) -> Vec<u8> {
    let kept = text.bytes().filter(u8::is_ascii_alphanumeric);
    kept.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// How many letters have to be added, left out or replaced to make one text of another
/// (Levenshtein's distance). `row` is scratch.
fn distance(from: &[u8], to: &[u8], row: &mut Vec<usize>) -> usize {
    row.clear();
    row.extend(0..=to.len());
    for (index, letter) in from.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = left;
        }
        for (cell, other) in cells.zip(to) {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyword_that_was_meant_is_found() {
        for (text, expected) in [
            ("PatientNam", Some("PatientName")),
            ("PateintName", Some("PatientName")),
            ("patientname", Some("PatientName")),
            ("patient_name", Some("PatientName")),
            ("Patient Name", Some("PatientName")),
            ("Row", Some("Rows")),
            ("StudyInstanceUId", Some("StudyInstanceUID")),
            ("SeriesInstanceUIDs", Some("SeriesInstanceUID")),
            ("InstanceNumbre", Some("InstanceNumber")),
            ("PixelSpaceing", Some("PixelSpacing")),
            ("ReferencedImageSequenc", Some("ReferencedImageSequence")),
            ("dtype", None),
            ("shape", None),
            ("", None),
            ("ab", None),
            ("0020,00EG", None),
            ("QXJMARKZ", None),
            ("Größe", None),
        ] {
            assert_eq!(similar_keyword(text), expected, "{text}");
        }
        assert_eq!(similar_keyword(&"a".repeat(10_000)), None);
    }

    #[test]
    fn every_keyword_is_most_like_itself() {
        for keyword in keywords().step_by(97) {
            assert_eq!(similar_keyword(keyword), Some(keyword));
        }
    }

    #[test]
    fn a_distance_counts_letters() {
        let mut row = Vec::new();
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abd", 1),
            ("abc", "ac", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from.as_bytes(), to.as_bytes(), &mut row), expected);
        }
    }
}
