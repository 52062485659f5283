//! The index of a scan as Arrow batches: which files there were, and their rows.
//!
//! An index is a file that anybody may have written. It is believed if it is, in all, what [`keep`]
//! makes: [`Index::new`] and [`Index::are_alike`] check that.

use std::ffi::OsStr;
use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, LargeStringArray, PrimitiveArray, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema};
use pyo3::prelude::*;
use rapidicom_core::FileState;
use rapidicom_core::index::{ColumnSpec, FileEntry, InvalidValue, Outcome, Remembered, Values};

use crate::arrow;
use crate::arrow_stream::take_batch;
use crate::path_text::{needs_bytes, to_path, to_text};
use crate::table::{Column, PyTable, specs};

/// Columns of an index beside those of the table.
const PATH: &str = "path";
const SIZE: &str = "size";
const MODIFIED: &str = "modified_ns";
const CHANGED: &str = "changed_ns";
const FILE_ID: &str = "file_id";
const INVALID: &str = "invalid";
const REASON: &str = "reason";
const SKIPPED: &str = "skipped";

/// An index that has been read and checked.
#[pyclass(name = "Index", module = "rapidicom._core", frozen)]
pub(crate) struct PyIndex(Index);

impl PyIndex {
    pub(crate) fn index(&self) -> &Index {
        &self.0
    }
}

/// The index of these rows and other files, if it is one that was written for `columns`. These are
/// text alone: an exception, also one that is dropped, takes the thread's handle, which ends the
/// process where there is no memory for it, and this is called on a thread that has none yet.
#[pyfunction]
pub(crate) fn take_index(
    py: Python<'_>,
    rows: Bound<'_, PyAny>,
    others: Bound<'_, PyAny>,
    columns: Vec<String>,
) -> PyResult<Option<PyIndex>> {
    let specs = specs(columns.into_iter().map(Column::Path).collect())?;
    let (Ok(rows), Ok(others)) = (take_batch(&rows)?, take_batch(&others)?) else {
        return Ok(None);
    };
    Ok(py.detach(|| Index::new(&rows, &others, &specs)).map(PyIndex))
}

/// What an index holds.
#[derive(Default)]
pub(crate) struct Index {
    pub remembered: Remembered,
    pub columns: Vec<(String, ArrayRef)>,
    pub invalid: Vec<InvalidValue>,
}

impl Index {
    /// From the rows of an index, and its other files. `None` if they are not what was written.
    pub(crate) fn new(
        rows: &RecordBatch,
        others: &RecordBatch,
        specs: &[ColumnSpec],
    ) -> Option<Index> {
        let mut index = Index::default();
        for spec in specs {
            let array = Arc::clone(rows.column_by_name(spec.name())?);
            arrow::fits(&array, spec).then_some(())?;
            index.columns.push((spec.name().to_owned(), array));
        }
        let invalid = texts(rows, INVALID)?;
        for (row, file) in Files::of(rows)?.iter().enumerate() {
            let (path, state) = file?;
            add(&mut index.remembered, path, state, Outcome::Row);
            let columns = present(invalid, row)?.split_terminator(',');
            let mut last = None;
            for column in columns {
                let column = column.parse().ok().filter(|column| *column < specs.len());
                if column <= last {
                    return None;
                }
                index.invalid.push(InvalidValue { row, column: column? });
                last = column;
            }
        }
        let (reasons, skipped) = (texts(others, REASON)?, texts(others, SKIPPED)?);
        for (row, file) in Files::of(others)?.iter().enumerate() {
            let (path, state) = file?;
            let outcome = match (present(reasons, row), present(skipped, row)) {
                (Some(reason), None) => Outcome::Failed(reason.to_owned()),
                (None, Some(what)) => Outcome::Skipped(what.to_owned()),
                _ => return None,
            };
            add(&mut index.remembered, path, state, outcome);
        }
        Some(index)
    }

    /// Whether entries of one path are the same in all.
    pub(crate) fn are_alike(&self, twins: &[(usize, usize)]) -> bool {
        let known = &self.remembered;
        twins.iter().all(|(one, other)| {
            known.state(*one) == known.state(*other)
                && match (known.outcome(*one), known.outcome(*other)) {
                    (Some(Outcome::Row), Some(Outcome::Row)) => self.are_rows_alike(*one, *other),
                    (one, other) => one == other,
                }
        })
    }

    fn are_rows_alike(&self, one: usize, other: usize) -> bool {
        let invalid = |row: usize| {
            let first = self.invalid.partition_point(|entry| entry.row < row);
            let own = self.invalid.iter().skip(first).take_while(move |entry| entry.row == row);
            own.map(|entry| entry.column)
        };
        invalid(one).eq(invalid(other))
            && self
                .columns
                .iter()
                .all(|(_, column)| *column.slice(one, 1) == *column.slice(other, 1))
    }

    /// The columns in the core's form.
    pub(crate) fn values(&self) -> Option<Vec<Values>> {
        self.columns.iter().map(|(_, array)| arrow::to_values(array)).collect()
    }
}

fn add(remembered: &mut Remembered, path: &str, state: Option<FileState>, outcome: Outcome) {
    if needs_bytes(path) {
        return remembered.push(to_path(path).as_os_str(), state, outcome);
    }
    remembered.push(OsStr::new(path), state, outcome);
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a LargeStringArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

fn present(texts: &LargeStringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}

fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<Int64Type>> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// The columns that say what a file was.
struct Files<'a> {
    paths: &'a LargeStringArray,
    /// Size, times and inode.
    numbers: [&'a PrimitiveArray<Int64Type>; 4],
}

impl<'a> Files<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Files<'a>> {
        Some(Files {
            paths: texts(batch, PATH)?,
            numbers: [
                numbers(batch, SIZE)?,
                numbers(batch, MODIFIED)?,
                numbers(batch, CHANGED)?,
                numbers(batch, FILE_ID)?,
            ],
        })
    }

    /// Path and state of each file; `None` for one without a path, or with half a state.
    fn iter(&self) -> impl Iterator<Item = Option<(&'a str, Option<FileState>)>> {
        (0..self.paths.len()).map(|row| {
            let path = present(self.paths, row).filter(|path| !path.is_empty())?;
            let number = |column: &PrimitiveArray<Int64Type>| {
                column.is_valid(row).then(|| column.value(row))
            };
            let state = match self.numbers.map(number) {
                [None, None, None, None] => None,
                [length, modified_ns, changed_ns, file_id] => Some(FileState {
                    length: u64::try_from(length?).ok()?,
                    modified_ns: modified_ns?,
                    changed_ns: changed_ns?,
                    file_id: file_id?.cast_unsigned(),
                }),
            };
            Some((path, state))
        })
    }
}

/// The columns that say what files were, for `entries`.
fn file_columns(entries: &[&FileEntry]) -> Vec<(String, ArrayRef)> {
    let number = |value: fn(&FileState) -> i64| -> ArrayRef {
        let state = |entry: &&FileEntry| {
            // A path that is written as another one is not remembered.
            let state = entry.state.as_ref();
            state.filter(|_| cfg!(unix) || entry.path.to_str().is_some()).map(value)
        };
        Arc::new(entries.iter().map(state).collect::<PrimitiveArray<Int64Type>>())
    };
    let paths =
        LargeStringArray::from_iter_values(entries.iter().map(|entry| to_text(&entry.path)));
    vec![
        (PATH.to_owned(), Arc::new(paths)),
        (SIZE.to_owned(), number(|state| state.length.cast_signed())),
        (MODIFIED.to_owned(), number(|state| state.modified_ns)),
        (CHANGED.to_owned(), number(|state| state.changed_ns)),
        (FILE_ID.to_owned(), number(|state| state.file_id.cast_signed())),
    ]
}

fn batch(columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch, ArrowError> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// What is to be kept of a scan: its rows, and its other files.
///
/// # Errors
///
/// If the columns are not equally long.
pub(crate) fn keep(
    table: &PyTable,
    entries: &[FileEntry],
) -> Result<(RecordBatch, RecordBatch), ArrowError> {
    let (rows, others): (Vec<&FileEntry>, Vec<&FileEntry>) =
        entries.iter().partition(|entry| entry.outcome == Outcome::Row);
    let mut invalid = vec![String::new(); rows.len()];
    for entry in table.invalid_values() {
        if let Some(text) = invalid.get_mut(entry.row) {
            text.push_str(&format!("{},", entry.column));
        }
    }
    let mut columns = file_columns(&rows);
    columns.push((INVALID.to_owned(), Arc::new(LargeStringArray::from_iter_values(invalid))));
    columns.extend(table.value_columns().iter().cloned());
    let words = others.iter().map(|entry| match &entry.outcome {
        Outcome::Failed(why) => (Some(why), None),
        Outcome::Skipped(what) => (None, Some(what)),
        Outcome::Row => (None, None),
    });
    let (reasons, skipped): (Vec<_>, Vec<_>) = words.unzip();
    let mut other_columns = file_columns(&others);
    for (name, texts) in [(REASON, reasons), (SKIPPED, skipped)] {
        let texts: LargeStringArray = texts.into_iter().collect();
        other_columns.push((name.to_owned(), Arc::new(texts)));
    }
    Ok((batch(columns)?, batch(other_columns)?))
}
