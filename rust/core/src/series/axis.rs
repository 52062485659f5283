//! The axis in front of the slices: what tells images of one position from each other.
//!
//! It is made of as few attributes as part the images of every position in the same way, taken in
//! the order of [`ATTRIBUTES`]; those of [`Coordinate`] that change along it without being needed
//! for that are told as well. Where attributes do not suffice, the dimensions that a file counts
//! its frames by do, and at last the numbers of images.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::dimension_names::{axis_name, coordinate_name};
use super::frames::is_of_places;
use super::header::AxisNumber;
use super::report::{AxisFinding, Finding, Issue};
use super::stack::Entry;
use crate::functional_groups::Dimensions;
use crate::geometry::Vector;

/// An attribute that can part images of one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Number(AxisNumber),
    Gradient,
    ImageType,
    StackId,
    DataType,
    /// The index in one of the file's dimensions, by its place among them.
    Dimension(usize),
    /// Instance Number, or the number of the frame: by how much it is larger than the lowest of the
    /// position.
    Order,
}

impl Attribute {
    /// Whether it says what kind of image one is, and does not count them.
    pub fn is_kind(&self) -> bool {
        matches!(self, Attribute::ImageType | Attribute::StackId | Attribute::DataType)
    }
}

/// Each attribute of the standard with the name of its coordinate, and that of the axis if it comes
/// first. b-values are in s/mm2; directions are unit vectors in the patient's coordinates.
const ATTRIBUTES: [(Attribute, &str, &str); 16] = [
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

/// Where one of them changes along an axis the other is told too: a table of weightings has both.
const WEIGHTING: [Attribute; 2] =
    [Attribute::Number(AxisNumber::DiffusionBValue), Attribute::Gradient];

/// What an image has for an attribute.
#[derive(Clone, Copy, Debug)]
enum AxisValue<'a> {
    Absent,
    Number(f64),
    Vector(Vector),
    Text(&'a str),
}

impl AxisValue<'_> {
    fn compare(&self, other: &Self) -> Ordering {
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
struct Key<'a>(Vec<AxisValue<'a>>);

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

/// The axis in front of the slices.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadingAxis {
    /// Its name: that of what it counts.
    pub name: Cow<'static, str>,
    /// How long it is.
    pub length: usize,
    /// What changes along it: that which it is sorted by first.
    pub coordinates: Vec<Coordinate>,
}

/// The values of one attribute along the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// Its name.
    pub name: Cow<'static, str>,
    /// One a step of the axis.
    pub values: CoordinateValues,
}

/// Values of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum CoordinateValues {
    /// Numbers; NaN where there is none.
    Numbers(Vec<f64>),
    /// Unit vectors in the patient's coordinates; NaN where there is none.
    Vectors(Vec<Vector>),
    /// Codes; empty where there is none.
    Texts(Vec<String>),
}

/// The images of a stack, arranged.
#[derive(Debug)]
pub(super) struct Arranged<'a> {
    /// One of each position, in their order.
    pub slices: Vec<Entry<'a>>,
    /// In front of them, if positions have several images.
    pub axis: Option<LeadingAxis>,
    /// For each step of the axis the slices; `None` where there is no image.
    pub cells: Vec<Option<Entry<'a>>>,
    pub issues: Vec<Issue>,
}

/// Arranges the images of a stack. `places` has those of each position, in the order of positions.
///
/// Where more than half of the positions have the same number of images, and an attribute tells
/// them apart everywhere in the same way, it becomes an axis. Where nothing does, the first image
/// of each position stays. Other positions with several images have duplicates, of which the one
/// with the lowest Instance Number stays.
pub(super) fn arrange<'a>(mut places: Vec<Vec<Entry<'a>>>) -> Arranged<'a> {
    for place in &mut places {
        place.sort_by_key(Entry::rank);
    }
    if let Some(arranged) = by_segment(&places) {
        return arranged;
    }
    let usual = usual_count(&places);
    if usual > 1 {
        if let Some(key) = separating(&places, usual) {
            let complete = places.iter().find(|place| place.len() == usual);
            let mut values: Vec<Key<'a>> = complete
                .into_iter()
                .flat_map(|place| place.iter().map(|entry| key_of(entry, &key, place)))
                .collect();
            values.sort_unstable();
            return on_axis(&places, &key, values, true);
        }
        // Two images of one slice that nothing tells apart are more likely to be one image twice.
        if places.len() > 1 {
            return only_first(&places, usual);
        }
    }
    without_axis(&places)
}

/// One image a position.
fn without_axis<'a>(places: &[Vec<Entry<'a>>]) -> Arranged<'a> {
    let issues =
        places.iter().enumerate().filter_map(|(slice, place)| duplicates(slice, place)).collect();
    let slices: Vec<Entry<'a>> = places.iter().filter_map(|place| place.first().copied()).collect();
    Arranged { cells: slices.iter().copied().map(Some).collect(), slices, axis: None, issues }
}

/// The images of one position from which the first is taken.
fn duplicates(slice_index: usize, place: &[Entry<'_>]) -> Option<Issue> {
    (place.len() > 1).then(|| {
        AxisFinding::Duplicates { slice_index, image_count: place.len() }
            .about(place.iter().map(Entry::path))
    })
}

/// The number of images that more than half of the positions have; 1 if there is no such number.
fn usual_count(places: &[Vec<Entry<'_>>]) -> usize {
    let mut counts: Vec<usize> = places.iter().map(Vec::len).collect();
    counts.sort_unstable();
    // A value that fills more than half of a sorted list stands in its middle.
    let middle = counts.get(counts.len() / 2).copied().unwrap_or(1);
    let usual = counts.iter().filter(|count| **count == middle).count();
    if 2 * usual > counts.len() { middle } else { 1 }
}

fn value<'a>(entry: &Entry<'a>, attribute: Attribute, place: &[Entry<'a>]) -> AxisValue<'a> {
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

fn key_of<'a>(entry: &Entry<'a>, key: &[Attribute], place: &[Entry<'a>]) -> Key<'a> {
    Key(key.iter().map(|attribute| value(entry, *attribute, place)).collect())
}

/// Images that share the values of `key`, each list in the order of `entries`.
pub(super) fn partition<'a>(entries: &[Entry<'a>], key: &[Attribute]) -> Vec<Vec<Entry<'a>>> {
    let mut parts: BTreeMap<Key<'a>, Vec<Entry<'a>>> = BTreeMap::new();
    for entry in entries {
        parts.entry(key_of(entry, key, &[])).or_default().push(*entry);
    }
    parts.into_values().collect()
}

/// The keys of a position's images, in order.
fn keys<'a>(place: &[Entry<'a>], key: &[Attribute]) -> Vec<Key<'a>> {
    let mut keys: Vec<Key<'a>> = place.iter().map(|entry| key_of(entry, key, place)).collect();
    keys.sort_unstable();
    keys
}

fn distinct(keys: &[Key<'_>]) -> usize {
    keys.chunk_by(|a, b| a == b).count()
}

/// The dimensions of the images' files, if their indices can be compared.
fn dimensions<'a>(places: &[Vec<Entry<'a>>]) -> Option<&'a Dimensions> {
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
fn telling_dimensions(places: &[Vec<Entry<'_>>]) -> Vec<Attribute> {
    let all = dimensions(places).map_or(&[][..], Dimensions::all).iter().enumerate();
    all.filter(|(_, dimension)| !is_of_places(dimension.pointer))
        .map(|(which, _)| Attribute::Dimension(which))
        .collect()
}

/// The attributes that together have `usual` values, the same ones at every position of as many
/// images.
fn separating(places: &[Vec<Entry<'_>>], usual: usize) -> Option<Vec<Attribute>> {
    let complete: Vec<&Vec<Entry<'_>>> =
        places.iter().filter(|place| place.len() == usual).collect();
    let first = *complete.first()?;
    let is_incomplete = complete.len() < places.len();
    let mut key: Vec<Attribute> = Vec::new();
    let mut parts = 1;
    let known = ATTRIBUTES.iter().map(|(attribute, ..)| *attribute);
    let counted = std::iter::once_with(|| telling_dimensions(places)).flatten();
    for attribute in known.chain(counted).chain([Attribute::Order]) {
        // Numbers count on from position to position only where none lacks an image, and say
        // nothing about one.
        if attribute == Attribute::Order
            && (is_incomplete || places.len() == 1 || contradicts(places, &key))
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

/// Cells of an axis of segments: one more than there are frames costs nothing in a file.
const MOST_CELLS: usize = 1 << 20;

/// A segmentation has frames only where a segment is: what it lacks is empty.
fn by_segment<'a>(places: &[Vec<Entry<'a>>]) -> Option<Arranged<'a>> {
    const KEY: [Attribute; 1] = [Attribute::Number(AxisNumber::SegmentNumber)];
    let mut all = BTreeMap::new();
    for place in places {
        let here = keys(place, &KEY);
        let is_known = |key: &Key<'_>| matches!(key.0.first(), Some(AxisValue::Number(_)));
        if distinct(&here) < here.len() || !here.iter().all(is_known) {
            return None;
        }
        all.extend(here.into_iter().map(|key| (key, ())));
    }
    let is_reasonable = all.len() > 1 && all.len().saturating_mul(places.len()) <= MOST_CELLS;
    is_reasonable.then(|| on_axis(places, &KEY, all.into_keys().collect(), false))
}

/// `values`: those of the axis, in its order. `is_needed`: whether an image has to be there for
/// each of them.
fn on_axis<'a>(
    places: &[Vec<Entry<'a>>],
    key: &[Attribute],
    values: Vec<Key<'a>>,
    is_needed: bool,
) -> Arranged<'a> {
    let length = values.len();
    let mut cells: Vec<Option<Entry<'a>>> = vec![None; length * places.len()];
    let (mut issues, mut missing) = (Vec::new(), Vec::new());
    for (slice, place) in places.iter().enumerate() {
        let mut left_out: Vec<Entry<'a>> = Vec::new();
        for entry in place {
            let step = values.binary_search(&key_of(entry, key, place)).ok();
            let cell = step.and_then(|step| cells.get_mut(step * places.len() + slice));
            match cell {
                Some(cell @ None) => *cell = Some(*entry),
                _ => left_out.push(*entry),
            }
        }
        if !left_out.is_empty() {
            let finding =
                AxisFinding::NotOnAxis { slice_index: slice, left_out_count: left_out.len() };
            issues.push(finding.about(left_out.iter().map(Entry::path)));
        }
    }
    for (index, _) in cells.iter().enumerate().filter(|(_, cell)| cell.is_none()) {
        missing.push((index / places.len().max(1), index % places.len().max(1)));
    }
    let axis = axis(&cells, places, key, length);
    if !missing.is_empty() {
        let (axis, cell_count) = (axis.name.clone(), cells.len());
        issues.push(AxisFinding::Incomplete { axis, missing, cell_count, is_needed }.about([]));
    }
    if key.contains(&Attribute::Order) {
        let finding = AxisFinding::CountedByOrder {
            axis: axis.name.clone(),
            phase_count: length,
            position_count: places.len(),
        };
        issues.push(finding.about([]));
    }
    let slices = places.iter().filter_map(|place| place.first().copied()).collect();
    Arranged { slices, axis: Some(axis), cells, issues }
}

/// The attributes that change along the axis: those of the key, and others that each step has one
/// value of.
fn axis<'a>(
    cells: &[Option<Entry<'a>>],
    places: &[Vec<Entry<'a>>],
    key: &[Attribute],
    length: usize,
) -> LeadingAxis {
    let mut coordinates: Vec<Coordinate> = Vec::new();
    let steps: Vec<&[Option<Entry<'a>>]> = cells.chunks(places.len().max(1)).collect();
    let of_step = |attribute: Attribute, step: &[Option<Entry<'a>>]| -> Option<AxisValue<'a>> {
        let mut values = step
            .iter()
            .zip(places)
            .filter_map(|(cell, place)| Some(value(cell.as_ref()?, attribute, place)));
        let first = values.next()?;
        values.all(|value| value.compare(&first).is_eq()).then_some(first)
    };
    let rest = ATTRIBUTES
        .iter()
        .map(|(attribute, ..)| *attribute)
        .filter(|attribute| !key.contains(attribute));
    let changes = |values: &[AxisValue<'a>]| {
        values.windows(2).any(|pair| matches!(pair, [a, b] if a.compare(b).is_ne()))
    };
    let values_of = |attribute: Attribute| -> Option<Vec<AxisValue<'a>>> {
        steps.iter().map(|step| of_step(attribute, step)).collect()
    };
    let is_weighted = WEIGHTING
        .iter()
        .any(|attribute| values_of(*attribute).is_some_and(|values| changes(&values)));
    for attribute in key.iter().copied().chain(rest) {
        if attribute == Attribute::Order {
            let values = CoordinateValues::Numbers((0..length).map(|step| step as f64).collect());
            coordinates.push(Coordinate { name: INSTANCE, values });
            continue;
        }
        let (Some(values), (name, _)) = (values_of(attribute), names(attribute, places)) else {
            continue;
        };
        let is_told = values.iter().any(|value| !matches!(value, AxisValue::Absent));
        if changes(&values)
            || key.contains(&attribute)
            || (is_told && is_weighted && WEIGHTING.contains(&attribute))
        {
            coordinates.push(Coordinate { name, values: coordinate_values(&values) });
        }
    }
    let name = key.first().map_or(INSTANCE, |first| names(*first, places).1);
    LeadingAxis { name, length, coordinates }
}

const INSTANCE: Cow<'static, str> = Cow::Borrowed("instance");

/// The name of an attribute's coordinate, and that of the axis if it comes first.
fn names(
    attribute: Attribute,
    places: &[Vec<Entry<'_>>],
) -> (Cow<'static, str>, Cow<'static, str>) {
    if let Attribute::Dimension(which) = attribute {
        let all = dimensions(places).map_or(&[][..], Dimensions::all);
        return (coordinate_name(all, which), axis_name(all, which));
    }
    let found = ATTRIBUTES.iter().find(|(known, ..)| *known == attribute);
    found.map_or((INSTANCE, INSTANCE), |(_, name, axis)| {
        (Cow::Borrowed(*name), Cow::Borrowed(*axis))
    })
}

fn coordinate_values(values: &[AxisValue<'_>]) -> CoordinateValues {
    let is = |kind: fn(&AxisValue<'_>) -> bool| values.iter().any(kind);
    if is(|value| matches!(value, AxisValue::Text(_))) {
        let text = |value: &AxisValue<'_>| {
            if let AxisValue::Text(text) = value { (*text).to_owned() } else { String::new() }
        };
        CoordinateValues::Texts(values.iter().map(text).collect())
    } else if is(|value| matches!(value, AxisValue::Vector(_))) {
        let vector = |value: &AxisValue<'_>| {
            if let AxisValue::Vector(vector) = value { *vector } else { [f64::NAN; 3] }
        };
        CoordinateValues::Vectors(values.iter().map(vector).collect())
    } else {
        let number = |value: &AxisValue<'_>| {
            if let AxisValue::Number(number) = value { *number } else { f64::NAN }
        };
        CoordinateValues::Numbers(values.iter().map(number).collect())
    }
}

/// Leaves the first image of each position, because nothing says which of the others belong
/// together.
fn only_first<'a>(places: &[Vec<Entry<'a>>], usual: usize) -> Arranged<'a> {
    let slices: Vec<Entry<'a>> = places.iter().filter_map(|place| place.first().copied()).collect();
    let mut left_out: Vec<Entry<'a>> =
        places.iter().flat_map(|place| place.iter().skip(1)).copied().collect();
    left_out.sort_by_key(Entry::rank);
    let finding = AxisFinding::NothingTellsApart {
        phase_count: usual,
        position_count: places.len(),
        left_out_count: left_out.len(),
    };
    let issue = finding.about(left_out.iter().map(Entry::path));
    Arranged {
        cells: slices.iter().copied().map(Some).collect(),
        slices,
        axis: None,
        issues: vec![issue],
    }
}
