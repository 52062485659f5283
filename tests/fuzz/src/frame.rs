//! What the targets of all codecs share: an image of the first bytes' making, and a frame of the
//! others.

use rapidicom_core::codec::{Codec, CodedImage, DecodeOptions, Decoded, RowSink, Samples, Target};
use rapidicom_core::{ImageDescription, PixelElement, Result};

/// Lets all rows pass; keeps how many samples came, and a number that others would change.
#[derive(Default)]
struct Passing(usize, u64);

impl Passing {
    fn add(&mut self, samples: impl Iterator<Item = u32>) {
        for sample in samples {
            self.0 += 1;
            self.1 =
                (self.1 ^ u64::from(sample)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(9);
        }
    }
}

impl RowSink for Passing {
    fn begin(&mut self, _: &CodedImage) -> Result<()> {
        Ok(())
    }

    fn rows(&mut self, samples: Samples<'_>) -> Result<()> {
        match samples {
            Samples::U8(samples) => self.add(samples.iter().map(|sample| u32::from(*sample))),
            Samples::U16(samples) => self.add(samples.iter().map(|sample| u32::from(*sample))),
            Samples::I32(samples) => self.add(samples.iter().map(|sample| *sample as u32)),
        }
        Ok(())
    }
}

/// Decodes a frame: rows - 1, columns - 1, samples of a pixel - 1 and the width of samples (1, 8,
/// 16 or 32 bits; with 64 on two threads too) in a byte each, then the frame itself.
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
    let one = on_threads(codec, frame, &image, 1);
    if width & 64 != 0 {
        assert_eq!(on_threads(codec, frame, &image, 2), one, "two threads give the same");
    }
}

fn on_threads(
    codec: &dyn Codec,
    frame: &[u8],
    image: &ImageDescription,
    threads: usize,
) -> (usize, u64, String) {
    let mut sink = Passing::default();
    let options = DecodeOptions::default();
    let mut target = Target::new(image, options, &mut sink).with_threads(threads);
    let decoded = codec.decode(frame, &mut target);
    assert!(
        !matches!(decoded, Ok(Decoded::Whole)) || target.is_full(),
        "whole, and rows are missing"
    );
    (sink.0, sink.1, format!("{decoded:?}"))
}
