//! How far a code-block is decoded, pass by pass.

use super::super::arithmetic::{Codeword, Contexts, Lane, Registers};
#[cfg(target_arch = "x86_64")]
use super::super::features::has_avx512;
use super::super::features::wide;
use super::super::sample_block::{MAX_SAMPLES, SampleBlock};
use super::contexts::{Orientation, SIGNIFICANCE, UNIFORM};
use super::decisions::{RawBits, Symbols};
#[cfg(target_arch = "x86_64")]
use super::listing;
use super::pass::{FLAG_COUNT, LIST_LENGTH, Pass};
use super::walk::Walk;
use super::{CodedBlock, Segment, refinement};
use crate::error::Result;

/// Memory that one block leaves to the next.
pub(super) struct Memory {
    flags: Box<[u32; FLAG_COUNT]>,
    pub samples: SampleBlock,
    /// What a pass has to refine.
    pub refined: Box<[u32; LIST_LENGTH]>,
    pub contexts: Contexts,
    /// Whether the bytes of the block make sense as far as that can be seen.
    pub is_sound: bool,
}

/// Where symbols come from: arithmetically coded, or bits as they are (§D.6).
pub(super) enum Source<'a> {
    Coded(Codeword, Registers),
    Raw(RawBits<'a>),
}

/// A block while it is decoded.
pub(super) struct Progress<'a> {
    coded: &'a CodedBlock<'a>,
    pub memory: &'a mut Memory,
    /// The segments that follow.
    segments: std::slice::Iter<'a, Segment<'a>>,
    segment: Option<&'a Segment<'a>>,
    pub source: Source<'a>,
    /// Passes of the segment that are not decoded.
    pass_count: u32,
    /// Passes of the block.
    left: u32,
    plane: u32,
    /// Of the next pass: significance, refinement, cleanup.
    kind: u32,
    /// What the next pass has to refine.
    pub refined_count: usize,
    /// Whether that was listed.
    is_listed: bool,
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
    pub(super) fn is_sound(&self, segment: &Segment<'_>) -> bool {
        let (unread, made_up) = match self {
            Source::Coded(codeword, registers) => registers.end(codeword, &segment.bytes),
            Source::Raw(bits) => bits.end(),
        };
        let ends_well = made_up as usize <= BYTES_OFF && (unread <= BYTES_OFF || segment.has_seam);
        ends_well && (matches!(self, Source::Raw(_)) || !has_zeros(&segment.bytes))
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

impl Memory {
    pub(super) fn new() -> Memory {
        Memory {
            flags: Box::new([0; FLAG_COUNT]),
            samples: SampleBlock::new(),
            refined: Box::new([0; LIST_LENGTH]),
            contexts: Contexts::new(),
            is_sound: true,
        }
    }
}

impl<'a> Progress<'a> {
    /// Before the first pass.
    pub(super) fn new(coded: &'a CodedBlock<'a>, memory: &'a mut Memory) -> Progress<'a> {
        let has_room = memory.samples.reset(coded.width, coded.height);
        let flag_count = (coded.width + 2) * (coded.height.div_ceil(4) + 2);
        let flags = memory.flags.get_mut(..flag_count).filter(|_| has_room);
        memory.is_sound = flags.is_some();
        let segments = if memory.is_sound { &coded.segments[..] } else { &[] };
        flags.unwrap_or_default().fill(0);
        memory.contexts = Contexts::new();
        Progress {
            coded,
            memory,
            segments: segments.iter(),
            segment: None,
            source: Source::Raw(RawBits::new(&[])),
            pass_count: 0,
            left: coded.pass_count,
            plane: coded.plane_count,
            // The first bit-plane has a cleanup pass alone.
            kind: 2,
            refined_count: 0,
            is_listed: false,
        }
    }

    /// Whether the next pass is a refinement pass, and its samples are listed.
    pub(super) fn has_refinement_next(&self) -> bool {
        self.is_listed
    }

    /// Whether the next pass is a significance pass that is arithmetically coded.
    pub(super) fn has_significance_next(&self) -> bool {
        self.pass_count > 0 && self.kind == 0 && matches!(self.source, Source::Coded(..))
    }

    /// Decodes one pass alone.
    pub(super) fn decode_alone(&mut self, buffer: &[u8]) {
        let is_sound = decode_pass(self, buffer);
        self.end_pass(is_sound);
    }

    /// What a significance pass goes over, and what its symbols are decoded with.
    pub(super) fn walk(&mut self) -> Option<(Walk<'_>, Lane<'_>)> {
        let Memory { flags, samples, contexts, .. } = &mut *self.memory;
        let pass = Progress::pass(self.coded, flags, samples, self.plane);
        let Source::Coded(codeword, registers) = &mut self.source else { return None };
        let is_causal = self.coded.style.is_vertically_causal;
        let walk = Walk::new(pass, significance(self.coded.orientation), is_causal);
        Some((walk, Lane { codeword, registers, contexts }))
    }

    /// Decodes passes up to the next that is better decoded beside those of other blocks: a
    /// significance or a refinement pass, for which it lists what that has to refine. The bits of
    /// the segments that they are in are appended to `buffer`. Returns whether there is one.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub(super) fn go_on(&mut self, buffer: &mut Vec<u8>) -> Result<bool> {
        loop {
            if self.pass_count == 0 && !self.next_segment(buffer)? {
                return Ok(false);
            }
            if self.plane == 0 {
                self.memory.is_sound = false;
                (self.pass_count, self.segment, self.segments) = (0, None, [].iter());
                return Ok(false);
            }
            if self.has_significance_next() {
                return Ok(true);
            }
            if self.kind == 1 {
                let Memory { flags, samples, refined, .. } = &mut *self.memory;
                let pass = Progress::pass(self.coded, flags, samples, self.plane);
                self.refined_count = list_refined(pass, refined);
                self.is_listed = true;
                return Ok(true);
            }
            let is_sound = decode_pass(self, buffer);
            self.end_pass(is_sound);
        }
    }

    /// Starts the next segment that has passes. Returns whether there is one.
    fn next_segment(&mut self, buffer: &mut Vec<u8>) -> Result<bool> {
        if let Some(segment) = self.segment {
            self.memory.is_sound &= self.source.is_sound(segment);
        }
        self.segment = self.segments.find(|segment| segment.pass_count > 0);
        let Some(segment) = self.segment else { return Ok(false) };
        let style = self.coded.style;
        let is_raw = style.has_bypass && self.plane + 4 <= self.coded.plane_count && self.kind < 2;
        self.source = if is_raw {
            Source::Raw(RawBits::new(&segment.bytes))
        } else {
            let (codeword, registers) = Registers::start(&segment.bytes, buffer)?;
            Source::Coded(codeword, registers)
        };
        self.pass_count = segment.pass_count;
        Ok(true)
    }

    pub(super) fn end_pass(&mut self, is_sound: bool) {
        self.left = self.left.saturating_sub(1);
        // A rate at which an encoder cuts off the last passes can cost the last symbol.
        self.memory.is_sound &= is_sound || self.left < 3;
        if self.coded.style.resets_contexts {
            self.memory.contexts = Contexts::new();
        }
        self.pass_count -= 1;
        self.kind += 1;
        if self.kind == 3 {
            self.kind = 0;
            self.plane -= 1;
        }
    }

    /// Refines what is listed with a bit of each of these symbols, which ends the pass.
    pub(super) fn refine(&mut self, symbols: &[u16; MAX_SAMPLES], lane: u32) {
        let list = self.memory.refined.get(..self.refined_count).unwrap_or_default();
        let (_, samples) = self.memory.samples.storage_mut();
        refinement::apply(list, symbols, lane, 1 << (self.plane - 1), samples);
        self.is_listed = false;
        self.end_pass(true);
    }

    #[inline(always)]
    fn pass<'p>(
        coded: &CodedBlock<'_>,
        flags: &'p mut [u32; FLAG_COUNT],
        samples: &'p mut SampleBlock,
        plane: u32,
    ) -> Pass<'p> {
        let (sample_stride, samples) = samples.storage_mut();
        let (width, height) = (coded.width, coded.height);
        Pass {
            flags,
            samples,
            stride: width + 2,
            sample_stride,
            width,
            height,
            half: 1 << (plane - 1),
        }
    }

    #[inline(always)]
    fn decode_next(&mut self, buffer: &[u8]) -> bool {
        let Memory { flags, samples, contexts, .. } = &mut *self.memory;
        let pass = Progress::pass(self.coded, flags, samples, self.plane);
        let style = self.coded.style;
        let is_causal = style.is_vertically_causal;
        let (codeword, registers) = match &mut self.source {
            Source::Coded(codeword, registers) => (codeword, registers),
            Source::Raw(bits) => {
                pass.significance(bits, is_causal);
                return true;
            }
        };
        let significance = significance(self.coded.orientation);
        let mut symbols =
            Symbols { buffer, codeword, registers: *registers, contexts, significance };
        let mut is_sound = true;
        if self.kind == 0 {
            pass.significance(&mut symbols, is_causal);
        } else {
            pass.cleanup(&mut symbols, is_causal);
            if style.has_segmentation_symbols {
                let bits = (0..4).fold(0, |bits, _| bits << 1 | symbols.decode(UNIFORM));
                is_sound = bits == 0b1010;
            }
        }
        *registers = symbols.registers;
        is_sound
    }
}

/// The contexts of significance in a band.
fn significance(orientation: Orientation) -> &'static [u8; 512] {
    match orientation {
        Orientation::Vertical => &SIGNIFICANCE[0],
        Orientation::Horizontal => &SIGNIFICANCE[1],
        Orientation::Diagonal => &SIGNIFICANCE[2],
    }
}

wide! {
    /// Decodes a significance or cleanup pass over a bit-plane. Says whether what it ends with is
    /// right.
    fn decode_pass(block: &mut Progress<'_>, buffer: &[u8]) -> bool = Progress::decode_next;
}

/// Lists what a refinement pass refines, as [`Pass::list_refined`] does.
pub(super) fn list_refined(pass: Pass<'_>, list: &mut [u32; LIST_LENGTH]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if has_avx512() {
        // SAFETY: the processor has what the function is compiled for; that was just asked. The
        // function itself is safe.
        #[allow(unsafe_code)]
        return unsafe { listing::list_refined(pass, list) };
    }
    list_plainly(pass, list)
}

wide! {
    /// The same, a column after the other.
    fn list_plainly(pass: Pass<'_>, list: &mut [u32; LIST_LENGTH]) -> usize = Pass::list_refined;
}
