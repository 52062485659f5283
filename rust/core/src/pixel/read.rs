//! Reading native frames: of a data set, or one of a slice as the values that a volume wants.

use super::cells::{arrange, swap_bytes, unpack_frame};
use super::colour;
use super::native::NativePixels;
use super::rescale::{Rescale, convert};
use crate::codec::DecodeOptions;
use crate::dataset::{FileBytes, OpenBytes};
use crate::error::{Error, ErrorKind, Result};
use crate::image_description::{ImageDescription, SampleType};
use crate::source::{AlignedBuffer, Source};

/// Reads `count` frames from `first` on into `out`, as stored values in the machine's byte order;
/// YBR_FULL becomes RGB unless `raw`.
///
/// Bytes go straight from the file into `out`; only what lies otherwise in the file than in the
/// array (planes, shared chrominance, packed bits) takes the way through a buffer.
///
/// # Errors
///
/// If there are no such frames, `out` has another length, the colours cannot be turned into RGB, or
/// the file is gone, has been changed or cannot be read.
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

/// Reads frames as little-endian samples in the order of the array, with all bits that are
/// allocated.
fn read_cells(
    pixels: &NativePixels,
    bytes: &FileBytes,
    first: u64,
    count: u64,
    out: &mut [u8],
) -> Result<()> {
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

/// Checks that `out` holds `count` times `frame_length` bytes.
pub(super) fn check_room(out: &[u8], frame_length: u64, count: u64) -> Result<()> {
    if out.len() as u64 == frame_length.saturating_mul(count) {
        return Ok(());
    }
    let why =
        format!("the array has {} bytes, but {count} frames have {frame_length} each", out.len());
    Err(ErrorKind::Argument { why }.into())
}

/// Reads one bit of each pixel of `count` frames from `first` on into a byte each, 0 or 1: an
/// overlay that is kept in the bits that the pixels do not use (PS3.3 §C.9.2).
///
/// # Errors
///
/// As [`read_frames`]; or if the pixels have more samples than one, or have not that bit, or it
/// belongs to their values.
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
    for (index, out) in
        (first..first.saturating_add(count)).zip(out.chunks_exact_mut(description.frame_samples()))
    {
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

/// How frames are to become an array.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameOptions {
    /// What is wanted of the values; `None` for those that are stored.
    pub wanted: Option<Wanted>,
    /// Luminance and chrominance stay what they are.
    pub is_raw: bool,
    /// What a codec is asked for.
    pub decode: DecodeOptions,
}

/// What is used again for the next frame, and stays in the processor's cache.
#[derive(Debug, Default)]
pub struct FrameScratch {
    /// The bytes of the frame as they are in the file.
    pub(super) stored: AlignedBuffer,
    /// Its cells in the order of the array.
    pub(super) arranged: AlignedBuffer,
    /// Rows that were decoded.
    pub(super) rows: Vec<u8>,
}

impl NativePixels {
    /// Reads one frame into `out`, as values of the type that is wanted, in the machine's byte
    /// order.
    ///
    /// Stored values go straight into `out`; others by way of `scratch`.
    ///
    /// # Errors
    ///
    /// If there is no such frame, `out` has another length, the file ends before it or cannot be
    /// read, or the type does not hold every value exactly.
    pub fn read_frame(
        &self,
        bytes: &OpenBytes<'_>,
        frame: u64,
        options: &FrameOptions,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<()> {
        if options.wanted.is_none() && self.has_plain_runs() {
            return self.read_run(bytes, frame, 1, out);
        }
        let place = self.frames(frame, 1)?;
        let FrameScratch { stored, arranged, .. } = scratch;
        stored.resize(place.length());
        bytes.read_exact_at(stored.as_mut_slice(), place.range.start)?;
        swap_bytes(stored.as_mut_slice(), self.swapped_unit());
        let is_in_order = self.is_in_order();
        let cells =
            Cells { bytes: stored.as_slice(), skipped_bits: place.skipped_bits, is_in_order };
        finish_cells(cells, &self.description, options, arranged, out)
    }

    /// Whether rows, and frames, that follow each other are in the file as in the array, but for
    /// byte order and unused bits.
    pub fn has_plain_runs(&self) -> bool {
        self.is_in_order() && !self.description.is_ybr_full()
    }

    /// Reads `count` frames from `first` on into `out` at once, as stored values in the machine's
    /// byte order; only for pixels with [`NativePixels::has_plain_runs`].
    ///
    /// # Errors
    ///
    /// If there are no such frames, `out` has another length, or the file ends before them or
    /// cannot be read.
    pub fn read_run(
        &self,
        bytes: &OpenBytes<'_>,
        first: u64,
        count: u64,
        out: &mut [u8],
    ) -> Result<()> {
        let place = self.frames(first, count)?;
        check_room(out, self.description.frame_length() as u64, count)?;
        bytes.read_exact_at(out, place.range.start)?;
        swap_bytes(out, self.swapped_unit());
        unpack_frame(&self.description, out);
        Ok(())
    }
}

/// The little-endian cells of one frame.
pub(super) struct Cells<'a> {
    pub bytes: &'a [u8],
    /// Bits of the first bytes that belong to what is before.
    pub skipped_bits: u32,
    /// Whether they are in the order of the array.
    pub is_in_order: bool,
}

/// Brings cells into the array: in its order, without what their unused bits hold, as the colours
/// and values that are wanted.
///
/// # Errors
///
/// If `out` has another length, the colours cannot be turned into RGB, or the type does not hold
/// every value exactly.
pub(super) fn finish_cells(
    cells: Cells<'_>,
    description: &ImageDescription,
    options: &FrameOptions,
    arranged: &mut AlignedBuffer,
    out: &mut [u8],
) -> Result<()> {
    let Cells { bytes, skipped_bits, is_in_order } = cells;
    let is_ybr = description.is_ybr_full() && !options.is_raw;
    if is_ybr {
        description.check_colour()?;
    }
    let sample_type = options.wanted.map_or(description.sample_type(), |wanted| wanted.sample_type);
    check_room(out, (description.frame_samples() * sample_type.size()) as u64, 1)?;
    let Some(wanted) = options.wanted else {
        arrange(bytes, skipped_bits, description, out);
        unpack_frame(description, out);
        if is_ybr {
            colour::ybr_full_to_rgb(out);
        }
        return Ok(());
    };
    if is_in_order && !is_ybr {
        return convert(bytes, description, wanted, out);
    }
    arranged.resize(description.frame_length());
    arrange(bytes, skipped_bits, description, arranged.as_mut_slice());
    if !is_ybr {
        return convert(arranged.as_slice(), description, wanted, out);
    }
    unpack_frame(description, arranged.as_mut_slice());
    colour::ybr_full_to_rgb(arranged.as_mut_slice());
    convert(arranged.as_slice(), &description.as_rgb(), wanted, out)
}
