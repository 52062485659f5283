//! The MQ decoder for sixteen codewords side by side, with the vector instructions of AVX-512.
//!
//! It gives the symbols that [`Codeword::decode`] gives. Each lane of 32 bits has a codeword, and
//! its states of three contexts.

use super::{Codeword, Contexts, Registers, packed};

#[cfg(target_arch = "x86_64")]
mod avx512;

/// Codewords side by side.
pub(crate) const LANES: usize = 16;

/// Contexts that the symbols of a call have.
const LANE_CONTEXTS: usize = 3;

/// A codeword that is decoded beside others.
pub(crate) struct Lane<'l> {
    pub codeword: &'l mut Codeword,
    pub registers: &'l mut Registers,
    pub contexts: &'l mut Contexts,
}

/// The codewords, a lane each.
struct Lanes {
    a: [u32; LANES],
    c: [u32; LANES],
    /// Bits of each codeword that were taken.
    taken: [u32; LANES],
    /// The first byte of each, and the last that four can be loaded from.
    start: [u32; LANES],
    last: [u32; LANES],
    /// The index of the state in Table C.2 and 1, and above its 6 bits the more probable symbol.
    /// State 0 is none: it leaves everything as it is.
    states: [[u32; LANES]; LANE_CONTEXTS],
}

/// Decodes the next symbol of each codeword again and again, each time with what `codes` says: in
/// bit n the lower, and in bit 16 + n the higher bit of a number for lane n, which is 0 where
/// there is no symbol, and else the place of its context behind `first`, counted from 1. `symbols`
/// gets a bit for each lane.
///
/// Returns whether that was done: not every processor can.
pub(crate) fn decode(
    buffer: &[u8],
    group: &mut [Lane<'_>],
    first: usize,
    codes: &[u32],
    symbols: &mut [u16],
) -> bool {
    // Places are numbers of 31 bits.
    if !has_lanes() || buffer.len() > i32::MAX as usize || group.len() > LANES {
        return false;
    }
    let mut lanes = Lanes::new();
    for (index, lane) in group.iter().enumerate() {
        lanes.set(index, lane, first);
    }
    run(buffer, &mut lanes, codes, symbols);
    for (index, lane) in group.iter_mut().enumerate() {
        lanes.get(index, lane, first, buffer);
    }
    true
}

impl Lanes {
    /// Without codewords.
    fn new() -> Lanes {
        let zero = [0; LANES];
        // With A below its half, each would be shifted.
        let a = [0x8000; LANES];
        let states = [zero; LANE_CONTEXTS];
        Lanes { a, c: zero, taken: zero, start: zero, last: zero, states }
    }

    fn set(&mut self, index: usize, lane: &Lane<'_>, first: usize) {
        let Lane { codeword, registers, contexts } = lane;
        let put = |lanes: &mut [u32; LANES], value: u32| {
            if let Some(place) = lanes.get_mut(index) {
                *place = value;
            }
        };
        put(&mut self.a, (registers.a >> super::MOST_BITS) as u32);
        put(&mut self.c, (registers.c >> super::MOST_BITS) as u32);
        put(&mut self.taken, registers.taken(codeword) as u32);
        put(&mut self.start, codeword.start as u32);
        put(&mut self.last, codeword.last as u32);
        for (context, states) in (first..).zip(&mut self.states) {
            let state = contexts.0.get(context).copied().unwrap_or_default() & 127;
            put(states, ((state >> 1) + 1) | (state & 1) << 6);
        }
    }

    fn get(&self, index: usize, lane: &mut Lane<'_>, first: usize, buffer: &[u8]) {
        let of = |lanes: &[u32; LANES]| lanes.get(index).copied().unwrap_or_default();
        let taken = of(&self.taken) as usize;
        let high = (of(&self.a), of(&self.c));
        (*lane.codeword, *lane.registers) = Registers::at(*lane.codeword, taken, buffer, high);
        for (context, states) in (first..).zip(&self.states) {
            if let Some(place) = lane.contexts.0.get_mut(context) {
                let state = of(states);
                *place = packed((((state & 63).max(1) - 1) << 1 | state >> 6) as usize);
            }
        }
    }
}

/// Whether this processor has what [`run`] needs.
fn has_lanes() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512vbmi2")
            && super::super::features::has_wide()
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

fn run(buffer: &[u8], lanes: &mut Lanes, codes: &[u32], symbols: &mut [u16]) {
    #[cfg(target_arch = "x86_64")]
    if has_lanes() {
        // SAFETY: the processor has what the function is compiled for; that was just asked. The
        // function itself is safe.
        #[allow(unsafe_code)]
        unsafe {
            avx512::run(buffer, lanes, codes, symbols);
        }
    }
}

#[cfg(test)]
mod tests;
