//! The MQ encoder (ISO/IEC 15444-1 §C.2), for tests.

use super::super::bit_planes::{RUN_LENGTH, UNIFORM};
use super::{CONTEXT_COUNT, STATES};

/// Encodes one codeword.
pub(crate) struct Encoder {
    a: u32,
    c: u32,
    shift_count: u32,
    /// The first one is none of the codeword.
    bytes: Vec<u8>,
}

/// The state and the more probable symbol of each context.
pub(crate) type EncoderContexts = [(u32, u32); CONTEXT_COUNT];

/// As a code-block starts (Table D.7).
pub(crate) fn new_contexts() -> EncoderContexts {
    let mut contexts = [(0, 0); CONTEXT_COUNT];
    contexts[0].0 = 4;
    contexts[RUN_LENGTH].0 = 3;
    contexts[UNIFORM].0 = 46;
    contexts
}

impl Encoder {
    /// INITENC.
    pub(crate) fn new() -> Encoder {
        Encoder { a: 0x8000, c: 0, shift_count: 12, bytes: vec![0] }
    }

    /// ENCODE.
    pub(crate) fn encode(&mut self, contexts: &mut EncoderContexts, context: usize, symbol: u32) {
        let (state, more) = &mut contexts[context];
        let (qe, after_more, after_less, switches) = STATES[*state as usize];
        self.a -= qe;
        if symbol == *more {
            if self.a & 0x8000 != 0 {
                self.c += qe;
                return;
            }
            if self.a < qe {
                self.a = qe;
            } else {
                self.c += qe;
            }
            *state = after_more;
        } else {
            if self.a < qe {
                self.c += qe;
            } else {
                self.a = qe;
            }
            *more ^= switches;
            *state = after_less;
        }
        while self.a & 0x8000 == 0 {
            self.a <<= 1;
            self.c <<= 1;
            self.shift_count -= 1;
            if self.shift_count == 0 {
                self.byte_out();
            }
        }
    }

    fn byte_out(&mut self) {
        let last = self.bytes.last_mut().unwrap();
        if *last != 0xFF && self.c >= 0x800_0000 {
            *last += 1;
            self.c &= 0x7FF_FFFF;
        }
        if *last == 0xFF {
            self.bytes.push((self.c >> 20) as u8);
            self.c &= 0xF_FFFF;
            self.shift_count = 7;
        } else {
            self.bytes.push((self.c >> 19) as u8);
            self.c &= 0x7_FFFF;
            self.shift_count = 8;
        }
    }

    /// FLUSH.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let highest = self.c + self.a;
        self.c |= 0xFFFF;
        if self.c >= highest {
            self.c -= 0x8000;
        }
        for _ in 0..2 {
            self.c <<= self.shift_count;
            self.byte_out();
        }
        if self.bytes.last() == Some(&0xFF) {
            self.bytes.pop();
        }
        self.bytes.split_off(1)
    }
}
