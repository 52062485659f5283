//! The codes of quads, four samples of a block: which are significant, and how many bits their
//! magnitudes have (ISO/IEC 15444-15 §7.3.5 to §7.3.7).

use super::super::codewords;
use super::super::ht_bits::{BitBuffer, RunBits};

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

/// Which offsets of exponents two quads have: bit 0 for the first, bit 1 for the second. In the
/// first row a run says more where both have one.
const BOTH: u32 = 3;
/// Both are above 2, and less by that.
const BOTH_LARGE: u32 = 4;
/// Not both are above 2.
const NOT_BOTH_LARGE: u32 = 5;

/// Codes of the offsets of two quads, by [`BOTH`] and the like and the next 6 bits: in bits 0 to 2
/// the length of their starts, in 3 to 5 and 6 to 8 the lengths of what follows these, in 9 to 11
/// and 12 to 14 the numbers without it.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
static OFFSETS: [u16; 512] = {
    let mut table = [0; 512];
    let mut index = 0;
    while index < 6 * 64 {
        let (has, bits) = (index as u32 / 64, index as u32 % 64);
        let extra = if has == BOTH_LARGE { 2 } else { 0 };
        let mut first = (0, 0, 0);
        if has != 0 && has != 2 {
            first = offset_start(bits);
        }
        let rest = bits >> first.1;
        let mut second = (0, 0, 0);
        if has == NOT_BOTH_LARGE && first.0 > 2 {
            // One bit is enough for the second.
            second = (1 + (rest & 1), 1, 0);
        } else if has > 1 {
            second = offset_start(rest);
        }
        let numbers = (first.0 + extra) << 9 | (second.0 + extra) << 12;
        table[index] = ((first.1 + second.1) | first.2 << 3 | second.2 << 6 | numbers) as u16;
        index += 1;
    }
    table
};

/// Start of a code of an offset (ISO/IEC 15444-15 Table 3): the number, the bits that the start
/// has, and those that follow.
const fn offset_start(bits: u32) -> (u32, u32, u32) {
    match bits & 7 {
        0 => (5, 3, 5),
        4 => (3, 3, 1),
        2 | 6 => (2, 2, 0),
        _ => (1, 1, 0),
    }
}

/// From this on a number goes on after the bits that follow its start, to more than there can be.
const SUFFIX_LIMIT: u64 = 28;

/// What the codes say of a quad.
#[derive(Clone, Copy, Default)]
pub(super) struct Quad {
    /// An entry of the decoding table; 0 if no sample is significant.
    pub entry: u32,
    /// The offset of its exponent, and then the bits of its magnitudes.
    pub bit_count: u32,
}

impl Quad {
    /// Which of its samples are significant: upper left, lower left, upper right, lower right.
    #[inline(always)]
    fn significant(self) -> u32 {
        self.entry >> 4 & 15
    }
}

/// The codes of the quads of a block.
pub(super) struct Codes<'b> {
    pub runs: RunBits<'b>,
    pub bits: &'b mut BitBuffer,
}

/// Decodes a quad, if its neighbours or a run say that it has significant samples, from `next`.
/// Returns an entry of `table`.
#[inline(always)]
fn entry(table: &[u16; 1024], context: u32, runs: &mut RunBits<'_>, next: u64) -> u32 {
    if context == 0 && !runs.symbol() {
        return 0;
    }
    let index = context << 7 | next as u32 & 127;
    u32::from(table.get(index as usize & 1023).copied().unwrap_or(0))
}

impl Codes<'_> {
    /// The quads of the first row (§7.3.5): only the one to the left is known. `quads` has one
    /// before and two after them. Says whether the bits make sense.
    #[inline(always)]
    pub(super) fn first_row(&mut self, quads: &mut [Quad], count: usize) -> bool {
        let after = |entry: u32| {
            let significant = entry >> 4 & 15;
            (significant | significant >> 1) & 1 | significant >> 1 & 6
        };
        let (mut context, mut is_sound) = (0, true);
        let (_, own) = quads.split_at_mut(1);
        let (pairs, _) = own.as_chunks_mut::<2>();
        for (index, pair) in pairs.iter_mut().take(count.div_ceil(2)).enumerate() {
            let mut next = self.bits.peek();
            let first = entry(&FIRST_ROW, context, &mut self.runs, next);
            next >>= first & 7;
            let is_pair = index * 2 + 1 < count;
            let second =
                if is_pair { entry(&FIRST_ROW, after(first), &mut self.runs, next) } else { 0 };
            next >>= second & 7;
            context = after(second);
            let mut has = first >> 3 & 1 | second >> 2 & 2;
            if has == BOTH {
                has = if self.runs.symbol() { BOTH_LARGE } else { NOT_BOTH_LARGE };
            }
            is_sound &= self.finish(pair, [first, second], has, next);
        }
        is_sound
    }

    /// The quads of any other row. `quads` has those of the row above, which this replaces.
    #[inline(always)]
    pub(super) fn other_row(&mut self, quads: &mut [Quad], count: usize) -> bool {
        // Of the row above: significance of what is to the upper left, above, and to the upper
        // right.
        let context = |upper_left: u32, upper: u32, upper_right: u32, left: u32| {
            (upper_left >> 7 | upper >> 5) & 1
                | (left >> 6 | left >> 7) << 1 & 2
                | (upper >> 7 | upper_right >> 5) << 2 & 4
        };
        let (mut upper_left, mut left, mut is_sound) = (0, 0, true);
        let (_, own) = quads.split_at_mut(1);
        let (pairs, _) = own.as_chunks_mut::<2>();
        let mut upper = pairs.first().copied().unwrap_or_default();
        let last = count / 2;
        for index in 0..count.div_ceil(2) {
            let following = pairs.get(index + 1).copied().unwrap_or_default();
            let [upper_1, upper_2, upper_3] = [upper[0].entry, upper[1].entry, following[0].entry];
            let mut next = self.bits.peek();
            let around = context(upper_left, upper_1, upper_2, left);
            let first = entry(&OTHER_ROWS, around, &mut self.runs, next);
            next >>= first & 7;
            let second = if index < last {
                let around = context(upper_1, upper_2, upper_3, first);
                entry(&OTHER_ROWS, around, &mut self.runs, next)
            } else {
                0
            };
            next >>= second & 7;
            (left, upper_left, upper) = (second, upper_2, following);
            let has = first >> 3 & 1 | second >> 2 & 2;
            let Some(pair) = pairs.get_mut(index) else { return false };
            is_sound &= self.finish(pair, [first, second], has, next);
        }
        is_sound
    }

    /// The offsets of the exponents of two quads (§7.3.6), after the codes of both in `next`.
    #[inline(always)]
    fn finish(&mut self, pair: &mut [Quad; 2], entries: [u32; 2], has: u32, next: u64) -> bool {
        let index = has << 6 | next as u32 & 63;
        let offsets = u32::from(OFFSETS.get(index as usize & 511).copied().unwrap_or(0));
        let (start, lengths) = (offsets & 7, (offsets >> 3 & 7, offsets >> 6 & 7));
        let next = next >> start;
        let first = next & ((1 << lengths.0) - 1);
        let second = next >> lengths.0 & ((1 << lengths.1) - 1);
        *pair = [
            Quad { entry: entries[0], bit_count: (offsets >> 9 & 7) + first as u32 },
            Quad { entry: entries[1], bit_count: (offsets >> 12 & 7) + second as u32 },
        ];
        self.bits.skip((entries[0] & 7) + (entries[1] & 7) + start + lengths.0 + lengths.1);
        first < SUFFIX_LIMIT && second < SUFFIX_LIMIT
    }
}

/// Which bit is the highest, of a number below 2^31: the exponent of a float, which vectors have an
/// instruction for. Without the bit below the highest it is not rounded up.
#[inline(always)]
pub(super) fn highest_bit(number: u32) -> u32 {
    (((number & !(number >> 1)) as i32 as f32).to_bits() >> 23).wrapping_sub(127)
}

/// Turns offsets of exponents into numbers of bits, by what the row above has: `above` are its
/// lowest samples, twice the magnitude less 1, from index 1 on. Returns the largest.
#[inline(always)]
pub(super) fn add_exponents(quads: &mut [Quad], above: &[u32], is_first: bool) -> u32 {
    let (pairs, _) = above.as_chunks::<2>();
    let mut largest = 0;
    for ((quad, left), right) in quads.iter_mut().zip(pairs).zip(pairs.iter().skip(1)) {
        let around = left[0] | left[1] | right[0] | right[1];
        let significant = quad.significant();
        let is_single = significant & significant.wrapping_sub(1) == 0;
        let exponent = if is_first || is_single { 1 } else { highest_bit(around | 2) };
        quad.bit_count = if significant == 0 { 0 } else { quad.bit_count + exponent };
        largest = largest.max(quad.bit_count);
    }
    largest
}
