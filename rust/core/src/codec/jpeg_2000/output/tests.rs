//! Samples in their ranges, and those that several pixels share.

use super::super::codestream::bytes::size_of;
use super::*;
use crate::codec::{CodedColour, CodedImage, DecodeOptions, RowSink};
use crate::image_description::{ImageDescription, PixelElement};

fn whole(width: usize, samples: &[i32]) -> TilePlane {
    let height = samples.len() / width;
    TilePlane::Whole(Plane { width, height, samples: samples.to_vec() })
}

fn real(samples: &[f32]) -> TilePlane {
    TilePlane::Real(Plane { width: samples.len(), height: 1, samples: samples.to_vec() })
}

#[test]
fn samples_are_put_into_their_range() {
    let component =
        |precision, is_signed| ComponentSize { precision, is_signed, x_step: 1, y_step: 1 };
    for (precision, is_signed, given, expected) in [
        (8, false, [-129, -128, 0, 127, 128], [0, 0, 128, 255, 255]),
        (8, true, [-129, -128, 0, 127, 128], [-128, -128, 0, 127, 127]),
        (1, false, [-2, -1, 0, 1, 2], [0, 0, 1, 1, 1]),
        (
            31,
            false,
            [i32::MIN, -1, 0, 1, i32::MAX],
            [0, 0x3FFF_FFFF, 1 << 30, 0x4000_0001, i32::MAX],
        ),
        (31, true, [i32::MIN, -1, 0, 1, i32::MAX], [-1 << 30, -1, 0, 1, (1 << 30) - 1]),
    ] {
        for put in [interleave, interleave_inline] {
            let mut out = [7; 5];
            put(&component(precision, is_signed), &whole(5, &given), 0, &mut out, 0, 1);
            assert_eq!(out, expected, "{precision} bits");
        }
    }
    // Halves are rounded to even numbers.
    let mut out = [0; 4];
    interleave(&component(8, true), &real(&[0.5, 1.5, -2.5, 1e9]), 0, &mut out, 0, 1);
    assert_eq!(out, [0, 2, -2, 127]);
    // Samples of a pixel stand together, of the row that is asked for.
    let mut out = [0; 6];
    for (index, first) in [1, 5, 9].into_iter().enumerate() {
        let plane = whole(2, &[first, first + 1, first + 2, first + 3]);
        interleave(&component(8, true), &plane, 1, &mut out, index, 3);
    }
    assert_eq!(out, [3, 7, 11, 4, 8, 12]);
}

/// Keeps what it is given.
struct Kept(Vec<i32>);

impl RowSink for Kept {
    fn begin(&mut self, _: &CodedImage) -> Result<()> {
        Ok(())
    }

    fn rows(&mut self, samples: Samples<'_>) -> Result<()> {
        let Samples::I32(samples) = samples else { panic!("{samples:?}") };
        self.0.extend(samples);
        Ok(())
    }
}

/// The second component of an image whose pixels have these corners, in strips of such tiles;
/// samples are numbers from 1 on, row by row.
fn spread(corners: [u32; 4], steps: (u8, u8), tiles: &[&[[u32; 4]]]) -> Vec<i32> {
    let rectangle = |[x0, y0, x1, y1]: [u32; 4]| Rectangle { x0, y0, x1, y1 };
    let area = rectangle(corners);
    let mut size = size_of(2);
    for component in &mut size.components {
        component.is_signed = true;
    }
    (size.components[1].x_step, size.components[1].y_step) = steps;
    (size.x0, size.y0, size.x1, size.y1) = (area.x0, area.y0, area.x1, area.y1);
    let image = ImageDescription {
        rows: area.height(),
        columns: area.width(),
        samples_per_pixel: 2,
        frame_count: 1,
        pixel_element: PixelElement::PixelData,
        bits_allocated: 8,
        bits_stored: 8,
        high_bit: 7,
        is_signed: true,
        is_planar: Some(false),
        photometric_interpretation: "YBR_FULL".to_owned(),
    };
    let mut kept = Kept(Vec::new());
    let mut target = Target::new(&image, DecodeOptions::default(), &mut kept);
    let coded = CodedImage {
        rows: area.height(),
        columns: area.width(),
        samples_per_pixel: 2,
        precision: 8,
        is_signed: true,
        colour: CodedColour::AsDescribed,
        has_unused_bits: false,
    };
    target.begin("test", &coded).unwrap();
    let mut output = Output::new(&size, &area).unwrap();
    let whole_area = area.every(steps.0.into(), steps.1.into());
    for strip in tiles {
        let rows = strip.iter().map(|corners| {
            let pixels = rectangle(*corners);
            let own = pixels.every(steps.0.into(), steps.1.into());
            let number = |row: u32, column: u32| {
                ((row - whole_area.y0) * whole_area.width() as u32 + column - whole_area.x0) as i32
            };
            let samples: Vec<i32> = (own.y0..own.y1)
                .flat_map(|row| (own.x0..own.x1).map(move |column| 1 + number(row, column)))
                .collect();
            let fewer = Plane { width: own.width(), height: own.height(), samples };
            let full = Plane::new(pixels.width(), pixels.height()).unwrap();
            let planes = Some(vec![TilePlane::Whole(full), TilePlane::Whole(fewer)]);
            TileRows { pixels, areas: vec![pixels, own], planes }
        });
        output.give(&rows.collect::<Vec<_>>(), &mut target).unwrap();
    }
    assert!(target.is_full());
    kept.0.into_iter().skip(1).step_by(2).collect()
}

#[test]
fn pixels_share_samples() {
    let one = |corners| spread(corners, (2, 2), &[&[corners]]);
    assert_eq!(one([0, 0, 4, 2]), [1, 1, 2, 2, 1, 1, 2, 2]);
    assert_eq!(one([0, 0, 3, 3]), [1, 1, 2, 1, 1, 2, 3, 3, 4]);
    // The first pixel lies before the first sample.
    assert_eq!(one([1, 1, 5, 3]), [1, 1, 1, 2, 1, 1, 1, 2]);
    assert_eq!(spread([0, 0, 5, 1], (4, 1), &[&[[0, 0, 5, 1]]]), [1, 1, 1, 1, 2]);
    assert_eq!(spread([0, 0, 1, 3], (1, 2), &[&[[0, 0, 1, 3]]]), [1, 1, 2]);
}

#[test]
fn pixels_share_samples_across_tiles() {
    // Odd tiles: the sample, or the row, that a pixel shares lies in the tile before.
    let expected = spread([0, 0, 4, 4], (2, 2), &[&[[0, 0, 4, 4]]]);
    let strips: [&[[u32; 4]]; 2] = [&[[0, 0, 3, 3], [3, 0, 4, 3]], &[[0, 3, 3, 4], [3, 3, 4, 4]]];
    assert_eq!(spread([0, 0, 4, 4], (2, 2), &strips), expected);
}

#[test]
fn a_tile_that_is_missing_is_zero() {
    let size = size_of(1);
    let area = Rectangle { x0: 0, y0: 0, x1: 1, y1: 1 };
    let tile = TileRows { pixels: area, areas: vec![area], planes: None };
    let mut row = [7];
    put_row(&size.components, &mut [None], &[tile], 0, &mut row);
    assert_eq!(row, [0]);
}

#[test]
fn samples_become_the_nearest_whole_numbers() {
    let (lowest, highest) = (-(1i32 << 21), (1i32 << 21) - 1);
    let around = |number: i32| [-1.0, -0.5, -0.25, 0.0, 0.5, 0.75].map(|by| number as f32 + by);
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 3e38, -3e38, 1e-40];
    let numbers = (-300..300).chain([lowest, highest, 65_535, -65_536]).flat_map(around);
    for sample in numbers.chain(odd) {
        let expected = (sample.round_ties_even() as i32).clamp(lowest, highest);
        assert_eq!(nearest(sample, lowest as f32, highest as f32), expected, "{sample}");
    }
}
