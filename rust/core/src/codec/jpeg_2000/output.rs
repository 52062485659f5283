//! From the planes of components to rows of pixels: ranges (ISO/IEC 15444-1 §G.1), and components
//! that have fewer samples than others.

use super::features::wide;
use super::parameters::{ComponentSize, ImageSize, Rectangle};
use super::plane::Plane;
use crate::codec::{Samples, Target};
use crate::error::Result;
use crate::memory::filled;

/// Samples that are given on at a time: they fit a first-level cache.
const SAMPLES_AT_A_TIME: usize = 4096;

/// Samples of a component of a tile.
pub(super) enum TilePlane {
    /// Of the reversible wavelet.
    Whole(Plane<i32>),
    /// Of the irreversible one.
    Real(Plane<f32>),
}

/// A tile, or some rows of it, ready to be shown.
pub(super) struct TileRows {
    /// Its pixels.
    pub pixels: Rectangle,
    /// Where the samples of each component lie, in its own coordinates.
    pub areas: Vec<Rectangle>,
    /// The samples; `None` if the tile is not there: then they are zero.
    pub planes: Option<Vec<TilePlane>>,
}

/// Puts components together to pixels, and gives rows of them on.
pub(super) struct Output<'h> {
    components: &'h [ComponentSize],
    /// Of each component that has fewer samples than there are pixels, how many fewer in a row and
    /// in a column, and the row that was last put together. `None` where a sample is a pixel.
    fewer: Vec<Option<Fewer>>,
    samples: Vec<i32>,
}

struct Fewer {
    x_step: u32,
    y_step: u32,
    /// Which row `line` has.
    row: Option<u32>,
    line: Vec<i32>,
    /// The column of its first sample.
    first: u32,
}

impl<'h> Output<'h> {
    /// For an image of `size`, the pixels of which are `pixels`.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(super) fn new(size: &'h ImageSize, pixels: &Rectangle) -> Result<Output<'h>> {
        let (x_step, y_step) = size.pixel_steps();
        let mut fewer = Vec::with_capacity(size.components.len());
        for component in &size.components {
            let steps = (
                u32::from(component.x_step) / x_step.max(1),
                u32::from(component.y_step) / y_step.max(1),
            );
            fewer.push(match steps {
                (1, 1) => None,
                (x_step, y_step) => {
                    let area = pixels.every(x_step.max(1), y_step.max(1));
                    let line = filled(area.width())?;
                    Some(Fewer { x_step, y_step, row: None, line, first: area.x0 })
                }
            });
        }
        let length = pixels.width() * size.components.len();
        let rows = (SAMPLES_AT_A_TIME / length.max(1)).clamp(1, pixels.height().max(1));
        Ok(Output { components: &size.components, fewer, samples: filled(rows * length)? })
    }

    /// Gives on the rows of tiles side by side.
    ///
    /// # Errors
    ///
    /// If the target has no place for them.
    pub(super) fn give(&mut self, tiles: &[TileRows], target: &mut Target<'_>) -> Result<()> {
        let length = (target.columns_expected() * self.components.len()).max(1);
        let rows = tiles.first().map_or(0..0, |tile| tile.pixels.y0..tile.pixels.y1);
        let rows_at_a_time = self.samples.len() / length;
        for first in rows.clone().step_by(rows_at_a_time.max(1)) {
            let count = ((rows.end - first) as usize).min(rows_at_a_time);
            let samples = self.samples.get_mut(..count * length).unwrap_or_default();
            for (row, samples) in (first..).zip(samples.chunks_exact_mut(length)) {
                put_row(self.components, &mut self.fewer, tiles, row, samples);
            }
            target.rows(Samples::I32(samples))?;
        }
        Ok(())
    }
}

/// The samples of the rows of tiles side by side, of an image with samples of all pixels.
///
/// # Errors
///
/// If there is no memory for them.
pub(super) fn together(size: &ImageSize, tiles: &[TileRows]) -> Result<Vec<i32>> {
    let width: usize = tiles.iter().map(|tile| tile.pixels.width()).sum();
    let rows = tiles.first().map_or(0..0, |tile| tile.pixels.y0..tile.pixels.y1);
    let length = (width * size.components.len()).max(1);
    let mut samples = filled(rows.len() * length)?;
    let mut fewer = Vec::new();
    fewer.resize_with(size.components.len(), || None);
    for (row, samples) in rows.zip(samples.chunks_exact_mut(length)) {
        put_row(&size.components, &mut fewer, tiles, row, samples);
    }
    Ok(samples)
}

/// Gives on rows of so many samples that are together.
///
/// # Errors
///
/// If the target has no place for them.
pub(super) fn give_together(samples: &[i32], length: usize, target: &mut Target<'_>) -> Result<()> {
    let rows = (SAMPLES_AT_A_TIME / length.max(1)).max(1);
    samples.chunks(rows * length.max(1)).try_for_each(|rows| target.rows(Samples::I32(rows)))
}

/// Puts a row of all tiles together.
fn put_row(
    components: &[ComponentSize],
    fewer: &mut [Option<Fewer>],
    tiles: &[TileRows],
    row: u32,
    mut left: &mut [i32],
) {
    let count = components.len();
    for (index, fewer) in fewer.iter_mut().enumerate() {
        let Some(fewer) = fewer else { continue };
        fewer.read(components, tiles, index, row);
    }
    for tile in tiles {
        let length = (tile.pixels.width() * count).min(left.len());
        let (own, rest) = std::mem::take(&mut left).split_at_mut(length);
        left = rest;
        let Some(planes) = &tile.planes else {
            own.fill(0);
            continue;
        };
        let all = planes.iter().zip(components).zip(fewer.iter().zip(&tile.areas)).enumerate();
        for (index, ((plane, component), (fewer, area))) in all {
            match fewer {
                None => {
                    let row = row.saturating_sub(area.y0) as usize;
                    interleave(component, plane, row, own, index, count);
                }
                Some(fewer) => fewer.spread(tile.pixels.x0, own, index, count),
            }
        }
    }
}

impl Fewer {
    /// Makes `line` the row of the component that pixels of `row` have their samples of. A row of
    /// the tiles above is still there.
    fn read(&mut self, components: &[ComponentSize], tiles: &[TileRows], index: usize, row: u32) {
        let own_row = row / self.y_step.max(1);
        if self.row == Some(own_row) {
            return;
        }
        let Some(component) = components.get(index) else { return };
        let mut left = self.line.as_mut_slice();
        for tile in tiles {
            let Some(area) = tile.areas.get(index) else { continue };
            let width = area.width().min(left.len());
            let (own, rest) = std::mem::take(&mut left).split_at_mut(width);
            left = rest;
            match tile.planes.as_ref().and_then(|planes| planes.get(index)) {
                Some(plane) if area.height() > 0 => {
                    let row = own_row.clamp(area.y0, area.y1 - 1) - area.y0;
                    interleave(component, plane, row as usize, own, 0, 1);
                }
                _ => own.fill(0),
            }
        }
        self.row = Some(own_row);
    }

    /// Gives each pixel of a row from column `x0` on the sample that it shares, as OpenJPEG does:
    /// samples lie at the first of the pixels that share them.
    fn spread(&self, x0: u32, out: &mut [i32], index: usize, count: usize) {
        let step = self.x_step.max(1);
        let out = out.iter_mut().skip(index).step_by(count.max(1));
        let mut place = (x0 / step).saturating_sub(self.first) as usize;
        let mut left = if x0 / step < self.first { 0 } else { step - x0 % step };
        if left == 0 {
            // Pixels before the first sample have it too.
            left = step - x0 % step + step;
        }
        let mut sample = self.line.get(place).copied().unwrap_or(0);
        for out in out {
            if left == 0 {
                place += 1;
                left = step;
                // What is after the last sample keeps it.
                sample = self.line.get(place).copied().unwrap_or(sample);
            }
            *out = sample;
            left -= 1;
        }
    }
}

wide! {
    /// Puts a row of a component among the samples of others, each sample in its range (§G.1).
    fn interleave(
        component: &ComponentSize,
        plane: &TilePlane,
        row: usize,
        out: &mut [i32],
        index: usize,
        count: usize,
    ) = interleave_inline;
}

#[inline(always)]
fn interleave_inline(
    component: &ComponentSize,
    plane: &TilePlane,
    row: usize,
    out: &mut [i32],
    index: usize,
    count: usize,
) {
    let half = 1i32 << (component.precision - 1);
    let (shift, low, high) = match component.is_signed {
        true => (0, half.wrapping_neg(), half.wrapping_sub(1)),
        false => (half, 0, (half.wrapping_sub(1)).wrapping_mul(2) | 1),
    };
    let place = |sample: i32| sample.saturating_add(shift).clamp(low, high.max(low));
    match plane {
        TilePlane::Whole(plane) => {
            let samples = plane.row(row).iter().map(|sample| place(*sample));
            put(samples, out, index, count);
        }
        TilePlane::Real(plane) if component.precision <= MOST_BITS_BY_SUM => {
            let (lowest, highest) = ((low - shift) as f32, (high - shift) as f32);
            let samples = plane.row(row).iter();
            let samples = samples.map(|sample| nearest(*sample, lowest, highest) + shift);
            put(samples, out, index, count);
        }
        TilePlane::Real(plane) => {
            let samples =
                plane.row(row).iter().map(|sample| place(sample.round_ties_even() as i32));
            put(samples, out, index, count);
        }
    }
}

/// Bits of whole numbers that [`nearest`] gives: its sums are exact up to 2^22 in magnitude.
const MOST_BITS_BY_SUM: u32 = 22;

/// The whole number that is nearest to a sample, the even one of two, between these bounds, which
/// are whole numbers themselves; of what is no number 0.
///
/// A sum of 2^23 and more has no fraction, and the number in its lowest bits. `as` is as exact, but
/// asks of each sample whether it has a place in 32 bits, for which there are no vectors.
#[inline(always)]
fn nearest(sample: f32, lowest: f32, highest: f32) -> i32 {
    /// 1.5 * 2^23: floats from 2^23 to 2^24 are whole numbers.
    const MIDDLE: f32 = 12_582_912.0;
    let sample = if sample.is_nan() { 0.0 } else { sample };
    let sample = if sample > lowest { sample } else { lowest };
    let sample = if sample < highest { sample } else { highest };
    (sample + MIDDLE).to_bits() as i32 - MIDDLE.to_bits() as i32
}

#[inline(always)]
fn put(samples: impl Iterator<Item = i32>, out: &mut [i32], index: usize, count: usize) {
    if count == 1 {
        for (out, sample) in out.iter_mut().zip(samples) {
            *out = sample;
        }
    } else {
        for (out, sample) in out.iter_mut().skip(index).step_by(count.max(1)).zip(samples) {
            *out = sample;
        }
    }
}

#[cfg(test)]
mod tests;
