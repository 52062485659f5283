//! The MQ decoder for sixteen codewords side by side, with the vector instructions of AVX-512.
//!
//! It gives the symbols that [`Codeword::decode`] gives. Each lane of 32 bits has a codeword.
//! [`decode`] takes symbols whose contexts are known before, of three contexts; [`decode_choices`]
//! those whose contexts depend on the symbols before.

use super::super::features::has_avx512;
use super::{Codeword, Contexts, Registers, packed};

#[cfg(target_arch = "x86_64")]
mod avx512;

/// Codewords side by side.
pub(crate) const LANES: usize = 16;

/// Contexts that symbols can have which depend on those before.
const CHOSEN_CONTEXTS: usize = 16;

/// Contexts that the symbols of a call have.
const LANE_CONTEXTS: usize = 3;

/// A codeword that is decoded beside others.
pub(crate) struct Lane<'l> {
    pub codeword: &'l mut Codeword,
    pub registers: &'l mut Registers,
    pub contexts: &'l mut Contexts,
}

/// The context of a lane that has no symbol.
pub(crate) const NO_CONTEXT: u32 = 31;

/// Which contexts symbols have that depend on those before.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "others have no lanes"))]
pub(crate) trait Choices {
    /// Those of the next symbols, a lane each; none where the symbols that are left are better
    /// decoded one after the other.
    fn contexts(&self) -> Option<&[u32; LANES]>;
    /// Chooses those that follow, when the last ones gave these symbols, a bit for each lane.
    fn next(&mut self, symbols: u16);
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
}

/// The states of three contexts, a lane each. A state has its index in Table C.2 and 1, and above
/// these 6 bits its more probable symbol. State 0 is none: it leaves everything as it is.
type FewStates = [[u32; LANES]; LANE_CONTEXTS];

/// The states of 16 contexts, a byte each: four contexts to an array, with those of all lanes side
/// by side.
type AllStates = [[u32; LANES]; 4];

/// Decodes the next symbol of each codeword again and again, each time with what `codes` says: in
/// bit n the lower, and in bit 16 + n the higher bit of a number for lane n, which is 0 where
/// there is no symbol, and else the place of its context after `first`, counted from 1. `symbols`
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
    let Some(mut lanes) = Lanes::new(buffer, group) else { return false };
    let mut few = [[0; LANES]; LANE_CONTEXTS];
    for (index, lane) in group.iter().enumerate() {
        for (context, states) in (first..).zip(&mut few) {
            if let Some(state) = states.get_mut(index) {
                *state = lane.contexts.state(context);
            }
        }
    }
    run(buffer, &mut lanes, &mut few, codes, symbols);
    for (index, lane) in group.iter_mut().enumerate() {
        lanes.get(index, lane, buffer);
        for (context, states) in (first..).zip(&few) {
            lane.contexts.set_state(context, states.get(index).copied().unwrap_or_default());
        }
    }
    true
}

/// Decodes the next symbol of each codeword again and again, each time with the contexts that are
/// chosen, as long as they are. None is done where the processor cannot.
pub(crate) fn decode_choices(buffer: &[u8], group: &mut [Lane<'_>], choices: &mut impl Choices) {
    let Some(mut lanes) = Lanes::new(buffer, group) else { return };
    let mut all: AllStates = [[0; LANES]; 4];
    // Where a state is: its array, its number there, and the bits below it.
    let place = |context: usize, index: usize| {
        let byte = context % 4 * LANES + index;
        (context / 4, byte / 4, byte % 4 * 8)
    };
    for (index, lane) in group.iter().enumerate() {
        for context in 0..CHOSEN_CONTEXTS {
            let (array, number, shift) = place(context, index);
            if let Some(four) = all.get_mut(array).and_then(|array| array.get_mut(number)) {
                *four |= lane.contexts.state(context) << shift;
            }
        }
    }
    run_choices(buffer, &mut lanes, &mut all, choices);
    for (index, lane) in group.iter_mut().enumerate() {
        lanes.get(index, lane, buffer);
        for context in 0..CHOSEN_CONTEXTS {
            let (array, number, shift) = place(context, index);
            let four = all.get(array).and_then(|array| array.get(number)).copied();
            lane.contexts.set_state(context, four.unwrap_or_default() >> shift & 127);
        }
    }
}

impl Contexts {
    /// As lanes have it.
    fn state(&self, context: usize) -> u32 {
        let state = self.0.get(context).copied().unwrap_or_default() & 127;
        ((state >> 1) + 1) | (state & 1) << 6
    }

    fn set_state(&mut self, context: usize, state: u32) {
        if let Some(place) = self.0.get_mut(context) {
            *place = packed((((state & 63).max(1) - 1) << 1 | state >> 6) as usize);
        }
    }
}

impl Lanes {
    /// Those of a group; none if they cannot be decoded side by side.
    fn new(buffer: &[u8], group: &[Lane<'_>]) -> Option<Lanes> {
        // Places are numbers of 31 bits.
        if !has_avx512() || i32::try_from(buffer.len()).is_err() || group.len() > LANES {
            return None;
        }
        let zero = [0; LANES];
        // With A below its half, one without a codeword would be shifted.
        let a = [0x8000; LANES];
        let mut lanes = Lanes { a, c: zero, taken: zero, start: zero, last: zero };
        for (index, lane) in group.iter().enumerate() {
            lanes.set(index, lane);
        }
        Some(lanes)
    }

    fn set(&mut self, index: usize, lane: &Lane<'_>) {
        let Lane { codeword, registers, .. } = lane;
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
    }

    fn get(&self, index: usize, lane: &mut Lane<'_>, buffer: &[u8]) {
        let of = |lanes: &[u32; LANES]| lanes.get(index).copied().unwrap_or_default();
        let taken = of(&self.taken) as usize;
        let high = (of(&self.a), of(&self.c));
        (*lane.codeword, *lane.registers) = Registers::at(*lane.codeword, taken, buffer, high);
    }
}

fn run_choices(
    buffer: &[u8],
    lanes: &mut Lanes,
    states: &mut AllStates,
    choices: &mut impl Choices,
) {
    #[cfg(target_arch = "x86_64")]
    if has_avx512() {
        // SAFETY: the processor has what the function is compiled for; that was just asked. The
        // function itself is safe.
        #[allow(unsafe_code)]
        unsafe {
            avx512::run_choices(buffer, lanes, states, choices);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (buffer, lanes, states, choices);
}

fn run(
    buffer: &[u8],
    lanes: &mut Lanes,
    states: &mut FewStates,
    codes: &[u32],
    symbols: &mut [u16],
) {
    #[cfg(target_arch = "x86_64")]
    if has_avx512() {
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            avx512::run(buffer, lanes, states, codes, symbols);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (buffer, lanes, states, codes, symbols);
}

#[cfg(test)]
mod tests;
