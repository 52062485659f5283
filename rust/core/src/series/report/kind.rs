//! What an issue can be about. A new kind needs a variant here, its name below, and a row in
//! `docs/report.md`.

use std::fmt;

/// What a finding is about. In the order in which a report lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IssueKind {
    /// A file whose header cannot be read, or whose image attributes contradict themselves.
    Unreadable,
    /// A file without all of its pixels.
    Truncated,
    /// Frames that cannot be read, which shows when they are read.
    DamagedFrame,
    /// Frames that are not as the standard wants them, which shows when they are read.
    OddFrame,
    /// Pixels that this version does not read.
    Unsupported,
    /// An object without pixels.
    NotAnImage,
    /// Slices of several studies under one Series Instance UID.
    MixedStudy,
    /// Positions that refer to several coordinate systems.
    MixedFrameOfReference,
    /// Images of another patient, modality, unit, kernel or the like, left out, or among the
    /// slices.
    MixedContent,
    /// A localizer, left out.
    Localizer,
    /// Images of another plane, left out.
    MixedOrientation,
    /// Images with other rows or columns, left out.
    MixedShape,
    /// Images with another Photometric Interpretation or number of samples, left out.
    MixedPhotometric,
    /// Images with another Pixel Spacing, left out.
    MixedSpacing,
    /// Images without a usable Image Position (Patient).
    MissingPosition,
    /// Images without a usable Image Orientation (Patient).
    MissingOrientation,
    /// Cosines of Image Orientation (Patient) were rounded to few decimals.
    RoundedOrientation,
    /// Pixel Spacing, the thickness of a single slice, or the spacing of a mosaic's slices is not
    /// known.
    MissingSpacing,
    /// The spacing is that at the detector: Imager Pixel Spacing.
    DetectorSpacing,
    /// Positions are in coordinates of the volume (Image Position (Volume)), not of the patient.
    VolumeCoordinates,
    /// Every position occurs several times, and nothing but numbers, or nothing at all, tells the
    /// images apart.
    MultiplePhases,
    /// Slices differ in Data Type: in what their numbers are.
    MixedDataType,
    /// Images are missing on the axis in front of the slices.
    IncompleteGrid,
    /// Some positions occur several times, or some files do.
    DuplicatePosition,
    /// Slices are missing.
    Gap,
    /// Steps differ in another way than by whole slices.
    UnevenSpacing,
    /// Slices do not lie on one line.
    OffAxis,
    /// The line of slices leans from their normal; the affine carries the shear.
    Tilt,
    /// Rescale Slope or Intercept is no number, or the slope is zero.
    BadRescale,
    /// Slices differ in Rescale Slope, Rescale Intercept or Modality LUT, which are applied to
    /// each.
    MixedRescale,
    /// A Modality LUT was applied that leads back to the intensity of the beam, and is no part of
    /// what is shown.
    LutOfIntensity,
    /// Stored values of slices differ in width or sign.
    MixedSampleType,
    /// Some voxels are padding, not measured.
    PixelPadding,
}

impl IssueKind {
    /// The name that a user sees.
    pub fn name(self) -> &'static str {
        match self {
            IssueKind::Unreadable => "unreadable",
            IssueKind::Truncated => "truncated",
            IssueKind::DamagedFrame => "damaged_frame",
            IssueKind::OddFrame => "odd_frame",
            IssueKind::Unsupported => "unsupported",
            IssueKind::NotAnImage => "not_an_image",
            IssueKind::MixedStudy => "mixed_study",
            IssueKind::MixedFrameOfReference => "mixed_frame_of_reference",
            IssueKind::MixedContent => "mixed_content",
            IssueKind::Localizer => "localizer",
            IssueKind::MixedOrientation => "mixed_orientation",
            IssueKind::MixedShape => "mixed_shape",
            IssueKind::MixedPhotometric => "mixed_photometric",
            IssueKind::MixedSpacing => "mixed_spacing",
            IssueKind::MissingPosition => "missing_position",
            IssueKind::MissingOrientation => "missing_orientation",
            IssueKind::RoundedOrientation => "rounded_orientation",
            IssueKind::MissingSpacing => "missing_spacing",
            IssueKind::DetectorSpacing => "detector_spacing",
            IssueKind::VolumeCoordinates => "volume_coordinates",
            IssueKind::MultiplePhases => "multiple_phases",
            IssueKind::MixedDataType => "mixed_data_type",
            IssueKind::IncompleteGrid => "incomplete_grid",
            IssueKind::DuplicatePosition => "duplicate_position",
            IssueKind::Gap => "gap",
            IssueKind::UnevenSpacing => "uneven_spacing",
            IssueKind::OffAxis => "off_axis",
            IssueKind::Tilt => "tilt",
            IssueKind::BadRescale => "bad_rescale",
            IssueKind::MixedRescale => "mixed_rescale",
            IssueKind::LutOfIntensity => "lut_of_intensity",
            IssueKind::MixedSampleType => "mixed_sample_type",
            IssueKind::PixelPadding => "pixel_padding",
        }
    }
}

impl fmt::Display for IssueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_listed_in_the_order_of_a_report() {
        let kinds = [
            (IssueKind::Unreadable, "unreadable"),
            (IssueKind::Truncated, "truncated"),
            (IssueKind::DamagedFrame, "damaged_frame"),
            (IssueKind::OddFrame, "odd_frame"),
            (IssueKind::Unsupported, "unsupported"),
            (IssueKind::NotAnImage, "not_an_image"),
            (IssueKind::MixedStudy, "mixed_study"),
            (IssueKind::MixedFrameOfReference, "mixed_frame_of_reference"),
            (IssueKind::MixedContent, "mixed_content"),
            (IssueKind::Localizer, "localizer"),
            (IssueKind::MixedOrientation, "mixed_orientation"),
            (IssueKind::MixedShape, "mixed_shape"),
            (IssueKind::MixedPhotometric, "mixed_photometric"),
            (IssueKind::MixedSpacing, "mixed_spacing"),
            (IssueKind::MissingPosition, "missing_position"),
            (IssueKind::MissingOrientation, "missing_orientation"),
            (IssueKind::MissingSpacing, "missing_spacing"),
            (IssueKind::DetectorSpacing, "detector_spacing"),
            (IssueKind::VolumeCoordinates, "volume_coordinates"),
            (IssueKind::MultiplePhases, "multiple_phases"),
            (IssueKind::MixedDataType, "mixed_data_type"),
            (IssueKind::IncompleteGrid, "incomplete_grid"),
            (IssueKind::DuplicatePosition, "duplicate_position"),
            (IssueKind::Gap, "gap"),
            (IssueKind::UnevenSpacing, "uneven_spacing"),
            (IssueKind::OffAxis, "off_axis"),
            (IssueKind::Tilt, "tilt"),
            (IssueKind::BadRescale, "bad_rescale"),
            (IssueKind::MixedRescale, "mixed_rescale"),
            (IssueKind::MixedSampleType, "mixed_sample_type"),
            (IssueKind::PixelPadding, "pixel_padding"),
        ];
        for (kind, name) in kinds {
            assert_eq!((kind.name(), kind.to_string().as_str()), (name, name));
        }
        assert!(kinds.is_sorted_by_key(|(kind, _)| *kind));
    }
}
