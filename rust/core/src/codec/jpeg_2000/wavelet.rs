//! The inverse wavelet transforms (ISO/IEC 15444-1 Annex F): 5-3 in whole numbers, 9-7 in floating
//! point.

use std::ops::Range;

use super::features::wide;
use super::parameters::Rectangle;
use super::plane::{Plane, Spare};
use crate::error::Result;
use crate::memory::reserve;

/// What a wavelet does with numbers.
pub(crate) trait Coefficient: Spare + Send + Sync {
    /// From a sign and a magnitude with one bit of fraction, in steps of `step`.
    fn dequantize(coded: u32, step: f32) -> Self;

    /// Steps of lifting, the last one first, as they undo the transform: each changes the samples
    /// of one parity by their neighbours of the other.
    const STEPS: &'static [Step];

    /// `own`, changed by its neighbours.
    fn lift(own: Self, before: Self, after: Self, step: Step) -> Self;

    /// Before lifting: low-pass and high-pass coefficients in their scale.
    fn scale(self, is_high: bool) -> Self;

    /// A single sample of a line of one, high-pass.
    fn single_high(self) -> Self;
}

/// A step of lifting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Whether the high-pass ones are changed.
    changes_high: bool,
    factor: f32,
}

impl Coefficient for i32 {
    #[inline(always)]
    fn dequantize(coded: u32, _: f32) -> i32 {
        let magnitude = (coded & 0x7FFF_FFFF) >> 1;
        let sign = (coded as i32) >> 31;
        (magnitude as i32 ^ sign).wrapping_sub(sign)
    }

    // Its factors, a fourth and a half, are shifts.
    const STEPS: &'static [Step] =
        &[Step { changes_high: false, factor: 0.0 }, Step { changes_high: true, factor: 0.0 }];

    #[inline(always)]
    fn lift(own: i32, before: i32, after: i32, step: Step) -> i32 {
        let sum = before.wrapping_add(after);
        if step.changes_high {
            own.wrapping_add(sum >> 1)
        } else {
            own.wrapping_sub(sum.wrapping_add(2) >> 2)
        }
    }

    #[inline(always)]
    fn scale(self, _: bool) -> i32 {
        self
    }

    fn single_high(self) -> i32 {
        // Even without loss; with it, rounded as OpenJPEG does.
        self / 2
    }
}

// Table F.4.
const ALPHA: f32 = -1.586_134_3;
const BETA: f32 = -0.052_980_12;
const GAMMA: f32 = 0.882_911_1;
const DELTA: f32 = 0.443_506_85;
const K: f32 = 1.230_174_1;
/// 1 / K, but for 3 parts in 100,000: what OpenJPEG multiplies with, and so what most readers of
/// such images show. With it samples of 16 bits are within 1 of theirs, with the exact number
/// within 3.
const HIGH_SCALE: f32 = 1.625_732_4 / 2.0;

impl Coefficient for f32 {
    #[inline(always)]
    fn dequantize(coded: u32, step: f32) -> f32 {
        let magnitude = (coded & 0x7FFF_FFFF) as i32 as f32 * (step * 0.5);
        f32::from_bits(magnitude.to_bits() | coded & 0x8000_0000)
    }

    const STEPS: &'static [Step] = &[
        Step { changes_high: false, factor: -DELTA },
        Step { changes_high: true, factor: -GAMMA },
        Step { changes_high: false, factor: -BETA },
        Step { changes_high: true, factor: -ALPHA },
    ];

    #[inline(always)]
    fn lift(own: f32, before: f32, after: f32, step: Step) -> f32 {
        own + step.factor * (before + after)
    }

    #[inline(always)]
    fn scale(self, is_high: bool) -> f32 {
        if is_high { self * HIGH_SCALE } else { self * K }
    }

    fn single_high(self) -> f32 {
        self * 0.5
    }
}

/// The four bands of a level, each with as many rows and columns as its area.
#[derive(Clone, Copy)]
pub(crate) struct Bands<'a, T: Coefficient> {
    pub low: &'a Plane<T>,
    /// HL: high-pass horizontally.
    pub high_x: &'a Plane<T>,
    /// LH.
    pub high_y: &'a Plane<T>,
    /// HH.
    pub high_xy: &'a Plane<T>,
}

impl<T: Coefficient> Bands<'_, T> {
    /// Whether nothing is in them.
    pub(crate) fn are_zero(&self) -> bool {
        [self.low, self.high_x, self.high_y, self.high_xy].iter().all(|plane| plane.is_zero())
    }
}

/// The rows that have to be put together so that `rows` of `height` are right: what is next to the
/// first and to the last row is wrong, and each step of lifting brings that a row nearer.
pub(crate) fn rows_around<T: Coefficient>(rows: &Range<usize>, height: usize) -> Range<usize> {
    let reach = T::STEPS.len();
    rows.start.saturating_sub(reach)..(rows.end + reach).min(height)
}

wide! {
    /// Puts rows of a resolution together from the bands of its level (2D_SR, §F.3.2), where
    /// nothing but `rows` is there. `area` is that of the resolution.
    pub(crate) fn synthesize<T: Coefficient>(
        bands: &Bands<'_, T>,
        area: &Rectangle,
        rows: Range<usize>,
        plane: &mut Plane<T>,
    ) -> Result<()> = synthesize_inline;
}

#[inline(always)]
fn synthesize_inline<T: Coefficient>(
    bands: &Bands<'_, T>,
    area: &Rectangle,
    rows: Range<usize>,
    plane: &mut Plane<T>,
) -> Result<()> {
    plane.reset(area.width(), rows.len())?;
    if plane.samples.is_empty() {
        return Ok(());
    }
    let (starts_odd_x, starts_odd_y) = (area.x0 % 2 == 1, area.y0 % 2 == 1);
    let mut line = Line::new(area.width())?;
    let height = area.height();
    let mut step_rows = RowSteps::new(rows.len(), (rows.start % 2 == 1) != starts_odd_y);
    for row in rows.clone() {
        let is_high = (row % 2 == 1) != starts_odd_y;
        let index = row / 2;
        let (low, high) = match is_high {
            false => (bands.low.row(index), bands.high_x.row(index)),
            true => (bands.high_y.row(index), bands.high_xy.row(index)),
        };
        let own_row = row - rows.start;
        let out = plane.row_mut(own_row);
        line.synthesize(low, high, starts_odd_x, out);
        if height > 1 {
            for sample in out.iter_mut() {
                *sample = sample.scale(is_high);
            }
        } else if is_high {
            for sample in out.iter_mut() {
                *sample = sample.single_high();
            }
        }
        step_rows.after(own_row, plane);
    }
    Ok(())
}

/// Lifting of columns, a row at a time, as soon as the rows that it needs are there: they are still
/// in the cache.
struct RowSteps {
    height: usize,
    starts_odd: bool,
}

impl RowSteps {
    fn new(height: usize, starts_odd: bool) -> RowSteps {
        RowSteps { height, starts_odd }
    }

    /// Does what can be done once `row` is there.
    #[inline(always)]
    fn after<T: Coefficient>(&mut self, row: usize, plane: &mut Plane<T>) {
        if self.height < 2 {
            return;
        }
        // Step number n of a row needs step number n - 1 of both its neighbours: it is done a row
        // later.
        for (number, step) in T::STEPS.iter().enumerate() {
            let Some(done) = row.checked_sub(number + 1) else { break };
            self.step(done, *step, plane);
        }
        if row + 1 == self.height {
            for extra in 1..=T::STEPS.len() {
                for (number, step) in T::STEPS.iter().enumerate() {
                    if let Some(done) =
                        (row + extra).checked_sub(number + 1).filter(|done| *done < self.height)
                    {
                        self.step(done, *step, plane);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn step<T: Coefficient>(&self, row: usize, step: Step, plane: &mut Plane<T>) {
        let is_high = (row % 2 == 1) != self.starts_odd;
        if is_high != step.changes_high {
            return;
        }
        let width = plane.width;
        // At the edges the neighbour inside stands for the one outside (§F.3.7).
        let (upper, rest) = plane.samples.split_at_mut(row * width);
        let (own, lower) = rest.split_at_mut(width);
        let above = upper.len().checked_sub(width).and_then(|start| upper.get(start..));
        let below = lower.get(..width);
        let (Some(before), Some(after)) = (above.or(below), below.or(above)) else { return };
        lift_each(own, before, after, step);
    }
}

/// Lifting of a row; keeps its memory from one to the next.
struct Line<T> {
    low: Vec<T>,
    high: Vec<T>,
}

impl<T: Coefficient> Line<T> {
    fn new(width: usize) -> Result<Line<T>> {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        reserve(&mut low, width.div_ceil(2) + 1)?;
        reserve(&mut high, width.div_ceil(2) + 1)?;
        Ok(Line { low, high })
    }

    /// 1D_SR (§F.3.3).
    #[inline(always)]
    fn synthesize(&mut self, low: &[T], high: &[T], starts_odd: bool, out: &mut [T]) {
        match out {
            [] => return,
            [single] => {
                let only = if starts_odd { high.first() } else { low.first() };
                let only = only.copied().unwrap_or_default();
                *single = if starts_odd { only.single_high() } else { only };
                return;
            }
            _ => {}
        }
        let first_count = out.len().div_ceil(2);
        let (low_count, high_count) = match starts_odd {
            true => (out.len() - first_count, first_count),
            false => (first_count, out.len() - first_count),
        };
        self.low.clear();
        self.low.extend(low.iter().map(|sample| sample.scale(false)));
        self.low.resize(low_count, T::default());
        self.high.clear();
        self.high.extend(high.iter().map(|sample| sample.scale(true)));
        self.high.resize(high_count, T::default());
        for step in T::STEPS {
            // Between low-pass sample n and the next stands high-pass sample n, or n + 1 if a
            // high-pass one is first.
            if step.changes_high {
                lift_line(&mut self.high, &self.low, !starts_odd, *step);
            } else {
                lift_line(&mut self.low, &self.high, starts_odd, *step);
            }
        }
        let (first, second) =
            if starts_odd { (&self.high, &self.low) } else { (&self.low, &self.high) };
        interleave(first, second, out);
    }
}

/// Lifts `own` by `others`. The neighbours of its sample n are samples n and n + 1 of the others if
/// `is_between_next`, and n - 1 and n if not.
#[inline(always)]
fn lift_line<T: Coefficient>(own: &mut [T], others: &[T], is_between_next: bool, step: Step) {
    let (Some(first_other), Some(last_other)) = (others.first().copied(), others.last().copied())
    else {
        return;
    };
    if is_between_next {
        lift_each(own, others, others.get(1..).unwrap_or_default(), step);
        // The last has a neighbour at one side alone.
        if own.len() >= others.len()
            && let Some(own) = own.get_mut(others.len() - 1)
        {
            *own = T::lift(*own, last_other, last_other, step);
        }
    } else {
        let Some((first, rest)) = own.split_first_mut() else { return };
        *first = T::lift(*first, first_other, first_other, step);
        lift_each(rest, others, others.get(1..).unwrap_or_default(), step);
        if let Some(own) = rest.get_mut(others.len() - 1) {
            *own = T::lift(*own, last_other, last_other, step);
        }
    }
}

/// Samples that are lifted together: two vectors of 32 bytes.
const TOGETHER: usize = 16;

/// Lifts each sample by those of the same index before and after it, as far as there are any.
///
/// All samples of a piece are loaded before one is stored, so that vectors can be used wherever the
/// slices lie. Without this the compiler's overlap check compares whole planes, fails, and leaves
/// one sample at a time.
#[inline(always)]
fn lift_each<T: Coefficient>(own: &mut [T], before: &[T], after: &[T], step: Step) {
    let count = own.len().min(before.len()).min(after.len());
    let (own, before, after) = (own.get_mut(..count), before.get(..count), after.get(..count));
    let (own, own_rest) = own.unwrap_or_default().as_chunks_mut::<TOGETHER>();
    let (before, before_rest) = before.unwrap_or_default().as_chunks::<TOGETHER>();
    let (after, after_rest) = after.unwrap_or_default().as_chunks::<TOGETHER>();
    for ((own, before), after) in own.iter_mut().zip(before).zip(after) {
        let mut lifted = *own;
        for ((own, before), after) in lifted.iter_mut().zip(before).zip(after) {
            *own = T::lift(*own, *before, *after, step);
        }
        *own = lifted;
    }
    for ((own, before), after) in own_rest.iter_mut().zip(before_rest).zip(after_rest) {
        *own = T::lift(*own, *before, *after, step);
    }
}

/// Fills `out` with samples of the two by turns.
#[inline(always)]
fn interleave<T: Coefficient>(first: &[T], second: &[T], out: &mut [T]) {
    const HALF: usize = TOGETHER / 2;
    let (pieces, rest) = out.as_chunks_mut::<TOGETHER>();
    let whole = pieces.len() * HALF;
    let (first, first_rest) = first.split_at(whole.min(first.len()));
    let (second, second_rest) = second.split_at(whole.min(second.len()));
    let halves = first.as_chunks::<HALF>().0.iter().zip(second.as_chunks::<HALF>().0);
    for (piece, (first, second)) in pieces.iter_mut().zip(halves) {
        let mut pairs = [[T::default(); 2]; HALF];
        for ((pair, first), second) in pairs.iter_mut().zip(first).zip(second) {
            *pair = [*first, *second];
        }
        piece.copy_from_slice(pairs.as_flattened());
    }
    // What is left are fewer than eight pairs, and a single sample.
    let (pairs, last) = rest.as_chunks_mut::<2>();
    let mut first_rest = first_rest.iter();
    for ((pair, first), second) in pairs.iter_mut().zip(&mut first_rest).zip(second_rest) {
        *pair = [*first, *second];
    }
    if let ([last], Some(first)) = (last, first_rest.next()) {
        *last = *first;
    }
}

#[cfg(test)]
mod tests;
