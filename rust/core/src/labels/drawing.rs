//! Closed contours as masks: many structures, on all cores.

use std::cmp::Ordering::Equal;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use super::covering::enclosed_area;
use super::outline::{Added, Plane, Scale};
use super::placed::PlacedContours;
use crate::error::{LabelFault, Result};
use crate::memory::{filled, push, resize};
use crate::workers::{Tick, Workers, fill_each};

/// Along each side of a voxel, samples that decide which part of it is inside.
const SAMPLES: usize = 8;

/// Outlines before one that it is compared with: those of a size are few.
const MOST_COMPARED: usize = 8;

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
    /// What was noticed of each structure.
    pub structures: Vec<Noticed>,
}

/// What was noticed while a structure was drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Contours cross themselves.
    pub is_crossing_itself: bool,
    /// Contours lie partly in others of their plane, and what they share is outside.
    pub is_overlapping: bool,
    /// Contours are around the same voxels as others of their plane, which are outside for that.
    pub is_cancelling: bool,
    /// There is a voxel in it.
    pub has_voxels: bool,
}

impl Noticed {
    fn bits(self) -> u8 {
        u8::from(self.is_crossing_itself)
            | u8::from(self.is_overlapping) << 1
            | u8::from(self.is_cancelling) << 2
            | u8::from(self.has_voxels) << 3
    }

    fn of_bits(bits: u8) -> Noticed {
        Noticed {
            is_crossing_itself: bits & 1 != 0,
            is_overlapping: bits & 2 != 0,
            is_cancelling: bits & 4 != 0,
            has_voxels: bits & 8 != 0,
        }
    }

    /// What the outlines of one plane show, those before the others that larger ones enclose.
    fn of(added: &[Added]) -> Noticed {
        let mut noticed = Noticed::default();
        let is_same = |one: &Added, other: &Added| {
            (one.inside_count, one.sums) == (other.inside_count, other.sums)
        };
        for (index, one) in added.iter().enumerate() {
            noticed.is_crossing_itself |= one.is_crossing_itself;
            noticed.is_overlapping |= 0 < one.shared_count && one.shared_count < one.inside_count;
            // Of those before, sorted by size, the last ones alone can be as large.
            noticed.is_cancelling |= one.inside_count > 0
                && one.shared_count == one.inside_count
                && added.iter().take(index).rev().take(MOST_COMPARED).any(|it| is_same(one, it));
        }
        noticed
    }
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
    let noticed: Vec<AtomicU8> = drawings.iter().map(|_| AtomicU8::new(0)).collect();
    fill_each(targets, workers, tick, Scratch::default, |scratch, index, target| {
        let job = work.get(index).map_or(&[][..], |job| job);
        for own in job.chunk_by(|(a, _), (b, _)| a == b) {
            let Some(drawing) = own.first().and_then(|(index, _)| drawings.get(*index)) else {
                continue;
            };
            let group = Group { drawing, contours: own, canvas };
            let (found, shared) = match voxels {
                Voxels::Fractions => (group.draw_fractions(scratch, target)?, 0),
                _ => group.draw(scratch, target)?,
            };
            overlap.fetch_add(shared, Ordering::Relaxed);
            if let Some(noticed) = own.first().and_then(|(index, _)| noticed.get(*index)) {
                noticed.fetch_or(found.bits(), Ordering::Relaxed);
            }
        }
        Ok(())
    })?;
    let structures = noticed.into_iter().map(|bits| Noticed::of_bits(bits.into_inner())).collect();
    Ok(Drawn { overlap_count: overlap.into_inner(), structures })
}

fn nothing(drawings: &[Drawing<'_>]) -> Drawn {
    Drawn { overlap_count: 0, structures: vec![Noticed::default(); drawings.len()] }
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
    /// The contours of a plane, the largest first.
    order: Vec<(f64, usize)>,
    added: Vec<Added>,
}

/// The contours of one structure in one plane.
struct Group<'a> {
    drawing: &'a Drawing<'a>,
    contours: &'a [Own],
    canvas: &'a Canvas,
}

impl Group<'_> {
    /// Sorts the contours, so that none lies in one after it: then those that lie partly in others
    /// are seen. Their order changes nothing of the mask.
    fn start(&self, scratch: &mut Scratch) -> Result<()> {
        let [_, row, column] = self.canvas.axes;
        scratch.order.clear();
        scratch.added.clear();
        for (_, contour) in self.contours {
            let points = self.drawing.contours.contour(*contour);
            let is_one = self.contours.len() == 1;
            let area = if is_one { 0.0 } else { enclosed_area(points, [row, column]) };
            push(&mut scratch.order, (area, *contour))?;
        }
        scratch.order.sort_unstable_by(|(one, first), (other, second)| {
            other.partial_cmp(one).unwrap_or(Equal).then(first.cmp(second))
        });
        resize(&mut scratch.added, scratch.order.len())
    }

    fn add(&self, scratch: &mut Scratch, scale: Scale) -> Result<()> {
        let [_, row, column] = self.canvas.axes;
        for ((_, contour), added) in scratch.order.iter().zip(&mut scratch.added) {
            let points = self.drawing.contours.contour(*contour);
            added.join(scratch.plane.add(points, [row, column], scale)?);
        }
        Ok(())
    }

    /// Draws into a plane of whole numbers. Returns what was noticed, and how many voxels had
    /// another value.
    fn draw(&self, scratch: &mut Scratch, target: &mut [u8]) -> Result<(Noticed, u64)> {
        let [_, rows, columns] = self.canvas.shape;
        scratch.plane.start(rows, columns)?;
        self.start(scratch)?;
        self.add(scratch, Scale::SAME)?;
        let mut noticed = Noticed::of(&scratch.added);
        let mut shared = 0;
        let value = if self.canvas.voxels == Voxels::Masks { 1 } else { self.drawing.value };
        scratch.plane.rows(|row, first, mask| {
            let start = row * columns + first;
            let found = if self.canvas.voxels == Voxels::LabelMap16 {
                let bytes = target.get_mut(2 * start..2 * (start + mask.len()));
                let (voxels, _) = bytes.unwrap_or_default().as_chunks_mut::<2>();
                put(mask, voxels, value.to_ne_bytes(), [0; 2])
            } else {
                let voxels = target.get_mut(start..start + mask.len()).unwrap_or_default();
                put(mask, voxels, value as u8, 0)
            };
            shared += found.0;
            noticed.has_voxels |= found.1;
        });
        Ok((noticed, shared))
    }

    /// Draws into a plane of floats.
    fn draw_fractions(&self, scratch: &mut Scratch, target: &mut [u8]) -> Result<Noticed> {
        let [_, _, columns] = self.canvas.shape;
        let (voxels, _) = target.as_chunks_mut::<4>();
        self.start(scratch)?;
        let mut has_voxels = false;
        for (row, voxels) in voxels.chunks_exact_mut(columns.max(1)).enumerate() {
            scratch.plane.start(SAMPLES, columns.saturating_mul(SAMPLES))?;
            self.add(scratch, Scale::finer(SAMPLES, row))?;
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
                has_voxels |= *count != 0;
                let part = f32::from(*count) / (SAMPLES * SAMPLES) as f32;
                *voxel = part.to_ne_bytes();
            }
        }
        Ok(Noticed { has_voxels, ..Noticed::of(&scratch.added) })
    }
}

/// Puts `value` where `mask` is set. Returns how many voxels had another one, and whether any is
/// set.
fn put<T: Copy + PartialEq>(mask: &[u8], voxels: &mut [T], value: T, nothing: T) -> (u64, bool) {
    let (mut shared, mut any) = (0, 0);
    for (voxel, is_inside) in voxels.iter_mut().zip(mask) {
        any |= *is_inside;
        if *is_inside != 0 {
            shared += u64::from(*voxel != nothing && *voxel != value);
            *voxel = value;
        }
    }
    (shared, any != 0)
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
        let noticed = Noticed { has_voxels: true, ..Noticed::default() };
        assert_eq!(found, Drawn { overlap_count: 1, structures: vec![noticed; 2] });
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

    #[test]
    fn contours_that_share_voxels_with_others_are_noticed() {
        let outer = (0.0, 0.5, 0.5, 5.0);
        #[rustfmt::skip]
        let table = [
            ("a hole", vec![outer, (0.0, 1.5, 1.5, 2.0)], (false, false)),
            ("a hole before", vec![(0.0, 1.5, 1.5, 2.0), outer], (false, false)),
            ("beside", vec![outer, (0.0, 0.5, 5.5, 2.0)], (false, false)),
            ("partly", vec![outer, (0.0, 3.5, 3.5, 4.0)], (true, false)),
            ("the same voxels", vec![outer, (0.0, 0.7, 0.7, 4.6)], (false, true)),
            ("in other planes", vec![outer, (1.0, 3.5, 3.5, 4.0)], (false, false)),
        ];
        for (name, all, expected) in table {
            let contours = squares(&all);
            let planes = all.iter().map(|square| Some(square.0 as usize)).collect();
            let drawings = [Drawing { contours: &contours, planes, value: 1 }];
            for voxels in [Voxels::Masks, Voxels::LabelMap16] {
                let (_, found) = drawn(&drawings, voxels, [2, 9, 9]);
                let found = found.structures[0];
                assert_eq!((found.is_overlapping, found.is_cancelling), expected, "{name}");
                assert_eq!(found.has_voxels, name != "the same voxels", "{name}");
                assert_eq!(Noticed::of_bits(found.bits()), found);
            }
            let (_, found) = drawn(&drawings, Voxels::Fractions, [2, 9, 9]);
            assert_eq!(found.structures[0].is_overlapping, expected.0, "{name}");
            assert!(found.structures[0].has_voxels);
        }
        let tiny = squares(&[(0.0, 1.2, 1.2, 0.3)]);
        let drawings = [Drawing { contours: &tiny, planes: vec![Some(0)], value: 1 }];
        let (_, found) = drawn(&drawings, Voxels::Masks, [1, 4, 4]);
        assert_eq!(found.structures, [Noticed::default()]);
    }
}
