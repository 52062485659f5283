//! The step from slice to slice that fits the positions of a stack, and how well it does.

use std::ops::Range;

use super::report::GeometryFinding;
use super::rounding;
use super::tolerances::Tolerances;
use crate::geometry::{Orientation, Vector, add_scaled, dot, norm, scale, subtract};

/// A gap need not be a whole number of steps to be one: a remainder of a tenth of a step is that of
/// a scanner's table.
const GAP_REMAINDER: f64 = 0.1;
/// Positions whose rounding is up to this part of a step show which step is meant: between a sixth
/// and a quarter, one step and two begin to look alike.
const MOST_ROUNDED: f64 = 0.17;
/// A step at least this many times the usual one lacks a slice, whatever the remainder.
const WIDE: f64 = 2.5;

/// What was found out about the positions of a stack.
#[derive(Debug)]
pub(super) struct Grid {
    /// Where the first slice lies.
    pub origin: Vector,
    /// From each slice to the next, in mm.
    pub step: Vector,
    pub findings: Vec<Irregularity>,
}

/// A finding, and the slices that it is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Irregularity {
    pub finding: GeometryFinding,
    pub slices: Vec<usize>,
}

/// Fits the stack of at least two slices at `positions`, which rise along the normal and are all
/// different there.
///
/// The step is the one between the first and the last slice, divided by the slices between them,
/// missing ones included. Where that is not a whole number, it has the middle one of the distances
/// between planes. Where it leaves slices off their place, and the positions show that they were
/// rounded, a line that puts each within its rounding takes its place.
pub(super) fn fit(
    positions: &[Vector],
    orientation: &Orientation,
    tolerances: &Tolerances,
) -> Option<Grid> {
    let (origin, last) = (*positions.first()?, *positions.last()?);
    let along: Vec<f64> =
        positions.iter().map(|position| orientation.along_normal(*position)).collect();
    let distances: Vec<f64> =
        along.windows(2).map(|pair| if let [a, b] = pair { b - a } else { 0.0 }).collect();
    let mut sorted = distances.clone();
    sorted.sort_by(f64::total_cmp);
    // The lower of two middle ones: it is a distance that occurs, and gaps make distances longer,
    // not shorter.
    let usual =
        sorted.get((sorted.len().checked_sub(1)?) / 2).copied().filter(|usual| *usual > 0.0)?;
    let tolerance = tolerances.position(usual);

    let steps: Vec<Step> =
        distances.iter().map(|distance| Step::new(*distance, usual, tolerance)).collect();
    let is_whole = steps.iter().all(|step| step.is_whole());
    let whole = subtract(last, origin);
    let total = orientation.along_normal(whole);
    let between: f64 = steps.iter().map(|step| step.slices).sum();
    let step = scale(if is_whole { 1.0 / between } else { usual / total }, whole);

    let mut findings: Vec<Irregularity> = Vec::new();
    let mut uneven: Vec<usize> = Vec::new();
    for (before, (step, distance)) in steps.iter().zip(&distances).enumerate() {
        match step.kind {
            Kind::Regular => {}
            Kind::Uneven => uneven.extend([before, before + 1]),
            Kind::Gap => findings.push(gap(before, *distance, usual, step.slices)),
        }
    }
    if is_whole && uneven.is_empty() {
        uneven = drifted(&along, &steps, dot(step, orientation.normal()), tolerance);
    }
    uneven.dedup();
    if !uneven.is_empty() {
        let (least, most) = (sorted.first().copied()?, sorted.last().copied()?);
        findings.push(uneven_steps(uneven, least, most, usual));
    }
    findings.extend(off_axis(positions, &along, step, orientation, tolerance));
    let is_off = |found: &Irregularity| !matches!(found.finding, GeometryFinding::Gap { .. });
    if findings.iter().any(is_off)
        && let Some(grid) = rounded(positions, &steps, usual, orientation, tolerances)
    {
        return Some(grid);
    }
    findings.extend(tilt(step, orientation, 0..positions.len(), tolerances, tolerance));
    Some(Grid { origin, step, findings })
}

/// The grid of positions that were rounded when they were written, if that explains them.
fn rounded(
    positions: &[Vector],
    steps: &[Step],
    usual: f64,
    orientation: &Orientation,
    tolerances: &Tolerances,
) -> Option<Grid> {
    // Who asks for slices exactly in their places gets no others.
    if tolerances.position(usual) == 0.0 {
        return None;
    }
    let halves = rounding::half_units(positions);
    let off = halves.iter().zip(orientation.normal()).map(|(half, part)| half * part.abs()).sum();
    if !(0.0..=MOST_ROUNDED * usual).contains(&off) || norm(halves) == 0.0 {
        return None;
    }
    let further = steps.iter().scan(0.0, |place, step| {
        *place += step.slices;
        Some(*place)
    });
    let places: Vec<f64> = std::iter::once(0.0).chain(further).collect();
    let (origin, step) = rounding::line(positions, &places)?;
    let spacing = dot(step, orientation.normal());
    let wide = steps.iter().enumerate().filter(|(_, step)| step.slices > 1.0);
    let mut findings: Vec<Irregularity> = wide
        .map(|(before, wide)| gap(before, wide.slices * spacing, spacing, wide.slices))
        .collect();
    let tolerance = tolerances.position(spacing).max(2.0 * norm(halves));
    findings.extend(tilt(step, orientation, 0..positions.len(), tolerances, tolerance));
    (spacing > 0.0).then_some(Grid { origin, step, findings })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Regular,
    Gap,
    Uneven,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    kind: Kind,
    /// How many usual steps it is, rounded.
    slices: f64,
    /// Whether it is a whole number of them, give or take what rounding explains.
    is_near_whole: bool,
}

impl Step {
    fn new(distance: f64, usual: f64, tolerance: f64) -> Step {
        let slices = (distance / usual).round().max(1.0);
        let remainder = (distance - slices * usual).abs();
        let is_near_whole = remainder <= (GAP_REMAINDER * usual).max(tolerance);
        let kind = match slices {
            1.0 if remainder <= tolerance => Kind::Regular,
            2.0.. if is_near_whole || distance >= WIDE * usual => Kind::Gap,
            _ => Kind::Uneven,
        };
        Step { kind, slices, is_near_whole }
    }

    fn is_whole(&self) -> bool {
        self.kind != Kind::Uneven && self.is_near_whole
    }
}

fn gap(before: usize, distance: f64, usual: f64, slices: f64) -> Irregularity {
    let finding = GeometryFinding::Gap {
        before,
        missing_count: slices - 1.0,
        found_mm: distance,
        expected_mm: usual,
    };
    Irregularity { finding, slices: vec![before, before + 1] }
}

/// Slices that are off their place though every single step is within its tolerance.
fn drifted(along: &[f64], steps: &[Step], spacing: f64, tolerance: f64) -> Vec<usize> {
    let first = along.first().copied().unwrap_or_default();
    let places = steps.iter().scan(0.0, |place, step| {
        *place += step.slices;
        Some(*place)
    });
    let is_off = |(along, place): (&f64, f64)| (along - first - place * spacing).abs() > tolerance;
    let off = along.iter().skip(1).zip(places).map(is_off);
    off.enumerate().filter_map(|(before, is_off)| is_off.then_some(before + 1)).collect()
}

fn uneven_steps(slices: Vec<usize>, least_mm: f64, most_mm: f64, usual_mm: f64) -> Irregularity {
    let slice_count = slices.len();
    let finding = GeometryFinding::UnevenSteps { slice_count, least_mm, most_mm, usual_mm };
    Irregularity { finding, slices }
}

/// Slices that lie beside the line through the first and the last one.
fn off_axis(
    positions: &[Vector],
    along: &[f64],
    step: Vector,
    orientation: &Orientation,
    tolerance: f64,
) -> Option<Irregularity> {
    let origin = *positions.first()?;
    let first = *along.first()?;
    let spacing = dot(step, orientation.normal());
    let aside = |(position, along): (&Vector, &f64)| {
        let on_line = add_scaled(origin, (along - first) / spacing, step);
        norm(subtract(*position, on_line))
    };
    let distances: Vec<f64> = positions.iter().zip(along).map(aside).collect();
    let slices: Vec<usize> = distances
        .iter()
        .enumerate()
        .filter_map(|(index, aside)| (*aside > tolerance).then_some(index))
        .collect();
    let most_mm = distances.iter().copied().fold(0.0, f64::max);
    (!slices.is_empty()).then(|| {
        let finding = GeometryFinding::BesideLine { slice_count: slices.len(), most_mm };
        Irregularity { finding, slices }
    })
}

pub(super) fn tilt(
    step: Vector,
    orientation: &Orientation,
    slices: Range<usize>,
    tolerances: &Tolerances,
    tolerance: f64,
) -> Option<Irregularity> {
    let spacing = dot(step, orientation.normal());
    let shear = norm(add_scaled(step, -spacing, orientation.normal()));
    let degrees = shear.atan2(spacing).to_degrees();
    // In a stack of few slices the rounding of two positions makes an angle too.
    let is_tilted = degrees > tolerances.tilt_degrees
        && shear * slices.len().saturating_sub(1) as f64 > tolerance;
    is_tilted.then(|| {
        let finding = GeometryFinding::Tilt {
            angle_degrees: degrees,
            shear_mm: shear,
            plane_distance_mm: spacing,
        };
        Irregularity { finding, slices: Vec::new() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::synthetic::AXIAL;

    /// A slice 4 mm from the next may be 0.25 mm off. Numbers of the tests are exact in binary.
    const TOLERANCES: Tolerances = Tolerances {
        position_absolute: 0.25,
        position_relative: 0.0,
        tilt_degrees: 0.5,
        ..Tolerances::DEFAULT
    };

    fn fit_positions(positions: &[Vector]) -> Option<Grid> {
        fit(positions, &Orientation::new(AXIAL, 1e-6).unwrap(), &TOLERANCES)
    }

    fn gap(before: usize, missing_count: f64, found_mm: f64) -> Irregularity {
        let finding = GeometryFinding::Gap { before, missing_count, found_mm, expected_mm: 4.0 };
        Irregularity { finding, slices: vec![before, before + 1] }
    }

    fn uneven(slices: &[usize], least_mm: f64, most_mm: f64) -> Irregularity {
        let slice_count = slices.len();
        let usual_mm = 4.0;
        let finding = GeometryFinding::UnevenSteps { slice_count, least_mm, most_mm, usual_mm };
        Irregularity { finding, slices: slices.to_vec() }
    }

    #[test]
    fn steps_are_regular_gaps_or_uneven() {
        for (name, heights, step, findings) in [
            ("regular", &[0.0, 4.0, 8.0][..], 4.0, vec![]),
            ("within the tolerance", &[0.0, 4.0, 8.0, 12.25], 12.25 / 3.0, vec![]),
            (
                "past the tolerance",
                &[0.0, 4.0, 8.0, 12.3125],
                4.0,
                vec![uneven(&[2, 3], 4.0, 4.3125)],
            ),
            ("two steps", &[0.0, 4.0, 8.0, 16.0], 4.0, vec![gap(2, 1.0, 8.0)]),
            ("three steps", &[0.0, 12.0, 16.0, 20.0], 4.0, vec![gap(0, 2.0, 12.0)]),
            (
                "two steps and less than a tenth",
                &[0.0, 4.0, 8.0, 16.375],
                16.375 / 4.0,
                vec![gap(2, 1.0, 8.375)],
            ),
            (
                "two steps and more than a tenth",
                &[0.0, 4.0, 8.0, 16.4375],
                4.0,
                vec![uneven(&[2, 3], 4.0, 8.4375)],
            ),
            (
                "almost two and a half steps",
                &[0.0, 4.0, 8.0, 17.9375],
                4.0,
                vec![uneven(&[2, 3], 4.0, 9.9375)],
            ),
            ("two and a half steps", &[0.0, 4.0, 8.0, 18.0], 4.0, vec![gap(2, 2.0, 10.0)]),
            ("the lower of two is usual", &[0.0, 4.0, 12.0], 4.0, vec![gap(1, 1.0, 8.0)]),
            (
                "uneven steps after each other name each slice once",
                &[0.0, 4.0, 9.0, 14.0, 18.0, 22.0],
                4.0,
                vec![uneven(&[1, 2, 3], 4.0, 5.0)],
            ),
            (
                "a gap beside an uneven step",
                &[0.0, 4.0, 8.0, 16.0, 21.0, 25.0],
                4.0,
                vec![gap(2, 1.0, 8.0), uneven(&[3, 4], 4.0, 8.0)],
            ),
        ] {
            let positions: Vec<Vector> = heights.iter().map(|z| [1.0, 2.0, *z]).collect();
            let grid = fit_positions(&positions).unwrap();
            let [x, y, z] = grid.step;
            assert_eq!((x, y), (0.0, 0.0), "{name}");
            assert!((z - step).abs() < 1e-12, "{name}: {z} {step}");
            assert_eq!(grid.findings, findings, "{name}");
        }
    }

    #[test]
    fn positions_that_were_rounded_lie_on_a_line_within_their_rounding() {
        let tenths = |value: f64| (value * 10.0).round() / 10.0;
        let rounded = |steps: &[f64]| -> Vec<Vector> {
            steps.iter().map(|k| [0.0, 1.5, tenths(0.33 + k * 2.0 / 3.0)]).collect()
        };
        let all: Vec<f64> = (0..40).map(f64::from).collect();
        let with_gap: Vec<f64> = all.iter().copied().filter(|k| *k != 17.0).collect();
        let plane = Orientation::new(AXIAL, 1e-6).unwrap();
        for (name, places, gaps) in [("all", &all, 0), ("one missing", &with_gap, 1)] {
            let positions = rounded(places);
            let grid = fit(&positions, &plane, &Tolerances::DEFAULT).unwrap();
            assert!((grid.step[2] - 2.0 / 3.0).abs() < 1e-3, "{name}: {:?}", grid.step);
            assert_eq!(grid.findings.len(), gaps, "{name}: {:?}", grid.findings);
            let off = |(place, position): (&f64, &Vector)| {
                norm(subtract(*position, add_scaled(grid.origin, *place, grid.step)))
            };
            assert!(places.iter().zip(&positions).map(off).all(|off| off <= 0.050_01), "{name}");
        }
        for (name, heights) in [
            ("uneven", &[0.0, 2.0, 4.0, 6.5, 8.5][..]),
            ("whole numbers", &[0.0, 2.0, 4.0, 7.0, 9.0]),
            ("steps of the last decimal", &[0.0, 0.1, 0.2, 0.4, 0.5, 0.7]),
        ] {
            let positions: Vec<Vector> = heights.iter().map(|z| [0.5, 0.0, *z]).collect();
            let grid = fit(&positions, &plane, &Tolerances::DEFAULT).unwrap();
            assert!(!grid.findings.is_empty(), "{name}: {grid:?}");
        }
    }

    #[test]
    fn oblique_positions_that_were_rounded_are_beside_no_line() {
        let plane = Orientation::new(crate::series::tests::synthetic::OBLIQUE, 1e-6).unwrap();
        let position = |k: usize| {
            let exact = add_scaled([3.21, -4.5, 100.0], 1.7 * k as f64, plane.normal());
            exact.map(|value| (value * 10.0).round() / 10.0)
        };
        let positions: Vec<Vector> = (0..30).map(position).collect();
        let grid = fit(&positions, &plane, &Tolerances::DEFAULT).unwrap();
        assert_eq!(grid.findings, []);
        assert!((norm(grid.step) - 1.7).abs() < 5e-3, "{:?}", grid.step);
    }

    #[test]
    fn steps_within_their_tolerance_can_add_up() {
        let heights = [0.0, 4.25, 8.5, 12.75, 16.75, 20.75, 24.75];
        let grid = fit_positions(&heights.map(|z| [0.0, 0.0, z])).unwrap();
        assert_eq!(grid.step, [0.0, 0.0, 4.125]);
        assert_eq!(grid.findings, [uneven(&[3], 4.0, 4.25)]);
        // Here the slice in the middle is exactly as far off as it may be.
        let grid = fit_positions(&[0.0, 4.25, 8.5, 12.5, 16.5].map(|z| [0.0, 0.0, z])).unwrap();
        assert_eq!((grid.step, grid.findings), ([0.0, 0.0, 4.125], vec![]));
    }

    #[test]
    fn what_has_no_step_has_no_grid() {
        for positions in [&[][..], &[[0.0; 3]], &[[0.0; 3], [1.0, 0.0, 0.0]]] {
            assert!(fit_positions(positions).is_none(), "{positions:?}");
        }
    }

    #[test]
    fn slices_beside_the_line_are_named() {
        for (name, aside, expected) in [
            ("within the tolerance", [0.25, -0.25, 0.0], None),
            ("one", [0.25, 0.5, 0.0], Some((vec![2], 0.5))),
            ("two", [0.375, 0.0, -0.75], Some((vec![1, 3], 0.75))),
        ] {
            let [a, b, c] = aside;
            let positions =
                [[0.0, 0.0, 0.0], [0.0, a, 4.0], [b, 0.0, 8.0], [0.0, c, 12.0], [0.0, 0.0, 16.0]];
            let found = fit_positions(&positions).unwrap().findings;
            let expected: Vec<Irregularity> = expected
                .into_iter()
                .map(|(slices, most_mm): (Vec<usize>, f64)| {
                    let slice_count = slices.len();
                    let finding = GeometryFinding::BesideLine { slice_count, most_mm };
                    Irregularity { finding, slices }
                })
                .collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn a_line_that_leans_is_a_tilt_where_it_is_no_rounding() {
        let tilt = |shear_mm: f64, degrees: f64| GeometryFinding::Tilt {
            angle_degrees: degrees,
            shear_mm,
            plane_distance_mm: 4.0,
        };
        for (name, shear, count, expected) in [
            ("few slices", 0.125, 3, None),
            ("more slices", 0.125, 4, Some(tilt(0.125, f64::atan2(0.125, 4.0).to_degrees()))),
            ("hardly any angle", 0.031_25, 20, None),
            ("45 degrees", -4.0, 3, Some(tilt(4.0, 45.0))),
        ] {
            let positions: Vec<Vector> =
                (0..count).map(|n| [shear * f64::from(n), 0.0, 4.0 * f64::from(n)]).collect();
            let grid = fit_positions(&positions).unwrap();
            assert_eq!(grid.step, [shear, 0.0, 4.0], "{name}");
            let slices = Vec::new();
            let expected: Vec<Irregularity> = expected
                .into_iter()
                .map(|finding| Irregularity { finding, slices: slices.clone() })
                .collect();
            assert_eq!(grid.findings, expected, "{name}");
        }
    }
}
