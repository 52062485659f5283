//! Series and their slices.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rapidicom_core::series::{
    InstanceHeader, Issue, SeriesPlan, Tolerances, Values, find_series as find, read_batch_headers, read_slices,
};
use rapidicom_core::{FileSource, SampleType, Workers, with_files};

use crate::array::fill;
use crate::error::to_python;
use crate::work::run;

/// Instances whose headers were read, ready for their pixels to be.
#[pyclass(name = "Slices", module = "rapidicom._core", frozen)]
pub struct PySlices(Arc<Vec<InstanceHeader>>);

#[pymethods]
impl PySlices {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// `(rows, columns)` of the first slice, with the number of samples behind it for colour.
    #[getter]
    fn image_shape(&self) -> Option<Vec<usize>> {
        Some(self.0.first()?.image.description()?.frame_shape())
    }

    /// Size in bytes and modification time, in seconds and nanoseconds since 1970, of each file when its header was
    /// read.
    #[getter]
    fn file_states(&self) -> Vec<Option<(u64, i64, i64)>> {
        let state = |file: &FileSource| (file.length, file.modified.0, file.modified.1);
        self.0.iter().map(|slice| slice.file.as_ref().map(state)).collect()
    }

    /// NumPy's name for the narrowest type that holds the stored values of every slice, or `None`.
    #[getter]
    fn stored_dtype(&self) -> Option<&'static str> {
        rapidicom_core::series::stored_type(&self.0).map(SampleType::name)
    }

    /// Fills `out`, a one-dimensional array of bytes, with the slices one after the other as numbers of `dtype`.
    fn read_into(
        &self,
        py: Python<'_>,
        values: &str,
        dtype: &str,
        out: &Bound<'_, PyArray1<u8>>,
        workers: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let values = match values {
            "stored" => Values::Stored,
            "modality" => Values::Modality,
            other => {
                let message = format!("values must be 'modality' or 'stored', not '{other}'");
                return Err(PyValueError::new_err(message));
            }
        };
        let Some(sample_type) = SampleType::from_name(dtype) else {
            return Err(PyValueError::new_err(format!("dtype {dtype} cannot hold pixels")));
        };
        let slices = Arc::clone(&self.0);
        let workers = Workers::for_computing(workers);
        fill(out, |out| run(py, progress, |tick| read_slices(&slices, values, sample_type, out, workers, tick)))
    }
}

/// Reads the headers of `paths`, in their order.
#[pyfunction]
pub fn read_slice_headers(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    workers: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<PySlices> {
    let workers = Workers::for_headers(workers);
    let headers = run(py, progress, |tick| read_batch_headers(&paths, workers, tick))?;
    Ok(PySlices(Arc::new(headers)))
}

/// What `find_series` found: the series as dictionaries, and how many files were what.
#[pyfunction]
pub fn find_series<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    recursive: bool,
    workers: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let workers = Workers::for_headers(workers);
    let found = run(py, progress, |tick| {
        with_files(&paths, recursive, workers.count(), tick, |files, tick| {
            find(files, workers, &Tolerances::DEFAULT, tick)
        })
    })?;
    let result = PyDict::new(py);
    let series: PyResult<Vec<_>> = found.series.into_iter().map(|plan| series(py, plan)).collect();
    result.set_item("series", series?)?;
    result.set_item("file_count", found.file_count)?;
    result.set_item("skipped", found.skipped)?;
    result.set_item("without_image", found.without_image)?;
    let errors: Vec<_> = found.errors.into_iter().map(|error| to_python(error).into_value(py)).collect();
    result.set_item("errors", errors)?;
    Ok(result)
}

fn series<'py>(py: Python<'py>, plan: SeriesPlan) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("uid", plan.uid)?;
    fields.set_item("study_uid", plan.study_uid)?;
    fields.set_item("modality", plan.modality)?;
    fields.set_item("description", plan.description)?;
    fields.set_item("number", plan.number)?;
    fields.set_item("paths", plan.slices.iter().map(|slice| slice.path.as_os_str()).collect::<Vec<_>>())?;
    fields.set_item("shape", plan.shape)?;
    fields.set_item("spacing", plan.spacing)?;
    fields.set_item("affine", plan.affine.0)?;
    fields.set_item("unsupported", plan.unsupported)?;
    let issues: PyResult<Vec<_>> = plan.report.issues.into_iter().map(|found| issue(py, found)).collect();
    fields.set_item("issues", issues?)?;
    fields.set_item("slices", PySlices(Arc::new(plan.slices)).into_pyobject(py)?)?;
    Ok(fields)
}

fn issue<'py>(py: Python<'py>, issue: Issue) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("kind", issue.kind.name())?;
    fields.set_item("is_error", issue.is_error)?;
    fields.set_item("paths", issue.paths.iter().map(|path| path.as_os_str()).collect::<Vec<_>>())?;
    fields.set_item("numbers", issue.numbers.into_iter().collect::<std::collections::BTreeMap<_, _>>())?;
    fields.set_item("sentence", issue.sentence)?;
    Ok(fields)
}
