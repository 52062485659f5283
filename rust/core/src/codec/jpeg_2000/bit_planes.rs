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
use self::pass::{FLAG_COUNT, Pass};
use super::arithmetic::{Codeword, Contexts, Slack};
use super::parameters::BlockStyle;
use super::sample_block::SampleBlock;

/// A codeword segment of a code-block: its bytes, and the passes that are in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentBytes<'a> {
    pub bytes: &'a [u8],
    pub pass_count: u32,
}

/// Decodes code-blocks; keeps its memory from one to the next.
pub(crate) struct BlockDecoder {
    flags: Box<[u32; FLAG_COUNT]>,
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
    Coded(Codeword<'a>, Slack),
    Raw(RawBits<'a>),
}

impl BlockDecoder {
    /// Ready for any block.
    pub(crate) fn new() -> BlockDecoder {
        BlockDecoder {
            flags: Box::new([0; FLAG_COUNT]),
            contexts: Contexts::new(),
            width: 0,
            height: 0,
            stride: 0,
            style: BlockStyle::default(),
            significance: &SIGNIFICANCE[0],
        }
    }

    /// Decodes a block of `plane_count` bit-planes into `samples`. Says whether its bytes make
    /// sense as far as that can be seen.
    pub(crate) fn decode<'a>(
        &mut self,
        segments: impl Iterator<Item = SegmentBytes<'a>>,
        plane_count: u32,
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
        for segment in segments {
            let is_raw = style.has_bypass && plane + 4 <= plane_count && kind < 2;
            let mut source = if is_raw {
                Source::Raw(RawBits::new(segment.bytes))
            } else {
                let (codeword, slack) = Codeword::new(segment.bytes);
                Source::Coded(codeword, slack)
            };
            for _ in 0..segment.pass_count {
                if plane == 0 {
                    return false;
                }
                is_sound &= self.pass(&mut source, kind, plane, samples);
                if style.resets_contexts {
                    self.contexts = Contexts::new();
                }
                kind += 1;
                if kind == 3 {
                    kind = 0;
                    plane -= 1;
                }
            }
        }
        is_sound
    }

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
            stride: self.stride,
            sample_stride,
            width: self.width,
            height: self.height,
            half: 1 << (plane - 1),
        };
        let contexts = &mut self.contexts;
        let is_causal = self.style.is_vertically_causal;
        match source {
            Source::Coded(codeword, slack) => {
                let mut symbols =
                    Symbols { codeword, contexts, slack: *slack, significance: self.significance };
                match (kind, is_causal) {
                    (0, true) => pass.significance::<true>(&mut symbols),
                    (0, false) => pass.significance::<false>(&mut symbols),
                    (1, _) => pass.refinement(&mut symbols),
                    (_, true) => pass.cleanup::<true>(&mut symbols),
                    (_, false) => pass.cleanup::<false>(&mut symbols),
                }
                let mut is_sound = true;
                if kind > 1 && self.style.has_segmentation_symbols {
                    is_sound =
                        (0..4).fold(0, |symbol, _| symbol << 1 | symbols.decode(UNIFORM)) == 0b1010;
                }
                *slack = symbols.slack;
                is_sound
            }
            Source::Raw(bits) => {
                match (kind, is_causal) {
                    (0, true) => pass.significance::<true>(bits),
                    (0, false) => pass.significance::<false>(bits),
                    _ => pass.refinement(bits),
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests;
