//! Grids of coefficients or samples, and the memory of those that are no longer needed.
//!
//! A frame of 512 x 512 samples needs 2 MB of planes for two milliseconds. A C library gives such
//! memory back to the system, and a third of the time goes into getting it again, page by page: so
//! a little of it is kept for the next frame.

use std::sync::Mutex;

use crate::error::Result;
use crate::memory::resize;

/// Samples of each type that memory is kept for, 8 MiB: what four threads need for CT slices.
const KEPT_SAMPLES: usize = 1 << 21;
/// Pieces of memory that are kept: 17 for a slice.
const KEPT_COUNT: usize = 68;
/// Samples from which on a plane is kept. Less is never given back to the system.
const FEWEST_SAMPLES: usize = 1 << 10;

/// A grid of coefficients or samples, row by row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plane<T: Spare> {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// All of them.
    pub samples: Vec<T>,
}

impl<T: Spare> Plane<T> {
    /// All zero.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn new(width: usize, height: usize) -> Result<Plane<T>> {
        let count = width.saturating_mul(height);
        let mut samples = spare(count);
        samples.clear();
        resize(&mut samples, count)?;
        Ok(Plane { width, height, samples })
    }

    /// One with any samples, all of which will be replaced.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn any(width: usize, height: usize) -> Result<Plane<T>> {
        let mut plane = Plane::default();
        plane.reset(width, height)?;
        Ok(plane)
    }

    /// All zero, without memory for that: it has no rows.
    pub(crate) fn zero(width: usize, height: usize) -> Plane<T> {
        Plane { width, height, samples: Vec::new() }
    }

    /// Whether it is one of [`Plane::zero`], or has no samples.
    pub(crate) fn is_zero(&self) -> bool {
        self.samples.is_empty()
    }

    /// A row; an empty one of a plane that is zero.
    pub(crate) fn row(&self, row: usize) -> &[T] {
        self.samples
            .get(row * self.width..)
            .and_then(|rest| rest.get(..self.width))
            .unwrap_or_default()
    }

    /// Makes it of this size, with any samples.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn reset(&mut self, width: usize, height: usize) -> Result<()> {
        (self.width, self.height) = (width, height);
        let count = width.saturating_mul(height);
        if self.samples.capacity() < count {
            keep(std::mem::replace(&mut self.samples, spare(count)));
        }
        resize(&mut self.samples, count)
    }

    /// A row, to be changed.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        self.samples
            .get_mut(row * self.width..)
            .and_then(|rest| rest.get_mut(..self.width))
            .unwrap_or_default()
    }
}

impl<T: Spare> Drop for Plane<T> {
    fn drop(&mut self) {
        keep(std::mem::take(&mut self.samples));
    }
}

/// Samples of planes, for which memory is kept.
pub(crate) trait Spare: Copy + Default + 'static {
    /// What is kept. Thread-local memory would need no lock, but its destructor is registered with
    /// memory that must not be refused.
    fn kept() -> &'static Mutex<Kept<Self>>;
}

macro_rules! spare {
    ($type:ty) => {
        impl Spare for $type {
            fn kept() -> &'static Mutex<Kept<$type>> {
                static KEPT: Mutex<Kept<$type>> = Mutex::new(Kept(Vec::new()));
                &KEPT
            }
        }
    };
}

spare!(i32);
spare!(f32);

/// Memory for so many samples, and any samples in it, if some is kept; nothing if not.
fn spare<T: Spare>(count: usize) -> Vec<T> {
    if count < FEWEST_SAMPLES {
        return Vec::new();
    }
    // Who waits for others gains nothing, and in a forked process can wait for ever.
    T::kept().try_lock().map(|mut kept| kept.take(count)).unwrap_or_default()
}

/// Keeps memory for planes to come.
fn keep<T: Spare>(samples: Vec<T>) {
    if samples.capacity() >= FEWEST_SAMPLES
        && let Ok(mut kept) = T::kept().try_lock()
    {
        kept.add(samples);
    }
}

/// Pieces of memory, the oldest first.
pub(crate) struct Kept<T>(Vec<Vec<T>>);

impl<T> Kept<T> {
    /// The smallest piece for so many samples.
    fn take(&mut self, count: usize) -> Vec<T> {
        let fitting = self.0.iter().enumerate().filter(|(_, piece)| piece.capacity() >= count);
        match fitting.min_by_key(|(_, piece)| piece.capacity()).map(|(index, _)| index) {
            Some(index) => self.0.remove(index),
            None => Vec::new(),
        }
    }

    /// Adds a piece, instead of the oldest if it would be too much.
    fn add(&mut self, samples: Vec<T>) {
        let count = samples.capacity();
        if count > KEPT_SAMPLES || self.0.try_reserve(1).is_err() {
            return;
        }
        let mut left: usize = self.0.iter().map(Vec::capacity).sum();
        while self.0.len() >= KEPT_COUNT || left + count > KEPT_SAMPLES {
            left -= self.0.remove(0).capacity();
        }
        self.0.push(samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_plane() {
        let mut plane = Plane::<i32>::new(3, 2).unwrap();
        plane.row_mut(1)[2] = 5;
        assert_eq!(plane.samples, [0, 0, 0, 0, 0, 5]);
        assert_eq!((plane.row(0), plane.row(1)), (&[0, 0, 0][..], &[0, 0, 5][..]));
        assert!(plane.row(2).is_empty() && plane.row_mut(3).is_empty());
    }

    #[test]
    fn memory_is_used_again() {
        let mut kept = Kept(Vec::new());
        for capacity in [3000, 2000, 4000] {
            kept.add(Vec::<i32>::with_capacity(capacity));
        }
        assert_eq!(kept.take(2500).capacity(), 3000, "the smallest that fits");
        assert_eq!(kept.take(5000).capacity(), 0, "none does");
        assert_eq!(kept.0.len(), 2);
        // Whatever was there, new planes are zero.
        for _ in 0..3 {
            let mut plane = Plane::<i32>::new(2000, 3).unwrap();
            assert!(plane.samples.iter().all(|sample| *sample == 0));
            plane.samples.fill(7);
            plane.reset(50, 90).unwrap();
            assert_eq!((plane.samples.len(), plane.row(89).len()), (4500, 50));
            plane.samples.fill(8);
        }
    }

    #[test]
    fn little_memory_is_kept() {
        let mut kept = Kept(Vec::new());
        let capacities = |kept: &Kept<i32>| kept.0.iter().map(Vec::capacity).collect::<Vec<_>>();
        kept.add(Vec::with_capacity(KEPT_SAMPLES + 1));
        assert!(kept.0.is_empty());
        for capacity in [KEPT_SAMPLES].into_iter().chain([1 << 14; KEPT_COUNT + 9]) {
            kept.add(Vec::with_capacity(capacity));
        }
        assert_eq!(capacities(&kept), [1 << 14; KEPT_COUNT], "the oldest make room");
        kept.add(Vec::with_capacity(KEPT_SAMPLES - (1 << 14)));
        assert_eq!(capacities(&kept), [1 << 14, KEPT_SAMPLES - (1 << 14)]);
    }
}
