//! Code-blocks of HTJ2K: all bit-planes in one pass, which two can refine (ISO/IEC 15444-15 §7).

use super::codewords;
use super::features::wide;
use super::ht_bits::{BackwardBits, ForwardBits, RunBits};
use super::sample_block::SampleBlock;

/// A codeword by the context (3 bits) and the next 7 bits: its length in bits 0 to 2, the
/// exponent's offset in bit 3, significance in bits 4 to 7, EMB 1 in 8 to 11, EMB k in 12 to 15.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
const fn decoding_table(codewords: &[u32]) -> [u16; 1024] {
    let mut table = [0; 1024];
    let mut index = 0;
    while index < 1024 {
        let mut number = 0;
        while number < codewords.len() {
            let entry = codewords[number];
            let (context, codeword, length) = (entry >> 23, entry >> 3 & 127, entry & 7);
            if context == index as u32 >> 7 && codeword == index as u32 & ((1 << length) - 1) {
                let (significant, offset) = (entry >> 19 & 15, entry >> 18 & 1);
                let (k, one) = (entry >> 14 & 15, entry >> 10 & 15);
                table[index] =
                    (length | offset << 3 | significant << 4 | one << 8 | k << 12) as u16;
            }
            number += 1;
        }
        index += 1;
    }
    table
}

static FIRST_ROW: [u16; 1024] = decoding_table(&codewords::FIRST_ROW);
static OTHER_ROWS: [u16; 1024] = decoding_table(&codewords::OTHER_ROWS);

/// Bytes that the streams of a block may have more or fewer than its samples need: encoders share
/// one, or leave one out. Streams that went astray end farther off.
const BYTES_OFF: usize = 8;

/// Most quads of a row, with one at each side.
const MAX_QUADS: usize = 1024 / 2 + 2;

/// What the code of quads says of one: an entry of the decoding table, and the offset of its
/// exponent.
#[derive(Clone, Copy, Default)]
struct Quad {
    entry: u32,
    offset: u32,
}

impl Quad {
    /// Which of its samples are significant: upper left, lower left, upper right, lower right.
    #[inline(always)]
    fn significant(self) -> u32 {
        self.entry >> 4 & 15
    }

    fn has_offset(self) -> bool {
        self.entry & 8 != 0
    }
}

/// Decodes code-blocks; keeps its memory from one to the next.
pub(crate) struct BlockDecoder {
    /// Of the row above and then of this row, from index 1 on.
    quads: Box<[Quad; MAX_QUADS]>,
    /// Twice the magnitude less 1 of the lowest samples of the row above, from index 1 on; 0 if not
    /// significant.
    above: Box<[u32; MAX_QUADS * 2]>,
}

/// Start of a code of an offset (ISO/IEC 15444-15 Table 3): the number, and the bits that follow.
#[inline(always)]
fn offset_prefix(bits: &mut BackwardBits<'_>) -> (u32, u32) {
    let (number, length, suffix_length) = match bits.peek() & 7 {
        0 => (5, 3, 5),
        4 => (3, 3, 1),
        2 | 6 => (2, 2, 0),
        _ => (1, 1, 0),
    };
    bits.skip(length);
    (number, suffix_length)
}

impl BlockDecoder {
    /// Ready for any block.
    pub(crate) fn new() -> BlockDecoder {
        BlockDecoder {
            quads: Box::new([Quad::default(); MAX_QUADS]),
            above: Box::new([0; MAX_QUADS * 2]),
        }
    }

    /// Decodes a block into `samples`: its cleanup pass, the lowest plane of which is `plane`, and
    /// the passes that refine it. Says whether its bytes make sense.
    pub(crate) fn decode(
        &mut self,
        cleanup: &[u8],
        refinement: &[u8],
        pass_count: u32,
        plane: u32,
        is_causal: bool,
        samples: &mut SampleBlock,
    ) -> bool {
        if plane > 29 || samples.width() > 1024 {
            return false;
        }
        if cleanup.is_empty() && refinement.is_empty() {
            // Encoders exist that include blocks without a byte: all is zero.
            return true;
        }
        if !cleanup_pass(self, cleanup, plane, samples) {
            return false;
        }
        if pass_count > 1 {
            if plane == 0 {
                return false;
            }
            // The magnitude pass refines what the cleanup pass found: it comes first, while no
            // others are significant.
            if pass_count > 2 {
                magnitude_pass(refinement, plane, samples);
            }
            significance_pass(refinement, plane, is_causal, samples);
        }
        true
    }

    #[inline(always)]
    fn cleanup_pass(&mut self, bytes: &[u8], plane: u32, samples: &mut SampleBlock) -> bool {
        // The last 12 bits say how long the codes of quads are (§7.1.1).
        let Some([last_but_one, last]) = bytes.last_chunk::<2>() else { return false };
        let suffix_length = usize::from(*last) << 4 | usize::from(*last_but_one & 15);
        if !(2..=4079).contains(&suffix_length) || suffix_length > bytes.len() {
            return false;
        }
        let (magnitudes, suffix) = bytes.split_at(bytes.len() - suffix_length);
        let codes = suffix.get(..suffix.len() - 1).unwrap_or_default();
        let mut magnitudes = ForwardBits::new(magnitudes, 0xFF);
        let mut runs = RunBits::new(codes);
        let mut bits = BackwardBits::from_upper_half(codes);

        self.quads.fill(Quad::default());
        self.above.fill(0);
        let mut is_first = true;
        let quad_count = samples.width().div_ceil(2);
        let Some(quads) = self.quads.get_mut(..quad_count.next_multiple_of(2) + 2) else {
            return false;
        };
        for (top, bottom) in samples.row_pairs_mut() {
            let is_sound = if is_first {
                first_row_quads(quads, quad_count, &mut runs, &mut bits)
            } else {
                other_row_quads(quads, quad_count, &mut runs, &mut bits)
            };
            if !is_sound {
                return false;
            }
            let quads = quads.get(1..).unwrap_or_default();
            if !row_samples(
                quads,
                &mut magnitudes,
                &mut self.above[..],
                plane,
                is_first,
                top,
                bottom,
            ) {
                return false;
            }
            is_first = false;
        }
        // Where the codes of quads from the one end and the runs from the other meet.
        let between = bits.left() - runs.read() as isize;
        [magnitudes.left(), between].iter().all(|left| left.unsigned_abs() <= BYTES_OFF)
    }
}

wide! {
    /// The pass that finds most of a block (§7.3).
    fn cleanup_pass(
        decoder: &mut BlockDecoder,
        bytes: &[u8],
        plane: u32,
        samples: &mut SampleBlock,
    ) -> bool =
        BlockDecoder::cleanup_pass;
}

/// Decodes a quad if its neighbours or a run say that it has significant samples.
#[inline(always)]
fn decode_quad(
    table: &[u16; 1024],
    context: u32,
    runs: &mut RunBits<'_>,
    bits: &mut BackwardBits<'_>,
) -> Quad {
    if context == 0 && !runs.symbol() {
        return Quad::default();
    }
    let index = context << 7 | bits.peek() & 127;
    let entry = u32::from(table.get(index as usize & 1023).copied().unwrap_or(0));
    bits.skip(entry & 7);
    Quad { entry, offset: 0 }
}

/// The quads of the first row (§7.3.5): only the one to the left is known.
#[inline(always)]
fn first_row_quads(
    quads: &mut [Quad],
    count: usize,
    runs: &mut RunBits<'_>,
    bits: &mut BackwardBits<'_>,
) -> bool {
    let mut context = 0;
    let after = |quad: Quad| {
        let significant = quad.significant();
        (significant | significant >> 1) & 1 | significant >> 1 & 6
    };
    let (_, own) = quads.split_at_mut(1);
    let (pairs, _) = own.as_chunks_mut::<2>();
    for (index, pair) in pairs.iter_mut().take(count.div_ceil(2)).enumerate() {
        let first = decode_quad(&FIRST_ROW, context, runs, bits);
        let is_pair = index * 2 + 1 < count;
        let second = if is_pair {
            decode_quad(&FIRST_ROW, after(first), runs, bits)
        } else {
            Quad::default()
        };
        context = after(second);
        *pair = [first, second];
        if !decode_offsets(pair, bits, Some(runs)) {
            return false;
        }
    }
    true
}

/// The quads of any other row. `quads` has those of the row above, which this replaces.
#[inline(always)]
fn other_row_quads(
    quads: &mut [Quad],
    count: usize,
    runs: &mut RunBits<'_>,
    bits: &mut BackwardBits<'_>,
) -> bool {
    // Of the row above: significance of what is to the upper left, above, and to the upper right.
    let mut upper_left = 0;
    let mut left = 0;
    let context = |upper_left: u32, upper: u32, upper_right: u32, left: u32| {
        (upper_left >> 3 | upper >> 1) & 1
            | (left >> 2 | left >> 3) << 1 & 2
            | (upper >> 3 | upper_right >> 1) << 2 & 4
    };
    let mut index = 1;
    while index <= count {
        let Some([first, second, next]) = quads.get_mut(index..index + 3) else { return false };
        let (upper_1, upper_2, upper_3) =
            (first.significant(), second.significant(), next.significant());
        *first = decode_quad(&OTHER_ROWS, context(upper_left, upper_1, upper_2, left), runs, bits);
        left = first.significant();
        let is_pair = index < count;
        *second = if is_pair {
            decode_quad(&OTHER_ROWS, context(upper_1, upper_2, upper_3, left), runs, bits)
        } else {
            Quad::default()
        };
        left = second.significant();
        upper_left = upper_2;
        let mut pair = [*first, *second];
        if !decode_offsets(&mut pair, bits, None) {
            return false;
        }
        [*first, *second] = pair;
        index += 2;
    }
    true
}

/// The offsets of the exponents of two quads (§7.3.6). `runs` says more of them in the first row.
#[inline(always)]
fn decode_offsets(
    pair: &mut [Quad; 2],
    bits: &mut BackwardBits<'_>,
    runs: Option<&mut RunBits<'_>>,
) -> bool {
    let [first, second] = pair;
    let are_both = first.has_offset() && second.has_offset();
    let are_both_large = are_both.then(|| runs.map(RunBits::symbol)).flatten();
    let extra = if are_both_large == Some(true) { 2 } else { 0 };
    let (mut first_prefix, mut second_prefix) = ((0, 0), (0, 0));
    if first.has_offset() {
        first_prefix = offset_prefix(bits);
    }
    if are_both_large == Some(false) && first_prefix.0 > 2 {
        // Not both are large: one bit is enough for the second.
        second_prefix.0 = 1 + bits.take(1);
    } else if second.has_offset() {
        second_prefix = offset_prefix(bits);
    }
    let (first_suffix, second_suffix) = (bits.take(first_prefix.1), bits.take(second_prefix.1));
    first.offset = first_prefix.0 + first_suffix + extra;
    second.offset = second_prefix.0 + second_suffix + extra;
    // Above this the number goes on, to more bits than there can be.
    first_suffix < 28 && second_suffix < 28
}

/// The samples of a row of quads (§7.3.8). `above` has what is known of the row above, and gets it
/// of this one.
#[inline(always)]
fn row_samples(
    quads: &[Quad],
    magnitudes: &mut ForwardBits<'_>,
    above: &mut [u32],
    plane: u32,
    is_first: bool,
    top: &mut [u32],
    bottom: &mut [u32],
) -> bool {
    let ((tops, _), (bottoms, _)) = (top.as_chunks_mut::<2>(), bottom.as_chunks_mut::<2>());
    let (above, _) = above.as_chunks_mut::<2>();
    // Four of the row above: from the one to the left of the quad to the one to its right.
    let (mut left, mut own) = above.first().map_or((0, 0), |pair| (pair[0], pair[1]));
    let mut largest = 0;
    for (index, ((quad, top), bottom)) in quads.iter().zip(tops).zip(bottoms).enumerate() {
        let Some([current, next]) =
            above.get_mut(index..index + 2).and_then(|two| two.first_chunk_mut::<2>())
        else {
            return false;
        };
        let around = left | own | next[0] | next[1];
        (left, own) = (next[0], next[1]);
        let significant = quad.significant();
        let is_single = significant & significant.wrapping_sub(1) == 0;
        let exponent = if is_first || is_single { 1 } else { (around | 2).ilog2() };
        let bit_count = quad.offset + exponent;
        largest = largest.max(if significant == 0 { 0 } else { bit_count });
        let entry = quad.entry;
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
        (bottom[0], current[1]) = sample(1);
        (top[1], _) = sample(2);
        (bottom[1], next[0]) = sample(3);
    }
    // All magnitudes have found their place below the sign.
    largest + plane <= 30
}

/// The bit below the lowest of each significant sample (§7.5).
fn magnitude_pass(bytes: &[u8], plane: u32, samples: &mut SampleBlock) {
    let mut bits = BackwardBits::new(bytes);
    for_each_in_stripes(samples.width(), samples.height(), |row, column| {
        let sample = samples.get(row, column);
        if sample != 0 {
            let cleared = sample & !((bits.take(1) ^ 1) << plane);
            samples.set(row, column, cleared | 1 << (plane - 1));
        }
    });
}

/// Samples that become significant in the plane below the lowest (§7.4): four columns of a stripe,
/// then their signs.
fn significance_pass(bytes: &[u8], plane: u32, is_causal: bool, samples: &mut SampleBlock) {
    let mut bits = ForwardBits::new(bytes, 0);
    let (width, height) = (samples.width(), samples.height());
    let was_significant: Vec<bool> =
        (0..width * height).map(|index| samples.get(index / width, index % width) != 0).collect();
    let was = |row: usize, column: usize| {
        was_significant.get(row * width + column).copied().unwrap_or(false)
    };
    for stripe in (0..height).step_by(4) {
        let end = (stripe + 4).min(height);
        for group in (0..width).step_by(4) {
            let mut found = Vec::with_capacity(16);
            for column in group..(group + 4).min(width) {
                for row in stripe..end {
                    if was(row, column)
                        || !has_neighbour(samples, row, column, is_causal && row + 1 == stripe + 4)
                    {
                        continue;
                    }
                    if bits.take(1) == 1 {
                        samples.set(row, column, 3 << (plane - 1));
                        found.push((row, column));
                    }
                }
            }
            for (row, column) in found {
                samples.set(row, column, bits.take(1) << 31 | 3 << (plane - 1));
            }
        }
    }
}

fn has_neighbour(samples: &SampleBlock, row: usize, column: usize, is_below_unseen: bool) -> bool {
    let rows = row.saturating_sub(1)..row + if is_below_unseen { 1 } else { 2 };
    let mut around = rows
        .flat_map(|row| (column.saturating_sub(1)..column + 2).map(move |column| (row, column)));
    around.any(|(row, column)| samples.get(row, column) != 0)
}

fn for_each_in_stripes(width: usize, height: usize, mut visit: impl FnMut(usize, usize)) {
    for stripe in (0..height).step_by(4) {
        for column in 0..width {
            for row in stripe..(stripe + 4).min(height) {
                visit(row, column);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a block: whether its bytes make sense.
    fn decode(cleanup: &[u8], passes: u32, plane: u32, (width, height): (usize, usize)) -> bool {
        let mut samples = SampleBlock::new();
        assert!(samples.reset(width, height));
        BlockDecoder::new().decode(cleanup, &[], passes, plane, false, &mut samples)
    }

    /// A cleanup pass of this many bytes that are all suffix, of a block without significant quads.
    fn empty(length: usize) -> Vec<u8> {
        let mut bytes = vec![0xF0; length];
        // Ones are runs of quads without significant samples.
        bytes[0] |= 0x80;
        bytes[length - 2] = 0xF0 | (length & 15) as u8;
        bytes[length - 1] = (length >> 4) as u8;
        bytes
    }

    #[test]
    fn the_length_of_the_suffix_is_checked() {
        for length in [2, 3, 9] {
            assert!(decode(&empty(length), 1, 5, (2, 2)), "{length} bytes");
        }
        assert!(!decode(&empty(20), 1, 5, (2, 2)), "bytes that nobody reads");
        // Ones that nobody reads, as magnitudes of which there are none.
        let magnitudes = |count| [vec![0x7F; count], empty(2)].concat();
        assert!(decode(&magnitudes(8), 1, 5, (2, 2)) && !decode(&magnitudes(9), 1, 5, (2, 2)));
        assert!(!decode(&empty(4080), 1, 5, (2, 2)));
        assert!(decode(&[], 1, 5, (2, 2)), "nothing is coded");
        for bytes in [&[0xF2][..], &[0xF1, 0], &[0xF0, 0], &[0xF3, 0]] {
            assert!(!decode(bytes, 1, 5, (2, 2)), "{bytes:X?}");
        }
    }

    #[test]
    fn planes_and_sizes_are_limited() {
        assert!(decode(&empty(2), 1, 29, (2, 2)));
        assert!(!decode(&empty(2), 1, 30, (2, 2)));
        assert!(!decode(&empty(2), 1, 5, (1026, 2)));
        // Passes that refine need a plane below.
        for (passes, plane, expected) in [(1, 0, true), (2, 0, false), (2, 1, true), (3, 1, true)] {
            assert_eq!(decode(&empty(2), passes, plane, (2, 2)), expected, "{passes} at {plane}");
        }
    }
}
