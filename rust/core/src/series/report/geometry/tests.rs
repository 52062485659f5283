use super::*;

const LEFT_OUT: Consequence = Consequence::LeftOut;
const IN_ORDER: Consequence = Consequence::Ordered { source: None, has_several_files: true };

fn unplaced(lacking: Lacking, image_count: usize, consequence: Consequence) -> GeometryFinding {
    GeometryFinding::Unplaced { lacking, image_count, consequence }
}

#[test]
fn images_without_a_place_are_named_with_what_they_lack_and_what_becomes_of_them() {
    let by = |source, has_several_files| Consequence::Ordered {
        source: Some(source),
        has_several_files,
    };
    for (finding, kind, left_out, sentence) in [
        (
            unplaced(Lacking::Position, 1, LEFT_OUT),
            IssueKind::MissingPosition,
            1.0,
            "1 image has no usable Image Position (Patient), and is left out",
        ),
        (
            unplaced(Lacking::MosaicPosition, 2, LEFT_OUT),
            IssueKind::MissingPosition,
            2.0,
            "2 images have no usable Image Position (Patient), Slice Thickness or \
             SliceNormalVector of its mosaic, and are left out",
        ),
        (
            unplaced(Lacking::FrameOffsets, 1, LEFT_OUT),
            IssueKind::MissingPosition,
            1.0,
            "1 image has no usable Grid Frame Offset Vector, and is left out",
        ),
        (
            unplaced(Lacking::Orientation, 1, IN_ORDER),
            IssueKind::MissingOrientation,
            0.0,
            "1 image has no usable Image Orientation (Patient), so its place is not known",
        ),
        (
            unplaced(Lacking::PositionAndOrientation, 2, IN_ORDER),
            IssueKind::MissingPosition,
            0.0,
            "2 images have no usable Image Position (Patient) and Image Orientation \
             (Patient), so their order is that of Instance Number, and their place is not \
             known",
        ),
        (
            unplaced(Lacking::Orientation, 2, by(PlaceSource::SliceVector, false)),
            IssueKind::MissingOrientation,
            0.0,
            "2 images have no usable Image Orientation (Patient), so their order is that of \
             Slice Vector, and their place is not known",
        ),
        (
            unplaced(Lacking::Position, 2, by(PlaceSource::InStackPosition, true)),
            IssueKind::MissingPosition,
            0.0,
            "2 images have no usable Image Position (Patient), so their order is that of \
             Instance Number, and in each file of In-Stack Position Number, and their place \
             is not known",
        ),
    ] {
        let issue = finding.about(["a".into()]);
        assert_eq!((issue.kind, issue.is_error), (kind, true), "{sentence}");
        assert_eq!(issue.numbers, [("file_count", 1.0), ("left_out_count", left_out)]);
        assert_eq!(issue.sentence, sentence);
    }
}

/// The finding; the kind, whether it is an error, and the numbers of its issue; its sentence.
type Case = (GeometryFinding, IssueKind, bool, &'static [(&'static str, f64)], &'static str);

fn check(cases: &[Case]) {
    for (finding, kind, is_error, numbers, sentence) in cases {
        let issue = finding.clone().about([]);
        assert_eq!((issue.kind, issue.is_error), (*kind, *is_error), "{sentence}");
        assert_eq!(issue.numbers, *numbers, "{sentence}");
        assert_eq!(issue.sentence, *sentence);
    }
}

#[test]
fn spacings() {
    check(&[
        (
            GeometryFinding::NoPixelSpacing,
            IssueKind::MissingSpacing,
            true,
            &[],
            "Pixel Spacing is missing: 1 mm stands in for it",
        ),
        (
            GeometryFinding::NoThickness { assumed_mm: 1.0 },
            IssueKind::MissingSpacing,
            false,
            &[("assumed_mm", 1.0)],
            "the thickness of the only slice is not known: 1 mm stands in for it",
        ),
        (
            GeometryFinding::AssumedMosaicSpacing { slice_count: 3 },
            IssueKind::MissingSpacing,
            false,
            &[("slice_count", 3.0)],
            "mosaics without Spacing Between Slices: Slice Thickness stands in for it, which \
             leaves gaps between slices out",
        ),
        (
            GeometryFinding::AssumedSpacing { slice_count: 3 },
            IssueKind::MissingSpacing,
            false,
            &[("slice_count", 3.0)],
            "Spacing Between Slices is missing: Slice Thickness stands in for it, which leaves \
             gaps between slices out",
        ),
        (
            GeometryFinding::OnePosition { slice_count: 3 },
            IssueKind::MissingPosition,
            false,
            &[("slice_count", 3.0)],
            "a file has one Image Position (Patient) for all of its frames: it is taken as that \
             of the first, and the others lie Spacing Between Slices apart along the normal",
        ),
        (
            GeometryFinding::RoundedOrientation { slice_count: 3 },
            IssueKind::RoundedOrientation,
            false,
            &[("slice_count", 3.0)],
            "Image Orientation (Patient) was rounded to few decimals: the nearest perpendicular \
             unit vectors stand in for it",
        ),
    ]);
}

#[test]
fn slices_of_segmentations() {
    check(&[
        (
            GeometryFinding::UntoldSpacing { slice_count: 2, found_mm: 8.0 },
            IssueKind::MissingSpacing,
            false,
            &[("slice_count", 2.0), ("found_mm", 8.0)],
            "Spacing Between Slices is missing: 2 slices of a segmentation, 8 mm apart, are taken \
             as neighbours",
        ),
        (
            GeometryFinding::OffGrid { slice_count: 2, most_mm: 0.5, expected_mm: 3.0 },
            IssueKind::UnevenSpacing,
            true,
            &[("slice_count", 2.0), ("most_mm", 0.5), ("expected_mm", 3.0)],
            "2 slices of a segmentation lie up to 0.5 mm from a whole number of steps of 3 mm",
        ),
    ]);
}

#[test]
fn coordinate_systems() {
    check(&[
        (
            GeometryFinding::DetectorSpacing,
            IssueKind::DetectorSpacing,
            false,
            &[],
            "the spacing of pixels is that at the detector (Imager Pixel Spacing), not that \
             in the patient",
        ),
        (
            GeometryFinding::VolumeCoordinates { slice_count: 3 },
            IssueKind::VolumeCoordinates,
            false,
            &[("slice_count", 3.0)],
            "positions are in coordinates of the volume (Image Position (Volume)), not of the \
             patient, and so is what the affine leads to",
        ),
        (
            GeometryFinding::MixedCoordinates { slice_count: 3 },
            IssueKind::MixedFrameOfReference,
            true,
            &[("slice_count", 3.0)],
            "positions refer to several coordinate systems (Frame of Reference UID)",
        ),
    ]);
}

#[test]
fn steps_from_slice_to_slice() {
    let gap = |missing_count| GeometryFinding::Gap {
        before: 2,
        missing_count,
        found_mm: 5.0,
        expected_mm: 2.5,
    };
    check(&[
        (
            GeometryFinding::NoStep,
            IssueKind::UnevenSpacing,
            true,
            &[],
            "no step from slice to slice fits the positions",
        ),
        (
            gap(1.0),
            IssueKind::Gap,
            true,
            &[
                ("slice_index", 2.0),
                ("missing_count", 1.0),
                ("found_mm", 5.0),
                ("expected_mm", 2.5),
            ],
            "1 slice is missing between slices 2 and 3: they are 5 mm apart, expected 2.5 mm",
        ),
        (
            gap(2.0),
            IssueKind::Gap,
            true,
            &[
                ("slice_index", 2.0),
                ("missing_count", 2.0),
                ("found_mm", 5.0),
                ("expected_mm", 2.5),
            ],
            "2 slices are missing between slices 2 and 3: they are 5 mm apart, \
             expected 2.5 mm",
        ),
        (
            GeometryFinding::UnevenSteps {
                slice_count: 3,
                least_mm: 1.5,
                most_mm: 3.5,
                usual_mm: 2.5,
            },
            IssueKind::UnevenSpacing,
            true,
            &[("slice_count", 3.0), ("least_mm", 1.5), ("most_mm", 3.5), ("expected_mm", 2.5)],
            "slices are unevenly spaced: 1.5 mm to 3.5 mm apart, mostly 2.5 mm; no affine \
             fits all of them",
        ),
    ]);
}

#[test]
fn lines_of_slices() {
    check(&[
        (
            GeometryFinding::BesideLine { slice_count: 1, most_mm: 0.5 },
            IssueKind::OffAxis,
            true,
            &[("slice_count", 1.0), ("most_mm", 0.5)],
            "1 slice lies up to 0.5 mm beside the line through the first and the last one",
        ),
        (
            GeometryFinding::BesideSlice { image_count: 2, most_mm: 0.5 },
            IssueKind::OffAxis,
            true,
            &[("image_count", 2.0), ("most_mm", 0.5)],
            "2 images lie up to 0.5 mm beside others of the same slice",
        ),
        (
            GeometryFinding::Tilt { angle_degrees: 12.345, shear_mm: 0.5, plane_distance_mm: 2.5 },
            IssueKind::Tilt,
            false,
            &[("angle_degrees", 12.345), ("shear_mm", 0.5), ("plane_distance_mm", 2.5)],
            "slices lean 12.35 degrees from their normal: the affine carries the shear, and \
             planes are 2.5 mm apart",
        ),
    ]);
}
