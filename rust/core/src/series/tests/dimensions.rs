//! Frames that their numbers place or tell apart.

use super::synthetic::*;
use crate::functional_groups::Dimensions;
use crate::series::axis::CoordinateValues;
use crate::series::header::{FrameHeader, ImagePlane, InstanceHeader, PlaceNumber, PlaceSource};
use crate::series::plan::SeriesPlan;
use crate::tag::Tag;

const ENERGY_WINDOW: Tag = Tag::new(0x0054, 0x0010);

/// A file of eight frames, two at each of four positions, counted by a vector.
fn multi_frame(vector: &[f64]) -> InstanceHeader {
    let stack = Stack::default();
    let mut file = header("a");
    file.dimensions = Some(Box::new(Dimensions::of_vectors(&[(ENERGY_WINDOW, vector.to_vec())])));
    let frame = |index: usize| {
        let place = index % 4;
        let number = PlaceNumber { source: PlaceSource::InStackPosition, number: 4 - place as u32 };
        let position = Some(stack.position(place));
        FrameHeader {
            index,
            plane: ImagePlane { position, ..file.plane },
            place_number: Some(number),
            ..FrameHeader::of_instance(&file)
        }
    };
    file.frames = (0..8).map(frame).collect();
    file
}

fn frames(plan: &SeriesPlan) -> Vec<usize> {
    plan.set.slices.iter().flatten().map(|slice| slice.frame.index).collect()
}

#[test]
fn a_dimension_tells_frames_apart() {
    for (name, vector, expected) in [
        (
            "in the order of the file",
            [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0],
            [0, 1, 2, 3, 4, 5, 6, 7],
        ),
        ("in another order", [7.0, 7.0, 3.0, 3.0, 3.0, 3.0, 7.0, 7.0], [4, 5, 2, 3, 0, 1, 6, 7]),
    ] {
        let plan = plan(vec![multi_frame(&vector)]);
        assert_eq!(frames(&plan), expected, "{name}");
        let axis = plan.axis.as_ref().unwrap();
        assert_eq!((&*axis.name, axis.length), ("energy_window", 2), "{name}");
        let mut steps = vector.to_vec();
        steps.sort_by(f64::total_cmp);
        steps.dedup();
        assert_eq!(axis.coordinates[0].values, CoordinateValues::Numbers(steps), "{name}");
        assert!(findings(&plan).is_empty(), "{name}");
    }
}

/// Changes frames without positions; the frames in their order; the shape.
type Case = (&'static str, fn(&mut FrameHeader), &'static [usize], &'static [usize]);

#[test]
fn numbers_of_places_serve_where_positions_are_missing() {
    let vector = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0];
    let cases: &[Case] = &[
        ("all", |_| {}, &[3, 2, 1, 0, 7, 6, 5, 4], &[2, 4, 5, 7]),
        (
            "one without a number",
            |frame| frame.place_number = frame.place_number.filter(|_| frame.index > 0),
            &[0, 1, 2, 3, 4, 5, 6, 7],
            &[8, 5, 7],
        ),
        (
            "numbers of several sources",
            |frame| {
                let number = frame.place_number.as_mut().filter(|_| frame.index == 2);
                number.into_iter().for_each(|number| number.source = PlaceSource::SliceVector);
            },
            &[0, 1, 2, 3, 4, 5, 6, 7],
            &[8, 5, 7],
        ),
        (
            "two stacks",
            |frame| frame.stack_id = Some(if frame.index < 4 { "2".into() } else { "1".into() }),
            &[7, 6, 5, 4, 3, 2, 1, 0],
            &[8, 5, 7],
        ),
    ];
    for (name, change, expected, shape) in cases {
        let mut file = multi_frame(&vector);
        file.frames.iter_mut().for_each(|frame| frame.plane.position = None);
        file.frames.iter_mut().for_each(change);
        let plan = plan(vec![file]);
        assert_eq!(
            (frames(&plan).as_slice(), plan.shape.as_slice()),
            (*expected, *shape),
            "{name}"
        );
        assert_eq!(findings(&plan), ["missing_position!: a"], "{name}");
    }
}

#[test]
fn positions_are_right_where_numbers_contradict_them() {
    let mut file = multi_frame(&[1.0; 8]);
    file.frames.truncate(4);
    for (frame, number) in file.frames.iter_mut().zip([3, 1, 4, 2]) {
        frame.place_number = Some(PlaceNumber { source: PlaceSource::InStackPosition, number });
    }
    let plan = plan(vec![file]);
    assert_eq!(frames(&plan), [0, 1, 2, 3]);
    assert!(findings(&plan).is_empty());
}

#[test]
fn coordinates_of_volume_and_patient_are_never_mixed() {
    for uid in ["1.9", ""] {
        let mut headers = regular();
        headers.iter_mut().for_each(|one| one.coordinates.frame_of_reference_uid = uid.to_owned());
        headers[4..].iter_mut().for_each(|one| one.coordinates.is_in_volume = true);
        let plan = plan(headers);
        assert!(
            findings(&plan).iter().any(|found| found == "mixed_frame_of_reference!: 04 05 06 07"),
            "{uid}"
        );
        let stacks: Vec<_> = plan.stacks.iter().map(slices).collect();
        assert_eq!(stacks, ["00 01 02 03", "04 05 06 07"], "{uid}");
        assert_eq!(findings(&plan.stacks[1]), ["volume_coordinates: 04 05 06 07"], "{uid}");
    }
}
