//! The order of a stack's images, and where they lie.
//!
//! While there are positions, nothing else decides the order: slices rise along the normal (PS3.3
//! §C.7.6.2.1.1). Instance Number counts in whatever order a scanner likes, and Slice Location has
//! no agreed zero or sign. In-Stack Position Number may fall along the normal, and where it
//! contradicts positions, they are right.

use std::collections::BTreeMap;

use super::axis::{Arranged, LeadingAxis, arrange};
use super::beside::Extent;
use super::grid;
use super::header::{PlaceNumber, PlaceSource};
use super::mosaic::TilePlaces;
use super::natural::natural;
use super::report::{Consequence, Finding, GeometryFinding, Issue, Lacking};
use super::sparse::{self, Sparse};
use super::stack::{Entry, Group};
use super::tolerances::Tolerances;
use crate::geometry::{Affine, Orientation, Vector, norm, scale, subtract};

/// An axial plane, which serves where the true one is not known.
const AXIAL: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];

/// A stack in order.
#[derive(Debug)]
pub(super) struct Ordered<'a> {
    /// In front of the slices.
    pub axis: Option<LeadingAxis>,
    /// For each step of the axis the slices; without one, the slices.
    pub cells: Vec<Option<Entry<'a>>>,
    pub affine: Affine,
    /// (between rows, between columns) in mm.
    pub pixel_spacing: [f64; 2],
    /// Along the normal; `None` where positions are not known.
    pub extent: Option<Extent>,
    pub issues: Vec<Issue>,
}

impl Ordered<'_> {
    /// Places of slices, those without an image included.
    pub(super) fn slice_count(&self) -> usize {
        self.cells.len() / self.axis.as_ref().map_or(1, |axis| axis.length).max(1)
    }
}

/// Orders the images of `stack`, all of which have their pixels.
///
/// `has_own_geometry`: slices lie elsewhere than these headers say, so no position issues are
/// reported.
pub(super) fn order<'a>(
    stack: &Group<'_>,
    images: Vec<Entry<'a>>,
    has_own_geometry: bool,
    tolerances: &Tolerances,
) -> Option<Ordered<'a>> {
    let plane = Orientation::new(AXIAL, tolerances.cosine.max(0.0))?;
    let mut issues = Vec::new();
    let pixel_spacing = pixel_spacing(&images, has_own_geometry, &mut issues);
    let (arranged, orientation, placed) = match stack.orientation {
        Some(orientation) if !has_own_geometry => {
            let (with, without): (Vec<_>, Vec<_>) =
                images.into_iter().partition(|image| image.frame.plane.position.is_some());
            let left_out = !with.is_empty();
            issues.extend(unplaced_issue(lacking_position(&without), &without, left_out));
            if left_out {
                let (arranged, placed) = by_position(with, &orientation, tolerances, &mut issues);
                (arranged, orientation, Some(placed))
            } else {
                (unplaced(without), orientation, None)
            }
        }
        orientation => {
            if !has_own_geometry {
                let has_position = images.iter().any(|image| image.frame.plane.position.is_some());
                let lacking = match has_position {
                    true => Lacking::Orientation,
                    false => Lacking::PositionAndOrientation,
                };
                issues.extend(unplaced_issue(lacking, &images, false));
            }
            (unplaced(images), orientation.unwrap_or(plane), None)
        }
    };
    let Arranged { slices, axis, cells, issues: found } = arranged;
    issues.extend(found);
    let mut along = |entry: &Entry<'_>, is_reported: bool| {
        let spacing = slice_spacing(entry, is_reported, &mut issues);
        scale(spacing, orientation.normal())
    };
    let first = slices.first();
    let (origin, step) = match (placed, first) {
        (Some(Placed { origin, step: Some(step) }), _) => (origin, step),
        (Some(Placed { origin, step: None }), Some(first)) => (origin, along(first, true)),
        // Where the first slice lies is not known.
        (_, Some(first)) => ([0.0; 3], along(first, false)),
        (_, None) => ([0.0; 3], orientation.normal()),
    };
    let affine = Affine::new(step, &orientation, pixel_spacing, origin);
    let extent = placed.and_then(|_| {
        let along = |entry: Option<&Entry<'_>>| {
            Some(orientation.along_normal(entry?.frame.plane.position?))
        };
        Some(Extent {
            first: along(slices.first())?,
            last: along(slices.last())?,
            step: affine.plane_distance(),
        })
    });
    Some(Ordered { axis, cells, affine, pixel_spacing, extent, issues })
}

/// What images without a position lack.
fn lacking_position(images: &[Entry<'_>]) -> Lacking {
    let is_frame_of_dose = |image: &Entry<'_>| {
        image.header.identity.modality == "RTDOSE"
            && image.header.frames.len() > 1
            && image.header.plane.position.is_some()
    };
    let is_counted = |image: &Entry<'_>| {
        image.header.image.mosaic.is_some_and(|tiles| tiles.places != TilePlaces::Stated)
    };
    if images.iter().all(is_counted) {
        Lacking::MosaicPosition
    } else if images.iter().all(is_frame_of_dose) {
        Lacking::FrameOffsets
    } else {
        Lacking::Position
    }
}

/// The first slice's position, and the step if there are two.
#[derive(Clone, Copy, Debug)]
struct Placed {
    origin: Vector,
    step: Option<Vector>,
}

/// Orders images that have positions, leaves one at each, and fits the step.
fn by_position<'a>(
    images: Vec<Entry<'a>>,
    orientation: &Orientation,
    tolerances: &Tolerances,
    issues: &mut Vec<Issue>,
) -> (Arranged<'a>, Placed) {
    let along = |entry: &Entry<'_>| {
        orientation.along_normal(entry.frame.plane.position.unwrap_or_default())
    };
    let mut sorted: Vec<(f64, Entry<'a>)> =
        images.into_iter().map(|entry| (along(&entry), entry)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.rank().cmp(&b.1.rank())));
    let mut places: Vec<(f64, Vec<Entry<'a>>)> = Vec::with_capacity(sorted.len());
    for (along, entry) in sorted {
        match places.last_mut() {
            Some((place, entries)) if along - *place <= tolerances.same_position => {
                entries.push(entry)
            }
            _ => places.push((along, vec![entry])),
        }
    }
    let arranged = arrange(places.into_iter().map(|(_, entries)| entries).collect());
    let slices = &arranged.slices;
    let positions: Vec<Vector> =
        slices.iter().filter_map(|entry| entry.frame.plane.position).collect();
    let grid = grid::fit(&positions, orientation, tolerances);
    let Sparse { grid, places } = sparse::fit(&arranged, &positions, grid, orientation, tolerances);
    if grid.is_none() && positions.len() > 1 {
        issues.push(GeometryFinding::NoStep.about(slices.iter().map(Entry::path)));
    }
    let first = positions.first().copied().unwrap_or_default();
    let origin = grid.as_ref().map_or(first, |grid| grid.origin);
    let step = grid.as_ref().map(|grid| grid.step);
    issues.extend(beside(&arranged, orientation, step, tolerances));
    for grid::Irregularity { finding, slices: indices } in
        grid.into_iter().flat_map(|grid| grid.findings)
    {
        let found = indices.iter().filter_map(|slice| slices.get(*slice));
        issues.push(finding.about(found.map(Entry::path)));
    }
    let arranged = match places {
        Some(places) => sparse::spread(arranged, &places),
        None => arranged,
    };
    (arranged, Placed { origin, step })
}

/// Images that share a place along the normal with a slice, but lie beside it.
fn beside<'a>(
    arranged: &Arranged<'a>,
    plane: &Orientation,
    step: Option<Vector>,
    tolerances: &Tolerances,
) -> Option<Issue> {
    let tolerance = tolerances.position(step.map_or(1.0, |step| plane.along_normal(step)));
    let slice_count = arranged.slices.len().max(1);
    let far = |(index, cell): (usize, &Option<Entry<'a>>)| {
        let (cell, slice) = ((*cell)?, arranged.slices.get(index % slice_count)?);
        let distance = norm(subtract(cell.frame.plane.position?, slice.frame.plane.position?));
        (distance > tolerance).then_some((cell, distance))
    };
    let found: Vec<(Entry<'a>, f64)> = arranged.cells.iter().enumerate().filter_map(far).collect();
    let most = found.iter().map(|(_, distance)| *distance).fold(0.0, f64::max);
    (!found.is_empty()).then(|| {
        GeometryFinding::BesideSlice { image_count: found.len(), most_mm: most }
            .about(found.iter().map(|(entry, _)| entry.path()))
    })
}

/// Slices without an axis in front.
fn one_each(slices: Vec<Entry<'_>>) -> Arranged<'_> {
    Arranged {
        cells: slices.iter().copied().map(Some).collect(),
        slices,
        axis: None,
        issues: Vec::new(),
    }
}

/// What numbers the places of all images, if that is one thing.
fn place_source(images: &[Entry<'_>]) -> Option<PlaceSource> {
    let source = |entry: &Entry<'_>| entry.frame.place_number.map(|number| number.source);
    let first = images.first().and_then(source)?;
    images.iter().all(|entry| source(entry) == Some(first)).then_some(first)
}

/// Arranges images without positions: those of one file, if they are of one stack, by their place
/// in it.
fn unplaced(images: Vec<Entry<'_>>) -> Arranged<'_> {
    let is_numbered = place_source(&images).is_some();
    let is_alike = |pair: &[Entry<'_>]| match pair {
        [a, b] => a.file == b.file && a.frame.stack_id == b.frame.stack_id,
        _ => true,
    };
    if is_numbered && images.windows(2).all(is_alike) {
        let mut places: BTreeMap<Option<PlaceNumber>, Vec<Entry<'_>>> = BTreeMap::new();
        for image in &images {
            places.entry(image.frame.place_number).or_default().push(*image);
        }
        // Frames that all have one number are numbered by something else.
        if places.len() > 1 {
            return arrange(places.into_values().collect());
        }
    }
    one_each(by_number(images, is_numbered))
}

/// The last resort: Instance Number, then names as people count, and inside a file the numbers of
/// places if all have one.
fn by_number<'a>(mut images: Vec<Entry<'a>>, is_numbered: bool) -> Vec<Entry<'a>> {
    images.sort_by(|a, b| {
        let number = |entry: &Entry<'_>| entry.header.identity.instance_number.unwrap_or(i64::MAX);
        let place = |entry: &Entry<'a>| {
            is_numbered.then_some((entry.frame.stack_id.as_deref(), entry.frame.place_number))
        };
        number(a)
            .cmp(&number(b))
            .then_with(|| natural(&a.header.path, &b.header.path))
            .then_with(|| place(a).cmp(&place(b)))
            .then(a.index.cmp(&b.index))
    });
    images
}

fn unplaced_issue(lacking: Lacking, images: &[Entry<'_>], is_left_out: bool) -> Option<Issue> {
    let is_of_two_files = |pair: &[Entry<'_>]| matches!(pair, [a, b] if a.file != b.file);
    let consequence = match is_left_out {
        true => Consequence::LeftOut,
        false => Consequence::Ordered {
            source: place_source(images),
            has_several_files: images.windows(2).any(is_of_two_files),
        },
    };
    let finding = GeometryFinding::Unplaced { lacking, image_count: images.len(), consequence };
    (!images.is_empty()).then(|| finding.about(images.iter().map(Entry::path)))
}

/// (between rows, between columns) of the stack, which its images share.
fn pixel_spacing(
    images: &[Entry<'_>],
    has_own_geometry: bool,
    issues: &mut Vec<Issue>,
) -> [f64; 2] {
    let Some(first) = images.first() else { return [1.0; 2] };
    let Some(spacing) = first.frame.plane.pixel_spacing else {
        if !has_own_geometry {
            let paths = images.iter().map(Entry::path);
            issues.push(GeometryFinding::NoPixelSpacing.about(paths));
        }
        return [1.0; 2];
    };
    if first.header.coordinates.is_spacing_at_detector {
        issues.push(GeometryFinding::DetectorSpacing.about([]));
    }
    spacing
}

/// The step of a stack without two positions, in mm. Reports a missing one if `is_reported`.
fn slice_spacing(entry: &Entry<'_>, is_reported: bool, issues: &mut Vec<Issue>) -> f64 {
    let usable = |spacing: Option<f64>| {
        spacing.map(f64::abs).filter(|spacing| spacing.is_finite() && *spacing > 0.0)
    };
    usable(entry.frame.plane.spacing_between_slices)
        .or_else(|| usable(entry.frame.plane.slice_thickness))
        .unwrap_or_else(|| {
            if is_reported {
                let finding = GeometryFinding::NoThickness { assumed_mm: 1.0 };
                issues.push(finding.about([entry.path()]));
            }
            1.0
        })
}

#[cfg(test)]
mod tests;
