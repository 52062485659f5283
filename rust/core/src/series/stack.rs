//! Which of a series' images make its stack, and which lie beside it.
//!
//! Images of one plane, shape, Photometric Interpretation and Pixel Spacing are a group. The
//! largest that is no localizer and knows its plane is the stack; nothing else parts files, so that
//! a CT of several acquisitions stays one. Of the others it is said what sets them apart.

use std::cmp::Ordering;
use std::path::PathBuf;

use super::header::FrameHeader;
use super::header::{InstanceHeader, has_value};
use super::report::{Finding, Issue, IssueKind, LeftOut};
use super::tolerances::Tolerances;
use crate::geometry::Orientation;

/// An image of the series at hand: a frame of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// Its number in the order of paths and frames, which makes every choice independent of the
    /// order in which files came.
    pub index: usize,
    /// The number of its file in the order of paths.
    pub file: usize,
    pub header: &'a InstanceHeader,
    pub frame: &'a FrameHeader,
    /// Checked; `None` if absent or no pair of perpendicular unit vectors.
    pub orientation: Option<Orientation>,
}

impl<'a> Entry<'a> {
    pub fn path(&self) -> PathBuf {
        self.header.path.clone()
    }

    /// Frame Type, or else Image Type: values with backslashes between them.
    pub fn image_type(&self) -> &'a str {
        self.frame.frame_type.as_deref().unwrap_or(&self.header.identity.image_type)
    }

    /// Whether its type says that this is no slice of a volume but shows where its slices are.
    pub fn is_localizer(&self) -> bool {
        self.header.is_localizer()
            || self.frame.frame_type.as_deref().is_some_and(|kind| has_value(kind, "LOCALIZER"))
    }

    /// Which of two images of one position comes first.
    pub fn rank(&self) -> (i64, usize) {
        (self.header.identity.instance_number.unwrap_or(i64::MAX), self.index)
    }
}

/// Images that could be slices of one volume.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    pub entries: Vec<Entry<'a>>,
    /// That of all of them, within the tolerance.
    pub orientation: Option<Orientation>,
    pub is_localizer: bool,
}

impl<'a> Group<'a> {
    fn first(&self) -> Option<Entry<'a>> {
        self.entries.first().copied()
    }
}

/// What the slices of a stack share to the letter: rows, columns, samples, Photometric
/// Interpretation.
type Shape<'a> = (usize, usize, usize, &'a str);

fn shape(header: &InstanceHeader) -> Option<Shape<'_>> {
    let (image, (rows, columns)) = (header.image.state.description()?, header.slice_size()?);
    Some((rows, columns, image.samples_per_pixel, &image.photometric_interpretation))
}

/// What an image is compared by.
#[derive(Clone, Copy, Debug)]
struct Candidate<'a> {
    entry: Entry<'a>,
    /// What must be the same: localizer, shape, and which of orientation and spacing are known.
    exact: (bool, Option<Shape<'a>>, bool, bool),
    /// Cosines and logarithms of spacings, which must be near.
    near: [f64; 8],
    /// The sum of `near`, each times a weight.
    score: f64,
}

/// Numbers without a simple ratio, so that planes that turn about an axis of the patient differ in
/// their score too.
const WEIGHTS: [f64; 8] = [1.0, 0.618, 0.414, 0.732, 0.236, 0.317, 0.755, 0.57];

impl<'a> Candidate<'a> {
    fn new(entry: Entry<'a>) -> Candidate<'a> {
        let (plane, spacing) = (entry.orientation, entry.frame.plane.pixel_spacing);
        let exact = (entry.is_localizer(), shape(entry.header), plane.is_some(), spacing.is_some());
        let pair = plane.map(|plane| (plane.along_row(), plane.along_column()));
        let ([a, b, c], [d, e, f]) = pair.unwrap_or_default();
        let [g, h] = spacing.map_or([0.0; 2], |spacing| spacing.map(f64::ln));
        let near = [a, b, c, d, e, f, g, h];
        let score = near.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        Candidate { entry, exact, near, score }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let by_near = || {
            let pairs = self.near.iter().zip(&other.near);
            pairs
                .map(|(a, b)| a.total_cmp(b))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        };
        let by_score = self.exact.cmp(&other.exact).then(self.score.total_cmp(&other.score));
        by_score.then_with(by_near).then(self.entry.index.cmp(&other.entry.index))
    }

    /// Whether both could be of one group.
    fn is_near(&self, other: &Self, tolerances: &Tolerances) -> bool {
        let is_same_plane = match (self.entry.orientation, other.entry.orientation) {
            (Some(a), Some(b)) => a.is_near(&b, tolerances.cosine),
            _ => true,
        };
        let (a, b) = (self.entry.frame.plane.pixel_spacing, other.entry.frame.plane.pixel_spacing);
        is_same_plane && tolerances.is_same_pixel_spacing(a, b)
    }
}

/// By how much the scores of two images of one group can differ.
fn most_apart(tolerances: &Tolerances) -> f64 {
    let weights: f64 = WEIGHTS.iter().sum();
    // The logarithms of two numbers that differ by the part r differ by less than 2 r, as long as r
    // is below a half.
    let relative = tolerances.pixel_spacing_relative;
    weights * tolerances.cosine.max(if relative < 0.5 { 2.0 * relative } else { f64::INFINITY })
}

/// Splits images into groups, each in the order of paths, the group with the first path first.
///
/// Images are gone through by score, so that the groups that one can belong to are the last few.
fn groups<'a>(entries: Vec<Entry<'a>>, tolerances: &Tolerances) -> Vec<Group<'a>> {
    let mut candidates: Vec<Candidate<'a>> = entries.into_iter().map(Candidate::new).collect();
    candidates.sort_by(Candidate::compare);
    let most_apart = most_apart(tolerances);
    let mut groups: Vec<(Candidate<'a>, Group<'a>)> = Vec::new();
    for candidate in candidates {
        let entry = candidate.entry;
        let is_close = |first: &Candidate<'a>| candidate.score - first.score <= most_apart;
        let found = groups
            .iter_mut()
            .rev()
            .take_while(|(first, _)| is_close(first) && first.exact == candidate.exact)
            .find(|(first, _)| first.is_near(&candidate, tolerances));
        match found {
            Some((_, group)) => group.entries.push(entry),
            None => {
                let (orientation, is_localizer) = (entry.orientation, entry.is_localizer());
                groups.push((candidate, Group { entries: vec![entry], orientation, is_localizer }));
            }
        }
    }
    let mut groups: Vec<Group<'a>> = groups.into_iter().map(|(_, group)| group).collect();
    for group in &mut groups {
        group.entries.sort_by_key(|entry| entry.index);
    }
    groups.sort_by_key(|group| group.entries.first().map(|entry| entry.index));
    groups
}

/// Parts the stack from the groups beside it.
pub(super) fn split<'a>(
    entries: Vec<Entry<'a>>,
    tolerances: &Tolerances,
) -> Option<(Group<'a>, Vec<Group<'a>>)> {
    let mut groups = groups(entries, tolerances);
    let rank = |group: &Group<'_>| {
        let has_place = group.orientation.is_some()
            && group.entries.iter().any(|entry| entry.frame.plane.position.is_some());
        (has_place && !group.is_localizer, group.entries.len())
    };
    // Of equals the one with the first path.
    let (chosen, _) = groups.iter().enumerate().rev().max_by_key(|(_, group)| rank(group))?;
    let stack = groups.remove(chosen);
    Some((stack, groups))
}

/// Where the stack lies along its normal, in mm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub first: f64,
    pub last: f64,
    pub step: f64,
}

/// The planes of two images count as parallel here up to 5 degrees: a slice of the stack whose
/// Image Orientation is a little off, not one of another plane.
const PARALLEL: f64 = 0.996;
/// Planes that are more than 45 degrees apart cross the stack, as localizers do.
const CROSSING: f64 = 0.707;

/// Says what was left out, and why.
///
/// Images of another stack are only reported if the stack is clearly the main one: at least three
/// quarters of the images, localizers not counted, and two slices. They are an error otherwise, and
/// also if they lie where the stack is or would go on: then they are more likely slices of it with
/// a wrong header, and the volume lacks them.
pub(super) fn left_out(
    stack: &Group<'_>,
    others: &[Group<'_>],
    extent: Option<Extent>,
    tolerances: &Tolerances,
) -> Vec<Issue> {
    let kinds: Vec<(IssueKind, &Group<'_>)> = others
        .iter()
        .filter_map(|other| Some((difference(stack, other, tolerances)?, other)))
        .collect();
    let of_others = |kind: IssueKind| {
        kinds.iter().filter(move |(found, _)| *found == kind).map(|(_, group)| *group)
    };
    let total: usize = others.iter().map(|group| group.entries.len()).sum();
    let localizers: usize = of_others(IssueKind::Localizer).map(|group| group.entries.len()).sum();
    let is_main = stack.entries.len() >= 2 && stack.entries.len() >= 3 * (total - localizers);

    let mut found: Vec<IssueKind> = kinds.iter().map(|(kind, _)| *kind).collect();
    found.sort_unstable();
    found.dedup();
    let issue = |kind: IssueKind| {
        let groups: Vec<&Group<'_>> = of_others(kind).collect();
        let mut entries: Vec<&Entry<'_>> = groups.iter().flat_map(|group| &group.entries).collect();
        entries.sort_by_key(|entry| entry.index);
        let finding = LeftOut {
            kind,
            image_count: entries.len(),
            file_count: entries.chunk_by(|a, b| a.file == b.file).count(),
            group_count: groups.len(),
            in_stack_count: entries.iter().filter(|entry| is_inside(stack, entry, extent)).count(),
            stack_count: stack.entries.len(),
            is_main,
        };
        finding.about(entries.into_iter().map(Entry::path))
    };
    found.into_iter().map(issue).collect()
}

/// What sets a group apart from the stack.
fn difference(stack: &Group<'_>, other: &Group<'_>, tolerances: &Tolerances) -> Option<IssueKind> {
    let (a, b) = (stack.first()?, other.first()?);
    if other.is_localizer && !stack.is_localizer {
        return Some(IssueKind::Localizer);
    }
    let by_shape = match (shape(a.header), shape(b.header)) {
        (Some(a), Some(b)) if (a.0, a.1) != (b.0, b.1) => Some(IssueKind::MixedShape),
        (Some(a), Some(b)) if a != b => Some(IssueKind::MixedPhotometric),
        (Some(_), Some(_)) | (None, None) => None,
        _ => Some(IssueKind::Unsupported),
    };
    Some(match (stack.orientation, other.orientation) {
        (Some(plane), Some(crossing)) if !plane.is_near(&crossing, tolerances.cosine) => {
            let is_few = stack.entries.len() >= 4 * other.entries.len();
            let is_crossing = plane.plane_cosine(&crossing) < CROSSING;
            // Some scanners name their localizers in another way, but never as the slices.
            let is_localizer =
                is_few && is_crossing && a.image_type() != b.image_type() && by_shape.is_some();
            if is_localizer { IssueKind::Localizer } else { IssueKind::MixedOrientation }
        }
        (Some(_), None) => {
            by_shape.unwrap_or(match (b.frame.plane.position, b.frame.plane.orientation) {
                (Some(_), _) | (None, Some(_)) => IssueKind::MissingOrientation,
                (None, None) => IssueKind::MissingPosition,
            })
        }
        (None, Some(_)) => by_shape.unwrap_or(IssueKind::MixedOrientation),
        _ => by_shape.unwrap_or(if stack.is_localizer == other.is_localizer {
            IssueKind::MixedSpacing
        } else {
            IssueKind::Localizer
        }),
    })
}

/// Whether an image lies among the slices of the stack, or not further from an end than the next
/// slice would.
fn is_inside(stack: &Group<'_>, entry: &Entry<'_>, extent: Option<Extent>) -> bool {
    let (Some(plane), Some(extent)) = (stack.orientation, extent) else { return false };
    let (Some(orientation), Some(position)) = (entry.orientation, entry.frame.plane.position)
    else {
        return false;
    };
    let along = plane.along_normal(position);
    let margin = 1.5 * extent.step;
    plane.plane_cosine(&orientation) >= PARALLEL
        && along >= extent.first - margin
        && along <= extent.last + margin
}
