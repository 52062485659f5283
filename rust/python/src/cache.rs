//! A scan that reads only what has changed since the one before.

use std::path::PathBuf;

use pyo3::prelude::*;
use rapidicom_core::index::{Comparison, FileEntry, OnError, Table, compare, look_at, scan_rest};
use rapidicom_core::{Cushion, Workers};

use crate::arrow_stream::PyBatch;
use crate::error::reason;
use crate::given::PySources;
use crate::index::{Index, PyIndex, keep};
use crate::read::prefix_of_many;
use crate::table::{Column, PyTable, specs, wrong_shape};
use crate::work::{announce, run};

/// The names that the columns of a table have.
#[pyfunction]
pub(crate) fn column_names(columns: Vec<Column>) -> PyResult<Vec<String>> {
    Ok(specs(columns)?.iter().map(|spec| spec.name().to_owned()).collect())
}

/// What is to be kept of a scan for the next one: its rows, and the other files that it looked at.
type Kept = Option<(PyBatch, PyBatch)>;

/// Scans as `scan` does, but reads no header of a file that is in an index and still the same.
/// `known` is called for it once the files have been looked at, so that somebody can read it
/// meanwhile; `None` where there is none. Also returns the updated index; `None` if unchanged.
/// Returns `None` instead of both, before any header is read, if the index has two answers about
/// one file.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what is wanted, what is known, and how")]
pub(crate) fn scan_again(
    py: Python<'_>,
    sources: PySources,
    columns: Vec<Column>,
    recursive: bool,
    force: bool,
    workers: Option<usize>,
    raise_first: bool,
    progress: Option<Py<PyAny>>,
    index_path: PathBuf,
    known: Bound<'_, PyAny>,
) -> PyResult<Option<(PyTable, Kept)>> {
    let specs = specs(columns)?;
    let on_error = if raise_first { OnError::Stop } else { OnError::Collect };
    sources.set_workers(workers);
    let workers = Workers::for_headers(workers);
    let bar = progress.as_ref().map(|progress| progress.clone_ref(py));
    let _cushion = Cushion::if_there_is_room();
    let listed = run(py, progress.as_ref().map(|progress| progress.clone_ref(py)), |tick| {
        look_at(&sources.sources, recursive, &index_path, workers, tick)
    })?;
    let read: Option<Py<PyIndex>> = known.call0()?.extract()?;
    let nothing = Index::default();
    let index = read.as_ref().map_or(&nothing, |read| read.get().index());
    let found = run(py, progress, |tick| {
        let compared = compare(listed, &index.remembered, on_error)?;
        if !index.are_alike(compared.twins()) {
            return Ok(Found::Contradiction);
        }
        if read.is_some() && compared.is_unchanged(&index.remembered) {
            return Ok(Found::Unchanged(compared));
        }
        announce(bar.as_ref(), compared.unknown_count());
        let values = index.values().unwrap_or_default();
        let (known, prefix) = (&index.remembered, prefix_of_many(force));
        let (table, entries) = scan_rest(
            compared,
            known,
            values,
            &index.invalid,
            &specs,
            prefix,
            reason,
            workers,
            on_error,
            tick,
        )?;
        Ok(Found::Changed(table, entries))
    })?;
    match found {
        Found::Contradiction => Ok(None),
        Found::Changed(table, entries) => {
            drop(read);
            let table = PyTable::new(table).map_err(wrong_shape)?;
            let (rows, others) = keep(&table, &entries).map_err(wrong_shape)?;
            Ok(Some((table, Some((PyBatch::new(rows), PyBatch::new(others))))))
        }
        Found::Unchanged(compared) => Ok(Some((as_before(index, compared), None))),
    }
}

enum Found {
    /// The index has two answers about one file.
    Contradiction,
    Unchanged(Comparison),
    Changed(Table, Vec<FileEntry>),
}

/// The table of the earlier scan.
fn as_before(index: &Index, compared: Comparison) -> PyTable {
    let skipped = compared.skipped(&index.remembered);
    let (paths, errors) = compared.into_paths_and_errors(&index.remembered);
    PyTable::from_parts(paths, index.columns.clone(), &errors, skipped, &index.invalid)
}
