//! The MQ decoder (ISO/IEC 15444-1 Annex C).

#[cfg(test)]
pub(crate) mod encoder;

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

/// A state with its more probable symbol: Qe in the upper half, then 7 bits each for where it goes
/// after the less and the more probable symbol, and that symbol in the lowest bit. One load gives
/// all.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
const PACKED: [u32; 128] = {
    let mut packed = [0; 128];
    let mut index = 0;
    while index < 94 {
        let (qe, more, less, switches) = STATES[index / 2];
        let symbol = index as u32 % 2;
        let less = less * 2 + (symbol ^ switches);
        packed[index] = qe << 16 | less << 8 | (more * 2 + symbol) << 1 | symbol;
        index += 1;
    }
    packed
};

fn state(index: u32) -> u32 {
    PACKED.get((index & 127) as usize).copied().unwrap_or(0)
}

/// The contexts of a code-block, each with its state.
#[derive(Clone)]
pub(crate) struct Contexts([u32; 32]);

impl Contexts {
    /// As a code-block starts (Table D.7).
    pub(crate) fn new() -> Contexts {
        let mut contexts = [state(0); 32];
        for (context, first) in
            [(super::bit_planes::UNIFORM, 46), (super::bit_planes::RUN_LENGTH, 3), (0, 4)]
        {
            if let Some(context) = contexts.get_mut(context) {
                *context = state(first * 2);
            }
        }
        Contexts(contexts)
    }
}

/// How far a codeword was decoded: registers A and C of Annex C, each less `slack`, which the
/// caller holds.
pub(crate) struct Codeword<'a> {
    bytes: &'a [u8],
    position: usize,
    /// 16 bits above 16 of fraction, as `c`.
    a: i64,
    c: i64,
    /// Shifts until the next byte is needed.
    shift_count: u32,
    /// Bytes of ones that were read after its end, or at a marker in it.
    made_up: u32,
}

/// Half of the range of A, below which it is shifted.
const HALF: i64 = 0x8000 << 16;

/// By how much A can shrink before anything but the more probable symbol happens, or A has to be
/// shifted: decoding subtracts from this alone, which is all that most symbols need.
pub(crate) type Slack = i64;

impl<'a> Codeword<'a> {
    /// Starts a codeword (§C.3.5).
    pub(crate) fn new(bytes: &'a [u8]) -> (Codeword<'a>, Slack) {
        let first = i64::from(bytes.first().copied().unwrap_or(0xFF));
        let mut codeword =
            Codeword { bytes, position: 0, a: HALF, c: first << 16, shift_count: 0, made_up: 0 };
        codeword.byte_in();
        codeword.c <<= 7;
        codeword.shift_count -= 7;
        let slack = codeword.set_slack();
        (codeword, slack)
    }

    /// Bytes that were not read, and bytes that were read beyond its end.
    pub(crate) fn end(&self) -> (usize, u32) {
        (self.bytes.len().saturating_sub(self.position + 1), self.made_up)
    }

    fn at(&self, position: usize) -> u8 {
        self.bytes.get(position).copied().unwrap_or(0xFF)
    }

    /// BYTEIN (§C.3.4).
    #[inline(always)]
    fn byte_in(&mut self) {
        let next = self.at(self.position + 1);
        if self.at(self.position) != 0xFF {
            self.position += 1;
            self.c += i64::from(next) << 8;
            self.shift_count = 8;
        } else if next > 0x8F {
            self.c += 0xFF00;
            self.shift_count = 8;
            self.made_up += 1;
        } else {
            self.position += 1;
            self.c += i64::from(next) << 9;
            self.shift_count = 7;
        }
    }

    fn set_slack(&mut self) -> Slack {
        let slack = (self.a - HALF).min(self.c);
        self.a -= slack;
        self.c -= slack;
        slack
    }

    /// Decodes a symbol (§C.3.2).
    #[inline(always)]
    pub(crate) fn decode(
        &mut self,
        slack: &mut Slack,
        contexts: &mut Contexts,
        context: usize,
    ) -> u32 {
        let entry = contexts.0.get(context & 31).copied().unwrap_or(0);
        *slack -= i64::from(entry & 0xFFFF_0000);
        if *slack >= 0 {
            return entry & 1;
        }
        let (left, symbol) = self.decode_rest(*slack, contexts, context);
        *slack = left;
        symbol
    }

    #[inline(never)]
    fn decode_rest(
        &mut self,
        slack: Slack,
        contexts: &mut Contexts,
        context: usize,
    ) -> (Slack, u32) {
        let Some(entry) = contexts.0.get_mut(context & 31) else { return (slack, 0) };
        let qe = i64::from(*entry & 0xFFFF_0000);
        let more = *entry & 1;
        self.a += slack;
        self.c += slack;
        let is_smaller = self.a < qe;
        let is_lower = self.c < 0;
        if is_lower {
            self.c += qe;
            self.a = qe;
        }
        // The two intervals are exchanged where the less probable one is larger.
        let is_more = is_lower == is_smaller;
        let next = if is_more { *entry >> 1 & 127 } else { *entry >> 8 & 127 };
        *entry = state(next);
        // RENORMD (§C.3.3): A below its half is shifted until it is not.
        let mut shifts = (self.a as u64).leading_zeros() - (HALF as u64).leading_zeros();
        while shifts > 0 {
            if self.shift_count == 0 {
                self.byte_in();
            }
            let now = shifts.min(self.shift_count);
            self.a <<= now;
            // Of 32 bits; a wrong codeword can have more.
            self.c = self.c << now & 0xFFFF_FFFF;
            self.shift_count -= now;
            shifts -= now;
        }
        (self.set_slack(), more ^ u32::from(!is_more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes so many symbols of one context, which starts in state 0, as bytes.
    fn decode(bytes: &[u8], byte_count: usize) -> Vec<u8> {
        let (mut codeword, mut slack) = Codeword::new(bytes);
        let mut contexts = Contexts::new();
        let mut byte = |_| {
            (0..8)
                .fold(0, |byte, _| byte << 1 | codeword.decode(&mut slack, &mut contexts, 1) as u8)
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
            assert_eq!(contexts.0[context], state(state_index * 2), "context {context}");
        }
        // Qe of states 0, 3, 4 and 46 (Table C.2), and the more probable symbol.
        let probabilities = [0, 3, 4, 46].map(|index| state(index * 2) >> 16);
        assert_eq!(probabilities, [0x5601, 0x0AC1, 0x0521, 0x5601]);
        assert_eq!([state(9) & 1, state(8) & 1, state(127)], [1, 0, 0]);
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
        let (mut codeword, mut slack) = Codeword::new(&bytes);
        let mut contexts = Contexts::new();
        for (context, symbol) in symbols {
            assert_eq!(codeword.decode(&mut slack, &mut contexts, context), symbol);
        }
    }
}
