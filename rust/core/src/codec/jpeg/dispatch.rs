//! Frames by their process, which can differ from that of their Transfer Syntax.

use super::headers::Headers;
use super::markers::{SOF0, SOF1, SOF2, SOF3, SOF55, process, process_name};
use super::{JpegDct, JpegLossless};
use crate::codec::{Codec, Decoded, Target, invalid};
use crate::error::{Error, ErrorKind, FrameFault, JpegFault, Result};

const NAME: &str = "JPEG";

/// JPEG of any process that is read, by the frame header.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jpeg;

/// What is wrong with the process of a frame under a Transfer Syntax: it names another one.
pub(crate) fn other_process(transfer_syntax_uid: &str, frame: &[u8]) -> Option<Error> {
    let (said, own): (_, &[u8]) = match transfer_syntax_uid {
        "1.2.840.10008.1.2.4.50" => ("baseline", &[SOF0, SOF1]),
        "1.2.840.10008.1.2.4.51" => ("extended sequential DCT", &[SOF0, SOF1]),
        "1.2.840.10008.1.2.4.53" | "1.2.840.10008.1.2.4.55" => ("progressive DCT", &[SOF2]),
        "1.2.840.10008.1.2.4.57" | "1.2.840.10008.1.2.4.70" => ("lossless", &[SOF3]),
        _ => return None,
    };
    let found = process(frame).filter(|found| *found != SOF55 && !own.contains(found))?;
    let found = process_name(found);
    Some(invalid(NAME, None, FrameFault::OtherProcess { found, said }))
}

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
    use crate::codec::fault_of;

    #[test]
    fn a_transfer_syntax_has_its_processes() {
        let frame = |sof: u8| [0xFF, 0xD8, 0xFF, sof, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0];
        let uid = |last: &str| format!("1.2.840.10008.1.2.4.{last}");
        for (last, sof, said) in [
            ("50", SOF0, None),
            ("50", SOF1, None),
            ("50", SOF2, Some("baseline")),
            ("50", SOF3, Some("baseline")),
            ("51", SOF0, None),
            ("51", SOF3, Some("extended sequential DCT")),
            ("55", SOF2, None),
            ("55", SOF0, Some("progressive DCT")),
            ("57", SOF3, None),
            ("70", SOF1, Some("lossless")),
            ("70", SOF55, None),
            ("90", SOF0, None),
        ] {
            let found = other_process(&uid(last), &frame(sof));
            let expected =
                said.map(|said| FrameFault::OtherProcess { found: process_name(sof), said });
            assert_eq!(found.map(|error| fault_of(&error).1), expected, ".{last} SOF{}", sof & 15);
        }
        assert!(other_process(&uid("70"), &[0xFF, 0xD8]).is_none());
    }

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
