//! Code-blocks of Part 1: bit-planes, coded in three passes each (ISO/IEC 15444-1 Annex D).
//!
//! A [`pass`](pass::Pass) visits samples stripe by stripe, and asks [`decisions`] about each, which
//! choose [`contexts`] by the [`flags`] of the samples around it.

mod contexts;
mod decisions;
#[cfg(test)]
mod encoder;
mod flags;
mod pass;

use self::contexts::SIGNIFICANCE;
pub(crate) use self::contexts::{Orientation, RUN_LENGTH, UNIFORM};
use self::decisions::{RawBits, Symbols};
use self::pass::{FLAG_COUNT, Pass, STRIPE_SAMPLES};
use super::arithmetic::{Codeword, Contexts, Registers};
use super::features::wide;
use super::parameters::BlockStyle;
use super::sample_block::SampleBlock;

/// A codeword segment of a code-block: its bytes, and the passes that are in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentBytes<'a> {
    pub bytes: &'a [u8],
    pub pass_count: u32,
    /// Whether its bytes look like a marker where two packets meet. Some encoders cut off a layer
    /// after 0xFF; all decoders take what follows for the end.
    pub has_seam: bool,
}

/// Decodes code-blocks; keeps its memory from one to the next.
pub(crate) struct BlockDecoder {
    flags: Box<[u32; FLAG_COUNT]>,
    /// What a stripe has to refine.
    refined: Box<[u32; STRIPE_SAMPLES]>,
    contexts: Contexts,
    width: usize,
    height: usize,
    /// Flags from a stripe to the next.
    stride: usize,
    style: BlockStyle,
    significance: &'static [u8; 512],
}

/// Where symbols come from: arithmetically coded, or bits as they are (§D.6).
enum Source<'a> {
    Coded(Codeword<'a>, Registers),
    Raw(RawBits<'a>),
}

/// Bytes of a segment that may be left when its passes are decoded, and bytes that may be missing.
/// Encoders leave none, and lack 3; cut at a rate, they can estimate wrongly. Passes that went
/// astray end farther off.
const BYTES_OFF: usize = 8;
/// Zeros at the end of a coded segment that no encoder writes: it would cut them off, or not get
/// them but once in 2^32 times.
const ZEROS_AT_END: usize = 4;
/// Zeros anywhere in a coded segment that no image makes: the longest that were seen are 8.
const ZEROS_INSIDE: usize = 32;

impl Source<'_> {
    /// Whether the passes ended where their segment does.
    fn is_sound(&self, segment: &SegmentBytes<'_>) -> bool {
        let (unread, made_up) = match self {
            Source::Coded(codeword, registers) => codeword.end(registers),
            Source::Raw(bits) => bits.end(),
        };
        let ends_well = made_up as usize <= BYTES_OFF && (unread <= BYTES_OFF || segment.has_seam);
        ends_well && (matches!(self, Source::Raw(_)) || !has_zeros(segment.bytes))
    }
}

/// Whether an arithmetic coder cannot have written these bytes, as zeros take their place.
fn has_zeros(bytes: &[u8]) -> bool {
    let at_end = bytes.last_chunk::<ZEROS_AT_END>();
    // Of so many zeros one of the pieces has nothing else.
    let (pieces, _) = bytes.as_chunks::<{ ZEROS_INSIDE / 2 }>();
    at_end.is_some_and(|end| end == &[0; ZEROS_AT_END])
        || pieces.iter().any(|piece| u128::from_ne_bytes(*piece) == 0)
}

impl BlockDecoder {
    /// Ready for any block.
    pub(crate) fn new() -> BlockDecoder {
        BlockDecoder {
            flags: Box::new([0; FLAG_COUNT]),
            refined: Box::new([0; STRIPE_SAMPLES]),
            contexts: Contexts::new(),
            width: 0,
            height: 0,
            stride: 0,
            style: BlockStyle::default(),
            significance: &SIGNIFICANCE[0],
        }
    }

    /// Decodes a block of so many passes and bit-planes into `samples`. Says whether its bytes make
    /// sense as far as that can be seen.
    pub(crate) fn decode<'a>(
        &mut self,
        segments: impl Iterator<Item = SegmentBytes<'a>>,
        (pass_count, plane_count): (u32, u32),
        orientation: Orientation,
        style: BlockStyle,
        samples: &mut SampleBlock,
    ) -> bool {
        (self.width, self.height) = (samples.width(), samples.height());
        self.stride = self.width + 2;
        self.style = style;
        self.significance = match orientation {
            Orientation::Vertical => &SIGNIFICANCE[0],
            Orientation::Horizontal => &SIGNIFICANCE[1],
            Orientation::Diagonal => &SIGNIFICANCE[2],
        };
        let flag_count = self.stride * (self.height.div_ceil(4) + 2);
        let Some(flags) = self.flags.get_mut(..flag_count) else { return false };
        flags.fill(0);
        self.contexts = Contexts::new();

        // The first bit-plane has a cleanup pass alone.
        let (mut plane, mut kind) = (plane_count, 2);
        let mut is_sound = true;
        let mut left = pass_count;
        for segment in segments {
            let is_raw = style.has_bypass && plane + 4 <= plane_count && kind < 2;
            let mut source = if is_raw {
                Source::Raw(RawBits::new(segment.bytes))
            } else {
                let (codeword, registers) = Codeword::new(segment.bytes);
                Source::Coded(codeword, registers)
            };
            for _ in 0..segment.pass_count {
                if plane == 0 {
                    return false;
                }
                left = left.saturating_sub(1);
                // A rate at which an encoder cuts off the last passes can cost the last symbol.
                is_sound &= decode_pass(self, &mut source, kind, plane, samples) || left < 3;
                if style.resets_contexts {
                    self.contexts = Contexts::new();
                }
                kind += 1;
                if kind == 3 {
                    kind = 0;
                    plane -= 1;
                }
            }
            is_sound &= source.is_sound(&segment);
        }
        is_sound
    }

    #[inline(always)]
    fn pass(
        &mut self,
        source: &mut Source<'_>,
        kind: u32,
        plane: u32,
        samples: &mut SampleBlock,
    ) -> bool {
        let (sample_stride, samples) = samples.storage_mut();
        let pass = Pass {
            flags: &mut self.flags,
            samples,
            refined: &mut self.refined,
            stride: self.stride,
            sample_stride,
            width: self.width,
            height: self.height,
            half: 1 << (plane - 1),
        };
        let contexts = &mut self.contexts;
        let is_causal = self.style.is_vertically_causal;
        let (codeword, registers) = match source {
            Source::Coded(codeword, registers) => (codeword, registers),
            Source::Raw(bits) => {
                match kind {
                    0 => pass.significance(bits, is_causal),
                    _ => pass.refinement(bits),
                }
                return true;
            }
        };
        let significance = self.significance;
        let mut symbols = Symbols { codeword, registers: *registers, contexts, significance };
        match kind {
            0 => pass.significance(&mut symbols, is_causal),
            1 => pass.refinement(&mut symbols),
            _ => pass.cleanup(&mut symbols, is_causal),
        }
        let mut is_sound = true;
        if kind > 1 && self.style.has_segmentation_symbols {
            is_sound = (0..4).fold(0, |symbol, _| symbol << 1 | symbols.decode(UNIFORM)) == 0b1010;
        }
        *registers = symbols.registers;
        is_sound
    }
}

wide! {
    /// Decodes a pass of one of three kinds over a bit-plane. Says whether what it ends with is
    /// right.
    fn decode_pass(
        decoder: &mut BlockDecoder,
        source: &mut Source<'_>,
        kind: u32,
        plane: u32,
        samples: &mut SampleBlock,
    ) -> bool = BlockDecoder::pass;
}

#[cfg(test)]
mod tests;
