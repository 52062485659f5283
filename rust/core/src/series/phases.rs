//! Images that share a position: phases of a series, or duplicates.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::header::PHASE_ATTRIBUTES;
use super::image_state::ImageState;
use super::report::{Issue, IssueKind, count, verb};
use super::stack::Entry;

/// Takes out second copies of one instance: files of one SOP Instance UID and one position. (Files that share only the
/// UID are slices whose UIDs were lost, in a careless anonymisation for instance.)
///
/// Of several copies a whole one stays, else the first.
pub(super) fn drop_copies<'a>(mut entries: Vec<Entry<'a>>) -> (Vec<Entry<'a>>, Option<Issue>) {
    let mut seen = HashSet::with_capacity(entries.len());
    let is_new = |entry: &Entry<'a>| seen.insert(entry.header.sop_instance_uid.as_str());
    if entries.iter().filter(|entry| !entry.header.sop_instance_uid.is_empty()).all(is_new) {
        return (entries, None);
    }
    let bits = |entry: &Entry<'a>| entry.header.position.map(|position| position.map(f64::to_bits));
    let key = |entry: &Entry<'a>| {
        let header = entry.header;
        (header.sop_instance_uid.as_str(), header.instance_number, bits(entry))
    };
    let state = |entry: &Entry<'_>| match entry.header.image {
        ImageState::Readable(_) => 0,
        ImageState::Unsupported { .. } => 1,
        _ => 2,
    };
    entries.sort_by(|a, b| key(a).cmp(&key(b)).then(state(a).cmp(&state(b))).then(a.index.cmp(&b.index)));
    let (mut kept, mut involved, mut copies) = (Vec::with_capacity(entries.len()), Vec::new(), 0);
    for same in entries.chunk_by(|a, b| key(a) == key(b)) {
        match same {
            [first, others @ ..] if !others.is_empty() && !first.header.sop_instance_uid.is_empty() => {
                kept.push(*first);
                involved.extend_from_slice(same);
                copies += others.len();
            }
            _ => kept.extend_from_slice(same),
        }
    }
    kept.sort_by_key(|entry| entry.index);
    involved.sort_by_key(|entry| entry.index);
    let issue = (copies > 0).then(|| {
        let (files, are) = (count(copies, "file"), verb(copies, "is", "are"));
        let sentence =
            format!("{files} {are} left out: the same SOP Instance UID and position as another, so sent twice");
        Issue::error(IssueKind::DuplicatePosition, sentence)
            .with_paths(involved.iter().map(Entry::path))
            .with_number("left_out_count", copies as f64)
            .with_number("same_instance_count", copies as f64)
    });
    (kept, issue)
}

/// Leaves one image at each position. `places` has the images of each, in the order of positions.
///
/// Where more than half of the positions have the same number of images, these are phases, and the most complete
/// phase stays, of equals the first; other positions with several images are duplicates, of which the one with the
/// lowest Instance Number stays.
pub(super) fn one_each<'a>(mut places: Vec<Vec<Entry<'a>>>) -> (Vec<Entry<'a>>, Vec<Issue>) {
    for place in &mut places {
        place.sort_by_key(Entry::rank);
    }
    let usual = usual_count(&places);
    if usual > 1 {
        let of_phase = separator(&places, usual);
        // Two images of one slice that nothing tells apart are more likely to be one image twice.
        if of_phase.is_some() || places.len() > 1 {
            let (kept, issue) = first_phase(&places, usual, of_phase);
            return (kept, vec![issue]);
        }
    }
    let mut issues = Vec::new();
    for (slice_index, place) in places.iter().enumerate() {
        if place.len() > 1 {
            let sentence = format!(
                "{} have the position of slice {slice_index}: only the one with the lowest Instance Number is taken",
                count(place.len(), "image")
            );
            let issue = Issue::error(IssueKind::DuplicatePosition, sentence)
                .with_paths(place.iter().map(Entry::path))
                .with_number("slice_index", slice_index as f64)
                .with_number("left_out_count", (place.len() - 1) as f64);
            issues.push(issue);
        }
    }
    (places.iter().filter_map(|place| place.first().copied()).collect(), issues)
}

/// The number of images that more than half of the positions have; 1 if there is no such number.
fn usual_count(places: &[Vec<Entry<'_>>]) -> usize {
    let mut counts: Vec<usize> = places.iter().map(Vec::len).collect();
    counts.sort_unstable();
    // A value that fills more than half of a sorted list stands in its middle.
    let middle = counts.get(counts.len() / 2).copied().unwrap_or(1);
    let usual = counts.iter().filter(|count| **count == middle).count();
    if 2 * usual > counts.len() { middle } else { 1 }
}

/// What an image of a phase has that those of others have not.
#[derive(Clone, Copy, Debug, PartialEq)]
enum PhaseValue<'a> {
    Number(f64),
    Text(&'a str),
}

impl PhaseValue<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (PhaseValue::Number(a), PhaseValue::Number(b)) => a.total_cmp(b),
            (PhaseValue::Text(a), PhaseValue::Text(b)) => a.cmp(b),
            (PhaseValue::Number(_), PhaseValue::Text(_)) => Ordering::Less,
            (PhaseValue::Text(_), PhaseValue::Number(_)) => Ordering::Greater,
        }
    }
}

/// An attribute that parts phases: its keyword and its values in order.
struct Separator<'a> {
    attribute: usize,
    keyword: &'static str,
    values: Vec<PhaseValue<'a>>,
}

/// The value of an image for the attribute with this number: Image Type comes behind the [`PHASE_ATTRIBUTES`].
fn value<'a>(entry: &Entry<'a>, attribute: usize) -> Option<PhaseValue<'a>> {
    if attribute == PHASE_ATTRIBUTES.len() {
        return Some(PhaseValue::Text(&entry.header.image_type));
    }
    entry.header.phase.get(attribute).copied().flatten().map(PhaseValue::Number)
}

/// The first attribute that has the same `usual` values at every position of as many images.
fn separator<'a>(places: &[Vec<Entry<'a>>], usual: usize) -> Option<Separator<'a>> {
    let keywords = PHASE_ATTRIBUTES.iter().map(|(_, keyword)| *keyword).chain(["ImageType"]);
    keywords.enumerate().find_map(|(attribute, keyword)| {
        let mut values: Option<Vec<PhaseValue<'a>>> = None;
        for place in places.iter().filter(|place| place.len() == usual) {
            let mut here: Vec<PhaseValue<'a>> =
                place.iter().map(|entry| value(entry, attribute)).collect::<Option<_>>()?;
            here.sort_by(PhaseValue::compare);
            here.dedup();
            match &values {
                _ if here.len() < usual => return None,
                Some(values) if *values != here => return None,
                Some(_) => {}
                None => values = Some(here),
            }
        }
        Some(Separator { attribute, keyword, values: values? })
    })
}

fn first_phase<'a>(
    places: &[Vec<Entry<'a>>],
    usual: usize,
    separator: Option<Separator<'a>>,
) -> (Vec<Entry<'a>>, Issue) {
    let (kept, keyword) = match &separator {
        None => (places.iter().filter_map(|place| place.first().copied()).collect::<Vec<_>>(), "InstanceNumber"),
        Some(Separator { attribute, keyword, values }) => {
            let of = |wanted: &PhaseValue<'a>| -> Vec<Entry<'a>> {
                let is_wanted = |entry: &&Entry<'a>| value(entry, *attribute).as_ref() == Some(wanted);
                places.iter().filter_map(|place| place.iter().find(is_wanted).copied()).collect()
            };
            // Of equals the one that comes first.
            let most_complete = values.iter().map(of).rev().max_by_key(Vec::len);
            (most_complete.unwrap_or_default(), *keyword)
        }
    };
    let mut left_out: Vec<Entry<'a>> = places.iter().flatten().copied().collect();
    let mut indices: Vec<usize> = kept.iter().map(|entry| entry.index).collect();
    indices.sort_unstable();
    left_out.retain(|entry| indices.binary_search(&entry.index).is_err());
    left_out.sort_by_key(Entry::rank);
    let sentence = format!(
        "{} at each of {}: they differ in {keyword}, and a volume has one of each",
        count(usual, "image"),
        count(places.len(), "position"),
    );
    let issue = Issue::error(IssueKind::MultiplePhases, sentence)
        .with_paths(left_out.iter().map(Entry::path))
        .with_number("phase_count", usual as f64)
        .with_number("position_count", places.len() as f64)
        .with_number("left_out_count", left_out.len() as f64);
    (kept, issue)
}
