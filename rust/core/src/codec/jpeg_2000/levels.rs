//! From the bands of a component to its rows: the wavelet, a level after the other, each in pieces
//! on several threads.

use std::ops::Range;

use super::parameters::Rectangle;
use super::plane::Plane;
use super::tile::TileComponent;
use super::wavelet::{Bands, Coefficient, rows_around, synthesize};
use crate::error::Result;
use crate::workers::share;

/// Rows that are put together at a time where several threads do it: a few more are calculated
/// twice.
const ROWS_AT_A_TIME: usize = 64;
/// Samples of a level that are worth a second thread: they take a tenth of a millisecond.
const SAMPLES_OF_A_LEVEL: usize = 1 << 17;

/// A component whose lower levels are done: its last level is put together when its rows are
/// needed.
pub(super) struct Top<T: Coefficient> {
    /// Where its samples lie.
    pub area: Rectangle,
    /// LL, or the samples themselves.
    low: Plane<T>,
    /// HL, LH and HH of the last level, if there is one.
    high: Option<[Plane<T>; 3]>,
}

impl<T: Coefficient> Top<T> {
    /// A component without a wavelet, for tests.
    #[cfg(test)]
    pub(super) fn of(area: Rectangle, low: Plane<T>) -> Top<T> {
        Top { area, low, high: None }
    }

    /// The lowest `kept` resolutions of a component, of whose bands these are the coefficients.
    ///
    /// # Errors
    ///
    /// If there is no memory for a level.
    pub(super) fn new(
        component: &TileComponent,
        kept: usize,
        planes: Vec<Plane<T>>,
        threads: usize,
    ) -> Result<Top<T>> {
        let mut planes = planes.into_iter();
        let low = planes.next().unwrap_or_default();
        let mut resolutions = component.resolutions.iter().take(kept);
        let area = resolutions.next().map(|resolution| resolution.area).unwrap_or_default();
        let mut top = Top { area, low, high: None };
        for resolution in resolutions {
            let mut next = || planes.next().unwrap_or_default();
            let high = [next(), next(), next()];
            let low = match top.bands() {
                Some(bands) => whole(&bands, &top.area, threads)?,
                None => top.low,
            };
            top = Top { area: resolution.area, low, high: Some(high) };
        }
        Ok(top)
    }

    fn bands(&self) -> Option<Bands<'_, T>> {
        let [high_x, high_y, high_xy] = self.high.as_ref()?;
        Some(Bands { low: &self.low, high_x, high_y, high_xy })
    }

    /// Some rows, counted as those of the area are, and where the samples lie that came of it:
    /// there can be wrong rows before and after those that were asked for.
    ///
    /// # Errors
    ///
    /// If there is no memory for them.
    pub(super) fn rows(&self, rows: &Range<u32>) -> Result<(Rectangle, Plane<T>)> {
        let y0 = self.area.y0;
        let own = |row: u32| row.clamp(y0, self.area.y1.max(y0)) - y0;
        let rows = own(rows.start) as usize..own(rows.end) as usize;
        let placed = |rows: &Range<usize>| Rectangle {
            y0: y0 + rows.start as u32,
            y1: y0 + rows.end as u32,
            ..self.area
        };
        let (width, height) = (self.area.width(), self.area.height());
        match self.bands() {
            Some(bands) if !bands.are_zero() => {
                let around = rows_around::<T>(&rows, height);
                let mut plane = Plane::default();
                synthesize(&bands, &self.area, around.clone(), &mut plane)?;
                Ok((placed(&around), plane))
            }
            _ => {
                let mut plane = Plane::new(width, rows.len())?;
                for (row, number) in rows.clone().enumerate() {
                    let samples = self.low.row(number);
                    plane.row_mut(row).iter_mut().zip(samples).for_each(|(out, one)| *out = *one);
                }
                Ok((placed(&rows), plane))
            }
        }
    }
}

/// All rows of a level.
fn whole<T: Coefficient>(
    bands: &Bands<'_, T>,
    area: &Rectangle,
    threads: usize,
) -> Result<Plane<T>> {
    let (width, height) = (area.width(), area.height());
    if bands.are_zero() {
        return Ok(Plane::zero(width, height));
    }
    if threads < 2 || width * height < SAMPLES_OF_A_LEVEL {
        let mut plane = Plane::default();
        synthesize(bands, area, 0..height, &mut plane)?;
        return Ok(plane);
    }
    let mut plane = Plane::any(width, height)?;
    let pieces = plane.samples.chunks_mut((ROWS_AT_A_TIME * width).max(1)).enumerate().collect();
    share(pieces, threads, Plane::default, |scratch, (number, out): (usize, &mut [T])| {
        let first = number * ROWS_AT_A_TIME;
        let rows = first..(first + ROWS_AT_A_TIME).min(height);
        let around = rows_around::<T>(&rows, height);
        synthesize(bands, area, around.clone(), scratch)?;
        let found = scratch.samples.get((first - around.start) * width..).unwrap_or_default();
        out.iter_mut().zip(found).for_each(|(out, found)| *out = *found);
        Ok(())
    })?;
    Ok(plane)
}
