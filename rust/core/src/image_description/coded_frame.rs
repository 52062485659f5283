//! One compressed frame by itself, as a caller describes it who has its bytes from elsewhere.

use super::layout::ImageDescription;
use super::sample::PixelElement;
use crate::error::{RequestFault, Result};

/// The attributes of a compressed frame. The samples of its pixels lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodedFrame<'a> {
    /// Rows.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
    /// Samples per Pixel.
    pub samples_per_pixel: u16,
    /// Bits Allocated.
    pub bits_allocated: u32,
    /// Bits Stored: the lowest ones.
    pub bits_stored: u32,
    /// Whether samples are two's complement.
    pub is_signed: bool,
    /// What the samples mean.
    pub photometric_interpretation: &'a str,
}

impl CodedFrame<'_> {
    /// The image that has this frame alone.
    ///
    /// # Errors
    ///
    /// If there is no such image.
    pub fn description(&self) -> Result<ImageDescription> {
        let CodedFrame { rows, columns, samples_per_pixel, bits_allocated, bits_stored, .. } =
            *self;
        let is_image = rows > 0
            && columns > 0
            && (1..=4).contains(&samples_per_pixel)
            && matches!(bits_allocated, 1 | 8 | 16 | 32)
            && (1..=bits_allocated).contains(&bits_stored);
        if !is_image {
            return Err(RequestFault::NoImage {
                rows,
                columns,
                samples: samples_per_pixel,
                allocated: bits_allocated,
                stored: bits_stored,
            }
            .into());
        }
        Ok(ImageDescription {
            rows: rows.into(),
            columns: columns.into(),
            samples_per_pixel: samples_per_pixel.into(),
            frame_count: 1,
            pixel_element: PixelElement::PixelData,
            bits_allocated,
            bits_stored,
            high_bit: bits_stored - 1,
            is_signed: self.is_signed,
            is_planar: Some(false),
            photometric_interpretation: self.photometric_interpretation.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const FRAME: CodedFrame<'_> = CodedFrame {
        rows: 4,
        columns: 6,
        samples_per_pixel: 3,
        bits_allocated: 16,
        bits_stored: 12,
        is_signed: true,
        photometric_interpretation: "RGB",
    };

    #[test]
    fn a_frame_is_an_image() {
        let expected = ImageDescription {
            rows: 4,
            columns: 6,
            samples_per_pixel: 3,
            frame_count: 1,
            pixel_element: PixelElement::PixelData,
            bits_allocated: 16,
            bits_stored: 12,
            high_bit: 11,
            is_signed: true,
            is_planar: Some(false),
            photometric_interpretation: "RGB".to_owned(),
        };
        assert_eq!(FRAME.description().unwrap(), expected);
    }

    #[test]
    fn sizes_and_bits_have_limits() {
        for (name, frame, is_image) in [
            ("one row", CodedFrame { rows: 1, ..FRAME }, true),
            ("no rows", CodedFrame { rows: 0, ..FRAME }, false),
            ("one column", CodedFrame { columns: 1, ..FRAME }, true),
            ("no columns", CodedFrame { columns: 0, ..FRAME }, false),
            ("one sample", CodedFrame { samples_per_pixel: 1, ..FRAME }, true),
            ("no samples", CodedFrame { samples_per_pixel: 0, ..FRAME }, false),
            ("four samples", CodedFrame { samples_per_pixel: 4, ..FRAME }, true),
            ("five samples", CodedFrame { samples_per_pixel: 5, ..FRAME }, false),
            ("a single bit", CodedFrame { bits_allocated: 1, bits_stored: 1, ..FRAME }, true),
            ("8 bits", CodedFrame { bits_allocated: 8, bits_stored: 8, ..FRAME }, true),
            ("12 bits", CodedFrame { bits_allocated: 12, ..FRAME }, false),
            ("32 bits", CodedFrame { bits_allocated: 32, ..FRAME }, true),
            ("64 bits", CodedFrame { bits_allocated: 64, ..FRAME }, false),
            ("one bit stored", CodedFrame { bits_stored: 1, ..FRAME }, true),
            ("no bits stored", CodedFrame { bits_stored: 0, ..FRAME }, false),
            ("all bits stored", CodedFrame { bits_stored: 16, ..FRAME }, true),
            ("more stored than allocated", CodedFrame { bits_stored: 17, ..FRAME }, false),
        ] {
            assert_eq!(frame.description().is_ok(), is_image, "{name}");
        }
    }

    #[test]
    fn what_is_no_image_is_named_with_its_numbers() {
        let error = CodedFrame { bits_stored: 17, ..FRAME }.description().unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::Request(RequestFault::NoImage {
                rows: 4,
                columns: 6,
                samples: 3,
                allocated: 16,
                stored: 17,
            })
        ));
    }
}
