use super::*;
use crate::series::header::{FrameHeader, InstanceHeader};
use crate::series::mosaic::{Mosaic, TilePlaces};
use crate::series::tests::synthetic::{AXIAL, Images, ORIGIN, SAGITTAL, header, regular, with};

fn ordered<T>(
    headers: Vec<InstanceHeader>,
    has_own_geometry: bool,
    look: impl FnOnce(Ordered<'_>) -> T,
) -> T {
    let images = Images::new(headers);
    let entries = images.entries();
    let orientation = entries[0].orientation;
    let group = Group { entries: entries.clone(), orientation, is_localizer: false };
    let tolerances = Tolerances {
        same_position: 0.25,
        position_absolute: 0.25,
        position_relative: 0.0,
        ..Tolerances::DEFAULT
    };
    look(order(&group, entries, has_own_geometry, &tolerances).unwrap())
}

fn at(name: &str, position: Vector) -> InstanceHeader {
    with(name, |one| one.plane.position = Some(position))
}

fn indices(ordered: &Ordered<'_>) -> Vec<usize> {
    ordered.cells.iter().take(ordered.slice_count()).flatten().map(|slice| slice.index).collect()
}

#[test]
fn positions_within_a_tolerance_are_one() {
    for (name, height, expected) in [("near", 0.25, vec![0, 2]), ("far", 0.5, vec![0, 1, 2])] {
        let heights = [("a", 0.0), ("b", height), ("c", 4.0)];
        let headers = heights.map(|(name, z)| at(name, [0.0, 0.0, z])).to_vec();
        assert_eq!(ordered(headers, false, |found| indices(&found)), expected, "{name}");
    }
}

#[test]
fn images_beside_their_slice_are_reported_past_the_tolerance() {
    for (name, x, expected) in [("near", 0.25, None), ("far", 0.5, Some(0.5))] {
        let mut headers = Vec::new();
        for (index, (x, z)) in [(0.0, 0.0), (0.0, 4.0), (x, 0.0), (x, 4.0)].iter().enumerate() {
            let mut one = at(&index.to_string(), [*x, 0.0, *z]);
            let echo = crate::series::AxisNumber::EchoNumber;
            one.acquisition.set(echo, Some((index / 2) as f64));
            headers.push(one);
        }
        let found = ordered(headers, false, |found| found.issues);
        let expected: Vec<Issue> = expected
            .into_iter()
            .map(|most_mm| {
                let paths = ["folder/2", "folder/3"].map(Into::into);
                GeometryFinding::BesideSlice { image_count: 2, most_mm }.about(paths)
            })
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_stack_lies_from_its_first_slice_to_its_last() {
    ordered(regular(), false, |found| {
        let extent = found.extent.unwrap();
        assert_eq!((extent.first, extent.last, extent.step), (-100.0, -82.5, 2.5));
        assert_eq!(found.affine.origin(), ORIGIN);
        assert_eq!(found.pixel_spacing, [0.75, 0.5]);
        assert_eq!(found.issues, []);
        assert_eq!(found.cells.len(), 8);
    });
}

#[test]
fn without_positions_slices_are_counted() {
    let mut headers = regular()[..3].to_vec();
    headers.iter_mut().for_each(|one| one.plane.position = None);
    headers[0].identity.instance_number = Some(9);
    headers[1].plane.slice_thickness = Some(3.0);
    ordered(headers, false, |found| {
        assert_eq!(indices(&found), [1, 2, 0]);
        assert!(found.extent.is_none());
        assert_eq!(found.affine.origin(), [0.0; 3]);
        assert_eq!(found.affine.steps()[0], [0.0, 0.0, 3.0]);
        let finding = GeometryFinding::Unplaced {
            lacking: Lacking::Position,
            image_count: 3,
            consequence: Consequence::Ordered { source: None, has_several_files: true },
        };
        let paths = ["folder/00", "folder/01", "folder/02"].map(Into::into);
        assert_eq!(found.issues, [finding.about(paths)]);
    });
}

#[test]
fn images_that_lie_elsewhere_have_no_position_issues() {
    let mut headers = regular()[..3].to_vec();
    headers.iter_mut().for_each(|one| one.plane.pixel_spacing = None);
    headers[1].plane.position = None;
    ordered(headers, true, |found| {
        assert_eq!((indices(&found), found.issues.len()), (vec![0, 1, 2], 0));
        assert!(found.extent.is_none());
        assert_eq!(found.pixel_spacing, [1.0, 1.0]);
    });
}

#[test]
fn an_image_without_a_plane_is_taken_to_be_axial() {
    let mut headers = regular()[..2].to_vec();
    for change in [
        |one: &mut InstanceHeader| one.plane.orientation = None,
        |one: &mut InstanceHeader| {
            (one.plane.position, one.plane.orientation) = (None, None);
        },
    ] {
        headers.iter_mut().for_each(change);
        ordered(headers.clone(), false, |found| {
            assert_eq!(found.affine.steps(), [[0.0, 0.0, 1.0], [0.0, 0.75, 0.0], [0.5, 0.0, 0.0]]);
            let has_position = headers[0].plane.position.is_some();
            let lacking = match has_position {
                true => Lacking::Orientation,
                false => Lacking::PositionAndOrientation,
            };
            let consequence = Consequence::Ordered { source: None, has_several_files: true };
            let finding = GeometryFinding::Unplaced { lacking, image_count: 2, consequence };
            let paths = ["folder/00", "folder/01"].map(Into::into);
            assert_eq!(found.issues, [finding.about(paths)]);
        });
    }
}

#[test]
fn a_single_slice_is_as_thick_as_it_says() {
    for (name, between, thickness, expected, is_known) in [
        ("the spacing first", Some(-3.0), Some(2.0), 3.0, true),
        ("a spacing of zero", Some(0.0), Some(2.0), 2.0, true),
        ("no number", Some(f64::NAN), Some(f64::INFINITY), 1.0, false),
        ("unknown", None, None, 1.0, false),
    ] {
        let one = with("a", |one| {
            one.plane.orientation = Some(SAGITTAL);
            one.plane.spacing_between_slices = between;
            one.plane.slice_thickness = thickness;
        });
        ordered(vec![one], false, |found| {
            assert_eq!(found.affine.steps()[0], [-expected, 0.0, 0.0], "{name}");
            let finding = GeometryFinding::NoThickness { assumed_mm: 1.0 };
            let expected: Vec<Issue> =
                (!is_known).then(|| finding.about(["folder/a".into()])).into_iter().collect();
            assert_eq!(found.issues, expected, "{name}");
        });
    }
}

#[test]
fn missing_and_detector_spacings_are_reported() {
    let thick = |change: fn(&mut InstanceHeader)| {
        with("a", |one| {
            one.plane.slice_thickness = Some(1.0);
            change(one);
        })
    };
    let issues = |one| ordered(vec![one], false, |found| found.issues);
    assert_eq!(
        issues(thick(|one| one.plane.pixel_spacing = None)),
        [GeometryFinding::NoPixelSpacing.about(["folder/a".into()])]
    );
    assert_eq!(
        issues(thick(|one| one.coordinates.is_spacing_at_detector = true)),
        [GeometryFinding::DetectorSpacing.about([])]
    );
    assert_eq!(issues(thick(|_| {})), []);
}

#[test]
fn places_without_positions_are_those_of_one_file() {
    let file = |numbers: &[(u32, PlaceSource)]| {
        let mut file = header("a");
        file.plane.position = None;
        let frames = numbers.iter().enumerate().map(|(index, (number, source))| FrameHeader {
            index,
            place_number: Some(PlaceNumber { source: *source, number: *number }),
            ..FrameHeader::of_instance(&file)
        });
        file.frames = frames.collect();
        file
    };
    use PlaceSource::{InStackPosition, SliceVector};
    for (name, numbers, expected, axis) in [
        ("one each", &[(2, SliceVector), (1, SliceVector)][..], &[1, 0][..], None),
        (
            "two each",
            &[(2, SliceVector), (1, SliceVector), (2, SliceVector), (1, SliceVector)],
            &[1, 0],
            Some(2),
        ),
        ("of two sources", &[(2, SliceVector), (1, InStackPosition)], &[0, 1], None),
        ("all the same", &[(1, SliceVector), (1, SliceVector)], &[0, 1], None),
    ] {
        let sources: Vec<PlaceSource> = numbers.iter().map(|(_, source)| *source).collect();
        ordered(vec![file(numbers)], false, |found| {
            assert_eq!(indices(&found), expected, "{name}");
            assert_eq!(found.axis.map(|axis| axis.length), axis, "{name}");
            let source = sources.iter().all(|one| *one == sources[0]).then_some(sources[0]);
            let finding = GeometryFinding::Unplaced {
                lacking: Lacking::Position,
                image_count: numbers.len(),
                consequence: Consequence::Ordered { source, has_several_files: false },
            };
            let paths = vec!["folder/a".into(); numbers.len()];
            assert_eq!(found.issues[..1], [finding.about(paths)], "{name}");
        });
    }
    // Those of two files follow each other.
    let two = [(2, SliceVector), (1, SliceVector)];
    let mut other = file(&two);
    other.path = "folder/b".into();
    ordered(vec![file(&two), other], false, |found| {
        assert_eq!(indices(&found), [1, 0, 3, 2]);
        assert!(found.axis.is_none());
    });
    let plane = Orientation::new(AXIAL, 1e-6).unwrap();
    assert_eq!(plane.normal(), [0.0, 0.0, 1.0]);
}

#[test]
fn images_without_a_position_are_left_out_where_others_have_one() {
    let mosaic = |one: &mut InstanceHeader| {
        let (rows, columns, places) = (5, 7, TilePlaces::Counted);
        one.image.mosaic = Some(Mosaic { across: 1, count: 1, rows, columns, places });
    };
    for (name, tiled, lacking) in [
        ("slices", &[][..], Lacking::Position),
        ("a slice and tiles", &[2][..], Lacking::Position),
        ("tiles", &[2, 3], Lacking::MosaicPosition),
    ] {
        let mut headers = regular()[..4].to_vec();
        headers[2..].iter_mut().for_each(|one| one.plane.position = None);
        tiled.iter().for_each(|index| mosaic(&mut headers[*index]));
        ordered(headers, false, |found| {
            assert_eq!(indices(&found), [0, 1], "{name}");
            let (image_count, consequence) = (2, Consequence::LeftOut);
            let finding = GeometryFinding::Unplaced { lacking, image_count, consequence };
            let paths = ["folder/02", "folder/03"].map(Into::into);
            assert_eq!(found.issues, [finding.about(paths)], "{name}");
        });
    }
}
