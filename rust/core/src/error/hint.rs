//! How to get on after an error.

use std::fmt;

/// A step that the reader of an error can take. A binding says it in the words of its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// Read the file as a data set without a preamble.
    ReadBareDataset,
    /// Unpack the archive.
    Unpack,
    /// Read the file again.
    ReadAgain,
    /// Copy the file again: it is cut short, or its header is wrong.
    CopyAgain,
    /// Copy the archive again.
    CopyArchive,
    /// Give the file up: it is damaged, as no real file needs more than the limit.
    Damaged,
    /// Give the bytes of the pixels to a program that decodes video.
    DecodeVideo,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hint::ReadBareDataset => {
                "It looks like a data set without its preamble: read it with force."
            }
            Hint::Unpack => "Unpack it first.",
            Hint::ReadAgain => "Read the file again.",
            Hint::CopyAgain => "The file is cut short or its header is wrong: copy it again.",
            Hint::CopyArchive => "The archive is damaged: copy it again.",
            Hint::Damaged => "No real file is known to need more: the file is damaged.",
            Hint::DecodeVideo => "A program for video decodes the bytes of its fragments.",
        })
    }
}
