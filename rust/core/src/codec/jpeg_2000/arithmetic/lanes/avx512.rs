//! [`super::decode`] and [`super::decode_choices`] with the vector instructions of AVX-512.

use std::arch::x86_64::{
    __m512i, _mm_setr_epi8, _mm512_add_epi8, _mm512_add_epi32, _mm512_and_si512,
    _mm512_broadcast_i32x4, _mm512_cmpeq_epi8_mask, _mm512_cmpgt_epu32_mask,
    _mm512_cmplt_epu32_mask, _mm512_cvtepi32_epi8, _mm512_i32gather_epi32, _mm512_lzcnt_epi32,
    _mm512_mask_mov_epi8, _mm512_mask_mov_epi32, _mm512_mask_srli_epi32, _mm512_mask_sub_epi32,
    _mm512_maskz_mov_epi32, _mm512_maskz_permutex2var_epi8, _mm512_maskz_permutex2var_epi16,
    _mm512_min_epu32, _mm512_permutex2var_epi16, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_setr_epi32, _mm512_shldv_epi32, _mm512_shuffle_epi8, _mm512_slli_epi32,
    _mm512_sllv_epi32, _mm512_srli_epi32, _mm512_sub_epi32, _mm512_test_epi32_mask,
    _mm512_xor_si512,
};

use super::super::super::vectors::{halves, lanes, put};
use super::super::STATES;
use super::{AllStates, Choices, FewStates, LANES, Lanes};

/// Qe by a state of [`FewStates`].
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

/// The registers of all lanes.
struct Decoder<'b> {
    bits: Bits<'b>,
    qe: Table,
    next: Table,
    a: __m512i,
    c: __m512i,
    /// Bits that come next, highest first.
    loaded: __m512i,
    taken: __m512i,
    /// Bits that can be taken before others are loaded.
    most: __m512i,
}

impl Decoder<'_> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn new<'b>(buffer: &'b [u8], all: &Lanes) -> Decoder<'b> {
        let bits = Bits::new(buffer, &all.start, &all.last);
        let (a, c, taken) = (lanes(&all.a), lanes(&all.c), lanes(&all.taken));
        let loaded = bits.at(taken);
        let most = _mm512_add_epi32(taken, _mm512_set1_epi32(LOADED - MOST_SHIFTED));
        let ([qe_low, qe_high], [next_low, next_high]) = (&QE, &NEXT);
        let qe = (halves(qe_low), halves(qe_high));
        let next = (halves(next_low), halves(next_high));
        Decoder { bits, qe, next, a, c, loaded, taken, most }
    }

    /// Decodes a symbol of each lane, as [`super::super::Codeword::decode`] does, with these
    /// states. Returns the symbols and the states that follow.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512vbmi2")]
    fn decode(&mut self, state: __m512i) -> (u16, __m512i) {
        let lower_half = 0x5555_5555;
        let qe = _mm512_maskz_permutex2var_epi16(lower_half, self.qe.0, state, self.qe.1);
        let next = _mm512_permutex2var_epi16(self.next.0, state, self.next.1);

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
        let next = _mm512_mask_mov_epi32(state, is_shifted, next);
        let shift = _mm512_sub_epi32(_mm512_lzcnt_epi32(a), _mm512_set1_epi32(16));
        self.a = _mm512_sllv_epi32(a, shift);
        let c = _mm512_shldv_epi32(c, self.loaded, shift);
        self.c = _mm512_and_si512(c, _mm512_set1_epi32(0xFFFF));
        self.loaded = _mm512_sllv_epi32(self.loaded, shift);
        self.taken = _mm512_add_epi32(self.taken, shift);
        if _mm512_cmpgt_epu32_mask(self.taken, self.most) != 0 {
            self.loaded = self.bits.at(self.taken);
            self.most = _mm512_add_epi32(self.taken, _mm512_set1_epi32(LOADED - MOST_SHIFTED));
        }
        (symbols, next)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn end(&self, all: &mut Lanes) {
        put(self.a, &mut all.a);
        put(self.c, &mut all.c);
        put(self.taken, &mut all.taken);
    }
}

/// Decodes a symbol of each lane for each of `codes`.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,avx512f,avx512bw,avx512cd,avx512vbmi2")]
pub(super) fn run(
    buffer: &[u8],
    all: &mut Lanes,
    states: &mut FewStates,
    codes: &[u32],
    symbols: &mut [u16],
) {
    let mut decoder = Decoder::new(buffer, all);
    let [one, two, three] = &*states;
    let (mut one, mut two, mut three) = (lanes(one), lanes(two), lanes(three));
    for (code, symbols) in codes.iter().zip(symbols) {
        let (low, high) = (*code as u16, (code >> 16) as u16);
        let [is_one, is_two, is_three] = [low & !high, high & !low, low & high];
        let state = _mm512_maskz_mov_epi32(is_one, one);
        let state = _mm512_mask_mov_epi32(state, is_two, two);
        let state = _mm512_mask_mov_epi32(state, is_three, three);
        let next;
        (*symbols, next) = decoder.decode(state);
        one = _mm512_mask_mov_epi32(one, is_one, next);
        two = _mm512_mask_mov_epi32(two, is_two, next);
        three = _mm512_mask_mov_epi32(three, is_three, next);
    }
    decoder.end(all);
    for (vector, lanes) in [one, two, three].into_iter().zip(states) {
        put(vector, lanes);
    }
}

/// [`AllStates`] in vectors.
struct States([__m512i; 4]);

impl States {
    /// The states of these contexts, a lane each; 0 of [`super::NO_CONTEXT`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn get(&self, contexts: __m512i) -> __m512i {
        let [one, two, three, four] = self.0;
        let place = _mm512_add_epi32(
            _mm512_slli_epi32::<4>(contexts),
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        );
        let low = _mm512_cmplt_epu32_mask(contexts, _mm512_set1_epi32(8));
        let high = _mm512_cmplt_epu32_mask(contexts, _mm512_set1_epi32(16)) & !low;
        let lowest = 0x1111_1111_1111_1111;
        let first = _mm512_maskz_permutex2var_epi8(lowest, one, place, two);
        let second = _mm512_maskz_permutex2var_epi8(lowest, three, place, four);
        let states = _mm512_maskz_mov_epi32(low, first);
        _mm512_mask_mov_epi32(states, high, second)
    }

    /// Changes the states of these contexts.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn set(&mut self, contexts: __m512i, states: __m512i) {
        let bytes = |lanes| _mm512_broadcast_i32x4(_mm512_cvtepi32_epi8(lanes));
        let (contexts, states) = (bytes(contexts), bytes(states));
        let four = _mm512_setr_epi32(
            0,
            0,
            0,
            0,
            0x0101_0101,
            0x0101_0101,
            0x0101_0101,
            0x0101_0101,
            0x0202_0202,
            0x0202_0202,
            0x0202_0202,
            0x0202_0202,
            0x0303_0303,
            0x0303_0303,
            0x0303_0303,
            0x0303_0303,
        );
        let [one, two, three, last] = self.0;
        let put = |old, first: i8| {
            let own =
                _mm512_cmpeq_epi8_mask(contexts, _mm512_add_epi8(four, _mm512_set1_epi8(first)));
            _mm512_mask_mov_epi8(old, own, states)
        };
        self.0 = [put(one, 0), put(two, 4), put(three, 8), put(last, 12)];
    }
}

/// Decodes a symbol of each lane as long as there is one.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,avx512f,avx512bw,avx512cd,avx512vbmi,avx512vbmi2")]
pub(super) fn run_choices(
    buffer: &[u8],
    all: &mut Lanes,
    all_states: &mut AllStates,
    choices: &mut impl Choices,
) {
    let mut decoder = Decoder::new(buffer, all);
    let [one, two, three, four] = &*all_states;
    let mut states = States([lanes(one), lanes(two), lanes(three), lanes(four)]);
    while let Some(chosen) = choices.contexts() {
        let chosen = lanes(chosen);
        let (symbols, next) = decoder.decode(states.get(chosen));
        states.set(chosen, next);
        choices.next(symbols);
    }
    decoder.end(all);
    for (vector, lanes) in states.0.into_iter().zip(all_states) {
        put(vector, lanes);
    }
}
