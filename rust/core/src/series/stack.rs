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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::header::InstanceHeader;
    use crate::series::image_state::ImageState;
    use crate::series::tests::synthetic::{
        AXIAL, CORONAL, Images, SAGITTAL, Stack, header, image_mut, native, regular, with,
    };

    /// An axial plane turned about its rows.
    fn leaning(degrees: f64) -> [f64; 6] {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        [1.0, 0.0, 0.0, 0.0, cosine, sine]
    }

    fn group<'a>(entries: &[Entry<'a>]) -> Group<'a> {
        let first = entries[0];
        Group {
            entries: entries.to_vec(),
            orientation: first.orientation,
            is_localizer: first.is_localizer(),
        }
    }

    #[test]
    fn an_image_is_inside_up_to_the_next_slice_and_a_half() {
        let extent = Some(Extent { first: -2.0, last: 6.0, step: 2.0 });
        let at = |z: f64, orientation: [f64; 6]| {
            with("a", |one| {
                one.plane.position = Some([0.0, 0.0, z]);
                one.plane.orientation = Some(orientation);
            })
        };
        for (name, image, expected) in [
            ("below the margin", at(-5.25, AXIAL), false),
            ("on the lower margin", at(-5.0, AXIAL), true),
            ("among the slices", at(0.5, AXIAL), true),
            ("on the upper margin", at(9.0, AXIAL), true),
            ("above the margin", at(9.25, AXIAL), false),
            ("almost parallel", at(0.0, leaning(5.0)), true),
            ("almost parallel, turned over", at(0.0, leaning(184.0)), true),
            ("not parallel", at(0.0, leaning(5.5)), false),
            ("not parallel at all", at(0.0, leaning(20.0)), false),
        ] {
            let images = Images::new(vec![header("stack"), image]);
            let entries = images.entries();
            let stack = group(&entries[..1]);
            assert_eq!(is_inside(&stack, &entries[1], extent), expected, "{name}");
            assert!(!is_inside(&stack, &entries[1], None), "{name}");
        }
        for change in [
            |one: &mut InstanceHeader| one.plane.position = None,
            |one: &mut InstanceHeader| one.plane.orientation = None,
        ] {
            let images = Images::new(vec![at(0.0, AXIAL), with("a", change)]);
            let entries = images.entries();
            assert!(!is_inside(&group(&entries[..1]), &entries[1], extent));
        }
    }

    #[test]
    fn a_group_is_set_apart_by_one_difference() {
        type Change = fn(&mut InstanceHeader);
        const LOCALIZER: Change = |one| one.identity.image_type = "LOCALIZER".to_owned();
        const OTHER_TYPE: Change = |one| {
            one.identity.image_type = "OTHER".to_owned();
            one.image.state = native(9, 9);
            one.plane.orientation = Some(SAGITTAL);
        };
        const NO_PLANE: Change = |one| one.plane.orientation = None;
        let same: Change = |_| {};
        for (name, stack, other, expected) in [
            ("a localizer", same, LOCALIZER, IssueKind::Localizer),
            ("slices beside localizers", LOCALIZER, same, IssueKind::Localizer),
            ("rows", same, |one| one.image.state = native(6, 7), IssueKind::MixedShape),
            ("columns", same, |one| one.image.state = native(5, 8), IssueKind::MixedShape),
            (
                "samples",
                same,
                |one| image_mut(one).samples_per_pixel = 3,
                IssueKind::MixedPhotometric,
            ),
            ("no image", same, |one| one.image.state = ImageState::None, IssueKind::Unsupported),
            (
                "a plane",
                same,
                |one| one.plane.orientation = Some(CORONAL),
                IssueKind::MixedOrientation,
            ),
            ("a localizer by another name", same, OTHER_TYPE, IssueKind::Localizer),
            ("no orientation", same, NO_PLANE, IssueKind::MissingOrientation),
            (
                "no position and a bad orientation",
                same,
                |one| (one.plane.position, one.plane.orientation) = (None, Some([0.0; 6])),
                IssueKind::MissingOrientation,
            ),
            (
                "neither",
                same,
                |one| (one.plane.position, one.plane.orientation) = (None, None),
                IssueKind::MissingPosition,
            ),
            ("an orientation", NO_PLANE, same, IssueKind::MixedOrientation),
            (
                "spacing",
                same,
                |one| one.plane.pixel_spacing = Some([2.0; 2]),
                IssueKind::MixedSpacing,
            ),
            ("nothing but the spacing", NO_PLANE, NO_PLANE, IssueKind::MixedSpacing),
        ] as [(&str, Change, Change, IssueKind); 14]
        {
            let mut headers = regular();
            headers.iter_mut().take(4).for_each(stack);
            other(&mut headers[4]);
            let images = Images::new(headers);
            let entries = images.entries();
            let found =
                difference(&group(&entries[..4]), &group(&entries[4..5]), &Tolerances::DEFAULT);
            assert_eq!(found, Some(expected), "{name}");
        }
    }

    #[test]
    fn crossing_images_are_localizers_where_they_are_few_and_of_another_kind() {
        let other = |degrees: f64, image_type: &str, rows: usize| {
            with("a", |one| {
                one.plane.orientation = Some(leaning(degrees));
                one.identity.image_type = image_type.to_owned();
                one.image.state = native(rows, 7);
            })
        };
        let axial = "ORIGINAL\\PRIMARY\\AXIAL";
        for (name, image, count, expected) in [
            ("few", other(90.0, "SCOUT", 9), 4, IssueKind::Localizer),
            ("not few", other(90.0, "SCOUT", 9), 3, IssueKind::MixedOrientation),
            ("of the same type", other(90.0, axial, 9), 4, IssueKind::MixedOrientation),
            ("of the same shape", other(90.0, "SCOUT", 5), 4, IssueKind::MixedOrientation),
            ("46 degrees", other(46.0, "SCOUT", 9), 4, IssueKind::Localizer),
            ("44 degrees", other(44.0, "SCOUT", 9), 4, IssueKind::MixedOrientation),
        ] {
            let mut headers = regular()[..count].to_vec();
            headers.push(image);
            let images = Images::new(headers);
            let entries = images.entries();
            let (stack, other) = entries.split_at(count);
            let found = difference(&group(stack), &group(other), &Tolerances::DEFAULT);
            assert_eq!(found, Some(expected), "{name}");
        }
    }

    #[test]
    fn images_beside_a_main_stack_are_notes() {
        // Images of the stack, of another shape, and localizers; whether the second are an error.
        for (stack, others, localizers, is_error) in [
            (6, 2, 0, false),
            (5, 2, 0, true),
            (3, 1, 0, false),
            (2, 1, 0, true),
            (6, 2, 3, false),
            (1, 1, 0, true),
        ] {
            let far = |name: String, change: fn(&mut InstanceHeader)| {
                with(&name, |one| {
                    one.plane.position = Some([0.0, 0.0, 900.0]);
                    change(one);
                })
            };
            let mut headers = Stack { count: stack, ..Stack::default() }.headers();
            headers.extend(
                (0..others).map(|n| far(format!("o{n}"), |one| one.image.state = native(6, 7))),
            );
            headers.extend((0..localizers).map(|n| {
                far(format!("l{n}"), |one| one.identity.image_type = "LOCALIZER".to_owned())
            }));
            let images = Images::new(headers);
            let entries = images.entries();
            let (slices, rest) = entries.split_at(stack);
            let (other, localizer) = rest.split_at(others);
            let mut groups = vec![group(other)];
            groups.extend((!localizer.is_empty()).then(|| group(localizer)));
            let found = left_out(&group(slices), &groups, None, &Tolerances::DEFAULT);
            let case = (stack, others, localizers);
            let other = found.iter().find(|issue| issue.kind == IssueKind::MixedShape).unwrap();
            assert_eq!(other.is_error, is_error, "{case:?}");
            let counts = [
                ("file_count", others as f64),
                ("image_count", others as f64),
                ("group_count", 1.0),
                ("in_stack_count", 0.0),
            ];
            assert_eq!(other.numbers, counts, "{case:?}");
            assert_eq!(found.len(), groups.len(), "{case:?}");
        }
    }

    #[test]
    fn images_part_into_groups_by_what_must_be_alike() {
        type Change = fn(&mut InstanceHeader);
        const AWAY: Change = |one| one.plane.orientation = Some(leaning(0.07));
        for (name, change, count) in [
            ("alike", (|_| {}) as Change, 1),
            ("rounding of a plane", |one| one.plane.orientation = Some(leaning(0.05)), 1),
            ("a plane", AWAY, 2),
            ("rounding of a spacing", |one| one.plane.pixel_spacing = Some([0.7507, 0.5]), 1),
            ("a spacing", |one| one.plane.pixel_spacing = Some([0.7509, 0.5]), 2),
            ("no spacing", |one| one.plane.pixel_spacing = None, 2),
            ("rows", |one| one.image.state = native(6, 7), 2),
            ("colours", |one| image_mut(one).photometric_interpretation = "X".to_owned(), 2),
            ("a localizer", |one| one.identity.image_type = "LOCALIZER".to_owned(), 2),
            ("another type", |one| one.identity.image_type = "OTHER".to_owned(), 1),
        ] {
            let mut headers = regular();
            change(&mut headers[1]);
            let images = Images::new(headers);
            let found = groups(images.entries(), &Tolerances::DEFAULT);
            let indices: Vec<Vec<usize>> = found
                .iter()
                .map(|group| group.entries.iter().map(|entry| entry.index).collect())
                .collect();
            let expected = match count {
                1 => vec![(0..8).collect::<Vec<_>>()],
                _ => vec![vec![0, 2, 3, 4, 5, 6, 7], vec![1]],
            };
            assert_eq!(indices, expected, "{name}");
        }
    }

    #[test]
    fn the_largest_group_with_a_place_is_the_stack() {
        type Change = fn(usize, &mut InstanceHeader);
        for (name, change, first, count) in [
            (
                "the larger",
                (|n, one| {
                    if n < 3 {
                        one.image.state = native(6, 7)
                    }
                }) as Change,
                3,
                5,
            ),
            (
                "the first of equals",
                |n, one| {
                    if n < 4 {
                        one.image.state = native(6, 7)
                    }
                },
                0,
                4,
            ),
            (
                "no localizer",
                |n, one| {
                    if n > 0 {
                        one.identity.image_type = "LOCALIZER".to_owned()
                    }
                },
                0,
                1,
            ),
            (
                "a plane",
                |n, one| {
                    if n > 0 {
                        one.plane.orientation = None
                    }
                },
                0,
                1,
            ),
            (
                "a position",
                |n, one| {
                    if n > 0 {
                        (one.plane.position, one.image.state) = (None, native(6, 7));
                    }
                },
                0,
                1,
            ),
        ] {
            let mut headers = regular();
            headers.iter_mut().enumerate().for_each(|(n, one)| change(n, one));
            let images = Images::new(headers);
            let (stack, others) = split(images.entries(), &Tolerances::DEFAULT).unwrap();
            assert_eq!((stack.entries[0].index, stack.entries.len()), (first, count), "{name}");
            assert_eq!(others.len(), 1, "{name}");
        }
        assert!(split(Vec::new(), &Tolerances::DEFAULT).is_none());
    }
}
