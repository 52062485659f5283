//! The MQ decoder (ISO/IEC 15444-1 Annex C).

use std::hint::select_unpredictable;

mod codeword;
#[cfg(test)]
pub(crate) mod encoder;
mod lanes;

pub(crate) use self::codeword::Codeword;
use self::codeword::{ENOUGH_BITS, MOST_BITS};
pub(crate) use self::lanes::{
    Choices, LANES, Lane, NO_CONTEXT, decode as decode_lanes, decode_choices,
};
use crate::error::Result;

/// Contexts of a code-block (Table D.7).
pub(crate) const CONTEXT_COUNT: usize = 19;

/// Qe, next state after the more and after the less probable symbol, and whether that switches what
/// is more probable (Table C.2).
const STATES: [(u32, u32, u32, u32); 47] = [
    (0x5601, 1, 1, 1),
    (0x3401, 2, 6, 0),
    (0x1801, 3, 9, 0),
    (0x0AC1, 4, 12, 0),
    (0x0521, 5, 29, 0),
    (0x0221, 38, 33, 0),
    (0x5601, 7, 6, 1),
    (0x5401, 8, 14, 0),
    (0x4801, 9, 14, 0),
    (0x3801, 10, 14, 0),
    (0x3001, 11, 17, 0),
    (0x2401, 12, 18, 0),
    (0x1C01, 13, 20, 0),
    (0x1601, 29, 21, 0),
    (0x5601, 15, 14, 1),
    (0x5401, 16, 14, 0),
    (0x5101, 17, 15, 0),
    (0x4801, 18, 16, 0),
    (0x3801, 19, 17, 0),
    (0x3401, 20, 18, 0),
    (0x3001, 21, 19, 0),
    (0x2801, 22, 19, 0),
    (0x2401, 23, 20, 0),
    (0x2201, 24, 21, 0),
    (0x1C01, 25, 22, 0),
    (0x1801, 26, 23, 0),
    (0x1601, 27, 24, 0),
    (0x1401, 28, 25, 0),
    (0x1201, 29, 26, 0),
    (0x1101, 30, 27, 0),
    (0x0AC1, 31, 28, 0),
    (0x09C1, 32, 29, 0),
    (0x08A1, 33, 30, 0),
    (0x0521, 34, 31, 0),
    (0x0441, 35, 32, 0),
    (0x02A1, 36, 33, 0),
    (0x0221, 37, 34, 0),
    (0x0141, 38, 35, 0),
    (0x0111, 39, 36, 0),
    (0x0085, 40, 37, 0),
    (0x0049, 41, 38, 0),
    (0x0025, 42, 39, 0),
    (0x0015, 43, 40, 0),
    (0x0009, 44, 41, 0),
    (0x0005, 45, 42, 0),
    (0x0001, 45, 43, 0),
    (0x5601, 46, 46, 0),
];

/// A state with its more probable symbol, by its index: Qe in the upper half, then the index, of 7
/// bits, the lowest of which is that symbol.
const fn packed(index: usize) -> u32 {
    #[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
    let (qe, ..) = STATES[index / 2];
    qe << 16 | index as u32
}

/// The states that follow each: after the more probable symbol in the lower half, after the less
/// probable one in the upper. One load gives both, before it is known which symbol it is.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
static NEXT: [u64; 128] = {
    let mut next = [0; 128];
    let mut index = 0;
    while index < 94 {
        let (_, more, less, switches) = STATES[index / 2];
        let symbol = index % 2;
        let less = packed(less as usize * 2 + (symbol ^ switches as usize));
        next[index] = (less as u64) << 32 | packed(more as usize * 2 + symbol) as u64;
        index += 1;
    }
    next
};

/// The contexts of a code-block, each with its state.
#[derive(Clone)]
pub(crate) struct Contexts([u32; 32]);

impl Contexts {
    /// As a code-block starts (Table D.7).
    pub(crate) fn new() -> Contexts {
        let mut contexts = [packed(0); 32];
        for (context, first) in
            [(super::bit_planes::UNIFORM, 46), (super::bit_planes::RUN_LENGTH, 3), (0, 4)]
        {
            if let Some(context) = contexts.get_mut(context) {
                *context = packed(first * 2);
            }
        }
        Contexts(contexts)
    }
}

/// How far a codeword was decoded: registers A and C of Annex C.
///
/// Which of a decoder's branches a symbol takes is as good as random, so that none is left: all
/// that the choice changes is selected, and C has room for more bytes than a symbol can need.
#[derive(Clone, Copy)]
pub(crate) struct Registers {
    /// The 16 bits of A, in the highest of 64.
    a: u64,
    /// Those of C that are compared with A, and then bits that are still to come.
    c: u64,
    /// How many of those there are.
    bit_count: i32,
}

impl Registers {
    /// Starts a codeword (§C.3.5), whose bits go after those that are in `buffer`.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub(crate) fn start(bytes: &[u8], buffer: &mut Vec<u8>) -> Result<(Codeword, Registers)> {
        let codeword = Codeword::new(bytes, buffer)?;
        // The first bit of C is none of a byte.
        let mut ahead = codeword;
        ahead.position = 7;
        let (first, _) = ahead.fill(buffer, 0, 0);
        Ok(Registers::at(codeword, 23, buffer, (0x8000, (first >> (MOST_BITS - 16)) as u32)))
    }

    /// With these 16 bits of A and of C; so many bits of the codeword were taken.
    fn at(
        mut codeword: Codeword,
        taken: usize,
        buffer: &[u8],
        (a, c): (u32, u32),
    ) -> (Codeword, Registers) {
        codeword.position = taken;
        let (c, bit_count) = codeword.fill(buffer, u64::from(c) << MOST_BITS, 0);
        (codeword, Registers { a: u64::from(a) << MOST_BITS, c, bit_count })
    }

    /// How many bits of the codeword are consumed.
    fn taken(&self, codeword: &Codeword) -> usize {
        codeword.position.saturating_sub(self.bit_count.max(0) as usize)
    }

    /// Bytes of the codeword that were not needed, and bytes that were needed beyond its end.
    pub(crate) fn end(&self, codeword: &Codeword, bytes: &[u8]) -> (usize, u32) {
        codeword.end(bytes, self.taken(codeword))
    }
}

impl Codeword {
    /// Decodes a symbol (§C.3.2), and shifts A and C (RENORMD, §C.3.3).
    #[inline(always)]
    pub(crate) fn decode(
        &mut self,
        buffer: &[u8],
        registers: &mut Registers,
        contexts: &mut Contexts,
        context: usize,
    ) -> u32 {
        let Some(place) = contexts.0.get_mut(context & 31) else { return 0 };
        let entry = *place;
        let next = NEXT.get((entry & 127) as usize).copied().unwrap_or(0);
        let qe = u64::from(entry & 0xFFFF_0000) << 32;
        let Registers { a, c, bit_count } = *registers;
        let rest = a.wrapping_sub(qe);
        let (is_lower, is_smaller) = (c < qe, rest < qe);
        let a = select_unpredictable(is_lower, qe, rest);
        let c = select_unpredictable(is_lower, c, c.wrapping_sub(qe));
        // The two intervals are exchanged where the less probable one is larger.
        let is_more = is_lower == is_smaller;
        let next = (next >> (u32::from(!is_more) << 5)) as u32;
        // A below its half is shifted until it is not. If it need not be, the state stays.
        let shift = a.leading_zeros();
        *place = select_unpredictable(shift == 0, entry, next);
        let (a, mut c) = (a << (shift & 63), c << (shift & 63));
        let mut bit_count = bit_count - shift as i32;
        if bit_count < ENOUGH_BITS {
            (c, bit_count) = self.fill(buffer, c, bit_count);
        }
        *registers = Registers { a, c, bit_count };
        (entry ^ u32::from(!is_more)) & 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes so many symbols of one context, which starts in state 0, as bytes.
    fn decode(bytes: &[u8], byte_count: usize) -> Vec<u8> {
        let mut buffer = vec![1; 5];
        let (mut codeword, mut registers) = Registers::start(bytes, &mut buffer).unwrap();
        let mut contexts = Contexts::new();
        let mut byte = |_| {
            (0..8).fold(0, |byte, _| {
                byte << 1 | codeword.decode(&buffer, &mut registers, &mut contexts, 1) as u8
            })
        };
        (0..byte_count).map(&mut byte).collect()
    }

    #[test]
    fn the_test_sequence_is_decoded() {
        // ISO/IEC 14492 (T.88) §H.2, for the same decoder.
        #[rustfmt::skip]
        let coded = [
            0x84, 0xC7, 0x3B, 0xFC, 0xE1, 0xA1, 0x43, 0x04, 0x02, 0x20, 0x00, 0x00, 0x41, 0x0D,
            0xBB, 0x86, 0xF4, 0x31, 0x7F, 0xFF, 0x88, 0xFF, 0x37, 0x47, 0x1A, 0xDB, 0x6A, 0xDF,
            0xFF, 0xAC,
        ];
        #[rustfmt::skip]
        let expected = [
            0x00, 0x02, 0x00, 0x51, 0x00, 0x00, 0x00, 0xC0, 0x03, 0x52, 0x87, 0x2A, 0xAA, 0xAA,
            0xAA, 0xAA, 0x82, 0xC0, 0x20, 0x00, 0xFC, 0xD7, 0x9E, 0xF6, 0xBF, 0x7F, 0xED, 0x90,
            0x4F, 0x46, 0xA3, 0xBF,
        ];
        assert_eq!(decode(&coded, 32), expected);
        // The marker at the end stands for ones, as the end itself does.
        assert_eq!(decode(&coded[..28], 32), expected);
    }

    #[test]
    fn contexts_start_in_their_states() {
        let contexts = Contexts::new();
        for (context, state_index) in [(0, 4), (1, 0), (16, 0), (17, 3), (18, 46)] {
            assert_eq!(contexts.0[context], packed(state_index * 2), "context {context}");
        }
        // Qe of states 0, 3, 4 and 46 (Table C.2), and the more probable symbol.
        let probabilities = [0, 3, 4, 46].map(|index| packed(index * 2) >> 16);
        assert_eq!(probabilities, [0x5601, 0x0AC1, 0x0521, 0x5601]);
        assert_eq!([packed(9) & 1, packed(8) & 1], [1, 0]);
        // Of state 0, whose symbols change places after the less probable one.
        assert_eq!(NEXT[0], u64::from(packed(3)) << 32 | u64::from(packed(2)));
        assert_eq!(NEXT[1], u64::from(packed(2)) << 32 | u64::from(packed(3)));
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        // Contexts whose symbols are ever rarer, so that all states are met.
        let mut state = 1u32;
        let symbols: Vec<(usize, u32)> = (0..40_000)
            .map(|index: usize| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let context = index % CONTEXT_COUNT;
                (context, u32::from(state >> 8 < (1 << 23) >> context))
            })
            .collect();
        let (mut encoder, mut contexts) = (encoder::Encoder::new(), encoder::new_contexts());
        for (context, symbol) in &symbols {
            encoder.encode(&mut contexts, *context, *symbol);
        }
        let bytes = encoder.finish();
        let mut buffer = Vec::new();
        let (mut codeword, mut registers) = Registers::start(&bytes, &mut buffer).unwrap();
        let mut contexts = Contexts::new();
        for (context, symbol) in symbols {
            let decoded = codeword.decode(&buffer, &mut registers, &mut contexts, context);
            assert_eq!(decoded, symbol);
        }
    }
}
