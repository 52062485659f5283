//! Component transforms, and damage.

use super::super::plane::Plane;
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
fn the_first_damage_is_kept() {
    let mut damage = Damage::default();
    damage.note(7, Jpeg2000Fault::BlockDamaged);
    damage.note(3, Jpeg2000Fault::EndsInPackets);
    assert_eq!(damage.0, Some((7, Jpeg2000Fault::BlockDamaged.into())));
}

fn rows(rows: Range<u32>) -> Rectangle {
    Rectangle { x0: 0, y0: rows.start, x1: 2, y1: rows.end }
}

#[test]
fn rows_of_components_are_in_step() {
    // The first has a row more above and below than the others, as what has a wavelet.
    let mut planes =
        [whole(2, &[9, 9, 10, 20, 8, 8]), whole(2, &[4, 0, 1, 1]), whole(2, &[0, 8, 2, 2])];
    undo_component_transform(&mut planes, &[rows(4..7), rows(5..7), rows(5..6)]);
    let found: Vec<_> = planes.iter().map(samples).collect();
    // Green is the luminance less a fourth of the sum of the others.
    assert_eq!(found[0], [9.0, 9.0, 9.0, 26.0, 8.0, 8.0]);
    assert_eq!(found[1], [9.0, 18.0, 1.0, 1.0]);
    assert_eq!(found[2], [13.0, 18.0, 2.0, 2.0]);
}

#[test]
fn the_reversible_transform_is_undone() {
    // Red, green and blue of 200, 100 and 50, and of 0, 255 and 0 (§G.2).
    let (luminance, blue, red) = ([112, 127], [-50, -255], [100, -255]);
    let mut planes = [whole(2, &luminance), whole(2, &blue), whole(2, &red), whole(1, &[9])];
    undo_component_transform(&mut planes, &[rows(0..1); 3]);
    let found: Vec<_> = planes.iter().map(samples).collect();
    assert_eq!(found, [vec![200.0, 0.0], vec![100.0, 255.0], vec![50.0, 0.0], vec![9.0]]);
}

#[test]
fn the_irreversible_transform_is_undone() {
    let mut planes = [real(&[100.0]), real(&[10.0]), real(&[20.0])];
    undo_component_transform(&mut planes, &[rows(0..1); 3]);
    let found: Vec<f32> = planes.iter().flat_map(samples).collect();
    // 100 + 1.402 * 20, 100 - 0.344136 * 10 - 0.714136 * 20, 100 + 1.772 * 10 (§G.3).
    for (found, expected) in found.iter().zip([128.04, 82.275_92, 117.72]) {
        assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
    }
}

#[test]
fn components_of_a_transform_are_alike() {
    let area = |width| Rectangle { x0: 0, y0: 0, x1: width, y1: 1 };
    let whole =
        |width| Component::Whole(Top::of(area(width), Plane::new(width as usize, 1).unwrap()));
    let real =
        |width| Component::Real(Top::of(area(width), Plane::new(width as usize, 1).unwrap()));
    let fault = |components: &[Component]| fault_of(&check_transform(components).unwrap_err());
    assert!(check_transform(&[whole(1), whole(1), whole(1), real(2)]).is_ok());
    let sizes = (Some(0), Jpeg2000Fault::TransformSizes.into());
    assert_eq!(fault(&[whole(1), whole(1), whole(2)]), sizes);
    assert_eq!(fault(&[whole(1), whole(2), whole(2)]), sizes);
    let wavelets = (Some(0), Jpeg2000Fault::TransformWavelets.into());
    assert_eq!(fault(&[whole(1), whole(1), real(1)]), wavelets);
    assert_eq!(fault(&[real(1), whole(1), whole(1)]), wavelets);
}
