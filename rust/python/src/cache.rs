//! What a scan leaves for the next one, as Arrow batches: which files there were, and their rows.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, LargeStringArray, PrimitiveArray, RecordBatch, RecordBatchIterator,
};
use arrow_schema::{ArrowError, Field, Schema};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use rapidicom_core::index::{
    ColumnSpec, FileEntry, InvalidValue, OnError, Outcome, Remembered, Values, compare, scan_rest,
};
use rapidicom_core::{FileState, Workers};

use crate::arrow;
use crate::error::reason;
use crate::read::prefix_of_many;
use crate::table::{Column, PyTable, STREAM_NAME, specs, wrong_shape};
use crate::work::{announce, run};

/// Arrow's rows, for consumers of its C stream.
#[pyclass(name = "Batch", module = "rapidicom._core", frozen)]
pub struct PyBatch(RecordBatch);

#[pymethods]
impl PyBatch {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let batch = self.0.clone();
        let schema = batch.schema();
        let stream =
            FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)));
        PyCapsule::new_with_value(py, stream, STREAM_NAME)
    }
}

/// The rows of an Arrow table that has one chunk; `None` if it has none.
#[allow(unsafe_code, reason = "Arrow's C interface hands structures over by their address")]
fn take_batch(table: &Bound<'_, PyAny>) -> PyResult<Option<RecordBatch>> {
    let capsule = table.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(STREAM_NAME))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds an initialized `ArrowArrayStream`, which the capsule
    // keeps alive here. It is moved out, and what stays behind is marked as released, so that
    // nobody releases it twice.
    let mut reader =
        unsafe { RecordBatchStreamReader::from_raw(pointer.as_ptr()) }.map_err(wrong_shape)?;
    let first = reader.next().transpose().map_err(wrong_shape)?;
    match reader.next() {
        None => Ok(first),
        Some(_) => Err(PyValueError::new_err("the table has several chunks")),
    }
}

/// Columns of an index beside those of the table.
const PATH: &str = "path";
const SIZE: &str = "size";
const MODIFIED: &str = "modified_ns";
const FILE_ID: &str = "file_id";
const INVALID: &str = "invalid";
const REASON: &str = "reason";
const SKIPPED: &str = "skipped";

/// What an index holds.
struct Index {
    remembered: Remembered,
    columns: Vec<(String, ArrayRef)>,
    invalid: Vec<InvalidValue>,
}

impl Index {
    /// From the rows of an index, and its other files. `None` if they are not what was written.
    fn new(
        rows: Option<&RecordBatch>,
        others: Option<&RecordBatch>,
        specs: &[ColumnSpec],
    ) -> Option<Index> {
        let mut index =
            Index { remembered: Remembered::default(), columns: Vec::new(), invalid: Vec::new() };
        for spec in specs {
            let array = match rows {
                Some(rows) => Arc::clone(rows.column_by_name(spec.name())?),
                None => arrow::empty(spec).ok()?,
            };
            arrow::fits(&array, spec).then_some(())?;
            index.columns.push((spec.name().to_owned(), array));
        }
        if let Some(rows) = rows {
            let invalid = texts(rows, INVALID)?;
            for (row, file) in Files::of(rows)?.iter().enumerate() {
                let (path, state) = file?;
                index.remembered.entries.push(FileEntry {
                    path,
                    state,
                    outcome: Outcome::Row(row),
                });
                for number in Some(invalid)
                    .filter(|invalid| invalid.is_valid(row))?
                    .value(row)
                    .split_terminator(',')
                {
                    let column = number.parse().ok().filter(|column| *column < specs.len())?;
                    index.invalid.push(InvalidValue { row, column });
                }
            }
            index.remembered.row_count = rows.num_rows();
        }
        if let Some(others) = others {
            let reasons = texts(others, REASON)?.iter().zip(texts(others, SKIPPED)?);
            for (file, (reason, skipped)) in Files::of(others)?.iter().zip(reasons) {
                let (path, state) = file?;
                let outcome = match (reason, skipped) {
                    (Some(reason), _) => Outcome::Failed(reason.to_owned()),
                    (None, Some(what)) => Outcome::Skipped(what.to_owned()),
                    (None, None) => return None,
                };
                index.remembered.entries.push(FileEntry { path, state, outcome });
            }
        }
        Some(index)
    }

    /// The columns in the core's form.
    fn values(&self) -> Option<Vec<Values>> {
        self.columns.iter().map(|(_, array)| arrow::to_values(array)).collect()
    }
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a LargeStringArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<Int64Type>> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// The columns that say what a file was.
struct Files<'a> {
    paths: &'a LargeStringArray,
    sizes: &'a PrimitiveArray<Int64Type>,
    modified: &'a PrimitiveArray<Int64Type>,
    ids: &'a PrimitiveArray<Int64Type>,
}

impl<'a> Files<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Files<'a>> {
        let paths = texts(batch, PATH)?;
        Some(Files {
            paths,
            sizes: numbers(batch, SIZE)?,
            modified: numbers(batch, MODIFIED)?,
            ids: numbers(batch, FILE_ID)?,
        })
    }

    /// Path and state of each file; a path that could not be written is empty, and has no state.
    fn iter(&self) -> impl Iterator<Item = Option<(PathBuf, Option<FileState>)>> {
        (0..self.paths.len()).map(|row| {
            let number = |column: &PrimitiveArray<Int64Type>| {
                column.is_valid(row).then(|| column.value(row))
            };
            let path = self.paths.is_valid(row).then(|| PathBuf::from(self.paths.value(row)));
            let state = || {
                Some(FileState {
                    length: u64::try_from(number(self.sizes)?).ok()?,
                    modified_ns: number(self.modified)?,
                    file_id: number(self.ids)?.cast_unsigned(),
                })
            };
            let state = path.is_some().then(state).flatten();
            Some((path.unwrap_or_default(), state))
        })
    }
}

/// The columns that say what files were, for `entries`.
fn file_columns(entries: &[&FileEntry]) -> Vec<(String, ArrayRef)> {
    // A path that is no UTF-8 is not remembered.
    let path = |entry: &&FileEntry| entry.path.to_str().map(str::to_owned);
    let number = |value: fn(&FileState) -> i64| -> ArrayRef {
        let values = entries.iter().map(|entry| entry.state.as_ref().map(value));
        Arc::new(values.collect::<PrimitiveArray<Int64Type>>())
    };
    vec![
        (PATH.to_owned(), Arc::new(entries.iter().map(path).collect::<LargeStringArray>())),
        (SIZE.to_owned(), number(|state| state.length.cast_signed())),
        (MODIFIED.to_owned(), number(|state| state.modified_ns)),
        (FILE_ID.to_owned(), number(|state| state.file_id.cast_signed())),
    ]
}

fn batch(columns: Vec<(String, ArrayRef)>) -> Result<PyBatch, ArrowError> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(PyBatch(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?))
}

/// What is to be kept of a scan: its rows, and its other files.
fn keep(table: &PyTable, entries: &[FileEntry]) -> Result<(PyBatch, PyBatch), ArrowError> {
    let (rows, others): (Vec<&FileEntry>, Vec<&FileEntry>) =
        entries.iter().partition(|entry| matches!(entry.outcome, Outcome::Row(_)));
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
        Outcome::Row(_) => (None, None),
    });
    let (reasons, skipped): (Vec<_>, Vec<_>) = words.unzip();
    let mut other_columns = file_columns(&others);
    for (name, texts) in [(REASON, reasons), (SKIPPED, skipped)] {
        let texts: LargeStringArray = texts.into_iter().collect();
        other_columns.push((name.to_owned(), Arc::new(texts)));
    }
    Ok((batch(columns)?, batch(other_columns)?))
}

/// The names that the columns of a table have.
#[pyfunction]
pub(crate) fn column_names(columns: Vec<Column>) -> PyResult<Vec<String>> {
    Ok(specs(columns)?.iter().map(|spec| spec.name().to_owned()).collect())
}

/// What is to be kept of a scan for the next one: its rows, and the other files that it looked at.
type Kept = Option<(PyBatch, PyBatch)>;

/// Scans as `scan` does, but reads no header of a file that is in `index`, rows and other files,
/// and still the same. Returns what is to be kept from now on as well; `None` if that is what there
/// is.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what is wanted, what is known, and how")]
pub(crate) fn scan_again(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    columns: Vec<Column>,
    recursive: bool,
    force: bool,
    workers: Option<usize>,
    raise_first: bool,
    progress: Option<Py<PyAny>>,
    index_path: PathBuf,
    index: Option<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
) -> PyResult<(PyTable, Kept)> {
    let specs = specs(columns)?;
    let on_error = if raise_first { OnError::Stop } else { OnError::Collect };
    let workers = Workers::for_headers(workers);
    let (rows, others) = match &index {
        Some((rows, others)) => (take_batch(rows)?, take_batch(others)?),
        None => (None, None),
    };
    let unlike = || PyValueError::new_err("the index has not the columns that it should have");
    let index = Index::new(rows.as_ref(), others.as_ref(), &specs).ok_or_else(unlike)?;
    let bar = progress.as_ref().map(|progress| progress.clone_ref(py));
    let found = run(py, progress, |tick| {
        let known = &index.remembered;
        let compared =
            compare(&paths, recursive, &index_path, known, on_error, workers, &mut *tick)?;
        if compared.is_unchanged(known) {
            return Ok(Err(compared));
        }
        announce(bar.as_ref(), compared.unknown_count());
        let values = index.values().unwrap_or_default();
        let (invalid, prefix) = (&index.invalid, prefix_of_many(force));
        scan_rest(
            compared, known, &values, invalid, &specs, prefix, reason, workers, on_error, tick,
        )
        .map(Ok)
    })?;
    match found {
        Ok((table, entries)) => {
            let table = PyTable::new(table).map_err(wrong_shape)?;
            let kept = keep(&table, &entries).map_err(wrong_shape)?;
            Ok((table, Some(kept)))
        }
        Err(unchanged) => {
            let Index { remembered, columns, invalid } = index;
            let skipped = unchanged.skipped(&remembered);
            let errors = unchanged.into_errors(&remembered);
            let paths = remembered
                .entries
                .into_iter()
                .take(remembered.row_count)
                .map(|entry| entry.path)
                .collect();
            Ok((PyTable::from_parts(paths, columns, &errors, skipped, &invalid), None))
        }
    }
}
