//! An array at the places of another one's voxels: the nearest value, or linear interpolation.

use super::placed::ToIndex;
use crate::error::{LabelFault, Result};
use crate::image_description::{Half, SampleType};
use crate::memory::push;
use crate::workers::{Tick, Workers, fill_each};

/// How far a place that is halfway between voxels, or on the border of the array, may be off by the
/// arithmetic of affines, in voxels.
const ROUNDING: f64 = 1e-6;

/// How values between voxels are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The value of the nearest voxel, of the type that it has.
    Nearest,
    /// Between the eight voxels around, as 32-bit floats; of values that these do not hold, as
    /// 64-bit ones.
    Linear,
}

/// What is resampled, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Resampling<'a> {
    /// The values, in the machine's byte order.
    pub values: &'a [u8],
    /// Their type.
    pub sample_type: SampleType,
    /// Slices, rows and columns of them.
    pub shape: [usize; 3],
    /// Slices, rows and columns of the result.
    pub to_shape: [usize; 3],
    /// Takes (slice, row, column) of the result to those of the values.
    pub to_index: &'a ToIndex,
    /// How values between voxels are found.
    pub interpolation: Interpolation,
    /// The value where there are none.
    pub fill: f64,
    /// Along each axis of the values, whether the later one of two that are equally near counts.
    /// Who wants the same answer of values whose axes were reversed turns these with them.
    pub are_later_nearer: [bool; 3],
}

/// A sample of an array.
trait Sample: Copy + Sync {
    fn as_f64(self) -> f64;
    fn of_f64(number: f64) -> Self;
}

macro_rules! samples {
    ($($kind:ty),*) => {$(
        impl Sample for $kind {
            fn as_f64(self) -> f64 {
                self as f64
            }

            fn of_f64(number: f64) -> Self {
                number as $kind
            }
        }
    )*};
}

samples!(u8, i8, u16, i16, u32, i32, u64, i64, f32, f64);

impl Sample for Half {
    fn as_f64(self) -> f64 {
        Half::as_f64(self)
    }

    fn of_f64(number: f64) -> Self {
        Half::of_f64(number)
    }
}

/// Fills `out` with the values at the places of the result.
///
/// # Errors
///
/// If `values` or `out` have other lengths than their shapes and types need.
pub fn resample(
    resampling: &Resampling<'_>,
    out: &mut [u8],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<()> {
    macro_rules! of {
        ($kind:ty, $size:literal, $float:ty, $float_size:literal) => {
            match resampling.interpolation {
                Interpolation::Nearest => run::<$size, $size>(
                    resampling,
                    out,
                    workers,
                    tick,
                    |source, place| source.nearest(place, resampling.are_later_nearer),
                    <$kind>::of_f64(resampling.fill).to_ne_bytes(),
                ),
                Interpolation::Linear => run::<$size, $float_size>(
                    resampling,
                    out,
                    workers,
                    tick,
                    |source, place| {
                        let number =
                            source.linear(place, |bytes| <$kind>::from_ne_bytes(bytes).as_f64())?;
                        Some((number as $float).to_ne_bytes())
                    },
                    (resampling.fill as $float).to_ne_bytes(),
                ),
            }
        };
    }
    match resampling.sample_type {
        SampleType::U8 => of!(u8, 1, f32, 4),
        SampleType::I8 => of!(i8, 1, f32, 4),
        SampleType::U16 => of!(u16, 2, f32, 4),
        SampleType::I16 => of!(i16, 2, f32, 4),
        SampleType::U32 => of!(u32, 4, f64, 8),
        SampleType::I32 => of!(i32, 4, f64, 8),
        SampleType::U64 => of!(u64, 8, f64, 8),
        SampleType::I64 => of!(i64, 8, f64, 8),
        SampleType::F16 => of!(Half, 2, f32, 4),
        SampleType::F32 => of!(f32, 4, f32, 4),
        SampleType::F64 => of!(f64, 8, f64, 8),
    }
}

/// The values as samples of `N` bytes.
struct Source<'a, const N: usize> {
    samples: &'a [[u8; N]],
    shape: [usize; 3],
}

fn run<const N: usize, const M: usize>(
    resampling: &Resampling<'_>,
    out: &mut [u8],
    workers: Workers,
    tick: Tick<'_>,
    at: impl Fn(&Source<'_, N>, [f64; 3]) -> Option<[u8; M]> + Sync,
    fill: [u8; M],
) -> Result<()> {
    let (samples, _) = resampling.values.as_chunks::<N>();
    let source = Source { samples, shape: resampling.shape };
    let [slices, rows, columns] = resampling.to_shape;
    let length = rows.saturating_mul(columns).saturating_mul(M);
    let count = |shape: [usize; 3]| shape.into_iter().fold(1, usize::saturating_mul);
    if out.len() != length.saturating_mul(slices) || samples.len() != count(resampling.shape) {
        return Err(LabelFault::ArrayRoom { length: out.len() }.into());
    }
    let mut targets = Vec::new();
    for target in out.chunks_exact_mut(length.max(1)) {
        push(&mut targets, target)?;
    }
    fill_each(
        targets,
        workers,
        tick,
        || (),
        |(), slice, target| {
            let (voxels, _) = target.as_chunks_mut::<M>();
            for (row, voxels) in voxels.chunks_exact_mut(columns.max(1)).enumerate() {
                for (column, voxel) in voxels.iter_mut().enumerate() {
                    let place = resampling.to_index.map(|[a, b, c, shift]| {
                        a * slice as f64 + b * row as f64 + c * column as f64 + shift
                    });
                    *voxel = at(&source, place).unwrap_or(fill);
                }
            }
            Ok(())
        },
    )
}

impl<const N: usize> Source<'_, N> {
    /// The nearest voxel; `None` outside of all.
    fn nearest(&self, place: [f64; 3], are_later_nearer: [bool; 3]) -> Option<[u8; N]> {
        let mut index = 0;
        for ((place, count), is_later) in place.into_iter().zip(self.shape).zip(are_later_nearer) {
            let last = count as f64 - 1.0;
            if !(place >= -0.5 - ROUNDING && place <= last + 0.5 + ROUNDING) {
                return None;
            }
            let nearest = if is_later {
                (place + 0.5 + ROUNDING).floor()
            } else {
                (place - 0.5 - ROUNDING).ceil()
            };
            // The borders belong to the outermost voxels, whatever the arithmetic makes of them.
            index = index * count + nearest.clamp(0.0, last) as usize;
        }
        self.samples.get(index).copied()
    }

    /// Between the eight voxels around; in the outer half of the outermost ones, their value.
    fn linear(&self, place: [f64; 3], number: impl Fn([u8; N]) -> f64) -> Option<f64> {
        let mut along = [(0, 0, 0.0); 3];
        for ((place, count), along) in place.into_iter().zip(self.shape).zip(&mut along) {
            let last = count as f64 - 1.0;
            if !(place >= -0.5 - ROUNDING && place <= last + 0.5 + ROUNDING) {
                return None;
            }
            let place = place.clamp(0.0, last);
            let (nearest, floor) = (place.round(), place.floor());
            let is_whole = (place - nearest).abs() < ROUNDING;
            let (whole, part) = if is_whole { (nearest, 0.0) } else { (floor, place - floor) };
            *along = (whole as usize, (whole as usize + 1).min(count.saturating_sub(1)), part);
        }
        let [slices, rows, columns] = along;
        let [_, row_count, column_count] = self.shape;
        let at = |slice: usize, row: usize, column: usize| {
            let index = (slice * row_count + row) * column_count + column;
            self.samples.get(index).map_or(f64::NAN, |bytes| number(*bytes))
        };
        // What has no weight is not looked at: it may be no number.
        let between = |(a, b, part): (usize, usize, f64), at: &dyn Fn(usize) -> f64| {
            if part == 0.0 { at(a) } else { at(a) + part * (at(b) - at(a)) }
        };
        Some(between(slices, &|slice| {
            between(rows, &|row| between(columns, &|column| at(slice, row, column)))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the indices of the result to those of the values: a step and a shift along each axis.
    fn diagonal(steps: [f64; 3], shifts: [f64; 3]) -> ToIndex {
        let mut to_index = [[0.0; 4]; 3];
        for axis in 0..3 {
            to_index[axis][axis] = steps[axis];
            to_index[axis][3] = shifts[axis];
        }
        to_index
    }

    fn resampled(
        values: &[i16],
        shape: [usize; 3],
        to_shape: [usize; 3],
        to_index: &ToIndex,
        interpolation: Interpolation,
    ) -> Vec<f64> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        let resampling = Resampling {
            values: &bytes,
            sample_type: SampleType::I16,
            shape,
            to_shape,
            to_index,
            interpolation,
            fill: -7.0,
            are_later_nearer: [true; 3],
        };
        let size = if interpolation == Interpolation::Nearest { 2 } else { 4 };
        let mut out = vec![0; to_shape.iter().product::<usize>() * size];
        let workers = Workers::for_computing(Some(2));
        resample(&resampling, &mut out, workers, &mut |_| true).unwrap();
        match interpolation {
            Interpolation::Nearest => out
                .as_chunks()
                .0
                .iter()
                .map(|value| f64::from(i16::from_ne_bytes(*value)))
                .collect(),
            Interpolation::Linear => out
                .as_chunks()
                .0
                .iter()
                .map(|value| f64::from(f32::from_ne_bytes(*value)))
                .collect(),
        }
    }

    #[test]
    fn values_at_other_places() {
        use Interpolation::{Linear, Nearest};
        let same = diagonal([1.0; 3], [0.0; 3]);
        let halved = diagonal([1.0, 1.0, 0.5], [0.0, 0.0, -0.5]);
        let reversed = diagonal([1.0, 1.0, -1.0], [0.0, 0.0, 2.0]);
        let values = [10, 20, 40];
        for (name, to_index, count, interpolation, expected) in [
            ("the same", same, 3, Nearest, vec![10.0, 20.0, 40.0]),
            ("the same", same, 4, Linear, vec![10.0, 20.0, 40.0, -7.0]),
            ("reversed", reversed, 3, Linear, vec![40.0, 20.0, 10.0]),
            ("finer", halved, 8, Linear, vec![10.0, 10.0, 15.0, 20.0, 30.0, 40.0, 40.0, -7.0]),
            ("finer", halved, 8, Nearest, vec![10.0, 10.0, 20.0, 20.0, 40.0, 40.0, 40.0, -7.0]),
        ] {
            let found = resampled(&values, [1, 1, 3], [1, 1, count], &to_index, interpolation);
            assert_eq!(found, expected, "{name} {interpolation:?}");
        }
    }

    #[test]
    fn halfway_between_two_voxels_one_side_counts() {
        let to_index = diagonal([1.0; 3], [0.0, 0.0, -0.5]);
        for (is_later, expected) in [(true, [1, 2, 3, 3]), (false, [1, 1, 2, 3])] {
            let resampling = Resampling {
                values: &[1, 2, 3],
                sample_type: SampleType::U8,
                shape: [1, 1, 3],
                to_shape: [1, 1, 4],
                to_index: &to_index,
                interpolation: Interpolation::Nearest,
                fill: 9.0,
                are_later_nearer: [true, true, is_later],
            };
            let mut out = vec![0; 4];
            let workers = Workers::for_computing(Some(1));
            resample(&resampling, &mut out, workers, &mut |_| true).unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn numbers_of_32_bits_and_more_stay_exact() {
        let value = (1_u32 << 24) + 1;
        let resampling = Resampling {
            values: &value.to_ne_bytes(),
            sample_type: SampleType::U32,
            shape: [1; 3],
            to_shape: [1; 3],
            to_index: &diagonal([1.0; 3], [0.0; 3]),
            interpolation: Interpolation::Linear,
            fill: 0.0,
            are_later_nearer: [true; 3],
        };
        let mut out = vec![0; 8];
        let workers = Workers::for_computing(Some(1));
        resample(&resampling, &mut out, workers, &mut |_| true).unwrap();
        assert_eq!(out, f64::from(value).to_ne_bytes());
    }

    #[test]
    fn all_three_axes_count() {
        let values: Vec<i16> = (0..24).collect();
        let to_index = [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.5], [0.0, -1.0, 0.0, 3.0]];
        let found = resampled(&values, [2, 3, 4], [2, 4, 2], &to_index, Interpolation::Linear);
        let at = |slice: usize, row: usize, column: usize| {
            column as f64 * 12.0 + (slice as f64 + 0.5) * 4.0 + (3 - row) as f64
        };
        let expected: Vec<f64> = (0..2)
            .flat_map(|slice| (0..4).map(move |row| (slice, row)))
            .flat_map(|(slice, row)| (0..2).map(move |column| at(slice, row, column)))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lengths_that_do_not_fit_are_errors() {
        let to_index = diagonal([1.0; 3], [0.0; 3]);
        for (values, out) in [(5, 6), (6, 5), (0, 6)] {
            let bytes = vec![0; values];
            let resampling = Resampling {
                values: &bytes,
                sample_type: SampleType::U8,
                shape: [1, 2, 3],
                to_shape: [1, 2, 3],
                to_index: &to_index,
                interpolation: Interpolation::Nearest,
                fill: 0.0,
                are_later_nearer: [true; 3],
            };
            let workers = Workers::for_computing(Some(1));
            assert!(resample(&resampling, &mut vec![0; out], workers, &mut |_| true).is_err());
        }
    }
}
