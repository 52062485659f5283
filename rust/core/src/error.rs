//! The one error of the core: what went wrong, with numbers, and where.
//!
//! An error is made where it is noticed, from its [`ErrorKind`] alone, and gains its place on the way up:
//! `.at_offset()`, `.at_tag()`, `.in_frame()`, `.in_file()`. No message shows the text of a value field: it can
//! identify a patient.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::tag::Tag;
use crate::vr::Vr;

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
    /// Nobody: the user stopped the work.
    Cancelled,
}

/// What a file that is not DICOM looks like from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooksLike {
    /// No bytes at all.
    Empty,
    /// Printable characters only.
    Text,
    /// A zip archive (also .docx, .jar and so on).
    Zip,
    /// A gzip stream.
    Gzip,
    /// A PNG, JPEG, PDF or NIfTI file: its usual name.
    Known(&'static str),
    /// A DICOM data set without the preamble and prefix of PS3.10 §7.1.
    BareDataset,
    /// None of these.
    Unknown,
}

/// What went wrong, with the numbers that make it checkable.
#[derive(Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the sentence of a variant says what its numbers are")]
pub enum ErrorKind {
    /// The operating system refused.
    Io(io::Error),
    /// The file is not the one that was opened before: its size or modification time differ.
    FileChanged,
    /// What an earlier scan said of a file that has not been changed since.
    Remembered { why: String },
    /// The prefix `DICM` is missing (PS3.10 §7.1).
    NotDicom(LooksLike),
    /// The data end inside an element's tag, VR or length.
    HeaderCutShort { needed: u64, available: u64 },
    /// The data end inside a value field.
    ValueCutShort { needed: u64, available: u64 },
    /// An item was expected (PS3.5 §7.5) and another tag stands there.
    ItemExpected { found: Tag },
    /// A delimiter stands where an element was expected (PS3.5 §7.5.1).
    UnexpectedDelimiter { found: Tag },
    /// An undefined length on a VR that cannot have one (PS3.5 §7.1.1).
    UndefinedLength { vr: Vr },
    /// A length that is no multiple of the VR's size.
    ValueLength { vr: Vr, length: u64, size: usize },
    /// An element that is needed is absent.
    Missing { what: &'static str, needed_for: &'static str },
    /// A value that the standard does not allow there, or that contradicts another.
    BadValue { what: &'static str, found: i64, expected: &'static str },
    /// An image of no pixels, or of more bytes than an address can count.
    ImageSize { rows: u64, columns: u64, samples: u64, frames: u64 },
    /// Fewer pixel bytes than Rows, Columns, Bits Allocated and so on call for.
    PixelsCutShort { needed: u64, available: u64 },
    /// A frame past the last one.
    FrameIndex { index: u64, count: u64 },
    /// Nesting deeper than the limit.
    TooDeep { limit: u32 },
    /// More elements or items than the limit.
    TooMany { limit: usize },
    /// More header bytes than the limit.
    HeaderTooLong { limit: u64 },
    /// Deflated bytes that stand for more than the limit.
    InflatedTooLong { limit: u64 },
    /// A compressed frame that stands for more bytes than the limit.
    DecodedTooLong { limit: u64 },
    /// The bytes of a deflated data set or frame (PS3.5 §A.5, §A.4.14) are none that deflating gives.
    NotDeflated,
    /// The deflated bytes end before their last block does.
    DeflatedCutShort,
    /// Something that this version does not read; the words say what.
    Unsupported { what: &'static str, coded: String },
    /// An image that this version does not read; the words say why.
    UnsupportedImage { why: String },
    /// An image whose attributes contradict each other; the words say how.
    InvalidImage { why: String },
    /// The bytes of a compressed frame are no frame of this codec, or not of this image; the words say why, and
    /// `offset` where in the frame (bytes).
    InvalidFrame { codec: &'static str, offset: Option<u64>, why: String },
    /// An argument that does not fit the file; the words say why.
    Argument { why: String },
    /// The user pressed Ctrl-C.
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

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    path: Option<PathBuf>,
    /// Outermost last: steps are added on the way up.
    steps: Vec<TagStep>,
    offset: Option<u64>,
    /// The offset is counted in the inflated data set.
    is_inflated: bool,
    frame_index: Option<u64>,
    hint: Option<&'static str>,
}

/// An error with its place. One word wide, so that `Result` stays small on the good path.
#[derive(Debug)]
pub struct Error(Box<Inner>);

impl ErrorKind {
    /// [`ErrorKind::Unsupported`] with a coded value out of a file. In a damaged file any text can be in its place:
    /// what does not look coded is not shown.
    pub fn unsupported(what: &'static str, coded: &str) -> ErrorKind {
        // UIDs have the most characters, 64 (PS3.5 §9.1); the others are of VR CS.
        let is_coded = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_. -\\".contains(&byte);
        let is_shown = coded.len() <= 64 && coded.bytes().all(is_coded);
        ErrorKind::Unsupported { what, coded: if is_shown { coded.to_owned() } else { String::new() } }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Error(Box::new(Inner {
            kind,
            path: None,
            steps: Vec::new(),
            offset: None,
            is_inflated: false,
            frame_index: None,
            hint: None,
        }))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        ErrorKind::Io(error).into()
    }
}

impl Error {
    /// The same failure without its place, for a caller who knows the place better.
    #[must_use]
    pub(crate) fn from_kind_of(error: Error) -> Error {
        error.0.kind.into()
    }

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

    /// Adds the last sentence: a step that the reader can take.
    #[must_use]
    pub fn with_hint(mut self, hint: &'static str) -> Self {
        self.0.hint.get_or_insert(hint);
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
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.or(match self.0.kind {
            ErrorKind::NotDicom(LooksLike::BareDataset) => {
                Some("It looks like a data set without its preamble: pass force=True to read it.")
            }
            ErrorKind::NotDicom(LooksLike::Zip | LooksLike::Gzip) => Some("Unpack it first."),
            ErrorKind::FileChanged => Some("Read the file again."),
            ErrorKind::PixelsCutShort { .. } | ErrorKind::ValueCutShort { .. } | ErrorKind::DeflatedCutShort => {
                Some("The file is cut short or its header is wrong: copy it again.")
            }
            ErrorKind::TooDeep { .. }
            | ErrorKind::TooMany { .. }
            | ErrorKind::HeaderTooLong { .. }
            | ErrorKind::InflatedTooLong { .. }
            | ErrorKind::DecodedTooLong { .. } => Some("No real file is known to need more: the file is damaged."),
            _ => None,
        })
    }

    /// Who can act on it.
    pub fn family(&self) -> Family {
        match &self.0.kind {
            ErrorKind::Io(_) | ErrorKind::FileChanged => Family::Io,
            ErrorKind::TooDeep { .. }
            | ErrorKind::TooMany { .. }
            | ErrorKind::HeaderTooLong { .. }
            | ErrorKind::InflatedTooLong { .. }
            | ErrorKind::DecodedTooLong { .. } => Family::Limit,
            ErrorKind::Unsupported { .. } | ErrorKind::UnsupportedImage { .. } => Family::Unsupported,
            ErrorKind::Argument { .. } | ErrorKind::FrameIndex { .. } => Family::Argument,
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
            text.push_str(&format!("{}at byte 0x{offset:X}", if text.is_empty() { "" } else { " " }));
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

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LooksLike::Empty => "an empty file",
            LooksLike::Text => "a text file",
            LooksLike::Zip => "a zip archive",
            LooksLike::Gzip => "a gzip file",
            LooksLike::Known(name) => return write!(f, "a {name} file"),
            LooksLike::BareDataset => "a data set that starts without the 'DICM' prefix",
            LooksLike::Unknown => "no 'DICM' prefix at byte 128",
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Io(error) => error.fmt(f),
            ErrorKind::FileChanged => f.write_str("the file was changed since it was opened"),
            ErrorKind::Remembered { why } => f.write_str(why),
            ErrorKind::NotDicom(looks_like) => write!(f, "not a DICOM file: {looks_like}"),
            ErrorKind::HeaderCutShort { needed, available } => {
                write!(f, "an element's header needs {needed} bytes, but {available} are left")
            }
            ErrorKind::ValueCutShort { needed, available } => {
                write!(
                    f,
                    "the value needs {needed} bytes, but {available} are left ({} missing)",
                    needed.saturating_sub(*available)
                )
            }
            ErrorKind::ItemExpected { found } => write!(f, "expected an item {}, found {found}", Tag::ITEM),
            ErrorKind::UnexpectedDelimiter { found } => write!(f, "a delimiter {found} stands where an element should"),
            ErrorKind::UndefinedLength { vr } => write!(f, "VR {vr} cannot have an undefined length"),
            ErrorKind::ValueLength { vr, length, size } => {
                write!(f, "a value of VR {vr} has {length} bytes, which is no multiple of {size}")
            }
            ErrorKind::Missing { what, needed_for } => write!(f, "{what} is missing, which {needed_for} needs"),
            ErrorKind::BadValue { what, found, expected } => write!(f, "{what} is {found}, expected {expected}"),
            ErrorKind::ImageSize { rows, columns, samples, frames } => {
                write!(f, "no image can have {rows} rows, {columns} columns, {samples} samples and {frames} frames")
            }
            ErrorKind::PixelsCutShort { needed, available } => write!(
                f,
                "the pixels need {needed} bytes, but there are {available} ({} bytes missing)",
                needed.saturating_sub(*available)
            ),
            ErrorKind::FrameIndex { index, count } => {
                write!(f, "there is no frame with index {index}: the image has {count}")
            }
            ErrorKind::TooDeep { limit } => write!(f, "sequences are nested more than {limit} deep"),
            ErrorKind::TooMany { limit } => write!(f, "more than {limit} elements or items"),
            ErrorKind::HeaderTooLong { limit } => write!(f, "the header is longer than {limit} bytes"),
            ErrorKind::InflatedTooLong { limit } => {
                write!(f, "the deflated data set is longer than {limit} bytes when it is inflated")
            }
            ErrorKind::DecodedTooLong { limit } => {
                write!(f, "the compressed frame is longer than {limit} bytes when it is decoded")
            }
            ErrorKind::NotDeflated => f.write_str("the bytes are not deflated as the Transfer Syntax says"),
            ErrorKind::DeflatedCutShort => f.write_str("the deflated bytes end too early"),
            ErrorKind::Unsupported { what, coded } => {
                f.write_str(what)?;
                if !coded.is_empty() {
                    write!(f, " ({coded})")?;
                }
                f.write_str(" cannot be read yet")
            }
            ErrorKind::InvalidFrame { codec, offset, why } => {
                write!(f, "the {codec} data")?;
                if let Some(offset) = offset {
                    write!(f, " at byte {offset} of the frame")?;
                }
                write!(f, ": {why}")
            }
            ErrorKind::Argument { why } | ErrorKind::UnsupportedImage { why } | ErrorKind::InvalidImage { why } => {
                f.write_str(why)
            }
            ErrorKind::Cancelled => f.write_str("interrupted"),
        }
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
            "scans/IM0042: (7FE0,0010) PixelData at byte 0x5CA: the pixels need 524288 bytes, but there are 131072 \
             (393216 bytes missing). The file is cut short or its header is wrong: copy it again."
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
            "(5200,9230)[3] > (0020,9113)[0] > (0020,0032) ImagePositionPatient: expected an item (FFFE,E000), \
             found (0008,0060)"
        );
        assert_eq!(error.tag(), Some(Tag::new(0x0020, 0x0032)));
    }

    #[test]
    fn a_result_is_one_word_wide() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}
