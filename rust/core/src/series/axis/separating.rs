//! Which attributes tell the images of every position apart in the same way.

use std::collections::BTreeMap;

use super::attribute::{
    ATTRIBUTES, Attribute, AxisValue, Key, Moment, distinct, distinct_times, key_of, keys,
    lacks_dates, telling_dimensions, value,
};
use crate::series::header::AxisNumber;
use crate::series::stack::Entry;

/// The number of images that more than half of the positions have; 1 if there is no such number.
pub(super) fn usual_count(places: &[Vec<Entry<'_>>]) -> usize {
    let mut counts: Vec<usize> = places.iter().map(Vec::len).collect();
    counts.sort_unstable();
    // A value that fills more than half of a sorted list is in its middle.
    let middle = counts.get(counts.len() / 2).copied().unwrap_or(1);
    let usual = counts.iter().filter(|count| **count == middle).count();
    if 2 * usual > counts.len() { middle } else { 1 }
}

/// The attributes that together have `usual` values, the same ones at every position of as many
/// images.
pub(super) fn separating(places: &[Vec<Entry<'_>>], usual: usize) -> Option<Vec<Attribute>> {
    let complete: Vec<&Vec<Entry<'_>>> =
        places.iter().filter(|place| place.len() == usual).collect();
    let first = *complete.first()?;
    let is_incomplete = complete.len() < places.len();
    let mut key: Vec<Attribute> = Vec::new();
    let mut parts = 1;
    let known = ATTRIBUTES.iter().map(|(attribute, ..)| *attribute);
    let counted = std::iter::once_with(|| telling_dimensions(places)).flatten();
    let ranked = Moment::ALL.map(Attribute::Rank);
    for attribute in known.chain(counted).chain(ranked).chain([Attribute::Order]) {
        // Numbers count on from position to position, and times have the same ranks, only where no
        // position lacks an image, and say nothing about one.
        if matches!(attribute, Attribute::Order | Attribute::Rank(_))
            && (is_incomplete || places.len() == 1 || contradicts(places, &key))
        {
            continue;
        }
        if matches!(attribute, Attribute::Rank(moment) if is_out_of_rank(places, &key, moment))
            || lacks_dates(places, attribute)
        {
            continue;
        }
        let mut longer = key.clone();
        longer.push(attribute);
        let here = keys(first, &longer);
        let is_finer = distinct(&here) > parts;
        if is_finer && complete.iter().all(|place| keys(place, &longer) == here) {
            (parts, key) = (distinct(&here), longer);
            if parts == usual {
                return Some(key);
            }
        }
    }
    None
}

/// Whether one time has different ranks at different positions, among images that share the values
/// of `key`: these may lack different images.
fn is_out_of_rank<'a>(places: &[Vec<Entry<'a>>], key: &[Attribute], moment: Moment) -> bool {
    let mut ranks: BTreeMap<(Key<'a>, u64), usize> = BTreeMap::new();
    places.iter().any(|place| {
        let mut parts: BTreeMap<Key<'a>, Vec<f64>> = BTreeMap::new();
        for (entry, time) in place.iter().filter_map(|entry| Some((entry, moment.of(entry)?))) {
            parts.entry(key_of(entry, key, place)).or_default().push(time);
        }
        let mut is_other = |(part, times): (Key<'a>, Vec<f64>)| {
            let ranked = distinct_times(times).into_iter().enumerate();
            ranked.fold(false, |found, (rank, time)| {
                let known = ranks.entry((part.clone(), time.to_bits())).or_insert(rank);
                found | (*known != rank)
            })
        };
        parts.into_iter().any(&mut is_other)
    })
}

/// What counts images: where only some of them have it, it was lost.
const COUNTING: [Attribute; 3] = [
    Attribute::Number(AxisNumber::TemporalPosition),
    Attribute::Number(AxisNumber::EchoNumber),
    Attribute::Number(AxisNumber::AcquisitionNumber),
];

/// Whether something that counts tells images of one place apart, but not in the same way
/// everywhere, because some of them lack it, or share an index: then their numbers are not to be
/// trusted either.
fn contradicts(places: &[Vec<Entry<'_>>], key: &[Attribute]) -> bool {
    let is_broken = |attribute: Attribute| {
        let longer: Vec<Attribute> = key.iter().copied().chain([attribute]).collect();
        let Some(first) = places.first().map(|place| keys(place, &longer)) else { return false };
        let is_told =
            |entry: &Entry<'_>| !matches!(value(entry, attribute, &[]), AxisValue::Absent);
        let is_partly_told = || {
            let mut entries = places.iter().flatten();
            entries.clone().any(is_told) && !entries.all(is_told)
        };
        let count = |place: &Vec<Entry<'_>>| distinct(&keys(place, &longer));
        let tells_apart = || places.iter().any(|place| count(place) > distinct(&keys(place, key)));
        // Other attributes than indices may be the same by chance.
        let is_index = matches!(attribute, Attribute::Dimension(_));
        let is_shared = || is_index && places.iter().any(|place| count(place) < place.len());
        places.iter().any(|place| keys(place, &longer) != first)
            && tells_apart()
            && (is_partly_told() || is_shared())
    };
    let mut counting = COUNTING.into_iter().chain(telling_dimensions(places));
    counting.any(|attribute| !key.contains(&attribute) && is_broken(attribute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::synthetic::{Images, header};

    const ECHO: AxisNumber = AxisNumber::EchoNumber;
    const TIME: AxisNumber = AxisNumber::TriggerTime;

    /// Images by position: of each image its numbers, and its Instance Number.
    type Place<'a> = &'a [(&'a [(AxisNumber, f64)], i64)];

    fn places_of<T>(places: &[Place<'_>], look: impl FnOnce(&[Vec<Entry<'_>>]) -> T) -> T {
        let all = places.iter().flat_map(|place| place.iter());
        let headers = all.enumerate().map(|(index, (numbers, instance))| {
            let mut one = header(&index.to_string());
            numbers.iter().for_each(|(which, value)| one.acquisition.set(*which, Some(*value)));
            one.identity.instance_number = Some(*instance);
            one
        });
        let images = Images::new(headers.collect());
        let mut entries = images.entries().into_iter();
        let places: Vec<Vec<Entry<'_>>> =
            places.iter().map(|place| entries.by_ref().take(place.len()).collect()).collect();
        look(&places)
    }

    #[test]
    fn the_usual_count_is_that_of_more_than_half() {
        const NONE: &[(AxisNumber, f64)] = &[];
        let one: Place<'_> = &[(NONE, 1)];
        let two: Place<'_> = &[(NONE, 1), (NONE, 2)];
        let three: Place<'_> = &[(NONE, 1), (NONE, 2), (NONE, 3)];
        for (places, expected) in [
            (&[one][..], 1),
            (&[two], 2),
            (&[two, one], 1),
            (&[two, two, one], 2),
            (&[three, three, one, two, three], 3),
            (&[three, two, one], 1),
            (&[], 1),
        ] {
            assert_eq!(places_of(places, usual_count), expected, "{places:?}");
        }
    }

    #[test]
    fn as_few_attributes_as_tell_images_apart_are_taken() {
        let number = Attribute::Number;
        let echoes: Place<'_> = &[(&[(ECHO, 1.0)], 1), (&[(ECHO, 2.0)], 2)];
        let others: Place<'_> = &[(&[(ECHO, 1.0)], 3), (&[(ECHO, 3.0)], 4)];
        let both: Place<'_> = &[(&[(ECHO, 1.0), (TIME, 5.0)], 1), (&[(ECHO, 2.0), (TIME, 6.0)], 2)];
        let four: Place<'_> = &[
            (&[(ECHO, 1.0), (TIME, 5.0)], 1),
            (&[(ECHO, 2.0), (TIME, 5.0)], 2),
            (&[(ECHO, 1.0), (TIME, 6.0)], 3),
            (&[(ECHO, 2.0), (TIME, 6.0)], 4),
        ];
        let counted: Place<'_> = &[(&[], 1), (&[], 3)];
        let counted_on: Place<'_> = &[(&[], 5), (&[], 7)];
        let counted_otherwise: Place<'_> = &[(&[], 5), (&[], 8)];
        let one: Place<'_> = &[(&[(ECHO, 1.0)], 9)];
        let partly: Place<'_> = &[(&[(ECHO, 1.0)], 1), (&[], 3)];
        let partly_other: Place<'_> = &[(&[(ECHO, 1.0)], 5), (&[(ECHO, 2.0)], 7)];
        for (name, places, usual, expected) in [
            ("echoes", &[echoes, echoes][..], 2, Some(vec![number(ECHO)])),
            ("an incomplete place", &[echoes, one, echoes], 2, Some(vec![number(ECHO)])),
            ("not the same everywhere", &[echoes, others], 2, Some(vec![Attribute::Order])),
            ("the first of two", &[both, both], 2, Some(vec![number(TIME)])),
            ("two together", &[four, four], 4, Some(vec![number(TIME), number(ECHO)])),
            ("their order", &[counted, counted_on], 2, Some(vec![Attribute::Order])),
            ("orders that differ", &[counted, counted_otherwise], 2, None),
            ("the order of one position", &[counted], 2, None),
            ("orders with a gap", &[counted, one, counted_on], 2, None),
            ("orders beside echoes that some lack", &[partly, partly_other], 2, None),
            ("no such place", &[one, one], 2, None),
        ] {
            let found = places_of(places, |places| separating(places, usual));
            assert_eq!(found, expected, "{name}");
        }
    }
}
