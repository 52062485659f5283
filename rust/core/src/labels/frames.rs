//! Frames of segmentations (PS3.3 §C.8.20) into an array, each where its place is: read, decoded
//! and put there on all cores, without an array between.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::drawing::Voxels;
use crate::codec::DecodeOptions;
use crate::dataset::{FileBytes, OpenBytes};
use crate::encapsulation::Frames;
use crate::error::{Error, Family, LabelFault, Result};
use crate::image_description::{ImageDescription, SampleType};
use crate::memory::{filled, push, resize};
use crate::pixel::{
    EncapsulatedPixels, FrameOptions, FrameScratch, NativePixels, Remark, Rescale, Wanted,
};
use crate::source::AlignedBuffer;
use crate::workers::{Tick, Workers, fill_each};

/// The pixels of a segmentation.
#[derive(Clone, Copy)]
pub enum SegmentationPixels<'a> {
    /// Native ones.
    Native(&'a NativePixels),
    /// Compressed ones, and their frames.
    Encapsulated(&'a EncapsulatedPixels, &'a Frames),
}

impl SegmentationPixels<'_> {
    fn description(&self) -> &ImageDescription {
        match self {
            SegmentationPixels::Native(pixels) => &pixels.description,
            SegmentationPixels::Encapsulated(pixels, _) => &pixels.description,
        }
    }
}

/// Where a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramePlace {
    /// Which frame, from 0.
    pub frame: u64,
    /// Which plane of the array, counted through all arrays.
    pub plane: usize,
    /// Where its first pixel is in that plane, counted in voxels; it may lie outside.
    pub first: i64,
    /// How many voxels it is from one row, and from one column, to the next.
    pub steps: [i64; 2],
    /// Of its rows, the first that is in the plane, and the one behind the last.
    pub rows: [usize; 2],
    /// The same of its columns.
    pub columns: [usize; 2],
    /// What its pixels become in a label map.
    pub value: u16,
}

/// What numbers of no segment become: more than any label has.
pub const UNKNOWN: u32 = u32::MAX;

/// What the pixels of a frame mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Whether the segment is there (BINARY).
    Binary,
    /// How much of the highest value is there (FRACTIONAL); whole numbers are half of it or more.
    Fraction {
        /// Maximum Fractional Value.
        most: u16,
    },
    /// The number of a segment (LABELMAP), which is looked up: 0 for nothing.
    Numbers {
        /// The value of each; those of [`UNKNOWN`], and numbers behind the last, are of no segment.
        values: Vec<u32>,
    },
}

/// A frame that is damaged.
#[derive(Clone, Debug)]
pub struct DamagedFrame {
    /// Which one, from 0.
    pub frame: u64,
    /// Why, with the frame.
    pub error: Error,
}

/// What was noticed while frames were read.
#[derive(Clone, Debug, Default)]
pub struct ReadFrames {
    /// Voxels of a label map that several segments claim.
    pub overlap_count: u64,
    /// Pixels of segments that lie outside of the array.
    pub outside_count: u64,
    /// Pixels whose number is that of no segment, or more than the highest fraction.
    pub unknown_count: u64,
    /// Pixels that are neither nothing nor all.
    pub partial_count: u64,
    /// Frames that are damaged, by their numbers: those of which nothing can be read are left out,
    /// and of the others there is what can be read.
    pub damaged: Vec<DamagedFrame>,
}

/// Puts frames into `out`: planes of `plane_length` voxels, one after the other. Of frames that
/// share voxels, the last in the order of `places` is there.
///
/// # Errors
///
/// If a frame is larger than its place, there is no such frame or plane, or the file is gone or has
/// been changed.
#[expect(clippy::too_many_arguments, reason = "what is read, where to and how")]
pub fn place_frames(
    pixels: SegmentationPixels<'_>,
    bytes: &FileBytes,
    places: &[FramePlace],
    meaning: &Meaning,
    voxels: Voxels,
    plane_length: usize,
    out: &mut [u8],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<ReadFrames> {
    let description = pixels.description();
    let (rows, columns) = (description.rows, description.columns);
    let length = plane_length.saturating_mul(voxels.size()).max(1);
    let mut groups: Vec<Vec<&FramePlace>> = filled(out.len() / length)?;
    for place in places {
        check(place, rows, columns, plane_length)?;
        let group = groups.get_mut(place.plane).ok_or(LabelFault::FrameLarger { rows, columns })?;
        push(group, place)?;
    }
    let (mut work, mut targets) = (Vec::new(), Vec::new());
    for (group, target) in groups.into_iter().zip(out.chunks_exact_mut(length)) {
        if !group.is_empty() {
            push(&mut work, group)?;
            push(&mut targets, target)?;
        }
    }
    let open = OpenBytes::new(bytes)?;
    let (counts, damaged) = (Counts::default(), Mutex::default());
    let job =
        Job { pixels, open: &open, meaning, voxels, columns, counts: &counts, damaged: &damaged };
    let read = fill_each(targets, workers, tick, Scratch::default, |scratch, index, target| {
        let group = work.get(index).map_or(&[][..], |group| group);
        group.iter().try_for_each(|place| job.place(place, scratch, target))
    });
    open.unless_changed(read)?;
    let mut damaged = damaged.into_inner().unwrap_or_else(PoisonError::into_inner);
    damaged.sort_by_key(|found: &DamagedFrame| found.frame);
    // A frame may be put into several places.
    damaged.dedup_by_key(|found| found.frame);
    Ok(ReadFrames { damaged, ..counts.sum() })
}

/// Whether an error is of one frame, so that the others can be read.
fn is_of_frame(error: &Error) -> bool {
    matches!(error.family(), Family::Invalid | Family::Unsupported)
}

/// Checks that all pixels of a place that are to be put there lie in the plane.
fn check(place: &FramePlace, rows: usize, columns: usize, plane_length: usize) -> Result<()> {
    let fault = || LabelFault::FrameLarger { rows, columns }.into();
    let ([top, bottom], [left, right]) = (place.rows, place.columns);
    if top >= bottom || left >= right {
        return Ok(());
    }
    if bottom > rows || right > columns {
        return Err(fault());
    }
    let corners = [(top, left), (top, right - 1), (bottom - 1, left), (bottom - 1, right - 1)];
    let is_inside = corners.into_iter().all(|(row, column)| {
        let voxel = i128::from(place.first)
            + row as i128 * i128::from(place.steps[0])
            + column as i128 * i128::from(place.steps[1]);
        (0..plane_length as i128).contains(&voxel)
    });
    if is_inside { Ok(()) } else { Err(fault()) }
}

#[derive(Default)]
struct Counts {
    overlap: AtomicU64,
    outside: AtomicU64,
    unknown: AtomicU64,
    partial: AtomicU64,
}

impl Counts {
    fn add(&self, found: &ReadFrames) {
        self.overlap.fetch_add(found.overlap_count, Ordering::Relaxed);
        self.outside.fetch_add(found.outside_count, Ordering::Relaxed);
        self.unknown.fetch_add(found.unknown_count, Ordering::Relaxed);
        self.partial.fetch_add(found.partial_count, Ordering::Relaxed);
    }

    fn sum(self) -> ReadFrames {
        ReadFrames {
            overlap_count: self.overlap.into_inner(),
            outside_count: self.outside.into_inner(),
            unknown_count: self.unknown.into_inner(),
            partial_count: self.partial.into_inner(),
            damaged: Vec::new(),
        }
    }
}

/// What a thread uses again.
#[derive(Default)]
struct Scratch {
    bits: AlignedBuffer,
    frame: FrameScratch,
    /// 16-bit numbers of a whole frame.
    numbers: Vec<u8>,
}

struct Job<'a> {
    pixels: SegmentationPixels<'a>,
    open: &'a OpenBytes<'a>,
    meaning: &'a Meaning,
    voxels: Voxels,
    columns: usize,
    counts: &'a Counts,
    damaged: &'a Mutex<Vec<DamagedFrame>>,
}

impl Job<'_> {
    fn place(&self, place: &FramePlace, scratch: &mut Scratch, target: &mut [u8]) -> Result<()> {
        let mut found = ReadFrames::default();
        let mut target = Target { place, voxels: self.voxels, plane: target, found: &mut found };
        match self.put(place.frame, scratch, &mut target) {
            Err(error) if is_of_frame(&error) => self.note(place.frame, error)?,
            other => other?,
        }
        self.counts.add(&found);
        Ok(())
    }

    fn note(&self, frame: u64, error: Error) -> Result<()> {
        let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        push(&mut damaged, DamagedFrame { frame, error: error.in_frame(frame) })
    }

    fn put(&self, frame: u64, scratch: &mut Scratch, target: &mut Target<'_>) -> Result<()> {
        let Scratch { bits, frame: decoding, numbers } = scratch;
        if let (SegmentationPixels::Native(pixels), Meaning::Binary) = (self.pixels, self.meaning)
            && let Some((bits, skipped)) = pixels.frame_bits(frame, self.open, bits)?
        {
            self.put_bits(bits, skipped, target);
        } else {
            self.read(frame, decoding, numbers)?;
            self.put_numbers(numbers, target);
        }
        Ok(())
    }

    /// Reads a frame as 16-bit numbers.
    fn read(&self, frame: u64, scratch: &mut FrameScratch, numbers: &mut Vec<u8>) -> Result<()> {
        let wanted = Wanted { rescale: Rescale::IDENTITY, sample_type: SampleType::U16 };
        let decode = DecodeOptions::default();
        let options = FrameOptions { wanted: Some(wanted), is_raw: false, decode };
        resize(numbers, 2 * self.pixels.description().frame_samples())?;
        match self.pixels {
            SegmentationPixels::Native(pixels) => {
                pixels.read(self.open, frame, 1, &options, scratch, numbers)
            }
            SegmentationPixels::Encapsulated(pixels, frames) => {
                match pixels.decode_frame(frames, frame, self.open, &options, scratch, numbers)? {
                    Some(Remark::Damaged(error)) => self.note(frame, error),
                    Some(Remark::Odd(_)) | None => Ok(()),
                }
            }
        }
    }

    /// Puts a segment's pixels: most rows of a frame have nothing, and most words of the others.
    fn put_bits(&self, bits: &[u8], skipped: usize, target: &mut Target<'_>) {
        let place = target.place;
        for row in 0..self.pixels.description().rows {
            let start = skipped + row * self.columns;
            let bytes = bits.get(start / 8..(start + self.columns).div_ceil(8));
            // Without an early end, so that many bytes are looked at together.
            if bytes.is_some_and(|bytes| bytes.iter().fold(0, |all, byte| all | byte) == 0) {
                continue;
            }
            let mut column = 0;
            while column < self.columns {
                let count = (self.columns - column).min(64);
                let mut word = word_at(bits, start + column) & (u64::MAX >> (64 - count));
                while word != 0 {
                    let first = word.trailing_zeros() as usize;
                    let length = (word >> first).trailing_ones() as usize;
                    target.run(row, column + first, length, place.value);
                    word &= u64::MAX.checked_shl((first + length) as u32).unwrap_or(0);
                }
                column += count;
            }
        }
    }

    fn put_numbers(&self, numbers: &[u8], target: &mut Target<'_>) {
        let (numbers, _) = numbers.as_chunks::<2>();
        for (row, numbers) in numbers.chunks_exact(self.columns.max(1)).enumerate() {
            for (column, number) in numbers.iter().enumerate() {
                let number = u16::from_ne_bytes(*number);
                if number != 0 {
                    self.put_number(row, column, number, target);
                }
            }
        }
    }

    fn put_number(&self, row: usize, column: usize, number: u16, target: &mut Target<'_>) {
        let own = target.place.value;
        match self.meaning {
            Meaning::Binary => target.run(row, column, 1, own),
            Meaning::Numbers { values } => match values.get(usize::from(number)) {
                Some(0) => {}
                Some(&UNKNOWN) => target.found.unknown_count += 1,
                Some(value) => target.run(row, column, 1, *value as u16),
                None => target.found.unknown_count += 1,
            },
            Meaning::Fraction { most } => {
                target.found.partial_count += u64::from(number < *most);
                target.found.unknown_count += u64::from(number > *most);
                if self.voxels == Voxels::Fractions {
                    let part = f32::from(number) / f32::from(*most);
                    target.fraction(row, column, part.min(1.0));
                } else if u32::from(number) * 2 >= u32::from(*most) {
                    target.run(row, column, 1, own);
                }
            }
        }
    }
}

/// 64 bits from a place on, the lowest first; zeros behind the end.
fn word_at(bits: &[u8], start: usize) -> u64 {
    let (byte, shift) = (start / 8, start % 8);
    let rest = bits.get(byte..).unwrap_or_default();
    let low = match rest.first_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => rest.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    };
    match (shift, rest.get(8)) {
        (0, _) | (_, None) => low >> shift,
        (shift, Some(next)) => (low >> shift) | (u64::from(*next) << (64 - shift)),
    }
}

/// The plane that a frame is put into.
struct Target<'a> {
    place: &'a FramePlace,
    voxels: Voxels,
    plane: &'a mut [u8],
    found: &'a mut ReadFrames,
}

impl Target<'_> {
    /// Pixels of a segment in a row, from a column on; what is outside is counted.
    fn run(&mut self, row: usize, column: usize, length: usize, value: u16) {
        let ([top, bottom], [left, right]) = (self.place.rows, self.place.columns);
        if row < top || row >= bottom {
            self.found.outside_count += length as u64;
            return;
        }
        let (first, end) = (column.max(left), (column + length).min(right));
        self.found.outside_count += (length - end.saturating_sub(first).min(length)) as u64;
        let step = self.place.steps[1];
        let Some(start) = self.voxel(row, first) else { return };
        let count = end.saturating_sub(first);
        match self.voxels {
            Voxels::LabelMap8 | Voxels::Masks => {
                let value = if self.voxels == Voxels::Masks { 1 } else { value as u8 };
                self.found.overlap_count += put(self.plane, start, count, step, value, 0);
            }
            Voxels::LabelMap16 => {
                let (plane, _) = self.plane.as_chunks_mut::<2>();
                let value = value.to_ne_bytes();
                self.found.overlap_count += put(plane, start, count, step, value, [0; 2]);
            }
            Voxels::Fractions => {
                let (plane, _) = self.plane.as_chunks_mut::<4>();
                put(plane, start, count, step, 1_f32.to_ne_bytes(), [0; 4]);
            }
        }
    }

    /// A pixel of which a part is there.
    fn fraction(&mut self, row: usize, column: usize, part: f32) {
        let ([top, bottom], [left, right]) = (self.place.rows, self.place.columns);
        if !(top..bottom).contains(&row) || !(left..right).contains(&column) {
            self.found.outside_count += 1;
            return;
        }
        let voxel = self.voxel(row, column);
        let (plane, _) = self.plane.as_chunks_mut::<4>();
        if let Some(voxel) = voxel.and_then(|voxel| plane.get_mut(voxel)) {
            *voxel = part.to_ne_bytes();
        }
    }

    fn voxel(&self, row: usize, column: usize) -> Option<usize> {
        let [by_row, by_column] = self.place.steps;
        // It has been checked that each pixel of the place lies in the plane: only what is on the
        // way to it may be too large. A place without pixels may lie anywhere.
        let along = (row as i64).wrapping_mul(by_row);
        let across = (column as i64).wrapping_mul(by_column);
        usize::try_from(self.place.first.wrapping_add(along).wrapping_add(across)).ok()
    }
}

/// Puts `value` into `count` voxels. Returns how many of them had another one.
fn put<T: Copy + PartialEq>(
    plane: &mut [T],
    start: usize,
    count: usize,
    step: i64,
    value: T,
    nothing: T,
) -> u64 {
    let mut shared = 0;
    let mut one = |voxel: &mut T| {
        shared += u64::from(*voxel != nothing && *voxel != value);
        *voxel = value;
    };
    if step == 1 {
        plane.get_mut(start..start.saturating_add(count)).into_iter().flatten().for_each(one);
        return shared;
    }
    for index in 0..count {
        let voxel = (start as i64).wrapping_add((index as i64).wrapping_mul(step));
        if let Some(voxel) = usize::try_from(voxel).ok().and_then(|voxel| plane.get_mut(voxel)) {
            one(voxel);
        }
    }
    shared
}

#[cfg(test)]
mod tests;
