//! Files that were sent twice.

use std::collections::HashSet;

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
    let has_uid = |entry: &&Entry<'a>| !entry.header.sop_instance_uid.is_empty() && entry.frame.index == 0;
    if entries.iter().filter(has_uid).all(is_new) {
        return (entries, None);
    }
    let bits = |entry: &Entry<'a>| entry.frame.position.map(|position| position.map(f64::to_bits));
    let key = |entry: &Entry<'a>| {
        let header = entry.header;
        (header.sop_instance_uid.as_str(), header.instance_number, entry.frame.index, bits(entry))
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
