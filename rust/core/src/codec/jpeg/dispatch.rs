//! Frames by their process, which can differ from that of their Transfer Syntax.

use super::headers::Headers;
use super::markers::{SOF0, SOF1, SOF2, SOF3, SOF55, process, process_name};
use super::{JpegDct, JpegLossless};
use crate::codec::{Codec, Decoded, Target, invalid};
use crate::error::{Error, ErrorKind, JpegFault, Result};

const NAME: &str = "JPEG";

/// JPEG of any process that is read, by the frame header.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jpeg;

impl Codec for Jpeg {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
        match process(frame) {
            Some(SOF3) => JpegLossless.decode(frame, target),
            Some(SOF0 | SOF1 | SOF2) => JpegDct.decode(frame, target),
            Some(SOF55) => Err(invalid(NAME, 0, JpegFault::IsJpegLs)),
            Some(sof) => Err(unsupported(sof)),
            // What is wrong with the headers.
            None => Err(match Headers::read(NAME, frame) {
                Err(error) => error,
                Ok(_) => invalid(NAME, 0, JpegFault::NoFrameHeader),
            }),
        }
    }
}

/// The error of a process that is not read.
fn unsupported(sof: u8) -> Error {
    let coded = format!("SOF{}, {}", sof & 15, process_name(sof));
    ErrorKind::Unsupported { what: "JPEG of this process", coded }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_named_by_number() {
        let error = unsupported(0xC9);
        assert!(matches!(
            error.kind(),
            ErrorKind::Unsupported { what: "JPEG of this process", coded }
                if coded == "SOF9, sequential DCT, arithmetic coding"
        ));
        assert_eq!(Jpeg.name(), "JPEG");
    }
}
