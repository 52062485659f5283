//! Findings about where slices lie.

use super::issue::Finding;
use super::kind::IssueKind;
use super::words::{count, mm, verb};
use crate::series::header::PlaceSource;

/// What is irregular in where slices lie. Lengths are in mm.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::series) enum GeometryFinding {
    /// Images whose place is not known.
    Unplaced {
        /// What they lack.
        lacking: Lacking,
        /// How many there are.
        image_count: usize,
        /// What becomes of them.
        consequence: Consequence,
    },
    /// Pixel Spacing is missing.
    NoPixelSpacing,
    /// The thickness of a single slice is missing.
    NoThickness { assumed_mm: f64 },
    /// Mosaics without Spacing Between Slices, of so many slices.
    AssumedMosaicSpacing { slice_count: usize },
    /// Pixel spacing is that at the detector.
    DetectorSpacing,
    /// Slices in coordinates of the volume.
    VolumeCoordinates { slice_count: usize },
    /// Slices in other coordinates than the first.
    MixedCoordinates { slice_count: usize },
    /// No step fits the positions.
    NoStep,
    /// Slices are missing after the slice `before`.
    Gap { before: usize, missing_count: f64, found_mm: f64, expected_mm: f64 },
    /// Steps differ, on both sides of so many slices.
    UnevenSteps { slice_count: usize, least_mm: f64, most_mm: f64, usual_mm: f64 },
    /// Slices lie beside the line through the first and the last one.
    BesideLine { slice_count: usize, most_mm: f64 },
    /// Images lie beside others of their slice.
    BesideSlice { image_count: usize, most_mm: f64 },
    /// The line of slices leans from their normal.
    Tilt { angle_degrees: f64, shear_mm: f64, plane_distance_mm: f64 },
}

/// What images need to have a place, and lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::series) enum Lacking {
    /// Image Position (Patient).
    Position,
    /// What the position of a mosaic's tiles comes from.
    MosaicPosition,
    /// Image Orientation (Patient).
    Orientation,
    /// Both.
    PositionAndOrientation,
}

impl Lacking {
    fn name(self) -> &'static str {
        match self {
            Lacking::Position => "Image Position (Patient)",
            Lacking::MosaicPosition => {
                "Image Position (Patient), Slice Thickness or SliceNormalVector of its mosaic"
            }
            Lacking::Orientation => "Image Orientation (Patient)",
            Lacking::PositionAndOrientation => {
                "Image Position (Patient) and Image Orientation (Patient)"
            }
        }
    }
}

/// What becomes of images without a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::series) enum Consequence {
    /// They are left out.
    LeftOut,
    /// They are kept in the order of their numbers.
    Ordered {
        /// What numbers their places, if one thing does.
        source: Option<PlaceSource>,
        /// They are in several files.
        has_several_files: bool,
    },
}

impl Consequence {
    fn words(self, image_count: usize) -> String {
        match self {
            Consequence::LeftOut => format!("and {} left out", verb(image_count, "is", "are")),
            Consequence::Ordered { .. } if image_count == 1 => {
                "so its place is not known".to_owned()
            }
            Consequence::Ordered { source, has_several_files } => {
                let order = match source.map(PlaceSource::name) {
                    Some(name) if has_several_files => {
                        format!("Instance Number, and in each file of {name}")
                    }
                    Some(name) => name.to_owned(),
                    None => "Instance Number".to_owned(),
                };
                format!("so their order is that of {order}, and their place is not known")
            }
        }
    }
}

impl Finding for GeometryFinding {
    fn kind(&self) -> IssueKind {
        match self {
            GeometryFinding::Unplaced { lacking: Lacking::Orientation, .. } => {
                IssueKind::MissingOrientation
            }
            GeometryFinding::Unplaced { .. } => IssueKind::MissingPosition,
            GeometryFinding::NoPixelSpacing
            | GeometryFinding::NoThickness { .. }
            | GeometryFinding::AssumedMosaicSpacing { .. } => IssueKind::MissingSpacing,
            GeometryFinding::DetectorSpacing => IssueKind::DetectorSpacing,
            GeometryFinding::VolumeCoordinates { .. } => IssueKind::VolumeCoordinates,
            GeometryFinding::MixedCoordinates { .. } => IssueKind::MixedFrameOfReference,
            GeometryFinding::Gap { .. } => IssueKind::Gap,
            GeometryFinding::NoStep | GeometryFinding::UnevenSteps { .. } => {
                IssueKind::UnevenSpacing
            }
            GeometryFinding::BesideLine { .. } | GeometryFinding::BesideSlice { .. } => {
                IssueKind::OffAxis
            }
            GeometryFinding::Tilt { .. } => IssueKind::Tilt,
        }
    }

    fn is_error(&self) -> bool {
        !matches!(
            self,
            GeometryFinding::NoThickness { .. }
                | GeometryFinding::AssumedMosaicSpacing { .. }
                | GeometryFinding::DetectorSpacing
                | GeometryFinding::VolumeCoordinates { .. }
                | GeometryFinding::Tilt { .. }
        )
    }

    fn numbers(&self, file_count: usize) -> Vec<(&'static str, f64)> {
        match *self {
            GeometryFinding::Unplaced { image_count, consequence, .. } => {
                let is_left_out = consequence == Consequence::LeftOut;
                let left_out_count = if is_left_out { image_count } else { 0 };
                vec![("file_count", file_count as f64), ("left_out_count", left_out_count as f64)]
            }
            GeometryFinding::NoPixelSpacing
            | GeometryFinding::DetectorSpacing
            | GeometryFinding::NoStep => Vec::new(),
            GeometryFinding::NoThickness { assumed_mm } => vec![("assumed_mm", assumed_mm)],
            GeometryFinding::AssumedMosaicSpacing { slice_count }
            | GeometryFinding::VolumeCoordinates { slice_count }
            | GeometryFinding::MixedCoordinates { slice_count } => {
                vec![("slice_count", slice_count as f64)]
            }
            GeometryFinding::Gap { before, missing_count, found_mm, expected_mm } => vec![
                ("slice_index", before as f64),
                ("missing_count", missing_count),
                ("found_mm", found_mm),
                ("expected_mm", expected_mm),
            ],
            GeometryFinding::UnevenSteps { slice_count, least_mm, most_mm, usual_mm } => vec![
                ("slice_count", slice_count as f64),
                ("least_mm", least_mm),
                ("most_mm", most_mm),
                ("expected_mm", usual_mm),
            ],
            GeometryFinding::BesideLine { slice_count, most_mm } => {
                vec![("slice_count", slice_count as f64), ("most_mm", most_mm)]
            }
            GeometryFinding::BesideSlice { image_count, most_mm } => {
                vec![("image_count", image_count as f64), ("most_mm", most_mm)]
            }
            GeometryFinding::Tilt { angle_degrees, shear_mm, plane_distance_mm } => vec![
                ("angle_degrees", angle_degrees),
                ("shear_mm", shear_mm),
                ("plane_distance_mm", plane_distance_mm),
            ],
        }
    }

    fn sentence(&self) -> String {
        match *self {
            GeometryFinding::Unplaced { lacking, image_count, consequence } => format!(
                "{} {} no usable {}, {}",
                count(image_count, "image"),
                verb(image_count, "has", "have"),
                lacking.name(),
                consequence.words(image_count)
            ),
            GeometryFinding::NoPixelSpacing => {
                "Pixel Spacing is missing: 1 mm stands in for it".to_owned()
            }
            GeometryFinding::NoThickness { assumed_mm } => format!(
                "the thickness of the only slice is not known: {} stands in for it",
                mm(assumed_mm)
            ),
            GeometryFinding::AssumedMosaicSpacing { .. } => {
                "mosaics without Spacing Between Slices: Slice Thickness stands in for it, which \
                 leaves gaps between slices out"
                    .to_owned()
            }
            GeometryFinding::DetectorSpacing => {
                "the spacing of pixels is that at the detector (Imager Pixel Spacing), not that \
                 in the patient"
                    .to_owned()
            }
            GeometryFinding::VolumeCoordinates { .. } => {
                "positions are in coordinates of the volume (Image Position (Volume)), not of the \
                 patient, and so is what the affine leads to"
                    .to_owned()
            }
            GeometryFinding::MixedCoordinates { .. } => {
                "positions refer to several coordinate systems (Frame of Reference UID)".to_owned()
            }
            GeometryFinding::NoStep => "no step from slice to slice fits the positions".to_owned(),
            _ => self.words_of_steps(),
        }
    }
}

impl GeometryFinding {
    /// The sentence of what is measured from slice to slice.
    fn words_of_steps(&self) -> String {
        match *self {
            GeometryFinding::Gap { before, missing_count, found_mm, expected_mm } => format!(
                "{} missing between slices {before} and {}: they are {} apart, expected {}",
                match missing_count {
                    1.0 => "1 slice is".to_owned(),
                    _ => format!("{missing_count:.0} slices are"),
                },
                before.saturating_add(1),
                mm(found_mm),
                mm(expected_mm),
            ),
            GeometryFinding::UnevenSteps { least_mm, most_mm, usual_mm, .. } => format!(
                "slices are unevenly spaced: {} to {} apart, mostly {}; no affine fits all of them",
                mm(least_mm),
                mm(most_mm),
                mm(usual_mm)
            ),
            GeometryFinding::BesideLine { slice_count, most_mm } => format!(
                "{} {} up to {} beside the line through the first and the last one",
                count(slice_count, "slice"),
                verb(slice_count, "lies", "lie"),
                mm(most_mm)
            ),
            GeometryFinding::BesideSlice { image_count, most_mm } => format!(
                "{} {} up to {} beside others of the same slice",
                count(image_count, "image"),
                verb(image_count, "lies", "lie"),
                mm(most_mm)
            ),
            GeometryFinding::Tilt { angle_degrees, plane_distance_mm, .. } => format!(
                "slices lean {angle_degrees:.2} degrees from their normal: the affine carries \
                 the shear, and planes are {} apart",
                mm(plane_distance_mm)
            ),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn spacings_and_coordinates() {
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
                GeometryFinding::Tilt {
                    angle_degrees: 12.345,
                    shear_mm: 0.5,
                    plane_distance_mm: 2.5,
                },
                IssueKind::Tilt,
                false,
                &[("angle_degrees", 12.345), ("shear_mm", 0.5), ("plane_distance_mm", 2.5)],
                "slices lean 12.35 degrees from their normal: the affine carries the shear, and \
                 planes are 2.5 mm apart",
            ),
        ]);
    }
}
