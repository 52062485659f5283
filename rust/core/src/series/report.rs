//! What is irregular in a series: typed findings with files, numbers and a sentence.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What a finding is about. In the order in which a report lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IssueKind {
    /// A file whose header cannot be read, or whose image attributes contradict themselves.
    Unreadable,
    /// A file without all of its pixels.
    Truncated,
    /// Pixels that this version does not read.
    Unsupported,
    /// An object without pixels.
    NotAnImage,
    /// Slices of several studies under one Series Instance UID.
    MixedStudy,
    /// Positions that refer to several coordinate systems.
    MixedFrameOfReference,
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
            IssueKind::Unsupported => "unsupported",
            IssueKind::NotAnImage => "not_an_image",
            IssueKind::MixedStudy => "mixed_study",
            IssueKind::MixedFrameOfReference => "mixed_frame_of_reference",
            IssueKind::Localizer => "localizer",
            IssueKind::MixedOrientation => "mixed_orientation",
            IssueKind::MixedShape => "mixed_shape",
            IssueKind::MixedPhotometric => "mixed_photometric",
            IssueKind::MixedSpacing => "mixed_spacing",
            IssueKind::MissingPosition => "missing_position",
            IssueKind::MissingOrientation => "missing_orientation",
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

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// What it is about.
    pub kind: IssueKind,
    /// Whether it would make the affine, the order or the content of the volume a lie.
    pub is_error: bool,
    /// The files that it is about.
    pub paths: Vec<PathBuf>,
    /// What was measured: `_mm`, `_degrees`, `_count` and `_index` (from 0, of a slice of the
    /// volume) say what each is.
    pub numbers: Vec<(&'static str, f64)>,
    /// Steps of the leading axis and slices, from 0, without an image.
    pub cells: Vec<(usize, usize)>,
    /// All of it in words. No text of a value field is among them.
    pub sentence: String,
}

impl Issue {
    /// A finding that is an error.
    pub(crate) fn error(kind: IssueKind, sentence: impl Into<String>) -> Issue {
        Issue {
            kind,
            is_error: true,
            paths: Vec::new(),
            numbers: Vec::new(),
            cells: Vec::new(),
            sentence: sentence.into(),
        }
    }

    /// A finding that leaves the volume true.
    pub(crate) fn note(kind: IssueKind, sentence: impl Into<String>) -> Issue {
        Issue { is_error: false, ..Issue::error(kind, sentence) }
    }

    /// Each path once, wherever frames of one file are in the order.
    pub(crate) fn with_paths(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Issue {
        self.paths.extend(paths);
        self.paths.dedup_by(|a, b| a.as_os_str() == b.as_os_str());
        let mut seen = HashSet::with_capacity(self.paths.len());
        let is_new: Vec<bool> =
            self.paths.iter().map(|path| seen.insert(path.as_os_str())).collect();
        let mut is_new = is_new.into_iter();
        self.paths.retain(|_| is_new.next().unwrap_or(true));
        self
    }

    /// How many files the paths are.
    pub(crate) fn with_file_count(self) -> Issue {
        let count = self.paths.len();
        self.with_number("file_count", count as f64)
    }

    pub(crate) fn with_number(mut self, name: &'static str, value: f64) -> Issue {
        self.numbers.push((name, value));
        self
    }
}

/// All findings about one series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Files that cannot be read. A thousand of them may belong to any of a thousand stacks, which
    /// share the lists.
    pub unreadable: Vec<Arc<Vec<Issue>>>,
    /// The others, sorted by kind; those of one kind in slice order.
    pub issues: Vec<Issue>,
}

impl Report {
    /// All findings, sorted by kind.
    pub fn all(&self) -> impl Iterator<Item = &Issue> {
        self.unreadable.iter().flat_map(|issues| issues.iter()).chain(&self.issues)
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.all().any(|issue| issue.is_error)
    }
}

/// A length in millimetres, to the micrometre, without trailing zeros.
pub(crate) fn mm(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} mm", if text == "-0" { "0" } else { text })
}

/// A number of things in words: `1 file`, `2 files`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// `is` or `are`, `has` or `have`.
pub(crate) fn verb(number: usize, one: &'static str, many: &'static str) -> &'static str {
    if number == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        for (value, expected) in
            [(5.0, "5 mm"), (2.5, "2.5 mm"), (1.0 / 3.0, "0.333 mm"), (-1e-9, "0 mm")]
        {
            assert_eq!(mm(value), expected);
        }
        assert_eq!(
            (count(1, "file"), count(0, "file")),
            ("1 file".to_owned(), "0 files".to_owned())
        );
    }
}
