//! A second scan of files of which most are still the same: their rows come from the first.
//!
//! A file is taken for unchanged if its size, its modification time and its change time to the
//! nanosecond, and what the file system calls it are those that it had before its header was read.
//! A file that was modified shortly before it was read proves nothing, because it may have been
//! modified again within one tick of the file system's clock: it is not remembered. `settled` says
//! how shortly.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::builder::Rows;
use super::columns::ColumnSpec;
use super::comparison::{Comparison, again};
use super::scan::{OnError, finish, read_chunks};
use super::table::{Chunk, InvalidValue, Table, Values};
use crate::error::{Error, ErrorKind, Family, Result};
use crate::parse::Prefix;
use crate::source::{FileList, FileState};
use crate::workers::{Tick, Workers};

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has a row.
    Row,
    /// It is a file of a folder, and no DICOM file: what it is, in words.
    Skipped(String),
    /// It cannot be read: why, in words.
    Failed(String),
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its path.
    pub path: PathBuf,
    /// What it was when its header was read; `None` if that proves nothing.
    pub state: Option<FileState>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What an earlier scan found. Its rows are those of `columns`, which have the names and types of
/// the scan's own.
///
/// Of a million files: so their paths lie one after the other in one list.
#[derive(Debug, Default)]
pub struct Remembered {
    paths: Vec<u8>,
    ends: Vec<usize>,
    states: Vec<Option<FileState>>,
    /// Of those files that have no row, which come last.
    outcomes: Vec<Outcome>,
}

impl Remembered {
    /// Adds a file. Those with a row come first, in the order of their rows.
    pub fn push(&mut self, path: &OsStr, state: Option<FileState>, outcome: Outcome) {
        self.paths.extend_from_slice(path.as_encoded_bytes());
        self.ends.push(self.paths.len());
        self.states.push(state);
        if outcome != Outcome::Row || !self.outcomes.is_empty() {
            self.outcomes.push(outcome);
        }
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// How many have a row.
    pub fn row_count(&self) -> usize {
        self.count().saturating_sub(self.outcomes.len())
    }

    /// The path of a file, as [`OsStr::as_encoded_bytes`] gives it.
    pub(super) fn path(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.paths.get(start.copied().unwrap_or(0)..end).unwrap_or_default()
    }

    /// What a file was when its header was read.
    pub fn state(&self, index: usize) -> Option<FileState> {
        self.states.get(index).copied().flatten()
    }

    /// What came of a file.
    pub fn outcome(&self, index: usize) -> Option<&Outcome> {
        match index.checked_sub(self.row_count()) {
            None => Some(&Outcome::Row),
            Some(other) => self.outcomes.get(other),
        }
    }

    /// What came of those files that have no row.
    pub(super) fn others(&self) -> &[Outcome] {
        &self.outcomes
    }
}

/// Reads the headers of the files that are not known, and puts their rows between those of
/// `values`, the columns of the earlier scan in the order of `columns`, with what was `invalid`
/// there. Returns what is to be remembered as well; a failure in the words of `reason`.
///
/// # Errors
///
/// If `tick` said to stop, or the error of a file, if that is asked for.
#[expect(clippy::too_many_arguments, reason = "what is known, what is wanted, and how")]
pub fn scan_rest(
    comparison: Comparison,
    remembered: &Remembered,
    values: Vec<Values>,
    invalid: &[InvalidValue],
    columns: &[ColumnSpec],
    prefix: Prefix,
    reason: fn(&Error) -> String,
    workers: Workers,
    on_error: OnError,
    tick: Tick<'_>,
) -> Result<(Table, Vec<FileEntry>)> {
    let Comparison { files, states, known, .. } = comparison;
    let unknown: Vec<usize> = known
        .iter()
        .enumerate()
        .filter(|(_, known)| known.is_none())
        .map(|(file, _)| file)
        .collect();
    let mut chunks = read_chunks(&files, Some(&unknown), columns, prefix, workers, on_error, tick)?;
    chunks.push(known_chunk(&files, &known, remembered, values, invalid, columns));
    let entries = entries(&files, states, &chunks, reason);
    Ok((finish(files, columns, chunks, on_error)?, entries))
}

/// What is known of files, as if a thread had just read it.
fn known_chunk(
    files: &FileList,
    known: &[Option<usize>],
    remembered: &Remembered,
    values: Vec<Values>,
    invalid: &[InvalidValue],
    columns: &[ColumnSpec],
) -> Chunk {
    let mut chunk = Chunk::new(columns);
    let mut rows = Vec::new();
    for (file, (known, path)) in known.iter().zip(&files.files).enumerate() {
        let Some(index) = *known else { continue };
        match remembered.outcome(index) {
            Some(Outcome::Skipped(what)) => chunk.skipped.push((file, what.clone())),
            Some(Outcome::Failed(why)) => chunk.errors.push((file, again(why, path))),
            Some(Outcome::Row) => {
                let first = invalid.partition_point(|entry| entry.row < index);
                let own = invalid.iter().skip(first).take_while(|entry| entry.row == index);
                chunk.invalid.extend(own.map(|entry| InvalidValue { row: rows.len(), ..*entry }));
                chunk.files.push(file);
                rows.push(index);
            }
            None => {}
        }
    }
    // Each column of the earlier scan is gone when its rows are copied.
    for (target, source) in chunk.columns.iter_mut().zip(values) {
        for row in &rows {
            match (&mut *target, &source) {
                (Rows::Int(target), Values::Int(source)) => {
                    let own = source.get(*row).unwrap_or_default();
                    target.end_of_values().extend_from_slice(own);
                }
                (Rows::Float(target), Values::Float(source)) => {
                    let own = source.get(*row).unwrap_or_default();
                    target.end_of_values().extend_from_slice(own);
                }
                (Rows::Text(target), Values::Text(source)) => {
                    let own = source.get(*row).unwrap_or_default();
                    target.end_of_values().extend_from_slice(own.as_bytes());
                }
                // The caller has checked that types agree.
                _ => {}
            }
            target.end_row(true);
        }
    }
    chunk
}

/// What is to be remembered: files with a row in the order of their rows, then the others.
fn entries(
    files: &FileList,
    states: Vec<Option<FileState>>,
    chunks: &[Chunk],
    reason: fn(&Error) -> String,
) -> Vec<FileEntry> {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; files.files.len()];
    let mut set = |file: usize, outcome: Outcome| {
        if let Some(slot) = outcomes.get_mut(file) {
            *slot = Some(outcome);
        }
    };
    for chunk in chunks {
        chunk.files.iter().for_each(|file| set(*file, Outcome::Row));
        for (file, what) in &chunk.skipped {
            set(*file, Outcome::Skipped(what.clone()));
        }
        for (file, error) in &chunk.errors {
            // What the operating system says can change without the file, and what a named file is
            // depends on the name.
            let lasts = !matches!(error.family(), Family::Io)
                && !matches!(error.kind(), ErrorKind::NotDicom(_));
            if lasts {
                set(*file, Outcome::Failed(reason(error)));
            }
        }
    }
    let (mut rows, mut others) = (Vec::new(), Vec::new());
    for ((path, state), outcome) in files.files.iter().zip(states).zip(outcomes) {
        let path = path.clone();
        match outcome {
            Some(outcome @ Outcome::Row) => rows.push(FileEntry { path, state, outcome }),
            Some(outcome) => others.push(FileEntry { path, state, outcome }),
            None => {}
        }
    }
    rows.extend(others);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::LooksLike;
    use crate::index::table::{Numbers, Texts};

    fn files(names: &[&str], named_count: usize) -> FileList {
        FileList {
            files: names.iter().map(PathBuf::from).collect(),
            named_count,
            ..FileList::default()
        }
    }

    #[test]
    fn remembered_files_have_their_paths_states_and_outcomes() {
        let state = Some(FileState { length: 1, modified_ns: 2, changed_ns: 4, file_id: 3 });
        let mut remembered = Remembered::default();
        assert_eq!((remembered.count(), remembered.row_count()), (0, 0));
        assert_eq!((remembered.path(0), remembered.outcome(0)), (&b""[..], None));
        let skipped = Outcome::Skipped("text".to_owned());
        for (path, state, outcome) in
            [("ab", state, Outcome::Row), ("", None, Outcome::Row), ("c", state, skipped.clone())]
        {
            remembered.push(path.as_ref(), state, outcome);
        }
        assert_eq!((remembered.count(), remembered.row_count()), (3, 2));
        let all = [0, 1, 2, 3].map(|index| {
            (remembered.path(index), remembered.state(index), remembered.outcome(index))
        });
        let expected = [
            (&b"ab"[..], state, Some(&Outcome::Row)),
            (b"", None, Some(&Outcome::Row)),
            (b"c", state, Some(&skipped)),
            (b"", None, None),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn known_files_make_a_chunk() {
        let columns =
            ["Rows", "WindowCenter", "Modality"].map(|name| ColumnSpec::parse(name).unwrap());
        let values = [
            Values::Int(Numbers { width: None, values: vec![5, 6], lengths: vec![1, 1] }),
            Values::Float(Numbers {
                width: Some(2),
                values: vec![1.0, 2.0, 3.0, 0.0],
                lengths: vec![2, 1],
            }),
            Values::Text(Texts { text: "CTMR".to_owned(), offsets: vec![0, 2, 4] }),
        ];
        let invalid = [(0, 0), (1, 1), (1, 2)].map(|(row, column)| InvalidValue { row, column });
        let files = files(&["d", "b", "c", "new", "a"], 0);
        let known = [Some(1), Some(2), Some(3), None, Some(0)];
        // A file with a row, one that is no DICOM file, one that failed, and another row.
        let mut remembered = Remembered::default();
        let failed = Outcome::Failed("words".to_owned());
        for (path, outcome) in [
            ("a", Outcome::Row),
            ("d", Outcome::Row),
            ("b", Outcome::Skipped("text".to_owned())),
            ("c", failed),
        ] {
            remembered.push(path.as_ref(), None, outcome);
        }
        let chunk = known_chunk(&files, &known, &remembered, values.into(), &invalid, &columns);
        assert_eq!((chunk.files, chunk.skipped), (vec![0, 4], vec![(1, "text".to_owned())]));
        let errors: Vec<_> =
            chunk.errors.iter().map(|(file, error)| (*file, error.to_string())).collect();
        assert_eq!(errors, [(2, "c: words".to_owned())]);
        let invalid: Vec<_> = chunk.invalid.iter().map(|entry| (entry.row, entry.column)).collect();
        assert_eq!(invalid, [(0, 1), (0, 2), (1, 0)]);
        let [Rows::Int(rows), Rows::Float(centers), Rows::Text(modalities)] = &chunk.columns[..]
        else {
            panic!("{:?}", chunk.columns)
        };
        assert_eq!([rows.row(0), rows.row(1)], [&[6], &[5]]);
        assert_eq!([centers.row(0), centers.row(1)], [&[3.0][..], &[1.0, 2.0]]);
        assert_eq!([modalities.row(0), modalities.row(1)], [b"MR", b"CT"]);
    }

    #[test]
    fn what_lasts_is_remembered() {
        let files = files(&["row", "skipped", "failed", "gone", "text", "row2"], 0);
        let state = Some(FileState { length: 1, modified_ns: 2, changed_ns: 4, file_id: 3 });
        let mut chunk = Chunk::new(&[]);
        (chunk.files, chunk.skipped) = (vec![5, 0], vec![(1, "text".to_owned())]);
        let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
        chunk.errors = vec![
            (2, ErrorKind::TooMany { limit: 4 }.into()),
            (3, gone.into()),
            (4, ErrorKind::NotDicom(LooksLike::Text).into()),
        ];
        let found = entries(&files, vec![state; 6], &[chunk], |error| error.what());
        let failed = "more than 4 elements or items".to_owned();
        let expected = [
            ("row", Outcome::Row),
            ("row2", Outcome::Row),
            ("skipped", Outcome::Skipped("text".to_owned())),
            ("failed", Outcome::Failed(failed)),
        ];
        let expected =
            expected.map(|(path, outcome)| FileEntry { path: path.into(), state, outcome });
        assert_eq!(found, expected);
    }
}
