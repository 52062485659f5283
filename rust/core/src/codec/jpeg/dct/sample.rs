//! Samples of 8 and of 12 bits, and which instructions turn blocks into them.

use super::idct::{self, Block};
#[cfg(target_arch = "x86_64")]
use super::idct_avx2;
use super::layout::BLOCK;
use crate::codec::Samples;

/// The type that samples have.
pub(super) trait Sample: Copy + Default + Into<u16> + Send + 'static {
    /// Transforms a row of blocks to 8 rows of samples, of [`BLOCK`] columns a block.
    fn transform(blocks: &[Block], table: &[u16; 64], rows: &mut [Self]);

    /// The low bits.
    fn from_u16(value: u16) -> Self;

    fn samples(samples: &[Self]) -> Samples<'_>;
}

/// Transforms a row of blocks with what transforms one.
#[inline(always)]
pub(super) fn transform_each<S: Copy>(
    blocks: &[Block],
    rows: &mut [S],
    transform: impl Fn(&Block) -> [[S; BLOCK]; BLOCK],
) {
    let pieces = rows.as_chunks_mut::<BLOCK>().0;
    for (column, block) in blocks.iter().enumerate() {
        for (row, samples) in transform(block).into_iter().enumerate() {
            if let Some(piece) = pieces.get_mut(row * blocks.len() + column) {
                *piece = samples;
            }
        }
    }
}

impl Sample for u8 {
    fn transform(blocks: &[Block], table: &[u16; 64], rows: &mut [u8]) {
        #[cfg(target_arch = "x86_64")]
        if idct_avx2::transform_if_possible(blocks, table, rows) {
            return;
        }
        transform_each(blocks, rows, |block| idct::inverse_8(block, table));
    }

    fn from_u16(value: u16) -> u8 {
        value as u8
    }

    fn samples(samples: &[u8]) -> Samples<'_> {
        Samples::U8(samples)
    }
}

impl Sample for u16 {
    fn transform(blocks: &[Block], table: &[u16; 64], rows: &mut [u16]) {
        transform_each(blocks, rows, |block| idct::inverse_12(block, table));
    }

    fn from_u16(value: u16) -> u16 {
        value
    }

    fn samples(samples: &[u16]) -> Samples<'_> {
        Samples::U16(samples)
    }
}
