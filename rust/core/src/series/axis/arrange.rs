//! The images of a stack in rows and columns: slices, and steps of an axis in front of them.

use std::collections::BTreeMap;

use super::attribute::{Attribute, AxisValue, Key, distinct, key_of, keys};
use super::chronology::sort_counted;
use super::leading_axis::{LeadingAxis, axis};
use super::ragged::ragged;
use super::separating::{separating, usual_count};
use crate::series::header::AxisNumber;
use crate::series::report::{AxisFinding, Finding, Issue};
use crate::series::stack::Entry;

/// The images of a stack, arranged.
#[derive(Debug)]
pub(in crate::series) struct Arranged<'a> {
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
/// them apart everywhere in the same way, it becomes an axis, and so does one that tells them apart
/// in a series that was interrupted. Where nothing does, the first image of each position stays.
/// Other positions with several images have duplicates, of which the one with the lowest Instance
/// Number stays.
pub(in crate::series) fn arrange<'a>(mut places: Vec<Vec<Entry<'a>>>) -> Arranged<'a> {
    for place in &mut places {
        place.sort_by_key(Entry::rank);
    }
    if let Some(arranged) = by_segment(&places) {
        return arranged;
    }
    let usual = usual_count(&places);
    if usual > 1
        && let Some(key) = separating(&places, usual)
    {
        let complete = places.iter().find(|place| place.len() == usual);
        let mut values: Vec<Key<'a>> = complete
            .into_iter()
            .flat_map(|place| place.iter().map(|entry| key_of(entry, &key, place)))
            .collect();
        values.extend(further(&places, &key, &values));
        values.sort_unstable();
        values.dedup();
        return on_axis(&places, &key, values, true);
    }
    if places.iter().any(|place| place.len() > 1)
        && let Some((key, values)) = ragged(&places)
    {
        return on_axis(&places, &key, values, true);
    }
    // Two images of one slice that nothing tells apart are more likely to be one image twice.
    if usual > 1 && places.len() > 1 {
        return only_first(&places, usual);
    }
    without_axis(&places)
}

/// The values of images at positions that have one of each of `values`, and others besides: those
/// of a volume that was interrupted. None where another image has the same.
fn further<'a>(places: &[Vec<Entry<'a>>], key: &[Attribute], values: &[Key<'a>]) -> Vec<Key<'a>> {
    let mut found = Vec::new();
    for place in places.iter().filter(|place| place.len() > values.len()) {
        let here = keys(place, key);
        if distinct(&here) < here.len() || !values.iter().all(|value| here.contains(value)) {
            return Vec::new();
        }
        found.extend(here.into_iter().filter(|value| !values.contains(value)));
    }
    found
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

/// Cells of an axis of segments: one more than there are frames costs nothing in a file.
const MOST_CELLS: usize = 1 << 20;

/// A segmentation has frames only where a segment is: what it lacks is empty.
fn by_segment<'a>(places: &[Vec<Entry<'a>>]) -> Option<Arranged<'a>> {
    const KEY: [Attribute; 1] = [Attribute::Number(AxisNumber::SegmentNumber)];
    // Other images may name segments too, but what they lack is missing.
    if !places.iter().flatten().all(|entry| entry.header.identity.may_lack_frames()) {
        return None;
    }
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
    let mut key = key.to_vec();
    let by = sort_counted(&mut cells, &mut key, &values);
    let axis = axis(&cells, places, &key, length);
    if !missing.is_empty() {
        let (axis, cell_count) = (axis.name.clone(), cells.len());
        issues.push(AxisFinding::Incomplete { axis, missing, cell_count, is_needed }.about([]));
    }
    if let Some(by) = by {
        let finding = AxisFinding::CountedByOrder {
            axis: axis.name.clone(),
            phase_count: length,
            position_count: places.len(),
            by,
        };
        issues.push(finding.about([]));
    }
    let slices = places.iter().filter_map(|place| place.first().copied()).collect();
    Arranged { slices, axis: Some(axis), cells, issues }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::report::CountedBy;
    use crate::series::tests::synthetic::{Images, header};

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.4";

    type Found = (Vec<usize>, Vec<Option<usize>>, Option<usize>, Vec<Issue>);

    /// Arranges images of which each has a place, an Instance Number and maybe a number; the
    /// indices of the slices and of the cells, and the issues.
    fn arranged(which: AxisNumber, images: &[(usize, i64, Option<f64>)]) -> Found {
        arranged_of(CT, which, images)
    }

    fn arranged_of(
        sop_class_uid: &str,
        which: AxisNumber,
        images: &[(usize, i64, Option<f64>)],
    ) -> Found {
        let headers = images.iter().enumerate().map(|(index, (_, instance, number))| {
            let mut one = header(&index.to_string());
            one.identity.sop_class_uid = sop_class_uid.to_owned();
            one.identity.instance_number = Some(*instance);
            one.acquisition.set(which, *number);
            one
        });
        let files = Images::new(headers.collect());
        let mut places: Vec<Vec<Entry<'_>>> = vec![Vec::new(); 2];
        for (entry, (place, ..)) in files.entries().iter().zip(images) {
            places[*place].push(*entry);
        }
        let Arranged { slices, axis, cells, issues } = arrange(places);
        let index = |entry: &Entry<'_>| entry.index;
        (
            slices.iter().map(index).collect(),
            cells.iter().map(|cell| cell.as_ref().map(index)).collect(),
            axis.map(|axis| axis.length),
            issues,
        )
    }

    #[test]
    fn one_image_a_position_needs_no_axis() {
        let (slices, cells, axis, issues) =
            arranged(AxisNumber::EchoTime, &[(0, 1, None), (1, 2, None)]);
        assert_eq!((slices, cells, axis), (vec![0, 1], vec![Some(0), Some(1)], None));
        assert_eq!(issues, []);
    }

    #[test]
    fn a_duplicate_with_a_higher_number_is_left_out() {
        let (slices, cells, axis, issues) =
            arranged(AxisNumber::EchoTime, &[(0, 1, None), (1, 9, None), (1, 2, None)]);
        assert_eq!((slices, cells, axis), (vec![0, 2], vec![Some(0), Some(2)], None));
        let paths = ["folder/2", "folder/1"].map(Into::into);
        let finding = AxisFinding::Duplicates { slice_index: 1, image_count: 2 };
        assert_eq!(issues, [finding.about(paths)]);
    }

    #[test]
    fn steps_of_the_axis_come_one_after_the_other() {
        let images = [(0, 1, Some(2.0)), (0, 2, Some(1.0)), (1, 3, Some(1.0)), (1, 4, Some(2.0))];
        let (slices, cells, axis, issues) = arranged(AxisNumber::EchoTime, &images);
        assert_eq!(slices, [0, 2], "those of the lowest Instance Number");
        assert_eq!(cells, [Some(1), Some(2), Some(0), Some(3)]);
        assert_eq!((axis, issues), (Some(2), vec![]));
    }

    #[test]
    fn images_that_only_numbers_tell_apart_are_counted() {
        let images = [(0, 1, None), (0, 3, None), (1, 2, None), (1, 4, None)];
        let (_, cells, axis, issues) = arranged(AxisNumber::EchoTime, &images);
        assert_eq!((cells, axis), (vec![Some(0), Some(2), Some(1), Some(3)], Some(2)));
        let (phase_count, position_count) = (2, 2);
        let axis = "instance".into();
        let by = CountedBy::Numbers;
        let finding = AxisFinding::CountedByOrder { axis, phase_count, position_count, by };
        assert_eq!(issues, [finding.about([])]);
    }

    #[test]
    fn images_that_nothing_tells_apart_are_left_out() {
        let images = [(0, 1, None), (0, 3, None), (1, 2, None), (1, 5, None)];
        let (slices, cells, axis, issues) = arranged(AxisNumber::EchoTime, &images);
        assert_eq!((slices, cells, axis), (vec![0, 2], vec![Some(0), Some(2)], None));
        let finding =
            AxisFinding::NothingTellsApart { phase_count: 2, position_count: 2, left_out_count: 2 };
        assert_eq!(issues, [finding.about(["folder/1", "folder/3"].map(Into::into))]);
    }

    #[test]
    fn what_a_segmentation_lacks_is_empty() {
        let images = [(0, 1, Some(1.0)), (1, 2, Some(1.0)), (1, 3, Some(2.0))];
        let (slices, cells, axis, issues) =
            arranged_of(SEGMENTATION, AxisNumber::SegmentNumber, &images);
        assert_eq!((slices, axis), (vec![0, 1], Some(2)));
        assert_eq!(cells, [Some(0), Some(1), None, Some(2)]);
        let finding = AxisFinding::Incomplete {
            axis: "segment".into(),
            missing: vec![(1, 0)],
            cell_count: 4,
            is_needed: false,
        };
        assert_eq!(issues, [finding.about([])]);
        // One segment needs no axis, and of two frames of one the second is a duplicate.
        for images in [
            &[(0, 1, Some(1.0)), (1, 2, Some(1.0))][..],
            &[(0, 1, Some(1.0)), (1, 2, Some(1.0)), (1, 3, Some(1.0))],
            &[(0, 1, Some(1.0)), (1, 2, None)],
        ] {
            let (_, _, axis, _) = arranged_of(SEGMENTATION, AxisNumber::SegmentNumber, images);
            assert_eq!(axis, None, "{images:?}");
        }
    }

    #[test]
    fn what_another_image_with_numbers_of_segments_lacks_is_missing() {
        let images = [(0, 1, Some(1.0)), (1, 2, Some(1.0)), (1, 3, Some(2.0))];
        let (_, cells, axis, issues) = arranged(AxisNumber::SegmentNumber, &images);
        assert_eq!((cells, axis), (vec![Some(0), Some(1), None, Some(2)], Some(2)));
        let finding = AxisFinding::Incomplete {
            axis: "segment".into(),
            missing: vec![(1, 0)],
            cell_count: 4,
            is_needed: true,
        };
        assert_eq!(issues, [finding.about([])]);
    }

    #[test]
    fn an_image_with_the_place_of_another_is_left_out() {
        let images = [
            (0, 1, Some(1.0)),
            (0, 2, Some(2.0)),
            (1, 3, Some(1.0)),
            (1, 4, Some(2.0)),
            (1, 5, Some(2.0)),
            (1, 6, Some(7.0)),
        ];
        // Two of three positions are complete.
        let mut all = images.to_vec();
        all.truncate(4);
        assert_eq!(arranged(AxisNumber::EchoTime, &all).3, []);
        let headers = |range: std::ops::Range<usize>| -> Vec<_> {
            images[range]
                .iter()
                .map(|(_, instance, number)| {
                    let mut one = header(&instance.to_string());
                    one.identity.instance_number = Some(*instance);
                    one.acquisition.set(AxisNumber::EchoTime, *number);
                    one
                })
                .collect()
        };
        let files = [headers(0..2), headers(0..2), headers(2..6)].map(Images::new);
        let arranged = arrange(files.iter().map(Images::entries).collect());
        let finding = AxisFinding::NotOnAxis { slice_index: 2, left_out_count: 2 };
        assert_eq!(arranged.issues, [finding.about(["folder/5", "folder/6"].map(Into::into))]);
        assert_eq!((arranged.cells.len(), arranged.slices.len()), (6, 3));
    }

    #[test]
    fn segments_make_no_more_cells_than_may_be_empty() {
        const SIDE: usize = 1 << 10;
        const { assert!(SIDE * SIDE == MOST_CELLS) };
        let frame = |segment: usize| {
            let mut one = header("a");
            one.identity.sop_class_uid = SEGMENTATION.to_owned();
            one.acquisition.set(AxisNumber::SegmentNumber, Some(segment as f64));
            one
        };
        // A segment for each place: as many cells as there may be, and a row more.
        for (count, expected) in [(SIDE, Some(MOST_CELLS)), (SIDE + 1, None)] {
            let images = Images::new((0..count).map(frame).collect());
            let places: Vec<Vec<Entry<'_>>> =
                images.entries().into_iter().map(|entry| vec![entry]).collect();
            let found = by_segment(&places).map(|found| found.cells.len());
            assert_eq!(found, expected, "{count}");
        }
    }
}
