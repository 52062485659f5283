//! A second scan of files of which most are still the same: their rows come from the first.
//!
//! A file is taken for unchanged if its size, its modification time and its change time to the
//! nanosecond, and what the file system calls it are those that it had before its header was read.
//! A file that was modified shortly before it was read proves nothing, because it may have been
//! modified again within one tick of the file system's clock: it is not remembered. `settled` says
//! how shortly.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::builder::Rows;
use super::columns::ColumnSpec;
use super::scan::{OnError, finish, read_chunks};
use super::settled::{Now, settle};
use super::table::{Chunk, InvalidValue, Table, Values};
use crate::error::{Error, ErrorKind, Family, Result};
use crate::memory::Cushion;
use crate::parse::Prefix;
use crate::source::{FileList, FileState, Sources, add_special, list_states};
use crate::workers::{Tick, Workers};

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has the row with this index.
    Row(usize),
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
#[derive(Debug, Default)]
pub struct Remembered {
    /// The files, those with a row in the order of their rows first.
    pub entries: Vec<FileEntry>,
    /// How many have a row.
    pub row_count: usize,
}

/// The files of a scan, held against those of an earlier one.
#[derive(Debug)]
pub struct Comparison {
    files: FileList,
    states: Vec<Option<FileState>>,
    /// For each file the index of its entry, if it is still the same.
    known: Vec<Option<usize>>,
    /// Entries of one path: each with the one before it.
    twins: Vec<(usize, usize)>,
}

/// Lists the files that `sources` stand for, and finds those that are remembered by their names.
/// The file at `left_out`, in which all this is kept, is not among them, unless it is named.
///
/// # Errors
///
/// If one of the paths does not exist or is a folder that cannot be read, or `tick` said to stop.
pub fn compare(
    sources: &Sources,
    is_recursive: bool,
    left_out: &Path,
    remembered: &Remembered,
    on_error: OnError,
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Comparison> {
    let now = Now::new();
    let _cushion = Cushion::for_files(sources.names.len())?;
    let (mut files, mut states) = list_states(sources, is_recursive, workers, tick)?;
    let _more = Cushion::for_files(files.files.len())?;
    leave_out(left_out, &mut files, &mut states);
    settle(&files.files, &mut states, now);
    // Paths as bytes: hashing them component by component takes several times as long.
    let mut by_path: HashMap<&OsStr, usize> = HashMap::with_capacity(remembered.entries.len());
    let mut twins = Vec::new();
    for (index, entry) in remembered.entries.iter().enumerate() {
        twins.extend(by_path.insert(entry.path.as_os_str(), index).map(|first| (first, index)));
    }
    let is_usable = |file: usize, entry: &FileEntry| match entry.outcome {
        Outcome::Row(_) => true,
        // A file that is named is no longer passed over.
        Outcome::Skipped(_) => file >= files.named_count,
        // The error itself is wanted, not its words.
        Outcome::Failed(_) => on_error == OnError::Collect,
    };
    let known = files.files.iter().zip(&states).enumerate().map(|(file, (path, state))| {
        let index = *by_path.get(path.as_os_str())?;
        let entry = remembered.entries.get(index)?;
        (state.is_some() && entry.state == *state && is_usable(file, entry)).then_some(index)
    });
    let known = known.collect();
    Ok(Comparison { files, states, known, twins })
}

fn leave_out(path: &Path, files: &mut FileList, states: &mut Vec<Option<FileState>>) {
    let Ok(identity) = fs::canonicalize(path) else { return };
    let is_same = |file: &PathBuf| {
        // The file itself, or a link to it.
        (file.file_name() == path.file_name() || file.file_name() == identity.file_name())
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

impl Comparison {
    /// Whether the scan's table is that of the earlier one, row for row.
    pub fn is_unchanged(&self, remembered: &Remembered) -> bool {
        let entries =
            self.known.iter().map(|known| known.and_then(|index| remembered.entries.get(index)));
        let mut rows = 0;
        let mut others = 0;
        for entry in entries {
            match entry.map(|entry| &entry.outcome) {
                Some(Outcome::Row(row)) if *row == rows => rows += 1,
                Some(Outcome::Skipped(_) | Outcome::Failed(_)) => others += 1,
                _ => return false,
            }
        }
        rows == remembered.row_count && rows + others == remembered.entries.len()
    }

    /// Entries of one path, each with the one before it: a file that was named twice has two, and
    /// they must be the same.
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
        for entry in &remembered.entries {
            if let Outcome::Skipped(what) = &entry.outcome {
                *skipped.entry(what.clone()).or_default() += 1;
            }
        }
        add_special(&mut skipped, self.files.special_count);
        skipped
    }

    /// The errors of remembered files and of folders, for a table that is that of the earlier scan.
    pub fn into_errors(self, remembered: &Remembered) -> Vec<Error> {
        let of_files =
            self.known.iter().zip(&self.files.files).filter_map(|(known, path)| match &remembered
                .entries
                .get((*known)?)?
                .outcome
            {
                Outcome::Failed(why) => Some(again(why, path)),
                _ => None,
            });
        let mut errors: Vec<Error> = of_files.collect();
        errors.extend(self.files.errors);
        errors
    }
}

fn again(why: &str, path: &Path) -> Error {
    Error::from(ErrorKind::Remembered { why: why.to_owned() }).in_file(path)
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
        let Some(entry) = known.and_then(|index| remembered.entries.get(index)) else { continue };
        match &entry.outcome {
            Outcome::Skipped(what) => chunk.skipped.push((file, what.clone())),
            Outcome::Failed(why) => chunk.errors.push((file, again(why, path))),
            Outcome::Row(row) => {
                let first = invalid.partition_point(|entry| entry.row < *row);
                let own = invalid.iter().skip(first).take_while(|entry| entry.row == *row);
                chunk.invalid.extend(own.map(|entry| InvalidValue { row: rows.len(), ..*entry }));
                chunk.files.push(file);
                rows.push(*row);
            }
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
        chunk.files.iter().for_each(|file| set(*file, Outcome::Row(0)));
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
            Some(Outcome::Row(_)) => {
                let outcome = Outcome::Row(rows.len());
                rows.push(FileEntry { path, state, outcome });
            }
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

    fn entry(path: &str, outcome: Outcome) -> FileEntry {
        FileEntry { path: path.into(), state: None, outcome }
    }

    /// A file with a row, one that is no DICOM file, one that failed, and another row.
    fn remembered() -> Remembered {
        Remembered {
            entries: vec![
                entry("a", Outcome::Row(0)),
                entry("d", Outcome::Row(1)),
                entry("b", Outcome::Skipped("text".to_owned())),
                entry("c", Outcome::Failed("words".to_owned())),
            ],
            row_count: 2,
        }
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
    fn a_scan_is_unchanged_if_all_rows_and_files_are_the_same() {
        for (name, known, expected, unknown_count) in [
            ("the same", &[Some(0), Some(2), Some(3), Some(1)][..], true, 0),
            ("rows in another order", &[Some(1), Some(2), Some(3), Some(0)], false, 0),
            ("a new file", &[Some(0), Some(2), Some(3), Some(1), None], false, 1),
            ("a row less", &[Some(0), Some(2), Some(3)], false, 0),
            ("a skipped file less", &[Some(0), Some(3), Some(1)], false, 0),
            ("unknown files", &[None, None], false, 2),
            ("no such entry", &[Some(0), Some(2), Some(3), Some(9)], false, 0),
        ] {
            let comparison = comparison(known);
            assert_eq!(comparison.is_unchanged(&remembered()), expected, "{name}");
            assert_eq!(comparison.unknown_count(), unknown_count, "{name}");
        }
    }

    #[test]
    fn errors_are_those_of_files_and_then_of_folders() {
        let mut comparison = comparison(&[Some(0), Some(2), Some(3), None]);
        comparison.files.errors.push(ErrorKind::Cancelled.into());
        let errors = comparison.into_errors(&remembered());
        let text: Vec<String> = errors.iter().map(Error::to_string).collect();
        assert_eq!(text, ["c: words", "interrupted"]);
        assert_eq!(errors[0].family(), Family::Invalid);
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
        let chunk = known_chunk(&files, &known, &remembered(), values.into(), &invalid, &columns);
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
            ("row", Outcome::Row(0)),
            ("row2", Outcome::Row(1)),
            ("skipped", Outcome::Skipped("text".to_owned())),
            ("failed", Outcome::Failed(failed)),
        ];
        let expected =
            expected.map(|(path, outcome)| FileEntry { path: path.into(), state, outcome });
        assert_eq!(found, expected);
    }
}
