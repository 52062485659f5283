//! From the rows that a codec gives to those of an array: type, sign, colour, Modality LUT.

use super::cells::unpack_frame;
use super::colour;
use super::read::Wanted;
use super::rescale::convert;
use crate::codec::{CodedColour, CodedImage, RowSink, Samples};
use crate::error::{RequestFault, Result};
use crate::image_description::{ImageDescription, SampleType};

/// Fills an array with the rows of one frame, as they come.
pub struct DecodedRows<'a> {
    image: &'a ImageDescription,
    /// `None` for stored values.
    wanted: Option<Wanted>,
    is_raw: bool,
    /// What of the array is not filled yet.
    out: &'a mut [u8],
    /// The samples of the rows at hand as they are stored, if they are not wanted so.
    rows: &'a mut Vec<u8>,
    /// What the samples are when their unused bits are gone.
    decoded: ImageDescription,
    is_ybr: bool,
}

impl<'a> DecodedRows<'a> {
    /// Fills `out` with stored values, or what is `wanted` of them; `rows` is used for what is
    /// under way.
    pub fn new(
        image: &'a ImageDescription,
        wanted: Option<Wanted>,
        is_raw: bool,
        out: &'a mut [u8],
        rows: &'a mut Vec<u8>,
    ) -> DecodedRows<'a> {
        DecodedRows { image, wanted, is_raw, out, rows, decoded: image.clone(), is_ybr: false }
    }

    /// What is left when not all rows came.
    pub fn rest(self) -> &'a mut [u8] {
        self.out
    }
}

impl RowSink for DecodedRows<'_> {
    fn begin(&mut self, coded: &CodedImage) -> Result<()> {
        let image = self.image;
        self.is_ybr = match coded.colour {
            CodedColour::Rgb => false,
            CodedColour::YbrFull => true,
            CodedColour::AsDescribed => image.is_ybr_full(),
        } && !self.is_raw
            && image.samples_per_pixel > 1;
        if self.is_ybr {
            image.check_rgb()?;
        }
        let width = image.sample_type().size() as u32 * 8;
        self.decoded.bits_stored = value_bits(image, coded).unwrap_or(width);
        // A codec gives the value in the lowest bits, but cells are as they would be in a native
        // image.
        let is_cell_above = coded.has_unused_bits && image.high_bit >= image.bits_stored;
        self.decoded.high_bit =
            if is_cell_above { image.high_bit } else { self.decoded.bits_stored - 1 };
        Ok(())
    }

    fn rows(&mut self, samples: Samples<'_>) -> Result<()> {
        let stored = self.image.sample_type();
        let length = samples.count() * stored.size();
        let wanted_size = self.wanted.map_or(stored, |wanted| wanted.sample_type).size();
        let out = std::mem::take(&mut self.out);
        let (needed, left) = (samples.count() * wanted_size, out.len());
        let Some((out, rest)) = out.split_at_mut_checked(needed) else {
            return Err(RequestFault::ArrayRows { needed, left }.into());
        };
        self.out = rest;
        let Some(wanted) = self.wanted else {
            store(samples, stored, out);
            unpack_frame(&self.decoded, out);
            if self.is_ybr {
                colour::ybr_full_to_rgb(out);
            }
            return Ok(());
        };
        self.rows.resize(length, 0);
        store(samples, stored, self.rows);
        if self.is_ybr {
            unpack_frame(&self.decoded, self.rows);
            colour::ybr_full_to_rgb(self.rows);
            return convert(self.rows, &self.decoded.as_rgb(), wanted, out);
        }
        convert(self.rows, &self.decoded, wanted, out)
    }
}

/// The bits of a decoded sample that carry its value, where the others have to be cleared or filled
/// with the sign; `None` where the codec gives values that are right as they are.
fn value_bits(image: &ImageDescription, coded: &CodedImage) -> Option<u32> {
    match (image.is_signed, coded.is_signed) {
        // Cells are compressed whole, with whatever is in the bits that are not stored.
        _ if coded.has_unused_bits => Some(image.bits_stored),
        // The codestream knows no sign, but the data set does.
        (true, false) => Some(image.bits_stored.min(coded.precision)),
        // The codestream has a sign that the data set does not want.
        (false, true) => Some(coded.precision),
        (true, true) | (false, false) => None,
    }
}

/// Writes samples as little-endian cells of the array's type: their lowest bits.
fn store(samples: Samples<'_>, stored: SampleType, out: &mut [u8]) {
    match (samples, stored.size()) {
        (Samples::U8(samples), 1) => out.copy_from_slice(samples),
        (Samples::U8(samples), 2) => each(samples, out, |sample| u16::from(sample).to_le_bytes()),
        (Samples::U8(samples), 4) => each(samples, out, |sample| u32::from(sample).to_le_bytes()),
        (Samples::U8(samples), _) => each(samples, out, |sample| u64::from(sample).to_le_bytes()),
        (Samples::U16(samples), 1) => each(samples, out, |sample| [sample as u8]),
        (Samples::U16(samples), 2) => each(samples, out, u16::to_le_bytes),
        (Samples::U16(samples), 4) => each(samples, out, |sample| u32::from(sample).to_le_bytes()),
        (Samples::U16(samples), _) => each(samples, out, |sample| u64::from(sample).to_le_bytes()),
        (Samples::I32(samples), 1) => each(samples, out, |sample| [sample as u8]),
        (Samples::I32(samples), 2) => each(samples, out, |sample| (sample as u16).to_le_bytes()),
        (Samples::I32(samples), 4) => each(samples, out, i32::to_le_bytes),
        (Samples::I32(samples), _) => each(samples, out, |sample| i64::from(sample).to_le_bytes()),
    }
}

fn each<T: Copy, const N: usize>(samples: &[T], out: &mut [u8], to_bytes: impl Fn(T) -> [u8; N]) {
    for (out, sample) in out.as_chunks_mut::<N>().0.iter_mut().zip(samples) {
        *out = to_bytes(*sample);
    }
}
