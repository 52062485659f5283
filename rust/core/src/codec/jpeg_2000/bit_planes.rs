//! Code-blocks of Part 1: bit-planes, coded in three passes each (ISO/IEC 15444-1 Annex D).
//!
//! A [`pass`](pass::Pass) visits samples stripe by stripe, and asks [`decisions`] about each, which
//! choose [`contexts`] by the [`flags`] of the samples around it. Significance passes
//! ([`walk`]) and [`refinement`] passes wait for those of other blocks.

mod contexts;
mod decisions;
#[cfg(test)]
mod encoder;
mod flags;
#[cfg(target_arch = "x86_64")]
mod listing;
mod pass;
mod progress;
mod refinement;
mod walk;

use std::borrow::Cow;

pub(crate) use self::contexts::{Orientation, RUN_LENGTH, UNIFORM};
use self::progress::{Memory, Progress};
use self::refinement::Refinement;
use super::parameters::BlockStyle;
use super::sample_block::SampleBlock;
use crate::error::Result;
use crate::memory::{push, reserve};

/// A codeword segment of a code-block: its bytes, and the passes that are in it.
#[derive(Clone, Debug)]
pub(crate) struct Segment<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub pass_count: u32,
    /// Whether its bytes look like a marker where two packets meet. Some encoders cut off a layer
    /// after 0xFF; all decoders take what follows for the end.
    pub has_seam: bool,
}

/// A code-block that is to be decoded.
pub(crate) struct CodedBlock<'a> {
    pub width: usize,
    pub height: usize,
    pub orientation: Orientation,
    pub style: BlockStyle,
    pub plane_count: u32,
    /// Coding passes.
    pub pass_count: u32,
    pub segments: Vec<Segment<'a>>,
}

/// Decodes code-blocks; keeps its memory from some to the next.
pub(crate) struct BlockDecoder {
    memories: Vec<Memory>,
    /// The bits of arithmetically coded segments.
    buffer: Vec<u8>,
    refinement: Refinement,
}

impl BlockDecoder {
    /// Ready for any blocks.
    pub(crate) fn new() -> BlockDecoder {
        BlockDecoder { memories: Vec::new(), buffer: Vec::new(), refinement: Refinement::new() }
    }

    /// Decodes blocks. Gives the samples of each, and says whether its bytes make sense as far as
    /// that can be seen.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub(crate) fn decode(
        &mut self,
        blocks: &[CodedBlock<'_>],
    ) -> Result<impl Iterator<Item = (&SampleBlock, bool)>> {
        while self.memories.len() < blocks.len() {
            push(&mut self.memories, Memory::new())?;
        }
        self.buffer.clear();
        let mut running = Vec::new();
        reserve(&mut running, blocks.len())?;
        running.extend(
            blocks
                .iter()
                .zip(&mut self.memories)
                .map(|(block, memory)| Progress::new(block, memory)),
        );
        loop {
            let mut is_waiting = false;
            for block in &mut running {
                is_waiting |= block.go_on(&mut self.buffer)?;
            }
            if !is_waiting {
                break;
            }
            walk::decode(&mut running, &self.buffer);
            self.refinement.decode(&mut running, &self.buffer);
        }
        let decoded = self.memories.iter().take(blocks.len());
        Ok(decoded.map(|memory| (&memory.samples, memory.is_sound)))
    }
}

#[cfg(test)]
mod tests;
