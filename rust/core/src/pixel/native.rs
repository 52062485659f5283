//! Native pixel data (PS3.5 §8.1.1, §8.2): which bytes of a file are which frames.

use std::ops::Range;

use crate::cursor::ByteOrder;
use crate::dataset::{Dataset, FileBytes, OpenBytes};
use crate::dictionary::keyword;
use crate::error::{Error, ErrorKind, ImageFault, RequestFault, Result};
use crate::image_description::{ImageDescription, SampleType};
use crate::parse::Element;
use crate::source::{AlignedBuffer, PrivateMap, Source};
use crate::vr::Vr;

/// Where the value of an element lies, and how its numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueField {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// The element's VR, which says what unit the byte order is that of.
    pub vr: Vr,
    /// The byte order.
    pub order: ByteOrder,
}

impl ValueField {
    /// That of an element of `dataset`.
    pub fn new(dataset: &Dataset, element: &Element) -> ValueField {
        let (offset, length) = (element.value_offset, element.value_length);
        ValueField { offset, length, vr: dataset.vr(element).vr, order: dataset.order() }
    }
}

/// The pixels of an image and where their value field lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativePixels {
    /// What they are.
    pub description: ImageDescription,
    /// Where they are.
    pub field: ValueField,
}

/// Checks that the attributes say how the samples of native pixels follow each other.
///
/// # Errors
///
/// If they do not, or pixels share chrominance in a way that is not read.
pub(super) fn check_layout(description: &ImageDescription) -> Result<()> {
    let meaning = description.photometric_interpretation.as_str();
    let is_odd_pair =
        description.is_subsampled() && !(description.rows * description.columns).is_multiple_of(2);
    if meaning.starts_with("YBR_PARTIAL") || is_odd_pair {
        return Err(ErrorKind::unsupported(
            "native pixel data of this Photometric Interpretation",
            meaning,
        )
        .into());
    }
    if description.is_planar.is_none() && !description.is_subsampled() {
        let what = "PlanarConfiguration";
        return Err(ErrorKind::Missing { what, needed_for: "native pixel data in colour" }.into());
    }
    Ok(())
}

/// The bytes in which frames lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrameBytes {
    /// Bytes from the start of the file.
    pub range: Range<u64>,
    /// Bits of the first bytes that belong to what is before; fewer than 16.
    pub skipped_bits: u32,
}

impl FrameBytes {
    /// Bytes; more than there can be in memory if their number does not fit an address.
    pub(super) fn length(&self) -> usize {
        usize::try_from(self.range.end.saturating_sub(self.range.start)).unwrap_or(usize::MAX)
    }
}

impl NativePixels {
    /// Checks that a value field has all the frames that `description` counts.
    ///
    /// # Errors
    ///
    /// If bytes are missing, or the data are written in a way that is not read yet.
    pub fn new(description: ImageDescription, field: ValueField) -> Result<NativePixels> {
        let pixels = NativePixels::allowing_missing_frames(description, field)?;
        let (needed, available) = (pixels.description.total_length()?, field.length);
        if available < needed {
            return Err(pixels.cut_short(needed, pixels.field.length));
        }
        Ok(pixels)
    }

    /// Pixels of which the last frames may be missing, but not the first: those that are not there
    /// are errors when they are asked for.
    ///
    /// # Errors
    ///
    /// If no frame is there, or the data are written in a way that is not read yet.
    pub(crate) fn allowing_missing_frames(
        description: ImageDescription,
        field: ValueField,
    ) -> Result<NativePixels> {
        let tag = description.pixel_element.tag();
        let place = |kind: ErrorKind| {
            Error::from(kind).at_tag(tag, keyword(tag), None).at_offset(field.offset)
        };
        check_layout(&description)
            .map_err(|error| error.at_tag(tag, keyword(tag), None).at_offset(field.offset))?;
        let needed = description.total_length()?;
        let is_one = description.frame_count < 2 || description.is_subsampled();
        let least = if is_one { needed } else { description.stored_frame_bits().div_ceil(8) };
        if field.length < least {
            return Err(place(ErrorKind::PixelsCutShort { needed, available: field.length }));
        }
        let whole = (description.frame_length() as u64).saturating_mul(description.frame_count);
        if description.is_subsampled() && field.length >= whole {
            let (length, unshared) = (field.length, whole);
            return Err(place(ImageFault::UnsharedChrominance { length, unshared }.into()));
        }
        Ok(NativePixels { description, field })
    }

    /// How many of its frames are there, all of each.
    pub(crate) fn present_frame_count(&self) -> u64 {
        let bits = u128::from(self.description.stored_frame_bits().max(1));
        let count = u64::try_from(u128::from(self.field.length) * 8 / bits).unwrap_or(u64::MAX);
        count.min(self.description.frame_count)
    }

    fn cut_short(&self, needed: u64, available: u64) -> Error {
        let tag = self.description.pixel_element.tag();
        Error::from(ErrorKind::PixelsCutShort { needed, available })
            .at_tag(tag, keyword(tag), None)
            .at_offset(self.field.offset)
    }

    /// How many frames the value field has room for: more than Number of Frames says where there is
    /// more than padding.
    pub fn whole_frame_count(&self) -> u64 {
        let said = self.description.frame_count;
        // More bytes can as well mean that pixels do not share chrominance.
        if self.description.is_subsampled() {
            return said;
        }
        let needed = self.description.total_length().unwrap_or(u64::MAX);
        if self.field.length <= needed.saturating_add(needed % 2) {
            return said;
        }
        let bits = u128::from(self.description.stored_frame_bits().max(1));
        u64::try_from(u128::from(self.field.length) * 8 / bits).unwrap_or(said).max(said)
    }

    /// Bytes after the last whole frame, without the one that makes an odd number even.
    pub fn excess_length(&self) -> u64 {
        let bits =
            u128::from(self.description.stored_frame_bits()) * u128::from(self.whole_frame_count());
        let needed = u64::try_from(bits.div_ceil(8)).unwrap_or(u64::MAX);
        self.field.length.saturating_sub(needed.saturating_add(needed % 2))
    }

    /// Bytes of the unit whose bytes are in big-endian order; 1 if there is no such unit.
    pub(super) fn swapped_unit(&self) -> usize {
        match (self.field.order, self.sample_type_size()) {
            (ByteOrder::Little, _) => 1,
            // Of samples in words, or packed into words, the bytes of each word (PS3.5 §7.3).
            (ByteOrder::Big, _) if self.description.is_packed() => self.word_length(),
            (ByteOrder::Big, 1) => self.word_length(),
            (ByteOrder::Big, size) => size,
        }
    }

    fn sample_type_size(&self) -> usize {
        self.description.sample_type().size()
    }

    fn word_length(&self) -> usize {
        if self.field.vr == Vr::OW { 2 } else { 1 }
    }

    /// Whether samples are in the file as in the array, but for their byte order.
    pub(super) fn has_whole_samples(&self) -> bool {
        !self.description.is_packed() && self.swapped_unit() <= self.sample_type_size()
    }

    /// Whether frames are in the file as in the array, but for the byte order of samples.
    pub(super) fn is_in_order(&self) -> bool {
        self.has_whole_samples() && self.description.is_in_order()
    }

    /// Where `count` frames from `first` on are.
    ///
    /// # Errors
    ///
    /// If there are no such frames.
    pub(super) fn frames(&self, first: u64, count: u64) -> Result<FrameBytes> {
        let frame_count = self.description.frame_count;
        let Some(end) = first.checked_add(count).filter(|end| *end <= frame_count) else {
            let index = first.saturating_add(count.saturating_sub(1));
            return Err(ErrorKind::FrameIndex { index, count: frame_count }.into());
        };
        let frame_bits = u128::from(self.description.stored_frame_bits());
        let bits = u128::from(first) * frame_bits..u128::from(end) * frame_bits;
        let needed = bits.end.div_ceil(8);
        if needed > u128::from(self.field.length) && !self.description.is_subsampled() {
            // Of these frames alone: the error says which they are.
            let of_these =
                |end: u128| u64::try_from(end.saturating_sub(bits.start / 8)).unwrap_or(u64::MAX);
            let available = of_these(u128::from(self.field.length));
            return Err(self.cut_short(of_these(needed), available));
        }
        // Whole units: only then can their bytes be put in order.
        let unit = if self.has_whole_samples() { 1 } else { self.swapped_unit() as u128 };
        let start = bits.start / 8 / unit * unit;
        let end = bits.end.div_ceil(8).div_ceil(unit) * unit;
        let at = |byte: u128| {
            let byte = u64::try_from(byte).unwrap_or(u64::MAX).min(self.field.length);
            self.field.offset.saturating_add(byte)
        };
        let skipped_bits = u32::try_from(bits.start - start * 8).unwrap_or(0);
        Ok(FrameBytes { range: at(start)..at(end), skipped_bits })
    }

    /// The bytes of a frame of single bits, and how many of the first bits belong to what is
    /// before; `None` for samples of more bits, or bytes in another order.
    ///
    /// # Errors
    ///
    /// If there is no such frame, or it cannot be read.
    pub(crate) fn frame_bits<'b>(
        &self,
        index: u64,
        bytes: &'b OpenBytes<'_>,
        buffer: &'b mut AlignedBuffer,
    ) -> Result<Option<(&'b [u8], usize)>> {
        let description = &self.description;
        let is_single = description.bits_allocated == 1 && description.samples_per_pixel == 1;
        if !is_single || self.swapped_unit() != 1 {
            return Ok(None);
        }
        let frame = self.frames(index, 1)?;
        let bits = bytes.get(frame.range.start, frame.length() as u64, buffer)?;
        Ok(Some((bits, frame.skipped_bits as usize)))
    }

    /// Where in the file the bytes of some frames are; nothing if there are no such frames.
    pub fn bytes_of(&self, first: u64, count: u64) -> Range<u64> {
        self.frames(first, count).map_or(0..0, |frames| frames.range)
    }

    /// Where in the file the bytes of one frame are, and how many.
    ///
    /// # Errors
    ///
    /// If there is no such frame, or it does not start and end with a byte.
    pub fn frame_field(&self, index: u64) -> Result<(u64, u64)> {
        let frame = self.frames(index, 1)?;
        if !self.description.stored_frame_bits().is_multiple_of(8) {
            let bits = self.description.stored_frame_bits();
            return Err(RequestFault::FrameInsideBytes { bits }.into());
        }
        Ok((frame.range.start, frame.length() as u64))
    }

    /// Whether the bytes in the file are the array as it is.
    fn is_plain(&self, raw: bool) -> bool {
        let is_colour_changed = self.description.is_ybr_full() && !raw;
        let is_little = self.swapped_unit() == 1;
        self.is_in_order() && is_little && !is_colour_changed && self.description.shifts() == (0, 0)
    }

    /// Maps the frames instead of copying them, where their bytes are the array as it is.
    ///
    /// # Errors
    ///
    /// If there are no such frames, or the file is gone, has been changed or cannot be mapped.
    pub fn map(
        &self,
        bytes: &FileBytes,
        first: u64,
        count: u64,
        raw: bool,
    ) -> Result<Option<PrivateMap>> {
        let Source::File(file) = bytes.source() else { return Ok(None) };
        if !self.is_plain(raw) || cfg!(target_endian = "big") {
            return Ok(None);
        }
        // What is mapped is read by nobody here, who could compare the checksum.
        if file.region.as_ref().is_some_and(|region| region.crc.is_some()) {
            return Ok(None);
        }
        let frames = self.frames(first, count)?;
        file.reopen()?
            .map(frames.range.start, frames.length())
            .map(Some)
            .map_err(|error| error.in_file(&file.path))
    }

    /// The type of a sample, of the array.
    pub fn sample_type(&self) -> SampleType {
        self.description.sample_type()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::synthetic::{TemporaryFile, colour, description, in_memory, pixels};

    #[test]
    fn missing_bytes_are_counted() {
        let field = ValueField { offset: 100, length: 3, vr: Vr::OW, order: ByteOrder::Little };
        let error = NativePixels::new(description(16, 16, false), field).unwrap_err();
        assert!(
            error.to_string().contains("need 4 bytes, but there are 3 (1 bytes missing)"),
            "{error}"
        );
    }

    #[test]
    fn colours_are_laid_out_as_they_say_or_not_at_all() {
        let field = ValueField { offset: 0, length: 6, vr: Vr::OB, order: ByteOrder::Little };
        let colour = ImageDescription {
            samples_per_pixel: 3,
            is_planar: Some(false),
            ..description(8, 8, false)
        };
        assert!(NativePixels::new(colour.clone(), field).is_ok());
        let unsaid = ImageDescription { is_planar: None, ..colour.clone() };
        assert!(
            NativePixels::new(unsaid.clone(), field).is_err(),
            "Planar Configuration is missing"
        );
        let shared =
            ImageDescription { photometric_interpretation: "YBR_FULL_422".to_owned(), ..unsaid };
        assert!(NativePixels::new(shared.clone(), ValueField { length: 4, ..field }).is_ok());
        assert!(
            NativePixels::new(shared, field).is_err(),
            "6 bytes are those of chrominance that is not shared"
        );
    }

    #[test]
    fn frames_of_packed_samples_start_inside_bytes() {
        // Two pixels a frame.
        for (name, bits, vr, order, first, expected) in [
            ("1 bit", 1, Vr::OB, ByteOrder::Little, 0, (50..51, 0)),
            ("1 bit, third frame", 1, Vr::OB, ByteOrder::Little, 2, (50..51, 4)),
            ("1 bit, sixth frame", 1, Vr::OB, ByteOrder::Little, 5, (51..52, 2)),
            ("1 bit in words", 1, Vr::OW, ByteOrder::Big, 5, (50..52, 10)),
            ("12 bits", 12, Vr::OW, ByteOrder::Little, 1, (53..56, 0)),
            ("12 bits in words", 12, Vr::OW, ByteOrder::Big, 1, (52..56, 8)),
            ("8 bits in words", 8, Vr::OW, ByteOrder::Big, 1, (52..54, 0)),
            ("16 bits in words", 16, Vr::OW, ByteOrder::Big, 1, (54..58, 0)),
        ] {
            let pixels = pixels(bits, vr, order);
            let (range, skipped_bits) = expected;
            assert_eq!(
                pixels.frames(first, 1).unwrap(),
                FrameBytes { range, skipped_bits },
                "{name}"
            );
        }
        let none = pixels(8, Vr::OB, ByteOrder::Little);
        assert!(none.frames(8, 1).is_err() && none.frames(u64::MAX, 2).is_err());
    }

    #[test]
    fn room_for_more_frames_is_found_behind_padding() {
        for (name, frame_count, length, expected) in [
            ("all of it", 3, 6, 3),
            ("a byte of padding", 3, 7, 3),
            ("one more", 3, 8, 4),
            ("one more and padding", 3, 9, 4),
            ("a padded odd frame", 1, 3, 1),
        ] {
            let mut pixels = pixels(8, Vr::OB, ByteOrder::Little);
            (pixels.description.frame_count, pixels.field.length) = (frame_count, length);
            assert_eq!(pixels.whole_frame_count(), expected, "{name}");
        }
    }

    #[test]
    fn units_of_big_endian_samples_are_samples_or_words() {
        for (bits, vr, expected) in [
            (8, Vr::OB, 1),
            (8, Vr::OW, 2),
            (16, Vr::OW, 2),
            (32, Vr::OW, 4),
            (64, Vr::OV, 8),
            (1, Vr::OB, 1),
            (1, Vr::OW, 2),
            (12, Vr::OW, 2),
        ] {
            assert_eq!(pixels(bits, vr, ByteOrder::Big).swapped_unit(), expected, "{bits} {vr}");
            assert_eq!(pixels(bits, vr, ByteOrder::Little).swapped_unit(), 1, "{bits} {vr}");
        }
    }

    #[test]
    fn samples_are_whole_unless_they_are_packed_or_in_wider_units() {
        for (bits, vr, order, expected) in [
            (8, Vr::OB, ByteOrder::Big, true),
            (8, Vr::OW, ByteOrder::Big, false),
            (8, Vr::OW, ByteOrder::Little, true),
            (16, Vr::OW, ByteOrder::Big, true),
            (12, Vr::OW, ByteOrder::Little, false),
            (1, Vr::OB, ByteOrder::Little, false),
        ] {
            let pixels = pixels(bits, vr, order);
            assert_eq!(pixels.has_whole_samples(), expected, "{bits} {vr} {order:?}");
            assert_eq!(pixels.is_in_order(), expected, "{bits} {vr} {order:?}");
        }
    }

    #[test]
    fn frames_have_a_place_if_they_start_and_end_with_bytes() {
        let bytes = pixels(16, Vr::OW, ByteOrder::Little);
        assert_eq!(bytes.frame_field(2).unwrap(), (58, 4));
        assert!(bytes.frame_field(8).is_err());
        let packed = pixels(1, Vr::OB, ByteOrder::Little);
        let error = packed.frame_field(0).unwrap_err();
        let expected = "Request(FrameInsideBytes { bits: 2 })";
        assert_eq!(format!("{:?}", error.kind()), expected);
        assert_eq!(pixels(12, Vr::OW, ByteOrder::Little).frame_field(1).unwrap(), (53, 3));
        let empty = bytes.frames(0, 0).unwrap();
        assert_eq!((empty.range.clone(), empty.length()), (50..50, 0));
    }

    #[test]
    fn bytes_that_belong_to_no_frame_are_counted() {
        for (length, expected) in [(5, 0), (6, 0), (7, 1), (8, 0), (9, 1)] {
            let mut pixels = pixels(8, Vr::OB, ByteOrder::Little);
            (pixels.description.frame_count, pixels.field.length) = (3, length);
            assert_eq!(pixels.excess_length(), expected, "{length} bytes of 2 a frame");
        }
        // A byte that makes their number even is padding.
        for (length, expected) in [(3, 0), (4, 0)] {
            let mut pixels = pixels(8, Vr::OB, ByteOrder::Little);
            (pixels.description.columns, pixels.description.frame_count) = (1, 3);
            pixels.field.length = length;
            assert_eq!(pixels.excess_length(), expected, "{length} bytes of 1 a frame");
        }
        let mut wide = pixels(64, Vr::OV, ByteOrder::Little);
        (wide.description.frame_count, wide.field.length) = (1, 31);
        assert_eq!((wide.whole_frame_count(), wide.excess_length()), (1, 15));
    }

    #[test]
    fn pixels_that_need_no_change_are_mapped() {
        let stored: Vec<u8> = (0..82).collect();
        let on_disk = TemporaryFile::new(&stored);
        let read = |pixels: &NativePixels, raw| pixels.map(&on_disk.bytes(), 1, 2, raw).unwrap();
        let plain = pixels(16, Vr::OW, ByteOrder::Little);
        let mut map = read(&plain, false).unwrap();
        assert_eq!(map.as_mut_slice(), &stored[54..62]);
        assert!(plain.map(&in_memory(&stored), 1, 2, false).unwrap().is_none());
        assert!(plain.map(&on_disk.bytes(), 7, 2, false).is_err(), "no such frames");
        assert!(read(&pixels(16, Vr::OW, ByteOrder::Big), false).is_none());
        assert!(read(&pixels(1, Vr::OB, ByteOrder::Little), false).is_none());
        let shifted = NativePixels {
            description: ImageDescription {
                bits_stored: 12,
                high_bit: 11,
                ..plain.description.clone()
            },
            ..plain.clone()
        };
        assert!(read(&shifted, false).is_none());
        let ybr = ImageDescription { frame_count: 8, ..colour("YBR_FULL", false) };
        let ybr = NativePixels { description: ybr, ..plain };
        assert!(read(&ybr, false).is_none() && read(&ybr, true).is_some());
        assert_eq!(ybr.sample_type(), SampleType::U8);
    }
}
