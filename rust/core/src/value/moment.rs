//! Dates and times as text: DA, TM and DT (PS3.5 §6.2).

use super::text::trim;
use crate::vr::Vr;

/// Whether the text of a value field is of values of this VR, where that is one of the three. What
/// earlier versions of the standard had is one too: periods in dates, colons in times.
pub(crate) fn is_moment(text: &[u8], vr: Vr) -> bool {
    let is_one = match vr {
        Vr::DA => is_date,
        Vr::TM => is_time,
        Vr::DT => is_date_time,
        _ => return true,
    };
    // Type 2 attributes may be empty, also one of several values.
    text.split(|byte| *byte == b'\\').map(trim).all(|one| one.is_empty() || is_one(one))
}

fn is_date(date: &[u8]) -> bool {
    match *date {
        [a, b, c, d, b'.', e, f, b'.', g, h] => is_date(&[a, b, c, d, e, f, g, h]),
        _ => date.len() == 8 && is_day(date, &[]),
    }
}

/// Whether text is digits of a year, a month and a day, as far as it goes, and then of `others`.
fn is_day(text: &[u8], others: &[(u8, u8)]) -> bool {
    let Some((year, parts)) = text.split_at_checked(4) else { return false };
    let date = [(1, 12), (1, days(year, parts))];
    year.iter().all(u8::is_ascii_digit)
        && year != b"0000"
        && are_in_order(parts, date.iter().chain(others))
}

fn is_time(time: &[u8]) -> bool {
    let (time, has_fraction) = match time {
        [a, b, b':', c, d, b':', e, f, rest @ ..] => {
            return is_time(&[&[*a, *b, *c, *d, *e, *f], rest].concat());
        }
        [a, b, b':', c, d] => return is_time(&[*a, *b, *c, *d]),
        _ => without_fraction(time),
    };
    has_fraction.is_some_and(|is| !is || time.len() == 6)
        && matches!(time.len(), 2 | 4 | 6)
        && are_in_order(time, TIME_PARTS.iter())
}

/// The last of the largest number of two digits that each part can have; seconds may leap.
const TIME_PARTS: [(u8, u8); 3] = [(0, 23), (0, 59), (0, 60)];

fn is_date_time(text: &[u8]) -> bool {
    let sign = text.iter().position(|byte| matches!(byte, b'+' | b'-'));
    let (text, zone) = text.split_at_checked(sign.unwrap_or(text.len())).unwrap_or((text, &[]));
    let (text, has_fraction) = without_fraction(text);
    has_fraction.is_some_and(|is| !is || text.len() == 14)
        && is_day(text, &TIME_PARTS)
        && is_zone(zone)
}

/// Days of the month that `parts` start with.
fn days(year: &[u8], parts: &[u8]) -> u8 {
    let number = year.iter().fold(0, |all, digit| all * 10 + u32::from(digit & 0x0F));
    let is_leap =
        number.is_multiple_of(4) && (!number.is_multiple_of(100) || number.is_multiple_of(400));
    match parts.first_chunk() {
        Some(b"02") if is_leap => 29,
        Some(b"02") => 28,
        Some(b"04" | b"06" | b"09" | b"11") => 30,
        _ => 31,
    }
}

/// What stands before a fraction, and whether there is one; `None` for one that is none, of more
/// than 6 digits for instance.
fn without_fraction(text: &[u8]) -> (&[u8], Option<bool>) {
    let Some(point) = text.iter().position(|byte| *byte == b'.') else {
        return (text, Some(false));
    };
    match text.split_at_checked(point) {
        Some((whole, [_, digits @ ..]))
            if digits.len() <= 6 && digits.iter().all(u8::is_ascii_digit) =>
        {
            (whole, Some(true))
        }
        _ => (text, None),
    }
}

/// An offset from UTC, -1200 to +1400, or nothing.
fn is_zone(zone: &[u8]) -> bool {
    match *zone {
        [] => true,
        [sign, a, b, c, d] => {
            let last = if sign == b'-' { 12 } else { 14 };
            let is_last = two_digits([a, b]) == Some(last);
            are_in_order(&[a, b, c, d], [(0, last), (0, if is_last { 0 } else { 59 })].iter())
        }
        _ => false,
    }
}

/// Whether text consists of pairs of digits, each from the first to the last number of its part.
fn are_in_order<'a>(text: &[u8], mut parts: impl Iterator<Item = &'a (u8, u8)>) -> bool {
    let (pairs, rest) = text.as_chunks::<2>();
    rest.is_empty()
        && pairs.iter().all(|pair| {
            let number = two_digits(*pair).zip(parts.next());
            number.is_some_and(|(number, (first, last))| (*first..=*last).contains(&number))
        })
}

fn two_digits([tens, ones]: [u8; 2]) -> Option<u8> {
    let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
    is_number.then(|| (tens & 0x0F) * 10 + (ones & 0x0F))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_that_are_some() {
        #[rustfmt::skip]
        let table: [(Vr, &[&str], &[&str]); 4] = [
            (Vr::DA,
             &["20200229", "2020.02.29", "", " ", "20200101\\20200131", "20000229 "],
             &["20190229", "19000229", "20201301", "20200100", "00000000", "00000101", "2020",
               "202002290", "20200101-20200201", "2020-02-29", "2O200229", "20200431"]),
            (Vr::TM,
             &["12", "1201", "120102", "120102.5", "120102.123456", "120102.", "235960", "12:01:02",
               "12:01", "12:01:02.5", "120102 "],
             &["24", "2400", "1260", "120161", "120102.1234567", "1", "12010", "12.5", "1200-1300",
               "12010203", "twelve"]),
            (Vr::DT,
             &["2020", "202002", "20200229", "2020022912", "20200229120102.123456",
               "20200229120102+0130", "2020-0500", "20200229120102.1-1200", "20200101+1400"],
             &["20200229120102.1234567", "20200229120102.1234567+0100", "20200229240000", "202013",
               "20200229120161", "0000", "20200229120102+1401", "20200229120102-1230", "2020+24",
               "20200229.5", "20200229120102+01:30", "20200101-20200201"]),
            (Vr::LO, &["2020-02-30", "anything"], &[]),
        ];
        for (vr, good, bad) in table {
            for text in good {
                assert!(is_moment(text.as_bytes(), vr), "{vr} {text:?}");
            }
            for text in bad {
                assert!(!is_moment(text.as_bytes(), vr), "{vr} {text:?}");
            }
        }
    }
}
