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

/// Most quads of a row.
const MAX_QUADS: usize = 1024 / 2;

/// Quads that are looked at together.
const TOGETHER: usize = 8;

/// What the codes say of the quads of a row.
pub(super) struct QuadRow {
    /// An entry of the decoding table; 0 if no sample is significant.
    entries: [u32; MAX_QUADS],
    /// The offset of the exponent, and then the bits of the magnitudes.
    bit_counts: [u32; MAX_QUADS],
}

/// The quads of a row: entries and numbers of bits.
#[derive(Clone, Copy)]
pub(super) struct Quads<'q> {
    pub entries: &'q [u32],
    pub bit_counts: &'q [u32],
}

impl QuadRow {
    /// A row without significant samples.
    pub(super) fn new() -> QuadRow {
        QuadRow { entries: [0; MAX_QUADS], bit_counts: [0; MAX_QUADS] }
    }

    /// One of these entries and numbers of bits, for tests.
    #[cfg(test)]
    pub(super) fn of(quads: &[[u32; 2]]) -> QuadRow {
        let mut row = QuadRow::new();
        for (index, [entry, bit_count]) in quads.iter().enumerate() {
            (row.entries[index], row.bit_counts[index]) = (*entry, *bit_count);
        }
        row
    }

    /// Makes it one without significant samples again, as far as `eights_mut` goes.
    pub(super) fn clear(&mut self, count: usize) {
        let count = count.next_multiple_of(TOGETHER);
        self.entries.iter_mut().take(count).for_each(|entry| *entry = 0);
    }

    /// Its first quads.
    pub(super) fn quads(&self, count: usize) -> Quads<'_> {
        Quads {
            entries: self.entries.get(..count).unwrap_or_default(),
            bit_counts: self.bit_counts.get(..count).unwrap_or_default(),
        }
    }

    /// Its first quads, entries and numbers of bits, eight at a time: with as many more as that
    /// needs.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn eights_mut(
        &mut self,
        count: usize,
    ) -> impl Iterator<Item = (&[u32; TOGETHER], &mut [u32; TOGETHER])> {
        let (entries, bit_counts) =
            (self.entries.as_chunks().0.iter(), self.bit_counts.as_chunks_mut().0.iter_mut());
        entries.zip(bit_counts).take(count.div_ceil(TOGETHER))
    }

    /// Its first quads, two by two: with one more than there are if that is needed.
    fn pairs_mut(&mut self, count: usize) -> (&mut [[u32; 2]], &mut [[u32; 2]]) {
        let count = count.div_ceil(2);
        let entries = self.entries.as_chunks_mut::<2>().0.get_mut(..count);
        let bit_counts = self.bit_counts.as_chunks_mut::<2>().0.get_mut(..count);
        (entries.unwrap_or_default(), bit_counts.unwrap_or_default())
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

impl<'b> Codes<'b> {
    /// The quads of the first row (§7.3.5): only the one to the left is known. Says whether the
    /// bits make sense.
    #[inline(always)]
    pub(super) fn first_row(&mut self, row: &mut QuadRow, count: usize) -> bool {
        let after = |entry: u32| {
            let significant = entry >> 4 & 15;
            (significant | significant >> 1) & 1 | significant >> 1 & 6
        };
        let (mut context, mut is_sound) = (0, true);
        let (entries, bit_counts) = row.pairs_mut(count);
        for (index, (entries, bit_counts)) in entries.iter_mut().zip(bit_counts).enumerate() {
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
            *entries = [first, second];
            let (length, is_known) = offsets(bit_counts, has, next);
            self.bits.skip((first & 7) + (second & 7) + length);
            is_sound &= is_known;
        }
        is_sound
    }

    /// Decodes any other row, as its caller steps on. `above` are the entries of the row above.
    #[inline(always)]
    pub(super) fn next_row<'r>(
        &'r mut self,
        above: &'r QuadRow,
        row: &'r mut QuadRow,
        count: usize,
    ) -> NextRow<'r, 'b> {
        let (entries, bit_counts) = row.pairs_mut(count);
        let above = above.entries.as_chunks::<2>().0.get(..entries.len()).unwrap_or_default();
        let upper = above.first().copied().unwrap_or_default();
        NextRow {
            position: self.bits.position(),
            bits: self.bits,
            runs: &mut self.runs,
            above,
            entries,
            bit_counts,
            index: 0,
            last: count / 2,
            upper_left: 0,
            upper,
            left: 0,
            is_sound: true,
        }
    }
}

/// A row that is decoded, two quads at a time.
///
/// Each pair waits for the codes of the one before. So that the processor has something to do
/// meanwhile, they are decoded among the magnitudes of the row above, which wait for none of them.
pub(super) struct NextRow<'r, 'b> {
    bits: &'r BitBuffer,
    /// Where the next bit is.
    position: usize,
    runs: &'r mut RunBits<'b>,
    above: &'r [[u32; 2]],
    entries: &'r mut [[u32; 2]],
    bit_counts: &'r mut [[u32; 2]],
    /// The next pair.
    index: usize,
    /// The number of pairs of which both quads are there.
    last: usize,
    /// The entry of the quad to the upper left of the next pair, those above it, and that to the
    /// left.
    upper_left: u32,
    upper: [u32; 2],
    left: u32,
    is_sound: bool,
}

impl NextRow<'_, '_> {
    /// Decodes the next pair, if there is one.
    #[inline(always)]
    pub(super) fn step(&mut self) {
        // Of the row above: significance of what is to the upper left, above, and to the upper
        // right.
        let context = |upper_left: u32, upper: u32, upper_right: u32, left: u32| {
            (upper_left >> 7 | upper >> 5) & 1
                | (left >> 6 | left >> 7) << 1 & 2
                | (upper >> 7 | upper_right >> 5) << 2 & 4
        };
        let index = self.index;
        let (Some(entries), Some(bit_counts)) =
            (self.entries.get_mut(index), self.bit_counts.get_mut(index))
        else {
            return;
        };
        let following = self.above.get(index + 1).copied().unwrap_or_default();
        let [upper_1, upper_2, upper_3] = [self.upper[0], self.upper[1], following[0]];
        let mut next = self.bits.peek_at(self.position);
        let around = context(self.upper_left, upper_1, upper_2, self.left);
        let first = entry(&OTHER_ROWS, around, self.runs, next);
        next >>= first & 7;
        let second = if index < self.last {
            let around = context(upper_1, upper_2, upper_3, first);
            entry(&OTHER_ROWS, around, self.runs, next)
        } else {
            0
        };
        next >>= second & 7;
        (self.left, self.upper_left, self.upper) = (second, upper_2, following);
        *entries = [first, second];
        let (length, is_known) = offsets(bit_counts, first >> 3 & 1 | second >> 2 & 2, next);
        self.position += ((first & 7) + (second & 7) + length) as usize;
        self.is_sound &= is_known;
        self.index = index + 1;
    }

    /// Decodes the pairs that are left. Returns where the next bit is, and whether the bits make
    /// sense.
    #[inline(always)]
    pub(super) fn finish(mut self) -> (usize, bool) {
        while self.index < self.entries.len() {
            self.step();
        }
        (self.position, self.is_sound)
    }
}

/// The offsets of the exponents of two quads (§7.3.6), after the codes of both in `next`. Returns
/// how long they are, and whether they make sense.
#[inline(always)]
fn offsets(pair: &mut [u32; 2], has: u32, next: u64) -> (u32, bool) {
    let index = has << 6 | next as u32 & 63;
    let offsets = u32::from(OFFSETS.get(index as usize & 511).copied().unwrap_or(0));
    let (start, lengths) = (offsets & 7, (offsets >> 3 & 7, offsets >> 6 & 7));
    let next = next >> start;
    let first = next & ((1 << lengths.0) - 1);
    let second = next >> lengths.0 & ((1 << lengths.1) - 1);
    *pair = [(offsets >> 9 & 7) + first as u32, (offsets >> 12 & 7) + second as u32];
    (start + lengths.0 + lengths.1, first < SUFFIX_LIMIT && second < SUFFIX_LIMIT)
}

/// Turns offsets of exponents into numbers of bits, by what the row above has: `above` are its
/// lowest samples, twice the magnitude less 1, from index 1 on. Returns the largest.
#[inline(always)]
pub(super) fn add_exponents(row: &mut QuadRow, count: usize, above: &[u32], is_first: bool) -> u32 {
    let (entries, bit_counts) = row.pairs_mut(count);
    let (lefts, _) = above.as_chunks::<2>();
    let mut largest = 0;
    let quads = entries.as_flattened().iter().zip(bit_counts.as_flattened_mut());
    for (((entry, bit_count), left), right) in quads.zip(lefts).zip(lefts.iter().skip(1)) {
        let around = left[0] | left[1] | right[0] | right[1];
        let significant = entry >> 4 & 15;
        let is_single = significant & significant.wrapping_sub(1) == 0;
        let exponent = if is_first || is_single { 1 } else { (around | 2).ilog2() };
        *bit_count = if significant == 0 { 0 } else { *bit_count + exponent };
        largest = largest.max(*bit_count);
    }
    largest
}
