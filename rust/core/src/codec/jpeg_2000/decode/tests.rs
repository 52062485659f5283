//! From coefficients to samples: regions, component transforms, ranges, and damage.

use super::super::codestream::bytes::{cod, qcd, size_of};
use super::super::codestream::read_header;
use super::*;
use crate::codec::fault_of;

fn whole(width: usize, samples: &[i32]) -> TilePlane {
    let height = samples.len() / width;
    TilePlane::Whole(Plane { width, height, samples: samples.to_vec() })
}

fn real(samples: &[f32]) -> TilePlane {
    TilePlane::Real(Plane { width: samples.len(), height: 1, samples: samples.to_vec() })
}

fn samples(plane: &TilePlane) -> Vec<f32> {
    match plane {
        TilePlane::Whole(plane) => plane.samples.iter().map(|sample| *sample as f32).collect(),
        TilePlane::Real(plane) => plane.samples.clone(),
    }
}

#[test]
fn offsets_in_packets_are_places_in_the_codestream() {
    let mut tile = Tile::default();
    tile.bodies.extend([100..103, 200..200, 300..310]);
    for (position, expected) in [(0, 100), (2, 102), (3, 300), (12, 309), (13, 310), (99, 310)] {
        assert_eq!(place(&tile, position), expected, "{position}");
    }
    assert_eq!(place(&Tile::default(), 5), 0);
}

#[test]
fn regions_of_interest_are_lowered() {
    // Magnitudes have a bit of fraction: 16 is 8.
    for (coded, shift, expected) in [
        (16, 3, 2),
        (15, 3, 15),
        (0x8000_0010, 3, 0x8000_0002),
        (0x8000_000F, 3, 0x8000_000F),
        (0x7FFF_FFFF, 29, 3),
        (0x7FFF_FFFF, 37, 0x7FFF_FFFF),
        (0, 1, 0),
    ] {
        assert_eq!(lower_region(coded, shift), expected, "{coded:X} by {shift}");
    }
}

#[test]
fn the_first_damage_is_kept() {
    let mut damage = Damage::default();
    damage.note(7, Jpeg2000Fault::BlockDamaged);
    damage.note(3, Jpeg2000Fault::EndsInPackets);
    assert_eq!(damage.0, Some((7, Jpeg2000Fault::BlockDamaged)));
}

#[test]
fn the_reversible_transform_is_undone() {
    // Red, green and blue of 200, 100 and 50, and of 0, 255 and 0 (§G.2).
    let (luminance, blue, red) = ([112, 127], [-50, -255], [100, -255]);
    let mut planes = [whole(2, &luminance), whole(2, &blue), whole(2, &red), whole(1, &[9])];
    undo_component_transform(&mut planes).unwrap();
    let found: Vec<_> = planes.iter().map(samples).collect();
    assert_eq!(found, [vec![200.0, 0.0], vec![100.0, 255.0], vec![50.0, 0.0], vec![9.0]]);
}

#[test]
fn the_irreversible_transform_is_undone() {
    let mut planes = [real(&[100.0]), real(&[10.0]), real(&[20.0])];
    undo_component_transform(&mut planes).unwrap();
    let found: Vec<f32> = planes.iter().flat_map(samples).collect();
    // 100 + 1.402 * 20, 100 - 0.344136 * 10 - 0.714136 * 20, 100 + 1.772 * 10 (§G.3).
    for (found, expected) in found.iter().zip([128.04, 82.275_92, 117.72]) {
        assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
    }
}

#[test]
fn components_of_a_transform_are_alike() {
    let fault = |planes: &mut [TilePlane]| {
        let error = undo_component_transform(planes).unwrap_err();
        fault_of(&error)
    };
    let one = || whole(1, &[1]);
    let expected = Jpeg2000Fault::TransformComponents { count: 2 };
    assert_eq!(fault(&mut [one(), one()]), (Some(0), expected.into()));
    let sizes = (Some(0), Jpeg2000Fault::TransformSizes.into());
    assert_eq!(fault(&mut [one(), one(), whole(2, &[1, 2])]), sizes);
    assert_eq!(fault(&mut [one(), whole(1, &[1, 2]), whole(1, &[1, 2])]), sizes);
    assert_eq!(fault(&mut [real(&[1.0, 2.0]), one(), one()]), sizes);
    let wavelets = (Some(0), Jpeg2000Fault::TransformWavelets.into());
    assert_eq!(fault(&mut [one(), one(), real(&[1.0])]), wavelets);
    assert_eq!(fault(&mut [real(&[1.0]), one(), one()]), wavelets);
}

#[test]
fn samples_are_put_into_their_range() {
    let header = |precision, is_signed, count| {
        let mut size = size_of(count);
        for component in &mut size.components {
            (component.precision, component.is_signed) = (precision, is_signed);
        }
        let bytes = [&[0xFF, 0x4F], &[cod(), qcd()].concat()[..], &[0xFF, 0x90]].concat();
        read_header(&bytes, size).unwrap()
    };
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
        let header = header(precision, is_signed, 1);
        for put in [interleave, interleave_inline] {
            let mut out = [7; 5];
            put(&header, &[whole(5, &given)], 0, &mut out);
            assert_eq!(out, expected, "{precision} bits");
        }
    }
    // Halves are rounded to even numbers.
    let mut out = [0; 4];
    interleave(&header(8, true, 1), &[real(&[0.5, 1.5, -2.5, 1e9])], 0, &mut out);
    assert_eq!(out, [0, 2, -2, 127]);
    // Samples of a pixel stand together, of the row that is asked for.
    let planes = [whole(2, &[1, 2, 3, 4]), whole(2, &[5, 6, 7, 8]), whole(2, &[9, 10, 11, 12])];
    let mut out = [0; 6];
    interleave(&header(8, true, 3), &planes, 1, &mut out);
    assert_eq!(out, [3, 7, 11, 4, 8, 12]);
}
