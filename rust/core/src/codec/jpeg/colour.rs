//! Which colours a codestream has, by what it says itself.

use super::headers::{FrameHeader, Headers};
use super::markers::SOF3;
use crate::codec::{CodedColour, Target, invalid};
use crate::error::{ErrorKind, JpegFault, Result};

/// What the codestream says of its colours. The first rule that fits counts:
///
/// | the codestream has | colours |
/// |---|---|
/// | four components and an Adobe segment | CMYK or YCCK: refused |
/// | other than three components | as described |
/// | an Adobe segment with transform 1 | YBR_FULL |
/// | components named R, G and B | RGB |
/// | a JFIF segment, and the DCT | YBR_FULL, as JFIF knows no other |
/// | an Adobe segment with transform 0, and no subsampling | RGB |
/// | subsampled second and third components, and no Adobe segment | YBR_FULL |
/// | nothing of these | as described, by Photometric Interpretation |
///
/// # Errors
///
/// If it has four components of print.
pub(super) fn colour(headers: &Headers<'_>) -> Result<CodedColour> {
    let (frame, adobe) = (&headers.frame, headers.tables.adobe_transform);
    match (frame.components.len(), adobe) {
        (3, _) => {}
        (4, Some(transform)) => {
            let coded = if transform == 2 { "YCCK" } else { "CMYK" }.to_owned();
            return Err(ErrorKind::Unsupported { what: "JPEG colours", coded }.into());
        }
        _ => return Ok(CodedColour::AsDescribed),
    }
    let is_jfif = headers.tables.is_jfif && frame.sof != SOF3;
    Ok(match adobe {
        Some(1) => CodedColour::YbrFull,
        _ if names_rgb(frame) => CodedColour::Rgb,
        _ if is_jfif => CodedColour::YbrFull,
        Some(0) if !is_subsampled(frame) => CodedColour::Rgb,
        None if is_subsampled(frame) => CodedColour::YbrFull,
        _ => CodedColour::AsDescribed,
    })
}

/// Whether the names of the components are the letters of red, green and blue, as some encoders
/// write them.
fn names_rgb(frame: &FrameHeader) -> bool {
    frame.components.iter().map(|component| component.id.to_ascii_uppercase()).eq(*b"RGB")
}

/// Whether the first component has more samples than each of the others: nobody does that to red.
fn is_subsampled(frame: &FrameHeader) -> bool {
    let mut samples =
        frame.components.iter().map(|component| component.horizontal * component.vertical);
    samples.next().is_some_and(|first| samples.all(|other| other < first))
}

/// Remarks on colours that are not those of Photometric Interpretation, or that the codestream
/// contradicts itself about.
pub(super) fn remark_on_colour(
    codec: &'static str,
    headers: &Headers<'_>,
    colour: CodedColour,
    target: &mut Target<'_>,
) {
    let image = target.image();
    let is_adobe_rgb = headers.tables.adobe_transform == Some(0);
    let fault = match colour {
        CodedColour::AsDescribed
            if is_adobe_rgb && headers.frame.components.len() == 3 && image.is_ybr_full() =>
        {
            JpegFault::ColoursContradict
        }
        CodedColour::Rgb if image.is_ybr_full() => JpegFault::ColoursAreRgb,
        CodedColour::YbrFull if image.photometric_interpretation == "RGB" => {
            JpegFault::ColoursAreYbr
        }
        _ => return,
    };
    target.remark(invalid(codec, None, fault));
}
