//! Reading native frames: of a data set, or one of a slice as the values that a volume wants.

use super::cells::{arrange, swap_bytes, unpack_frame};
use super::colour;
use super::native::NativePixels;
use super::rescale::{Rescale, convert};
use crate::dataset::FileBytes;
use crate::error::{Error, ErrorKind, Result};
use crate::image_description::{ImageDescription, SampleType};
use crate::source::{AlignedBuffer, OpenFile, Source};

/// Reads `count` frames from `first` on into `out`, as stored values in the machine's byte order; YBR_FULL becomes RGB
/// unless `raw`.
///
/// Bytes go straight from the file into `out`; only what lies otherwise in the file than in the array (planes, shared
/// chrominance, packed bits) takes the way through a buffer.
///
/// # Errors
///
/// If there are no such frames, `out` has another length, the colours cannot be turned into RGB, or the file is gone,
/// has been changed or cannot be read.
pub fn read_frames(
    pixels: &NativePixels,
    bytes: &FileBytes,
    first: u64,
    count: u64,
    raw: bool,
    out: &mut [u8],
) -> Result<()> {
    let description = &pixels.description;
    if !raw {
        description.check_colour()?;
    }
    read_cells(pixels, bytes, first, count, out)?;
    unpack_frame(description, out);
    if description.is_ybr_full() && !raw {
        colour::ybr_full_to_rgb(out);
    }
    Ok(())
}

/// Reads frames as little-endian samples in the order of the array, with all bits that are allocated.
fn read_cells(pixels: &NativePixels, bytes: &FileBytes, first: u64, count: u64, out: &mut [u8]) -> Result<()> {
    let description = &pixels.description;
    let frames = pixels.frames(first, count)?;
    check_room(out, description.frame_length() as u64, count)?;
    let length = frames.range.end.saturating_sub(frames.range.start);
    if !pixels.is_in_order() {
        let mut stored = bytes.get(frames.range.start, length)?;
        if pixels.swapped_unit() > 1 {
            swap_bytes(stored.to_mut(), pixels.swapped_unit());
        }
        arrange(&stored, frames.skipped_bits, description, out);
        return Ok(());
    }
    match bytes.source() {
        Source::File(file) => {
            let file_error = |error: Error| error.in_file(&file.path);
            file.reopen()?.read_exact_at(out, frames.range.start).map_err(file_error)?;
        }
        Source::Memory(_) => out.copy_from_slice(&bytes.get(frames.range.start, length)?),
    }
    swap_bytes(out, pixels.swapped_unit());
    Ok(())
}

fn check_room(out: &[u8], frame_length: u64, count: u64) -> Result<()> {
    if out.len() as u64 == frame_length.saturating_mul(count) {
        return Ok(());
    }
    let why = format!("the array has {} bytes, but {count} frames have {frame_length} each", out.len());
    Err(ErrorKind::Argument { why }.into())
}

/// Reads one bit of each pixel of `count` frames from `first` on into a byte each, 0 or 1: an overlay that is kept in
/// the bits that the pixels do not use (PS3.3 §C.9.2).
///
/// # Errors
///
/// As [`read_frames`]; or if the pixels have more samples than one, or have not that bit, or it belongs to their values.
pub fn read_overlay_bits(
    pixels: &NativePixels,
    bytes: &FileBytes,
    first: u64,
    count: u64,
    bit: u32,
    out: &mut [u8],
) -> Result<()> {
    let description = &pixels.description;
    let lowest = (description.high_bit + 1).saturating_sub(description.bits_stored);
    let is_value = (lowest..=description.high_bit).contains(&bit);
    if description.samples_per_pixel != 1 || bit >= description.bits_allocated || is_value {
        let (allocated, stored) = (description.bits_allocated, description.bits_stored);
        let why = format!(
            "bit {bit} of the pixels, which have {allocated} bits allocated and {stored} stored, is not free for an \
             overlay"
        );
        return Err(ErrorKind::InvalidImage { why }.into());
    }
    check_room(out, description.frame_samples() as u64, count)?;
    let size = description.sample_type().size();
    let mut frame = vec![0; description.frame_length()];
    for (index, out) in (first..first.saturating_add(count)).zip(out.chunks_exact_mut(description.frame_samples())) {
        read_cells(pixels, bytes, index, 1, &mut frame)?;
        for (sample, out) in frame.chunks_exact(size).zip(out) {
            *out = sample.get(bit as usize / 8).map_or(0, |byte| byte >> (bit % 8) & 1);
        }
    }
    Ok(())
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
    description.check_colour()?;
    let bytes = pixels.frames(frame, 1)?;
    let expected = description.frame_samples() * wanted.sample_type.size();
    if out.len() != expected {
        let why = format!("the array has {} bytes for a frame of {expected}", out.len());
        return Err(ErrorKind::Argument { why }.into());
    }
    let unit = pixels.swapped_unit();
    let is_stored = wanted.rescale == Rescale::IDENTITY && wanted.sample_type == description.sample_type();
    let is_arranged = !pixels.is_in_order() || description.is_ybr_full();
    if is_stored && !is_arranged {
        file.read_exact_at(out, bytes.range.start)?;
        swap_bytes(out, unit);
        unpack_frame(description, out);
        return Ok(());
    }
    let (stored, arranged) = scratch;
    stored.resize(bytes.length());
    file.read_exact_at(stored.as_mut_slice(), bytes.range.start)?;
    swap_bytes(stored.as_mut_slice(), unit);
    if !is_arranged {
        return convert(stored.as_slice(), description, wanted, out);
    }
    arranged.resize(description.frame_length());
    let frame = if is_stored { &mut *out } else { arranged.as_mut_slice() };
    arrange(stored.as_slice(), bytes.skipped_bits, description, frame);
    if description.is_ybr_full() {
        unpack_frame(description, frame);
        colour::ybr_full_to_rgb(frame);
        // Red, green and blue use all 8 bits, however many luminance had.
        let rgb = ImageDescription { bits_stored: 8, high_bit: 7, ..description.clone() };
        return if is_stored { Ok(()) } else { convert(arranged.as_slice(), &rgb, wanted, out) };
    }
    if is_stored {
        unpack_frame(description, out);
        return Ok(());
    }
    convert(arranged.as_slice(), description, wanted, out)
}
