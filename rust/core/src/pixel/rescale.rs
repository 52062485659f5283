//! Stored values to the values of the modality: slope and intercept (PS3.3 §C.11.1), and the change
//! of type.

use super::read::Wanted;
use crate::error::{Error, ErrorKind, RequestFault, Result};
use crate::image_description::{Half, ImageDescription, PixelElement, SampleType};

/// Rescale Slope and Rescale Intercept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rescale {
    /// Multiplies the stored value.
    pub slope: f64,
    /// Is added to the product.
    pub intercept: f64,
}

impl Rescale {
    /// Values as they are stored.
    pub const IDENTITY: Rescale = Rescale { slope: 1.0, intercept: 0.0 };

    /// Whether every stored value of `bits` bits has a whole number as its result that `f32` and
    /// `i32` arithmetic reach without rounding, so that it need not be done in `f64`.
    fn is_exact_in_32_bits(&self, bits: u32) -> bool {
        let whole = |x: f64| x.fract() == 0.0;
        let largest = self.slope.abs() * f64::from(bits).exp2() + self.intercept.abs();
        bits <= 24 && whole(self.slope) && whole(self.intercept) && largest <= 24f64.exp2()
    }
}

/// A stored sample of little-endian bytes.
trait Stored<const N: usize>: Copy + PartialOrd {
    fn from_le(bytes: [u8; N]) -> Self;
    fn clear_unused(self, shifts: (u32, u32)) -> Self;
    fn as_i32(self) -> i32;
    fn as_f32(self) -> f32;
    fn as_f64(self) -> f64;
}

macro_rules! stored {
    ($($kind:ty, $size:literal;)*) => {$(
        impl Stored<$size> for $kind {
            fn from_le(bytes: [u8; $size]) -> Self {
                <$kind>::from_le_bytes(bytes)
            }
            fn clear_unused(self, (left, right): (u32, u32)) -> Self {
                (self << left) >> right
            }
            fn as_i32(self) -> i32 {
                self as i32
            }
            fn as_f32(self) -> f32 {
                self as f32
            }
            fn as_f64(self) -> f64 {
                self as f64
            }
        }
    )*};
}

stored! { u8, 1; i8, 1; u16, 2; i16, 2; u32, 4; i32, 4; }

macro_rules! stored_float {
    ($($kind:ty, $size:literal;)*) => {$(
        impl Stored<$size> for $kind {
            fn from_le(bytes: [u8; $size]) -> Self {
                <$kind>::from_le_bytes(bytes)
            }
            fn clear_unused(self, _: (u32, u32)) -> Self {
                self
            }
            fn as_i32(self) -> i32 {
                self as i32
            }
            fn as_f32(self) -> f32 {
                self as f32
            }
            fn as_f64(self) -> f64 {
                self.into()
            }
        }
    )*};
}

stored_float! { f32, 4; f64, 8; }

/// `value` as one sample of this type, in the machine's byte order.
///
/// # Errors
///
/// If the type does not hold it.
pub(crate) fn fill_bytes(value: f64, to: SampleType) -> Result<Vec<u8>> {
    let mut out = vec![0; to.size()];
    if from::<f64, 8>(&value.to_le_bytes(), as_they_are(to), &mut out) {
        return Ok(out);
    }
    Err(RequestFault::FillValue { sample_type: to.name() }.into())
}

/// Numbers of type `f64`, in the machine's byte order, as another type.
///
/// # Errors
///
/// If the type does not hold each of them: exactly, or as a finite one if it rounds.
pub(crate) fn convert_floats(values: &mut [u8], to: SampleType, out: &mut [u8]) -> Result<()> {
    let (numbers, _) = values.as_chunks_mut::<8>();
    numbers.iter_mut().for_each(|number| *number = f64::from_ne_bytes(*number).to_le_bytes());
    if from::<f64, 8>(values, as_they_are(to), out) { Ok(()) } else { Err(not_held(to)) }
}

fn as_they_are(to: SampleType) -> Args {
    Args { shifts: (0, 0), rescale: Rescale::IDENTITY, exact: false, to }
}

fn not_held(to: SampleType) -> Error {
    let sample_type = to.name();
    let (largest, wider) = match to {
        SampleType::F16 => ("65504", "float32 or float64"),
        SampleType::F32 => ("3.4e38", "float64"),
        _ => return RequestFault::InexactType { sample_type }.into(),
    };
    RequestFault::OutOfRange { sample_type, largest, wider }.into()
}

/// Turns one frame of stored samples, little endian and with unused bits as they are in the file,
/// into the values that are `wanted`, in the machine's byte order.
///
/// Results are those of `f64` arithmetic, rounded once, to the nearest number and of two equally
/// near ones to the even one.
///
/// # Errors
///
/// If samples are whole numbers of 64 bits, which `f64` arithmetic would not keep exact, or the
/// type is one of whole numbers that does not hold every value exactly, or one of floating numbers
/// in which a finite value would become infinite.
pub(super) fn convert(
    stored: &[u8],
    description: &ImageDescription,
    wanted: Wanted,
    out: &mut [u8],
) -> Result<()> {
    let Wanted { rescale, sample_type: to } = wanted;
    let shifts = description.shifts();
    let is_whole = description.pixel_element == PixelElement::PixelData;
    let exact = is_whole && rescale.is_exact_in_32_bits(description.bits_stored);
    let args = Args { shifts, rescale, exact, to };
    let is_held = match description.sample_type() {
        SampleType::U8 => from::<u8, 1>(stored, args, out),
        SampleType::I8 => from::<i8, 1>(stored, args, out),
        SampleType::U16 => from::<u16, 2>(stored, args, out),
        SampleType::I16 => from::<i16, 2>(stored, args, out),
        SampleType::U32 => from::<u32, 4>(stored, args, out),
        SampleType::I32 => from::<i32, 4>(stored, args, out),
        SampleType::F32 => from::<f32, 4>(stored, args, out),
        SampleType::F64 => from::<f64, 8>(stored, args, out),
        SampleType::U64 | SampleType::I64 | SampleType::F16 => {
            let coded = format!("Bits Allocated {}", description.bits_allocated);
            return Err(ErrorKind::Unsupported {
                what: "the change of type of these pixels",
                coded,
            }
            .into());
        }
    };
    if is_held {
        return Ok(());
    }
    Err(not_held(to))
}

#[derive(Clone, Copy)]
struct Args {
    shifts: (u32, u32),
    rescale: Rescale,
    exact: bool,
    to: SampleType,
}

/// Returns whether every value is held: exactly, or rounded to a finite number by floating types.
fn from<T: Stored<N>, const N: usize>(stored: &[u8], args: Args, out: &mut [u8]) -> bool {
    let (stored, _) = stored.as_chunks::<N>();
    if args.exact
        && let Some(is_held) = to_whole::<T, N>(stored, args, out)
    {
        return is_held;
    }
    match args.to {
        SampleType::F32 if args.exact && args.shifts == (0, 0) => {
            to_f32::<T, N>(stored, (0, 0), args.rescale, out);
            true
        }
        SampleType::F32 if args.exact => {
            to_f32::<T, N>(stored, args.shifts, args.rescale, out);
            true
        }
        SampleType::F32 => to::<T, N, 4>(stored, args, out, |value| {
            let rounded = value as f32;
            (rounded.to_ne_bytes(), rounded.is_finite() || !value.is_finite())
        }),
        SampleType::F16 if args.exact => to_f16::<T, N>(stored, args, out),
        SampleType::F16 => to::<T, N, 2>(stored, args, out, |value| {
            (Half::of_f64(value).to_ne_bytes(), Half::holds(value))
        }),
        SampleType::F64 => to::<T, N, 8>(stored, args, out, |value| (value.to_ne_bytes(), true)),
        // A cast to a whole number saturates, so the way back shows whether it was exact; but the
        // largest number of 64 bits becomes the power of two above it on that way.
        SampleType::U8 => {
            to::<T, N, 1>(stored, args, out, |v| ((v as u8).to_ne_bytes(), v as u8 as f64 == v))
        }
        SampleType::I8 => {
            to::<T, N, 1>(stored, args, out, |v| ((v as i8).to_ne_bytes(), v as i8 as f64 == v))
        }
        SampleType::U16 => {
            to::<T, N, 2>(stored, args, out, |v| ((v as u16).to_ne_bytes(), v as u16 as f64 == v))
        }
        SampleType::I16 => {
            to::<T, N, 2>(stored, args, out, |v| ((v as i16).to_ne_bytes(), v as i16 as f64 == v))
        }
        SampleType::U32 => {
            to::<T, N, 4>(stored, args, out, |v| ((v as u32).to_ne_bytes(), v as u32 as f64 == v))
        }
        SampleType::I32 => {
            to::<T, N, 4>(stored, args, out, |v| ((v as i32).to_ne_bytes(), v as i32 as f64 == v))
        }
        SampleType::U64 => to::<T, N, 8>(stored, args, out, |v| {
            ((v as u64).to_ne_bytes(), v as u64 as f64 == v && v < 64f64.exp2())
        }),
        SampleType::I64 => to::<T, N, 8>(stored, args, out, |v| {
            ((v as i64).to_ne_bytes(), v as i64 as f64 == v && v < 63f64.exp2())
        }),
    }
}

/// The same by arithmetic of whole numbers, a fifth of the work; `None` if the type is one of
/// floating numbers.
fn to_whole<T: Stored<N>, const N: usize>(
    stored: &[[u8; N]],
    args: Args,
    out: &mut [u8],
) -> Option<bool> {
    let Rescale { slope, intercept } = args.rescale;
    let (slope, intercept) = (slope as i32, intercept as i32);
    let value = |sample: T| sample.as_i32().wrapping_mul(slope).wrapping_add(intercept);
    macro_rules! cast {
        ($kind:ty) => {{
            let cast = |sample| (value(sample) as $kind).to_ne_bytes();
            let ends = cast_all::<T, N, { size_of::<$kind>() }>(stored, args.shifts, out, cast);
            // Between the values of the least and the largest sample are all others.
            ends.is_none_or(|ends| {
                ends.into_iter().all(|end| <$kind>::try_from(value(end)).is_ok())
            })
        }};
    }
    Some(match args.to {
        SampleType::U8 => cast!(u8),
        SampleType::I8 => cast!(i8),
        SampleType::U16 => cast!(u16),
        SampleType::I16 => cast!(i16),
        SampleType::U32 => cast!(u32),
        SampleType::I32 => cast!(i32),
        SampleType::U64 => cast!(u64),
        SampleType::I64 => cast!(i64),
        SampleType::F16 | SampleType::F32 | SampleType::F64 => return None,
    })
}

/// Fills `out` with what each sample becomes; returns the least and the largest sample.
fn cast_all<T: Stored<N>, const N: usize, const M: usize>(
    stored: &[[u8; N]],
    shifts: (u32, u32),
    out: &mut [u8],
    cast: impl Fn(T) -> [u8; M],
) -> Option<[T; 2]> {
    let sample = |bytes: &[u8; N]| T::from_le(*bytes).clear_unused(shifts);
    let (out, _) = out.as_chunks_mut::<M>();
    let (mut least, mut largest) = (sample(stored.first()?), sample(stored.first()?));
    for (out, stored) in out.iter_mut().zip(stored) {
        let sample = sample(stored);
        *out = cast(sample);
        least = if sample < least { sample } else { least };
        largest = if sample > largest { sample } else { largest };
    }
    Some([least, largest])
}

fn to_f32<T: Stored<N>, const N: usize>(
    stored: &[[u8; N]],
    shifts: (u32, u32),
    rescale: Rescale,
    out: &mut [u8],
) {
    let (slope, intercept) = (rescale.slope as f32, rescale.intercept as f32);
    let (out, _) = out.as_chunks_mut::<4>();
    for (out, stored) in out.iter_mut().zip(stored) {
        *out =
            (T::from_le(*stored).clear_unused(shifts).as_f32() * slope + intercept).to_ne_bytes();
    }
}

fn to_f16<T: Stored<N>, const N: usize>(stored: &[[u8; N]], args: Args, out: &mut [u8]) -> bool {
    let (slope, intercept) = (args.rescale.slope as f32, args.rescale.intercept as f32);
    let (out, _) = out.as_chunks_mut::<2>();
    // As whole numbers, in whose order positive floats are, so that the compiler makes vector
    // instructions of it.
    let mut largest = 0i32;
    for (out, stored) in out.iter_mut().zip(stored) {
        let value = T::from_le(*stored).clear_unused(args.shifts).as_f32() * slope + intercept;
        *out = Half::of_f32(value).to_ne_bytes();
        largest = largest.max(value.abs().to_bits() as i32);
    }
    Half::holds(f64::from(f32::from_bits(largest as u32)))
}

fn to<T: Stored<N>, const N: usize, const M: usize>(
    stored: &[[u8; N]],
    args: Args,
    out: &mut [u8],
    cast: impl Fn(f64) -> ([u8; M], bool),
) -> bool {
    let Rescale { slope, intercept } = args.rescale;
    let (out, _) = out.as_chunks_mut::<M>();
    let mut is_held = true;
    for (out, stored) in out.iter_mut().zip(stored) {
        let value = T::from_le(*stored).clear_unused(args.shifts).as_f64() * slope + intercept;
        let (bytes, held) = cast(value);
        *out = bytes;
        is_held &= held;
    }
    is_held
}

#[cfg(test)]
mod tests;
