//! Native pixel data (PS3.5 §8.1.1, §8.2): frames one after the other, samples in the data set's byte order.

use super::colour;
use super::rescale::{Rescale, convert};
use crate::cursor::ByteOrder;
use crate::dataset::FileBytes;
use crate::error::{Error, ErrorKind, Result};
use crate::image_description::{ImageDescription, SampleType};
use crate::parse::Element;
use crate::source::{AlignedBuffer, OpenFile, PrivateMap, Source};
use crate::tag::Tag;
use crate::transfer_syntax::TransferSyntax;

/// Whether Pixel Data consists of fragments (PS3.5 §A.4), because the Transfer Syntax says so or the element does.
pub fn is_encapsulated(transfer_syntax: Option<&TransferSyntax>, pixel_data: Option<&Element>) -> bool {
    transfer_syntax.is_some_and(|syntax| syntax.is_encapsulated)
        || pixel_data.is_some_and(|element| element.is_undefined_length)
}

/// The pixels of an image and where their value field lies.
#[derive(Clone, Debug)]
pub struct NativePixels {
    /// What they are.
    pub description: ImageDescription,
    /// Bytes from the start of the file.
    pub value_offset: u64,
}

impl NativePixels {
    /// Checks that a value field of `value_length` bytes has all the frames that `description` counts.
    ///
    /// # Errors
    ///
    /// If bytes are missing, or the data are written in a way that is not read yet.
    pub fn new(
        description: ImageDescription,
        value_offset: u64,
        value_length: u64,
        order: ByteOrder,
    ) -> Result<NativePixels> {
        let place =
            |kind: ErrorKind| Error::from(kind).at_tag(Tag::PIXEL_DATA, "PixelData", None).at_offset(value_offset);
        let unsupported = |what, coded: &str| place(ErrorKind::unsupported(what, coded));
        if order == ByteOrder::Big {
            return Err(unsupported("big endian pixel data", ""));
        }
        let meaning = description.photometric_interpretation.as_str();
        let is_odd_pair = description.is_subsampled() && !(description.rows * description.columns).is_multiple_of(2);
        if meaning.starts_with("YBR_PARTIAL") || is_odd_pair {
            return Err(unsupported("native pixel data of this Photometric Interpretation", meaning));
        }
        let needed = description.total_length()?;
        if value_length < needed {
            return Err(place(ErrorKind::PixelsCutShort { needed, available: value_length }));
        }
        Ok(NativePixels { description, value_offset })
    }

    /// The offset in the file, and the length, of `count` frames from `first` on.
    ///
    /// # Errors
    ///
    /// If there are no such frames.
    pub fn frames(&self, first: u64, count: u64) -> Result<(u64, usize)> {
        let frame_count = self.description.frame_count;
        let end = first.checked_add(count).filter(|end| *end <= frame_count);
        let Some(_) = end else {
            let index = first.saturating_add(count.saturating_sub(1));
            return Err(ErrorKind::FrameIndex { index, count: frame_count }.into());
        };
        let frame_length = self.description.stored_frame_length() as u64;
        let offset = self.value_offset.saturating_add(first * frame_length);
        Ok((offset, usize::try_from(count * frame_length).unwrap_or(usize::MAX)))
    }

    /// Whether the bytes in the file are the array as it is.
    fn is_plain(&self, raw: bool) -> bool {
        let description = &self.description;
        let is_converted = description.is_subsampled() || (description.is_ybr_full() && !raw);
        !(is_converted || description.has_unused_bits() || description.is_planar)
    }

    /// Maps the frames instead of copying them, where their bytes are the array as it is.
    ///
    /// # Errors
    ///
    /// If there are no such frames, or the file is gone, has been changed or cannot be mapped.
    pub fn map(&self, bytes: &FileBytes, first: u64, count: u64, raw: bool) -> Result<Option<PrivateMap>> {
        let Source::File(file) = bytes.source() else { return Ok(None) };
        if !self.is_plain(raw) || cfg!(target_endian = "big") {
            return Ok(None);
        }
        let (offset, length) = self.frames(first, count)?;
        file.reopen()?.map(offset, length).map(Some).map_err(|error| error.in_file(&file.path))
    }
}

/// Reads `count` frames from `first` on into `out`, as stored values in the machine's byte order; YBR_FULL becomes RGB
/// unless `raw`.
///
/// Bytes go straight from the file into `out`; only what lies otherwise in the file than in the array (planes, shared
/// chrominance) takes the way through a buffer.
///
/// # Errors
///
/// If there are no such frames, `out` has another length, or the file is gone, has been changed or cannot be read.
pub fn read_frames(
    pixels: &NativePixels,
    bytes: &FileBytes,
    first: u64,
    count: u64,
    raw: bool,
    out: &mut [u8],
) -> Result<()> {
    let description = &pixels.description;
    let (offset, stored_length) = pixels.frames(first, count)?;
    let frame_length = description.frame_length();
    if out.len() as u64 != (frame_length as u64).saturating_mul(count) {
        let why = format!("the array has {} bytes, but {count} frames have {frame_length} each", out.len());
        return Err(ErrorKind::Argument { why }.into());
    }
    if description.is_planar || description.is_subsampled() {
        let stored = bytes.get(offset, stored_length as u64)?;
        let stored_frames = stored.chunks_exact(description.stored_frame_length().max(1));
        for (stored, out) in stored_frames.zip(out.chunks_exact_mut(frame_length.max(1))) {
            rearrange(stored, description, out);
        }
    } else {
        match bytes.source() {
            Source::File(file) => {
                let file_error = |error: Error| error.in_file(&file.path);
                file.reopen()?.read_exact_at(out, offset).map_err(file_error)?;
            }
            Source::Memory(_) => out.copy_from_slice(&bytes.get(offset, stored_length as u64)?),
        }
    }
    unpack_frame(description, out);
    if description.is_ybr_full() && !raw {
        colour::ybr_full_to_rgb(out);
    }
    Ok(())
}

/// Brings the samples of each pixel together.
fn rearrange(stored: &[u8], description: &ImageDescription, out: &mut [u8]) {
    if description.is_subsampled() {
        colour::expand_422(stored, out);
    } else {
        interleave(stored, description, out);
    }
}

/// How the values of an image are wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Slope and intercept to apply.
    pub rescale: Rescale,
    /// The type of the result.
    pub sample_type: SampleType,
}

/// Reads one frame of an open file into `out`, as values of the type that is wanted, in the machine's byte order.
///
/// Stored values go straight into `out`; others by way of `scratch`, which is used again for the next frame, and stays
/// in the processor's cache.
///
/// # Errors
///
/// If there is no such frame, `out` has another length, the file ends before it or cannot be read, or the type does
/// not hold every value exactly.
pub fn read_frame_as(
    pixels: &NativePixels,
    file: &OpenFile,
    frame: u64,
    wanted: Wanted,
    scratch: &mut (AlignedBuffer, AlignedBuffer),
    out: &mut [u8],
) -> Result<()> {
    let description = &pixels.description;
    let (offset, stored_length) = pixels.frames(frame, 1)?;
    let expected = description.frame_samples() * wanted.sample_type.size();
    if out.len() != expected {
        let why = format!("the array has {} bytes for a frame of {expected}", out.len());
        return Err(ErrorKind::Argument { why }.into());
    }
    let is_stored = wanted.rescale == Rescale::IDENTITY && wanted.sample_type == description.sample_type();
    let is_rearranged = description.is_planar || description.is_subsampled() || description.is_ybr_full();
    if is_stored && !is_rearranged {
        file.read_exact_at(out, offset)?;
        unpack_frame(description, out);
        return Ok(());
    }
    let (stored, arranged) = scratch;
    stored.resize(stored_length);
    file.read_exact_at(stored.as_mut_slice(), offset)?;
    if !is_rearranged {
        return convert(stored.as_slice(), description, wanted, out);
    }
    arranged.resize(description.frame_length());
    let frame = if is_stored { &mut *out } else { arranged.as_mut_slice() };
    if description.is_planar || description.is_subsampled() {
        rearrange(stored.as_slice(), description, frame);
    } else {
        frame.copy_from_slice(stored.as_slice());
    }
    if description.is_ybr_full() {
        colour::ybr_full_to_rgb(frame);
    }
    if is_stored {
        unpack_frame(description, out);
        return Ok(());
    }
    convert(arranged.as_slice(), description, wanted, out)
}

/// Turns little-endian samples into those of the machine, and clears the bits above Bits Stored, or fills them with
/// the sign (PS3.5 §8.1.1): they can hold overlays or rubbish.
pub fn unpack_frame(description: &ImageDescription, samples: &mut [u8]) {
    let shift = description.bits_allocated - description.bits_stored;
    if shift == 0 && cfg!(target_endian = "little") {
        return;
    }
    match (description.bits_allocated, description.is_signed) {
        (8, false) => samples.iter_mut().for_each(|sample| *sample = *sample << shift >> shift),
        (8, true) => samples.iter_mut().for_each(|sample| *sample = ((*sample << shift) as i8 >> shift) as u8),
        (16, false) => each(samples, |bytes| ((u16::from_le_bytes(bytes) << shift) >> shift).to_ne_bytes()),
        (16, true) => each(samples, |bytes| (((u16::from_le_bytes(bytes) << shift) as i16) >> shift).to_ne_bytes()),
        (_, false) => each(samples, |bytes| ((u32::from_le_bytes(bytes) << shift) >> shift).to_ne_bytes()),
        (_, true) => each(samples, |bytes| (((u32::from_le_bytes(bytes) << shift) as i32) >> shift).to_ne_bytes()),
    }
}

fn each<const N: usize>(samples: &mut [u8], change: impl Fn([u8; N]) -> [u8; N]) {
    let (samples, _) = samples.as_chunks_mut::<N>();
    for sample in samples {
        *sample = change(*sample);
    }
}

/// Brings the samples of each pixel together, where each colour has a plane (PS3.3 §C.7.6.3.1.3).
pub(crate) fn interleave(planes: &[u8], description: &ImageDescription, out: &mut [u8]) {
    let size = description.sample_type().size();
    let plane_length = (description.rows * description.columns * size).max(1);
    let pixel_length = size * description.samples_per_pixel;
    for (index, plane) in planes.chunks_exact(plane_length).enumerate() {
        let from = index * size;
        for (sample, pixel) in plane.chunks_exact(size).zip(out.chunks_exact_mut(pixel_length)) {
            if let Some(target) = pixel.get_mut(from..from + size) {
                target.copy_from_slice(sample);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(bits_allocated: u32, bits_stored: u32, is_signed: bool) -> ImageDescription {
        ImageDescription {
            rows: 1,
            columns: 2,
            samples_per_pixel: 1,
            frame_count: 1,
            bits_allocated,
            bits_stored,
            is_signed,
            is_planar: false,
            photometric_interpretation: "MONOCHROME2".to_owned(),
        }
    }

    #[test]
    fn unused_bits_become_zeros_or_the_sign() {
        #[rustfmt::skip]
        let table: [(&str, ImageDescription, &[u8], &[u8]); 6] = [
            ("12-bit signed 0xFFE is -2", description(16, 12, true),
             &[0xFE, 0x0F, 0x01, 0xF0], &[0xFE, 0xFF, 0x01, 0x00]),
            ("12-bit unsigned", description(16, 12, false), &[0xFE, 0xFF, 0x01, 0xF0], &[0xFE, 0x0F, 0x01, 0x00]),
            ("all bits used", description(16, 16, true), &[0xFE, 0x0F, 0x01, 0xF0], &[0xFE, 0x0F, 0x01, 0xF0]),
            ("4 of 8 bits", description(8, 4, false), &[0xF1, 0x0F], &[0x01, 0x0F]),
            ("4 of 8 bits, signed", description(8, 4, true), &[0xF1, 0x0F], &[0x01, 0xFF]),
            ("24 of 32 bits, signed", description(32, 24, true),
             &[0, 0, 0x80, 0, 1, 0, 0, 0x55], &[0, 0, 0x80, 0xFF, 1, 0, 0, 0]),
        ];
        for (name, description, stored, expected) in table {
            let mut samples = stored.to_vec();
            unpack_frame(&description, &mut samples);
            assert_eq!(samples, expected, "{name}");
        }
    }

    #[test]
    fn planes_are_interleaved() {
        let planar = ImageDescription { samples_per_pixel: 3, is_planar: true, ..description(8, 8, false) };
        let mut out = [0; 6];
        interleave(&[1, 2, 3, 4, 5, 6], &planar, &mut out);
        assert_eq!(out, [1, 3, 5, 2, 4, 6]);
    }

    #[test]
    fn missing_bytes_are_counted() {
        let error = NativePixels::new(description(16, 16, false), 100, 3, ByteOrder::Little).unwrap_err();
        assert!(error.to_string().contains("need 4 bytes, but there are 3 (1 bytes missing)"), "{error}");
    }
}
