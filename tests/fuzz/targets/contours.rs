//! Contours of a structure set (PS3.3 §C.8.8.6): their text as points, and masks of them, held
//! against the even-odd rule applied to each voxel by itself.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rapidicom_core::labels::{
    Canvas, Contours, Drawing, PlacedContours, Voxels, draw, same_contours,
};
use rapidicom_core::{Dataset, DicomFile, ParseOptions, Workers};
use rapidicom_fuzz::{Choices, EXPLICIT, Elements, IMPLICIT, Written};

/// Planes, rows and columns of the masks.
const SHAPE: [usize; 3] = [2, 7, 9];
const MOST_CONTOURS: usize = 6;
const MOST_POINTS: usize = 12;
/// Centres so near to an outline, in voxels, may be on either side.
const NEAR: f64 = 2e-3;

const KINDS: [&str; 5] = ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "POINT", "", "x"];
const SECRET: &str = "Secret";

/// A coordinate: mostly one on the grid or beside it.
fn coordinate(choices: &mut Choices<'_>) -> String {
    match choices.byte() {
        low @ 0..192 => format!("{}", f64::from(low) / 16.0 - 2.0),
        192..240 => choices.number_text(),
        _ => choices.pick(&[SECRET, "", " 1 ", "1e3"]).to_owned(),
    }
}

fn contour(choices: &mut Choices<'_>, written: Written) -> Elements {
    let mut item = Elements::default();
    let count = 3 * choices.below(MOST_POINTS) + usize::from(choices.is_one_of(32));
    let plane = choices.below(3).to_string();
    let numbers: Vec<String> = (0..count)
        .map(|index| if index % 3 == 0 { plane.clone() } else { coordinate(choices) })
        .collect();
    item.set((0x3006, 0x0042), "CS", choices.pick(&KINDS));
    item.set((0x3006, 0x0046), "IS", choices.number_text());
    item.set((0x3006, 0x0050), "DS", numbers.join("\\"));
    let mut image = Elements::default();
    image.set((0x0008, 0x1155), "UI", choices.pick(&["1.2", "1.3", ""]));
    item.sequence((0x3006, 0x0016), &[image], written);
    item
}

fn roi(choices: &mut Choices<'_>) -> Option<(Arc<Vec<u8>>, Dataset)> {
    let kind = choices.byte();
    let written = Written { is_implicit: kind & 1 != 0, is_undefined: kind & 2 != 0 };
    let count = choices.below(MOST_CONTOURS) + 1;
    let contours: Vec<Elements> = (0..count).map(|_| contour(choices, written)).collect();
    let mut roi = Elements::default();
    roi.sequence((0x3006, 0x0040), &contours, written);
    let mut bytes = roi.file(if written.is_implicit { IMPLICIT } else { EXPLICIT });
    if choices.is_one_of(16) {
        let place = usize::from(u16::from_le_bytes([choices.byte(), choices.byte()]));
        let length = bytes.len();
        bytes[place % length] ^= choices.byte();
    }
    let bytes = Arc::new(bytes);
    let shared = Arc::clone(&bytes);
    let file = DicomFile::from_memory(shared, &ParseOptions::default()).ok()?;
    Some((bytes, Arc::unwrap_or_clone(file.dataset)))
}

/// The points of all contours, or what an error says.
fn read(contours: &Contours) -> Result<Vec<f64>, String> {
    let count: usize = contours.iter().map(|contour| contour.point_count).sum();
    let mut out = vec![0; 24 * count];
    let workers = Workers::for_computing(Some(1));
    contours.read_into(&mut out, workers, &mut |_| true).map_err(|error| error.to_string())?;
    Ok(out.as_chunks::<8>().0.iter().map(|number| f64::from_ne_bytes(*number)).collect())
}

/// A point of an outline: row and column.
type Point = [f64; 2];

fn edges(outline: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    (0..outline.len())
        .map(|index| (outline[(index + outline.len() - 1) % outline.len()], outline[index]))
}

/// Whether a place is inside; `None` near the outline.
fn is_inside(outline: &[Point], [row, column]: Point) -> Option<bool> {
    let mut inside = false;
    for ([a, b], [c, d]) in edges(outline) {
        let (down, across) = (c - a, d - b);
        let length = down.hypot(across);
        let along = ((row - a) * down + (column - b) * across) / (length * length).max(1e-300);
        let along = along.clamp(0.0, 1.0);
        let away = (row - a - along * down).hypot(column - b - along * across);
        if !(away > NEAR) {
            return None;
        }
        if (a > row) != (c > row) && column < b + (row - a) / down * across {
            inside = !inside;
        }
    }
    Some(inside)
}

fn check_masks(points: &[f64], counts: &[usize]) {
    let same = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
    let Ok(placed) = PlacedContours::new(points, counts, &same) else { return };
    assert_eq!(placed.len(), counts.len());
    let planes: Vec<Option<usize>> = placed
        .ranges()
        .iter()
        .map(|[[plane, _], _, _]| (*plane >= 0.0).then_some(*plane as usize))
        .collect();
    let twice = same_contours(&placed, &planes, [1, 2]).expect("there is memory");
    assert_eq!(twice.len(), counts.len());
    let drawings = [Drawing { contours: &placed, planes: planes.clone(), value: 300 }];
    let workers = Workers::for_computing(Some(1));
    let mut masks = vec![0; SHAPE.iter().product()];
    let canvas = Canvas { shape: SHAPE, axes: [0, 1, 2], voxels: Voxels::Masks };
    draw(&drawings, &canvas, &mut masks, workers, &mut |_| true).expect("it fits");
    let mut map = vec![0; 2 * masks.len()];
    let canvas = Canvas { voxels: Voxels::LabelMap16, ..canvas };
    draw(&drawings, &canvas, &mut map, workers, &mut |_| true).expect("it fits");
    for (mask, value) in masks.iter().zip(map.as_chunks::<2>().0) {
        assert_eq!(u16::from_ne_bytes(*value), u16::from(*mask) * 300);
    }
    // Where numbers are so large that a voxel is lost in them, nothing is known.
    if points.iter().any(|number| number.abs() > 1e6) {
        return;
    }
    let (mut outlines, mut rest) = (Vec::new(), points);
    for count in counts {
        let (own, behind) = rest.split_at(3 * count);
        outlines.push(own.chunks(3).map(|point| [point[1], point[2]]).collect::<Vec<Point>>());
        rest = behind;
    }
    let [_, rows, columns] = SHAPE;
    for (index, mask) in masks.iter().enumerate() {
        let place = [(index / columns % rows) as f64, (index % columns) as f64];
        let own = planes.iter().zip(&outlines);
        let own = own.filter(|(plane, _)| **plane == Some(index / columns / rows));
        let inside = own.map(|(_, outline)| is_inside(outline, place));
        let all = inside.collect::<Option<Vec<bool>>>();
        if let Some(all) = all {
            let is_odd = all.iter().filter(|inside| **inside).count() % 2 == 1;
            assert_eq!(*mask != 0, is_odd, "voxel {index} at {place:?} of {outlines:?}");
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let Some((_bytes, roi)) = roi(&mut choices) else { return };
    let contours = match Contours::find(&roi) {
        Ok(contours) => contours,
        Err(error) => {
            assert!(!error.to_string().contains(SECRET));
            return;
        }
    };
    let counts: Vec<usize> = contours.iter().map(|contour| contour.point_count).collect();
    match read(&contours) {
        Ok(points) => {
            assert!(points.iter().all(|number| number.is_finite()));
            check_masks(&points, &counts);
        }
        Err(text) => assert!(!text.contains(SECRET)),
    }
});
