//! Days and moments as numbers, by which they follow each other.

/// How long a day is.
pub(crate) const SECONDS_OF_DAY: f64 = 86_400.0;

/// 1 March 1968 by its distance from that of the year 0. Seconds from there have the microseconds
/// of a TM exactly where those from the year 0 do not; and no one writes this date in place of
/// another, so that day 0 is that of a time without a date.
const FIRST_DAY: f64 = 718_797.0;

/// The number of a day (DA: `YYYYMMDD`, or `YYYY.MM.DD` as earlier versions of the standard had
/// it). `None` if it is no date.
pub(crate) fn day_number(text: &str) -> Option<f64> {
    let old: String;
    let text = match text.as_bytes() {
        [_, _, _, _, b'.', _, _, b'.', _, _] => {
            old = text.replace('.', "");
            &old
        }
        _ => text,
    };
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    if text.len() != 8 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years from March on, so that leap days are their last.
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    Some(f64::from(before + (month * 153 + 2) / 5 + day - 1) - FIRST_DAY)
}

/// Whether a moment in seconds has a date, and is no time of an unknown day.
pub(crate) fn has_date(moment: f64) -> bool {
    !(0.0..SECONDS_OF_DAY).contains(&moment)
}

/// Whether only some moments have a date, so that they say nothing about what comes first.
pub(crate) fn are_mixed(moments: impl Iterator<Item = f64> + Clone) -> bool {
    moments.clone().any(has_date) && !moments.clone().all(has_date)
}

/// Moments in seconds from the midnight before the earliest, to a microsecond; each from that
/// before itself where the days of some are unknown.
pub(crate) fn from_midnight(moments: &mut [f64]) {
    let is_mixed = are_mixed(moments.iter().copied().filter(|moment| !moment.is_nan()));
    let first = moments.iter().copied().fold(f64::INFINITY, f64::min);
    for moment in moments {
        let day = (if is_mixed { *moment } else { first } / SECONDS_OF_DAY).floor();
        *moment = ((*moment - day * SECONDS_OF_DAY) * 1e6).round() / 1e6;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other() {
        for (before, after) in [
            ("20231231", "20240101"),
            ("20240228", "20240229"),
            ("20240229", "20240301"),
            ("20230228", "20230301"),
            ("20240930", "20241001"),
            ("1999.12.31", "20000101"),
        ] {
            assert_eq!(day_number(after), day_number(before).map(|day| day + 1.0), "{before}");
        }
        assert_eq!(day_number("19680301"), Some(0.0));
        for text in ["", "2024", "20241301", "20240100", "2024-1-1", "202401011", "2024.1.1.1"] {
            assert_eq!(day_number(text), None, "{text}");
        }
    }

    #[test]
    fn moments_count_from_the_first_midnight() {
        let day = day_number("20240229").unwrap() * SECONDS_OF_DAY;
        for (name, moments, expected) in [
            ("two days", [day + 86_390.0, day + 86_406.5], [86_390.0, 86_406.5]),
            ("the later first", [day + 86_406.5, day + 86_390.0], [86_406.5, 86_390.0]),
            ("microseconds", [day + 0.1, day + 3.123_457], [0.1, 3.123_457]),
            ("no days", [86_390.0, 6.0], [86_390.0, 6.0]),
            ("one day", [day + 5.0, 6.0], [5.0, 6.0]),
        ] {
            let mut found = moments;
            from_midnight(&mut found);
            assert_eq!(found, expected, "{name}");
        }
        let mut lacking = [f64::NAN, day + 6.0];
        from_midnight(&mut lacking);
        assert!(lacking[0].is_nan() && lacking[1] == 6.0);
    }
}
