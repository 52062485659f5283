//! Single attributes of a data set, read the way series need them: absent, malformed and infinite
//! values are no values.

use crate::dataset::Dataset;
use crate::image_description::Attributes;
use crate::tag::Tag;
use crate::uid;
use crate::value::{self, Number};
use crate::vr::Vr;

/// The text of an element, without blanks around it; empty if it is absent or cannot be decoded.
pub(super) fn text(dataset: &Dataset, tag: Tag) -> String {
    dataset.text(tag).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// A UID without its padding; empty if it is absent.
pub(super) fn identifier(dataset: &Dataset, tag: Tag) -> String {
    let value = dataset.find(tag).and_then(|element| dataset.value(element).ok());
    value.map(|value| uid::trim(&value).to_owned()).unwrap_or_default()
}

/// Whether an element is absent or has no value.
pub(super) fn is_empty(dataset: &Dataset, tag: Tag) -> bool {
    dataset.find(tag).is_none_or(|element| element.value_length == 0)
}

/// Every value of an element as a number; none if one is not.
pub(in crate::series) fn decimals(dataset: &Dataset, tag: Tag) -> Vec<f64> {
    let read = || {
        let element = dataset.find(tag)?;
        let vr = dataset.vr(element).vr;
        if value::number_size(vr).is_some() {
            let numbers = dataset.numbers(element, vr).ok()?;
            return Some(numbers.into_iter().map(Number::to_f64).collect());
        }
        let bytes = dataset.value(element).ok()?;
        let text = value::text(&bytes, Vr::DS, dataset.character_set());
        text.split('\\').map(value::decimal).collect()
    };
    read().unwrap_or_default()
}

/// The first number of an element, if it is finite.
pub(super) fn number(dataset: &Dataset, tag: Tag) -> Option<f64> {
    decimals(dataset, tag).first().copied().filter(|value| value.is_finite())
}

/// The values of an element that must have `N` finite numbers.
pub(in crate::series) fn exactly<const N: usize>(dataset: &Dataset, tag: Tag) -> Option<[f64; N]> {
    let values: [f64; N] = decimals(dataset, tag).try_into().ok()?;
    values.iter().all(|value| value.is_finite()).then_some(values)
}

/// A DA and a TM in seconds: from midnight where there is no date.
pub(super) fn moment(dataset: &Dataset, date: Tag, time_of_day: Tag) -> Option<f64> {
    let day = dataset.text(date).and_then(|text| value::day_number(text.trim()));
    let time = value::seconds_of_day(&dataset.text(time_of_day)?)?;
    Some(day.unwrap_or_default() * value::SECONDS_OF_DAY + time)
}

/// A DT in seconds. The offset from UTC is left out: those of one series share it.
pub(super) fn date_and_time(dataset: &Dataset, tag: Tag) -> Option<f64> {
    let text = dataset.text(tag)?;
    let local = text.trim().split(['+', '-', '&']).next()?;
    let day = value::day_number(local.get(..8)?)?;
    Some(day * value::SECONDS_OF_DAY + value::seconds_of_day(local.get(8..)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::dataset_of;

    #[test]
    fn values_are_read_or_missing() {
        const TAG: Tag = Tag::new(0x0018, 0x0050);
        for (name, vr, value, expected) in [
            ("text", "DS", &b"1\\-2.5 "[..], &[1.0, -2.5][..]),
            ("binary", "US", &[1, 0, 2, 0], &[1.0, 2.0]),
            ("one is no number", "DS", b"1\\x ", &[]),
            ("one is empty", "DS", b"1\\", &[]),
            ("empty", "DS", b"", &[]),
        ] {
            let dataset = dataset_of(&[(0x0018, 0x0050, vr, value)]);
            assert_eq!(decimals(&dataset, TAG), expected, "{name}");
            assert_eq!(number(&dataset, TAG), expected.first().copied(), "{name}");
            let two: Option<[f64; 2]> = exactly(&dataset, TAG);
            assert_eq!(
                two.map(|two| two.to_vec()),
                (expected.len() == 2).then(|| expected.to_vec())
            );
            assert_eq!(exactly::<3>(&dataset, TAG), None, "{name}");
            assert_eq!(is_empty(&dataset, TAG), value.is_empty(), "{name}");
        }
        let infinite = dataset_of(&[(0x0018, 0x0050, "DS", b"inf\\1 ")]);
        assert_eq!((number(&infinite, TAG), exactly::<2>(&infinite, TAG)), (None, None));
        let none = dataset_of(&[]);
        assert!(is_empty(&none, TAG) && decimals(&none, TAG).is_empty());
    }

    #[test]
    fn moments_have_their_day() {
        let of = |date: &[u8], time: &[u8]| {
            let elements = [(0x0008, 0x0022, "DA", date), (0x0008, 0x0032, "TM", time)];
            let dataset = dataset_of(&elements);
            moment(&dataset, Tag::new(0x0008, 0x0022), Tag::new(0x0008, 0x0032))
        };
        assert_eq!(of(b"", b"000102.5"), Some(62.5));
        assert_eq!((of(b"20240229", b""), of(b"20240229", b"noon")), (None, None));
        let midnight = of(b"20240301", b"000000").unwrap();
        assert_eq!(of(b"20240229", b"235959"), Some(midnight - 1.0));
        const DT: Tag = Tag::new(0x0008, 0x002A);
        let of = |value| date_and_time(&dataset_of(&[(0x0008, 0x002A, "DT", value)]), DT);
        assert_eq!(of(b"20240301000001.5+0100 "), Some(midnight + 1.5));
        assert_eq!((of(b"2024"), of(b"2024030"), of(b"")), (None, None, None));
    }

    #[test]
    fn text_and_identifiers() {
        const TAG: Tag = Tag::new(0x0018, 0x0050);
        let dataset = |vr, value| dataset_of(&[(0x0018, 0x0050, vr, value)]);
        assert_eq!(text(&dataset("LO", b" a b "), TAG), "a b");
        assert_eq!(text(&dataset_of(&[]), TAG), "");
        assert_eq!(identifier(&dataset("UI", b"1.2\0"), TAG), "1.2");
        assert_eq!(identifier(&dataset_of(&[]), TAG), "");
    }
}
