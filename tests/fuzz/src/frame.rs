//! What the targets of all codecs share: an image of the first bytes' making, and a frame of the
//! others.

use rapidicom_core::codec::{Codec, CodedImage, DecodeOptions, Decoded, RowSink, Samples, Target};
use rapidicom_core::{ImageDescription, PixelElement, Result};

/// Lets all rows pass.
struct Passing;

impl RowSink for Passing {
    fn begin(&mut self, _: &CodedImage) -> Result<()> {
        Ok(())
    }

    fn rows(&mut self, _: Samples<'_>) -> Result<()> {
        Ok(())
    }
}

/// Decodes a frame: rows - 1, columns - 1, samples of a pixel - 1 and the width of samples (1, 8,
/// 16 or 32 bits) in a byte each, then the frame itself.
pub fn decode(codec: &dyn Codec, bytes: &[u8]) {
    let Some(([rows, columns, samples, width], frame)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let bits = [1, 8, 16, 32][usize::from(width % 4)];
    let image = ImageDescription {
        rows: usize::from(*rows) + 1,
        columns: usize::from(*columns) + 1,
        samples_per_pixel: usize::from(samples % 4) + 1,
        frame_count: 1,
        pixel_element: PixelElement::PixelData,
        bits_allocated: bits,
        bits_stored: bits,
        high_bit: bits - 1,
        is_signed: width & 128 != 0,
        is_planar: Some(false),
        photometric_interpretation: if samples % 4 == 0 { "MONOCHROME2" } else { "RGB" }.to_owned(),
    };
    let mut sink = Passing;
    let mut target = Target::new(&image, DecodeOptions::default(), &mut sink);
    let decoded = codec.decode(frame, &mut target);
    assert!(
        !matches!(decoded, Ok(Decoded::Whole)) || target.is_full(),
        "whole, and rows are missing"
    );
}
