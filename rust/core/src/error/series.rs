//! What can be wrong with the files of a series or a batch, beyond their elements.

use std::fmt;

use super::located::Family;
use crate::tag::Tag;

/// Rows, columns and samples of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "attributes of the standard by their names")]
pub struct ImageShape {
    pub rows: usize,
    pub columns: usize,
    pub samples: usize,
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ImageShape { rows, columns, samples } = self;
        write!(f, "{rows} rows, {columns} columns and {samples} samples")
    }
}

/// What is wrong with a file of a series or a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeriesFault {
    /// A data set without elements.
    NoElements,
    /// Pixels in several of the elements that can hold them.
    SeveralPixelElements,
    /// A file that ends within this element, and may have had an image after it.
    EndsBeforeImage {
        /// The element.
        tag: Tag,
    },
    /// More frames than there are pixel bytes for.
    FrameCount {
        /// Number of Frames.
        found: u64,
        /// As many as the pixel data can hold.
        room: u64,
    },
    /// A mosaic whose number of slices is not known, or does not fit its image.
    UncountedMosaic,
    /// An image of a batch that is not like the first.
    BatchShape {
        /// The shape of the first image.
        expected: ImageShape,
        /// Its own.
        found: ImageShape,
    },
    /// An array that is too small for its slices.
    NoRoom {
        /// How many slices it should hold.
        slice_count: usize,
    },
}

impl SeriesFault {
    /// Who can act on it.
    pub(super) fn family(&self) -> Family {
        match self {
            SeriesFault::UncountedMosaic => Family::Unsupported,
            SeriesFault::BatchShape { .. } | SeriesFault::NoRoom { .. } => Family::Argument,
            _ => Family::Invalid,
        }
    }
}

impl fmt::Display for SeriesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeriesFault::NoElements => f.write_str("it has no data elements"),
            SeriesFault::SeveralPixelElements => f.write_str(
                "it has more than one of Pixel Data, Float Pixel Data and Double Float Pixel Data",
            ),
            SeriesFault::EndsBeforeImage { tag } => {
                write!(f, "the file ends within {tag}, before it says whether it has an image")
            }
            SeriesFault::FrameCount { found, room } => write!(
                f,
                "Number of Frames says {found}, but the pixel data have room for {room} at most"
            ),
            SeriesFault::UncountedMosaic => f.write_str(
                "a mosaic whose header does not say how many slices it has, or whose slices do not \
                 fit its image as tiles, cannot be read",
            ),
            SeriesFault::BatchShape { expected, found } => write!(
                f,
                "all images of a batch must have the same shape: the first has {expected}, \
                 this one {found}"
            ),
            SeriesFault::NoRoom { slice_count } => {
                write!(f, "the array has no room for {slice_count} slices")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    #[test]
    fn a_fault_has_a_sentence_and_a_family() {
        let shape = |rows, columns, samples| ImageShape { rows, columns, samples };
        for (fault, family, expected) in [
            (SeriesFault::NoElements, Family::Invalid, "it has no data elements"),
            (
                SeriesFault::SeveralPixelElements,
                Family::Invalid,
                "it has more than one of Pixel Data, Float Pixel Data and Double Float Pixel Data",
            ),
            (
                SeriesFault::EndsBeforeImage { tag: Tag::new(0x0008, 0x1140) },
                Family::Invalid,
                "the file ends within (0008,1140), before it says whether it has an image",
            ),
            (
                SeriesFault::FrameCount { found: 9, room: 4 },
                Family::Invalid,
                "Number of Frames says 9, but the pixel data have room for 4 at most",
            ),
            (
                SeriesFault::UncountedMosaic,
                Family::Unsupported,
                "a mosaic whose header does not say how many slices it has, or whose slices do not \
                 fit its image as tiles, cannot be read",
            ),
            (
                SeriesFault::BatchShape { expected: shape(1, 2, 3), found: shape(4, 5, 6) },
                Family::Argument,
                "all images of a batch must have the same shape: the first has 1 rows, 2 columns \
                 and 3 samples, this one 4 rows, 5 columns and 6 samples",
            ),
            (
                SeriesFault::NoRoom { slice_count: 7 },
                Family::Argument,
                "the array has no room for 7 slices",
            ),
        ] {
            let error = Error::from(ErrorKind::Series(fault));
            assert_eq!((error.what().as_str(), error.family()), (expected, family));
        }
    }
}
