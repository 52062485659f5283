//! The significance passes of several code-blocks side by side (ISO/IEC 15444-1 §D.3.1).
//!
//! Which symbol of a block is next depends on the one before. So that is found out block by block,
//! and then one symbol of each is decoded at once.

use std::hint::select_unpredictable;

use super::super::arithmetic::{Choices, LANES, Lane, NO_CONTEXT, decode_choices};
use super::super::features::{has_avx512, wide};
use super::contexts::SIGNS;
use super::flags::{NINE, VISITED};
use super::pass::{COLUMNS, Pass, Stripe, candidates};
use super::progress::Progress;

/// Fewer blocks than this take less time one after the other.
const FEWEST_LANES: usize = 4;

/// A block, and the sample of it that is decided next: what `Pass::significance` does, a symbol at
/// a time.
pub(super) struct Walk<'p> {
    pass: Pass<'p>,
    significance: &'static [u8; 512],
    is_causal: bool,
    stripe_number: usize,
    stripe: Stripe,
    /// The first of the columns that are looked at together.
    first: usize,
    /// Those that have samples to decide, a bit each.
    columns: u64,
    column: usize,
    flags: u32,
    /// Rows of the column that are to be decided after this one.
    left: u32,
    /// Three times the row.
    shift: u32,
    /// What the symbol of its sign is changed by.
    flip: u32,
}

impl<'p> Walk<'p> {
    /// Before the first sample.
    pub(super) fn new(
        pass: Pass<'p>,
        significance: &'static [u8; 512],
        is_causal: bool,
    ) -> Walk<'p> {
        let stripe = pass.stripe(0);
        Walk {
            pass,
            significance,
            is_causal,
            stripe_number: 0,
            stripe,
            first: 0,
            columns: 0,
            column: 0,
            flags: 0,
            left: 0,
            shift: 0,
            flip: 0,
        }
    }

    /// Goes to the next columns that have samples to decide, from `first` on. Returns whether there
    /// are any.
    #[inline(never)]
    fn find(&mut self) -> bool {
        while self.stripe_number < self.pass.height.div_ceil(4) {
            while self.first < self.pass.width {
                let rows = self.stripe.rows;
                let near = |flags| candidates(flags) & rows != 0;
                self.columns = self.pass.columns(&self.stripe, self.first, near);
                if self.columns != 0 {
                    self.column = self.columns.trailing_zeros() as usize;
                    self.flags = self.pass.flag(self.stripe.flags + self.first + self.column);
                    self.left = candidates(self.flags) & rows;
                    return true;
                }
                self.first += COLUMNS;
            }
            self.stripe_number += 1;
            self.first = 0;
            if self.stripe_number < self.pass.height.div_ceil(4) {
                self.stripe = self.pass.stripe(self.stripe_number);
            }
        }
        false
    }

    /// Goes to the first sample, and says which context it has.
    #[inline(always)]
    fn start(&mut self) -> u32 {
        if self.find() { self.take() } else { NO_CONTEXT }
    }

    /// Goes to the next sample, and says which context it has.
    #[inline(always)]
    fn advance(&mut self) -> u32 {
        let start = self.stripe.flags + self.first;
        self.pass.set_flags(start + self.column, self.flags);
        let others = self.columns & self.columns.wrapping_sub(1);
        let next = others.trailing_zeros() as usize & (COLUMNS - 1);
        let next_flags = self.pass.flag(start + next);
        let next_left = candidates(next_flags) & self.stripe.rows;
        let is_done = self.left == 0;
        self.left = select_unpredictable(is_done, next_left, self.left);
        self.flags = select_unpredictable(is_done, next_flags, self.flags);
        self.columns = select_unpredictable(is_done, others, self.columns);
        self.column = select_unpredictable(is_done, next, self.column);
        if self.columns == 0 {
            self.first += COLUMNS;
            if !self.find() {
                return NO_CONTEXT;
            }
        }
        self.take()
    }

    #[inline(always)]
    fn take(&mut self) -> u32 {
        self.shift = self.left.trailing_zeros() & 15;
        self.left &= self.left.wrapping_sub(1);
        let nine = self.flags >> self.shift & NINE;
        self.flags |= VISITED << self.shift;
        self.significance.get(nine as usize).copied().unwrap_or(0).into()
    }

    /// The context of the sign of the sample.
    #[inline(always)]
    fn sign(&mut self) -> u32 {
        let index = self.stripe.flags + self.first + self.column;
        let around = self.pass.around(self.flags, index, self.shift);
        let context = SIGNS.get((around & 255) as usize).copied().unwrap_or(0);
        self.flip = u32::from(context >> 7);
        u32::from(context & 0x7F)
    }

    /// The sample becomes significant.
    #[inline(always)]
    fn set_significant(&mut self, symbol: u32) {
        let column = self.first + self.column;
        let places = (self.stripe.flags + column, self.stripe.samples + column);
        let sign = symbol ^ self.flip;
        self.pass.set_significant(sign, &mut self.flags, places, self.shift, self.is_causal);
        // Rows below can have become near, and those to the right.
        let rows = self.stripe.rows;
        self.left = candidates(self.flags) & rows & (u32::MAX << 1 << self.shift);
        let is_near = candidates(self.pass.flag(places.0 + 1)) & rows != 0;
        let all = self.pass.columns_from(self.first);
        self.columns |= u64::from(is_near) << 1 << self.column & all;
    }

    /// Decides the samples that are left, of which the next symbol has this context.
    #[inline(always)]
    fn finish(&mut self, mut context: u32, mut is_sign: bool, lane: Lane<'_>, buffer: &[u8]) {
        let Lane { codeword, registers, contexts } = lane;
        let mut own = *registers;
        while context != NO_CONTEXT {
            let symbol = codeword.decode(buffer, &mut own, contexts, context as usize);
            let becomes = !is_sign && symbol == 1;
            if is_sign {
                self.set_significant(symbol);
            }
            context = if becomes { self.sign() } else { self.advance() };
            is_sign = becomes;
        }
        *registers = own;
    }
}

wide! {
    /// Decides the samples that are left of one block.
    fn finish(
        walk: &mut Walk<'_>, context: u32, is_sign: bool, lane: Lane<'_>, buffer: &[u8],
    ) = Walk::finish;
}

/// The blocks of a group.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "others have no lanes"))]
struct Walks<'p> {
    walks: Vec<Walk<'p>>,
    /// The contexts of their next symbols.
    contexts: [u32; LANES],
    /// A bit for each block that is not at its end.
    active: u16,
    /// A bit for each whose symbol is a sign.
    signs: u16,
}

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "others have no lanes"))]
impl<'p> Walks<'p> {
    fn new(mut walks: Vec<Walk<'p>>) -> Walks<'p> {
        let (mut contexts, mut active) = ([NO_CONTEXT; LANES], 0);
        for (lane, (walk, context)) in walks.iter_mut().zip(&mut contexts).enumerate() {
            *context = walk.start();
            active |= u16::from(*context != NO_CONTEXT) << lane;
        }
        Walks { walks, contexts, active, signs: 0 }
    }

    #[inline(always)]
    fn each(&mut self, lanes: u16, mut visit: impl FnMut(&mut Walk<'p>, &mut u32, u16)) {
        let mut left = lanes;
        while left != 0 {
            let lane = left.trailing_zeros() as usize & (LANES - 1);
            let own = left & left.wrapping_neg();
            left ^= own;
            if let (Some(walk), Some(context)) =
                (self.walks.get_mut(lane), self.contexts.get_mut(lane))
            {
                visit(walk, context, own);
            }
        }
    }
}

impl Choices for Walks<'_> {
    #[inline(always)]
    fn contexts(&self) -> Option<&[u32; LANES]> {
        (self.active.count_ones() >= FEWEST_LANES as u32).then_some(&self.contexts)
    }

    #[inline(always)]
    fn next(&mut self, symbols: u16) {
        let (signs, others) = (self.signs, self.active & !self.signs);
        let becoming = others & symbols;
        self.each(signs, |walk, _, own| walk.set_significant(u32::from(symbols & own != 0)));
        let mut ended = 0;
        self.each(signs | others & !symbols, |walk, context, own| {
            *context = walk.advance();
            if *context == NO_CONTEXT {
                ended |= own;
            }
        });
        self.each(becoming, |walk, context, _| *context = walk.sign());
        self.active &= !ended;
        self.signs = becoming;
    }
}

/// Decodes a significance pass of each block that has one next.
pub(super) fn decode(blocks: &mut [Progress<'_>], buffer: &[u8]) {
    let mut group: Vec<&mut Progress<'_>> = Vec::with_capacity(LANES);
    for block in blocks.iter_mut().filter(|block| block.has_significance_next()) {
        if group.len() < LANES {
            group.push(block);
        } else {
            block.decode_alone(buffer);
        }
    }
    if group.len() < FEWEST_LANES || !has_avx512() {
        group.into_iter().for_each(|block| block.decode_alone(buffer));
        return;
    }
    let (mut walks, mut lanes) = (Vec::with_capacity(LANES), Vec::with_capacity(LANES));
    for (walk, lane) in group.iter_mut().filter_map(|block| block.walk()) {
        walks.push(walk);
        lanes.push(lane);
    }
    let mut walks = Walks::new(walks);
    decode_choices(buffer, &mut lanes, &mut walks);
    let Walks { mut walks, contexts, signs, .. } = walks;
    for (index, (walk, lane)) in walks.iter_mut().zip(lanes).enumerate() {
        let context = contexts.get(index).copied().unwrap_or(NO_CONTEXT);
        finish(walk, context, signs >> index & 1 == 1, lane, buffer);
    }
    for block in group {
        block.end_pass(true);
    }
}
