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
        let bytes = dataset.value(element).ok()?;
        if value::number_size(vr).is_some() {
            return Some(value::numbers(&bytes, vr, dataset.order()).map(Number::to_f64).collect());
        }
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

/// A TM as seconds since midnight.
pub(super) fn time(dataset: &Dataset, tag: Tag) -> Option<f64> {
    dataset.text(tag).and_then(|text| value::seconds_of_day(&text))
}
