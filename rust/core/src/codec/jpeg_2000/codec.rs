//! A frame, from the codestream in it to the rows of the image.

use super::parameters::{ComponentSize, ImageSize};
use super::{boxes, codestream, decode};
use crate::codec::{Codec, CodedColour, CodedImage, Decoded, Target, invalid};
use crate::error::{Error, ErrorKind, Jpeg2000Fault, Result};

/// What messages call the codec.
pub(super) const NAME: &str = "JPEG 2000";

/// JPEG 2000 and HTJ2K frames: the codestream shows which.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jpeg2000;

pub(super) fn unsupported(what: &'static str) -> Error {
    ErrorKind::unsupported(what, "").into()
}

/// The same error, its offset counted from the start of the frame.
fn in_frame(error: Error, start: usize) -> Error {
    match error.kind() {
        ErrorKind::InvalidFrame { codec, offset: Some(offset), fault } => {
            invalid(codec, *offset as usize + start, fault.clone())
        }
        _ => error,
    }
}

impl Codec for Jpeg2000 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
        let found = boxes::find_codestream(frame)?;
        let start = found.start;
        let codestream = frame.get(found).unwrap_or_default();
        match decode_codestream(codestream, target) {
            Ok(Decoded::Whole) => Ok(Decoded::Whole),
            Ok(Decoded::Partial(error)) => Ok(Decoded::Partial(in_frame(error, start))),
            Err(error) => Err(in_frame(error, start)),
        }
    }
}

fn decode_codestream(codestream: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
    let size = codestream::read_size(codestream)?;
    let coded = coded_image(&size)?;
    if (coded.rows, coded.columns, coded.samples_per_pixel)
        != (target.image().rows, target.image().columns, target.image().samples_per_pixel)
    {
        // Says how they differ.
        target.begin(NAME, &coded)?;
    }
    let header = codestream::read_header(codestream, size)?;
    let tiles = codestream::read_tiles(codestream, &header)?;
    decode::check_reduction(&header, &tiles, target)?;
    let has_transform = |tile: &codestream::Tile| {
        tile.parameters
            .tile
            .or(header.parameters.tile)
            .is_some_and(|coding| coding.has_component_transform)
    };
    let is_rgb = coded.samples_per_pixel >= 3 && tiles.tiles.iter().any(has_transform);
    if is_lossy(&header, &tiles) {
        target.says_lossy();
    }
    let described = &target.image().photometric_interpretation;
    let colour = if is_rgb { CodedColour::Rgb } else { colour(&header.size, described) };
    if colour == CodedColour::YbrFull && !described.starts_with("YBR") {
        target.remark(invalid(NAME, None, Jpeg2000Fault::ColoursAreYbr));
    }
    target.begin(NAME, &CodedImage { colour, ..coded })?;
    decode::decode_tiles(codestream, &header, tiles, target)
}

/// Whether a wavelet is one that loses something.
fn is_lossy(header: &codestream::Header, tiles: &codestream::Tiles) -> bool {
    let components = 0..header.size.components.len();
    tiles.tiles.iter().any(|tile| {
        components.clone().any(|index| {
            let coding = header.parameters.coding.resolve(&tile.parameters.coding, index);
            coding.is_some_and(|coding| !coding.is_reversible)
        })
    })
}

/// What the samples are that no component transform made, in an image whose Photometric
/// Interpretation is `described`.
///
/// - Where the second and third component have fewer samples than the first, they are chrominance,
///   whatever the data set says: no encoder takes samples of green and blue away. OpenJPEG decides
///   the same. YBR_PARTIAL_420 and the like say that their range is smaller.
/// - YBR_ICT without a transform: components are what Photometric Interpretation says (PS3.5
///   §8.2.4), and the ICT is the equation of YBR_FULL. The RCT needs a bit more than samples have;
///   where it is described and not there, the samples are taken for red, green and blue.
fn colour(size: &ImageSize, described: &str) -> CodedColour {
    let [first, second, third] = size.components.as_slice() else {
        return CodedColour::AsDescribed;
    };
    let has_fewer = |other: &ComponentSize| {
        other.x_step >= first.x_step
            && other.y_step >= first.y_step
            && (other.x_step, other.y_step) != (first.x_step, first.y_step)
    };
    if described.starts_with("YBR_PARTIAL") {
        CodedColour::YbrPartial
    } else if has_fewer(second) && has_fewer(third) || described == "YBR_ICT" {
        CodedColour::YbrFull
    } else {
        CodedColour::AsDescribed
    }
}

/// What SIZ says of the image as a whole.
///
/// # Errors
///
/// If its components differ from each other in a way that pixels cannot.
fn coded_image(size: &ImageSize) -> Result<CodedImage> {
    let first = size
        .components
        .first()
        .ok_or_else(|| invalid(NAME, 2, Jpeg2000Fault::ComponentCount { count: 0 }))?;
    let (x_step, y_step) = size.pixel_steps();
    for component in &size.components {
        if u32::from(component.x_step) % x_step != 0 || u32::from(component.y_step) % y_step != 0 {
            return Err(unsupported(
                "a JPEG 2000 frame with components whose samples lie between those of others",
            ));
        }
        if (component.precision, component.is_signed) != (first.precision, first.is_signed) {
            return Err(unsupported(
                "a JPEG 2000 frame with components of more than one precision or sign",
            ));
        }
    }
    if first.precision > 31 {
        return Err(unsupported("a JPEG 2000 frame of more than 31 bits a sample"));
    }
    let pixels = size.pixels(&size.area());
    Ok(CodedImage {
        rows: pixels.height(),
        columns: pixels.width(),
        samples_per_pixel: size.components.len(),
        precision: first.precision,
        is_signed: first.is_signed,
        colour: CodedColour::AsDescribed,
        has_unused_bits: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::codestream::bytes::size_of;
    use super::*;
    use crate::codec::fault_of;
    use crate::error::Family;

    #[test]
    fn offsets_are_counted_from_the_start_of_the_frame() {
        let error = invalid(NAME, 5, Jpeg2000Fault::NoPackets);
        let moved = in_frame(error, 80);
        assert_eq!(fault_of(&moved), (Some(85), Jpeg2000Fault::NoPackets.into()));
        let error = in_frame(unsupported("some part"), 80);
        assert_eq!(error.family(), Family::Unsupported);
        let error = in_frame(invalid(NAME, None, Jpeg2000Fault::NoPackets), 80);
        assert_eq!(fault_of(&error).0, None);
        assert_eq!(Jpeg2000.name(), "JPEG 2000");
    }

    #[test]
    fn fewer_samples_are_chrominance() {
        use CodedColour::{AsDescribed, YbrFull, YbrPartial};
        let full = (1, 1);
        for (steps, described, expected) in [
            (vec![full, (2, 1), (2, 1)], "YBR_FULL_422", YbrFull),
            (vec![full, (2, 2), (2, 2)], "RGB", YbrFull),
            (vec![full, (1, 2), (1, 2)], "RGB", YbrFull),
            (vec![full, (2, 2), (2, 2)], "YBR_PARTIAL_420", YbrPartial),
            (vec![full, full, full], "YBR_PARTIAL_422", YbrPartial),
            (vec![full], "YBR_PARTIAL_422", AsDescribed),
            (vec![full, full, (2, 2)], "RGB", AsDescribed),
            (vec![(2, 2), full, full], "RGB", AsDescribed),
            (vec![full, full, full], "YBR_ICT", YbrFull),
            (vec![full, full, full], "YBR_RCT", AsDescribed),
            (vec![full, full, full], "YBR_FULL", AsDescribed),
            (vec![full], "YBR_ICT", AsDescribed),
            (vec![full, (2, 2), (2, 2), full], "ARGB", AsDescribed),
        ] {
            let mut size = size_of(steps.len());
            for (component, steps) in size.components.iter_mut().zip(&steps) {
                (component.x_step, component.y_step) = *steps;
            }
            assert_eq!(colour(&size, described), expected, "{described}: {steps:?}");
        }
    }

    #[test]
    fn components_are_alike() {
        let first = ComponentSize { precision: 12, is_signed: true, x_step: 1, y_step: 1 };
        let image = |changed: ComponentSize| {
            let mut size = size_of(3);
            (size.x0, size.x1, size.y0, size.y1) = (2, 7, 3, 11);
            size.components = vec![first, first, changed];
            coded_image(&size)
        };
        let coded = image(first).unwrap();
        assert_eq!((coded.rows, coded.columns, coded.samples_per_pixel), (8, 5, 3));
        assert_eq!((coded.precision, coded.is_signed), (12, true));
        assert!(!coded.has_unused_bits && coded.colour == CodedColour::AsDescribed);
        for changed in
            [ComponentSize { precision: 11, ..first }, ComponentSize { is_signed: false, ..first }]
        {
            assert_eq!(image(changed).unwrap_err().family(), Family::Unsupported, "{changed:?}");
        }
        for (steps, expected) in [
            ([(1, 1), (2, 1), (2, 2)], Some((5, 8))),
            // No component has the samples of all columns.
            ([(2, 2), (2, 2), (4, 2)], Some((3, 4))),
            ([(2, 1), (3, 1), (2, 1)], None),
        ] {
            let mut size = size_of(3);
            (size.x0, size.x1, size.y0, size.y1) = (2, 7, 3, 11);
            size.components = vec![first; 3];
            for (component, steps) in size.components.iter_mut().zip(steps) {
                (component.x_step, component.y_step) = steps;
            }
            let found = coded_image(&size).ok().map(|coded| (coded.columns, coded.rows));
            assert_eq!(found, expected, "{steps:?}");
        }
        let of_precision = |precision| {
            let mut size = size_of(1);
            size.components[0].precision = precision;
            coded_image(&size).map(|coded| coded.precision)
        };
        assert_eq!(of_precision(31).unwrap(), 31);
        assert_eq!(of_precision(32).unwrap_err().family(), Family::Unsupported);
        let error = coded_image(&size_of(0)).unwrap_err();
        let expected = Jpeg2000Fault::ComponentCount { count: 0 };
        assert_eq!(fault_of(&error), (Some(2), expected.into()));
    }
}
