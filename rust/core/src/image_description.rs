//! The Image Pixel attributes of a data set (PS3.3 §C.7.6.3), checked, in one value.
//!
//! This is the only code that reads them; what decodes pixels takes an [`ImageDescription`] and
//! needs no file.

use std::ops::RangeInclusive;

use crate::dataset::Dataset;
use crate::dictionary::keyword;
use crate::error::{Error, ErrorKind, ImageFault, Result};
use crate::tag::Tag;
use crate::value::{self, Number};
use crate::vr::Vr;

const SAMPLES_PER_PIXEL: Tag = Tag::new(0x0028, 0x0002);
const PHOTOMETRIC_INTERPRETATION: Tag = Tag::new(0x0028, 0x0004);
const IMAGE_DIMENSIONS: Tag = Tag::new(0x0028, 0x0005);
const PLANAR_CONFIGURATION: Tag = Tag::new(0x0028, 0x0006);
const NUMBER_OF_FRAMES: Tag = Tag::new(0x0028, 0x0008);
const ROWS: Tag = Tag::new(0x0028, 0x0010);
const COLUMNS: Tag = Tag::new(0x0028, 0x0011);
const BITS_ALLOCATED: Tag = Tag::new(0x0028, 0x0100);

/// Where attributes come from: a data set as it was read, or one that was changed in memory.
pub trait Attributes {
    /// The first value as a whole number; `None` if the element is absent, empty or no number.
    fn integer(&self, tag: Tag) -> Option<i64>;
    /// The value as text; `None` if the element is absent or empty.
    fn text(&self, tag: Tag) -> Option<String>;
}

impl Attributes for Dataset {
    fn integer(&self, tag: Tag) -> Option<i64> {
        let element = self.find(tag)?;
        let vr = self.vr(element).vr;
        let bytes = self.value(element).ok()?;
        if vr == Vr::IS || vr == Vr::DS {
            let text = value::text(&bytes, vr, self.character_set());
            return whole_number(text.split('\\').next()?);
        }
        match value::numbers(&bytes, vr, self.order()).next()? {
            Number::Int(number) => Some(number),
            Number::Unsigned(number) => i64::try_from(number).ok(),
            Number::Float(_) => None,
        }
    }

    fn text(&self, tag: Tag) -> Option<String> {
        let element = self.find(tag)?;
        let bytes = self.value(element).ok()?;
        let text = value::text(&bytes, self.vr(element).vr, self.character_set());
        Some(text.into_owned()).filter(|text| !text.is_empty())
    }
}

/// A whole number as text; some files write it with a point, as in `3.0`.
fn whole_number(text: &str) -> Option<i64> {
    value::integer(text).or_else(|| {
        let number = text.trim().parse::<f64>().ok()?;
        // Beyond this a float does not hold every whole number.
        (number.fract() == 0.0 && number.abs() < 53f64.exp2()).then_some(number as i64)
    })
}

/// Which element has the pixels: an image has one of them (PS3.3 §C.7.6.3, §C.7.6.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelElement {
    /// Pixel Data (7FE0,0010): whole numbers.
    PixelData,
    /// Float Pixel Data (7FE0,0008): 32-bit floating point numbers.
    FloatPixelData,
    /// Double Float Pixel Data (7FE0,0009): 64-bit floating point numbers.
    DoubleFloatPixelData,
}

impl PixelElement {
    /// All of them.
    pub const ALL: [PixelElement; 3] =
        [PixelElement::PixelData, PixelElement::FloatPixelData, PixelElement::DoubleFloatPixelData];

    /// Its tag.
    pub fn tag(self) -> Tag {
        match self {
            PixelElement::PixelData => Tag::PIXEL_DATA,
            PixelElement::FloatPixelData => Tag::FLOAT_PIXEL_DATA,
            PixelElement::DoubleFloatPixelData => Tag::DOUBLE_FLOAT_PIXEL_DATA,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            PixelElement::PixelData => "Pixel Data",
            PixelElement::FloatPixelData => "Float Pixel Data",
            PixelElement::DoubleFloatPixelData => "Double Float Pixel Data",
        }
    }
}

/// The type of a sample, as NumPy names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum SampleType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl SampleType {
    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            SampleType::U8 => "uint8",
            SampleType::I8 => "int8",
            SampleType::U16 => "uint16",
            SampleType::I16 => "int16",
            SampleType::U32 => "uint32",
            SampleType::I32 => "int32",
            SampleType::U64 => "uint64",
            SampleType::I64 => "int64",
            SampleType::F32 => "float32",
            SampleType::F64 => "float64",
        }
    }

    /// The type with NumPy's name.
    pub fn from_name(name: &str) -> Option<SampleType> {
        use SampleType::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        [U8, I8, U16, I16, U32, I32, U64, I64, F32, F64]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// Bytes of one sample.
    pub fn size(self) -> usize {
        match self {
            SampleType::U8 | SampleType::I8 => 1,
            SampleType::U16 | SampleType::I16 => 2,
            SampleType::U32 | SampleType::I32 | SampleType::F32 => 4,
            SampleType::U64 | SampleType::I64 | SampleType::F64 => 8,
        }
    }
}

/// How the pixels of an image are laid out and what their bits mean.
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
    /// `None` if that is not said, of several samples.
    pub is_planar: Option<bool>,
    /// What the samples mean, as it is written: `MONOCHROME2`, `RGB`.
    pub photometric_interpretation: String,
}

impl ImageDescription {
    /// Reads the attributes of an image whose pixels are in `pixel_element`.
    ///
    /// # Errors
    ///
    /// If one is absent that is needed, or they describe no image, or one of a kind that is not
    /// read yet.
    pub fn new(
        attributes: &impl Attributes,
        pixel_element: PixelElement,
    ) -> Result<ImageDescription> {
        let rows = within(attributes, pixel_element, ROWS, 1..=65_535, "1 to 65535")? as usize;
        let columns =
            within(attributes, pixel_element, COLUMNS, 1..=65_535, "1 to 65535")? as usize;
        // None of these is guessed where it is absent: the values would be wrong without a word.
        let samples = match attributes.integer(SAMPLES_PER_PIXEL) {
            // ACR-NEMA had no colours, and said in its own attribute that it has rows and columns.
            None if attributes.integer(IMAGE_DIMENSIONS) == Some(2) => 1,
            _ => within(attributes, pixel_element, SAMPLES_PER_PIXEL, 1..=4, "1, 3 or 4")? as usize,
        };
        let (allocated, expected) = match pixel_element {
            PixelElement::PixelData => (1..=64, "1, or 8 to 64"),
            PixelElement::FloatPixelData => (32..=32, "32"),
            PixelElement::DoubleFloatPixelData => (64..=64, "64"),
        };
        let bits_allocated =
            within(attributes, pixel_element, BITS_ALLOCATED, allocated, expected)? as u32;
        if !matches!(bits_allocated, 1 | 8 | 12 | 16 | 32 | 64) {
            let coded = format!("Bits Allocated {bits_allocated}");
            return Err(ErrorKind::Unsupported { what: "pixel data of this width", coded }.into());
        }
        let (mut bits_stored, mut is_signed) = (bits_allocated, true);
        // Floating point numbers have neither of these.
        if pixel_element == PixelElement::PixelData {
            let (most, expected) =
                (i64::from(bits_allocated), "at least 1 and at most Bits Allocated");
            bits_stored =
                within(attributes, pixel_element, Tag::BITS_STORED, 1..=most, expected)? as u32;
            is_signed =
                within(attributes, pixel_element, Tag::PIXEL_REPRESENTATION, 0..=1, "0 or 1")? == 1;
        }
        // Today's standard leaves no choice (PS3.5 §8.1.1), earlier ones did. Where the value
        // cannot be, it is not.
        let high_bit =
            attributes.integer(Tag::HIGH_BIT).and_then(|high_bit| u32::try_from(high_bit).ok());
        let high_bit =
            high_bit.filter(|high_bit| (bits_stored - 1..bits_allocated).contains(high_bit));
        let is_planar = match attributes.integer(PLANAR_CONFIGURATION) {
            _ if samples == 1 => Some(false),
            None => None,
            Some(0) => Some(false),
            Some(1) => Some(true),
            Some(found) => return Err(bad_value(PLANAR_CONFIGURATION, found, "0 or 1")),
        };
        let description = ImageDescription {
            rows,
            columns,
            samples_per_pixel: samples,
            frame_count: frame_count(attributes)?,
            pixel_element,
            bits_allocated,
            bits_stored,
            high_bit: high_bit.unwrap_or(bits_stored - 1),
            is_signed,
            is_planar,
            photometric_interpretation: attributes
                .text(PHOTOMETRIC_INTERPRETATION)
                .unwrap_or_default(),
        };
        description.total_length()?;
        Ok(description)
    }

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

    /// Rows and columns, and behind them the samples where there are several: the shape of a
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
    /// If samples are not three of 8 bits.
    pub fn check_colour(&self) -> Result<()> {
        if self.is_ybr_full() { self.check_rgb() } else { Ok(()) }
    }

    /// Checks that samples are such as luminance and chrominance have to be to become RGB.
    ///
    /// # Errors
    ///
    /// If they are not three of 8 bits.
    pub fn check_rgb(&self) -> Result<()> {
        if self.sample_type() == SampleType::U8 && self.samples_per_pixel == 3 {
            return Ok(());
        }
        let coded = &self.photometric_interpretation;
        Err(ErrorKind::unsupported(
            "luminance and chrominance that are not three samples of 8 bits",
            coded,
        )
        .into())
    }

    /// The image as red, green and blue of 8 bits: these use all of them, however many luminance
    /// had.
    pub fn as_rgb(&self) -> ImageDescription {
        ImageDescription { bits_stored: 8, high_bit: 7, ..self.clone() }
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

fn place(tag: Tag) -> impl Fn(ErrorKind) -> Error {
    move |kind| Error::from(kind).at_tag(tag, keyword(tag), None)
}

fn bad_value(tag: Tag, found: i64, expected: &'static str) -> Error {
    place(tag)(ErrorKind::BadValue { what: keyword(tag), found, expected })
}

/// An attribute that the pixels of `element` need.
///
/// # Errors
///
/// If it is absent or out of its range.
fn within(
    attributes: &impl Attributes,
    element: PixelElement,
    tag: Tag,
    range: RangeInclusive<i64>,
    expected: &'static str,
) -> Result<u64> {
    let missing =
        || place(tag)(ErrorKind::Missing { what: keyword(tag), needed_for: element.name() });
    let found = attributes.integer(tag).ok_or_else(missing)?;
    if range.contains(&found) { Ok(found as u64) } else { Err(bad_value(tag, found, expected)) }
}

/// Number of Frames. An absent, empty or zero one is one frame: there are pixels.
///
/// # Errors
///
/// If it is negative, or no whole number.
fn frame_count(attributes: &impl Attributes) -> Result<u64> {
    match attributes.integer(NUMBER_OF_FRAMES) {
        Some(found) => {
            let found = u64::try_from(found)
                .map_err(|_| bad_value(NUMBER_OF_FRAMES, found, "at least 1"))?;
            Ok(found.max(1))
        }
        None if attributes.text(NUMBER_OF_FRAMES).is_some_and(|text| !text.trim().is_empty()) => {
            Err(place(NUMBER_OF_FRAMES)(ImageFault::FrameCount.into()))
        }
        None => Ok(1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Table(HashMap<Tag, i64>);

    impl Attributes for Table {
        fn integer(&self, tag: Tag) -> Option<i64> {
            self.0.get(&tag).copied()
        }
        fn text(&self, _: Tag) -> Option<String> {
            None
        }
    }

    fn ct() -> HashMap<Tag, i64> {
        HashMap::from([
            (ROWS, 4),
            (COLUMNS, 6),
            (BITS_ALLOCATED, 16),
            (Tag::BITS_STORED, 12),
            (SAMPLES_PER_PIXEL, 1),
            (Tag::PIXEL_REPRESENTATION, 1),
        ])
    }

    #[test]
    fn a_ct_is_described() {
        let description = ImageDescription::new(&Table(ct()), PixelElement::PixelData).unwrap();
        assert_eq!(description.sample_type(), SampleType::I16);
        assert_eq!((description.frame_length(), description.frame_count), (48, 1));
        assert_eq!(description.shifts(), (4, 4));
    }

    #[test]
    fn impossible_images_are_refused() {
        for (name, tag, value) in [
            ("no rows", ROWS, 0),
            ("negative columns", COLUMNS, -1),
            ("no samples", SAMPLES_PER_PIXEL, 0),
            ("more stored than allocated", Tag::BITS_STORED, 17),
            ("a width that is not read", BITS_ALLOCATED, 24),
            ("a negative number of frames", NUMBER_OF_FRAMES, -1),
            ("signed twice", Tag::PIXEL_REPRESENTATION, 2),
            ("more bytes than addresses", NUMBER_OF_FRAMES, i64::MAX),
        ] {
            let mut table = ct();
            table.insert(tag, value);
            assert!(
                ImageDescription::new(&Table(table), PixelElement::PixelData).is_err(),
                "{name}"
            );
        }
        for tag in ct().into_keys() {
            let mut table = ct();
            table.remove(&tag);
            assert!(
                ImageDescription::new(&Table(table), PixelElement::PixelData).is_err(),
                "{tag} is missing"
            );
        }
        let mut table = ct();
        table.remove(&SAMPLES_PER_PIXEL);
        table.insert(IMAGE_DIMENSIONS, 2);
        assert!(
            ImageDescription::new(&Table(table), PixelElement::PixelData).is_ok(),
            "as ACR-NEMA wrote it"
        );
        let mut table = ct();
        table.extend([(SAMPLES_PER_PIXEL, 3), (PLANAR_CONFIGURATION, 2)]);
        assert!(
            ImageDescription::new(&Table(table), PixelElement::PixelData).is_err(),
            "planes of a third kind"
        );
        let mut table = ct();
        table.remove(&ROWS);
        let error = ImageDescription::new(&Table(table), PixelElement::PixelData).unwrap_err();
        assert_eq!(error.what(), "(0028,0010) Rows: Rows is missing, which Pixel Data needs");
    }

    #[test]
    fn packed_samples_take_less_than_their_array() {
        for (bits, frames, expected) in
            [(1, 1, 3), (1, 3, 9), (12, 1, 36), (12, 3, 108), (64, 1, 192)]
        {
            let mut table = ct();
            table.extend([
                (BITS_ALLOCATED, bits),
                (Tag::BITS_STORED, 1),
                (NUMBER_OF_FRAMES, frames),
            ]);
            let description =
                ImageDescription::new(&Table(table), PixelElement::PixelData).unwrap();
            assert_eq!(
                description.total_length().unwrap(),
                expected,
                "{bits} bits, {frames} frames"
            );
        }
        // One bit more than 64 can count, of arrays that would be smaller than that.
        let mut table = ct();
        table.extend([(BITS_ALLOCATED, 64), (ROWS, 2), (COLUMNS, 1), (NUMBER_OF_FRAMES, 1 << 57)]);
        assert!(ImageDescription::new(&Table(table), PixelElement::PixelData).is_err());
    }

    #[test]
    fn floating_point_pixels_have_a_width_and_no_sign() {
        for (element, bits, expected) in [
            (PixelElement::FloatPixelData, 32, Some(SampleType::F32)),
            (PixelElement::DoubleFloatPixelData, 64, Some(SampleType::F64)),
            (PixelElement::FloatPixelData, 64, None),
            (PixelElement::DoubleFloatPixelData, 32, None),
        ] {
            let attributes =
                [(ROWS, 4), (COLUMNS, 6), (SAMPLES_PER_PIXEL, 1), (BITS_ALLOCATED, bits)];
            let description = ImageDescription::new(&Table(HashMap::from(attributes)), element);
            assert_eq!(
                description.ok().map(|description| description.sample_type()),
                expected,
                "{element:?} {bits}"
            );
        }
    }

    #[test]
    fn the_high_bit_says_where_the_value_is() {
        for (name, high_bit, expected) in [
            ("where it always is", Some(11), (4, 4)),
            ("not said", None, (4, 4)),
            ("at the top", Some(15), (0, 4)),
            ("in between", Some(13), (2, 4)),
            ("too low to hold the bits stored", Some(10), (4, 4)),
            ("above the bits allocated", Some(16), (4, 4)),
            ("negative", Some(-1), (4, 4)),
        ] {
            let mut table = ct();
            table.extend(high_bit.map(|high_bit| (Tag::HIGH_BIT, high_bit)));
            let description =
                ImageDescription::new(&Table(table), PixelElement::PixelData).unwrap();
            assert_eq!(description.shifts(), expected, "{name}");
        }
    }

    #[test]
    fn a_number_of_frames_may_be_written_with_a_point() {
        for (text, expected) in
            [("3", Some(3)), (" 3.0 ", Some(3)), ("3.5", None), ("1e300", None), ("x", None)]
        {
            assert_eq!(whole_number(text), expected, "{text}");
        }
    }
}
