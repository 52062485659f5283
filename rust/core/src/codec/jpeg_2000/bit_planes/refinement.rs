//! The refinement passes of several code-blocks (ISO/IEC 15444-1 §D.3.3), side by side where the
//! processor can.

use super::super::arithmetic::{LANES, Lane, decode_lanes};
use super::super::features::wide;
use super::super::sample_block::MAX_SAMPLES;
use super::contexts::REFINEMENT;
use super::progress::{Memory, Progress, Source};

/// Fewer blocks than this take less time one after the other.
const FEWEST_LANES: usize = 3;

/// What the blocks of a group have to refine, and the symbols that say how.
pub(super) struct Refinement {
    /// As the decoder of lanes takes them.
    codes: Box<[u32; MAX_SAMPLES]>,
    /// A bit for each block.
    symbols: Box<[u16; MAX_SAMPLES]>,
}

impl Refinement {
    pub(super) fn new() -> Refinement {
        Refinement { codes: Box::new([0; MAX_SAMPLES]), symbols: Box::new([0; MAX_SAMPLES]) }
    }

    /// Decodes a refinement pass of each block that has one next, with its bits in `buffer`.
    pub(super) fn decode(&mut self, blocks: &mut [Progress<'_>], buffer: &[u8]) {
        let mut group: Vec<&mut Progress<'_>> = Vec::with_capacity(LANES);
        for block in blocks.iter_mut().filter(|block| block.has_refinement_next()) {
            if group.len() < LANES && matches!(block.source, Source::Coded(..)) {
                group.push(block);
            } else {
                self.decode_one(block, buffer);
            }
        }
        if group.len() < FEWEST_LANES || !self.decode_lanes(&mut group, buffer) {
            for block in group {
                self.decode_one(block, buffer);
            }
        }
    }

    fn decode_one(&mut self, block: &mut Progress<'_>, buffer: &[u8]) {
        let Memory { refined, contexts, .. } = &mut *block.memory;
        let list = refined.get(..block.refined_count).unwrap_or_default();
        match &mut block.source {
            Source::Coded(codeword, registers) => {
                let lane = Lane { codeword, registers, contexts };
                decode_list(lane, buffer, list, &mut self.symbols);
            }
            Source::Raw(bits) => {
                for (_, symbol) in list.iter().zip(self.symbols.iter_mut()) {
                    *symbol = bits.bit() as u16;
                }
            }
        }
        block.refine(&self.symbols, 0);
    }

    /// Decodes blocks side by side. Returns whether that was done: not every processor can.
    fn decode_lanes(&mut self, blocks: &mut [&mut Progress<'_>], buffer: &[u8]) -> bool {
        let count = blocks.iter().map(|block| block.refined_count).max().unwrap_or_default();
        let codes = self.codes.get_mut(..count).unwrap_or_default();
        codes.fill(0);
        let mut lanes = Vec::with_capacity(LANES);
        for (index, block) in blocks.iter_mut().enumerate() {
            let Progress { memory, source, refined_count, .. } = &mut **block;
            let Memory { refined, contexts, .. } = &mut **memory;
            let Source::Coded(codeword, registers) = source else { continue };
            add_codes(refined.get(..*refined_count).unwrap_or_default(), index as u32, codes);
            lanes.push(Lane { codeword, registers, contexts });
        }
        let is_done = decode_lanes(buffer, &mut lanes, REFINEMENT, codes, &mut *self.symbols);
        if is_done {
            for (index, block) in blocks.iter_mut().enumerate() {
                block.refine(&self.symbols, index as u32);
            }
        }
        is_done
    }
}

wide! {
    /// Decodes the symbols of a list one after the other.
    fn decode_list(
        lane: Lane<'_>, buffer: &[u8], list: &[u32], symbols: &mut [u16; MAX_SAMPLES],
    ) = decode_list_inline;
}

#[inline(always)]
fn decode_list_inline(
    lane: Lane<'_>,
    buffer: &[u8],
    list: &[u32],
    symbols: &mut [u16; MAX_SAMPLES],
) {
    let Lane { codeword, registers, contexts } = lane;
    let mut own = *registers;
    for (place, symbol) in list.iter().zip(symbols) {
        let context = REFINEMENT - 1 + (place >> 16) as usize;
        *symbol = codeword.decode(buffer, &mut own, contexts, context) as u16;
    }
    *registers = own;
}

wide! {
    /// Puts the contexts of a list where those of a lane are.
    fn add_codes(list: &[u32], lane: u32, codes: &mut [u32]) = add_codes_inline;
}

#[inline(always)]
fn add_codes_inline(list: &[u32], lane: u32, codes: &mut [u32]) {
    for (code, place) in codes.iter_mut().zip(list) {
        *code |= (place >> 16 & 1) << lane | (place >> 17 & 1) << 16 << lane;
    }
}

wide! {
    /// Adds to each sample of a list, or takes from it, half of the bit that was decoded.
    pub(super) fn apply(
        list: &[u32], symbols: &[u16; MAX_SAMPLES], lane: u32, half: u32,
        samples: &mut [u32; MAX_SAMPLES],
    ) = apply_inline;
}

#[inline(always)]
fn apply_inline(
    list: &[u32],
    symbols: &[u16; MAX_SAMPLES],
    lane: u32,
    half: u32,
    samples: &mut [u32; MAX_SAMPLES],
) {
    for (place, symbols) in list.iter().zip(symbols) {
        if let Some(sample) = samples.get_mut(*place as usize & (MAX_SAMPLES - 1)) {
            // The bit was taken for one half: it is that half more or less.
            let bit = u32::from(*symbols) >> lane & 1;
            *sample = sample.wrapping_sub(half).wrapping_add(bit * 2 * half);
        }
    }
}
