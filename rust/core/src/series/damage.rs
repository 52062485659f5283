//! What shows when frames are read: damage, which costs the slice of the frame, and what is odd
//! about a frame whose pixels are all there.

use super::report::{FileFinding, Finding, Issue};
use super::slice_set::{Slice, SliceSet};
use crate::error::{Error, ErrorKind, Family};

/// A slice about whose frame there is something to say.
#[derive(Clone, Debug)]
pub struct FoundSlice {
    /// Which of the slices.
    pub slice: usize,
    /// What, with the file and the frame.
    pub error: Error,
    /// Whether the frame cannot be decoded, so that its place in the array is filled. Otherwise all
    /// of its pixels are there.
    pub is_damaged: bool,
}

/// Whether an error is of one frame, so that the others can be read: not one of the disk, of the
/// limits, or of what the caller asks for.
pub(super) fn is_of_frame(error: &Error) -> bool {
    matches!(error.family(), Family::Invalid | Family::Unsupported)
}

/// What a report says of them: an issue a file with damaged frames, in slice order, and one for
/// each thing that is odd, with all of its files. `place` gives (step of the leading axis, slice)
/// of a slice of `set` in the whole volume.
pub fn damage_issues(
    set: &SliceSet,
    found: &[FoundSlice],
    place: &dyn Fn(usize) -> (usize, usize),
) -> Vec<Issue> {
    let mut damaged: Vec<(usize, Vec<_>)> = Vec::new();
    let mut odd: Vec<(String, Vec<_>)> = Vec::new();
    for found in found {
        let Some(slice) = set.slices.get(found.slice).and_then(Option::as_ref) else { continue };
        if found.is_damaged {
            push_alike(&mut damaged, slice.file, (found, slice));
        } else {
            push_alike(&mut odd, without_numbers(&found.error), (found, slice));
        }
    }
    let path = |slice: &Slice| set.files.get(slice.file).map(|file| file.path.clone());
    let issues = damaged.into_iter().filter_map(|(_, slices)| {
        let &(first, slice) = slices.first()?;
        let finding = FileFinding::DamagedFrames {
            error: first.error.clone(),
            frame: slice.frame.index,
            cells: slices.iter().map(|(found, _)| place(found.slice)).collect(),
        };
        Some(finding.about([path(slice)?]))
    });
    let notes = odd.into_iter().filter_map(|(_, slices)| {
        let error = slices.first()?.0.error.clone();
        let mut paths: Vec<_> = slices.iter().filter_map(|(_, slice)| path(slice)).collect();
        paths.dedup();
        Some(FileFinding::OddFrames { error, image_count: slices.len() }.about(paths))
    });
    issues.chain(notes).collect()
}

/// What is odd, whichever frame it is about and however many bytes.
fn without_numbers(error: &Error) -> String {
    let mut what = match error.kind() {
        ErrorKind::InvalidFrame { codec, fault, .. } => format!("{codec} {fault}"),
        kind => format!("{kind:?}"),
    };
    what.retain(|letter| !letter.is_ascii_digit());
    what
}

/// Puts `item` to those of the same key, in the order in which keys were first met.
fn push_alike<K: PartialEq, T>(groups: &mut Vec<(K, Vec<T>)>, key: K, item: T) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, all)) => all.push(item),
        None => groups.push((key, vec![item])),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::LooksLike;
    use crate::series::header::FrameHeader;
    use crate::series::report::IssueKind;
    use crate::series::tests::synthetic::regular;

    #[test]
    fn errors_of_frames_are_told_from_those_of_the_machine_and_the_caller() {
        let io = std::io::Error::from_raw_os_error(5);
        for (name, error, expected) in [
            ("pixels", ErrorKind::PixelsCutShort { needed: 2, available: 1 }.into(), true),
            ("a setting", ErrorKind::DecodedTooLong { limit: 1 }.into(), false),
            ("a codec", ErrorKind::unsupported("this", "").into(), true),
            ("a disk", io.into(), false),
            ("a change", ErrorKind::FileChanged.into(), false),
            ("a stop", ErrorKind::Cancelled.into(), false),
            ("a wish", ErrorKind::FrameIndex { index: 1, count: 1 }.into(), false),
        ] as [(&str, Error, bool); 7]
        {
            assert_eq!(is_of_frame(&error), expected, "{name}");
        }
    }

    #[test]
    fn each_file_with_damaged_frames_is_an_issue() {
        let headers = regular()[..2].to_vec();
        let frame = FrameHeader::of_instance(&headers[0]);
        let slice = |file: usize, index: usize| {
            Some(Slice { file, frame: FrameHeader { index, ..frame.clone() } })
        };
        let set = SliceSet {
            slices: vec![slice(0, 0), slice(0, 3), None, slice(1, 0), slice(0, 5)],
            files: headers.into_iter().map(Arc::new).collect(),
        };
        let damaged = |slice: usize, kind: ErrorKind| {
            let error = Error::from(kind).in_frame(slice as u64);
            FoundSlice { slice, error, is_damaged: true }
        };
        let odd = |slice: usize| FoundSlice {
            is_damaged: false,
            ..damaged(slice, ErrorKind::NotDeflated)
        };
        let found = [
            damaged(1, ErrorKind::NotDeflated),
            damaged(3, ErrorKind::unsupported("this", "")),
            damaged(4, ErrorKind::NotDicom(LooksLike::Text)),
            odd(0),
            odd(3),
        ];
        let issues = damage_issues(&set, &found, &|slice| (slice / 3, slice % 3));
        let [first, second, third] = &issues[..] else { panic!("{issues:?}") };
        assert_eq!((first.kind, first.is_error), (IssueKind::DamagedFrame, true));
        assert_eq!(first.cells, [(0, 1), (1, 1)]);
        let numbers = [("image_count", 2.0), ("slice_index", 1.0), ("frame_index", 3.0)];
        assert_eq!(first.numbers, numbers);
        assert_eq!(second.kind, IssueKind::Unsupported);
        assert_eq!((&second.cells[..], second.paths.len()), (&[(1, 0)][..], 1));
        // One of both files, though the frames differ.
        assert_eq!((third.kind, third.is_error), (IssueKind::OddFrame, false));
        assert_eq!((&third.numbers[..], third.paths.len()), (&[("image_count", 2.0)][..], 2));
    }
}
