//! Codecs against encoders that are written here from the standard alone, over all parameters that
//! they have.

mod jpeg_2000;
mod jpeg_dct;
mod jpeg_dct_encoder;
mod jpeg_lossless;
mod jpeg_lossless_encoder;
mod jpeg_ls;
mod jpeg_ls_encoder;
mod jpeg_restarts;
mod jpeg_xl;
mod rle;
mod rle_encoder;
mod target;

use rapidicom_core::codec::{
    Codec, CodedColour, CodedImage, DecodeOptions, Decoded, RowSink, Samples, Target,
};
use rapidicom_core::{ImageDescription, PixelElement, Result};

/// An image of one frame without a sign, all of whose allocated bits are stored.
pub(crate) fn image(
    rows: usize,
    columns: usize,
    samples_per_pixel: usize,
    bits_allocated: u32,
) -> ImageDescription {
    ImageDescription {
        rows,
        columns,
        samples_per_pixel,
        frame_count: 1,
        pixel_element: PixelElement::PixelData,
        bits_allocated,
        bits_stored: bits_allocated,
        high_bit: bits_allocated - 1,
        is_signed: false,
        is_planar: Some(false),
        photometric_interpretation: if samples_per_pixel == 1 { "MONOCHROME2" } else { "RGB" }
            .to_owned(),
    }
}

#[derive(Default)]
struct Kept(Vec<i64>);

impl RowSink for Kept {
    fn begin(&mut self, _: &CodedImage) -> Result<()> {
        Ok(())
    }

    fn rows(&mut self, samples: Samples<'_>) -> Result<()> {
        match samples {
            Samples::U8(samples) => self.0.extend(samples.iter().map(|sample| i64::from(*sample))),
            Samples::U16(samples) => self.0.extend(samples.iter().map(|sample| i64::from(*sample))),
            Samples::I32(samples) => self.0.extend(samples.iter().map(|sample| i64::from(*sample))),
        }
        Ok(())
    }
}

/// Keeps what a codestream says of its colours.
#[derive(Default)]
pub(crate) struct Colour(pub CodedColour);

impl RowSink for Colour {
    fn begin(&mut self, coded: &CodedImage) -> Result<()> {
        self.0 = coded.colour;
        Ok(())
    }

    fn rows(&mut self, _: Samples<'_>) -> Result<()> {
        Ok(())
    }
}

/// The samples of a frame, and whether all of them were coded.
pub(crate) fn decode(
    codec: &dyn Codec,
    frame: &[u8],
    image: &ImageDescription,
) -> Result<(Vec<i64>, bool)> {
    let mut kept = Kept::default();
    let mut target = Target::new(image, DecodeOptions::default(), &mut kept);
    let decoded = codec.decode(frame, &mut target)?;
    Ok((kept.0, matches!(decoded, Decoded::Whole)))
}
