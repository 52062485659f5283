//! What can be wrong with a compressed frame.

use std::fmt;

use super::jpeg::JpegFault;
use super::jpeg_2000::Jpeg2000Fault;
use super::jpeg_ls::JpegLsFault;
use super::jpeg_xl::JpegXlFault;
use super::rle::RleFault;

/// What is wrong with a compressed frame: a contradiction between it and the data set, or one of
/// the closed list of faults of its family of codecs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the sentence of a variant says what its numbers are")]
pub enum FrameFault {
    /// The codestream is that of an image of another size.
    Size { found: FrameSize, expected: FrameSize },
    /// Samples of no bits, or of more than the data set allocates.
    Precision { found: u32, allocated: u32 },
    /// The codestream ends before the last row.
    RowsMissing,
    /// The compressed data is over before the image is: what followed it is cut off or zero.
    EndsEarly,
    /// The image is over before its compressed data is: something in between was damaged.
    BytesLeft { count: usize },
    /// The codestream is not of the family that the Transfer Syntax names.
    OtherFamily { said: &'static str },
    /// The codestream is of another process than the Transfer Syntax names.
    OtherProcess { found: &'static str, said: &'static str },
    /// The codestream is compressed with loss, and the Transfer Syntax knows none.
    Lossy,
    /// In JPEG, lossless or not.
    Jpeg(JpegFault),
    /// In JPEG-LS.
    JpegLs(JpegLsFault),
    /// In JPEG 2000 or HTJ2K.
    Jpeg2000(Jpeg2000Fault),
    /// In JPEG XL.
    JpegXl(JpegXlFault),
    /// In RLE Lossless.
    Rle(RleFault),
}

/// How large a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the standard's names say it")]
pub struct FrameSize {
    pub rows: usize,
    pub columns: usize,
    pub samples_per_pixel: usize,
}

impl From<JpegFault> for FrameFault {
    fn from(fault: JpegFault) -> FrameFault {
        FrameFault::Jpeg(fault)
    }
}

impl From<JpegLsFault> for FrameFault {
    fn from(fault: JpegLsFault) -> FrameFault {
        FrameFault::JpegLs(fault)
    }
}

impl From<Jpeg2000Fault> for FrameFault {
    fn from(fault: Jpeg2000Fault) -> FrameFault {
        FrameFault::Jpeg2000(fault)
    }
}

impl From<JpegXlFault> for FrameFault {
    fn from(fault: JpegXlFault) -> FrameFault {
        FrameFault::JpegXl(fault)
    }
}

impl From<RleFault> for FrameFault {
    fn from(fault: RleFault) -> FrameFault {
        FrameFault::Rle(fault)
    }
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameFault::Size { found, expected } => write!(
                f,
                "it has {} rows, {} columns and {} samples a pixel, but the data set says {}, {} \
                 and {}",
                found.rows,
                found.columns,
                found.samples_per_pixel,
                expected.rows,
                expected.columns,
                expected.samples_per_pixel
            ),
            FrameFault::Precision { found, allocated } => {
                write!(f, "its samples have {found} bits, but the data set allocates {allocated}")
            }
            FrameFault::RowsMissing => f.write_str("not all rows are there"),
            FrameFault::EndsEarly => f.write_str("its data ends before its image does"),
            FrameFault::BytesLeft { count } => {
                write!(f, "{count} bytes of its data are left after the end of its image")
            }
            FrameFault::OtherFamily { said } => {
                write!(f, "the Transfer Syntax says {said}, but the first bytes are those of this")
            }
            FrameFault::OtherProcess { found, said } => {
                write!(f, "the Transfer Syntax says {said}, but its process is {found}")
            }
            FrameFault::Lossy => {
                f.write_str("the Transfer Syntax says lossless, but it is compressed with loss")
            }
            FrameFault::Jpeg(fault) => fault.fmt(f),
            FrameFault::JpegLs(fault) => fault.fmt(f),
            FrameFault::Jpeg2000(fault) => fault.fmt(f),
            FrameFault::JpegXl(fault) => fault.fmt(f),
            FrameFault::Rle(fault) => fault.fmt(f),
        }
    }
}

/// Declares an enum of faults, each with its numbers and its sentence, which documents it too.
macro_rules! faults {
    (
        $(#[$doc:meta])*
        $fault:ident {
            $($name:ident $({ $($field:ident: $type:ty),* })? =>
                $sentence:literal $(, $argument:expr)*;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the sentence of a fault says what its numbers are")]
        pub enum $fault {
            $(#[doc = $sentence] $name $({ $($field: $type),* })?,)*
        }

        impl std::fmt::Display for $fault {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match *self {
                    $($fault::$name $({ $($field),* })? => write!(f, $sentence $(, $argument)*),)*
                }
            }
        }
    };
}

pub(super) use faults;
