//! Masks between two planes, by their signed distances from the outline: where the outline would
//! be if it moved evenly from one plane to the next.

use crate::error::{LabelFault, Result};
use crate::memory::{filled, push};
use crate::workers::{Tick, Workers, fill_each};

/// A plane to be filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between {
    /// The planes below and above, of those that are given.
    pub planes: [usize; 2],
    /// How far it is from the one below, as a part of their distance.
    pub part: f64,
}

/// Fills planes of masks, one after the other, from masks of other planes.
///
/// `masks` are planes of `rows` times `columns` voxels, 0 outside and anything else inside;
/// `spacing` is how far rows and columns are apart.
///
/// # Errors
///
/// If `masks` or `out` have other lengths, or there are no such planes.
pub fn fill_between(
    masks: &[u8],
    shape: [usize; 2],
    spacing: [f64; 2],
    between: &[Between],
    out: &mut [u8],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<()> {
    let length = shape[0].saturating_mul(shape[1]);
    let room = || LabelFault::ArrayRoom { length: out.len() };
    if length == 0 || out.len() != length.saturating_mul(between.len()) {
        return if out.is_empty() { Ok(()) } else { Err(room().into()) };
    }
    let mut pairs = Vec::new();
    for one in between {
        let [below, above] = one.planes.map(|plane| plane_of(masks, plane, length));
        let pair = below.zip(above).ok_or_else(room)?;
        push(&mut pairs, (pair, one.part))?;
    }
    let mut targets = Vec::new();
    for target in out.chunks_exact_mut(length) {
        push(&mut targets, target)?;
    }
    fill_each(
        targets,
        workers,
        tick,
        || (),
        |(), index, target| {
            let Some(((below, above), part)) = pairs.get(index) else { return Ok(()) };
            let (below, above) =
                (distances(below, shape, spacing)?, distances(above, shape, spacing)?);
            for ((voxel, below), above) in target.iter_mut().zip(&below).zip(&above) {
                let distance = below + (above - below) * *part;
                *voxel = u8::from(distance < 0.0);
            }
            Ok(())
        },
    )
}

fn plane_of(masks: &[u8], plane: usize, length: usize) -> Option<&[u8]> {
    masks.get(plane.checked_mul(length)?..)?.get(..length)
}

/// How far each voxel's centre is from the outline, about halfway between voxels inside and
/// outside: negative inside. Without any voxel inside, far away.
fn distances(mask: &[u8], shape: [usize; 2], spacing: [f64; 2]) -> Result<Vec<f64>> {
    let to_inside = squares(mask, shape, spacing, |voxel| voxel != 0)?;
    let mut distances = squares(mask, shape, spacing, |voxel| voxel == 0)?;
    let half = 0.25 * (spacing[0] + spacing[1]);
    for (distance, inside) in distances.iter_mut().zip(to_inside) {
        // One of the two is 0.
        *distance = if inside > 0.0 { inside.sqrt() - half } else { half - distance.sqrt() };
    }
    Ok(distances)
}

/// Larger than any distance, and small enough to calculate with.
const FAR: f64 = 1e12;

/// The square of the distance from each voxel to the nearest one that counts, exactly: along
/// columns first, then along rows by the lower envelope of parabolas.
fn squares(
    mask: &[u8],
    [rows, columns]: [usize; 2],
    [row_spacing, column_spacing]: [f64; 2],
    counts: impl Fn(u8) -> bool,
) -> Result<Vec<f64>> {
    let mut squares: Vec<f64> = filled(rows.saturating_mul(columns))?;
    for (square, voxel) in squares.iter_mut().zip(mask) {
        *square = if counts(*voxel) { 0.0 } else { FAR };
    }
    let mut scratch = Scratch::default();
    let mut line: Vec<f64> = filled(rows)?;
    for column in 0..columns {
        let own = squares.iter().skip(column).step_by(columns);
        line.iter_mut().zip(own).for_each(|(to, from)| *to = *from);
        scratch.along(&mut line, row_spacing)?;
        let own = squares.iter_mut().skip(column).step_by(columns);
        own.zip(&line).for_each(|(to, from)| *to = *from);
    }
    for row in squares.chunks_exact_mut(columns.max(1)) {
        scratch.along(row, column_spacing)?;
    }
    Ok(squares)
}

/// What is used again for the next line.
#[derive(Default)]
struct Scratch {
    before: Vec<f64>,
    /// Lowest points of the parabolas of the envelope, and from where on each is the lowest.
    hull: Vec<(usize, f64)>,
}

impl Scratch {
    /// Replaces each value by the least of all values plus the square of their distance.
    fn along(&mut self, line: &mut [f64], spacing: f64) -> Result<()> {
        self.before.clear();
        self.hull.clear();
        for value in line.iter() {
            push(&mut self.before, *value)?;
        }
        let value = |index: usize| self.before.get(index).copied().unwrap_or(FAR);
        let place = |index: usize| index as f64 * spacing;
        for index in 0..self.before.len() {
            let mut start = f64::NEG_INFINITY;
            while let Some((last, from)) = self.hull.last().copied() {
                let (a, b) = (place(last), place(index));
                let meet = (value(index) + b * b - value(last) - a * a) / (2.0 * (b - a));
                if meet > from {
                    start = meet;
                    break;
                }
                self.hull.pop();
            }
            push(&mut self.hull, (index, start))?;
        }
        let mut hull = self.hull.iter().peekable();
        let mut lowest = 0;
        for (index, square) in line.iter_mut().enumerate() {
            while let Some((next, from)) = hull.peek()
                && *from <= place(index)
            {
                lowest = *next;
                hull.next();
            }
            let distance = place(index) - place(lowest);
            *square = value(lowest) + distance * distance;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_to_the_nearest() {
        let (rows, columns, spacing) = (7, 9, [2.0, 0.5]);
        let mask: Vec<u8> = (0..rows * columns).map(|index| u8::from(index % 17 == 3)).collect();
        let found = squares(&mask, [rows, columns], spacing, |voxel| voxel != 0).unwrap();
        for row in 0..rows {
            for column in 0..columns {
                let expected = (0..rows * columns)
                    .filter(|index| mask[*index] != 0)
                    .map(|index| {
                        let down = (index / columns).abs_diff(row) as f64 * spacing[0];
                        let across = (index % columns).abs_diff(column) as f64 * spacing[1];
                        down * down + across * across
                    })
                    .fold(f64::INFINITY, f64::min);
                assert!((found[row * columns + column] - expected).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn an_outline_moves_evenly() {
        // In one row: voxels 2 to 4 below, 6 to 8 above.
        let mut masks = vec![0; 22];
        masks[2..5].fill(1);
        masks[11 + 6..11 + 9].fill(1);
        let at = |part: f64| Between { planes: [0, 1], part };
        let between = [at(0.0), at(1.0), at(0.5)];
        let mut out = vec![9; 33];
        let workers = Workers::for_computing(Some(2));
        let (shape, spacing) = ([1, 11], [1.0, 1.0]);
        fill_between(&masks, shape, spacing, &between, &mut out, workers, &mut |_| true).unwrap();
        assert_eq!(out[..22], masks);
        // A disc that grows.
        masks.fill(0);
        masks[5] = 1;
        masks[11 + 1..11 + 10].fill(1);
        fill_between(&masks, shape, spacing, &between, &mut out, workers, &mut |_| true).unwrap();
        assert_eq!(out[22..], [0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn planes_that_are_not_there_are_errors() {
        let workers = Workers::for_computing(Some(1));
        for (planes, length) in [([0, 2], 4), ([usize::MAX, 0], 4), ([0, 1], 3), ([0, 1], 5)] {
            let between = [Between { planes, part: 0.5 }];
            let mut out = vec![0; length];
            let (masks, shape) = ([1; 8], [2, 2]);
            let found =
                fill_between(&masks, shape, [1.0; 2], &between, &mut out, workers, &mut |_| true);
            assert!(found.is_err(), "{planes:?} {length}");
        }
    }
}
