//! Overlays in the bits that the pixels do not use (PS3.3 §C.9.2), as files had them until 2006.

use super::cells::arrange;
use super::native::NativePixels;
use super::read::check_room;
use crate::dataset::{FileBytes, OpenBytes};
use crate::error::{Error, ImageFault, Result};
use crate::memory::filled;
use crate::source::AlignedBuffer;

/// Reads one bit of each pixel of `count` frames from `first` on into a byte each, 0 or 1.
///
/// # Errors
///
/// If the pixels have several samples or not that bit, or it belongs to their values; if there are
/// no such frames or `out` has another length; or the file is gone, has been changed or cannot be
/// read.
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
        return Err(ImageFault::OverlayBit { bit, allocated, stored }.into());
    }
    check_room(out, description.frame_samples() as u64, count)?;
    pixels.frames(first, count)?;
    let open = OpenBytes::new(bytes)?;
    let in_file = |error: Error| match bytes.source().path() {
        Some(path) => error.in_file(path),
        None => error,
    };
    let size = description.sample_type().size();
    let mut stored = AlignedBuffer::default();
    let mut frame: Vec<u8> = filled(description.frame_length())?;
    let targets = out.chunks_exact_mut(description.frame_samples());
    for (index, target) in (first..first.saturating_add(count)).zip(targets) {
        let place = pixels.frames(index, 1)?;
        let cells = pixels.cells(&place, &open, &mut stored).map_err(in_file)?;
        arrange(cells.bytes, cells.skipped_bits, description, &mut frame)?;
        for (sample, target) in frame.chunks_exact(size).zip(target) {
            *target = sample.get(bit as usize / 8).map_or(0, |byte| byte >> (bit % 8) & 1);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::ByteOrder;
    use crate::error::ErrorKind;
    use crate::image_description::ImageDescription;
    use crate::pixel::native::ValueField;
    use crate::pixel::synthetic::{TemporaryFile, description, in_memory};
    use crate::vr::Vr;

    /// Two frames of two pixels, of 12 bits with overlays above them.
    #[rustfmt::skip]
    const STORED: [u8; 10] = [
        0xFF, 0xFF, // before the value field
        0x00, 0x10, // frame 0: bit 12
        0xFF, 0x0F, // none
        0x00, 0x80, // frame 1: bit 15
        0xFF, 0x9F, // bits 12 and 15
    ];

    fn pixels(order: ByteOrder, high_bit: u32) -> NativePixels {
        let description =
            ImageDescription { frame_count: 2, high_bit, ..description(16, 12, true) };
        NativePixels { description, field: ValueField { offset: 2, length: 8, vr: Vr::OW, order } }
    }

    #[test]
    fn bits_that_belong_to_no_value_are_read() {
        let on_disk = TemporaryFile::new(&STORED);
        let mut swapped = STORED;
        swapped.as_chunks_mut::<2>().0.iter_mut().for_each(|word| word.reverse());
        for (name, bytes, order) in [
            ("memory", in_memory(&STORED), ByteOrder::Little),
            ("big endian", in_memory(&swapped), ByteOrder::Big),
            ("file", on_disk.bytes(), ByteOrder::Little),
        ] {
            let pixels = pixels(order, 11);
            let read = |first, count, bit| {
                let mut out = vec![7; 2 * count as usize];
                read_overlay_bits(&pixels, &bytes, first, count, bit, &mut out).unwrap();
                out
            };
            assert_eq!(read(0, 2, 12), [1, 0, 0, 1], "{name}");
            assert_eq!(read(0, 2, 13), [0, 0, 0, 0], "{name}");
            assert_eq!(read(0, 2, 15), [0, 0, 1, 1], "{name}");
            assert_eq!(read(1, 1, 12), [0, 1], "{name}");
        }
    }

    #[test]
    fn bits_of_values_and_bits_that_are_not_there_are_refused() {
        let bytes = in_memory(&STORED);
        for (high_bit, bit, is_read) in [
            (11, 0, false),
            (11, 11, false),
            (11, 12, true),
            (11, 15, true),
            (11, 16, false),
            (13, 1, true),
            (13, 2, false),
            (13, 13, false),
            (13, 14, true),
        ] {
            let pixels = pixels(ByteOrder::Little, high_bit);
            let result = read_overlay_bits(&pixels, &bytes, 0, 1, bit, &mut [0; 2]);
            assert_eq!(result.is_ok(), is_read, "bit {bit}, high bit {high_bit}");
        }
        let mut colour = pixels(ByteOrder::Little, 11);
        colour.description.samples_per_pixel = 3;
        assert!(read_overlay_bits(&colour, &bytes, 0, 1, 12, &mut [0; 6]).is_err());
        let grey = pixels(ByteOrder::Little, 11);
        assert!(read_overlay_bits(&grey, &bytes, 0, 1, 12, &mut [0; 3]).is_err(), "room");
        let error = read_overlay_bits(&grey, &bytes, 1, 2, 12, &mut [0; 4]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::FrameIndex { index: 2, count: 2 }), "{error}");
    }

    #[test]
    fn errors_of_the_file_name_it() {
        let on_disk = TemporaryFile::new(&STORED[..9]);
        let pixels = pixels(ByteOrder::Little, 11);
        let error =
            read_overlay_bits(&pixels, &on_disk.bytes(), 1, 1, 12, &mut [0; 2]).unwrap_err();
        assert_eq!(error.path(), Some(on_disk.0.as_path()));
        assert!(
            matches!(error.kind(), ErrorKind::ValueCutShort { needed: 4, available: 3 }),
            "{error}"
        );
    }
}
