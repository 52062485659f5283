//! [`super::magnitudes`] with the vector instructions of AVX2, two quads at a time.
//!
//! It gives the same samples bit for bit: each lane of 32 bits has one of the eight samples.

use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm_set_epi64x, _mm256_add_epi8, _mm256_add_epi32,
    _mm256_and_si256, _mm256_castsi128_si256, _mm256_cmpeq_epi32, _mm256_extract_epi32,
    _mm256_or_si256, _mm256_permutevar8x32_epi32, _mm256_set_epi64x, _mm256_set1_epi32,
    _mm256_setr_epi8, _mm256_setr_epi32, _mm256_shuffle_epi8, _mm256_sll_epi32, _mm256_slli_epi32,
    _mm256_slli_si256, _mm256_sllv_epi32, _mm256_srli_epi32, _mm256_srlv_epi32, _mm256_sub_epi32,
};

use super::magnitudes::{self, Row};
use super::quads::{NextRow, Quads};

/// The most bits of a magnitude that a lane gets whole, whichever bit of a byte is its first.
const MOST_BITS: u32 = 25;

/// Reads the samples of a row, and among them the codes of the next. Returns what
/// [`NextRow::finish`] does.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
pub(super) fn read(row: Row<'_>, mut next: NextRow<'_, '_>) -> (usize, bool) {
    if row.most_bits > MOST_BITS {
        return magnitudes::read(row, next);
    }
    let Row { quads, magnitudes, above, top, bottom, .. } = row;
    let (entries, bit_counts) = (quads.entries.as_chunks().0, quads.bit_counts.as_chunks().0);
    let ((tops, top), (bottoms, bottom)) = (top.as_chunks_mut::<4>(), bottom.as_chunks_mut::<4>());
    let count = tops.len();
    let (_, own) = above.split_at_mut(above.len().min(1));
    let (aboves, _) = own.as_chunks_mut::<4>();
    let mut position = magnitudes.position();
    let pairs = entries.iter().zip(bit_counts);
    for ((((entries, bit_counts), top), bottom), above) in pairs.zip(tops).zip(bottoms).zip(aboves)
    {
        next.step();
        let lanes = Lanes::new(*entries, *bit_counts);
        let [first, second] = lanes.totals();
        let one = magnitudes.bytes_at::<16>(position);
        let two = magnitudes.bytes_at::<16>(position + first);
        position += first + second;
        let (values, wholes) = lanes.samples(lanes.bits(one, two), row.plane);
        *top = low_half(values);
        *bottom = high_half(values);
        *above = high_half(wholes);
    }
    magnitudes.continue_at(position);
    // The last quad of an odd number.
    let quads = Quads {
        entries: quads.entries.get(count * 2..).unwrap_or_default(),
        bit_counts: quads.bit_counts.get(count * 2..).unwrap_or_default(),
    };
    let above = above.get_mut(count * 4..).unwrap_or_default();
    magnitudes::read(Row { quads, above, magnitudes, top, bottom, ..row }, next)
}

/// What is known of the samples of two quads.
struct Lanes {
    /// Entries of the decoding table.
    entries: __m256i,
    /// Ones where a sample is significant.
    significant: __m256i,
    /// Bits of the magnitudes.
    counts: __m256i,
    /// Bits of a quad up to the end of each magnitude.
    ends: __m256i,
}

impl Lanes {
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn new(entries: [u32; 2], bit_counts: [u32; 2]) -> Lanes {
        let [entries, bit_counts] =
            [entries, bit_counts].map(|[first, second]| i64::from(first) | i64::from(second) << 32);
        let both = _mm256_castsi128_si256(_mm_set_epi64x(bit_counts, entries));
        // A quad in each half.
        let of_first = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
        let of_second = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
        let entries = _mm256_permutevar8x32_epi32(both, of_first);
        let bit_counts = _mm256_permutevar8x32_epi32(both, of_second);
        let own = _mm256_setr_epi32(16, 32, 64, 128, 16, 32, 64, 128);
        let significant = _mm256_cmpeq_epi32(_mm256_and_si256(entries, own), own);
        let known = bit_of(entries, _mm256_setr_epi32(12, 13, 14, 15, 12, 13, 14, 15));
        let counts = _mm256_and_si256(_mm256_sub_epi32(bit_counts, known), significant);
        let ends = _mm256_add_epi32(counts, _mm256_slli_si256::<4>(counts));
        let ends = _mm256_add_epi32(ends, _mm256_slli_si256::<8>(ends));
        Lanes { entries, significant, counts, ends }
    }

    /// The bits of each quad.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn totals(&self) -> [usize; 2] {
        let first = _mm256_extract_epi32::<3>(self.ends);
        let second = _mm256_extract_epi32::<7>(self.ends);
        [first as usize, second as usize]
    }

    /// The bits of each magnitude. They are in the bytes of its quad, after so many others.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn bits(&self, (one, one_skip): ([u8; 16], u32), (two, two_skip): ([u8; 16], u32)) -> __m256i {
        let ([a, b], [c, d]) = (words(one), words(two));
        let bytes = _mm256_set_epi64x(d, c, b, a);
        let (one, two) = (one_skip as i32, two_skip as i32);
        let skips = _mm256_setr_epi32(one, one, one, one, two, two, two, two);
        let starts = _mm256_add_epi32(_mm256_sub_epi32(self.ends, self.counts), skips);
        // Four bytes for each, from the one in which it starts.
        let all_four = _mm256_setr_epi8(
            0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12, 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8,
            12, 12, 12, 12,
        );
        let first = _mm256_shuffle_epi8(_mm256_srli_epi32::<3>(starts), all_four);
        let four =
            _mm256_shuffle_epi8(bytes, _mm256_add_epi8(first, _mm256_set1_epi32(0x0302_0100)));
        let bits = _mm256_srlv_epi32(four, _mm256_and_si256(starts, _mm256_set1_epi32(7)));
        let one = _mm256_set1_epi32(1);
        _mm256_and_si256(bits, _mm256_sub_epi32(_mm256_sllv_epi32(one, self.counts), one))
    }

    /// The samples, and twice their magnitudes less 1: those of the upper row, then those of the
    /// lower one.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn samples(&self, bits: __m256i, plane: u32) -> (__m256i, __m256i) {
        let highest = bit_of(self.entries, _mm256_setr_epi32(8, 9, 10, 11, 8, 9, 10, 11));
        let highest = _mm256_sllv_epi32(highest, self.counts);
        let whole = _mm256_or_si256(_mm256_or_si256(bits, highest), _mm256_set1_epi32(1));
        let value = _mm256_sll_epi32(
            _mm256_add_epi32(whole, _mm256_set1_epi32(2)),
            _mm_cvtsi32_si128(plane as i32),
        );
        let value = _mm256_or_si256(value, _mm256_slli_epi32::<31>(bits));
        let rows = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
        let by_rows = |lanes: __m256i| {
            let lanes = _mm256_and_si256(lanes, self.significant);
            _mm256_permutevar8x32_epi32(lanes, rows)
        };
        (by_rows(value), by_rows(whole))
    }
}

/// A bit of each lane.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn bit_of(lanes: __m256i, places: __m256i) -> __m256i {
    _mm256_and_si256(_mm256_srlv_epi32(lanes, places), _mm256_set1_epi32(1))
}

fn words(bytes: [u8; 16]) -> [i64; 2] {
    let both = u128::from_le_bytes(bytes);
    [both as i64, (both >> 64) as i64]
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn low_half(lanes: __m256i) -> [u32; 4] {
    [
        _mm256_extract_epi32::<0>(lanes) as u32,
        _mm256_extract_epi32::<1>(lanes) as u32,
        _mm256_extract_epi32::<2>(lanes) as u32,
        _mm256_extract_epi32::<3>(lanes) as u32,
    ]
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn high_half(lanes: __m256i) -> [u32; 4] {
    [
        _mm256_extract_epi32::<4>(lanes) as u32,
        _mm256_extract_epi32::<5>(lanes) as u32,
        _mm256_extract_epi32::<6>(lanes) as u32,
        _mm256_extract_epi32::<7>(lanes) as u32,
    ]
}
