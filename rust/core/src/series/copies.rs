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
    pub(crate) fn issue(
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
    pub(crate) fn issue_of_all(&self, headers: &[InstanceHeader]) -> Option<Issue> {
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
    let has_uid = |entry: &&Entry<'a>| !entry.header.identity.sop_instance_uid.is_empty();
    let is_first_frame = |entry: &&Entry<'a>| entry.frame.index == 0;
    if entries.iter().filter(has_uid).filter(is_first_frame).all(is_new) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::synthetic::{Images, again, image_mut, regular};

    type Change = fn(&mut InstanceHeader);

    /// Three slices, and the first again with a change; which entries stay, and whether there is a
    /// copy.
    const CASES: &[(&str, Change, &[usize], bool)] = &[
        ("a copy", |_| {}, &[0, 1, 2], true),
        ("of another position", |one| one.plane.position = Some([0.0; 3]), &[0, 1, 2, 3], false),
        (
            "of another Instance Number",
            |one| one.identity.instance_number = Some(9),
            &[0, 1, 2, 3],
            false,
        ),
        (
            "of another UID",
            |one| one.identity.sop_instance_uid = "9".to_owned(),
            &[0, 1, 2, 3],
            false,
        ),
    ];

    fn with_copy(change: Change) -> Vec<InstanceHeader> {
        let mut headers = regular()[..3].to_vec();
        let mut copy = again(&headers[..1], "copy").remove(0);
        copy.identity = headers[0].identity.clone();
        change(&mut copy);
        headers.push(copy);
        headers
    }

    #[test]
    fn a_copy_has_the_uid_the_number_and_the_position_of_another() {
        for (name, change, expected, is_copy) in CASES {
            let headers = with_copy(*change);
            let images = Images::new(headers.clone());
            let (kept, copies) = drop_copies(images.entries());
            let kept: Vec<usize> = kept.iter().map(|entry| entry.index).collect();
            assert_eq!(kept, *expected, "{name}");
            let issue = copies.issue_of_all(&headers);
            assert_eq!(issue.is_some(), *is_copy, "{name}");
            assert!(copies.issue([1, 2], &headers).is_none(), "{name}");
            let Some(issue) = issue else { continue };
            let paths = [headers[0].path.clone(), headers[3].path.clone()];
            assert_eq!(issue.paths, paths);
            assert_eq!(issue.numbers, [("left_out_count", 1.0), ("same_instance_count", 1.0)]);
            assert_eq!(copies.issue([0], &headers), Some(issue));
        }
    }

    #[test]
    fn files_without_a_uid_are_no_copies() {
        let mut headers = with_copy(|_| {});
        headers.push(headers[1].clone());
        headers[0].identity.sop_instance_uid.clear();
        headers[3].identity.sop_instance_uid.clear();
        let images = Images::new(headers);
        let (kept, copies) = drop_copies(images.entries());
        assert_eq!(kept.iter().map(|entry| entry.index).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(copies.0.keys().collect::<Vec<_>>(), [&1]);
    }

    #[test]
    fn of_several_copies_a_whole_one_stays() {
        fn truncate(header: &mut InstanceHeader) {
            let description = image_mut(header).clone();
            header.image.state =
                ImageState::Truncated { description, needed: 2, available: 1, whole_frames: None };
        }
        fn unsupported(header: &mut InstanceHeader) {
            header.image.state = ImageState::Unsupported {
                error: crate::series::tests::synthetic::why(),
                description: None,
                has_own_geometry: false,
            };
        }
        for (first, second, expected) in [
            (truncate as Change, (|_| {}) as Change, 3),
            (truncate, unsupported, 3),
            (unsupported, |_| {}, 3),
            (unsupported, truncate, 0),
            (|_| {}, truncate, 0),
        ] {
            let mut headers = with_copy(second);
            first(&mut headers[0]);
            let images = Images::new(headers);
            let (kept, _) = drop_copies(images.entries());
            let kept: Vec<usize> = kept.iter().map(|entry| entry.index).collect();
            let mut all = vec![1, 2, expected];
            all.sort_unstable();
            assert_eq!(kept, all);
        }
    }
}
