//! The frames that a segmentation leaves out (PS3.3 §C.8.20): nothing is segmented there, and its
//! slices lie where those of its source do.

use super::axis::Arranged;
use super::grid::{self, Grid, Irregularity};
use super::report::{AxisFinding, Finding, GeometryFinding, IssueKind};
use super::rounding;
use super::stack::Entry;
use super::tolerances::Tolerances;
use crate::geometry::{Orientation, Vector, add_scaled, half_unit, norm, scale, subtract};

/// Slices of one volume, those left out included. Two frames and a spacing of a micrometre would
/// otherwise ask for any amount of memory.
const MOST_SLICES: usize = 1 << 13;
/// Cells of the slices and the axis in front of them.
const MOST_CELLS: usize = 1 << 20;
/// The steps from which on slices may lie between two, and Spacing Between Slices is no other
/// measure of one.
const LEAST_SKIP: f64 = 1.5;
/// The part of a step that the rounding of Spacing Between Slices may add up to.
const MOST_DRIFT: f64 = 0.25;

/// Where the slices of a segmentation lie among those of its source.
#[derive(Debug)]
pub(super) struct Sparse {
    pub grid: Option<Grid>,
    /// The place of each slice, from 0; `None` if none is left out between them.
    pub places: Option<Vec<usize>>,
}

/// Finds the places of slices at `positions`, which rise along the normal, and have the grid
/// `grid` if none is left out. `steps`: how many there are of the axis in front of them.
pub(super) fn fit(
    arranged: &Arranged<'_>,
    positions: &[Vector],
    grid: Option<Grid>,
    orientation: &Orientation,
    tolerances: &Tolerances,
) -> Sparse {
    let slices = &arranged.slices;
    let along: Vec<f64> =
        positions.iter().map(|position| orientation.along_normal(*position)).collect();
    let gaps = || along.windows(2).map(|pair| if let [a, b] = pair { b - a } else { 0.0 });
    let least = gaps().fold(f64::INFINITY, f64::min);
    let told = spacing_between(slices);
    let is_segmentation = slices.iter().all(|slice| slice.header.identity.is_segmentation());
    if !is_segmentation || positions.len() < 2 || positions.len() != slices.len() || least <= 0.0 {
        return Sparse { grid, places: None };
    }
    let spacing = told.unwrap_or(least);
    let most = MOST_SLICES.min(MOST_CELLS / (arranged.cells.len() / slices.len().max(1)).max(1));
    if gaps().sum::<f64>() / spacing >= most as f64 {
        return Sparse { grid: too_far(grid, gaps(), spacing), places: None };
    }
    let Some(places) = places(positions, &along, spacing, orientation, tolerances) else {
        let most_mm = gaps().map(|gap| (gap - (gap / spacing).round() * spacing).abs());
        let most_mm = most_mm.fold(0.0, f64::max);
        let slice_count = slices.len();
        let finding = GeometryFinding::OffGrid { slice_count, most_mm, expected_mm: spacing };
        // Two slices have one step, and even ones may lie far apart, whatever is between them.
        let widest = gaps().fold(0.0, f64::max);
        let is_needed = slices.len() == 2 || widest >= LEAST_SKIP * spacing;
        return Sparse { grid: with(grid, finding, is_needed), places: None };
    };
    let is_next = |pair: &[usize]| matches!(pair, [a, b] if a + 1 == *b);
    if places.windows(2).all(is_next) {
        let finding = GeometryFinding::UntoldSpacing { slice_count: slices.len(), found_mm: least };
        let is_needed = told.is_none() && may_skip(slices, least);
        return Sparse { grid: with(grid, finding, is_needed), places: None };
    }
    match grid_of(positions, &places, spacing, orientation, tolerances) {
        Some(grid) => Sparse { grid: Some(grid), places: Some(places) },
        None => Sparse { grid, places: None },
    }
}

/// Spacing Between Slices, if all have the same.
fn spacing_between(slices: &[Entry<'_>]) -> Option<f64> {
    let of = |slice: &Entry<'_>| slice.frame.plane.spacing_between_slices.map(f64::abs);
    let first = slices.first().and_then(of)?;
    let is_usable = first.is_finite() && first > 0.0;
    (is_usable && slices.iter().all(|slice| of(slice) == Some(first))).then_some(first)
}

/// Whether slices may lie between those that are `least` apart: two of them say nothing about it,
/// and of more are all alike farther apart than they are thick.
fn may_skip(slices: &[Entry<'_>], least: f64) -> bool {
    let thickness = slices.first().and_then(|slice| slice.frame.plane.slice_thickness);
    let thickness = thickness.filter(|thickness| *thickness > 0.0);
    thickness.map_or(slices.len() == 2, |thickness| least >= LEAST_SKIP * thickness)
}

/// How many steps each slice is from the first, if all are whole numbers of them. The spacing is
/// the one that the file has, or, as that may be rounded, the distance of neighbours.
fn places(
    positions: &[Vector],
    along: &[f64],
    spacing: f64,
    orientation: &Orientation,
    tolerances: &Tolerances,
) -> Option<Vec<usize>> {
    let first = *along.first()?;
    let halves = rounding::half_units(positions).into_iter().zip(orientation.normal());
    let rounded: f64 = halves.map(|(half, part)| half * part.abs()).sum();
    let tolerance = tolerances.position(spacing).max(2.0 * rounded.min(spacing / 8.0));
    let half = half_unit([spacing]);
    let gaps = along.windows(2).map(|pair| if let [a, b] = pair { b - a } else { 0.0 });
    let near: Vec<f64> = gaps.filter(|gap| (gap - spacing).abs() <= tolerance.max(half)).collect();
    let mean = near.iter().sum::<f64>() / near.len().max(1) as f64;
    let refined = (!near.is_empty()).then_some((mean, 0.0));
    [Some((spacing, 0.0)), refined, Some((spacing, half))].into_iter().flatten().find_map(
        |(spacing, half)| {
            let place = |along: &f64| {
                let place = ((along - first) / spacing).round();
                let drift = (place * half).min(MOST_DRIFT * spacing);
                let off = (along - first - place * spacing).abs();
                (off <= tolerance + drift).then_some(place as usize)
            };
            along.iter().map(place).collect()
        },
    )
}

/// The grid of slices at these places, if they lie on one line.
fn grid_of(
    positions: &[Vector],
    places: &[usize],
    spacing: f64,
    orientation: &Orientation,
    tolerances: &Tolerances,
) -> Option<Grid> {
    let (origin, last) = (*positions.first()?, *positions.last()?);
    let whole: Vec<f64> = places.iter().map(|place| *place as f64).collect();
    let step = scale(1.0 / whole.last()?, subtract(last, origin));
    let tolerance = tolerances.position(spacing);
    let is_near = |(place, position): (&f64, &Vector)| {
        norm(subtract(*position, add_scaled(origin, *place, step))) <= tolerance
    };
    let (origin, step) = match whole.iter().zip(positions).all(is_near) {
        true => (origin, step),
        false if tolerance > 0.0 => rounding::line(positions, &whole)?,
        false => return None,
    };
    let count = places.last()?.saturating_add(1);
    let findings = grid::tilt(step, orientation, 0..count, tolerances, tolerance);
    Some(Grid { origin, step, findings: findings.into_iter().collect() })
}

/// The grid with one more finding, unless an error explains it already or it is not `needed`.
fn with(grid: Option<Grid>, finding: GeometryFinding, is_needed: bool) -> Option<Grid> {
    let mut grid = grid?;
    if is_needed && !grid.findings.iter().any(|found| found.finding.is_error()) {
        grid.findings.push(Irregularity { finding, slices: vec![0] });
    }
    Some(grid)
}

/// More slices than are filled in are missing.
fn too_far(grid: Option<Grid>, gaps: impl Iterator<Item = f64>, spacing: f64) -> Option<Grid> {
    let (before, widest) = gaps.enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let missing_count = (widest / spacing).round() - 1.0;
    let finding =
        GeometryFinding::Gap { before, missing_count, found_mm: widest, expected_mm: spacing };
    with(grid, finding, missing_count >= 1.0)
}

/// The images at their places, with nothing at the others.
pub(super) fn spread<'a>(arranged: Arranged<'a>, places: &[usize]) -> Arranged<'a> {
    let Arranged { slices, axis, cells, mut issues } = arranged;
    let count = places.last().map_or(0, |place| place.saturating_add(1));
    let mut spread: Vec<Option<Entry<'a>>> = Vec::new();
    for step in cells.chunks(slices.len().max(1)) {
        let start = spread.len();
        spread.resize(start + count, None);
        for (place, cell) in places.iter().zip(step) {
            if let Some(slot) = spread.get_mut(start + place) {
                *slot = *cell;
            }
        }
    }
    let is_empty = |(index, cell): (usize, &Option<Entry<'a>>)| {
        cell.is_none().then_some((index / count.max(1), index % count.max(1)))
    };
    let missing = spread.iter().enumerate().filter_map(is_empty).collect();
    issues.retain(|issue| issue.kind != IssueKind::IncompleteGrid || issue.is_error);
    let name = axis.as_ref().map_or("segment".into(), |axis| axis.name.clone());
    let cell_count = spread.len();
    let finding = AxisFinding::Incomplete { axis: name, missing, cell_count, is_needed: false };
    issues.push(finding.about([]));
    Arranged { slices, axis, cells: spread, issues }
}

#[cfg(test)]
mod tests {
    use crate::series::header::FrameHeader;
    use crate::series::plan::SeriesPlan;
    use crate::series::tests::synthetic::{AXIAL, findings, plan, with};

    /// What a segmentation makes of frames at these heights, each of a segment.
    fn planned(heights: &[(f64, f64)], spacing: Option<f64>) -> SeriesPlan {
        let file = with("a", |one| {
            one.identity.sop_class_uid = "1.2.840.10008.5.1.4.1.1.66.4".to_owned();
            for (index, (height, segment)) in heights.iter().enumerate() {
                let mut frame = FrameHeader::of_instance(one);
                frame.index = index;
                frame.plane.position = Some([1.0, 2.0, *height]);
                frame.plane.orientation = Some(AXIAL);
                frame.plane.spacing_between_slices = spacing;
                frame.acquisition.set(crate::series::AxisNumber::SegmentNumber, Some(*segment));
                one.frames.push(frame);
            }
        });
        plan(vec![file])
    }

    #[test]
    fn frames_that_are_left_out_have_their_places() {
        let filled = "incomplete_grid: ";
        for (name, heights, spacing, shape, step, expected) in [
            ("two far apart", &[2.0, 12.0][..], Some(2.0), 6, 2.0, filled),
            ("a gap inside", &[2.0, 4.0, 10.0], Some(2.0), 5, 2.0, filled),
            ("every second", &[0.0, 2.0, 4.0], Some(1.0), 5, 1.0, filled),
            ("negative", &[0.0, 6.0], Some(-2.0), 4, 2.0, filled),
            ("no spacing", &[0.0, 2.0, 8.0], None, 5, 2.0, filled),
            ("no spacing, and two", &[0.0, 8.0], None, 2, 8.0, "missing_spacing: 0"),
            ("rounded spacing", &[0.0, 100.0 / 3.0], Some(0.67), 51, 2.0 / 3.0, filled),
            ("none left out", &[0.0, 2.0, 4.0], Some(2.0), 3, 2.0, ""),
            ("regular, at odds with the spacing", &[0.0, 2.5, 5.0], Some(2.0), 3, 2.5, ""),
            ("regular, twice the spacing", &[0.0, 4.0, 8.0], Some(2.0), 5, 2.0, filled),
            ("regular, far from it", &[0.0, 5.0, 10.0], Some(2.0), 3, 5.0, "uneven_spacing!: 00"),
            (
                "the spacing is rounded",
                &[0.0, 100.0, 200.0],
                Some(1.99),
                3,
                100.0,
                "uneven_spacing!: 00",
            ),
            ("no multiple", &[0.0, 10.0], Some(3.0), 2, 10.0, "uneven_spacing!: 00"),
            ("no multiple, farther", &[0.0, 100.0], Some(3.0), 2, 100.0, "uneven_spacing!: 00"),
            ("too far", &[0.0, 1e6], Some(1e-3), 2, 1e6, "gap!: 00"),
            ("one", &[5.0], Some(2.0), 1, 2.0, ""),
        ] {
            let frames: Vec<(f64, f64)> = heights.iter().map(|height| (*height, 1.0)).collect();
            let found = planned(&frames, spacing);
            assert_eq!(found.shape, [shape, 5, 7], "{name}");
            assert!((found.spacing[0] - step).abs() < 0.01, "{name}: {:?}", found.spacing);
            let expected: &[&str] = if expected.is_empty() { &[] } else { &[expected.trim()] };
            let kinds: Vec<String> =
                findings(&found).iter().map(|text| text.trim().to_owned()).collect();
            assert_eq!(kinds.len(), expected.len(), "{name}: {kinds:?}");
            let is_same = |(a, b): (&String, &&str)| a.split(':').next() == b.split(':').next();
            assert!(kinds.iter().zip(expected).all(is_same), "{name}: {kinds:?}");
        }
    }

    #[test]
    fn segments_share_the_places_of_all() {
        let found = planned(&[(0.0, 1.0), (2.0, 1.0), (8.0, 2.0)], Some(2.0));
        assert_eq!(found.shape, [2, 5, 5, 7]);
        let there: Vec<bool> = found.set.slices.iter().map(Option::is_some).collect();
        let expected = [true, true, false, false, false, false, false, false, false, true];
        assert_eq!(there, expected);
        let [issue] = &found.report.issues[..] else { panic!("{:?}", found.report.issues) };
        assert_eq!(issue.numbers, [("missing_count", 7.0), ("cell_count", 10.0)]);
        assert!(!issue.is_error);
    }
}
