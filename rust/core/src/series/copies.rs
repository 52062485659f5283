//! Files that were sent twice.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use super::header::InstanceHeader;
use super::image_state::ImageState;
use super::report::{FileFinding, Finding, Issue};
use super::stack::Entry;

/// The copies that were left out: for each file that stays, by its number, those that repeat it,
/// and how many of their images do.
#[derive(Debug, Default)]
pub(super) struct Copies(BTreeMap<usize, BTreeMap<usize, usize>>);

impl Copies {
    /// What there is to say about the copies of `files`, of `headers`.
    pub fn issue(
        &self,
        files: impl IntoIterator<Item = usize>,
        headers: &[InstanceHeader],
    ) -> Option<Issue> {
        let (mut involved, mut left_out, mut image_count) = (BTreeSet::new(), BTreeSet::new(), 0);
        for (kept, copies) in files.into_iter().filter_map(|kept| Some((kept, self.0.get(&kept)?)))
        {
            involved.insert(kept);
            left_out.extend(copies.keys());
            image_count += copies.values().sum::<usize>();
        }
        if left_out.is_empty() {
            return None;
        }
        involved.extend(&left_out);
        let path = |file: &usize| -> Option<PathBuf> { Some(headers.get(*file)?.path.clone()) };
        let finding = FileFinding::SentTwice { file_count: left_out.len(), image_count };
        Some(finding.about(involved.iter().filter_map(path)))
    }

    /// That of all files.
    pub fn issue_of_all(&self, headers: &[InstanceHeader]) -> Option<Issue> {
        self.issue(self.0.keys().copied(), headers)
    }
}

/// Takes out second copies of one instance: files of one SOP Instance UID and one position. (Files
/// that share only the UID are slices whose UIDs were lost, in a careless anonymisation for
/// instance.)
///
/// Of several copies a whole one stays, else the first.
pub(super) fn drop_copies<'a>(mut entries: Vec<Entry<'a>>) -> (Vec<Entry<'a>>, Copies) {
    let mut seen = HashSet::with_capacity(entries.len());
    let is_new = |entry: &Entry<'a>| seen.insert(entry.header.identity.sop_instance_uid.as_str());
    let has_uid = |entry: &&Entry<'a>| {
        !entry.header.identity.sop_instance_uid.is_empty() && entry.frame.index == 0
    };
    if entries.iter().filter(has_uid).all(is_new) {
        return (entries, Copies::default());
    }
    let bits =
        |entry: &Entry<'a>| entry.frame.plane.position.map(|position| position.map(f64::to_bits));
    let key = |entry: &Entry<'a>| {
        let header = entry.header;
        (
            header.identity.sop_instance_uid.as_str(),
            header.identity.instance_number,
            entry.frame.index,
            bits(entry),
        )
    };
    let state = |entry: &Entry<'_>| match entry.header.image.state {
        ImageState::Readable(_) => 0,
        ImageState::Unsupported { .. } => 1,
        _ => 2,
    };
    entries.sort_by(|a, b| {
        key(a).cmp(&key(b)).then(state(a).cmp(&state(b))).then(a.index.cmp(&b.index))
    });
    let (mut kept, mut copies) = (Vec::with_capacity(entries.len()), Copies::default());
    for same in entries.chunk_by(|a, b| key(a) == key(b)) {
        match same {
            [first, others @ ..]
                if !others.is_empty() && !first.header.identity.sop_instance_uid.is_empty() =>
            {
                kept.push(*first);
                let copies = copies.0.entry(first.file).or_default();
                others.iter().for_each(|other| *copies.entry(other.file).or_default() += 1);
            }
            _ => kept.extend_from_slice(same),
        }
    }
    kept.sort_by_key(|entry| entry.index);
    (kept, copies)
}
