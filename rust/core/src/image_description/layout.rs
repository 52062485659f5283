//! How an image is laid out: sizes, orders and types that follow from its attributes.

use super::sample::{PixelElement, SampleType};
use crate::error::{ErrorKind, Result};

/// How the pixels of an image are laid out and what their bits mean.
///
/// # Examples
///
/// A CT slice of 512 by 512 pixels, signed, 12 of 16 bits stored:
///
/// ```
/// use rapidicom_core::{Attributes, ImageDescription, PixelElement, SampleType, Tag};
///
/// struct Ct;
///
/// impl Attributes for Ct {
///     fn integer(&self, tag: Tag) -> Option<i64> {
///         match (tag.group(), tag.element()) {
///             (0x0028, 0x0002) => Some(1),
///             (0x0028, 0x0010 | 0x0011) => Some(512),
///             (0x0028, 0x0100) => Some(16),
///             (0x0028, 0x0101) => Some(12),
///             (0x0028, 0x0103) => Some(1),
///             _ => None,
///         }
///     }
///
///     fn text(&self, _: Tag) -> Option<String> {
///         None
///     }
/// }
///
/// let image = ImageDescription::new(&Ct, PixelElement::PixelData)?;
/// assert_eq!(image.frame_shape(), [512, 512]);
/// assert_eq!((image.sample_type(), image.frame_length()), (SampleType::I16, 524_288));
/// // Four bits above the value make way for its sign.
/// assert_eq!(image.shifts(), (4, 4));
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDescription {
    /// Rows of a frame, 1 to 65535.
    pub rows: usize,
    /// Columns of a frame, 1 to 65535.
    pub columns: usize,
    /// Samples of a pixel: 1, or 3 of colour.
    pub samples_per_pixel: usize,
    /// Frames, at least 1.
    pub frame_count: u64,
    /// The element that has the pixels.
    pub pixel_element: PixelElement,
    /// Bits a stored sample takes: 8, 16, 32 or 64, or 1 or 12, which are packed without gaps.
    pub bits_allocated: u32,
    /// Bits of a sample that carry its value.
    pub bits_stored: u32,
    /// The highest of them, counted from 0.
    pub high_bit: u32,
    /// Whether samples are two's complement.
    pub is_signed: bool,
    /// Whether each colour has a plane of its own, rather than each pixel its colours together;
    /// `None` if the data set of an image with several samples does not say.
    pub is_planar: Option<bool>,
    /// What the samples mean, as it is written: `MONOCHROME2`, `RGB`.
    pub photometric_interpretation: String,
}

impl ImageDescription {
    /// The type that holds a stored sample.
    pub fn sample_type(&self) -> SampleType {
        match (self.pixel_element, self.bits_allocated, self.is_signed) {
            (PixelElement::FloatPixelData, ..) => SampleType::F32,
            (PixelElement::DoubleFloatPixelData, ..) => SampleType::F64,
            (_, 1, _) | (_, 8, false) => SampleType::U8,
            (_, 8, true) => SampleType::I8,
            (_, 12 | 16, false) => SampleType::U16,
            (_, 12 | 16, true) => SampleType::I16,
            (_, 32, false) => SampleType::U32,
            (_, 32, true) => SampleType::I32,
            (_, _, false) => SampleType::U64,
            (_, _, true) => SampleType::I64,
        }
    }

    /// Rows, columns and, if there are several, samples: the shape of a
    /// frame's array.
    pub fn frame_shape(&self) -> Vec<usize> {
        let samples = Some(self.samples_per_pixel).filter(|samples| *samples > 1);
        [self.rows, self.columns].into_iter().chain(samples).collect()
    }

    /// Samples of one frame: at most 4 x 65535 x 65535.
    pub fn frame_samples(&self) -> usize {
        self.rows * self.columns * self.samples_per_pixel
    }

    /// Bytes of one frame's array.
    pub fn frame_length(&self) -> usize {
        self.frame_samples() * self.sample_type().size()
    }

    /// Whether stored samples are packed without gaps (PS3.5 §8.1.1), so that they take fewer bits
    /// than those of the array, and frames need not start on a byte.
    pub fn is_packed(&self) -> bool {
        !self.bits_allocated.is_multiple_of(8)
    }

    /// Whether two neighbouring pixels share their chrominance in native data (PS3.3 §C.7.6.3.1.2),
    /// so that the three samples of each take two thirds of the bytes.
    pub fn is_subsampled(&self) -> bool {
        self.photometric_interpretation == "YBR_FULL_422" && self.samples_per_pixel == 3
    }

    /// Whether the samples of native pixels follow each other as in an array: those of a pixel
    /// together, none shared.
    pub fn is_in_order(&self) -> bool {
        !self.is_subsampled() && self.is_planar != Some(true)
    }

    /// Whether the pixels are luminance and chrominance that are shown as RGB.
    pub fn is_ybr_full(&self) -> bool {
        // One sample has no colour to turn into another, whatever it is called.
        matches!(self.photometric_interpretation.as_str(), "YBR_FULL" | "YBR_FULL_422")
            && self.samples_per_pixel > 1
    }

    /// Checks that luminance and chrominance, if that is what the pixels are, can be turned into
    /// RGB.
    ///
    /// # Errors
    ///
    /// If samples are not three of 8 to 16 bits without a sign.
    pub fn check_colour(&self) -> Result<()> {
        if self.is_ybr_full() { self.check_rgb() } else { Ok(()) }
    }

    /// Checks that samples are such as luminance and chrominance have to be to become RGB.
    ///
    /// # Errors
    ///
    /// If they are not three of 8 to 16 bits without a sign.
    pub fn check_rgb(&self) -> Result<()> {
        let is_wide_enough = matches!(self.sample_type(), SampleType::U8 | SampleType::U16);
        if is_wide_enough && self.bits_allocated > 1 && self.samples_per_pixel == 3 {
            return Ok(());
        }
        let coded = &self.photometric_interpretation;
        Err(ErrorKind::unsupported(
            "luminance and chrominance that are not three samples of 8 to 16 bits without a sign",
            coded,
        )
        .into())
    }

    /// The image as red, green and blue, which use all bits of a sample's type, however many
    /// luminance uses.
    pub fn as_rgb(&self) -> ImageDescription {
        let bits_stored = self.sample_type().size() as u32 * 8;
        ImageDescription { bits_stored, high_bit: bits_stored - 1, ..self.clone() }
    }

    /// The image with rows and columns halved `times` times, rounding up: at a lower resolution.
    pub fn reduced(&self, times: u32) -> ImageDescription {
        ImageDescription {
            rows: halved(self.rows, times),
            columns: halved(self.columns, times),
            ..self.clone()
        }
    }

    /// Samples of one native frame as it is stored.
    pub fn stored_frame_samples(&self) -> usize {
        if self.is_subsampled() { self.frame_samples() / 3 * 2 } else { self.frame_samples() }
    }

    /// Bits of one native frame as it is stored: fewer than 2 to the power of 41.
    pub fn stored_frame_bits(&self) -> u64 {
        self.stored_frame_samples() as u64 * u64::from(self.bits_allocated)
    }

    /// Bytes of all native frames as they are stored, without the padding byte of an odd number.
    ///
    /// # Errors
    ///
    /// If their number, or that of their array, does not fit an address.
    pub fn total_length(&self) -> Result<u64> {
        let is_address = |length: &u64| isize::try_from(*length).is_ok();
        let array = (self.frame_length() as u64).checked_mul(self.frame_count).filter(is_address);
        let stored =
            self.stored_frame_bits().checked_mul(self.frame_count).map(|bits| bits.div_ceil(8));
        stored.filter(is_address).filter(|_| array.is_some()).ok_or_else(|| {
            let (rows, columns) = (self.rows as u64, self.columns as u64);
            let samples = self.samples_per_pixel as u64;
            ErrorKind::ImageSize { rows, columns, samples, frames: self.frame_count }.into()
        })
    }

    /// By how many bits a sample of the array is to be shifted left, then right, so that what does
    /// not belong to its value is gone and the lowest bit is at 0 (PS3.5 §8.1.1).
    pub fn shifts(&self) -> (u32, u32) {
        if self.bits_allocated == 1 || self.pixel_element != PixelElement::PixelData {
            return (0, 0);
        }
        let width = self.sample_type().size() as u32 * 8;
        (width.saturating_sub(self.high_bit + 1), width.saturating_sub(self.bits_stored))
    }
}

/// `length` halved `times` times, rounding up each time.
pub(crate) fn halved(length: usize, times: u32) -> usize {
    match 1usize.checked_shl(times) {
        Some(step) => length.div_ceil(step),
        None => length.min(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(bits_allocated: u32, is_signed: bool) -> ImageDescription {
        ImageDescription {
            rows: 4,
            columns: 6,
            samples_per_pixel: 1,
            frame_count: 1,
            pixel_element: PixelElement::PixelData,
            bits_allocated,
            bits_stored: bits_allocated,
            high_bit: bits_allocated - 1,
            is_signed,
            is_planar: Some(false),
            photometric_interpretation: "MONOCHROME2".to_owned(),
        }
    }

    fn colour(meaning: &str) -> ImageDescription {
        let photometric_interpretation = meaning.to_owned();
        ImageDescription { samples_per_pixel: 3, photometric_interpretation, ..grey(8, false) }
    }

    #[test]
    fn samples_have_the_narrowest_type_that_holds_them() {
        use SampleType::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        for (bits, unsigned, signed) in [
            (1, U8, U8),
            (8, U8, I8),
            (12, U16, I16),
            (16, U16, I16),
            (32, U32, I32),
            (64, U64, I64),
        ] {
            let found = [false, true].map(|is_signed| grey(bits, is_signed).sample_type());
            assert_eq!(found, [unsigned, signed], "{bits} bits");
        }
        for (pixel_element, bits, expected) in
            [(PixelElement::FloatPixelData, 32, F32), (PixelElement::DoubleFloatPixelData, 64, F64)]
        {
            let image = ImageDescription { pixel_element, ..grey(bits, true) };
            assert_eq!((image.sample_type(), image.shifts()), (expected, (0, 0)));
        }
    }

    #[test]
    fn frames_have_shapes_and_lengths() {
        let (grey, rgb) = (grey(16, false), colour("RGB"));
        assert_eq!((grey.frame_shape(), rgb.frame_shape()), (vec![4, 6], vec![4, 6, 3]));
        assert_eq!((grey.frame_samples(), rgb.frame_samples()), (24, 72));
        assert_eq!((grey.frame_length(), rgb.frame_length()), (48, 72));
    }

    #[test]
    fn packed_samples_take_less_than_their_array() {
        for (bits, is_packed, frames, expected) in [
            (1, true, 1, 3),
            (1, true, 3, 9),
            (12, true, 1, 36),
            (12, true, 3, 108),
            (8, false, 2, 48),
            (64, false, 1, 192),
        ] {
            let image = ImageDescription { frame_count: frames, ..grey(bits, false) };
            assert_eq!(image.is_packed(), is_packed, "{bits} bits");
            assert_eq!(image.total_length().unwrap(), expected, "{bits} bits, {frames} frames");
        }
        let odd = ImageDescription { rows: 1, columns: 3, ..grey(1, false) };
        assert_eq!((odd.stored_frame_bits(), odd.total_length().unwrap()), (3, 1));
    }

    #[test]
    fn lengths_fit_an_address() {
        // Of single bits, the array is longer than what is stored. The largest signed number of 64
        // bits is a multiple of 7.
        let of_bits =
            |frame_count| ImageDescription { rows: 1, columns: 7, frame_count, ..grey(1, false) };
        let most = i64::MAX as u64 / 7;
        assert_eq!(of_bits(most).total_length().unwrap(), 1 << 60);
        let error = of_bits(most + 1).total_length().unwrap_err();
        let expected =
            format!("ImageSize {{ rows: 1, columns: 7, samples: 1, frames: {} }}", most + 1);
        assert_eq!(format!("{:?}", error.kind()), expected);
        // The bits of an array that would have fewer bytes than addresses are too many to count.
        let wide = ImageDescription { rows: 2, columns: 1, ..grey(64, false) };
        let with = |frame_count| ImageDescription { frame_count, ..wide.clone() };
        assert_eq!(with((1 << 57) - 1).total_length().unwrap(), (1 << 61) - 16);
        assert!(with(1 << 57).total_length().is_err());
    }

    #[test]
    fn shared_chrominance_takes_two_thirds() {
        for (meaning, samples, is_subsampled, is_ybr_full) in [
            ("YBR_FULL_422", 3, true, true),
            ("YBR_FULL_422", 1, false, false),
            ("YBR_FULL", 3, false, true),
            ("YBR_FULL", 1, false, false),
            ("RGB", 3, false, false),
        ] {
            let image = ImageDescription { samples_per_pixel: samples, ..colour(meaning) };
            let found = (image.is_subsampled(), image.is_ybr_full(), image.is_in_order());
            assert_eq!(found, (is_subsampled, is_ybr_full, !is_subsampled), "{meaning} {samples}");
        }
        assert_eq!(colour("YBR_FULL_422").stored_frame_samples(), 48);
        assert_eq!(colour("YBR_FULL").stored_frame_samples(), 72);
        assert_eq!(colour("YBR_FULL_422").total_length().unwrap(), 48);
    }

    #[test]
    fn planes_are_out_of_order() {
        for (is_planar, expected) in [(Some(true), false), (Some(false), true), (None, true)] {
            assert_eq!(ImageDescription { is_planar, ..colour("RGB") }.is_in_order(), expected);
        }
    }

    #[test]
    fn three_samples_of_8_to_16_bits_can_become_rgb() {
        let wide = ImageDescription { bits_allocated: 16, ..colour("YBR_FULL") };
        let wider = ImageDescription { bits_allocated: 32, ..colour("YBR_FULL") };
        let narrow = ImageDescription { bits_allocated: 1, ..colour("YBR_FULL") };
        let signed = ImageDescription { is_signed: true, ..colour("YBR_FULL") };
        let four = ImageDescription { samples_per_pixel: 4, ..colour("YBR_FULL") };
        for (name, image, is_rgb, is_colour) in [
            ("luminance and chrominance", colour("YBR_FULL"), true, true),
            ("of 16 bits", wide, true, true),
            ("of 32 bits", wider, false, false),
            ("of one bit", narrow, false, false),
            ("signed", signed, false, false),
            ("four samples", four, false, false),
            ("grey", grey(16, false), false, true),
        ] {
            assert_eq!(image.check_rgb().is_ok(), is_rgb, "{name}");
            assert_eq!(image.check_colour().is_ok(), is_colour, "{name}");
        }
        let shifted = ImageDescription { bits_stored: 7, high_bit: 6, ..colour("YBR_FULL") };
        assert_eq!(shifted.as_rgb(), colour("YBR_FULL"));
    }

    #[test]
    fn lower_resolutions_are_rounded_up() {
        let image = grey(8, false).reduced(2);
        assert_eq!((image.rows, image.columns), (1, 2));
        for (length, times, expected) in
            [(5, 0, 5), (5, 1, 3), (5, 2, 2), (5, 3, 1), (5, 64, 1), (0, 64, 0), (7, u32::MAX, 1)]
        {
            assert_eq!(halved(length, times), expected, "{length} halved {times} times");
        }
    }

    #[test]
    fn shifts_bring_the_value_to_the_bottom() {
        let at = |allocated, bits_stored, high_bit| {
            ImageDescription { bits_stored, high_bit, ..grey(allocated, true) }.shifts()
        };
        assert_eq!(at(16, 12, 11), (4, 4));
        assert_eq!(at(16, 12, 15), (0, 4));
        assert_eq!(at(16, 16, 15), (0, 0));
        assert_eq!(at(12, 12, 11), (4, 4));
        assert_eq!(at(12, 10, 9), (6, 6));
        assert_eq!(at(1, 1, 0), (0, 0));
    }
}
