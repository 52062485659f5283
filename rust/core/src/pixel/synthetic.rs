//! Images for the tests of this module: one row of two pixels.

use super::native::{NativePixels, ValueField};
use crate::cursor::ByteOrder;
use crate::image_description::{ImageDescription, PixelElement};
use crate::vr::Vr;

pub fn description(bits_allocated: u32, bits_stored: u32, is_signed: bool) -> ImageDescription {
    ImageDescription {
        rows: 1,
        columns: 2,
        samples_per_pixel: 1,
        frame_count: 1,
        pixel_element: PixelElement::PixelData,
        bits_allocated,
        bits_stored,
        high_bit: bits_stored - 1,
        is_signed,
        is_planar: Some(false),
        photometric_interpretation: "MONOCHROME2".to_owned(),
    }
}

/// Eight frames from byte 50 on, in a value field that is longer than they are.
pub fn pixels(bits_allocated: u32, vr: Vr, order: ByteOrder) -> NativePixels {
    let description =
        ImageDescription { frame_count: 8, ..description(bits_allocated, bits_allocated, false) };
    NativePixels { description, field: ValueField { offset: 50, length: 1000, vr, order } }
}
