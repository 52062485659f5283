//! The three coding passes over a code-block (ISO/IEC 15444-1 §D.3).

use super::super::sample_block::MAX_SAMPLES;
use super::contexts::{RUN_LENGTH, UNIFORM};
use super::decisions::{Decisions, Symbols};
use super::flags::{
    ALL_SIGNIFICANCE, EIGHT, OWN, REFINED, SIGN, SIGN_ABOVE, SIGN_BELOW, VISITED, of_all_rows,
};

/// Flags of the columns of a code-block: no more than 4096 samples make no more than this, with a
/// column at each side and a stripe above and below (1024 columns of one stripe have most). A power
/// of 2 needs no check of an index.
pub(super) const FLAG_COUNT: usize = 4096;

/// A coding pass over a block. The flags of a column are changed in a register while its four rows
/// are decoded.
pub(super) struct Pass<'p> {
    pub flags: &'p mut [u32; FLAG_COUNT],
    pub samples: &'p mut [u32; MAX_SAMPLES],
    pub stride: usize,
    pub sample_stride: usize,
    pub width: usize,
    pub height: usize,
    /// Half of the lowest bit that the pass decides.
    pub half: u32,
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
    pub(super) fn significance<const IS_CAUSAL: bool>(self, decisions: &mut impl Decisions) {
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
    pub(super) fn refinement(self, decisions: &mut impl Decisions) {
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
    pub(super) fn cleanup<const IS_CAUSAL: bool>(self, symbols: &mut Symbols<'_, '_>) {
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
