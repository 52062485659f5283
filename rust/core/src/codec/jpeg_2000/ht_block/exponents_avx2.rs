//! [`super::quads::add_exponents`] with the vector instructions of AVX2, eight quads at a time.
//!
//! It gives the same numbers: each lane of 32 bits has one of the eight quads.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_epi8,
    _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cmpeq_epi32, _mm256_cvtepi32_ps,
    _mm256_extract_epi64, _mm256_max_epu32, _mm256_or_si256, _mm256_permute4x64_epi64,
    _mm256_set_epi64x, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_shuffle_ps,
    _mm256_srli_epi32, _mm256_srli_epi64, _mm256_sub_epi32,
};

use super::quads::QuadRow;

/// Turns offsets of exponents into numbers of bits, and returns the largest.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
pub(super) fn add_exponents(row: &mut QuadRow, count: usize, above: &[u32], is_first: bool) -> u32 {
    let (lefts, _) = above.as_chunks::<16>();
    let (rights, _) = above.get(2..).unwrap_or_default().as_chunks::<16>();
    let one = _mm256_set1_epi32(1);
    let first = if is_first { _mm256_set1_epi32(-1) } else { _mm256_setzero_si256() };
    let mut largest = _mm256_setzero_si256();
    for ((eight, left), right) in row.eights_mut(count).zip(lefts).zip(rights) {
        let (entries, bit_counts) = eight;
        let significant =
            _mm256_and_si256(_mm256_srli_epi32::<4>(vector(entries)), _mm256_set1_epi32(15));
        let none = _mm256_setzero_si256();
        let others = _mm256_and_si256(significant, _mm256_sub_epi32(significant, one));
        let is_single = _mm256_or_si256(first, _mm256_cmpeq_epi32(others, none));
        let exponents = _mm256_blendv_epi8(highest_bits(around(left, right)), one, is_single);
        let counts = _mm256_add_epi32(vector(bit_counts), exponents);
        let counts = _mm256_andnot_si256(_mm256_cmpeq_epi32(significant, none), counts);
        largest = _mm256_max_epu32(largest, counts);
        *bit_counts = array(counts);
    }
    array(largest).into_iter().max().unwrap_or(0)
}

/// All bits of the four samples around each quad: two to the left, as far as a quad reaches, and
/// two to the right.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn around(left: &[u32; 16], right: &[u32; 16]) -> __m256i {
    let ([left_1, left_2], [right_1, right_2]) = (halves(left), halves(right));
    let both = |left, right| {
        let pairs = _mm256_or_si256(left, right);
        _mm256_castsi256_ps(_mm256_or_si256(pairs, _mm256_srli_epi64::<32>(pairs)))
    };
    let of_pairs = _mm256_shuffle_ps::<0b10_00_10_00>(both(left_1, right_1), both(left_2, right_2));
    _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_castps_si256(of_pairs))
}

/// Which bit of each lane, a number below 2^31, is the highest, and at least 1: the exponent of a
/// float. Without the bit below the highest it is not rounded up.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn highest_bits(numbers: __m256i) -> __m256i {
    let numbers = _mm256_or_si256(numbers, _mm256_set1_epi32(2));
    let numbers = _mm256_andnot_si256(_mm256_srli_epi32::<1>(numbers), numbers);
    let floats = _mm256_castps_si256(_mm256_cvtepi32_ps(numbers));
    _mm256_sub_epi32(_mm256_srli_epi32::<23>(floats), _mm256_set1_epi32(127))
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn halves(sixteen: &[u32; 16]) -> [__m256i; 2] {
    let (halves, _) = sixteen.as_chunks::<8>();
    [halves.first(), halves.get(1)].map(|half| vector(half.unwrap_or(&[0; 8])))
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn vector(lanes: &[u32; 8]) -> __m256i {
    let pair = |first: u32, second: u32| i64::from(first) | i64::from(second) << 32;
    let [a, b, c, d, e, f, g, h] = *lanes;
    _mm256_set_epi64x(pair(g, h), pair(e, f), pair(c, d), pair(a, b))
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn array(lanes: __m256i) -> [u32; 8] {
    let pair = |pair: i64| [pair as u32, (pair >> 32) as u32];
    let ([a, b], [c, d]) =
        (pair(_mm256_extract_epi64::<0>(lanes)), pair(_mm256_extract_epi64::<1>(lanes)));
    let ([e, f], [g, h]) =
        (pair(_mm256_extract_epi64::<2>(lanes)), pair(_mm256_extract_epi64::<3>(lanes)));
    [a, b, c, d, e, f, g, h]
}
