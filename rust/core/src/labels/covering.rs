//! Contours of a structure that are drawn twice in one plane: by the even-odd rule they would leave
//! nothing.

use std::collections::HashMap;

use super::placed::PlacedContours;
use crate::error::Result;
use crate::geometry::Vector;
use crate::memory::{filled, push};

/// How far, in voxels, outlines may be from each other to be the same: coordinates are written with
/// few decimals, and nobody draws walls as thin as this.
const SAME: f64 = 0.05;
/// The sides of the boxes that outlines are looked up by: of two that are the same, the numbers of
/// each side differ by one at most.
const BOX: f64 = 2.0 * SAME;

/// What an outline is whatever its first point, its direction, and the number of its points.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// The least and the greatest coordinate along rows and along columns.
    range: [f64; 4],
    /// The length around.
    length: f64,
    area: f64,
    centroid: [f64; 2],
    /// Mean squares of the distance from the centroid along rows and along columns, and the mean of
    /// their product.
    moments: [f64; 3],
}

/// The area that an outline encloses, in voxels; `axes` says which coordinates of its points are
/// row and column.
pub(super) fn enclosed_area(outline: &[Vector], axes: [usize; 2]) -> f64 {
    let Some(first) = outline.first().map(|point| flat(*point, axes)) else { return 0.0 };
    let mut twice = 0.0;
    for_each_edge(outline, axes, |[a, b], [c, d]| {
        twice += (a - first[0]) * (d - first[1]) - (c - first[0]) * (b - first[1]);
    });
    (twice / 2.0).abs()
}

fn flat(point: Vector, axes: [usize; 2]) -> [f64; 2] {
    axes.map(|axis| point.get(axis).copied().unwrap_or_default())
}

fn for_each_edge(outline: &[Vector], axes: [usize; 2], mut each: impl FnMut([f64; 2], [f64; 2])) {
    let Some(mut before) = outline.last().map(|point| flat(*point, axes)) else { return };
    for point in outline {
        let own = flat(*point, axes);
        each(before, own);
        before = own;
    }
}

impl Shape {
    fn of(outline: &[Vector], axes: [usize; 2]) -> Shape {
        let mut range = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
        for point in outline {
            let [row, column] = flat(*point, axes);
            range =
                [range[0].min(row), range[1].max(row), range[2].min(column), range[3].max(column)];
        }
        // Measured from the middle: far from the origin, products lose digits.
        let middle = [f64::midpoint(range[0], range[1]), f64::midpoint(range[2], range[3])];
        let (mut length, mut twice) = (0.0, 0.0);
        let (mut first, mut second) = ([0.0; 2], [0.0; 3]);
        for_each_edge(outline, axes, |[a, b], [c, d]| {
            let (a, b, c, d) = (a - middle[0], b - middle[1], c - middle[0], d - middle[1]);
            let cross = a * d - c * b;
            length += (c - a).hypot(d - b);
            twice += cross;
            first[0] += (a + c) * cross;
            first[1] += (b + d) * cross;
            second[0] += (a * a + a * c + c * c) * cross;
            second[1] += (b * b + b * d + d * d) * cross;
            second[2] += (2.0 * a * b + a * d + c * b + 2.0 * c * d) * cross;
        });
        let area = (twice / 2.0).abs();
        // Of what encloses next to nothing, quotients by the area say nothing.
        if area <= SAME * length {
            return Shape { range, length, area, centroid: middle, moments: [0.0; 3] };
        }
        let from_middle = first.map(|sum| sum / (3.0 * twice));
        let [v, u] = from_middle;
        let [rows, columns, product] = second;
        Shape {
            range,
            length,
            area,
            centroid: [middle[0] + v, middle[1] + u],
            moments: [
                rows / (6.0 * twice) - v * v,
                columns / (6.0 * twice) - u * u,
                product / (12.0 * twice) - v * u,
            ],
        }
    }

    fn is_same(&self, other: &Shape) -> bool {
        let near = |one: &[f64], other: &[f64], most: f64| {
            one.iter().zip(other).all(|(one, other)| (one - other).abs() <= most)
        };
        let length = self.length.max(other.length);
        near(&self.range, &other.range, SAME)
            && near(&self.centroid, &other.centroid, SAME)
            && (self.area - other.area).abs() <= SAME * length / 2.0
            // A border that moves by so much changes mean squares by its distance times that.
            && near(&self.moments, &other.moments, SAME * length / 2.0)
    }

    fn boxes(&self) -> [f64; 4] {
        self.range.map(|side| (side / BOX).floor())
    }
}

/// Finds contours that are the same as one before them in their plane, within a twentieth of a
/// voxel: whatever their first point, direction and number of points.
///
/// `planes` are those of the contours, `None` for those that are not drawn; `axes` says which
/// coordinates are row and column.
///
/// # Errors
///
/// If there is no memory.
pub fn same_contours(
    contours: &PlacedContours,
    planes: &[Option<usize>],
    axes: [usize; 2],
) -> Result<Vec<bool>> {
    let mut found: Vec<bool> = filled(contours.len())?;
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for plane in planes.iter().flatten() {
        *counts.entry(*plane).or_insert(0) += 1;
    }
    let mut shapes: HashMap<(usize, [i64; 4]), Vec<Shape>> = HashMap::new();
    for (index, (is_same, plane)) in found.iter_mut().zip(planes).enumerate() {
        let Some(plane) = plane.filter(|plane| counts.get(plane).is_some_and(|all| *all > 1))
        else {
            continue;
        };
        let shape = Shape::of(contours.contour(index), axes);
        let sides = shape.boxes();
        // The box itself, and those beside it along each side.
        *is_same = (0..3_usize.pow(4)).any(|mut number| {
            let near = sides.map(|side| {
                let step = number % 3;
                number /= 3;
                (side + step as f64 - 1.0) as i64
            });
            let there = shapes.get(&(plane, near));
            there.is_some_and(|all| all.iter().any(|other| shape.is_same(other)))
        });
        if !*is_same {
            let own = sides.map(|side| side as i64);
            push(shapes.entry((plane, own)).or_default(), shape)?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME_PLACE: [[f64; 4]; 3] =
        [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];

    type Outline = Vec<[f64; 2]>;

    fn found(outlines: &[Outline], planes: &[Option<usize>]) -> Vec<bool> {
        let points: Vec<f64> =
            outlines.iter().flatten().flat_map(|[row, column]| [0.0, *row, *column]).collect();
        let counts: Vec<usize> = outlines.iter().map(Vec::len).collect();
        let placed = PlacedContours::new(&points, &counts, &SAME_PLACE).unwrap();
        same_contours(&placed, planes, [1, 2]).unwrap()
    }

    fn square() -> Outline {
        vec![[0.5, 0.5], [0.5, 9.5], [6.5, 9.5], [6.5, 0.5]]
    }

    fn moved(outline: &[[f64; 2]], by: f64) -> Outline {
        outline.iter().map(|[row, column]| [row + by, column + by]).collect()
    }

    #[test]
    fn contours_that_are_there_already_are_found() {
        let mut turned = square();
        turned.rotate_left(1);
        turned.reverse();
        let mut closed = square();
        closed.push(closed[0]);
        closed.insert(1, [0.5, 4.0]);
        let wall: Outline = vec![[0.9, 0.9], [0.9, 9.1], [6.1, 9.1], [6.1, 0.9]];
        let low: Outline = vec![[0.5, 0.5], [0.5, 9.5], [6.5, 9.5]];
        let high: Outline = vec![[0.5, 0.5], [6.5, 9.5], [6.5, 0.5]];
        let mirrored: Outline = vec![[0.5, 0.5], [0.5, 9.5], [6.5, 0.5]];
        for (name, other, expected) in [
            ("itself", square(), true),
            ("from another point, the other way round", turned, true),
            ("closed, and with another point", closed, true),
            ("rounded", moved(&square(), 0.04), true),
            ("moved", moved(&square(), 0.2), false),
            ("a wall", wall, false),
            ("a part", low.clone(), false),
        ] {
            assert_eq!(found(&[square(), other], &[Some(3); 2]), [false, expected], "{name}");
        }
        assert_eq!(found(&[low, high, mirrored], &[Some(0); 3]), [false; 3], "halves");
        let all = [square(), square(), square(), square()];
        assert_eq!(found(&all, &[Some(0), Some(1), None, Some(0)]), [false, false, false, true]);
        let line: Outline = vec![[1.0, 1.0], [1.0, 5.0], [1.0, 1.0]];
        assert_eq!(found(&[line.clone(), line], &[Some(0); 2]), [false, true]);
        let far = [moved(&square(), 1e15), moved(&square(), -1e300), moved(&square(), 1e300)];
        assert_eq!(found(&far, &[Some(0); 3]), [false; 3]);
        assert!(found(&[], &[]).is_empty());
    }

    #[test]
    fn areas_do_not_depend_on_the_place() {
        let points: Vec<Vector> =
            moved(&square(), 1e6).iter().map(|[row, column]| [7.0, *row, *column]).collect();
        assert!((enclosed_area(&points, [1, 2]) - 54.0).abs() < 1e-6);
        assert!((enclosed_area(&points, [2, 1]) - 54.0).abs() < 1e-6);
        assert_eq!(enclosed_area(&[], [1, 2]), 0.0);
    }
}
