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

    /// Whether every stored value of `bits` bits has a result that `f32` arithmetic reaches without
    /// rounding, so that it need not be done in `f64`.
    fn is_exact_in_f32(&self, bits: u32) -> bool {
        let whole = |x: f64| x.fract() == 0.0;
        let largest = self.slope.abs() * f64::from(bits).exp2() + self.intercept.abs();
        bits <= 24 && whole(self.slope) && whole(self.intercept) && largest <= 24f64.exp2()
    }
}

/// A stored sample of little-endian bytes.
trait Stored<const N: usize>: Copy {
    fn from_le(bytes: [u8; N]) -> Self;
    fn clear_unused(self, shifts: (u32, u32)) -> Self;
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
    let exact = is_whole && rescale.is_exact_in_f32(description.bits_stored);
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
    let mut largest = 0f32;
    for (out, stored) in out.iter_mut().zip(stored) {
        let value = T::from_le(*stored).clear_unused(args.shifts).as_f32() * slope + intercept;
        *out = Half::of_f32(value).to_ne_bytes();
        largest = largest.max(value.abs());
    }
    Half::holds(f64::from(largest))
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
mod tests {
    use super::*;
    use crate::pixel::synthetic;

    fn description(bits_allocated: u32, bits_stored: u32, is_signed: bool) -> ImageDescription {
        ImageDescription {
            columns: 3,
            ..synthetic::description(bits_allocated, bits_stored, is_signed)
        }
    }

    fn floats(
        stored: &[u8],
        description: &ImageDescription,
        slope: f64,
        intercept: f64,
    ) -> Vec<f32> {
        let mut out = vec![0; description.frame_samples() * 4];
        let wanted = Wanted { rescale: Rescale { slope, intercept }, sample_type: SampleType::F32 };
        convert(stored, description, wanted, &mut out).unwrap();
        out.as_chunks::<4>().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect()
    }

    #[test]
    fn both_ways_to_f32_give_the_rounded_f64() {
        let stored = [0xFE, 0x0F, 0x01, 0xF0, 0xFF, 0x07];
        let twelve = description(16, 12, true);
        assert_eq!(floats(&stored, &twelve, 1.0, -1024.0), [-1026.0, -1023.0, 1023.0]);
        assert_eq!(floats(&stored, &twelve, 2.0, 0.0), [-4.0, 2.0, 4094.0]);
        let (slope, intercept) = (0.1, 1e-3);
        let expected = [-2.0, 1.0, 2047.0].map(|stored: f64| (stored * slope + intercept) as f32);
        assert_eq!(floats(&stored, &twelve, slope, intercept), expected);
    }

    #[test]
    fn halves_are_rounded_once_or_refused() {
        let stored = [0xFE, 0x0F, 0x01, 0xF0, 0xFF, 0x07];
        let into = |slope, intercept| {
            let mut out = [0; 6];
            let (rescale, sample_type) = (Rescale { slope, intercept }, SampleType::F16);
            let wanted = Wanted { rescale, sample_type };
            convert(&stored, &description(16, 12, true), wanted, &mut out).map(|()| {
                out.as_chunks().0.iter().map(|half| u16::from_ne_bytes(*half)).collect::<Vec<_>>()
            })
        };
        // -2, 1 and 2047 as they are, doubled, and with a slope that is not exact in f32.
        assert_eq!(into(1.0, 0.0).unwrap(), [0xC000, 0x3C00, 0x67FF]);
        assert_eq!(into(2.0, 1.0).unwrap(), [0xC200, 0x4200, 0x6C00]);
        assert_eq!(into(0.1, 0.0).unwrap(), [0xB266, 0x2E66, 0x5A66]);
        for (slope, intercept) in [(33.0, 0.0), (31.9, 400.0), (1.0, -66_000.0), (1e300, 0.0)] {
            let error = into(slope, intercept).unwrap_err();
            assert!(error.to_string().contains("only those up to 65504"), "{error}");
        }
    }

    #[test]
    fn values_beyond_f32_are_refused_there() {
        let stored = 1e39f64.to_le_bytes();
        let double = PixelElement::DoubleFloatPixelData;
        let image =
            ImageDescription { columns: 1, pixel_element: double, ..description(64, 64, false) };
        let into = |sample_type: SampleType| {
            let wanted = Wanted { rescale: Rescale::IDENTITY, sample_type };
            convert(&stored, &image, wanted, &mut vec![0; sample_type.size()])
        };
        assert!(into(SampleType::F64).is_ok());
        let error = into(SampleType::F32).unwrap_err();
        assert!(error.to_string().contains("only those up to 3.4e38: use float64"), "{error}");
    }

    #[test]
    fn whole_number_types_are_honoured_or_refused() {
        let stored = [0, 0, 1, 0, 0xFF, 0xFF];
        let sixteen = description(16, 16, false);
        let into = |slope, intercept, to: SampleType| {
            let mut out = vec![0; 3 * to.size()];
            let wanted = Wanted { rescale: Rescale { slope, intercept }, sample_type: to };
            convert(&stored, &sixteen, wanted, &mut out).map(|()| out)
        };
        assert_eq!(into(1.0, 0.0, SampleType::U16).unwrap(), stored);
        assert!(into(1.0, 0.0, SampleType::I16).is_err(), "65535 is too large");
        assert!(into(1.0, -1.0, SampleType::U16).is_err(), "-1 is too small");
        assert!(into(0.5, 0.0, SampleType::I32).is_err(), "0.5 is no whole number");
        assert!(
            into(63f64.exp2(), 0.0, SampleType::I64).is_err(),
            "2 to the power of 63 is one too many"
        );
        let shifted: Vec<u8> =
            [-1024i32, -1023, 64511].iter().flat_map(|value| value.to_ne_bytes()).collect();
        assert_eq!(into(1.0, -1024.0, SampleType::I32).unwrap(), shifted);
    }

    #[test]
    fn every_type_gives_every_type() {
        use SampleType::{F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        let seven = |to: SampleType| match to {
            F16 => Half::of_f32(7.0).to_ne_bytes().to_vec(),
            F32 => 7f32.to_ne_bytes().to_vec(),
            F64 => 7f64.to_ne_bytes().to_vec(),
            _ => (0..to.size()).map(|index| if index == 0 { 7 } else { 0 }).collect(),
        };
        for to in [U8, I8, U16, I16, U32, I32, U64, I64, F16, F32, F64] {
            assert_eq!(fill_bytes(7.0, to).unwrap(), seven(to), "{to:?}");
            for (bits, is_signed) in [(8, false), (8, true), (16, false), (16, true), (32, false)] {
                let image = ImageDescription { columns: 1, ..description(bits, bits, is_signed) };
                let mut stored = vec![0; bits as usize / 8];
                stored[0] = 3;
                let rescale = Rescale { slope: 2.0, intercept: 1.0 };
                let mut out = vec![9; to.size()];
                convert(&stored, &image, Wanted { rescale, sample_type: to }, &mut out).unwrap();
                assert_eq!(out, seven(to), "{bits} bits as {to:?}");
            }
        }
    }

    #[test]
    fn values_that_a_type_does_not_hold_are_refused() {
        use SampleType::{F16, F32, I8, I64, U8, U64};
        for (value, to, is_held) in [
            (255.0, U8, true),
            (256.0, U8, false),
            (-1.0, U8, false),
            (0.5, U8, false),
            (-128.0, I8, true),
            (-129.0, I8, false),
            (f64::NAN, U8, false),
            (f64::NAN, F32, true),
            (0.1, F32, true),
            (1e39, F32, false),
            (f64::INFINITY, F32, true),
            (65_519.0, F16, true),
            (-65_520.0, F16, false),
            (f64::NEG_INFINITY, F16, true),
            (f64::NAN, F16, true),
            (64f64.exp2(), U64, false),
            (63f64.exp2(), U64, true),
            (63f64.exp2(), I64, false),
            (-(63f64.exp2()), I64, true),
        ] {
            let filled = fill_bytes(value, to);
            assert_eq!(filled.is_ok(), is_held, "{value} as {to:?}");
            let mut out = vec![0; to.size()];
            let converted = convert_floats(&mut value.to_ne_bytes(), to, &mut out);
            assert_eq!(converted.is_ok(), is_held, "{value} as {to:?}");
            if is_held {
                assert_eq!(out, filled.unwrap());
            } else {
                let name = to.name();
                let fill = format!("Request(FillValue {{ sample_type: {name:?} }})");
                let inexact = format!("{:?}", not_held(to).kind());
                let kinds = [filled.unwrap_err(), converted.unwrap_err()]
                    .map(|error| format!("{:?}", error.kind()));
                assert_eq!(kinds, [fill, inexact]);
            }
        }
    }

    #[test]
    fn whole_numbers_of_64_bits_are_not_rescaled() {
        let wanted = Wanted { rescale: Rescale::IDENTITY, sample_type: SampleType::F64 };
        for is_signed in [false, true] {
            let image = description(64, 64, is_signed);
            let error = convert(&[0; 24], &image, wanted, &mut [0; 24]).unwrap_err();
            let expected = "Unsupported { what: \"the change of type of these pixels\", \
                            coded: \"Bits Allocated 64\" }";
            assert_eq!(format!("{:?}", error.kind()), expected);
        }
    }

    #[test]
    fn the_quick_way_is_taken_where_it_is_exact() {
        for (slope, intercept, bits, expected) in [
            (1.0, -1024.0, 16, true),
            (0.5, 0.0, 8, false),
            (1.0, 0.5, 8, false),
            (1.0, 0.0, 24, true),
            (1.0, 0.0, 25, false),
            (1.0, 1.0, 24, false),
            (256.0, 0.0, 16, true),
            (-256.0, 0.0, 16, true),
            (257.0, 0.0, 16, false),
            (1.0, -16_777_216.0, 8, false),
        ] {
            let rescale = Rescale { slope, intercept };
            assert_eq!(rescale.is_exact_in_f32(bits), expected, "{slope} {intercept} {bits}");
        }
    }
}
