//! [`super::decode`] with the vector instructions of AVX-512.

use std::arch::x86_64::{
    __m512i, _mm_setr_epi8, _mm512_add_epi32, _mm512_and_si512, _mm512_broadcast_i32x4,
    _mm512_cmpgt_epu32_mask, _mm512_cmplt_epu32_mask, _mm512_i32gather_epi32, _mm512_loadu_si512,
    _mm512_lzcnt_epi32, _mm512_mask_mov_epi32, _mm512_mask_srli_epi32, _mm512_mask_sub_epi32,
    _mm512_maskz_mov_epi32, _mm512_maskz_permutex2var_epi16, _mm512_min_epu32,
    _mm512_permutex2var_epi16, _mm512_set1_epi32, _mm512_shldv_epi32, _mm512_shuffle_epi8,
    _mm512_sllv_epi32, _mm512_srli_epi32, _mm512_storeu_si512, _mm512_sub_epi32,
    _mm512_test_epi32_mask, _mm512_xor_si512,
};

use super::super::STATES;
use super::{LANE_CONTEXTS, LANES, Lanes};

/// Qe by a state of [`Lanes`].
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
static QE: [[u16; 32]; 2] = {
    let mut table = [[0; 32]; 2];
    let mut index = 0;
    while index < STATES.len() {
        table[(index + 1) / 32][(index + 1) % 32] = STATES[index].0 as u16;
        index += 1;
    }
    table
};

/// The states that follow: after the more probable symbol in the lower byte, after the less
/// probable one in the upper, with a bit that is set where the symbols change places.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
static NEXT: [[u16; 32]; 2] = {
    let mut table = [[0; 32]; 2];
    let mut index = 0;
    while index < STATES.len() {
        let (_, more, less, switches) = STATES[index];
        let next = (more + 1) | (less + 1) << 8 | switches << 14;
        table[(index + 1) / 32][(index + 1) % 32] = next as u16;
        index += 1;
    }
    table
};

/// Bits to come that a symbol can shift in.
const MOST_SHIFTED: i32 = 15;
/// Bits to come after a load, whichever bit of a byte is the first.
const LOADED: i32 = 25;

/// A table of two vectors.
type Table = (__m512i, __m512i);

#[inline]
#[target_feature(enable = "avx512f")]
fn lanes(lanes: &[u32; LANES]) -> __m512i {
    // SAFETY: 16 numbers of 4 bytes are as long as the vector, which may be anywhere.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(lanes.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn put(vector: __m512i, lanes: &mut [u32; LANES]) {
    // SAFETY: 16 numbers of 4 bytes are as long as the vector, which may be anywhere.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(lanes.as_mut_ptr().cast(), vector);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn table([low, high]: &[[u16; 32]; 2]) -> Table {
    // SAFETY: 32 numbers of 2 bytes are as long as the vector, which may be anywhere.
    #[allow(unsafe_code)]
    unsafe {
        (_mm512_loadu_si512(low.as_ptr().cast()), _mm512_loadu_si512(high.as_ptr().cast()))
    }
}

/// The bits of the codewords.
struct Bits<'b> {
    buffer: &'b [u8],
    start: __m512i,
    last: __m512i,
}

impl Bits<'_> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn new<'b>(buffer: &'b [u8], start: &[u32; LANES], last: &[u32; LANES]) -> Bits<'b> {
        let highest =
            _mm512_set1_epi32(buffer.len().saturating_sub(4).min(i32::MAX as usize) as i32);
        Bits { buffer, start: lanes(start), last: _mm512_min_epu32(lanes(last), highest) }
    }

    /// The bits of each codeword from these places on, at least [`LOADED`] of them, highest first.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn at(&self, place: __m512i) -> __m512i {
        if self.buffer.len() < 4 {
            return _mm512_set1_epi32(-1);
        }
        let byte = _mm512_add_epi32(self.start, _mm512_srli_epi32::<3>(place));
        let byte = _mm512_min_epu32(byte, self.last);
        // SAFETY: four bytes are read from each place, and `last` is at least four bytes before the
        // end of the buffer, which has as many, and below 2^31, so that no place is negative.
        #[allow(unsafe_code)]
        let four = unsafe { _mm512_i32gather_epi32::<1>(byte, self.buffer.as_ptr().cast()) };
        let reversed = _mm512_broadcast_i32x4(_mm_setr_epi8(
            3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
        ));
        let bits = _mm512_shuffle_epi8(four, reversed);
        _mm512_sllv_epi32(bits, _mm512_and_si512(place, _mm512_set1_epi32(7)))
    }
}

/// What a symbol changes in all lanes.
struct State {
    a: __m512i,
    c: __m512i,
    /// Bits that come next, highest first.
    bits: __m512i,
    taken: __m512i,
    states: [__m512i; LANE_CONTEXTS],
}

impl State {
    /// Decodes a symbol of each lane ([`super::super::Codeword::decode`]).
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512vbmi2")]
    fn decode(&mut self, code: u32, (qe_low, qe_high): Table, (next_low, next_high): Table) -> u16 {
        let (low, high) = (code as u16, (code >> 16) as u16);
        let [one, two, three] = self.states;
        let [is_one, is_two, is_three] = [low & !high, high & !low, low & high];
        let state = _mm512_maskz_mov_epi32(is_one, one);
        let state = _mm512_mask_mov_epi32(state, is_two, two);
        let state = _mm512_mask_mov_epi32(state, is_three, three);
        let lower_half = 0x5555_5555;
        let qe = _mm512_maskz_permutex2var_epi16(lower_half, qe_low, state, qe_high);
        let next = _mm512_permutex2var_epi16(next_low, state, next_high);

        let rest = _mm512_sub_epi32(self.a, qe);
        let is_lower = _mm512_cmplt_epu32_mask(self.c, qe);
        let is_smaller = _mm512_cmplt_epu32_mask(rest, qe);
        let a = _mm512_mask_mov_epi32(rest, is_lower, qe);
        let c = _mm512_mask_sub_epi32(self.c, !is_lower, self.c, qe);
        let is_less = is_lower ^ is_smaller;
        let more = _mm512_set1_epi32(1 << 6);
        let symbols = _mm512_test_epi32_mask(state, more) ^ is_less;

        let is_shifted = _mm512_cmplt_epu32_mask(a, _mm512_set1_epi32(0x8000));
        let next = _mm512_mask_srli_epi32::<8>(next, is_less, next);
        let next = _mm512_and_si512(next, _mm512_set1_epi32(127));
        let next = _mm512_xor_si512(next, _mm512_and_si512(state, more));
        self.states = [
            _mm512_mask_mov_epi32(one, is_one & is_shifted, next),
            _mm512_mask_mov_epi32(two, is_two & is_shifted, next),
            _mm512_mask_mov_epi32(three, is_three & is_shifted, next),
        ];
        let shift = _mm512_sub_epi32(_mm512_lzcnt_epi32(a), _mm512_set1_epi32(16));
        self.a = _mm512_sllv_epi32(a, shift);
        let c = _mm512_shldv_epi32(c, self.bits, shift);
        self.c = _mm512_and_si512(c, _mm512_set1_epi32(0xFFFF));
        self.bits = _mm512_sllv_epi32(self.bits, shift);
        self.taken = _mm512_add_epi32(self.taken, shift);
        symbols
    }
}

/// Decodes a symbol of each lane for each of `codes`.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,avx512f,avx512bw,avx512cd,avx512vbmi2")]
pub(super) fn run(buffer: &[u8], all: &mut Lanes, codes: &[u32], symbols: &mut [u16]) {
    let bits = Bits::new(buffer, &all.start, &all.last);
    let (qe, next) = (table(&QE), table(&NEXT));
    let [one, two, three] = &all.states;
    let taken = lanes(&all.taken);
    let mut state = State {
        a: lanes(&all.a),
        c: lanes(&all.c),
        bits: bits.at(taken),
        taken,
        states: [lanes(one), lanes(two), lanes(three)],
    };
    let room = _mm512_set1_epi32(LOADED - MOST_SHIFTED);
    let mut most = _mm512_add_epi32(taken, room);
    for (code, symbols) in codes.iter().zip(symbols) {
        *symbols = state.decode(*code, qe, next);
        if _mm512_cmpgt_epu32_mask(state.taken, most) != 0 {
            state.bits = bits.at(state.taken);
            most = _mm512_add_epi32(state.taken, room);
        }
    }
    put(state.a, &mut all.a);
    put(state.c, &mut all.c);
    put(state.taken, &mut all.taken);
    for (vector, lanes) in state.states.into_iter().zip(&mut all.states) {
        put(vector, lanes);
    }
}
