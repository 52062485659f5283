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
    /// Frames of files with one position, of so many slices.
    OnePosition { slice_count: usize },
    /// Frames of nuclear medicine without Spacing Between Slices.
    AssumedSpacing { slice_count: usize },
    /// Slices of a segmentation without Spacing Between Slices, farther apart than they are thick.
    UntoldSpacing { slice_count: usize, found_mm: f64 },
    /// Orientations were rounded.
    RoundedOrientation { slice_count: usize },
    /// Slices of a segmentation are not whole steps apart.
    OffGrid { slice_count: usize, most_mm: f64, expected_mm: f64 },
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
    /// What the places of a dose's frames come from.
    FrameOffsets,
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
            Lacking::FrameOffsets => "Grid Frame Offset Vector",
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
            GeometryFinding::Unplaced { .. } | GeometryFinding::OnePosition { .. } => {
                IssueKind::MissingPosition
            }
            GeometryFinding::RoundedOrientation { .. } => IssueKind::RoundedOrientation,
            GeometryFinding::NoPixelSpacing
            | GeometryFinding::NoThickness { .. }
            | GeometryFinding::AssumedMosaicSpacing { .. }
            | GeometryFinding::AssumedSpacing { .. }
            | GeometryFinding::UntoldSpacing { .. } => IssueKind::MissingSpacing,
            GeometryFinding::DetectorSpacing => IssueKind::DetectorSpacing,
            GeometryFinding::VolumeCoordinates { .. } => IssueKind::VolumeCoordinates,
            GeometryFinding::MixedCoordinates { .. } => IssueKind::MixedFrameOfReference,
            GeometryFinding::Gap { .. } => IssueKind::Gap,
            GeometryFinding::NoStep
            | GeometryFinding::UnevenSteps { .. }
            | GeometryFinding::OffGrid { .. } => IssueKind::UnevenSpacing,
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
                | GeometryFinding::AssumedSpacing { .. }
                | GeometryFinding::UntoldSpacing { .. }
                | GeometryFinding::OnePosition { .. }
                | GeometryFinding::RoundedOrientation { .. }
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
            GeometryFinding::UntoldSpacing { slice_count, found_mm } => {
                vec![("slice_count", slice_count as f64), ("found_mm", found_mm)]
            }
            GeometryFinding::NoThickness { assumed_mm } => vec![("assumed_mm", assumed_mm)],
            GeometryFinding::AssumedMosaicSpacing { slice_count }
            | GeometryFinding::AssumedSpacing { slice_count }
            | GeometryFinding::OnePosition { slice_count }
            | GeometryFinding::RoundedOrientation { slice_count }
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
            GeometryFinding::OffGrid { slice_count, most_mm, expected_mm } => vec![
                ("slice_count", slice_count as f64),
                ("most_mm", most_mm),
                ("expected_mm", expected_mm),
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
            GeometryFinding::AssumedSpacing { .. } => {
                "Spacing Between Slices is missing: Slice Thickness stands in for it, which leaves \
                 gaps between slices out"
                    .to_owned()
            }
            GeometryFinding::UntoldSpacing { slice_count, found_mm } => format!(
                "Spacing Between Slices is missing: {} of a segmentation, {} apart, are taken as \
                 neighbours",
                count(slice_count, "slice"),
                mm(found_mm)
            ),
            GeometryFinding::OnePosition { .. } => {
                "a file has one Image Position (Patient) for all of its frames: it is taken as \
                 that of the first, and the others lie Spacing Between Slices apart along the \
                 normal"
                    .to_owned()
            }
            GeometryFinding::RoundedOrientation { .. } => {
                "Image Orientation (Patient) was rounded to few decimals: the nearest \
                 perpendicular unit vectors stand in for it"
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
            GeometryFinding::OffGrid { slice_count, most_mm, expected_mm } => format!(
                "{} of a segmentation {} up to {} from a whole number of steps of {}",
                count(slice_count, "slice"),
                verb(slice_count, "lies", "lie"),
                mm(most_mm),
                mm(expected_mm)
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
mod tests;
