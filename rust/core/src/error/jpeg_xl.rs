//! What can be wrong with a JPEG XL frame (ISO/IEC 18181).

use std::fmt;

/// What is wrong with a JPEG XL codestream, or its container.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JpegXlFault {
    /// The codestream is over before a header.
    NoHeader,
    /// The codestream has a header and no frame.
    NoFrame,
    /// The frame's bytes end before the codestream does.
    CutShort,
    /// The decoder panicked.
    DecoderPanic,
    /// What the decoder `jxl` says, in its words.
    Decoder(String),
}

impl fmt::Display for JpegXlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JpegXlFault::NoHeader => "it has no header",
            JpegXlFault::NoFrame => "it has no frame",
            JpegXlFault::CutShort => "it ends early",
            JpegXlFault::DecoderPanic => "the decoder lost its way in it",
            JpegXlFault::Decoder(why) => why,
        })
    }
}
