//! The attributes that can tell images of one position apart, and their values.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::functional_groups::Dimensions;
use crate::geometry::Vector;
use crate::series::dimension_names::{axis_name, coordinate_name};
use crate::series::frames::is_of_places;
use crate::series::header::AxisNumber;
use crate::series::stack::Entry;
use crate::value::are_mixed;

/// An attribute that can part images of one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::series) enum Attribute {
    Number(AxisNumber),
    Gradient,
    ImageType,
    StackId,
    DataType,
    /// The index in one of the file's dimensions, by its place among them.
    Dimension(usize),
    /// How many times images of the position have that are earlier, among those that share what
    /// stands before it in a key.
    Rank(Moment),
    /// Instance Number, or the number of the frame: by how much it is larger than the lowest of the
    /// position.
    Order,
}

/// A time that differs from slice to slice, so that only its order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::series) enum Moment {
    FrameReference,
    Trigger,
    Acquired,
    ContentMade,
}

impl Moment {
    pub(super) const ALL: [Moment; 4] =
        [Moment::FrameReference, Moment::Trigger, Moment::Acquired, Moment::ContentMade];

    /// Of an image: in ms, or for the last two in s.
    pub(super) fn of(self, entry: &Entry<'_>) -> Option<f64> {
        let acquisition = &entry.frame.acquisition;
        match self {
            Moment::FrameReference => acquisition.number(AxisNumber::FrameReferenceTime),
            Moment::Trigger => acquisition.number(AxisNumber::TriggerTime),
            Moment::Acquired => acquisition.acquired,
            Moment::ContentMade => acquisition.content_made,
        }
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Moment::FrameReference => ("frame_reference_time", "time"),
            Moment::Trigger => ("trigger_time", "trigger_time"),
            Moment::Acquired => ("acquisition_time", "time"),
            Moment::ContentMade => ("content_time", "time"),
        }
    }

    /// How many times of `place` are earlier; `None` if one of its images has no time.
    fn rank(self, entry: &Entry<'_>, place: &[Entry<'_>]) -> Option<f64> {
        let own = self.of(entry)?;
        let times: Option<Vec<f64>> = place.iter().map(|other| self.of(other)).collect();
        Some(distinct_times(times?).iter().filter(|time| **time < own).count() as f64)
    }
}

/// Times in their order, each once.
pub(super) fn distinct_times(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_unstable_by(f64::total_cmp);
    times.dedup();
    times
}

impl Attribute {
    /// Whether it says what kind of image one is, and does not count them.
    pub(in crate::series) fn is_kind(&self) -> bool {
        matches!(self, Attribute::ImageType | Attribute::StackId | Attribute::DataType)
    }
}

/// Each attribute of the standard with the name of its coordinate, and that of the axis if it comes
/// first. b-values are in s/mm2; directions are unit vectors in the patient's coordinates.
pub(super) const ATTRIBUTES: [(Attribute, &str, &str); 16] = [
    (Attribute::Number(AxisNumber::SegmentNumber), "segment", "segment"),
    (Attribute::Number(AxisNumber::TemporalPosition), "temporal_position", "time"),
    (Attribute::Number(AxisNumber::TriggerTime), "trigger_time", "trigger_time"),
    (Attribute::Number(AxisNumber::CardiacPhase), "cardiac_phase", "cardiac_phase"),
    (Attribute::Number(AxisNumber::FrameReferenceTime), "frame_reference_time", "time"),
    (Attribute::Number(AxisNumber::EchoNumber), "echo", "echo"),
    (Attribute::Number(AxisNumber::EchoTime), "echo_time", "echo"),
    (Attribute::Number(AxisNumber::DiffusionBValue), "b_value", "b_value"),
    (Attribute::Gradient, "gradient_direction", "gradient_direction"),
    (Attribute::Number(AxisNumber::InversionTime), "inversion_time", "inversion_time"),
    (Attribute::Number(AxisNumber::FlipAngle), "flip_angle", "flip_angle"),
    (Attribute::ImageType, "image_type", "image_type"),
    (Attribute::DataType, "data_type", "data_type"),
    (Attribute::Number(AxisNumber::AcquisitionNumber), "acquisition", "acquisition"),
    (Attribute::Number(AxisNumber::AcquisitionTime), "acquisition_time", "time"),
    (Attribute::StackId, "stack", "stack"),
];

/// What an image has for an attribute.
#[derive(Clone, Copy, Debug)]
pub(super) enum AxisValue<'a> {
    Absent,
    Number(f64),
    Vector(Vector),
    Text(&'a str),
}

impl AxisValue<'_> {
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let rank = |value: &Self| match value {
            AxisValue::Absent => 0,
            AxisValue::Number(_) => 1,
            AxisValue::Vector(_) => 2,
            AxisValue::Text(_) => 3,
        };
        match (self, other) {
            (AxisValue::Number(a), AxisValue::Number(b)) => a.total_cmp(b),
            (AxisValue::Vector(a), AxisValue::Vector(b)) => a
                .iter()
                .zip(b)
                .map(|(a, b)| a.total_cmp(b))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal),
            (AxisValue::Text(a), AxisValue::Text(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// The values of several attributes.
#[derive(Clone, Debug)]
pub(super) struct Key<'a>(pub(super) Vec<AxisValue<'a>>);

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(a, b)| a.compare(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}

pub(super) fn value<'a>(
    entry: &Entry<'a>,
    attribute: Attribute,
    place: &[Entry<'a>],
) -> AxisValue<'a> {
    let number = |number: Option<f64>| number.map_or(AxisValue::Absent, AxisValue::Number);
    let text = |text: Option<&'a str>| text.map_or(AxisValue::Absent, AxisValue::Text);
    match attribute {
        Attribute::Number(which) => number(entry.frame.acquisition.number(which)),
        Attribute::Gradient => {
            entry.frame.acquisition.gradient.map_or(AxisValue::Absent, AxisValue::Vector)
        }
        Attribute::ImageType => AxisValue::Text(entry.image_type()),
        Attribute::StackId => text(entry.frame.stack_id.as_deref()),
        Attribute::DataType => text(entry.frame.data_type.as_deref()),
        Attribute::Dimension(which) => {
            let dimensions = entry.header.dimensions.as_deref();
            number(
                dimensions
                    .and_then(|dimensions| dimensions.index(entry.frame.index, which))
                    .map(f64::from),
            )
        }
        Attribute::Rank(moment) => number(moment.rank(entry, place)),
        Attribute::Order => {
            let first = place.iter().filter_map(order_number).min();
            let distance =
                order_number(entry).zip(first).map(|(own, first)| own.saturating_sub(first));
            number(distance.map(|distance| distance as f64))
        }
    }
}

/// What counts the images of a series: Instance Number, and inside a file the number of the frame.
fn order_number(entry: &Entry<'_>) -> Option<i64> {
    let instance = if entry.header.image.mosaic.is_some() { 0 } else { entry.frame.index as i64 };
    entry.header.identity.instance_number.unwrap_or(0).checked_mul(1 << 24)?.checked_add(instance)
}

pub(super) fn key_of<'a>(entry: &Entry<'a>, key: &[Attribute], place: &[Entry<'a>]) -> Key<'a> {
    let mut found = Key(Vec::with_capacity(key.len()));
    for (index, attribute) in key.iter().enumerate() {
        let before = key.get(..index).unwrap_or_default();
        let value = match attribute {
            Attribute::Rank(_) if index > 0 => {
                let is_peer = |other: &&Entry<'a>| key_of(other, before, place) == found;
                let peers: Vec<Entry<'a>> = place.iter().filter(is_peer).copied().collect();
                value(entry, *attribute, &peers)
            }
            _ => value(entry, *attribute, place),
        };
        found.0.push(value);
    }
    found
}

/// Images that share the values of `key`, each list in the order of `entries`.
pub(in crate::series) fn partition<'a>(
    entries: &[Entry<'a>],
    key: &[Attribute],
) -> Vec<Vec<Entry<'a>>> {
    let mut parts: BTreeMap<Key<'a>, Vec<Entry<'a>>> = BTreeMap::new();
    for entry in entries {
        parts.entry(key_of(entry, key, &[])).or_default().push(*entry);
    }
    parts.into_values().collect()
}

/// Whether an attribute is a moment of which some images have only the time of day.
pub(super) fn lacks_dates(places: &[Vec<Entry<'_>>], attribute: Attribute) -> bool {
    let moment = match attribute {
        Attribute::Number(AxisNumber::AcquisitionTime) | Attribute::Rank(Moment::Acquired) => {
            Moment::Acquired
        }
        Attribute::Rank(Moment::ContentMade) => Moment::ContentMade,
        _ => return false,
    };
    are_mixed(places.iter().flatten().filter_map(|entry| moment.of(entry)))
}

/// The keys of a position's images, in order.
pub(super) fn keys<'a>(place: &[Entry<'a>], key: &[Attribute]) -> Vec<Key<'a>> {
    let mut keys: Vec<Key<'a>> = place.iter().map(|entry| key_of(entry, key, place)).collect();
    keys.sort_unstable();
    keys
}

pub(super) fn distinct(keys: &[Key<'_>]) -> usize {
    keys.chunk_by(|a, b| a == b).count()
}

/// The dimensions of the images' files, if their indices can be compared.
pub(super) fn dimensions<'a>(places: &[Vec<Entry<'a>>]) -> Option<&'a Dimensions> {
    let mut entries = places.iter().flatten();
    let first = entries.next()?;
    let own = first.header.dimensions.as_deref()?;
    let is_alike = |entry: &Entry<'a>| {
        entry.file == first.file
            || entry.header.dimensions.as_deref().is_some_and(|other| own.is_shared_with(other))
    };
    entries.all(is_alike).then_some(own)
}

/// The dimensions that can tell images of one place apart.
pub(super) fn telling_dimensions(places: &[Vec<Entry<'_>>]) -> Vec<Attribute> {
    let all = dimensions(places).map_or(&[][..], Dimensions::all).iter().enumerate();
    all.filter(|(_, dimension)| !is_of_places(dimension.pointer))
        .map(|(which, _)| Attribute::Dimension(which))
        .collect()
}

/// What an axis is called that counts images.
pub(super) const INSTANCE: Cow<'static, str> = Cow::Borrowed("instance");

/// The name of an attribute's coordinate, and that of the axis if it comes first.
pub(super) fn names(
    attribute: Attribute,
    places: &[Vec<Entry<'_>>],
) -> (Cow<'static, str>, Cow<'static, str>) {
    if let Attribute::Dimension(which) = attribute {
        let all = dimensions(places).map_or(&[][..], Dimensions::all);
        return (coordinate_name(all, which), axis_name(all, which));
    }
    if let Attribute::Rank(moment) = attribute {
        let (coordinate, axis) = moment.names();
        return (Cow::Borrowed(coordinate), Cow::Borrowed(axis));
    }
    let found = ATTRIBUTES.iter().find(|(known, ..)| *known == attribute);
    found.map_or((INSTANCE, INSTANCE), |(_, name, axis)| {
        (Cow::Borrowed(*name), Cow::Borrowed(*axis))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::synthetic::{Images, header, with};

    #[test]
    fn values_have_one_order() {
        let ordered = [
            AxisValue::Absent,
            AxisValue::Number(-1.0),
            AxisValue::Number(2.0),
            AxisValue::Vector([0.0, 1.0, 5.0]),
            AxisValue::Vector([0.0, 2.0, 0.0]),
            AxisValue::Text("a"),
            AxisValue::Text("b"),
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(a.compare(b), i.cmp(&j), "{a:?} {b:?}");
            }
        }
        let key = |values: &[f64]| Key(values.iter().copied().map(AxisValue::Number).collect());
        assert!(key(&[1.0, 2.0]) < key(&[1.0, 3.0]) && key(&[1.0, 3.0]) < key(&[2.0, 0.0]));
        assert!(key(&[1.0]) == key(&[1.0]) && key(&[1.0]) != key(&[2.0]));
        assert_eq!(key(&[1.0]).partial_cmp(&key(&[2.0])), Some(Ordering::Less));
        assert_eq!(distinct(&[key(&[1.0]), key(&[1.0]), key(&[2.0])]), 2);
    }

    #[test]
    fn kinds_are_no_counts() {
        for attribute in [Attribute::ImageType, Attribute::StackId, Attribute::DataType] {
            assert!(attribute.is_kind());
        }
        for attribute in [Attribute::Gradient, Attribute::Dimension(0), Attribute::Order] {
            assert!(!attribute.is_kind());
        }
    }

    #[test]
    fn order_counts_from_the_lowest_number_of_a_position() {
        let images = Images::new(
            [Some(5), Some(3), None, Some(i64::MAX)]
                .into_iter()
                .map(|number| with("a", |one| one.identity.instance_number = number))
                .collect(),
        );
        let entries = images.entries();
        let order = |which: &[usize]| -> Vec<Option<f64>> {
            let place: Vec<Entry<'_>> = which.iter().map(|index| entries[*index]).collect();
            let number = |entry: &Entry<'_>| match value(entry, Attribute::Order, &place) {
                AxisValue::Number(number) => Some(number),
                _ => None,
            };
            place.iter().map(number).collect()
        };
        let step = f64::from(1 << 24);
        assert_eq!(order(&[0, 1]), [Some(2.0 * step), Some(0.0)]);
        assert_eq!(order(&[1, 2]), [Some(3.0 * step), Some(0.0)]);
        assert_eq!(order(&[1, 3]), [Some(0.0), None], "too large to be counted");
    }

    #[test]
    fn parts_share_the_values_of_a_key() {
        let types = ["b", "a", "b"];
        let of = |kind: &str| {
            let kind = kind.to_owned();
            with("x", |one| one.identity.image_type = kind)
        };
        let images = Images::new(types.into_iter().map(of).collect());
        let parts = partition(&images.entries(), &[Attribute::ImageType]);
        let indices: Vec<Vec<usize>> =
            parts.iter().map(|part| part.iter().map(|entry| entry.index).collect()).collect();
        assert_eq!(indices, [vec![1], vec![0, 2]]);
    }

    #[test]
    fn coordinates_and_axes_have_names() {
        let images = Images::new(vec![header("a")]);
        let places = vec![images.entries()];
        for (attribute, coordinate, axis) in [
            (Attribute::Number(AxisNumber::TemporalPosition), "temporal_position", "time"),
            (Attribute::Number(AxisNumber::EchoTime), "echo_time", "echo"),
            (Attribute::StackId, "stack", "stack"),
            (Attribute::Order, "instance", "instance"),
            (Attribute::Dimension(0), "dimension_1_index", "dimension"),
        ] {
            let (name, of_axis) = names(attribute, &places);
            assert_eq!((&*name, &*of_axis), (coordinate, axis));
        }
    }
}
