//! The three coding passes over a code-block (ISO/IEC 15444-1 §D.3).
//!
//! Which rows of a column a pass decides is as good as random. So it is not asked of each row: a
//! column has a bit for each row that is to be decided, and those that are set are visited.

use std::hint::select_unpredictable;

use super::super::sample_block::MAX_SAMPLES;
use super::contexts::{RUN_LENGTH, UNIFORM};
use super::decisions::{Decisions, Symbols};
use super::flags::{
    ALL_SIGNIFICANCE, OWN, REFINED, SIGN, SIGN_ABOVE, SIGN_BELOW, VISITED, of_all_rows,
};

/// Flags of the columns of a code-block: no more than 4096 samples make no more than this, with a
/// column at each side and a stripe above and below (1024 columns of one stripe have most). A power
/// of 2 needs no check of an index.
pub(super) const FLAG_COUNT: usize = 4096;

/// Entries of a list of samples: more than there are samples, as several are written at once.
pub(super) const LIST_LENGTH: usize = MAX_SAMPLES + 16;

/// Columns that are looked at together.
pub(super) const COLUMNS: usize = 64;

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

/// A stripe: the index of the flags of its first column, that of its first sample, and a bit for
/// each of its rows.
pub(super) struct Stripe {
    pub flags: usize,
    pub samples: usize,
    pub rows: u32,
}

/// What a sample that becomes significant changes in the stripe above or below: the flags of the
/// columns to the left, of its own and to the right. By the shift of its row.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
static ACROSS: [[u32; 4]; 16] = {
    let mut across = [[0; 4]; 16];
    across[0] = [1 << 17, 1 << 16, 1 << 15, SIGN_BELOW];
    across[9] = [1 << 2, 1 << 1, 1, SIGN_ABOVE];
    across
};

/// The rows of a column that are not significant and have a significant neighbour: bits 0, 3, 6
/// and 9.
#[inline(always)]
pub(super) fn candidates(flags: u32) -> u32 {
    near(flags) & !(flags >> 4)
}

/// The rows of a column that were significant before this bit-plane.
#[inline(always)]
pub(super) fn to_refine(flags: u32) -> u32 {
    flags >> 4 & !(flags >> 21) & of_all_rows(1)
}

/// The rows of a column that are not significant, and were not decided in this bit-plane: what is
/// in other bits means nothing.
#[inline(always)]
fn others(flags: u32) -> u32 {
    !(flags >> 4 | flags >> 21)
}

/// The rows of a column that have a significant neighbour.
#[inline(always)]
fn near(flags: u32) -> u32 {
    let own = flags & ALL_SIGNIFICANCE;
    let beside = own | own >> 2;
    let any = beside | own >> 1;
    (any | beside >> 3 | any >> 6) & of_all_rows(1)
}

impl Pass<'_> {
    #[inline(always)]
    pub(super) fn flag(&self, index: usize) -> u32 {
        // The mask changes no index; it takes the place of a check.
        self.flags.get(index & (FLAG_COUNT - 1)).copied().unwrap_or(0)
    }

    #[inline(always)]
    pub(super) fn set_flags(&mut self, index: usize, flags: u32) {
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

    #[inline(always)]
    pub(super) fn stripe(&self, number: usize) -> Stripe {
        let rows = (self.height - number * 4).min(4);
        Stripe {
            flags: (number + 1) * self.stride + 1,
            samples: number * 4 * self.sample_stride,
            rows: of_all_rows(1) & ((1 << (rows * 3)) - 1),
        }
    }

    /// Decodes the sign of a sample that has become significant, and tells its neighbours (§D.3.2).
    /// The flags of its row are `shift` bits higher than those of row 0.
    #[inline(always)]
    fn becomes_significant(
        &mut self,
        decisions: &mut impl Decisions,
        flags: &mut u32,
        places: (usize, usize),
        shift: u32,
        is_causal: bool,
    ) {
        let sign = decisions.sign(self.around(*flags, places.0, shift));
        self.set_significant(sign, flags, places, shift, is_causal);
    }

    /// Significance and signs by turns, above a sample, to the left, to the right and below.
    #[inline(always)]
    pub(super) fn around(&self, flags: u32, index: usize, shift: u32) -> u32 {
        let own = flags >> shift;
        let (left, right) = (self.flag(index - 1), self.flag(index + 1));
        // Both neighbours at once: four times the same would be made one operation of vectors,
        // which takes longer.
        let beside = (u64::from(left) | u64::from(right) << 32) >> shift;
        let beside = beside >> 17 & 4 | beside >> 47 & 16;
        let above = flags >> if shift == 0 { 18 } else { 16 + shift } & 1;
        own & 0xAA | own >> 16 & 64 | above | beside as u32
    }

    /// Makes a sample significant, in its own flags and those of its neighbours.
    #[inline(always)]
    pub(super) fn set_significant(
        &mut self,
        sign: u32,
        flags: &mut u32,
        (index, sample_index): (usize, usize),
        shift: u32,
        is_causal: bool,
    ) {
        let sample_index = sample_index + ((shift as usize * 11) >> 5) * self.sample_stride;
        if let Some(sample) = self.samples.get_mut(sample_index & (MAX_SAMPLES - 1)) {
            *sample = (sign << 31) | (self.half * 3);
        }
        self.add_flag(index - 1, OWN << 1 << shift);
        self.add_flag(index + 1, OWN >> 1 << shift);
        *flags |= (OWN | (sign * SIGN)) << shift;
        // Of rows between the first and the last nothing changes.
        let [to_left, to_own, to_right, to_sign] =
            ACROSS.get(shift as usize & 15).copied().unwrap_or_default();
        let seen = if is_causal && shift == 0 { 0 } else { u32::MAX };
        let across = match shift {
            0 => index - self.stride,
            _ => index + self.stride,
        };
        self.add_flag(across - 1, to_left & seen);
        self.add_flag(across, (to_own | (sign * to_sign)) & seen);
        self.add_flag(across + 1, to_right & seen);
    }

    /// Which of the columns from `first` on, 64 at most, have flags that `is_wanted` is true of: a
    /// bit each. Most columns have nothing to decide, and whether one has is as good as random:
    /// asked of eight at a time it costs little.
    #[inline(always)]
    pub(super) fn columns(
        &self,
        stripe: &Stripe,
        first: usize,
        is_wanted: impl Fn(u32) -> bool,
    ) -> u64 {
        let start = (stripe.flags + first) & (FLAG_COUNT - 1);
        let flags = self.flags.get(start..).and_then(|flags| flags.first_chunk::<COLUMNS>());
        let mut wanted = [0u8; COLUMNS];
        for (wanted, flags) in wanted.iter_mut().zip(flags.unwrap_or(&[0; COLUMNS])) {
            *wanted = u8::from(is_wanted(*flags));
        }
        let mut columns = 0;
        for (index, eight) in wanted.as_chunks::<8>().0.iter().enumerate() {
            // Puts the lowest bit of each byte into the highest byte.
            let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            columns |= bits << (index * 8);
        }
        columns & self.columns_from(first)
    }

    /// A bit for each column from `first` on, 64 at most.
    #[inline(always)]
    pub(super) fn columns_from(&self, first: usize) -> u64 {
        u64::MAX >> COLUMNS.saturating_sub(self.width - first)
    }

    /// Samples near significant ones (§D.3.1).
    #[inline(always)]
    pub(super) fn significance(mut self, decisions: &mut impl Decisions, is_causal: bool) {
        for number in 0..self.height.div_ceil(4) {
            let stripe = self.stripe(number);
            for first in (0..self.width).step_by(COLUMNS) {
                let near = |flags| candidates(flags) & stripe.rows != 0;
                let columns = self.columns(&stripe, first, near);
                if columns != 0 {
                    self.significance_of(columns, &stripe, first, decisions, is_causal);
                }
            }
        }
    }

    /// The same, of the `columns` from `first` on that have such samples, which become more. `Walk`
    /// goes the same way a symbol at a time.
    ///
    /// There is one loop over samples, instead of one over columns and in it one over their rows:
    /// when the rows of a column end is as good as random, so that all that comes with the next
    /// column is selected.
    #[inline(always)]
    fn significance_of(
        &mut self,
        mut columns: u64,
        stripe: &Stripe,
        first: usize,
        decisions: &mut impl Decisions,
        is_causal: bool,
    ) {
        let all = self.columns_from(first);
        let mut column = columns.trailing_zeros() as usize;
        let mut flags = self.flag(stripe.flags + first + column);
        let mut left = candidates(flags) & stripe.rows;
        while columns != 0 {
            let places = (stripe.flags + first + column, stripe.samples + first + column);
            let shift = left.trailing_zeros() & 15;
            left &= left.wrapping_sub(1);
            let symbol = decisions.significance(flags >> shift);
            flags |= VISITED << shift;
            if symbol == 1 {
                self.becomes_significant(decisions, &mut flags, places, shift, is_causal);
                // Rows below can have become near, and those to the right.
                left = candidates(flags) & stripe.rows & (u32::MAX << 1 << shift);
                let is_near = candidates(self.flag(places.0 + 1)) & stripe.rows != 0;
                columns |= u64::from(is_near) << 1 << column & all;
            }
            self.set_flags(places.0, flags);
            let others = columns & (columns - 1);
            let next = others.trailing_zeros() as usize & (COLUMNS - 1);
            let next_flags = self.flag(stripe.flags + first + next);
            let is_done = left == 0;
            left = select_unpredictable(is_done, candidates(next_flags) & stripe.rows, left);
            flags = select_unpredictable(is_done, next_flags, flags);
            columns = select_unpredictable(is_done, others, columns);
            column = select_unpredictable(is_done, next, column);
        }
    }

    /// Lists the samples that were significant before (§D.3.3), and returns how many they are: the
    /// index of each, and above its 16 bits the place of its context after [`REFINEMENT`], counted
    /// from 1. Rows that are not there are not significant.
    ///
    /// To refine them changes nothing that says which these are, or their contexts: both are listed
    /// first, without a branch.
    #[inline(always)]
    pub(super) fn list_refined(mut self, list: &mut [u32; LIST_LENGTH]) -> usize {
        let mut count = 0;
        for number in 0..self.height.div_ceil(4) {
            let stripe = self.stripe(number);
            for first in (0..self.width).step_by(COLUMNS) {
                let mut columns = self.columns(&stripe, first, |flags| to_refine(flags) != 0);
                while columns != 0 {
                    let column = first + columns.trailing_zeros() as usize;
                    columns &= columns - 1;
                    count = self.list_column(&stripe, column, list, count);
                }
            }
        }
        count
    }

    /// Lists the samples of a column that are refined after `count` others, and returns how many
    /// there are then.
    #[inline(always)]
    fn list_column(
        &mut self,
        stripe: &Stripe,
        column: usize,
        list: &mut [u32; LIST_LENGTH],
        mut count: usize,
    ) -> usize {
        let flags = self.flag(stripe.flags + column);
        let rows = to_refine(flags);
        let refined = flags >> 20 & of_all_rows(1);
        // A 1 for context 14, 2 for 15, 3 for 16.
        let is_near = near(flags) & !refined;
        let contexts = (is_near | refined) << 1 | (of_all_rows(1) & !is_near);
        let mut sample_index = stripe.samples + column;
        for shift in [0, 3, 6, 9] {
            if let Some(place) = list.get_mut(count) {
                *place = (contexts >> shift & 3) << 16 | sample_index as u32;
            }
            count += (rows >> shift & 1) as usize;
            sample_index += self.sample_stride;
        }
        self.set_flags(stripe.flags + column, flags | (rows * REFINED));
        count
    }

    /// All others (§D.3.4).
    #[inline(always)]
    pub(super) fn cleanup(mut self, symbols: &mut Symbols<'_>, is_causal: bool) {
        for number in 0..self.height.div_ceil(4) {
            let stripe = self.stripe(number);
            for first in (0..self.width).step_by(COLUMNS) {
                let mut columns =
                    self.columns(&stripe, first, |flags| others(flags) & stripe.rows != 0);
                while columns != 0 {
                    let column = first + columns.trailing_zeros() as usize;
                    columns &= columns - 1;
                    self.cleanup_of(column, &stripe, symbols, is_causal);
                }
            }
        }
        // The next bit-plane starts.
        let count = self.stride * (self.height.div_ceil(4) + 2);
        for flags in self.flags.iter_mut().take(count) {
            *flags &= !of_all_rows(VISITED);
        }
    }

    /// The same, of a column.
    #[inline(always)]
    fn cleanup_of(
        &mut self,
        column: usize,
        stripe: &Stripe,
        symbols: &mut Symbols<'_>,
        is_causal: bool,
    ) {
        let places = (stripe.flags + column, stripe.samples + column);
        let mut flags = self.flag(places.0);
        let mut left = others(flags) & stripe.rows;
        let is_run = flags & (ALL_SIGNIFICANCE | of_all_rows(VISITED)) == 0;
        // The row whose symbol a run has said.
        let mut known = None;
        if is_run && stripe.rows == of_all_rows(1) {
            if symbols.decode(RUN_LENGTH) == 0 {
                return;
            }
            let run = symbols.decode(UNIFORM) << 1;
            let shift = (run | symbols.decode(UNIFORM)) * 3;
            left &= u32::MAX << shift;
            known = Some(shift);
        }
        while left != 0 {
            let shift = left.trailing_zeros();
            left &= left - 1;
            if known.take().is_some() || symbols.significance(flags >> shift) == 1 {
                self.becomes_significant(symbols, &mut flags, places, shift, is_causal);
            }
        }
        self.set_flags(places.0, flags);
    }
}
