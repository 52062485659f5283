//! An error with its place: the file, the way into nested sequences, the offset and the frame.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::hint::Hint;
use super::image::ImageFault;
use super::kind::{ErrorKind, LooksLike, VIDEO};
use super::request::RequestFault;
use super::system;
use crate::tag::Tag;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who can act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The disk, or the path.
    Io,
    /// The file.
    Invalid,
    /// Rapidicom, which does not do this yet.
    Unsupported,
    /// The settings: [`crate::Limits`].
    Limit,
    /// The caller, who asked for something that this file cannot give.
    Argument,
    /// The machine, which has no more memory.
    Memory,
    /// Nobody: the user stopped the work.
    Cancelled,
}

/// One step of the way into nested sequences: an element, and the item taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TagStep {
    tag: Tag,
    /// Empty if it has none.
    keyword: &'static str,
    /// The item of the sequence, from 0, if the way goes on inside.
    item_index: Option<usize>,
}

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    path: Option<PathBuf>,
    /// Outermost last: steps are added on the way up.
    steps: Vec<TagStep>,
    offset: Option<u64>,
    /// The offset is counted in the inflated data set.
    is_inflated: bool,
    frame_index: Option<u64>,
}

/// An error with its place. One word wide, so that `Result` stays small on the good path.
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Error(Box::new(Inner {
            kind,
            path: None,
            steps: Vec::new(),
            offset: None,
            is_inflated: false,
            frame_index: None,
        }))
    }
}

impl From<ImageFault> for Error {
    fn from(fault: ImageFault) -> Self {
        ErrorKind::Image(fault).into()
    }
}

impl From<RequestFault> for Error {
    fn from(fault: RequestFault) -> Self {
        ErrorKind::Request(fault).into()
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        system::note(&error);
        ErrorKind::Io(Arc::new(error)).into()
    }
}

impl Error {
    /// Says at which byte of the file; the innermost place is kept.
    #[must_use]
    pub fn at_offset(mut self, offset: u64) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Says that the offset is counted from the start of an inflated data set (PS3.5 §A.5).
    #[must_use]
    pub fn in_inflated(mut self) -> Self {
        self.0.is_inflated = true;
        self
    }

    /// Says in which element, one step further out than what is known already.
    #[must_use]
    pub fn at_tag(mut self, tag: Tag, keyword: &'static str, item_index: Option<usize>) -> Self {
        self.0.steps.push(TagStep { tag, keyword, item_index });
        self
    }

    /// Says in which frame, from 0.
    #[must_use]
    pub fn in_frame(mut self, frame_index: u64) -> Self {
        self.0.frame_index.get_or_insert(frame_index);
        self
    }

    /// Says in which file.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.0.path.get_or_insert_with(|| path.to_owned());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The file, if it has a path.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The byte of the file, from 0.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The frame, from 0.
    pub fn frame_index(&self) -> Option<u64> {
        self.0.frame_index
    }

    /// The innermost element.
    pub fn tag(&self) -> Option<Tag> {
        self.0.steps.first().map(|step| step.tag)
    }

    /// A step that the reader can take.
    pub fn hint(&self) -> Option<Hint> {
        match self.0.kind {
            ErrorKind::NotDicom(LooksLike::BareDataset) => Some(Hint::ReadBareDataset),
            ErrorKind::NotDicom(LooksLike::Zip | LooksLike::Gzip) => Some(Hint::Unpack),
            ErrorKind::FileChanged => Some(Hint::ReadAgain),
            ErrorKind::Checksum => Some(Hint::CopyArchive),
            ErrorKind::PixelsCutShort { .. }
            | ErrorKind::ValueCutShort { .. }
            | ErrorKind::Overwritten
            | ErrorKind::DeflatedCutShort => Some(Hint::CopyAgain),
            ErrorKind::TooDeep { .. }
            | ErrorKind::TooMany { .. }
            | ErrorKind::HeaderTooLong { .. }
            | ErrorKind::InflatedTooLong { .. }
            | ErrorKind::DecodedTooLong { .. } => Some(Hint::Damaged),
            ErrorKind::Unsupported { what: VIDEO, .. } => Some(Hint::DecodeVideo),
            _ => None,
        }
    }

    /// Who can act on it.
    pub fn family(&self) -> Family {
        match &self.0.kind {
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::OutOfMemory => Family::Memory,
            ErrorKind::NoMemory => Family::Memory,
            ErrorKind::Fetch(fault) if fault.is_invalid => Family::Invalid,
            ErrorKind::Io(_)
            | ErrorKind::FileChanged
            | ErrorKind::NotFetched
            | ErrorKind::Fetch(_) => Family::Io,
            ErrorKind::TooDeep { .. }
            | ErrorKind::TooMany { .. }
            | ErrorKind::HeaderTooLong { .. }
            | ErrorKind::InflatedTooLong { .. }
            | ErrorKind::DecodedTooLong { .. } => Family::Limit,
            ErrorKind::Unsupported { .. } => Family::Unsupported,
            ErrorKind::Request(_) | ErrorKind::Column { .. } | ErrorKind::FrameIndex { .. } => {
                Family::Argument
            }
            ErrorKind::Series(fault) => fault.family(),
            ErrorKind::Cancelled => Family::Cancelled,
            _ => Family::Invalid,
        }
    }

    /// Where and what, without the file's path and the hint.
    pub fn what(&self) -> String {
        let mut text = String::new();
        for (depth, step) in self.0.steps.iter().rev().enumerate() {
            if depth > 0 {
                text.push_str(" > ");
            }
            text.push_str(&step.tag.to_string());
            if let Some(index) = step.item_index {
                text.push_str(&format!("[{index}]"));
            }
            if depth + 1 == self.0.steps.len() && !step.keyword.is_empty() {
                text.push(' ');
                text.push_str(step.keyword);
            }
        }
        if let Some(frame) = self.0.frame_index {
            text.push_str(&format!("{}frame {frame}", if text.is_empty() { "" } else { ", " }));
        }
        if let Some(offset) = self.0.offset {
            text.push_str(&format!(
                "{}at byte 0x{offset:X}",
                if text.is_empty() { "" } else { " " }
            ));
            if self.0.is_inflated {
                text.push_str(" of the inflated data set");
            }
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text + &self.0.kind.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.path() {
            write!(f, "{}: ", path.display())?;
        }
        f.write_str(&self.what())?;
        if let Some(hint) = self.hint() {
            write!(f, ". {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_where_what_and_how_to_fix() {
        let error = Error::from(ErrorKind::PixelsCutShort { needed: 524_288, available: 131_072 })
            .at_tag(Tag::PIXEL_DATA, "PixelData", None)
            .at_offset(0x5CA)
            .in_file(Path::new("scans/IM0042"));
        assert_eq!(
            error.to_string(),
            "scans/IM0042: (7FE0,0010) PixelData at byte 0x5CA: the pixels need 524288 bytes, \
             but there are 131072 (393216 bytes missing). The file is cut short or its header is \
             wrong: copy it again."
        );
        assert_eq!(error.family(), Family::Invalid);
    }

    #[test]
    fn nested_places_read_from_the_outside_in() {
        let error = Error::from(ErrorKind::ItemExpected { found: Tag::new(0x0008, 0x0060) })
            .at_tag(Tag::new(0x0020, 0x0032), "ImagePositionPatient", None)
            .at_tag(Tag::new(0x0020, 0x9113), "PlanePositionSequence", Some(0))
            .at_tag(Tag::new(0x5200, 0x9230), "PerFrameFunctionalGroupsSequence", Some(3));
        assert_eq!(
            error.what(),
            "(5200,9230)[3] > (0020,9113)[0] > (0020,0032) ImagePositionPatient: expected an item \
             (FFFE,E000), \
             found (0008,0060)"
        );
        assert_eq!(error.tag(), Some(Tag::new(0x0020, 0x0032)));
    }

    #[test]
    fn errors_that_can_be_acted_on_say_how() {
        for (kind, expected) in [
            (ErrorKind::NotDicom(LooksLike::BareDataset), Some(Hint::ReadBareDataset)),
            (ErrorKind::NotDicom(LooksLike::Zip), Some(Hint::Unpack)),
            (ErrorKind::NotDicom(LooksLike::Gzip), Some(Hint::Unpack)),
            (ErrorKind::NotDicom(LooksLike::Text), None),
            (ErrorKind::FileChanged, Some(Hint::ReadAgain)),
            (ErrorKind::Checksum, Some(Hint::CopyArchive)),
            (ErrorKind::ValueCutShort { needed: 2, available: 1 }, Some(Hint::CopyAgain)),
            (ErrorKind::DeflatedCutShort, Some(Hint::CopyAgain)),
            (ErrorKind::Overwritten, Some(Hint::CopyAgain)),
            (ErrorKind::TooDeep { limit: 1 }, Some(Hint::Damaged)),
            (ErrorKind::DecodedTooLong { limit: 1 }, Some(Hint::Damaged)),
            (ErrorKind::unsupported(VIDEO, "1.2"), Some(Hint::DecodeVideo)),
            (ErrorKind::unsupported("pixel data of this codec", "1.2"), None),
            (ErrorKind::NotDeflated, None),
        ] {
            let error = Error::from(kind);
            assert_eq!(error.hint(), expected, "{error}");
            let sentence = expected.map_or(String::new(), |hint| format!(". {hint}"));
            assert_eq!(error.to_string(), error.what() + &sentence);
        }
        let video = Error::from(ErrorKind::unsupported(VIDEO, "1.2"));
        assert_eq!(
            video.to_string(),
            "video (1.2) cannot be read yet. A program for video decodes the bytes of its \
             fragments."
        );
    }

    #[test]
    fn a_result_is_one_word_wide() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}
