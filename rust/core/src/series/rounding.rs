//! How far positions were rounded when they were written, and the line that explains them.

use crate::geometry::{Vector, half_unit};

/// How far a coordinate that shows no rounding may be from a line, in mm.
const UNROUNDED: f64 = 1e-3;
/// Numbers in binary are off by less than this, in mm.
const NOISE: f64 = 1e-6;
/// Thirds of an interval to look at: the last is a millionth of a millionth of the first.
const THIRDS: usize = 70;

/// By how much each coordinate of the positions may be off.
pub(super) fn half_units(positions: &[Vector]) -> Vector {
    let along =
        |axis: usize| half_unit(positions.iter().filter_map(|place| place.get(axis).copied()));
    [along(0), along(1), along(2)]
}

/// The line from place 0 and the step from place to place that put each of `positions`, at these
/// `places`, within its rounding; `None` if no line does.
pub(super) fn line(positions: &[Vector], places: &[f64]) -> Option<(Vector, Vector)> {
    let halves = half_units(positions);
    let along = |axis: usize| {
        let coordinates: Option<Vec<f64>> =
            positions.iter().map(|position| position.get(axis).copied()).collect();
        let half = halves.get(axis).copied().filter(|half| *half > 0.0).unwrap_or(UNROUNDED);
        line_of(&coordinates?, places, half + NOISE)
    };
    let ((x, dx), (y, dy), (z, dz)) = (along(0)?, along(1)?, along(2)?);
    Some(([x, y, z], [dx, dy, dz]))
}

/// (start, step) of the line through the first and the last coordinate, of the line of least
/// squares, or of the one with the least distance from the farthest: the first of them that is
/// within `allowance` of all.
fn line_of(coordinates: &[f64], places: &[f64], allowance: f64) -> Option<(f64, f64)> {
    let count = coordinates.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (place, coordinate) = (mean(places), mean(coordinates));
    let pairs = || places.iter().zip(coordinates);
    let both: f64 = pairs().map(|(k, value)| (k - place) * (value - coordinate)).sum();
    let square: f64 = places.iter().map(|k| (k - place) * (k - place)).sum();
    let step = both / square;
    if !step.is_finite() {
        return None;
    }
    let is_near = |(start, step): &(f64, f64)| {
        pairs().all(|(k, value)| (start + step * k - value).abs() <= allowance)
    };
    let ends = |values: &[f64]| Some((*values.first()?, *values.last()?));
    let ((first, last), (start, end)) = (ends(coordinates)?, ends(places)?);
    let through_ends = (last - first) / (end - start);
    let of_ends = (first - start * through_ends, through_ends);
    let of_squares = (coordinate - step * place, step);
    if let Some(found) = [of_ends, of_squares].into_iter().find(is_near) {
        return Some(found);
    }
    // What lies between the lowest and the highest of the coordinates, each less its step, is a
    // convex function of the step.
    let bounds = |step: f64| {
        pairs()
            .map(|(k, value)| value - step * k)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), rest| {
                (least.min(rest), most.max(rest))
            })
    };
    let width = |step: f64| bounds(step).1 - bounds(step).0;
    let (mut low, mut high) = (step - allowance, step + allowance);
    for _ in 0..THIRDS {
        let third = (high - low) / 3.0;
        match width(low + third) < width(high - third) {
            true => high -= third,
            false => low += third,
        }
    }
    let step = f64::midpoint(low, high);
    let (least, most) = bounds(step);
    Some((f64::midpoint(least, most), step)).filter(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_put_each_number_within_its_rounding() {
        let rounded = |step: f64, start: f64, count: usize| -> Vec<f64> {
            (0..count).map(|k| ((start + step * k as f64) * 10.0).round() / 10.0).collect()
        };
        for (name, numbers, expected) in [
            ("thirds", rounded(2.0 / 3.0, 0.0, 40), Some(2.0 / 3.0)),
            ("sevenths", rounded(5.0 / 7.0, 3.21, 41), Some(5.0 / 7.0)),
            ("the farthest decide", vec![0.0, 0.7, 1.3, 2.0, 2.6], Some(0.65)),
            ("uneven", vec![0.0, 2.0, 4.0, 6.2, 8.2], None),
            ("one place twice", vec![0.5], None),
        ] {
            let places: Vec<f64> = (0..numbers.len()).map(|k| k as f64).collect();
            let found = line_of(&numbers, &places, 0.05 + NOISE);
            assert_eq!(found.is_some(), expected.is_some(), "{name}: {found:?}");
            if let (Some((start, step)), Some(expected)) = (found, expected) {
                assert!((step - expected).abs() < 0.005, "{name}: {step}");
                for (k, value) in places.iter().zip(&numbers) {
                    assert!((start + step * k - value).abs() <= 0.050_01, "{name}: {k}");
                }
            }
        }
    }
}
