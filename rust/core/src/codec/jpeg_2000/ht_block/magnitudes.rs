//! The magnitudes and signs of the samples of a row of quads (ISO/IEC 15444-15 §7.3.8).

use super::super::ht_bits::BitBuffer;
use super::quads::{NextRow, Quads};

/// Two rows of samples, and what their magnitudes are found by.
pub(super) struct Row<'r> {
    pub quads: Quads<'r>,
    pub magnitudes: &'r mut BitBuffer,
    /// Gets the lowest samples: twice the magnitude less 1, from index 1 on.
    pub above: &'r mut [u32],
    /// The lowest bit-plane.
    pub plane: u32,
    /// The most bits that a magnitude has.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "of the reader for AVX2"))]
    pub most_bits: u32,
    pub top: &'r mut [u32],
    pub bottom: &'r mut [u32],
}

/// Reads the samples, one after the other, and the codes of the next row. Returns what
/// [`NextRow::finish`] does.
#[inline(always)]
pub(super) fn read(row: Row<'_>, next: NextRow<'_, '_>) -> (usize, bool) {
    let Row { quads, magnitudes, above, plane, top, bottom, .. } = row;
    let ((tops, _), (bottoms, _)) = (top.as_chunks_mut::<2>(), bottom.as_chunks_mut::<2>());
    let (_, above) = above.split_at_mut(above.len().min(1));
    let (above, _) = above.as_chunks_mut::<2>();
    let quads = quads.entries.iter().zip(quads.bit_counts);
    for ((((entry, bit_count), top), bottom), above) in quads.zip(tops).zip(bottoms).zip(above) {
        let mut sample = |number: u32| -> (u32, u32) {
            let is_significant = (entry >> (4 + number) & 1).wrapping_neg();
            let known = entry >> (12 + number) & 1;
            let count = bit_count.wrapping_sub(known) & is_significant & 31;
            let bits = magnitudes.take(count);
            let whole = bits | (entry >> (8 + number) & 1) << count | 1;
            let value = whole.wrapping_add(2).wrapping_shl(plane) | bits << 31;
            (value & is_significant, whole & is_significant)
        };
        (top[0], _) = sample(0);
        (bottom[0], above[0]) = sample(1);
        (top[1], _) = sample(2);
        (bottom[1], above[1]) = sample(3);
    }
    next.finish()
}
