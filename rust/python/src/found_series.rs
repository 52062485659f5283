//! Series among files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use rapidicom_core::series::find_series as find;
use rapidicom_core::{Cushion, Workers, with_files};

use crate::error::to_python;
use crate::given::PySources;
use crate::issue::{IssueLists, PyIssue};
use crate::read::prefix_of_many;
use crate::series_plan::PySeriesPlan;
use crate::tolerances::PyTolerances;
use crate::work::{announce, run};

/// The series that were found, and how many files were what.
#[pyclass(name = "FoundSeries", module = "rapidicom._core", frozen, get_all)]
pub(crate) struct PyFoundSeries {
    series: Vec<Py<PySeriesPlan>>,
    /// Findings about files of which nobody knows where they belong: reports share these lists.
    unreadable: Vec<Vec<Py<PyIssue>>>,
    file_count: usize,
    /// Files of folders that are no DICOM files: how many of them look like what.
    skipped: BTreeMap<String, usize>,
    /// Paths that were named whose files may have others in them.
    may_hold: Vec<OsString>,
    without_image: usize,
    /// Why files and folders cannot be read.
    errors: Vec<Py<PyAny>>,
}

#[pymethods]
impl PyFoundSeries {
    /// What else it holds refers to nothing of Python's. A circle through an exception is broken
    /// there, so it needs no `__clear__`.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.errors.iter().try_for_each(|error| visit.call(error))
    }
}

/// Finds the series in files and folders. `is_of_table` says that a table lists the files.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "where, which, and how")]
pub(crate) fn find_series(
    py: Python<'_>,
    sources: PySources,
    recursive: bool,
    force: bool,
    tolerances: &Bound<'_, PyTolerances>,
    workers: Option<usize>,
    is_of_table: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<PyFoundSeries> {
    let _cushion = Cushion::if_there_is_room();
    let tolerances = tolerances.get().as_core();
    sources.set_workers(workers);
    let workers = Workers::for_headers(workers);
    let bar = progress.as_ref().map(|progress| progress.clone_ref(py));
    let found = run(py, progress, |tick| {
        with_files(&sources.sources, recursive, workers.count(), tick, |files, tick| {
            announce(bar.as_ref(), files.files.len());
            let mut files = files;
            files.is_of_table = is_of_table;
            find(files, prefix_of_many(force), workers, &tolerances, tick)
        })
    })?;
    let mut lists = IssueLists::default();
    let series = found.series.into_iter().map(|plan| PySeriesPlan::new(py, plan, &mut lists));
    let series = series.collect::<PyResult<_>>()?;
    let errors = found.errors.into_iter().map(|error| to_python(error).into_value(py).into_any());
    Ok(PyFoundSeries {
        series,
        unreadable: lists.found,
        file_count: found.file_count,
        skipped: found.skipped,
        may_hold: found.may_hold.into_iter().map(PathBuf::into_os_string).collect(),
        without_image: found.without_image,
        errors: errors.collect(),
    })
}
