//! Findings about what pixel values mean.

use super::issue::Finding;
use super::kind::IssueKind;

/// How pixel values differ among the slices of a volume. `slice_count` says of how many.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::series) enum ValueFinding {
    /// Slices of another Data Type than the first of their step.
    MixedDataType { slice_count: usize },
    /// Slices whose Image Type says that their numbers mean something else than those of the first
    /// of their step.
    MixedImageType { slice_count: usize },
    /// Slices without a usable slope and intercept.
    BadRescale { slice_count: usize },
    /// Slices with another slope, intercept or Modality LUT than the first.
    MixedRescale {
        slice_count: usize,
        /// (least, most) of all slices.
        slopes: (f64, f64),
        /// (least, most) of all slices.
        intercepts: (f64, f64),
    },
    /// Slices whose Modality LUT leads back to the intensity of the beam.
    LutOfIntensity { slice_count: usize },
    /// Slices whose stored values have another width or sign than the first.
    MixedSampleType { slice_count: usize },
    /// Slices with a Pixel Padding Value.
    PixelPadding { slice_count: usize },
}

impl Finding for ValueFinding {
    fn kind(&self) -> IssueKind {
        match self {
            ValueFinding::MixedDataType { .. } => IssueKind::MixedDataType,
            ValueFinding::MixedImageType { .. } => IssueKind::MixedContent,
            ValueFinding::BadRescale { .. } => IssueKind::BadRescale,
            ValueFinding::MixedRescale { .. } => IssueKind::MixedRescale,
            ValueFinding::LutOfIntensity { .. } => IssueKind::LutOfIntensity,
            ValueFinding::MixedSampleType { .. } => IssueKind::MixedSampleType,
            ValueFinding::PixelPadding { .. } => IssueKind::PixelPadding,
        }
    }

    fn is_error(&self) -> bool {
        matches!(
            self,
            ValueFinding::MixedDataType { .. }
                | ValueFinding::MixedImageType { .. }
                | ValueFinding::BadRescale { .. }
        )
    }

    fn numbers(&self, _: usize) -> Vec<(&'static str, f64)> {
        match *self {
            ValueFinding::MixedDataType { slice_count }
            | ValueFinding::MixedImageType { slice_count }
            | ValueFinding::BadRescale { slice_count }
            | ValueFinding::LutOfIntensity { slice_count }
            | ValueFinding::MixedSampleType { slice_count }
            | ValueFinding::PixelPadding { slice_count } => {
                vec![("slice_count", slice_count as f64)]
            }
            ValueFinding::MixedRescale { slice_count, slopes, intercepts } => vec![
                ("least_slope", slopes.0),
                ("most_slope", slopes.1),
                ("least_intercept", intercepts.0),
                ("most_intercept", intercepts.1),
                ("slice_count", slice_count as f64),
            ],
        }
    }

    fn sentence(&self) -> String {
        match self {
            ValueFinding::MixedDataType { .. } => {
                "slices differ in what their numbers are (Data Type)"
            }
            ValueFinding::MixedImageType { .. } => {
                "slices differ in what their numbers are (ImageType)"
            }
            ValueFinding::BadRescale { .. } => {
                "Rescale Slope or Rescale Intercept is no number, or the slope is zero"
            }
            ValueFinding::MixedRescale { .. } => {
                "slices differ in Rescale Slope, Rescale Intercept or Modality LUT: each has its \
                 own applied"
            }
            ValueFinding::LutOfIntensity { .. } => {
                "Pixel Intensity Relationship is LOG: the Modality LUT leads back to the intensity \
                 of the beam. Values of the modality have gone through it, though it is no part of \
                 what is shown"
            }
            ValueFinding::MixedSampleType { .. } => {
                "stored values of slices differ in width or sign"
            }
            ValueFinding::PixelPadding { .. } => {
                "some voxels may be Pixel Padding Value, which stands for no measurement: \
                 padding_mask() finds them"
            }
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_its_kind_numbers_and_sentence() {
        let slice_count = 3;
        let mixed =
            ValueFinding::MixedRescale { slice_count, slopes: (1.0, 2.0), intercepts: (-3.0, 4.0) };
        let only = &[("slice_count", 3.0)][..];
        let of_mixed = &[
            ("least_slope", 1.0),
            ("most_slope", 2.0),
            ("least_intercept", -3.0),
            ("most_intercept", 4.0),
            ("slice_count", 3.0),
        ][..];
        for (finding, kind, is_error, numbers, sentence) in [
            (
                ValueFinding::MixedDataType { slice_count },
                IssueKind::MixedDataType,
                true,
                only,
                "slices differ in what their numbers are (Data Type)",
            ),
            (
                ValueFinding::BadRescale { slice_count },
                IssueKind::BadRescale,
                true,
                only,
                "Rescale Slope or Rescale Intercept is no number, or the slope is zero",
            ),
            (
                mixed,
                IssueKind::MixedRescale,
                false,
                of_mixed,
                "slices differ in Rescale Slope, Rescale Intercept or Modality LUT: each has its \
                 own applied",
            ),
            (
                ValueFinding::MixedSampleType { slice_count },
                IssueKind::MixedSampleType,
                false,
                only,
                "stored values of slices differ in width or sign",
            ),
            (
                ValueFinding::PixelPadding { slice_count },
                IssueKind::PixelPadding,
                false,
                only,
                "some voxels may be Pixel Padding Value, which stands for no measurement: \
                 padding_mask() finds them",
            ),
        ] {
            let issue = finding.about([]);
            assert_eq!((issue.kind, issue.is_error), (kind, is_error), "{sentence}");
            assert_eq!(issue.numbers, numbers, "{sentence}");
            assert_eq!(issue.sentence, sentence);
        }
    }

    #[test]
    fn a_table_of_intensity_is_noted() {
        let issue = ValueFinding::LutOfIntensity { slice_count: 3 }.about([]);
        assert_eq!((issue.kind, issue.is_error), (IssueKind::LutOfIntensity, false));
        assert_eq!(issue.numbers, [("slice_count", 3.0)]);
        assert_eq!(
            issue.sentence,
            "Pixel Intensity Relationship is LOG: the Modality LUT leads back to the intensity of \
             the beam. Values of the modality have gone through it, though it is no part of what \
             is shown"
        );
    }

    #[test]
    fn slices_of_another_image_type_are_an_error() {
        let issue = ValueFinding::MixedImageType { slice_count: 3 }.about([]);
        assert_eq!((issue.kind, issue.is_error), (IssueKind::MixedContent, true));
        assert_eq!(issue.numbers, [("slice_count", 3.0)]);
        assert_eq!(issue.sentence, "slices differ in what their numbers are (ImageType)");
    }
}
