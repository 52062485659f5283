//! Whether the images of one plane, shape and spacing are several stacks all the same.
//!
//! Images of several studies or Frames of Reference are, and those of several Stack IDs without
//! positions, because no distance between them is known. Otherwise only what cannot be one volume
//! is parted, by attributes of which each part is one then: a CT of several acquisitions that
//! continue or interleave stays one, and so does what has an axis in front of its slices.

use super::axis::{Attribute, partition};
use super::draft::Draft;
use super::header::AxisNumber;
use super::report::{Issue, IssueKind};
use super::stack::{Entry, Group};
use super::tolerances::Tolerances;

/// What parts images, in the order in which it is tried: alone first, then with all before it.
const PARTING: [Attribute; 6] = [
    Attribute::StackId,
    Attribute::DataType,
    Attribute::ImageType,
    Attribute::Number(AxisNumber::EchoNumber),
    Attribute::Number(AxisNumber::EchoTime),
    Attribute::Number(AxisNumber::AcquisitionNumber),
];

/// What the stacks are that `group` parts into, of which `whole` was made: those with most images
/// first. None if it stays one.
pub(super) fn parts(group: &Group<'_>, whole: &Draft, tolerances: &Tolerances) -> Vec<Draft> {
    let mut parts = by_origin(group);
    if parts.is_empty() {
        parts = by_stack_without_positions(group);
    }
    let mut drafts =
        if parts.len() < 2 { by_attributes(group, whole, tolerances) } else { Vec::new() };
    for part in parts.drain(..).filter(|part| part.entries.len() < group.entries.len()) {
        let draft = Draft::new(&part, tolerances);
        let finer = by_attributes(&part, &draft, tolerances);
        drafts.extend(if finer.is_empty() { vec![draft] } else { finer });
    }
    // Those of as many images stay in their order.
    drafts.sort_by_key(|draft| std::cmp::Reverse(draft.image_count));
    drafts
}

/// By study and Frame of Reference. Images that do not say theirs are taken to be of the only one
/// that there is, but coordinates of a volume are never those of the patient.
fn by_origin<'a>(group: &Group<'a>) -> Vec<Group<'a>> {
    type Origin<'a> = (&'a str, bool, &'a str);
    let own = |entry: &Entry<'a>| -> Origin<'a> {
        let coordinates = &entry.header.coordinates;
        let study = entry.header.identity.study_instance_uid.as_str();
        (study, coordinates.is_in_volume, coordinates.frame_of_reference_uid.as_str())
    };
    let mut origins: Vec<Origin<'a>> = group.entries.iter().map(own).collect();
    // Frames of one file follow each other: what is left is compared in no time.
    origins.dedup();
    let are_several = |of: fn(&Origin<'a>) -> &'a str| {
        let mut known = origins.iter().map(of).filter(|uid| !uid.is_empty());
        known.next().is_some_and(|first| known.any(|uid| uid != first))
    };
    let is_of_both = origins.iter().any(|(_, is_in_volume, _)| *is_in_volume)
        && origins.iter().any(|(_, of_volume, _)| !of_volume);
    let (of_studies, of_frames) =
        (are_several(|one| one.0), is_of_both || are_several(|one| one.2));
    if !of_studies && !of_frames {
        return Vec::new();
    }
    let key = |entry: &Entry<'a>| {
        let (study, is_in_volume, uid) = own(entry);
        (of_studies.then_some(study), of_frames.then_some((is_in_volume, uid)))
    };
    let mut entries = group.entries.clone();
    entries.sort_by_key(|entry| (key(entry), entry.index));
    let chunks = entries.chunk_by(|a, b| key(a) == key(b));
    in_order(group, chunks.map(<[Entry<'a>]>::to_vec).collect())
}

fn by_stack_without_positions<'a>(group: &Group<'a>) -> Vec<Group<'a>> {
    let first = group.entries.first().map(|entry| &entry.frame.stack_id);
    let is_of_another = |entry: &Entry<'a>| Some(&entry.frame.stack_id) != first;
    if group.entries.iter().any(|entry| entry.frame.plane.position.is_some())
        || !group.entries.iter().any(is_of_another)
    {
        return Vec::new();
    }
    in_order(group, partition(&group.entries, &[Attribute::StackId]))
}

fn by_attributes(group: &Group<'_>, whole: &Draft, tolerances: &Tolerances) -> Vec<Draft> {
    let Some(trouble) = Trouble::of(&whole.slice_issues) else { return Vec::new() };
    let alone = PARTING.iter().map(std::slice::from_ref);
    let together = (2..=PARTING.len()).filter_map(|count| PARTING.get(..count));
    for key in alone.chain(together) {
        // Each step of an incomplete axis is complete by itself, but that makes no stacks of them.
        if trouble == Trouble::Incomplete && !key.iter().all(Attribute::is_kind) {
            continue;
        }
        let parts = in_order(group, partition(&group.entries, key));
        // Every slice has a number of its own in some series: one image is no acquisition.
        let is_kind = key.iter().all(Attribute::is_kind);
        let fewest = if is_kind { 1 } else { 2 };
        let is_sensible = parts.iter().any(|part| part.entries.len() > 1)
            && parts.iter().all(|part| part.entries.len() >= fewest);
        if parts.len() < 2 || !is_sensible || (!is_kind && parts.len() > MOST_COUNTED) {
            continue;
        }
        let drafts: Vec<Draft> = parts.iter().map(|part| Draft::new(part, tolerances)).collect();
        if drafts.iter().any(|draft| Trouble::of(&draft.slice_issues).is_some()) {
            continue;
        }
        if is_kind {
            return drafts;
        }
        let drafts = joined(parts.into_iter().zip(drafts).collect(), tolerances);
        // Two slices have one step wherever they lie: they may be those around a gap.
        if drafts.len() > 1 && drafts.iter().all(|draft| draft.image_count > 2) {
            return drafts;
        }
    }
    Vec::new()
}

/// Acquisitions or echoes that are tried to be joined: a scan of the head or the spine slice by
/// slice has fewer turns, and each costs another look at its neighbours.
const MOST_COUNTED: usize = 64;

/// Joins parts that are one volume together: turns of a scanner, each of which is an acquisition.
fn joined<'a>(mut parts: Vec<(Group<'a>, Draft)>, tolerances: &Tolerances) -> Vec<Draft> {
    // Neighbours follow each other, so that what is joined does not lack the slices between.
    parts.sort_by(|(a, _), (b, _)| lowest(a).total_cmp(&lowest(b)));
    let mut found: Vec<(Group<'a>, Draft)> = Vec::new();
    for (part, draft) in parts {
        let together = found.iter().enumerate().find_map(|(place, (other, _))| {
            let mut both = other.clone();
            both.entries.extend_from_slice(&part.entries);
            both.entries.sort_by_key(|entry| entry.index);
            let draft = Draft::new(&both, tolerances);
            Trouble::of(&draft.slice_issues).is_none().then_some((place, (both, draft)))
        });
        match together.and_then(|(place, both)| Some((found.get_mut(place)?, both))) {
            Some((slot, both)) => *slot = both,
            None => found.push((part, draft)),
        }
    }
    // In the order of their first images.
    found.sort_by_key(|(part, _)| part.entries.first().map(|entry| entry.index));
    found.into_iter().map(|(_, draft)| draft).collect()
}

/// Where the first slice of a part lies along the normal, in mm.
fn lowest(part: &Group<'_>) -> f64 {
    let along =
        |entry: &Entry<'_>| Some(part.orientation?.along_normal(entry.frame.plane.position?));
    part.entries.iter().filter_map(along).fold(f64::INFINITY, f64::min)
}

/// Groups in the order of their first images.
fn in_order<'a>(whole: &Group<'a>, parts: Vec<Vec<Entry<'a>>>) -> Vec<Group<'a>> {
    let (orientation, is_localizer) = (whole.orientation, whole.is_localizer);
    let mut parts: Vec<Group<'a>> =
        parts.into_iter().map(|entries| Group { entries, orientation, is_localizer }).collect();
    parts.sort_by_key(|part| part.entries.first().map(|entry| entry.index));
    parts
}

/// Why images are no one volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// Some are missing along the axis in front.
    Incomplete,
    /// They share places, or are in no order that has one step.
    Places,
}

impl Trouble {
    fn of(issues: &[Issue]) -> Option<Trouble> {
        let trouble = |issue: &Issue| match issue.kind {
            IssueKind::IncompleteGrid if is_ragged(issue) => Some(Trouble::Places),
            IssueKind::IncompleteGrid => Some(Trouble::Incomplete),
            IssueKind::MultiplePhases
            | IssueKind::DuplicatePosition
            | IssueKind::MixedDataType
            | IssueKind::MixedContent
            | IssueKind::Gap
            | IssueKind::UnevenSpacing
            | IssueKind::OffAxis => Some(Trouble::Places),
            _ => None,
        };
        issues.iter().filter(|issue| issue.is_error).filter_map(trouble).max()
    }
}

/// Whether so many images are missing that what is there may be of different slices.
fn is_ragged(issue: &Issue) -> bool {
    let number =
        |name: &str| issue.numbers.iter().find(|(known, _)| *known == name).map(|(_, n)| *n);
    let pair = number("missing_count").zip(number("cell_count"));
    pair.is_some_and(|(missing, all)| 4.0 * missing > all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::report::{AxisFinding, CountedBy, Finding, GeometryFinding, ValueFinding};

    #[test]
    fn some_errors_say_that_images_are_no_one_volume() {
        let incomplete = |is_needed| {
            let (axis, missing) = ("echo".into(), vec![(0, 0)]);
            AxisFinding::Incomplete { axis, missing, cell_count: 4, is_needed }.about([])
        };
        let gap = || GeometryFinding::Gap {
            before: 0,
            missing_count: 1.0,
            found_mm: 2.0,
            expected_mm: 1.0,
        };
        let beside = || GeometryFinding::BesideLine { slice_count: 1, most_mm: 1.0 };
        let duplicates = || AxisFinding::Duplicates { slice_index: 0, image_count: 2 };
        let phases = |is_error| match is_error {
            true => AxisFinding::NothingTellsApart {
                phase_count: 2,
                position_count: 2,
                left_out_count: 2,
            },
            false => AxisFinding::CountedByOrder {
                axis: "instance".into(),
                phase_count: 2,
                position_count: 2,
                by: CountedBy::Numbers,
            },
        };
        for (issues, expected) in [
            (vec![], None),
            (vec![incomplete(true)], Some(Trouble::Incomplete)),
            (vec![incomplete(false)], None),
            (vec![incomplete(true), gap().about([])], Some(Trouble::Places)),
            (vec![GeometryFinding::NoStep.about([])], Some(Trouble::Places)),
            (vec![beside().about([])], Some(Trouble::Places)),
            (vec![duplicates().about([])], Some(Trouble::Places)),
            (vec![phases(true).about([])], Some(Trouble::Places)),
            (vec![phases(false).about([])], None),
            (vec![ValueFinding::MixedDataType { slice_count: 1 }.about([])], Some(Trouble::Places)),
            (vec![ValueFinding::BadRescale { slice_count: 1 }.about([])], None),
        ] {
            assert_eq!(Trouble::of(&issues), expected, "{issues:?}");
        }
    }
}
