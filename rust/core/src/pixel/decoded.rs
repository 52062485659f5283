//! From the rows that a codec gives to those of an array: type, sign, colour, Modality LUT.

use super::cells::unpack_frame;
use super::colour::{self, YbrRange};
use super::read::Wanted;
use super::rescale::convert;
use crate::codec::{CodedColour, CodedImage, RowSink, Samples, WantedArea};
use crate::error::{RequestFault, Result};
use crate::image_description::{ImageDescription, SampleType};
use crate::memory::resize;

/// Fills an array with the rows of one frame, as they come.
pub(super) struct DecodedRows<'a> {
    image: &'a ImageDescription,
    /// `None` for stored values.
    wanted: Option<Wanted>,
    is_raw: bool,
    /// What of it is wanted, if it is not all. Other samples are not converted: a codec that leaves
    /// them out gives any.
    area: Option<WantedArea>,
    /// The row that comes next, which an area needs.
    row: usize,
    /// What of the array is not filled yet.
    out: &'a mut [u8],
    /// The samples of the rows at hand as they are stored, if they are not wanted so.
    rows: &'a mut Vec<u8>,
    /// What the samples are when their unused bits are gone.
    decoded: ImageDescription,
    /// What its luminance and chrominance are, if they are to become RGB.
    ybr: Option<YbrRange>,
    /// Bits of luminance and chrominance.
    colour_bits: u32,
}

impl<'a> DecodedRows<'a> {
    /// Fills `out` with stored values, or what is `wanted` of them; `rows` is used for what is
    /// under way.
    pub(super) fn new(
        image: &'a ImageDescription,
        wanted: Option<Wanted>,
        is_raw: bool,
        out: &'a mut [u8],
        rows: &'a mut Vec<u8>,
    ) -> DecodedRows<'a> {
        DecodedRows {
            image,
            wanted,
            is_raw,
            area: None,
            row: 0,
            out,
            rows,
            decoded: image.clone(),
            ybr: None,
            colour_bits: 0,
        }
    }

    /// The same, of which only this is wanted.
    pub(super) fn of_area(self, area: Option<WantedArea>) -> DecodedRows<'a> {
        DecodedRows { area, ..self }
    }

    /// What is left when not all rows came.
    pub(super) fn rest(self) -> &'a mut [u8] {
        self.out
    }
}

impl RowSink for DecodedRows<'_> {
    fn begin(&mut self, coded: &CodedImage) -> Result<()> {
        let image = self.image;
        let ybr = match coded.colour {
            CodedColour::Rgb => None,
            CodedColour::YbrFull => Some(YbrRange::Full),
            CodedColour::YbrPartial => Some(YbrRange::Partial),
            CodedColour::AsDescribed => image.is_ybr_full().then_some(YbrRange::Full),
        };
        self.ybr = ybr.filter(|_| !self.is_raw && image.samples_per_pixel > 1);
        if self.ybr.is_some() {
            image.check_rgb()?;
        }
        // Half of full scale is that of the coded samples where these are values.
        self.colour_bits = if coded.has_unused_bits { image.bits_stored } else { coded.precision };
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
            if let Some(range) = self.ybr {
                colour::to_rgb(stored, self.colour_bits, range, out);
            }
            return Ok(());
        };
        resize(self.rows, length)?;
        store(samples, stored, self.rows);
        let rgb;
        let description = match self.ybr {
            None => &self.decoded,
            Some(range) => {
                unpack_frame(&self.decoded, self.rows);
                colour::to_rgb(stored, self.colour_bits, range, self.rows);
                rgb = self.decoded.as_rgb();
                &rgb
            }
        };
        let Some(area) = self.area else { return convert(self.rows, description, wanted, out) };
        let first = self.row;
        self.row += samples.count() / (description.columns * description.samples_per_pixel).max(1);
        convert_area(self.rows, description, wanted, (area, first), out)
    }
}

/// Converts the samples of rows, the first of which has this number, that are in an area.
fn convert_area(
    rows: &[u8],
    description: &ImageDescription,
    wanted: Wanted,
    (area, first): (WantedArea, usize),
    out: &mut [u8],
) -> Result<()> {
    let samples = description.samples_per_pixel;
    let sizes = (description.sample_type().size() * samples, wanted.sample_type.size() * samples);
    let ([start, end], [row_step, column_step]) = (area.columns, area.steps);
    // Neighbours at once.
    let length = if column_step == 1 { end - start } else { 1 };
    let rows = rows.chunks_exact((description.columns * sizes.0).max(1));
    let out = out.chunks_exact_mut((description.columns * sizes.1).max(1));
    for (number, (row, out)) in (first..).zip(rows.zip(out)) {
        let place = number.checked_sub(area.rows[0]).filter(|_| number < area.rows[1]);
        if place.is_none_or(|place| !place.is_multiple_of(row_step.max(1))) {
            continue;
        }
        for start in (start..end).step_by(length.max(column_step).max(1)) {
            let row = row.get(start * sizes.0..(start + length) * sizes.0);
            let out = out.get_mut(start * sizes.1..(start + length) * sizes.1);
            if let (Some(row), Some(out)) = (row, out) {
                convert(row, description, wanted, out)?;
            }
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::rescale::Rescale;
    use crate::pixel::synthetic::{colour, description};

    fn coded(precision: u32, is_signed: bool) -> CodedImage {
        CodedImage {
            rows: 1,
            columns: 2,
            samples_per_pixel: 1,
            precision,
            is_signed,
            colour: CodedColour::AsDescribed,
            has_unused_bits: false,
        }
    }

    fn decoded(
        image: &ImageDescription,
        coded: &CodedImage,
        is_raw: bool,
        wanted: Option<Wanted>,
        samples: Samples<'_>,
        length: usize,
    ) -> Result<Vec<u8>> {
        let (mut out, mut rows) = (vec![7; length], Vec::new());
        let mut sink = DecodedRows::new(image, wanted, is_raw, &mut out, &mut rows);
        sink.begin(coded)?;
        sink.rows(samples)?;
        assert!(sink.rest().is_empty());
        Ok(out)
    }

    #[test]
    fn samples_of_every_width_fill_cells_of_every_width() {
        let small = [1, 200];
        let (words, longs) = (small.map(u16::from), small.map(i32::from));
        for bits in [8, 16, 32, 64] {
            let size = bits as usize / 8;
            let expected: Vec<u8> = small
                .iter()
                .flat_map(|sample| [&[*sample][..], &vec![0; size - 1]].concat())
                .collect();
            for samples in [Samples::U8(&small), Samples::U16(&words), Samples::I32(&longs)] {
                let image = description(bits, bits, false);
                let found = decoded(&image, &coded(8, false), true, None, samples, 2 * size);
                assert_eq!(found.unwrap(), expected, "{samples:?} as {bits} bits");
            }
        }
        for (bits, expected) in [(16, vec![0xFE, 0xFF]), (32, vec![0xFE, 0xFF, 0xFF, 0xFF])] {
            let image = description(bits, bits, true);
            let found = decoded(
                &image,
                &coded(16, true),
                true,
                None,
                Samples::I32(&[-2]),
                bits as usize / 8,
            );
            assert_eq!(found.unwrap(), expected);
        }
    }

    #[test]
    fn signs_are_those_of_the_data_set() {
        let unused = CodedImage { has_unused_bits: true, ..coded(16, false) };
        let at_top = ImageDescription { high_bit: 15, ..description(16, 12, false) };
        for (name, image, coded, sample, expected) in [
            (
                "the codestream knows no sign",
                description(16, 12, true),
                coded(12, false),
                0xFFE,
                -2,
            ),
            ("a sign at the precision", description(16, 12, true), coded(10, false), 0x3FE, -2),
            ("both have one", description(16, 12, true), coded(12, true), -2, -2),
            ("the data set has none", description(16, 16, false), coded(12, true), -2, 0xFFE),
            ("neither", description(16, 12, false), coded(16, false), 0x7FFE, 0x7FFE),
            ("unused bits", description(16, 12, false), unused, 0x7FFE, 0xFFE),
            ("unused bits below", at_top, unused, 0x7FFE, 0x7FF),
        ] {
            let found = decoded(&image, &coded, true, None, Samples::I32(&[sample]), 2).unwrap();
            assert_eq!(found, (expected as u16).to_le_bytes(), "{name}");
        }
    }

    #[test]
    fn colours_are_those_of_the_codestream_before_those_of_the_data_set() {
        let red = [76, 85, 255];
        let doubled = Wanted {
            rescale: Rescale { slope: 2.0, intercept: 0.0 },
            sample_type: SampleType::U16,
        };
        let rgb = CodedColour::Rgb;
        let ybr = CodedColour::YbrFull;
        for (name, meaning, colour_of, is_raw, expected) in [
            ("as described", "YBR_FULL", CodedColour::AsDescribed, false, [254, 0, 0]),
            ("as described, RGB", "RGB", CodedColour::AsDescribed, false, red),
            ("RGB whatever is described", "YBR_FULL", rgb, false, red),
            ("luminance whatever is described", "RGB", ybr, false, [254, 0, 0]),
            ("raw", "YBR_FULL", ybr, true, red),
            ("partial range", "YBR_PARTIAL_420", CodedColour::YbrPartial, false, [255, 0, 0]),
        ] {
            let image = colour(meaning, false);
            let coded = CodedImage { samples_per_pixel: 3, colour: colour_of, ..coded(8, false) };
            let stored = decoded(&image, &coded, is_raw, None, Samples::U8(&red), 3).unwrap();
            assert_eq!(stored, expected, "{name}");
            let found = decoded(&image, &coded, is_raw, Some(doubled), Samples::U8(&red), 6);
            let doubled: Vec<u8> =
                expected.iter().flat_map(|sample| (2 * u16::from(*sample)).to_ne_bytes()).collect();
            assert_eq!(found.unwrap(), doubled, "{name}");
        }
        // Of one sample there is no colour, and of four none that is known.
        let ybr = CodedImage { colour: ybr, ..coded(8, false) };
        let grey = description(8, 8, false);
        assert_eq!(decoded(&grey, &ybr, false, None, Samples::U8(&red), 3).unwrap(), red);
        let four = ImageDescription { samples_per_pixel: 4, ..colour("RGB", false) };
        assert!(decoded(&four, &ybr, false, None, Samples::U8(&[1; 4]), 4).is_err());
    }

    #[test]
    fn rows_without_room_are_refused() {
        let image = description(16, 16, false);
        let (mut out, mut rows) = ([7; 5], Vec::new());
        let mut sink = DecodedRows::new(&image, None, false, &mut out, &mut rows);
        sink.begin(&coded(16, false)).unwrap();
        sink.rows(Samples::U8(&[1, 2])).unwrap();
        let error = sink.rows(Samples::U8(&[1])).unwrap_err();
        let expected = "Request(ArrayRows { needed: 2, left: 1 })";
        assert_eq!(format!("{:?}", error.kind()), expected);
    }
}
