//! Axes of series that were interrupted: an attribute tells the images of every position apart, but
//! positions have different numbers of them. Or their times do, where these differ from slice to
//! slice.

use std::collections::BTreeMap;

use super::attribute::{
    ATTRIBUTES, Attribute, AxisValue, Key, Moment, distinct, distinct_times, keys, lacks_dates,
    value,
};
use crate::series::header::AxisNumber;
use crate::series::stack::Entry;

/// What other slices of one volume may differ in too: where few positions have several images, it
/// does not show that these are of a volume of their own.
const WEAK: [Attribute; 2] = [
    Attribute::Number(AxisNumber::AcquisitionNumber),
    Attribute::Number(AxisNumber::AcquisitionTime),
];

/// Whether some of the images lack an attribute, so that it says nothing about these. Images
/// without diffusion weighting have no direction.
fn is_lost(places: &[Vec<Entry<'_>>], attribute: Attribute) -> bool {
    let is_told = |entry: &Entry<'_>| !matches!(value(entry, attribute, &[]), AxisValue::Absent);
    let mut entries = places.iter().flatten();
    attribute != Attribute::Gradient && entries.clone().any(is_told) && !entries.all(is_told)
}

/// As few attributes as tell the images of each position apart, and all values that they have; at
/// least one of these has an image at every position, and most of all places have one.
pub(super) fn ragged<'a>(places: &[Vec<Entry<'a>>]) -> Option<(Vec<Attribute>, Vec<Key<'a>>)> {
    let image_count: usize = places.iter().map(Vec::len).sum();
    let several = places.iter().filter(|place| place.len() > 1).count();
    let is_weak = 2 * several < places.len();
    let known = ATTRIBUTES.iter().map(|(attribute, ..)| *attribute);
    let mut key: Vec<Attribute> = Vec::new();
    let mut told_apart = places.len();
    for attribute in known {
        let is_weak_one = is_weak && (attribute.is_kind() || WEAK.contains(&attribute));
        if is_weak_one || is_lost(places, attribute) || lacks_dates(places, attribute) {
            continue;
        }
        let mut longer = key.clone();
        longer.push(attribute);
        let found: Vec<Vec<Key<'a>>> = places.iter().map(|place| keys(place, &longer)).collect();
        let apart: usize = found.iter().map(|keys| distinct(keys)).sum();
        if apart <= told_apart {
            continue;
        }
        let mut counts: BTreeMap<Key<'a>, usize> = BTreeMap::new();
        for place in found {
            for same in place.chunk_by(|a, b| a == b) {
                let first = same.iter().take(1).cloned();
                first.for_each(|value| *counts.entry(value).or_default() += 1);
            }
        }
        // What counts slices has a value of its own at each position.
        if 2 * image_count < counts.len().saturating_mul(places.len()) {
            continue;
        }
        (told_apart, key) = (apart, longer);
        if told_apart == image_count {
            let is_whole = counts.values().any(|count| *count == places.len());
            return is_whole.then(|| (key, counts.into_keys().collect()));
        }
    }
    if is_weak { None } else { ranked(places, image_count) }
}

/// The ranks of a time that differs from slice to slice, if all images of a rank are earlier than
/// any of the next: then those that are missing are the last of their positions.
fn ranked<'a>(
    places: &[Vec<Entry<'a>>],
    image_count: usize,
) -> Option<(Vec<Attribute>, Vec<Key<'a>>)> {
    let length = places.iter().map(Vec::len).max()?;
    let is_even = places.iter().all(|place| place.len() == length);
    if is_even || 2 * image_count < length.saturating_mul(places.len()) {
        return None;
    }
    let moment = Moment::ALL.into_iter().find(|moment| {
        let mut spans = vec![(f64::INFINITY, f64::NEG_INFINITY); length];
        let is_told = places.iter().all(|place| {
            let times = distinct_times(place.iter().filter_map(|one| moment.of(one)).collect());
            for ((least, most), time) in spans.iter_mut().zip(&times) {
                (*least, *most) = (least.min(*time), most.max(*time));
            }
            times.len() == place.len()
        });
        is_told
            && !lacks_dates(places, Attribute::Rank(*moment))
            && spans.windows(2).all(|pair| matches!(pair, [(_, a), (b, _)] if a < b))
    })?;
    let ranks = (0..length).map(|rank| Key(vec![AxisValue::Number(rank as f64)])).collect();
    Some((vec![Attribute::Rank(moment)], ranks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::header::InstanceHeader;
    use crate::series::tests::synthetic::{Images, header};

    const ECHO: AxisNumber = AxisNumber::EchoTime;
    const TIME: AxisNumber = AxisNumber::AcquisitionTime;
    const PASS: AxisNumber = AxisNumber::AcquisitionNumber;

    /// The attributes and how many values they have, of images by position: the numbers of each.
    fn found(places: &[&[&[(AxisNumber, f64)]]]) -> Option<(Vec<Attribute>, usize)> {
        let of = |numbers: &&[(AxisNumber, f64)]| -> InstanceHeader {
            let mut one = header("a");
            numbers.iter().for_each(|(which, value)| one.acquisition.set(*which, Some(*value)));
            one
        };
        let images = Images::new(places.iter().flat_map(|place| place.iter().map(of)).collect());
        let mut entries = images.entries().into_iter();
        let places: Vec<Vec<Entry<'_>>> =
            places.iter().map(|place| entries.by_ref().take(place.len()).collect()).collect();
        ragged(&places).map(|(key, values)| (key, values.len()))
    }

    #[test]
    fn volumes_of_which_one_is_short_are_told_apart() {
        const A: &[(AxisNumber, f64)] = &[(ECHO, 5.0)];
        const B: &[(AxisNumber, f64)] = &[(ECHO, 9.0)];
        const C: &[(AxisNumber, f64)] = &[(ECHO, 13.0)];
        const NONE: &[(AxisNumber, f64)] = &[];
        const BOTH: [&[(AxisNumber, f64)]; 2] =
            [&[(ECHO, 5.0), (PASS, 1.0)], &[(ECHO, 9.0), (PASS, 2.0)]];
        let echo = |count| Some((vec![Attribute::Number(ECHO)], count));
        for (name, places, expected) in [
            ("half of the second", &[&[A, B][..], &[A, B], &[A], &[A]][..], echo(2)),
            ("half of the first", &[&[B], &[B], &[A, B], &[A, B]], echo(2)),
            ("one of the second", &[&[A], &[A, B], &[A], &[A]], echo(2)),
            ("one in the middle", &[&[A, B], &[A], &[A, B], &[A, B]], echo(2)),
            ("several short", &[&[A, B, C], &[B, C], &[B, A], &[B, C]], echo(3)),
            ("one that lost it", &[&[A, B], &[A, NONE], &[A], &[A]], None),
            ("none whole", &[&[A, B], &[A], &[A], &[B]], None),
            ("twice the same", &[&[A, A], &[A, B], &[A], &[A]], None),
            ("most are missing", &[&[A, B, C], &[A], &[A], &[A], &[A]], None),
            ("one attribute alone", &[&BOTH, &BOTH, &BOTH[..1]], echo(2)),
        ] {
            assert_eq!(found(places), expected, "{name}");
        }
    }

    #[test]
    fn passes_of_a_scanner_that_overlap_are_no_volumes() {
        const A: &[(AxisNumber, f64)] = &[(PASS, 1.0)];
        const B: &[(AxisNumber, f64)] = &[(PASS, 2.0)];
        let passes = Some((vec![Attribute::Number(PASS)], 2));
        for (name, places, expected) in [
            ("an overlap", &[&[A][..], &[A, B], &[B], &[B]][..], None),
            ("a slice again", &[&[A], &[A, B], &[A], &[A]], None),
            ("half of them again", &[&[A], &[A, B], &[A, B], &[A]], passes),
        ] {
            assert_eq!(found(places), expected, "{name}");
        }
        // A time for each image tells all apart, but makes no volumes.
        let times: [&[(AxisNumber, f64)]; 6] = [
            &[(TIME, 1.0)],
            &[(TIME, 2.0)],
            &[(TIME, 3.0)],
            &[(TIME, 4.0)],
            &[(TIME, 5.0)],
            &[(TIME, 6.0)],
        ];
        assert_eq!(found(&[&times[..2], &times[2..4], &times[4..5], &times[5..]]), None);
    }
}
