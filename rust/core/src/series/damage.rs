//! Frames that turn out to be damaged when they are read: each costs its slice.

use super::report::{FileFinding, Finding, Issue};
use super::slice_set::SliceSet;
use crate::error::{Error, Family};

/// A slice whose frame cannot be decoded; its place in the array is filled.
#[derive(Clone, Debug)]
pub struct DamagedSlice {
    /// Which of the slices.
    pub slice: usize,
    /// Why, with the file and the frame.
    pub error: Error,
}

/// Whether an error is of one frame, so that the others can be read: not one of the disk, of the
/// limits, or of what the caller asks for.
pub(super) fn is_of_frame(error: &Error) -> bool {
    matches!(error.family(), Family::Invalid | Family::Unsupported)
}

/// What a report says of damaged slices: an issue a file, in slice order. `place` gives (step of
/// the leading axis, slice) of a slice of `set` in the whole volume.
pub fn damage_issues(
    set: &SliceSet,
    damaged: &[DamagedSlice],
    place: &dyn Fn(usize) -> (usize, usize),
) -> Vec<Issue> {
    let mut by_file: Vec<(usize, Vec<&DamagedSlice>)> = Vec::new();
    for found in damaged {
        let Some(slice) = set.slices.get(found.slice).and_then(Option::as_ref) else { continue };
        match by_file.iter_mut().find(|(file, _)| *file == slice.file) {
            Some((_, all)) => all.push(found),
            None => by_file.push((slice.file, vec![found])),
        }
    }
    let issues = by_file.into_iter().filter_map(|(file, found)| {
        let first = found.first()?;
        let frame = set.slices.get(first.slice)?.as_ref()?.frame.index;
        let finding = FileFinding::DamagedFrames {
            error: first.error.clone(),
            frame,
            cells: found.iter().map(|found| place(found.slice)).collect(),
        };
        Some(finding.about([set.files.get(file)?.path.clone()]))
    });
    issues.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::{ErrorKind, LooksLike};
    use crate::series::header::FrameHeader;
    use crate::series::report::IssueKind;
    use crate::series::slice_set::Slice;
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
            DamagedSlice { slice, error }
        };
        let found = [
            damaged(1, ErrorKind::NotDeflated),
            damaged(3, ErrorKind::unsupported("this", "")),
            damaged(4, ErrorKind::NotDicom(LooksLike::Text)),
        ];
        let issues = damage_issues(&set, &found, &|slice| (slice / 3, slice % 3));
        let [first, second] = &issues[..] else { panic!("{issues:?}") };
        assert_eq!((first.kind, first.is_error), (IssueKind::DamagedFrame, true));
        assert_eq!(first.cells, [(0, 1), (1, 1)]);
        let numbers = [("image_count", 2.0), ("slice_index", 1.0), ("frame_index", 3.0)];
        assert_eq!(first.numbers, numbers);
        assert_eq!(second.kind, IssueKind::Unsupported);
        assert_eq!((&second.cells[..], second.paths.len()), (&[(1, 0)][..], 1));
    }
}
