//! float32 as bfloat16, its upper 16 bits, rounded: models are trained in it.

use crate::error::Result;
use crate::memory::push;
use crate::workers::{Workers, share};

/// Numbers that a thread takes at a time.
const PIECE: usize = 1 << 18;
/// What infinity is as f32.
const INFINITE: u32 = 0x7F80_0000;

/// Rounds numbers, f32 in the machine's byte order, to the nearest bfloat16, of two equally near
/// ones to the even one. Says whether all finite ones are finite as such.
///
/// # Errors
///
/// If there is no memory.
pub fn round_to_bfloat16(values: &[u8], out: &mut [u8], workers: Workers) -> Result<bool> {
    let (values, out) = (values.as_chunks::<4>().0, out.as_chunks_mut::<2>().0);
    let mut pieces = Vec::new();
    let mut are_held = Vec::new();
    for _ in values.chunks(PIECE) {
        push(&mut are_held, true)?;
    }
    for ((values, out), is_held) in
        values.chunks(PIECE).zip(out.chunks_mut(PIECE)).zip(&mut are_held)
    {
        push(&mut pieces, (values, out, is_held))?;
    }
    share(
        pieces,
        workers.count(),
        || (),
        |(), (values, out, is_held)| {
            *is_held = round_piece(values, out);
            Ok(())
        },
    )?;
    Ok(are_held.into_iter().all(|is_held| is_held))
}

fn round_piece(values: &[[u8; 4]], out: &mut [[u8; 2]]) -> bool {
    let mut is_held = true;
    for (value, out) in values.iter().zip(out) {
        let bits = u32::from_ne_bytes(*value);
        let magnitude = bits & 0x7FFF_FFFF;
        let rounded = bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16;
        let is_number = magnitude <= INFINITE;
        *out = (if is_number { rounded as u16 } else { 0x7FC0 }).to_ne_bytes();
        is_held &= magnitude >= INFINITE || rounded & 0x7FFF != INFINITE >> 16;
    }
    is_held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(values: &[f32]) -> (Vec<u16>, bool) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        let mut out = vec![0; values.len() * 2];
        let workers = Workers::for_computing(Some(3));
        let is_held = round_to_bfloat16(&bytes, &mut out, workers).unwrap();
        (out.as_chunks().0.iter().map(|half| u16::from_ne_bytes(*half)).collect(), is_held)
    }

    #[test]
    fn numbers_are_rounded_to_the_nearest_even_one() {
        // Those of torch, which has several for no number:
        // torch.tensor(value).to(torch.bfloat16).view(torch.int16).
        for (value, expected, is_held) in [
            (0.0, 0x0000, true),
            (-0.0, 0x8000, true),
            (1.0, 0x3F80, true),
            (-1024.0, 0xC480, true),
            // Between 256 and 258, and 258 and 260.
            (257.0, 0x4380, true),
            (257.001, 0x4381, true),
            (259.0, 0x4382, true),
            (65535.0, 0x4780, true),
            (1e-40, 0x0001, true),
            (3.38e38, 0x7F7E, true),
            (3.395e38, 0x7F7F, true),
            (f32::MAX, 0x7F80, false),
            (-f32::MAX, 0xFF80, false),
            (f32::INFINITY, 0x7F80, true),
            (f32::NEG_INFINITY, 0xFF80, true),
            (f32::NAN, 0x7FC0, true),
            (f32::from_bits(0xFFFF_FFFF), 0x7FC0, true),
        ] {
            assert_eq!(rounded(&[value]), (vec![expected], is_held), "{value}");
        }
    }

    #[test]
    fn all_pieces_are_rounded() {
        let mut values = vec![3.0; PIECE * 2 + 5];
        assert_eq!(rounded(&values), (vec![0x4040; PIECE * 2 + 5], true));
        values[PIECE + 1] = f32::MAX;
        assert!(!rounded(&values).1);
        assert_eq!(rounded(&[]), (vec![], true));
    }
}
