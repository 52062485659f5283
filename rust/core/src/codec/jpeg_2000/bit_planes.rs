//! Code-blocks of Part 1: bit-planes, coded in three passes each (ISO/IEC 15444-1 Annex D).

use super::arithmetic::{CONTEXT_COUNT, Codeword, Contexts, Slack};
use super::parameters::BlockStyle;
use super::sample_block::{MAX_SAMPLES, SampleBlock};

/// The contexts that do not look at neighbours (Table D.7).
pub const RUN_LENGTH: usize = 17;
pub const UNIFORM: usize = 18;
const _: () = assert!(UNIFORM < CONTEXT_COUNT);

/// What the band of a code-block changes in its contexts (Table D.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// LL and LH: vertically high-pass or not at all.
    Vertical,
    /// HL.
    Horizontal,
    /// HH.
    Diagonal,
}

// Flags of a column of a stripe, which is four rows: significance of it and its eight neighbours at
// a time. Bits 0 to 17: significance of six rows (the one above, four, the one below) of three
// columns (left, own, right). Then the sign of the row above, three bits for each of the four rows,
// and the sign of the row below.
const SIGN_ABOVE: u32 = 1 << 18;
/// Of row 0, as the next two; those of each further row are three bits higher.
const SIGN: u32 = 1 << 19;
/// Its magnitude was refined before.
const REFINED: u32 = 1 << 20;
/// It was coded in this bit-plane.
const VISITED: u32 = 1 << 21;
const SIGN_BELOW: u32 = 1 << 31;
/// Significance of row 0 itself.
const OWN: u32 = 1 << 4;
/// A flag of row 0, for all four rows.
const fn of_all_rows(flag: u32) -> u32 {
    flag | flag << 3 | flag << 6 | flag << 9
}
/// Significance of all nine, of row 0.
const NINE: u32 = 0x1FF;
const EIGHT: u32 = NINE & !OWN;
/// Significance of all that a column of flags knows of.
const ALL_SIGNIFICANCE: u32 = (1 << 18) - 1;

/// Flags of the columns of a code-block: no more than 4096 samples make no more than this, with a
/// column at each side and a stripe above and below (1024 columns of one stripe have most). A power
/// of 2 needs no check of an index.
const FLAG_COUNT: usize = 4096;

/// Contexts of significance by the significance of the nine (Table D.1).
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
const fn significance_contexts(orientation: Orientation) -> [u8; 512] {
    let mut contexts = [0; 512];
    let mut nine = 0;
    while nine < 512 {
        let bit = [
            nine & 1,
            nine >> 1 & 1,
            nine >> 2 & 1,
            nine >> 3 & 1,
            nine >> 5 & 1,
            nine >> 6 & 1,
            nine >> 7 & 1,
            nine >> 8 & 1,
        ];
        let diagonal = bit[0] + bit[2] + bit[5] + bit[7];
        let (mut along, mut across) = (bit[3] + bit[4], bit[1] + bit[6]);
        if matches!(orientation, Orientation::Horizontal) {
            (along, across) = (across, along);
        }
        contexts[nine] = match orientation {
            Orientation::Diagonal => match (along + across, diagonal) {
                (_, 3..) => 8,
                (1.., 2) => 7,
                (0, 2) => 6,
                (2.., 1) => 5,
                (1, 1) => 4,
                (0, 1) => 3,
                (2.., _) => 2,
                (1, _) => 1,
                _ => 0,
            },
            _ => match (along, across, diagonal) {
                (2.., ..) => 8,
                (1, 1.., _) => 7,
                (1, 0, 1..) => 6,
                (1, 0, 0) => 5,
                (0, 2.., _) => 4,
                (0, 1, _) => 3,
                (0, 0, 2..) => 2,
                (0, 0, 1) => 1,
                _ => 0,
            },
        };
        nine += 1;
    }
    contexts
}

static SIGNIFICANCE: [[u8; 512]; 3] = [
    significance_contexts(Orientation::Vertical),
    significance_contexts(Orientation::Horizontal),
    significance_contexts(Orientation::Diagonal),
];

/// Contexts of signs, with the bit that the symbol is changed by in bit 7 (Tables D.2, D.3). By
/// significance and sign, a bit each, of the neighbours above, to the left, to the right and below.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
static SIGNS: [u8; 256] = {
    let mut contexts = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut given = [0i32; 4];
        let mut neighbour = 0;
        while neighbour < 4 {
            if index >> neighbour & 1 == 1 {
                given[neighbour] = if index >> (neighbour + 4) & 1 == 1 { -1 } else { 1 };
            }
            neighbour += 1;
        }
        let vertical = given[0] + given[3];
        let horizontal = given[1] + given[2];
        let (vertical, horizontal) = (vertical.signum(), horizontal.signum());
        contexts[index] = match (horizontal, vertical) {
            (1, 1) => 13,
            (1, 0) => 12,
            (1, _) => 11,
            (0, 1) => 10,
            (0, 0) => 9,
            (0, _) => 10 | 0x80,
            (_, 1) => 11 | 0x80,
            (_, 0) => 12 | 0x80,
            _ => 13 | 0x80,
        };
        index += 1;
    }
    contexts
};

/// A codeword segment of a code-block: its bytes, and the passes that are in it.
#[derive(Clone, Copy, Debug)]
pub struct SegmentBytes<'a> {
    pub bytes: &'a [u8],
    pub pass_count: u32,
}

/// Decodes code-blocks; keeps its memory from one to the next.
pub struct BlockDecoder {
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
    pub fn new() -> BlockDecoder {
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
    pub fn decode<'a>(
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

/// What the decisions of a pass are read from.
trait Decisions {
    /// Whether a sample becomes significant; `nine` is the significance around it.
    fn significance(&mut self, nine: u32) -> u32;
    /// Its sign; `around` is as in the index of [`SIGNS`].
    fn sign(&mut self, around: u32) -> u32;
    /// The next bit of a magnitude.
    fn refinement(&mut self, own: u32) -> u32;
}

/// Arithmetically coded symbols.
struct Symbols<'p, 'a> {
    codeword: &'p mut Codeword<'a>,
    contexts: &'p mut Contexts,
    slack: Slack,
    significance: &'static [u8; 512],
}

impl Symbols<'_, '_> {
    #[inline(always)]
    fn decode(&mut self, context: usize) -> u32 {
        self.codeword.decode(&mut self.slack, self.contexts, context)
    }
}

impl Decisions for Symbols<'_, '_> {
    #[inline(always)]
    fn significance(&mut self, nine: u32) -> u32 {
        let context = self.significance.get((nine & NINE) as usize).copied().unwrap_or(0);
        self.decode(context.into())
    }

    #[inline(always)]
    fn sign(&mut self, around: u32) -> u32 {
        let context = SIGNS.get((around & 255) as usize).copied().unwrap_or(0);
        self.decode(usize::from(context & 0x7F)) ^ u32::from(context >> 7)
    }

    #[inline(always)]
    fn refinement(&mut self, own: u32) -> u32 {
        let context = if own & REFINED != 0 { 16 } else { 14 + usize::from(own & EIGHT != 0) };
        self.decode(context)
    }
}

impl Decisions for RawBits<'_> {
    fn significance(&mut self, _: u32) -> u32 {
        self.bit()
    }

    fn sign(&mut self, _: u32) -> u32 {
        self.bit()
    }

    fn refinement(&mut self, _: u32) -> u32 {
        self.bit()
    }
}

/// A coding pass over a block. The flags of a column are changed in a register while its four rows
/// are decoded.
struct Pass<'p> {
    flags: &'p mut [u32; FLAG_COUNT],
    samples: &'p mut [u32; MAX_SAMPLES],
    stride: usize,
    sample_stride: usize,
    width: usize,
    height: usize,
    /// Half of the lowest bit that the pass decides.
    half: u32,
}

impl Pass<'_> {
    #[inline(always)]
    fn flag(&self, index: usize) -> u32 {
        // The mask changes no index; it takes the place of a check.
        self.flags.get(index & (FLAG_COUNT - 1)).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn set_flags(&mut self, index: usize, flags: u32) {
        if let Some(old) = self.flags.get_mut(index & (FLAG_COUNT - 1)) {
            *old = flags;
        }
    }

    #[inline(always)]
    fn add_flag(&mut self, index: usize, flag: u32) {
        if let Some(flags) = self.flags.get_mut(index & (FLAG_COUNT - 1)) {
            *flags |= flag;
        }
    }

    /// Visits the columns of all stripes: the index of the flags, that of the first sample, and the
    /// number of rows.
    #[inline(always)]
    fn for_each_column(mut self, mut visit: impl FnMut(&mut Self, usize, usize, usize)) {
        for stripe in 0..self.height.div_ceil(4) {
            let flags = (stripe + 1) * self.stride + 1;
            let samples = stripe * 4 * self.sample_stride;
            let rows = (self.height - stripe * 4).min(4);
            for column in 0..self.width {
                visit(&mut self, flags + column, samples + column, rows);
            }
        }
    }

    /// Decodes the sign of a sample that has become significant, and tells its neighbours (§D.3.2).
    #[inline(always)]
    fn becomes_significant<const ROW: usize, const IS_CAUSAL: bool>(
        &mut self,
        decisions: &mut impl Decisions,
        flags: &mut u32,
        index: usize,
        sample_index: usize,
    ) {
        let shift = ROW * 3;
        let own = *flags >> shift;
        let (left, right) = (self.flag(index - 1), self.flag(index + 1));
        let sign_above = if ROW == 0 { *flags >> 18 } else { *flags >> (16 + shift) } & 1;
        let (sign_left, sign_right) = (left >> (19 + shift) & 1, right >> (19 + shift) & 1);
        let sign_below = *flags >> (22 + shift) & 1;
        let significant = own >> 1 & 1 | own >> 2 & 2 | own >> 3 & 4 | own >> 4 & 8;
        let signs = sign_above << 4 | sign_left << 5 | sign_right << 6 | sign_below << 7;
        let sign = decisions.sign(significant | signs);

        let sample_index = sample_index + ROW * self.sample_stride;
        if let Some(sample) = self.samples.get_mut(sample_index & (MAX_SAMPLES - 1)) {
            *sample = (sign << 31) | (self.half * 3);
        }
        self.set_flags(index - 1, left | OWN << 1 << shift);
        self.set_flags(index + 1, right | OWN >> 1 << shift);
        *flags |= (OWN | (sign * SIGN)) << shift;
        if ROW == 0 && !IS_CAUSAL {
            let above = index - self.stride;
            self.add_flag(above - 1, 1 << 17);
            self.add_flag(above, (1 << 16) | (sign * SIGN_BELOW));
            self.add_flag(above + 1, 1 << 15);
        }
        if ROW == 3 {
            let below = index + self.stride;
            self.add_flag(below - 1, 1 << 2);
            self.add_flag(below, (1 << 1) | (sign * SIGN_ABOVE));
            self.add_flag(below + 1, 1);
        }
    }

    #[inline(always)]
    fn significance_of_row<const ROW: usize, const IS_CAUSAL: bool>(
        &mut self,
        decisions: &mut impl Decisions,
        flags: &mut u32,
        index: usize,
        sample_index: usize,
    ) {
        let own = *flags >> (ROW * 3);
        if own & OWN != 0 || own & EIGHT == 0 {
            return;
        }
        if decisions.significance(own) == 1 {
            self.becomes_significant::<ROW, IS_CAUSAL>(decisions, flags, index, sample_index);
        }
        *flags |= VISITED << (ROW * 3);
    }

    /// Samples near significant ones (§D.3.1).
    fn significance<const IS_CAUSAL: bool>(self, decisions: &mut impl Decisions) {
        self.for_each_column(|pass, index, samples, rows| {
            let mut flags = pass.flag(index);
            if flags & ALL_SIGNIFICANCE == 0 {
                return;
            }
            pass.significance_of_row::<0, IS_CAUSAL>(decisions, &mut flags, index, samples);
            if rows > 1 {
                pass.significance_of_row::<1, IS_CAUSAL>(decisions, &mut flags, index, samples);
            }
            if rows > 2 {
                pass.significance_of_row::<2, IS_CAUSAL>(decisions, &mut flags, index, samples);
            }
            if rows > 3 {
                pass.significance_of_row::<3, IS_CAUSAL>(decisions, &mut flags, index, samples);
            }
            pass.set_flags(index, flags);
        });
    }

    #[inline(always)]
    fn refine_row<const ROW: usize>(
        &mut self,
        decisions: &mut impl Decisions,
        flags: &mut u32,
        sample_index: usize,
    ) {
        let own = *flags >> (ROW * 3);
        if own & (OWN | VISITED) != OWN {
            return;
        }
        let bit = decisions.refinement(own);
        let sample_index = sample_index + ROW * self.sample_stride;
        if let Some(sample) = self.samples.get_mut(sample_index & (MAX_SAMPLES - 1)) {
            // The bit was taken for one half: it is that half more or less.
            *sample = sample.wrapping_add(self.half).wrapping_sub((bit ^ 1) * 2 * self.half);
        }
        *flags |= REFINED << (ROW * 3);
    }

    /// Samples that were significant before (§D.3.3). Rows that are not there are not significant.
    fn refinement(self, decisions: &mut impl Decisions) {
        self.for_each_column(|pass, index, samples, _| {
            let mut flags = pass.flag(index);
            if flags & of_all_rows(OWN) == 0 {
                return;
            }
            pass.refine_row::<0>(decisions, &mut flags, samples);
            pass.refine_row::<1>(decisions, &mut flags, samples);
            pass.refine_row::<2>(decisions, &mut flags, samples);
            pass.refine_row::<3>(decisions, &mut flags, samples);
            pass.set_flags(index, flags);
        });
    }

    #[inline(always)]
    fn clean_up_row<const ROW: usize, const IS_CAUSAL: bool>(
        &mut self,
        symbols: &mut Symbols<'_, '_>,
        flags: &mut u32,
        index: usize,
        sample_index: usize,
    ) {
        let own = *flags >> (ROW * 3);
        if own & (OWN | VISITED) != 0 {
            return;
        }
        if symbols.significance(own) == 1 {
            self.becomes_significant::<ROW, IS_CAUSAL>(symbols, flags, index, sample_index);
        }
    }

    /// All others (§D.3.4).
    fn cleanup<const IS_CAUSAL: bool>(self, symbols: &mut Symbols<'_, '_>) {
        self.for_each_column(|pass, index, samples, rows| {
            let mut flags = pass.flag(index);
            // The row that comes next.
            let mut next = 0;
            if flags & (ALL_SIGNIFICANCE | of_all_rows(VISITED)) == 0 && rows == 4 {
                if symbols.decode(RUN_LENGTH) == 0 {
                    return;
                }
                let run = symbols.decode(UNIFORM) << 1;
                let run = run | symbols.decode(UNIFORM);
                match run {
                    0 => pass
                        .becomes_significant::<0, IS_CAUSAL>(symbols, &mut flags, index, samples),
                    1 => pass
                        .becomes_significant::<1, IS_CAUSAL>(symbols, &mut flags, index, samples),
                    2 => pass
                        .becomes_significant::<2, IS_CAUSAL>(symbols, &mut flags, index, samples),
                    _ => pass
                        .becomes_significant::<3, IS_CAUSAL>(symbols, &mut flags, index, samples),
                }
                next = run as usize + 1;
            }
            if next == 0 {
                pass.clean_up_row::<0, IS_CAUSAL>(symbols, &mut flags, index, samples);
            }
            if next <= 1 && rows > 1 {
                pass.clean_up_row::<1, IS_CAUSAL>(symbols, &mut flags, index, samples);
            }
            if next <= 2 && rows > 2 {
                pass.clean_up_row::<2, IS_CAUSAL>(symbols, &mut flags, index, samples);
            }
            if next <= 3 && rows > 3 {
                pass.clean_up_row::<3, IS_CAUSAL>(symbols, &mut flags, index, samples);
            }
            pass.set_flags(index, flags & !of_all_rows(VISITED));
        });
    }
}

/// Bits as they are, the highest of a byte first, none in the highest bit behind 0xFF (§D.6).
struct RawBits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    byte: u8,
    left: u32,
}

impl<'a> RawBits<'a> {
    fn new(bytes: &'a [u8]) -> RawBits<'a> {
        RawBits { bytes: bytes.iter(), byte: 0, left: 0 }
    }

    fn bit(&mut self) -> u32 {
        if self.left == 0 {
            self.left = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = self.bytes.next().copied().unwrap_or(0xFF);
        }
        self.left -= 1;
        u32::from(self.byte >> self.left) & 1
    }
}
