//! Which of a series' images make its stack.
//!
//! Images of one plane, shape, Photometric Interpretation, Pixel Spacing and content (whose they
//! are, what made them, what their numbers mean) are a group. The largest that is no localizer and
//! knows its plane is the stack; nothing else parts files, so that a CT of several acquisitions
//! stays one. `beside` reports the others.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::header::{Content, FrameHeader};
use super::header::{InstanceHeader, has_value, parting};
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
    pub(crate) fn path(&self) -> PathBuf {
        self.header.path.clone()
    }

    /// What it shares with the others of its volume.
    pub(crate) fn content(&self) -> &'a Content {
        self.frame.content.as_deref().unwrap_or(&self.header.content)
    }

    /// Frame Type, or else Image Type: values with backslashes between them.
    pub(crate) fn image_type(&self) -> &'a str {
        self.frame.frame_type.as_deref().unwrap_or(&self.header.identity.image_type)
    }

    /// Whether its type says that this is no slice of a volume but shows where its slices are.
    pub(crate) fn is_localizer(&self) -> bool {
        self.header.is_localizer()
            || self.frame.frame_type.as_deref().is_some_and(|kind| has_value(kind, "LOCALIZER"))
    }

    /// Which of two images of one position comes first.
    pub(crate) fn rank(&self) -> (i64, usize) {
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
    pub(super) fn first(&self) -> Option<Entry<'a>> {
        self.entries.first().copied()
    }
}

/// What the slices of a stack share to the letter: rows, columns, samples, Photometric
/// Interpretation.
pub(super) type Shape<'a> = (usize, usize, usize, &'a str);

pub(super) fn shape(header: &InstanceHeader) -> Option<Shape<'_>> {
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
    let mut groups: Vec<Group<'a>> = groups.into_iter().flat_map(by_content).collect();
    groups.sort_by_key(|group| group.entries.first().map(|entry| entry.index));
    groups
}

/// Parts images of one group that would make no volume, though they would fit into one.
fn by_content(group: Group<'_>) -> Vec<Group<'_>> {
    let content = |entry: &Entry<'_>| (entry.file, *entry.content());
    let contents: Vec<_> = group.entries.iter().map(content).collect();
    let Some(keys) = parting(&contents) else { return vec![group] };
    let (orientation, is_localizer) = (group.orientation, group.is_localizer);
    let mut parts: BTreeMap<Vec<u64>, Vec<Entry<'_>>> = BTreeMap::new();
    for (key, entry) in keys.into_iter().zip(group.entries) {
        parts.entry(key).or_default().push(entry);
    }
    let part = |entries| Group { entries, orientation, is_localizer };
    parts.into_values().map(part).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::synthetic::{Images, SAGITTAL, image_mut, native, regular, with};

    /// An axial plane turned about its rows.
    fn leaning(degrees: f64) -> [f64; 6] {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        [1.0, 0.0, 0.0, 0.0, cosine, sine]
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

    type ChangeOfOne = fn(usize, &mut InstanceHeader);

    /// Changes to images by their number; the first image of the stack, and how many it has.
    const STACKS: &[(&str, ChangeOfOne, usize, usize)] = &[
        (
            "the larger",
            (|n, one| {
                if n < 3 {
                    one.image.state = native(6, 7)
                }
            }),
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
    ];

    #[test]
    fn the_largest_group_with_a_place_is_the_stack() {
        for &(name, change, first, count) in STACKS {
            let mut headers = regular();
            headers.iter_mut().enumerate().for_each(|(n, one)| change(n, one));
            let images = Images::new(headers);
            let (stack, others) = split(images.entries(), &Tolerances::DEFAULT).unwrap();
            assert_eq!((stack.entries[0].index, stack.entries.len()), (first, count), "{name}");
            assert_eq!(others.len(), 1, "{name}");
        }
        assert!(split(Vec::new(), &Tolerances::DEFAULT).is_none());
    }

    #[test]
    fn an_entry_has_the_type_of_its_frame_before_that_of_its_file() {
        for (image_type, frame_type, expected, is_localizer) in [
            ("AXIAL", None, "AXIAL", false),
            ("LOCALIZER", None, "LOCALIZER", true),
            ("AXIAL", Some("A\\LOCALIZER"), "A\\LOCALIZER", true),
            ("A\\LOCALIZER", Some("AXIAL"), "AXIAL", true),
            ("AXIAL", Some("OTHER"), "OTHER", false),
        ] {
            let header = with("a", |one| {
                one.identity.image_type = image_type.to_owned();
                one.frames = vec![FrameHeader::of_instance(one)];
                one.frames[0].frame_type = frame_type.map(Into::into);
            });
            let images = Images::new(vec![header]);
            let entry = images.entries()[0];
            let found = (entry.image_type(), entry.is_localizer());
            assert_eq!(found, (expected, is_localizer), "{image_type} {frame_type:?}");
        }
    }

    #[test]
    fn images_of_one_position_are_ranked_by_number_then_by_path() {
        let mut headers = regular()[..2].to_vec();
        headers[1].identity.instance_number = None;
        let images = Images::new(headers);
        let ranks: Vec<_> = images.entries().iter().map(Entry::rank).collect();
        assert_eq!(ranks, [(1, 0), (i64::MAX, 1)]);
    }

    #[test]
    fn scores_of_a_group_are_no_further_apart_than_its_tolerances_allow() {
        for (cosine, relative, expected) in [
            (0.5, 0.125, 2.321),
            (0.25, 0.25, 2.321),
            (0.25, 0.499, 4.632_716),
            (0.25, 0.5, f64::INFINITY),
        ] {
            let tolerances =
                Tolerances { cosine, pixel_spacing_relative: relative, ..Tolerances::DEFAULT };
            let found = most_apart(&tolerances);
            assert!(found == expected || (found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn a_score_weighs_the_cosines_and_the_spacings() {
        let header = with("a", |one| {
            one.plane.orientation = Some(SAGITTAL);
            one.plane.pixel_spacing = Some([1.0_f64.exp(), 2.0_f64.exp()]);
        });
        let images = Images::new(vec![header]);
        let candidate = Candidate::new(images.entries()[0]);
        assert_eq!(candidate.exact, (false, Some((5, 7, 1, "MONOCHROME2")), true, true));
        assert_eq!(candidate.near, [0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 1.0, 2.0]);
        let expected = 0.618 - 0.317 + 0.755 + 2.0 * 0.57;
        assert!((candidate.score - expected).abs() < 1e-12, "{}", candidate.score);
    }

    #[test]
    fn candidates_are_sorted_by_what_is_exact_then_by_score_then_by_what_is_near() {
        let images = Images::new(regular()[..2].to_vec());
        let [first, second] = [0, 1].map(|index| Candidate::new(images.entries()[index]));
        assert_eq!(first.compare(&second), Ordering::Less, "by the path");
        assert_eq!(second.compare(&first), Ordering::Greater, "by the path");
        assert_eq!(first.compare(&first), Ordering::Equal);
        let mut other = second;
        other.near[7] -= 1.0;
        assert_eq!(other.compare(&first), Ordering::Less, "by what is near");
        other.score += 1.0;
        assert_eq!(other.compare(&first), Ordering::Greater, "by the score");
        other.exact.2 = false;
        assert_eq!(other.compare(&first), Ordering::Less, "by what is exact");
    }
}
