//! Closed contours as masks: many structures, on all cores.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::outline::{Plane, Scale};
use super::placed::PlacedContours;
use crate::error::{LabelFault, Result};
use crate::memory::{filled, push, resize};
use crate::workers::{Tick, Workers, fill_each};

/// Along each side of a voxel, samples that decide which part of it is inside.
const SAMPLES: usize = 8;

/// The contours of a structure, and the planes that they are drawn in.
#[derive(Clone, Debug)]
pub struct Drawing<'a> {
    /// All of its contours.
    pub contours: &'a PlacedContours,
    /// The plane of each; `None` for those that are not drawn.
    pub planes: Vec<Option<usize>>,
    /// What voxels inside have, in a label map.
    pub value: u16,
}

/// What voxels of the array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voxels {
    /// One array for all structures, 8 bits a voxel: the value of the last one that is there.
    LabelMap8,
    /// The same in 16 bits.
    LabelMap16,
    /// An array for each structure, 8 bits a voxel: 1 inside.
    Masks,
    /// An array for each structure, 32-bit floats: the part of the voxel's area that is inside.
    Fractions,
}

impl Voxels {
    /// Bytes of a voxel.
    pub fn size(self) -> usize {
        match self {
            Voxels::LabelMap8 | Voxels::Masks => 1,
            Voxels::LabelMap16 => 2,
            Voxels::Fractions => 4,
        }
    }

    fn is_label_map(self) -> bool {
        matches!(self, Voxels::LabelMap8 | Voxels::LabelMap16)
    }
}

/// The array that is drawn into: planes one after the other, each of rows of columns.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    /// Planes, rows and columns.
    pub shape: [usize; 3],
    /// Which coordinates of the contours they count.
    pub axes: [usize; 3],
    /// What voxels are.
    pub voxels: Voxels,
}

/// What was noticed while drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Voxels of a label map that several structures claim.
    pub overlap_count: u64,
    /// Whether contours of each structure cross themselves.
    pub are_crossing: Vec<bool>,
}

/// Draws closed contours by the even-odd rule into `out`, whose voxels are zero.
///
/// # Errors
///
/// If `out` has another length than the canvas, there is no memory, or the user stopped it.
pub fn draw(
    drawings: &[Drawing<'_>],
    canvas: &Canvas,
    out: &mut [u8],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Drawn> {
    let [plane_count, rows, columns] = canvas.shape;
    let voxels = canvas.voxels;
    let arrays = if voxels.is_label_map() { 1 } else { drawings.len() };
    let length = rows.saturating_mul(columns).saturating_mul(voxels.size());
    let count = plane_count.saturating_mul(arrays);
    if out.len() != length.saturating_mul(count) || length == 0 {
        let is_nothing = out.is_empty() && length.saturating_mul(count) == 0;
        let room = LabelFault::ContourRoom { count: drawings.len() };
        return if is_nothing { Ok(nothing(drawings)) } else { Err(room.into()) };
    }
    let jobs = jobs(drawings, plane_count, count, voxels)?;
    let mut work = Vec::new();
    let mut targets = Vec::new();
    for (job, target) in jobs.iter().zip(out.chunks_exact_mut(length)) {
        if !job.is_empty() {
            push(&mut work, job)?;
            push(&mut targets, target)?;
        }
    }
    let overlap = AtomicU64::new(0);
    let are_crossing: Vec<AtomicBool> = drawings.iter().map(|_| AtomicBool::new(false)).collect();
    fill_each(targets, workers, tick, Scratch::default, |scratch, index, target| {
        let job = work.get(index).map_or(&[][..], |job| job);
        for own in job.chunk_by(|(a, _), (b, _)| a == b) {
            let Some(drawing) = own.first().and_then(|(index, _)| drawings.get(*index)) else {
                continue;
            };
            let group = Group { drawing, contours: own, canvas };
            let (is_simple, shared) = match voxels {
                Voxels::Fractions => (group.draw_fractions(scratch, target)?, 0),
                _ => group.draw(scratch, target)?,
            };
            overlap.fetch_add(shared, Ordering::Relaxed);
            let crossing = own.first().and_then(|(index, _)| are_crossing.get(*index));
            if let (false, Some(crossing)) = (is_simple, crossing) {
                crossing.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    })?;
    let are_crossing = are_crossing.into_iter().map(AtomicBool::into_inner).collect();
    Ok(Drawn { overlap_count: overlap.into_inner(), are_crossing })
}

fn nothing(drawings: &[Drawing<'_>]) -> Drawn {
    Drawn { overlap_count: 0, are_crossing: vec![false; drawings.len()] }
}

/// A structure and one of its contours, by their numbers.
type Own = (usize, usize);

/// What is drawn into each plane of each array.
fn jobs(
    drawings: &[Drawing<'_>],
    plane_count: usize,
    count: usize,
    voxels: Voxels,
) -> Result<Vec<Vec<Own>>> {
    let mut jobs: Vec<Vec<Own>> = filled(count)?;
    for (number, drawing) in drawings.iter().enumerate() {
        let first = if voxels.is_label_map() { 0 } else { number * plane_count };
        for (contour, plane) in drawing.planes.iter().enumerate() {
            let plane = plane.filter(|plane| *plane < plane_count);
            if let Some(job) = plane.and_then(|plane| jobs.get_mut(first + plane)) {
                push(job, (number, contour))?;
            }
        }
    }
    Ok(jobs)
}

/// What a thread uses again.
#[derive(Default)]
struct Scratch {
    plane: Plane,
    counts: Vec<u16>,
}

/// The contours of one structure in one plane.
struct Group<'a> {
    drawing: &'a Drawing<'a>,
    contours: &'a [Own],
    canvas: &'a Canvas,
}

impl Group<'_> {
    fn add(&self, plane: &mut Plane, scale: Scale) -> Result<bool> {
        let [_, row, column] = self.canvas.axes;
        let mut is_simple = true;
        for (_, contour) in self.contours {
            let points = self.drawing.contours.contour(*contour);
            is_simple &= plane.add(points, [row, column], scale)?;
        }
        Ok(is_simple)
    }

    /// Draws into a plane of whole numbers. Returns whether no contour crosses itself, and how many
    /// voxels had another value.
    fn draw(&self, scratch: &mut Scratch, target: &mut [u8]) -> Result<(bool, u64)> {
        let [_, rows, columns] = self.canvas.shape;
        let plane = &mut scratch.plane;
        plane.start(rows, columns)?;
        let is_simple = self.add(plane, Scale::SAME)?;
        let mut shared = 0;
        let value = if self.canvas.voxels == Voxels::Masks { 1 } else { self.drawing.value };
        plane.rows(|row, first, mask| {
            let start = row * columns + first;
            if self.canvas.voxels == Voxels::LabelMap16 {
                let bytes = target.get_mut(2 * start..2 * (start + mask.len()));
                let (voxels, _) = bytes.unwrap_or_default().as_chunks_mut::<2>();
                let (value, zero) = (value.to_ne_bytes(), [0; 2]);
                shared += put(mask, voxels, value, zero);
            } else {
                let voxels = target.get_mut(start..start + mask.len()).unwrap_or_default();
                shared += put(mask, voxels, value as u8, 0);
            }
        });
        Ok((is_simple, shared))
    }

    /// Draws into a plane of floats.
    fn draw_fractions(&self, scratch: &mut Scratch, target: &mut [u8]) -> Result<bool> {
        let [_, _, columns] = self.canvas.shape;
        let (voxels, _) = target.as_chunks_mut::<4>();
        let mut is_simple = true;
        for (row, voxels) in voxels.chunks_exact_mut(columns.max(1)).enumerate() {
            scratch.plane.start(SAMPLES, columns.saturating_mul(SAMPLES))?;
            is_simple &= self.add(&mut scratch.plane, Scale::finer(SAMPLES, row))?;
            scratch.counts.clear();
            resize(&mut scratch.counts, columns)?;
            let counts = &mut scratch.counts;
            scratch.plane.rows(|_, first, mask| {
                for (distance, sample) in mask.iter().enumerate() {
                    if let Some(count) = counts.get_mut((first + distance) / SAMPLES) {
                        *count += u16::from(*sample & 1);
                    }
                }
            });
            for (voxel, count) in voxels.iter_mut().zip(counts) {
                let part = f32::from(*count) / (SAMPLES * SAMPLES) as f32;
                *voxel = part.to_ne_bytes();
            }
        }
        Ok(is_simple)
    }
}

/// Puts `value` where `mask` is set. Returns how many voxels had another one.
fn put<T: Copy + PartialEq>(mask: &[u8], voxels: &mut [T], value: T, nothing: T) -> u64 {
    let mut shared = 0;
    for (voxel, is_inside) in voxels.iter_mut().zip(mask) {
        if *is_inside != 0 {
            shared += u64::from(*voxel != nothing && *voxel != value);
            *voxel = value;
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME: [[f64; 4]; 3] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];

    /// Squares from (row, column) on, of a side, in a plane.
    fn squares(all: &[(f64, f64, f64, f64)]) -> PlacedContours {
        let square = |&(plane, row, column, side): &(f64, f64, f64, f64)| {
            let (end, right) = (row + side, column + side);
            [[plane, row, column], [plane, row, right], [plane, end, right], [plane, end, column]]
        };
        let points: Vec<f64> = all.iter().flat_map(square).flatten().collect();
        PlacedContours::new(&points, &vec![4; all.len()], &SAME).unwrap()
    }

    fn drawn(drawings: &[Drawing<'_>], voxels: Voxels, shape: [usize; 3]) -> (Vec<u8>, Drawn) {
        let arrays = if voxels.is_label_map() { 1 } else { drawings.len() };
        let mut out = vec![0; arrays * shape.iter().product::<usize>() * voxels.size()];
        let canvas = Canvas { shape, axes: [0, 1, 2], voxels };
        let workers = Workers::for_computing(Some(2));
        let found = draw(drawings, &canvas, &mut out, workers, &mut |_| true).unwrap();
        (out, found)
    }

    #[test]
    fn structures_share_a_label_map_or_have_masks() {
        let (a, b) = (
            squares(&[(0.0, -0.5, -0.5, 2.0), (1.0, 0.5, 0.5, 1.0)]),
            squares(&[(0.0, 0.5, 0.5, 2.0)]),
        );
        let drawings = [
            Drawing { contours: &a, planes: vec![Some(0), Some(1)], value: 5 },
            Drawing { contours: &b, planes: vec![Some(0)], value: 300 },
        ];
        let shape = [2, 3, 3];
        let (bytes, found) = drawn(&drawings, Voxels::LabelMap16, shape);
        let values: Vec<u16> =
            bytes.as_chunks::<2>().0.iter().map(|value| u16::from_ne_bytes(*value)).collect();
        #[rustfmt::skip]
        assert_eq!(values, [
            5, 5, 0,    5, 300, 300,  0, 300, 300,
            0, 0, 0,    0, 5, 0,      0, 0, 0,
        ]);
        assert_eq!(found, Drawn { overlap_count: 1, are_crossing: vec![false; 2] });
        let (masks, found) = drawn(&drawings, Voxels::Masks, shape);
        #[rustfmt::skip]
        assert_eq!(masks, [
            1, 1, 0,  1, 1, 0,  0, 0, 0,    0, 0, 0,  0, 1, 0,  0, 0, 0,
            0, 0, 0,  0, 1, 1,  0, 1, 1,    0, 0, 0,  0, 0, 0,  0, 0, 0,
        ]);
        assert_eq!(found.overlap_count, 0);
        let (small, _) = drawn(&drawings[..1], Voxels::LabelMap8, shape);
        assert_eq!(small[..9], [5, 5, 0, 5, 5, 0, 0, 0, 0]);
    }

    #[test]
    fn fractions_are_parts_of_voxels() {
        let half = squares(&[(0.0, -0.5, -0.25, 1.0)]);
        let drawings = [Drawing { contours: &half, planes: vec![Some(0)], value: 1 }];
        let (bytes, _) = drawn(&drawings, Voxels::Fractions, [1, 2, 2]);
        let values: Vec<f32> =
            bytes.as_chunks::<4>().0.iter().map(|value| f32::from_ne_bytes(*value)).collect();
        assert_eq!(values, [0.75, 0.25, 0.0, 0.0]);
    }

    #[test]
    fn planes_that_are_not_there_are_left_out_and_other_lengths_are_errors() {
        let one = squares(&[(0.0, 0.0, 0.0, 1.0)]);
        for planes in [vec![None], vec![Some(1)], vec![]] {
            let drawings = [Drawing { contours: &one, planes, value: 1 }];
            assert!(drawn(&drawings, Voxels::Masks, [1, 2, 2]).0.iter().all(|value| *value == 0));
        }
        let drawings = [Drawing { contours: &one, planes: vec![Some(0)], value: 1 }];
        let canvas = Canvas { shape: [1, 2, 2], axes: [0, 1, 2], voxels: Voxels::Masks };
        let workers = Workers::for_computing(Some(1));
        for length in [0, 3, 5] {
            assert!(
                draw(&drawings, &canvas, &mut vec![0; length], workers, &mut |_| true).is_err()
            );
        }
        assert!(draw(&[], &canvas, &mut [], workers, &mut |_| true).is_ok());
    }
}
