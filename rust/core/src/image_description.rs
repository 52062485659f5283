//! The Image Pixel attributes of a data set (PS3.3 §C.7.6.3), checked, in one value.
//!
//! This is the only code that reads them; what decodes pixels takes an [`ImageDescription`] and needs no file.

use crate::dataset::Dataset;
use crate::dictionary::keyword;
use crate::error::{Error, ErrorKind, Result};
use crate::tag::Tag;
use crate::value::{self, Number};
use crate::vr::Vr;

const SAMPLES_PER_PIXEL: Tag = Tag::new(0x0028, 0x0002);
const PHOTOMETRIC_INTERPRETATION: Tag = Tag::new(0x0028, 0x0004);
const PLANAR_CONFIGURATION: Tag = Tag::new(0x0028, 0x0006);
const NUMBER_OF_FRAMES: Tag = Tag::new(0x0028, 0x0008);
const ROWS: Tag = Tag::new(0x0028, 0x0010);
const COLUMNS: Tag = Tag::new(0x0028, 0x0011);
const BITS_ALLOCATED: Tag = Tag::new(0x0028, 0x0100);
const BITS_STORED: Tag = Tag::new(0x0028, 0x0101);

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
            return value::integer(text.split('\\').next()?);
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
        [U8, I8, U16, I16, U32, I32, U64, I64, F32, F64].into_iter().find(|kind| kind.name() == name)
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
    /// Bits of memory a sample takes: 8, 16 or 32.
    pub bits_allocated: u32,
    /// Bits of a sample that carry its value, from the lowest one up.
    pub bits_stored: u32,
    /// Whether samples are two's complement.
    pub is_signed: bool,
    /// Whether each colour has a plane of its own, rather than each pixel its colours together.
    pub is_planar: bool,
    /// What the samples mean, as it is written: `MONOCHROME2`, `RGB`.
    pub photometric_interpretation: String,
}

impl ImageDescription {
    /// Reads the attributes of an image with Pixel Data (7FE0,0010).
    ///
    /// # Errors
    ///
    /// If one is absent that is needed, or they describe no image, or one of a kind that is not read yet.
    pub fn new(attributes: &impl Attributes) -> Result<ImageDescription> {
        let place = |tag: Tag| move |error: ErrorKind| Error::from(error).at_tag(tag, keyword(tag), None);
        let needed = |tag: Tag| {
            let missing = || ErrorKind::Missing { what: keyword(tag), needed_for: "Pixel Data" };
            attributes.integer(tag).ok_or_else(|| place(tag)(missing()))
        };
        let within = |tag: Tag, found: i64, least: i64, most: i64, expected: &'static str| {
            let bad = || ErrorKind::BadValue { what: keyword(tag), found, expected };
            if (least..=most).contains(&found) { Ok(found as u64) } else { Err(place(tag)(bad())) }
        };
        let rows = within(ROWS, needed(ROWS)?, 1, 65_535, "1 to 65535")? as usize;
        let columns = within(COLUMNS, needed(COLUMNS)?, 1, 65_535, "1 to 65535")? as usize;
        // None of these is guessed where it is absent: the values would be wrong without a word.
        let samples = within(SAMPLES_PER_PIXEL, needed(SAMPLES_PER_PIXEL)?, 1, 4, "1, 3 or 4")? as usize;
        let bits_allocated = within(BITS_ALLOCATED, needed(BITS_ALLOCATED)?, 1, 64, "1, or 8 to 64")? as u32;
        if !matches!(bits_allocated, 8 | 16 | 32) {
            let coded = format!("Bits Allocated {bits_allocated}");
            return Err(ErrorKind::Unsupported { what: "pixel data of this width", coded }.into());
        }
        let expected = "at least 1 and at most Bits Allocated";
        let bits_stored = within(BITS_STORED, needed(BITS_STORED)?, 1, i64::from(bits_allocated), expected)? as u32;
        let is_signed = needed(Tag::PIXEL_REPRESENTATION)?;
        let is_signed = within(Tag::PIXEL_REPRESENTATION, is_signed, 0, 1, "0 or 1")? == 1;
        // An empty or zero Number of Frames is one frame: there are pixels.
        let frame_count = attributes.integer(NUMBER_OF_FRAMES).unwrap_or(1).max(1) as u64;
        let is_planar = samples > 1 && attributes.integer(PLANAR_CONFIGURATION) == Some(1);
        let photometric_interpretation = attributes.text(PHOTOMETRIC_INTERPRETATION).unwrap_or_default();
        let description = ImageDescription {
            rows,
            columns,
            samples_per_pixel: samples,
            frame_count,
            bits_allocated,
            bits_stored,
            is_signed,
            is_planar,
            photometric_interpretation,
        };
        description.total_length()?;
        Ok(description)
    }

    /// The type that holds a stored sample.
    pub fn sample_type(&self) -> SampleType {
        match (self.bits_allocated, self.is_signed) {
            (8, false) => SampleType::U8,
            (8, true) => SampleType::I8,
            (16, false) => SampleType::U16,
            (16, true) => SampleType::I16,
            (_, false) => SampleType::U32,
            (_, true) => SampleType::I32,
        }
    }

    /// Rows and columns, and behind them the samples where there are several: the shape of a frame's array.
    pub fn frame_shape(&self) -> Vec<usize> {
        let samples = Some(self.samples_per_pixel).filter(|samples| *samples > 1);
        [self.rows, self.columns].into_iter().chain(samples).collect()
    }

    /// Samples of one frame: at most 4 x 65535 x 65535.
    pub fn frame_samples(&self) -> usize {
        self.rows * self.columns * self.samples_per_pixel
    }

    /// Bytes of one native frame.
    pub fn frame_length(&self) -> usize {
        self.frame_samples() * self.sample_type().size()
    }

    /// Whether two neighbouring pixels share their chrominance in native data (PS3.3 §C.7.6.3.1.2), so that the
    /// three samples of each take two thirds of the bytes.
    pub fn is_subsampled(&self) -> bool {
        self.photometric_interpretation == "YBR_FULL_422" && self.samples_per_pixel == 3
    }

    /// Whether the pixels are luminance and chrominance that are shown as RGB.
    pub fn is_ybr_full(&self) -> bool {
        matches!(self.photometric_interpretation.as_str(), "YBR_FULL" | "YBR_FULL_422")
            && self.sample_type() == SampleType::U8
            && self.samples_per_pixel == 3
    }

    /// Bytes of one native frame as it is stored.
    pub fn stored_frame_length(&self) -> usize {
        if self.is_subsampled() { self.frame_length() / 3 * 2 } else { self.frame_length() }
    }

    /// Bytes of all native frames as they are stored, without the padding byte of an odd number.
    ///
    /// # Errors
    ///
    /// If the number does not fit an address.
    pub fn total_length(&self) -> Result<u64> {
        let total = (self.stored_frame_length() as u64).checked_mul(self.frame_count);
        total.filter(|total| isize::try_from(*total).is_ok()).ok_or_else(|| {
            let (rows, columns) = (self.rows as u64, self.columns as u64);
            let samples = self.samples_per_pixel as u64;
            ErrorKind::ImageSize { rows, columns, samples, frames: self.frame_count }.into()
        })
    }

    /// Whether stored samples have bits that do not belong to their value.
    pub fn has_unused_bits(&self) -> bool {
        self.bits_stored < self.bits_allocated
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
            (BITS_STORED, 12),
            (SAMPLES_PER_PIXEL, 1),
            (Tag::PIXEL_REPRESENTATION, 1),
        ])
    }

    #[test]
    fn a_ct_is_described() {
        let description = ImageDescription::new(&Table(ct())).unwrap();
        assert_eq!(description.sample_type(), SampleType::I16);
        assert_eq!((description.frame_length(), description.frame_count), (48, 1));
        assert!(description.has_unused_bits());
    }

    #[test]
    fn impossible_images_are_refused() {
        for (name, tag, value) in [
            ("no rows", ROWS, 0),
            ("negative columns", COLUMNS, -1),
            ("no samples", SAMPLES_PER_PIXEL, 0),
            ("more stored than allocated", BITS_STORED, 17),
            ("a width that is not read", BITS_ALLOCATED, 12),
            ("signed twice", Tag::PIXEL_REPRESENTATION, 2),
            ("more bytes than addresses", NUMBER_OF_FRAMES, i64::MAX),
        ] {
            let mut table = ct();
            table.insert(tag, value);
            assert!(ImageDescription::new(&Table(table)).is_err(), "{name}");
        }
        for tag in ct().into_keys() {
            let mut table = ct();
            table.remove(&tag);
            assert!(ImageDescription::new(&Table(table)).is_err(), "{tag} is missing");
        }
        let mut table = ct();
        table.remove(&ROWS);
        let error = ImageDescription::new(&Table(table)).unwrap_err();
        assert_eq!(error.what(), "(0028,0010) Rows: Rows is missing, which Pixel Data needs");
    }
}
