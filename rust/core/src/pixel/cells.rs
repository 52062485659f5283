//! Pixel cells (PS3.5 §8.1.1): from the bits of a file to samples in the order of an array.

use super::colour;
use crate::error::Result;
use crate::image_description::{ImageDescription, SampleType};
use crate::memory::filled;

/// Turns the bytes of each unit of `unit` bytes round.
pub(super) fn swap_bytes(bytes: &mut [u8], unit: usize) {
    fn each_unit<const N: usize>(bytes: &mut [u8]) {
        for unit in bytes.as_chunks_mut::<N>().0 {
            unit.reverse();
        }
    }
    match unit {
        2 => each_unit::<2>(bytes),
        4 => each_unit::<4>(bytes),
        8 => each_unit::<8>(bytes),
        _ => {}
    }
}

/// Brings stored samples into the order of the array: packed ones into bytes of their own, those of
/// a pixel together, chrominance to each pixel that shares it.
///
/// `stored` has the samples of whole frames after `skipped_bits` bits of what is before them;
/// bytes are in little-endian order, here and in `out`.
///
/// # Errors
///
/// If there is no memory to work in.
pub(super) fn arrange(
    stored: &[u8],
    skipped_bits: u32,
    description: &ImageDescription,
    out: &mut [u8],
) -> Result<()> {
    let is_rearranged = !description.is_in_order();
    let sample_length = description.sample_type().size();
    let stored = stored.get(skipped_bits as usize / 8..).unwrap_or_default();
    match (description.is_packed(), is_rearranged) {
        (true, false) => unpack(stored, skipped_bits % 8, description, out),
        (true, true) => {
            let frame_count = out.len() / description.frame_length().max(1);
            let mut samples: Vec<u8> =
                filled(frame_count * description.stored_frame_samples() * sample_length)?;
            unpack(stored, skipped_bits % 8, description, &mut samples);
            rearrange(&samples, description, out);
        }
        (false, true) => rearrange(stored, description, out),
        (false, false) => {
            if let Some(stored) = stored.get(..out.len()) {
                out.copy_from_slice(stored);
            }
        }
    }
    Ok(())
}

/// Gives packed samples bytes of their own: as many as `out` has room for.
fn unpack(stored: &[u8], skipped_bits: u32, description: &ImageDescription, out: &mut [u8]) {
    if description.bits_allocated == 1 {
        unpack_bits(stored, skipped_bits, out);
    } else {
        unpack_twelve(stored, skipped_bits, out);
    }
}

/// Makes a byte, 0 or 1, of each bit after the first `skipped_bits`, fewer than 8; the lowest bit
/// of a byte comes first.
fn unpack_bits(stored: &[u8], skipped_bits: u32, out: &mut [u8]) {
    let bit = |byte: u8, index: usize| byte >> index & 1;
    let (mut stored, mut out) = (stored, out);
    if let (1.., Some((first, rest))) = (skipped_bits, stored.split_first()) {
        let head = out.len().min(8 - skipped_bits as usize % 8);
        let (head, tail) = out.split_at_mut(head);
        for (index, sample) in head.iter_mut().enumerate() {
            *sample = bit(*first, index + skipped_bits as usize % 8);
        }
        (stored, out) = (rest, tail);
    }
    // Eight at a time, which the compiler makes a few instructions of.
    let (bytes, tail) = out.as_chunks_mut::<8>();
    for (samples, byte) in bytes.iter_mut().zip(stored) {
        *samples = std::array::from_fn(|index| bit(*byte, index));
    }
    if let Some(byte) = stored.get(bytes.len()) {
        for (index, sample) in tail.iter_mut().enumerate() {
            *sample = bit(*byte, index);
        }
    }
}

/// Makes two bytes of each 12 bits after the first `skipped_bits`, 0 or 4; the lowest bits of a
/// byte come first.
fn unpack_twelve(stored: &[u8], skipped_bits: u32, out: &mut [u8]) {
    let mut bit = skipped_bits as usize;
    for sample in out.as_chunks_mut::<2>().0 {
        let byte = |index: usize| stored.get(bit / 8 + index).copied().unwrap_or(0);
        let both = u16::from_le_bytes([byte(0), byte(1)]);
        *sample = (both >> (bit % 8) & 0xFFF).to_le_bytes();
        bit += 12;
    }
}

/// Brings the samples of each pixel together, frame by frame.
fn rearrange(stored: &[u8], description: &ImageDescription, out: &mut [u8]) {
    let sample_length = description.sample_type().size();
    let stored_frames =
        stored.chunks_exact((description.stored_frame_samples() * sample_length).max(1));
    for (stored, out) in stored_frames.zip(out.chunks_exact_mut(description.frame_length().max(1)))
    {
        if description.is_subsampled() {
            colour::expand_422(stored, sample_length, out);
        } else {
            interleave(stored, description, out);
        }
    }
}

/// Brings the samples of each pixel together, where each colour has a plane (PS3.3 §C.7.6.3.1.3).
fn interleave(planes: &[u8], description: &ImageDescription, out: &mut [u8]) {
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

/// Turns little-endian samples into those of the machine, and clears the bits that do not belong to
/// the value, or fills them with the sign (PS3.5 §8.1.1): they can hold overlays or rubbish.
pub(super) fn unpack_frame(description: &ImageDescription, samples: &mut [u8]) {
    if cfg!(target_endian = "big") {
        swap_bytes(samples, description.sample_type().size());
    }
    let (left, right) = description.shifts();
    if (left, right) == (0, 0) {
        return;
    }
    match description.sample_type() {
        SampleType::U8 => samples.iter_mut().for_each(|sample| *sample = *sample << left >> right),
        SampleType::I8 => {
            samples.iter_mut().for_each(|sample| *sample = ((*sample << left) as i8 >> right) as u8)
        }
        SampleType::U16 => {
            each(samples, |bytes| (u16::from_ne_bytes(bytes) << left >> right).to_ne_bytes())
        }
        SampleType::I16 => {
            each(samples, |bytes| (i16::from_ne_bytes(bytes) << left >> right).to_ne_bytes())
        }
        SampleType::U32 => {
            each(samples, |bytes| (u32::from_ne_bytes(bytes) << left >> right).to_ne_bytes())
        }
        SampleType::I32 => {
            each(samples, |bytes| (i32::from_ne_bytes(bytes) << left >> right).to_ne_bytes())
        }
        SampleType::U64 => {
            each(samples, |bytes| (u64::from_ne_bytes(bytes) << left >> right).to_ne_bytes())
        }
        SampleType::I64 => {
            each(samples, |bytes| (i64::from_ne_bytes(bytes) << left >> right).to_ne_bytes())
        }
        SampleType::F16 | SampleType::F32 | SampleType::F64 => {}
    }
}

fn each<const N: usize>(samples: &mut [u8], change: impl Fn([u8; N]) -> [u8; N]) {
    let (samples, _) = samples.as_chunks_mut::<N>();
    for sample in samples {
        *sample = change(*sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::synthetic::description;

    #[test]
    fn unused_bits_become_zeros_or_the_sign() {
        let high = |high_bit, description| ImageDescription { high_bit, ..description };
        #[rustfmt::skip]
        let table: [(&str, ImageDescription, &[u8], &[u8]); 11] = [
            ("12-bit signed 0xFFE is -2", description(16, 12, true),
             &[0xFE, 0x0F, 0x01, 0xF0], &[0xFE, 0xFF, 0x01, 0x00]),
            ("12-bit unsigned", description(16, 12, false),
             &[0xFE, 0xFF, 0x01, 0xF0], &[0xFE, 0x0F, 0x01, 0x00]),
            ("all bits used", description(16, 16, true),
             &[0xFE, 0x0F, 0x01, 0xF0], &[0xFE, 0x0F, 0x01, 0xF0]),
            ("4 of 8 bits", description(8, 4, false), &[0xF1, 0x0F], &[0x01, 0x0F]),
            ("4 of 8 bits, signed", description(8, 4, true), &[0xF1, 0x0F], &[0x01, 0xFF]),
            ("24 of 32 bits, signed", description(32, 24, true),
             &[0, 0, 0x80, 0, 1, 0, 0, 0x55], &[0, 0, 0x80, 0xFF, 1, 0, 0, 0]),
            ("40 of 64 bits, signed", description(64, 40, true),
             &[2, 0, 0, 0, 0x80, 7, 7, 7], &[2, 0, 0, 0, 0x80, 0xFF, 0xFF, 0xFF]),
            ("12 bits at the top", high(15, description(16, 12, false)),
             &[0x1A, 0xFE], &[0xE1, 0x0F]),
            ("12 bits at the top, signed", high(15, description(16, 12, true)),
             &[0x1A, 0xFE], &[0xE1, 0xFF]),
            ("12 bits in between", high(13, description(16, 12, false)),
             &[0x07, 0xC0], &[0x01, 0x00]),
            ("10 of 12 packed bits, signed", description(12, 10, true),
             &[0xFF, 0x0D], &[0xFF, 0x01]),
        ];
        for (name, description, stored, expected) in table {
            let mut samples = stored.to_vec();
            unpack_frame(&description, &mut samples);
            assert_eq!(samples, expected, "{name}");
        }
    }

    #[test]
    fn bits_become_bytes() {
        let stored = [0b1010_0110, 0b0000_0001, 0b1100_0000];
        let bits: Vec<u8> =
            stored.iter().flat_map(|byte| (0..8).map(move |index| byte >> index & 1)).collect();
        for skipped in 0..8 {
            for count in 0..=bits.len() - skipped {
                let mut out = vec![7; count];
                unpack_bits(&stored, skipped as u32, &mut out);
                assert_eq!(out, bits[skipped..skipped + count], "{count} behind {skipped}");
            }
        }
    }

    #[test]
    fn twelve_bits_become_two_bytes() {
        // 0x321, 0x654, 0x987 and half of one more.
        let stored = [0x21, 0x43, 0x65, 0x87, 0xF9];
        for (skipped_bits, expected) in [(0, [0x321, 0x654, 0x987]), (4, [0x432, 0x765, 0xF98])] {
            let mut out = [0; 6];
            unpack_twelve(&stored, skipped_bits, &mut out);
            let samples: Vec<u16> =
                out.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
            assert_eq!(samples, expected, "behind {skipped_bits} bits");
        }
    }

    #[test]
    fn planes_are_interleaved() {
        let planar = ImageDescription {
            samples_per_pixel: 3,
            is_planar: Some(true),
            ..description(8, 8, false)
        };
        let mut out = [0; 6];
        arrange(&[1, 2, 3, 4, 5, 6], 0, &planar, &mut out).unwrap();
        assert_eq!(out, [1, 3, 5, 2, 4, 6]);
        // Planes of two bits each, in two frames.
        let packed = ImageDescription { bits_allocated: 1, bits_stored: 1, high_bit: 0, ..planar };
        let mut out = [7; 12];
        arrange(&[0b0100_1001, 0b0000_1011], 0, &packed, &mut out).unwrap();
        assert_eq!(out, [1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1]);
    }

    #[test]
    fn bytes_of_units_are_turned_round() {
        for (unit, expected) in [
            (1, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
            (2, [2, 1, 4, 3, 6, 5, 8, 7, 9]),
            (4, [4, 3, 2, 1, 8, 7, 6, 5, 9]),
            (8, [8, 7, 6, 5, 4, 3, 2, 1, 9]),
        ] {
            let mut bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
            swap_bytes(&mut bytes, unit);
            assert_eq!(bytes, expected);
        }
    }
}
