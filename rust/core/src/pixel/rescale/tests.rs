//! Conversions to every type, beside the plain way by `f64`.

use super::*;
use crate::pixel::synthetic;

fn description(bits_allocated: u32, bits_stored: u32, is_signed: bool) -> ImageDescription {
    ImageDescription {
        columns: 3,
        ..synthetic::description(bits_allocated, bits_stored, is_signed)
    }
}

fn floats(stored: &[u8], description: &ImageDescription, slope: f64, intercept: f64) -> Vec<f32> {
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
fn both_ways_to_whole_numbers_agree() {
    use SampleType::{I8, I16, I32, I64, U8, U16, U32, U64};
    let samples = [0u16, 1, 2, 127, 128, 255, 256, 1024, 32767, 32768, 65535];
    for bits in [8, 12, 16] {
        for is_signed in [false, true] {
            let image = description(16, bits, is_signed);
            let scales = [(1.0, 0.0), (1.0, -1024.0), (-1.0, 0.0), (2.0, 32767.0), (0.0, 255.0)];
            for (rescale, to) in scales.iter().flat_map(|(slope, intercept)| {
                let rescale = Rescale { slope: *slope, intercept: *intercept };
                [U8, I8, U16, I16, U32, I32, U64, I64].map(|to| (rescale, to))
            }) {
                assert!(rescale.is_exact_in_32_bits(bits));
                for sample in samples {
                    let stored = sample.to_le_bytes();
                    let (mut quick, mut other) = (vec![0; to.size()], vec![0; to.size()]);
                    let wanted = Wanted { rescale, sample_type: to };
                    let is_held = convert(&stored, &image, wanted, &mut quick).is_ok();
                    let args = Args { shifts: image.shifts(), rescale, exact: false, to };
                    let is_expected = if is_signed {
                        from::<i16, 2>(&stored, args, &mut other)
                    } else {
                        from::<u16, 2>(&stored, args, &mut other)
                    };
                    let name = format!("{sample} of {bits} bits, {rescale:?}, as {to:?}");
                    assert_eq!(is_held, is_expected, "{name}");
                    assert!(!is_held || quick == other, "{name}");
                }
            }
        }
    }
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
        assert_eq!(rescale.is_exact_in_32_bits(bits), expected, "{slope} {intercept} {bits}");
    }
}
