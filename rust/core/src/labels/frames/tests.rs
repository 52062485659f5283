use std::sync::Arc;

use super::*;
use crate::cursor::ByteOrder;
use crate::image_description::PixelElement;
use crate::pixel::ValueField;
use crate::source::Source;
use crate::vr::Vr;

/// Frames of 3 rows of 5 columns, of this many bits.
fn pixels(bits: u32, length: u64) -> NativePixels {
    let description = ImageDescription {
        rows: 3,
        columns: 5,
        samples_per_pixel: 1,
        frame_count: 2,
        pixel_element: PixelElement::PixelData,
        bits_allocated: bits,
        bits_stored: bits,
        high_bit: bits - 1,
        is_signed: false,
        is_planar: Some(false),
        photometric_interpretation: "MONOCHROME2".to_owned(),
    };
    let field = ValueField { offset: 0, length, vr: Vr::OB, order: ByteOrder::Little };
    NativePixels { description, field }
}

fn packed(frames: &[[&str; 3]]) -> Vec<u8> {
    let bits: Vec<u8> = frames
        .iter()
        .flatten()
        .flat_map(|row| row.bytes().map(|letter| u8::from(letter == b'#')))
        .collect();
    bits.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| (byte << 1) | bit)).collect()
}

fn place(frame: u64, plane: usize) -> FramePlace {
    let (rows, columns) = ([0, 3], [0, 5]);
    FramePlace { frame, plane, first: 0, steps: [5, 1], rows, columns, value: 1 }
}

fn placed(
    pixels: &NativePixels,
    bytes: Vec<u8>,
    places: &[FramePlace],
    meaning: &Meaning,
    voxels: Voxels,
    planes: usize,
) -> Result<(Vec<u8>, ReadFrames)> {
    let bytes = FileBytes::new(Source::Memory(Arc::new(bytes)), Vec::new());
    let mut out = vec![0; planes * 15 * voxels.size()];
    let source = SegmentationPixels::Native(pixels);
    let workers = Workers::for_computing(Some(2));
    let mut tick = |_| true;
    let found =
        place_frames(source, &bytes, places, meaning, voxels, 15, &mut out, workers, &mut tick)?;
    Ok((out, found))
}

fn counts(found: &ReadFrames) -> [u64; 5] {
    let damaged = found.damaged.len() as u64;
    [found.overlap_count, found.outside_count, found.unknown_count, found.partial_count, damaged]
}

const A: [&str; 3] = ["##...", "#....", "....#"];
const B: [&str; 3] = [".#...", ".....", "#####"];

#[test]
fn bits_go_to_their_places() {
    let bytes = packed(&[A, B]);
    let both = [place(0, 0), FramePlace { value: 2, ..place(1, 0) }];
    let pixels = pixels(1, bytes.len() as u64);
    let (map, found) =
        placed(&pixels, bytes.clone(), &both, &Meaning::Binary, Voxels::LabelMap8, 2).unwrap();
    assert_eq!(map[..15], [1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 2, 2, 2, 2, 2]);
    assert_eq!(map[15..], [0; 15]);
    assert_eq!(counts(&found), [2, 0, 0, 0, 0]);
    // Rows and columns reversed.
    let turned = FramePlace { first: 14, steps: [-5, -1], ..place(0, 1) };
    let (masks, _) =
        placed(&pixels, bytes.clone(), &[turned], &Meaning::Binary, Voxels::Masks, 2).unwrap();
    assert_eq!(masks[15..], [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1]);
    // One column to the left and one row up, so that some lie outside.
    let shifted = FramePlace { first: -6, rows: [1, 3], columns: [1, 5], ..place(1, 0) };
    let (wide, found) =
        placed(&pixels, bytes, &[shifted], &Meaning::Binary, Voxels::LabelMap16, 1).unwrap();
    let values: Vec<u16> =
        wide.as_chunks::<2>().0.iter().map(|value| u16::from_ne_bytes(*value)).collect();
    assert_eq!(values, [0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(counts(&found), [0, 2, 0, 0, 0]);
}

#[test]
fn bytes_are_fractions_or_numbers() {
    let mut bytes = vec![0; 15];
    bytes[..4].copy_from_slice(&[0, 50, 49, 100]);
    let pixels = pixels(8, 15);
    let most = Meaning::Fraction { most: 100 };
    let (mask, found) =
        placed(&pixels, bytes.clone(), &[place(0, 0)], &most, Voxels::Masks, 1).unwrap();
    assert_eq!(mask[..5], [0, 1, 0, 1, 0]);
    assert_eq!(counts(&found), [0, 0, 0, 2, 0]);
    let (parts, _) =
        placed(&pixels, bytes.clone(), &[place(0, 0)], &most, Voxels::Fractions, 1).unwrap();
    let values: Vec<f32> =
        parts.as_chunks::<4>().0.iter().map(|value| f32::from_ne_bytes(*value)).collect();
    assert_eq!(values[..5], [0.0, 0.5, 0.49, 1.0, 0.0]);
    let mut values = vec![0; 60];
    (values[49], values[50]) = (3, UNKNOWN);
    let numbers = Meaning::Numbers { values };
    let (map, found) =
        placed(&pixels, bytes, &[place(0, 0)], &numbers, Voxels::LabelMap8, 1).unwrap();
    assert_eq!(map[..5], [0, 0, 3, 0, 0]);
    assert_eq!(counts(&found), [0, 0, 2, 0, 0]);
}

#[test]
fn places_that_do_not_fit_are_errors() {
    let bytes = packed(&[A, B]);
    let pixels = pixels(1, bytes.len() as u64);
    for (name, wrong) in [
        ("a plane too far", place(0, 1)),
        ("before the plane", FramePlace { first: -1, ..place(0, 0) }),
        ("behind the plane", FramePlace { first: 1, ..place(0, 0) }),
        ("more rows", FramePlace { rows: [0, 4], ..place(0, 0) }),
        ("more columns", FramePlace { columns: [0, 6], ..place(0, 0) }),
        ("far", FramePlace { steps: [i64::MAX, i64::MAX], ..place(0, 0) }),
    ] {
        let meaning = Meaning::Binary;
        let found = placed(&pixels, bytes.clone(), &[wrong], &meaning, Voxels::Masks, 1);
        assert!(found.is_err(), "{name}");
    }
}

#[test]
fn places_that_are_far_on_the_way() {
    let bytes = packed(&[A, B]);
    let pixels = pixels(1, bytes.len() as u64);
    let far = 1 << 62;
    let none = [0; 15];
    for (name, place, expected) in [
        ("no columns", FramePlace { first: i64::MAX, columns: [2, 2], ..place(0, 0) }, none),
        ("no rows", FramePlace { first: i64::MAX, rows: [1, 1], ..place(0, 0) }, none),
        (
            "a row",
            FramePlace { first: i64::MIN, steps: [far, 1], rows: [2, 3], ..place(0, 0) },
            placed(
                &pixels,
                bytes.clone(),
                &[FramePlace { first: -10, rows: [2, 3], ..place(0, 0) }],
                &Meaning::Binary,
                Voxels::Masks,
                1,
            )
            .unwrap()
            .0
            .try_into()
            .unwrap(),
        ),
    ] {
        let meaning = Meaning::Binary;
        let found = placed(&pixels, bytes.clone(), &[place], &meaning, Voxels::Masks, 1);
        assert_eq!(found.unwrap().0, expected, "{name}");
    }
}

#[test]
fn words_start_at_any_bit() {
    let bits: Vec<u8> = (1..=20).map(|number: u8| number.wrapping_mul(37)).collect();
    for start in 0..200 {
        let bit = |index: usize| {
            u64::from(bits.get(index / 8).is_some_and(|byte| (byte >> (index % 8)) & 1 == 1))
        };
        let expected = (0..64).fold(0, |word, index| word | (bit(start + index) << index));
        assert_eq!(word_at(&bits, start), expected, "{start}");
    }
}
