//! Lists what a refinement pass refines, four columns of a stripe at a time, with the vector
//! instructions of AVX-512.

use std::arch::x86_64::{
    _mm_set_epi32, _mm512_add_epi32, _mm512_castsi128_si512, _mm512_mask_mov_epi32,
    _mm512_maskz_compress_epi32, _mm512_permutexvar_epi32, _mm512_set1_epi32, _mm512_setr_epi32,
    _mm512_srlv_epi32, _mm512_test_epi32_mask,
};

use super::super::vectors::put;
use super::flags::{NINE, OWN, REFINED, VISITED};
use super::pass::{LIST_LENGTH, Pass, to_refine};

/// As [`Pass::list_refined`].
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw")]
pub(super) fn list_refined(pass: Pass<'_>, list: &mut [u32; LIST_LENGTH]) -> usize {
    let Pass { flags, width, stride, sample_stride, height, .. } = pass;
    let row = sample_stride as i32;
    let (two, three) = (2 * row, 3 * row);
    #[rustfmt::skip]
    let places = _mm512_setr_epi32(
        0, row, two, three, 1, 1 + row, 1 + two, 1 + three,
        2, 2 + row, 2 + two, 2 + three, 3, 3 + row, 3 + two, 3 + three,
    );
    let columns = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    let shifts = _mm512_setr_epi32(0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9);
    let context = |number: i32| _mm512_set1_epi32(number << 16);
    let mut count = 0;
    for number in 0..height.div_ceil(4) {
        let start = (number + 1) * stride + 1;
        let stripe = flags.get_mut(start..start + width).unwrap_or_default();
        for (index, some) in stripe.chunks_mut(4).enumerate() {
            let mut four = [0; 4];
            for (own, flags) in four.iter_mut().zip(&*some) {
                *own = *flags;
            }
            let [a, b, c, d] = four.map(|flags| flags as i32);
            let four = _mm512_castsi128_si512(_mm_set_epi32(d, c, b, a));
            let each = _mm512_srlv_epi32(_mm512_permutexvar_epi32(columns, four), shifts);
            let is = |flags: u32| _mm512_test_epi32_mask(each, _mm512_set1_epi32(flags as i32));
            let wanted = is(OWN) & !is(VISITED);
            if wanted == 0 {
                continue;
            }
            let entries = _mm512_mask_mov_epi32(context(1), is(NINE & !OWN), context(2));
            let entries = _mm512_mask_mov_epi32(entries, is(REFINED), context(3));
            let first = (number * 4 * sample_stride + index * 4) as i32;
            let entries =
                _mm512_add_epi32(entries, _mm512_add_epi32(places, _mm512_set1_epi32(first)));
            let entries = _mm512_maskz_compress_epi32(wanted, entries);
            if let Some(list) = list.get_mut(count..).and_then(|list| list.first_chunk_mut()) {
                put(entries, list);
            }
            count += wanted.count_ones() as usize;
            for flags in some {
                *flags |= to_refine(*flags) * REFINED;
            }
        }
    }
    count
}
