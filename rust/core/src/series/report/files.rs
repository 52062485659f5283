//! Findings about whole files.

use super::issue::Finding;
use super::kind::IssueKind;
use super::words::{count, verb};
use crate::error::{Error, Family};

/// What is irregular in the files of a series.
#[derive(Clone, Debug)]
pub(in crate::series) enum FileFinding {
    /// A file that cannot be read.
    Unreadable {
        /// Why.
        error: Error,
        /// It belongs to the series, or may do so and the system refuses to read it; what can be
        /// read of others does not say of which series they are.
        is_error: bool,
    },
    /// A file without all of its pixels.
    CutShort {
        /// Bytes of pixels that it should have.
        needed: u64,
        /// Bytes that it has.
        available: u64,
        /// How many of its frames are whole and read; `None` if none is.
        present_frame_count: Option<u64>,
    },
    /// Frames of a file that cannot be read, among others that can.
    DamagedFrames {
        /// What is wrong with the first of them.
        error: Error,
        /// Which frame of the file that is, from 0.
        frame: usize,
        /// (step of the leading axis, slice) of each.
        cells: Vec<(usize, usize)>,
    },
    /// Frames whose pixels are all there, and that are not as the standard wants them.
    OddFrames {
        /// What is odd about them.
        error: Error,
        /// How many images they are.
        image_count: usize,
    },
    /// A file that is not read, among others that are.
    Unsupported {
        /// Why.
        error: Error,
    },
    /// None of the files is read.
    AllUnsupported {
        /// Why the first of them is not.
        error: Error,
    },
    /// Files without an image.
    NotAnImage {
        /// How many.
        file_count: usize,
    },
    /// Files of several studies.
    SeveralStudies {
        /// How many studies.
        study_count: usize,
    },
    /// Copies of other files of the series.
    SentTwice {
        /// How many files are left out.
        file_count: usize,
        /// How many images they have.
        image_count: usize,
    },
}

impl Finding for FileFinding {
    fn kind(&self) -> IssueKind {
        match self {
            FileFinding::Unreadable { .. } => IssueKind::Unreadable,
            FileFinding::CutShort { .. } => IssueKind::Truncated,
            FileFinding::DamagedFrames { error, .. } => match error.family() {
                Family::Unsupported => IssueKind::Unsupported,
                _ => IssueKind::DamagedFrame,
            },
            FileFinding::OddFrames { .. } => IssueKind::OddFrame,
            FileFinding::Unsupported { .. } | FileFinding::AllUnsupported { .. } => {
                IssueKind::Unsupported
            }
            FileFinding::NotAnImage { .. } => IssueKind::NotAnImage,
            FileFinding::SeveralStudies { .. } => IssueKind::MixedStudy,
            FileFinding::SentTwice { .. } => IssueKind::DuplicatePosition,
        }
    }

    fn is_error(&self) -> bool {
        match self {
            FileFinding::Unreadable { is_error, .. } => *is_error,
            FileFinding::NotAnImage { .. } | FileFinding::OddFrames { .. } => false,
            _ => true,
        }
    }

    fn numbers(&self, file_count: usize) -> Vec<(&'static str, f64)> {
        match *self {
            FileFinding::Unreadable { .. } | FileFinding::Unsupported { .. } => Vec::new(),
            FileFinding::CutShort { needed, available, .. } => {
                vec![
                    ("needed_byte_count", needed as f64),
                    ("available_byte_count", available as f64),
                ]
            }
            FileFinding::DamagedFrames { frame, ref cells, .. } => {
                let slice = cells.first().map_or(0, |(_, slice)| *slice);
                vec![
                    ("image_count", cells.len() as f64),
                    ("slice_index", slice as f64),
                    ("frame_index", frame as f64),
                ]
            }
            FileFinding::OddFrames { image_count, .. } => {
                vec![("image_count", image_count as f64)]
            }
            FileFinding::AllUnsupported { .. } | FileFinding::NotAnImage { .. } => {
                vec![("file_count", file_count as f64)]
            }
            FileFinding::SeveralStudies { study_count } => {
                vec![("study_count", study_count as f64)]
            }
            FileFinding::SentTwice { file_count, image_count } => vec![
                ("left_out_count", image_count as f64),
                ("same_instance_count", file_count as f64),
            ],
        }
    }

    fn cells(&self) -> Vec<(usize, usize)> {
        match self {
            FileFinding::DamagedFrames { cells, .. } => cells.clone(),
            _ => Vec::new(),
        }
    }

    fn sentence(&self) -> String {
        let files_are =
            |number: usize| format!("{} {}", count(number, "file"), verb(number, "is", "are"));
        match self {
            FileFinding::Unreadable { error, .. } => match error.family() {
                Family::Io => format!("1 file or folder cannot be read: {}", error.what()),
                _ => format!("1 file cannot be read: {}", error.what()),
            },
            FileFinding::CutShort { needed, available, present_frame_count: Some(count) } => {
                format!(
                    "1 file is cut short: {available} of {needed} bytes of pixels, enough for \
                     {count} whole {}",
                    verb(usize::try_from(*count).unwrap_or(usize::MAX), "frame", "frames"),
                )
            }
            FileFinding::CutShort { needed, available, present_frame_count: None } => {
                format!("1 file is cut short and left out: {available} of {needed} bytes of pixels")
            }
            FileFinding::DamagedFrames { error, cells, .. } => {
                let number = cells.len();
                let images = count(number, "image");
                let is_filled = verb(number, "is filled", "are filled");
                format!("{images} cannot be read and {is_filled}: {}", error.what())
            }
            FileFinding::OddFrames { error, image_count } => {
                format!("{}: {}", count(*image_count, "image"), error.what())
            }
            FileFinding::Unsupported { error } => format!("1 file is left out: {}", error.what()),
            FileFinding::AllUnsupported { error } => error.what(),
            FileFinding::NotAnImage { file_count } => {
                format!("{} left out: no image", files_are(*file_count))
            }
            FileFinding::SeveralStudies { study_count } => {
                format!("files of {study_count} studies have one Series Instance UID")
            }
            FileFinding::SentTwice { file_count, .. } => format!(
                "{} left out: the same SOP Instance UID and position as another, so sent twice",
                files_are(*file_count)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::error::{ErrorKind, SeriesFault};

    /// The finding; the kind, whether it is an error, the numbers and the sentence of its issue.
    type Case = (FileFinding, IssueKind, bool, &'static [(&'static str, f64)], &'static str);

    fn error() -> Error {
        ErrorKind::Series(SeriesFault::NoElements).into()
    }

    fn check(cases: &[Case]) {
        for (finding, kind, is_error, numbers, sentence) in cases {
            let issue = finding.clone().about(["a", "b"].map(PathBuf::from));
            assert_eq!((issue.kind, issue.is_error), (*kind, *is_error), "{sentence}");
            assert_eq!(issue.numbers, *numbers, "{sentence}");
            assert_eq!(issue.sentence, *sentence);
            assert_eq!(issue.cells, []);
        }
    }

    #[test]
    fn files_that_are_not_read() {
        check(&[
            (
                FileFinding::Unreadable { error: error(), is_error: true },
                IssueKind::Unreadable,
                true,
                &[],
                "1 file cannot be read: it has no data elements",
            ),
            (
                FileFinding::Unreadable { error: error(), is_error: false },
                IssueKind::Unreadable,
                false,
                &[],
                "1 file cannot be read: it has no data elements",
            ),
            (
                FileFinding::CutShort { needed: 70, available: 35, present_frame_count: None },
                IssueKind::Truncated,
                true,
                &[("needed_byte_count", 70.0), ("available_byte_count", 35.0)],
                "1 file is cut short and left out: 35 of 70 bytes of pixels",
            ),
            (
                FileFinding::CutShort { needed: 560, available: 70, present_frame_count: Some(1) },
                IssueKind::Truncated,
                true,
                &[("needed_byte_count", 560.0), ("available_byte_count", 70.0)],
                "1 file is cut short: 70 of 560 bytes of pixels, enough for 1 whole frame",
            ),
            (
                FileFinding::CutShort { needed: 560, available: 150, present_frame_count: Some(2) },
                IssueKind::Truncated,
                true,
                &[("needed_byte_count", 560.0), ("available_byte_count", 150.0)],
                "1 file is cut short: 150 of 560 bytes of pixels, enough for 2 whole frames",
            ),
            (
                FileFinding::OddFrames { error: error(), image_count: 3 },
                IssueKind::OddFrame,
                false,
                &[("image_count", 3.0)],
                "3 images: it has no data elements",
            ),
            (
                FileFinding::Unsupported { error: error() },
                IssueKind::Unsupported,
                true,
                &[],
                "1 file is left out: it has no data elements",
            ),
            (
                FileFinding::AllUnsupported { error: error() },
                IssueKind::Unsupported,
                true,
                &[("file_count", 2.0)],
                "it has no data elements",
            ),
        ]);
    }

    #[test]
    fn files_that_are_no_images_of_one_study() {
        check(&[
            (
                FileFinding::NotAnImage { file_count: 1 },
                IssueKind::NotAnImage,
                false,
                &[("file_count", 2.0)],
                "1 file is left out: no image",
            ),
            (
                FileFinding::NotAnImage { file_count: 2 },
                IssueKind::NotAnImage,
                false,
                &[("file_count", 2.0)],
                "2 files are left out: no image",
            ),
            (
                FileFinding::SeveralStudies { study_count: 3 },
                IssueKind::MixedStudy,
                true,
                &[("study_count", 3.0)],
                "files of 3 studies have one Series Instance UID",
            ),
            (
                FileFinding::SentTwice { file_count: 2, image_count: 5 },
                IssueKind::DuplicatePosition,
                true,
                &[("left_out_count", 5.0), ("same_instance_count", 2.0)],
                "2 files are left out: the same SOP Instance UID and position as another, \
                 so sent twice",
            ),
            (
                FileFinding::SentTwice { file_count: 1, image_count: 1 },
                IssueKind::DuplicatePosition,
                true,
                &[("left_out_count", 1.0), ("same_instance_count", 1.0)],
                "1 file is left out: the same SOP Instance UID and position as another, \
                 so sent twice",
            ),
        ]);
    }
}
