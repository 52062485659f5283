//! The files of a scan held against those of an earlier one.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::remembered::{Outcome, Remembered};
use super::scan::OnError;
use super::settled::{Now, settle};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::Cushion;
use crate::source::{FileList, FileState, Sources, add_special, list_states};
use crate::workers::{Tick, Workers};

/// The files of a scan, each as it is now.
#[derive(Debug)]
pub struct Listed {
    files: FileList,
    /// `None` for one whose state proves nothing.
    states: Vec<Option<FileState>>,
}

/// Lists the files that `sources` stand for, and asks for their states.
/// The file at `left_out`, in which all this is kept, is not among them, unless it is named.
///
/// # Errors
///
/// If one of the paths does not exist or is a folder that cannot be read, or `tick` said to stop.
pub fn look_at(
    sources: &Sources,
    is_recursive: bool,
    left_out: &Path,
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Listed> {
    let now = Now::new();
    let _cushion = Cushion::for_files(sources.names.len())?;
    let (mut files, mut states) = list_states(sources, is_recursive, workers, tick)?;
    let _more = Cushion::for_files(files.files.len())?;
    leave_out(left_out, &mut files, &mut states);
    settle(&files.files, &mut states, now);
    Ok(Listed { files, states })
}

fn leave_out(path: &Path, files: &mut FileList, states: &mut Vec<Option<FileState>>) {
    let Ok(identity) = fs::canonicalize(path) else { return };
    let names = [path.file_name(), identity.file_name()];
    let is_same = |file: &PathBuf| {
        // The file itself, or a link to it. Paths are taken apart in several times as long as it
        // takes to look at their ends.
        let end = file.as_os_str().as_encoded_bytes();
        names.iter().flatten().any(|name| end.ends_with(name.as_encoded_bytes()))
            && names.contains(&file.file_name())
            && fs::canonicalize(file).is_ok_and(|file| file == identity)
    };
    let found = files.files.iter().enumerate().skip(files.named_count);
    let found: Vec<usize> =
        found.filter(|(_, file)| is_same(file)).map(|(index, _)| index).collect();
    for index in found.into_iter().rev() {
        files.files.remove(index);
        states.remove(index);
    }
}

/// The files of a scan, held against those of an earlier one.
#[derive(Debug)]
pub struct Comparison {
    pub(super) files: FileList,
    pub(super) states: Vec<Option<FileState>>,
    /// For each file which of the earlier ones it is, if it is still the same.
    pub(super) known: Vec<Option<usize>>,
    /// Earlier files of one path: each with the one before it.
    twins: Vec<(usize, usize)>,
}

/// Finds those of the files that are `remembered` and still the same.
///
/// # Errors
///
/// If there is no memory for it.
pub fn compare(listed: Listed, remembered: &Remembered, on_error: OnError) -> Result<Comparison> {
    let Listed { files, states } = listed;
    let _cushion = Cushion::for_files(files.files.len().max(remembered.count()))?;
    let path = |file: usize| {
        files.files.get(file).map_or(&[][..], |path| path.as_os_str().as_encoded_bytes())
    };
    let is_usable = |file: usize, index: usize| match remembered.outcome(index) {
        Some(Outcome::Row) => true,
        // A file that is named is no longer passed over.
        Some(Outcome::Skipped(_)) => file >= files.named_count,
        // The error itself is wanted, not its words.
        Some(Outcome::Failed(_)) => on_error == OnError::Collect,
        None => false,
    };
    let earlier = in_order(remembered.count(), |index| remembered.path(index));
    let twins = earlier.windows(2).filter_map(|pair| match *pair {
        [one, other] if remembered.path(one) == remembered.path(other) => Some((one, other)),
        _ => None,
    });
    let twins = twins.collect();
    let mut known = vec![None; files.files.len()];
    // Both lists are gone through side by side: a table of hashes of a million paths takes several
    // times as long.
    let mut earlier = earlier.into_iter().peekable();
    let mut last = None;
    for file in in_order(files.files.len(), path) {
        let path = path(file);
        while let Some(index) = earlier.next_if(|index| remembered.path(*index) <= path) {
            last = Some(index);
        }
        let state = states.get(file).copied().flatten();
        if let (Some(index), Some(slot)) = (last, known.get_mut(file))
            && state.is_some()
            && state == remembered.state(index)
            && remembered.path(index) == path
            && is_usable(file, index)
        {
            *slot = Some(index);
        }
    }
    Ok(Comparison { files, states, known, twins })
}

/// The numbers below `count` in the order of their paths; those of one path in their own.
fn in_order<'p>(count: usize, path: impl Fn(usize) -> &'p [u8]) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    let order = |one: &usize, other: &usize| -> Ordering {
        path(*one).cmp(path(*other)).then_with(|| one.cmp(other))
    };
    // Those of folders are in order already.
    if !all.is_sorted_by(|one, other| order(one, other).is_le()) {
        all.sort_unstable_by(order);
    }
    all
}

impl Comparison {
    /// Whether the scan's table is that of the earlier one, row for row.
    pub fn is_unchanged(&self, remembered: &Remembered) -> bool {
        let (mut rows, mut others) = (0, 0);
        for known in &self.known {
            match known.and_then(|index| Some((index, remembered.outcome(index)?))) {
                Some((row, Outcome::Row)) if row == rows => rows += 1,
                Some((_, Outcome::Skipped(_) | Outcome::Failed(_))) => others += 1,
                _ => return false,
            }
        }
        rows == remembered.row_count() && rows + others == remembered.count()
    }

    /// Earlier files of one path, each with the one before it: a file that was named twice is there
    /// twice, and both must be the same.
    pub fn twins(&self) -> &[(usize, usize)] {
        &self.twins
    }

    /// Files whose headers have to be read.
    pub fn unknown_count(&self) -> usize {
        self.known.iter().filter(|known| known.is_none()).count()
    }

    /// What was skipped of remembered files and in folders, for a table that is that of the earlier
    /// scan.
    pub fn skipped(&self, remembered: &Remembered) -> BTreeMap<String, usize> {
        let mut skipped = BTreeMap::new();
        for outcome in remembered.others() {
            if let Outcome::Skipped(what) = outcome {
                *skipped.entry(what.clone()).or_default() += 1;
            }
        }
        add_special(&mut skipped, self.files.special_count);
        skipped
    }

    /// The files of the rows, and the errors of remembered files and of folders, for a table that
    /// is that of the earlier scan.
    pub fn into_paths_and_errors(self, remembered: &Remembered) -> (Vec<PathBuf>, Vec<Error>) {
        let Comparison { files, known, .. } = self;
        if known.len() == remembered.row_count() {
            return (files.files, files.errors);
        }
        let (mut paths, mut errors) = (Vec::new(), Vec::new());
        for (path, known) in files.files.into_iter().zip(known) {
            match known.and_then(|index| remembered.outcome(index)) {
                Some(Outcome::Row) => paths.push(path),
                Some(Outcome::Failed(why)) => errors.push(again(why, &path)),
                Some(Outcome::Skipped(_)) | None => {}
            }
        }
        errors.extend(files.errors);
        (paths, errors)
    }
}

/// The error of a remembered file.
pub(super) fn again(why: &str, path: &Path) -> Error {
    Error::from(ErrorKind::Remembered { why: why.to_owned() }).in_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Family;

    fn state(number: u64) -> Option<FileState> {
        Some(FileState { length: number, modified_ns: 2, changed_ns: 4, file_id: 3 })
    }

    fn files(names: &[&str], named_count: usize) -> FileList {
        FileList {
            files: names.iter().map(PathBuf::from).collect(),
            named_count,
            ..FileList::default()
        }
    }

    /// Two files with a row, one that is no DICOM file, and one that failed.
    fn remembered() -> Remembered {
        let mut remembered = Remembered::default();
        for (path, outcome) in [
            ("a", Outcome::Row),
            ("d", Outcome::Row),
            ("b", Outcome::Skipped("text".to_owned())),
            ("c", Outcome::Failed("words".to_owned())),
        ] {
            remembered.push(path.as_ref(), state(1), outcome);
        }
        remembered
    }

    fn comparison(known: &[Option<usize>]) -> Comparison {
        let names = ["a", "b", "c", "d", "e"];
        Comparison {
            files: files(&names[..known.len()], 0),
            states: vec![None; known.len()],
            known: known.to_vec(),
            twins: Vec::new(),
        }
    }

    #[test]
    fn files_are_known_by_their_paths_and_states() {
        use OnError::{Collect, Stop};
        let [same, other, none] = [state(1), state(2), None];
        type Files<'a> = &'a [(&'a str, Option<FileState>)];
        type Row<'a> = (&'a str, Files<'a>, usize, OnError, &'a [Option<usize>]);
        let all: Files<'_> = &[("a", same), ("b", same), ("c", same), ("d", same)];
        let table: [Row<'_>; 9] = [
            ("the same", all, 0, Collect, &[Some(0), Some(2), Some(3), Some(1)]),
            ("errors are wanted", all, 0, Stop, &[Some(0), Some(2), None, Some(1)]),
            ("named", &[("b", same), ("a", same)], 2, Collect, &[None, Some(0)]),
            ("twice", &[("a", same), ("a", same)], 2, Collect, &[Some(0), Some(0)]),
            ("not in order", &[("d", same), ("a", same)], 2, Collect, &[Some(1), Some(0)]),
            ("changed", &[("a", other), ("d", same)], 0, Collect, &[None, Some(1)]),
            ("proves nothing", &[("a", none), ("d", same)], 0, Collect, &[None, Some(1)]),
            ("new", &[("", same), ("aa", same), ("e", same)], 0, Collect, &[None, None, None]),
            ("no files", &[], 0, Collect, &[]),
        ];
        for (name, found, named_count, on_error, expected) in table {
            let (names, states): (Vec<_>, Vec<_>) = found.iter().copied().unzip();
            let listed = Listed { files: files(&names, named_count), states };
            let found = compare(listed, &remembered(), on_error).unwrap();
            assert_eq!(found.known, expected, "{name}");
            assert_eq!(found.twins, [], "{name}");
        }
    }

    #[test]
    fn a_state_that_proves_nothing_is_not_that_of_an_earlier_one() {
        let mut remembered = Remembered::default();
        remembered.push("a".as_ref(), None, Outcome::Row);
        let listed = Listed { files: files(&["a"], 0), states: vec![None] };
        assert_eq!(compare(listed, &remembered, OnError::Collect).unwrap().known, [None]);
    }

    #[test]
    fn earlier_files_of_one_path_are_twins() {
        let mut remembered = remembered();
        for path in ["a", "c", "a"] {
            remembered.push(path.as_ref(), state(1), Outcome::Skipped("text".to_owned()));
        }
        let listed = Listed { files: files(&["a", "d"], 0), states: vec![state(1); 2] };
        let found = compare(listed, &remembered, OnError::Collect).unwrap();
        assert_eq!(found.twins, [(0, 4), (4, 6), (3, 5)]);
        assert_eq!(found.known, [Some(6), Some(1)]);
    }

    #[test]
    fn a_scan_is_unchanged_if_all_rows_and_files_are_the_same() {
        for (name, known, expected, unknown_count) in [
            ("the same", &[Some(0), Some(2), Some(3), Some(1)][..], true, 0),
            ("rows in another order", &[Some(1), Some(2), Some(3), Some(0)], false, 0),
            ("a new file", &[Some(0), Some(2), Some(3), Some(1), None], false, 1),
            ("a row less", &[Some(0), Some(2), Some(3)], false, 0),
            ("a skipped file less", &[Some(0), Some(3), Some(1)], false, 0),
            ("unknown files", &[None, None], false, 2),
            ("no such file", &[Some(0), Some(2), Some(3), Some(9)], false, 0),
        ] {
            let comparison = comparison(known);
            assert_eq!(comparison.is_unchanged(&remembered()), expected, "{name}");
            assert_eq!(comparison.unknown_count(), unknown_count, "{name}");
        }
    }

    #[test]
    fn errors_are_those_of_files_and_then_of_folders() {
        let mut comparison = comparison(&[Some(0), Some(2), Some(3), Some(1), None]);
        comparison.files.errors.push(ErrorKind::Cancelled.into());
        let (paths, errors) = comparison.into_paths_and_errors(&remembered());
        let text: Vec<String> = errors.iter().map(Error::to_string).collect();
        assert_eq!(text, ["c: words", "interrupted"]);
        assert_eq!(errors[0].family(), Family::Invalid);
        assert_eq!(paths, ["a", "d"].map(PathBuf::from));
    }

    #[test]
    fn files_that_all_have_rows_are_those_of_the_table() {
        let mut remembered = Remembered::default();
        remembered.push("a".as_ref(), state(1), Outcome::Row);
        let (paths, errors) = comparison(&[Some(0)]).into_paths_and_errors(&remembered);
        assert_eq!((paths, errors.len()), (vec![PathBuf::from("a")], 0));
    }
}
