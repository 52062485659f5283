//! What can go wrong, with the numbers that make it checkable, and the sentence of each.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::column::ColumnFault;
use super::fetch::FetchFault;
use super::frame::FrameFault;
use super::image::ImageFault;
use super::label::LabelFault;
use super::request::RequestFault;
use super::series::SeriesFault;
use crate::tag::Tag;
use crate::vr::Vr;

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
    /// None of these, and shorter than preamble and prefix.
    TooShort,
    /// None of these.
    Unknown,
}

/// What pixel data is called in [`ErrorKind::Unsupported`] that is no image, but a video.
pub(crate) const VIDEO: &str = "video";

/// The defined terms of Photometric Interpretation, retired ones too (PS3.3 §C.7.6.3.1.2).
const PHOTOMETRIC_INTERPRETATIONS: [&str; 15] = [
    "MONOCHROME1",
    "MONOCHROME2",
    "PALETTE COLOR",
    "RGB",
    "HSV",
    "ARGB",
    "CMYK",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
    "YBR_RCT_422",
    "XYB",
];

/// What went wrong, with the numbers that make it checkable.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the sentence of a variant says what its numbers are")]
pub enum ErrorKind {
    /// The operating system refused.
    Io(Arc<io::Error>),
    /// The file is not the one that was opened before: size, times or identity differ.
    FileChanged,
    /// Bytes of the file are still to be fetched: the work is done again when they are there.
    NotFetched,
    /// Bytes of the file cannot be fetched.
    Fetch(FetchFault),
    /// An earlier scan failed to read a file that has not been changed since; of its error the scan
    /// has kept the words.
    Remembered { why: String },
    /// The prefix `DICM` is missing (PS3.10 §7.1).
    NotDicom(LooksLike),
    /// The data end inside an element's tag, VR or length.
    HeaderCutShort { needed: u64, available: u64 },
    /// The data end inside a value field.
    ValueCutShort { needed: u64, available: u64 },
    /// The header turns into bytes that are no elements.
    Overwritten,
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
    /// The bytes of a deflated data set or frame (PS3.5 §A.5, §A.4.14) are none that deflating
    /// gives.
    NotDeflated,
    /// The bytes of a member of an archive are not those that were put there.
    Checksum,
    /// The deflated bytes end before their last block does.
    DeflatedCutShort,
    /// Something that this version does not read; the words say what.
    Unsupported { what: &'static str, coded: String },
    /// A file does not fit its series or its batch.
    Series(SeriesFault),
    /// A text names no column of a header table.
    Column { text: String, fault: ColumnFault },
    /// The bytes of a compressed frame are no frame of this codec, or not of this image; `offset`
    /// counts bytes from the start of the frame.
    InvalidFrame { codec: &'static str, offset: Option<u64>, fault: FrameFault },
    /// An image that contradicts itself.
    Image(ImageFault),
    /// A structure set or a segmentation that contradicts itself.
    Label(LabelFault),
    /// Something that a caller asks for and this image cannot give.
    Request(RequestFault),
    /// The system has no more memory.
    NoMemory,
    /// The user pressed Ctrl-C.
    Cancelled,
}

impl ErrorKind {
    /// [`ErrorKind::Unsupported`] with a coded value out of a file. In a damaged file any text can
    /// be in its place, a name in capitals too: what is no UID, no VR and no defined term is not
    /// shown.
    pub fn unsupported(what: &'static str, coded: &str) -> ErrorKind {
        // PS3.5 §9.1: numbers and periods, 64 characters at most.
        let is_uid = coded.len() <= 64
            && coded.contains('.')
            && coded.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let is_vr = coded.len() == 2 && coded.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_shown = is_uid || is_vr || PHOTOMETRIC_INTERPRETATIONS.contains(&coded);
        ErrorKind::Unsupported {
            what,
            coded: if is_shown { coded.to_owned() } else { String::new() },
        }
    }
}

impl From<ImageFault> for ErrorKind {
    fn from(fault: ImageFault) -> ErrorKind {
        ErrorKind::Image(fault)
    }
}

impl From<RequestFault> for ErrorKind {
    fn from(fault: RequestFault) -> ErrorKind {
        ErrorKind::Request(fault)
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
            LooksLike::TooShort => "a file of fewer than 132 bytes",
            LooksLike::Unknown => "no 'DICM' prefix at byte 128",
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Io(error) => error.fmt(f),
            ErrorKind::FileChanged => f.write_str("the file was changed since it was opened"),
            ErrorKind::NotFetched => f.write_str("bytes of the file have not been fetched"),
            ErrorKind::Fetch(fault) => f.write_str(&fault.what),
            ErrorKind::Checksum => f.write_str("the member has the wrong checksum"),
            ErrorKind::Remembered { why } => f.write_str(why),
            ErrorKind::NotDicom(looks_like) => write!(f, "not a DICOM file: {looks_like}"),
            ErrorKind::ImageSize { rows, columns, samples, frames } => {
                write!(
                    f,
                    "no image can have {rows} rows, {columns} columns, {samples} samples and \
                     {frames} frames"
                )
            }
            ErrorKind::PixelsCutShort { needed, available } => write!(
                f,
                "the pixels need {needed} bytes, but there are {available} ({} bytes missing)",
                needed.saturating_sub(*available)
            ),
            ErrorKind::FrameIndex { index, count } => {
                write!(f, "there is no frame with index {index}: the image has {count}")
            }
            ErrorKind::NotDeflated => {
                f.write_str("the bytes are not deflated as the Transfer Syntax says")
            }
            ErrorKind::Overwritten => f.write_str(
                "the header turns into bytes that are no data elements: a part of the file was \
                 overwritten or never written",
            ),
            ErrorKind::DeflatedCutShort => f.write_str("the deflated bytes end too early"),
            ErrorKind::Unsupported { what, coded } => {
                f.write_str(what)?;
                if !coded.is_empty() {
                    write!(f, " ({coded})")?;
                }
                f.write_str(" cannot be read yet")
            }
            ErrorKind::InvalidFrame { codec, offset, fault } => {
                write!(f, "the {codec} data")?;
                if let Some(offset) = offset {
                    write!(f, " at byte {offset} of the frame")?;
                }
                write!(f, ": {fault}")
            }
            ErrorKind::Image(fault) => fault.fmt(f),
            ErrorKind::Label(fault) => fault.fmt(f),
            ErrorKind::Request(fault) => fault.fmt(f),
            ErrorKind::Series(fault) => fault.fmt(f),
            ErrorKind::Column { text, fault } => write!(f, "column {text:?}: {fault}"),
            ErrorKind::NoMemory => f.write_str("the system has no more memory"),
            ErrorKind::Cancelled => f.write_str("interrupted"),
            _ => match self.limit_sentence().or_else(|| self.element_sentence()) {
                Some(sentence) => f.write_str(&sentence),
                None => Ok(()),
            },
        }
    }
}

impl ErrorKind {
    /// The sentence of a limit that is exceeded.
    fn limit_sentence(&self) -> Option<String> {
        Some(match self {
            ErrorKind::TooDeep { limit } => {
                format!("sequences are nested more than {limit} deep")
            }
            ErrorKind::TooMany { limit } => format!("more than {limit} elements or items"),
            ErrorKind::HeaderTooLong { limit } => {
                format!("the header is longer than {limit} bytes")
            }
            ErrorKind::InflatedTooLong { limit } => {
                format!("the deflated data set is longer than {limit} bytes when it is inflated")
            }
            ErrorKind::DecodedTooLong { limit } => {
                format!("the compressed frame is longer than {limit} bytes when it is decoded")
            }
            _ => return None,
        })
    }

    /// The sentence of elements that break PS3.5 §7.
    fn element_sentence(&self) -> Option<String> {
        Some(match self {
            ErrorKind::HeaderCutShort { needed, available } => {
                format!("an element's header needs {needed} bytes, but {available} are left")
            }
            ErrorKind::ValueCutShort { needed, available } => {
                format!(
                    "the value needs {needed} bytes, but {available} are left ({} missing)",
                    needed.saturating_sub(*available)
                )
            }
            ErrorKind::ItemExpected { found } => {
                format!("expected an item {}, found {found}", Tag::ITEM)
            }
            ErrorKind::UnexpectedDelimiter { found } => {
                format!("a delimiter {found} stands where an element should")
            }
            ErrorKind::UndefinedLength { vr } => {
                format!("VR {vr} cannot have an undefined length")
            }
            ErrorKind::ValueLength { vr, length, size } => {
                format!("a value of VR {vr} has {length} bytes, which is no multiple of {size}")
            }
            ErrorKind::Missing { what, needed_for } => {
                format!("{what} is missing, which {needed_for} needs")
            }
            ErrorKind::BadValue { what, found, expected } => {
                format!("{what} is {found}, expected {expected}")
            }
            _ => return None,
        })
    }
}
