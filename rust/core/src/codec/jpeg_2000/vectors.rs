//! Vectors of AVX-512 from arrays, and back.

use std::arch::x86_64::{__m512i, _mm512_loadu_si512, _mm512_storeu_si512};

/// The numbers of an array, a lane each.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn lanes(numbers: &[u32; 16]) -> __m512i {
    // SAFETY: 16 numbers of 4 bytes are as long as the vector, which may be anywhere.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(numbers.as_ptr().cast())
    }
}

/// The numbers of an array, two to a lane.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn halves(numbers: &[u16; 32]) -> __m512i {
    // SAFETY: 32 numbers of 2 bytes are as long as the vector, which may be anywhere.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(numbers.as_ptr().cast())
    }
}

/// Puts each lane into an array.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn put(vector: __m512i, numbers: &mut [u32; 16]) {
    // SAFETY: 16 numbers of 4 bytes are as long as the vector, which may be anywhere.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(numbers.as_mut_ptr().cast(), vector);
    }
}
