//! Series and their slices.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rapidicom_core::pixel::{FramePart, Steps};
use rapidicom_core::series::{
    CoordinateValues, Issue, LeadingAxis, ReadOptions, SeriesPlan, Slice, SliceSet, Tolerances,
    Values, find_series as find, read_batch_headers, read_slice_headers as read_again, read_slices,
};
use rapidicom_core::{FileSource, SampleType, Workers, with_files};

use crate::array::fill;
use crate::error::to_python;
use crate::work::run;

/// Frames of instances whose headers were read, ready for their pixels to be.
#[pyclass(name = "Slices", module = "rapidicom._core", frozen)]
pub struct PySlices(Arc<SliceSet>);

#[pymethods]
impl PySlices {
    fn __len__(&self) -> usize {
        self.0.slices.len()
    }

    /// `(rows, columns)` of the first slice, with the number of samples behind it for colour.
    #[getter]
    fn image_shape(&self) -> Option<Vec<usize>> {
        self.0.image_shape()
    }

    /// Size in bytes and modification time, in seconds and nanoseconds since 1970, of each file
    /// when its header was read.
    #[getter]
    fn file_states(&self) -> Vec<Option<(u64, i64, i64)>> {
        let state = |file: &FileSource| (file.length, file.modified.0, file.modified.1);
        self.0.files.iter().map(|slice| slice.file.as_ref().map(state)).collect()
    }

    /// The files, each once.
    #[getter]
    fn file_paths(&self) -> Vec<&OsStr> {
        self.0.files.iter().map(|file| file.path.as_os_str()).collect()
    }

    /// Of each slice the numbers of its file and of its frame in it; `None` where there is no
    /// image.
    #[getter]
    fn places(&self) -> Vec<Option<(usize, usize)>> {
        self.0
            .slices
            .iter()
            .map(|slice| slice.as_ref().map(|slice| (slice.file, slice.frame.index)))
            .collect()
    }

    /// `(slope, intercept)` of each slice, as `values="modality"` applies them; `None` where there
    /// is no image.
    #[getter]
    fn rescale(&self) -> Vec<Option<(f64, f64)>> {
        let rescale = |slice: &Slice| {
            (slice.frame.transform.rescale.slope, slice.frame.transform.rescale.intercept)
        };
        self.0.slices.iter().map(|slice| slice.as_ref().map(rescale)).collect()
    }

    /// `(center, width)` of each slice, the first ones; `None` where there are none.
    #[getter]
    fn windows(&self) -> Vec<Option<[f64; 2]>> {
        self.0
            .slices
            .iter()
            .map(|slice| slice.as_ref().and_then(|slice| slice.frame.transform.window))
            .collect()
    }

    /// When each slice was acquired, in ms from the start of its image; `None` where that is not
    /// told.
    #[getter]
    fn slice_times(&self) -> Vec<Option<f64>> {
        self.0
            .slices
            .iter()
            .map(|slice| slice.as_ref().and_then(|slice| slice.frame.slice_time))
            .collect()
    }

    /// NumPy's name for the narrowest type that holds the stored values of every slice, or `None`.
    #[getter]
    fn stored_dtype(&self) -> Option<&'static str> {
        self.0.stored_type().map(SampleType::name)
    }

    /// The slices with these indices, in this order.
    fn select(&self, indices: Vec<usize>) -> PyResult<PySlices> {
        let wrong = || PyIndexError::new_err("there is no such slice");
        Ok(PySlices(Arc::new(self.0.select(&indices).ok_or_else(wrong)?)))
    }

    /// Fills `out`, a one-dimensional array of bytes, with the slices one after the other as
    /// numbers of `dtype`: of each with the rows and columns of `part`, or all.
    #[expect(clippy::too_many_arguments, reason = "which values, where to and how")]
    fn read_into(
        &self,
        py: Python<'_>,
        values: &str,
        dtype: &str,
        fill_value: f64,
        out: &Bound<'_, PyArray1<u8>>,
        part: Option<(AxisSteps, AxisSteps)>,
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
        let part =
            part.map(|(rows, columns)| FramePart { rows: steps(rows), columns: steps(columns) });
        let options = ReadOptions { values, sample_type, fill: fill_value, part };
        fill(out, |out| {
            run(py, progress, |tick| read_slices(&slices, &options, out, workers, tick))
        })
    }
}

/// First index, step, and how many.
type AxisSteps = (usize, isize, usize);

fn steps((first, step, count): AxisSteps) -> Steps {
    Steps { first, step, count }
}

/// Reads the headers of `paths`: of each the only frame, in their order, or the frames that
/// `places` names as [`PySlices::places`] does.
#[pyfunction]
#[pyo3(signature = (paths, workers, progress, places=None))]
pub fn read_slice_headers(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    workers: Option<usize>,
    progress: Option<Py<PyAny>>,
    places: Option<Vec<Option<(usize, usize)>>>,
) -> PyResult<PySlices> {
    let workers = Workers::for_headers(workers);
    let slices = run(py, progress, |tick| match &places {
        Some(places) => read_again(&paths, places, workers, tick),
        None => read_batch_headers(&paths, workers, tick),
    })?;
    Ok(PySlices(Arc::new(slices)))
}

/// `rapidicom.Tolerances`.
#[derive(FromPyObject)]
pub struct PyTolerances {
    cosine: f64,
    same_position: f64,
    position_absolute: f64,
    position_relative: f64,
    pixel_spacing_relative: f64,
    tilt_degrees: f64,
}

impl From<PyTolerances> for Tolerances {
    fn from(own: PyTolerances) -> Tolerances {
        Tolerances {
            cosine: own.cosine,
            same_position: own.same_position,
            position_absolute: own.position_absolute,
            position_relative: own.position_relative,
            pixel_spacing_relative: own.pixel_spacing_relative,
            tilt_degrees: own.tilt_degrees,
        }
    }
}

/// The tolerances of the core, so that a test can hold the documented ones against them.
#[pyfunction]
pub fn default_tolerances(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let Tolerances {
        cosine,
        same_position,
        position_absolute,
        position_relative,
        pixel_spacing_relative,
        tilt_degrees,
    } = Tolerances::DEFAULT;
    let fields = PyDict::new(py);
    fields.set_item("cosine", cosine)?;
    fields.set_item("same_position", same_position)?;
    fields.set_item("position_absolute", position_absolute)?;
    fields.set_item("position_relative", position_relative)?;
    fields.set_item("pixel_spacing_relative", pixel_spacing_relative)?;
    fields.set_item("tilt_degrees", tilt_degrees)?;
    Ok(fields)
}

/// What `find_series` found: the series as dictionaries, and how many files were what.
#[pyfunction]
pub fn find_series<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    recursive: bool,
    tolerances: PyTolerances,
    workers: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let tolerances = tolerances.into();
    let workers = Workers::for_headers(workers);
    let found = run(py, progress, |tick| {
        with_files(&paths, recursive, workers.count(), tick, |files, tick| {
            find(files, workers, &tolerances, tick)
        })
    })?;
    let result = PyDict::new(py);
    let mut lists = IssueLists::default();
    let series: PyResult<Vec<_>> =
        found.series.into_iter().map(|plan| series(py, plan, &mut lists)).collect();
    result.set_item("series", series?)?;
    result.set_item("unreadable", lists.found)?;
    result.set_item("file_count", found.file_count)?;
    result.set_item("skipped", found.skipped)?;
    result.set_item("without_image", found.without_image)?;
    let errors: Vec<_> =
        found.errors.into_iter().map(|error| to_python(error).into_value(py)).collect();
    result.set_item("errors", errors)?;
    Ok(result)
}

/// Lists of findings that reports share, each made into Python objects once.
#[derive(Default)]
struct IssueLists<'py> {
    /// By the address of the list, which is kept so that no other list comes to have it.
    numbers: HashMap<usize, (usize, Arc<Vec<Issue>>)>,
    found: Vec<Vec<Bound<'py, PyDict>>>,
}

impl<'py> IssueLists<'py> {
    /// The number of a list.
    fn number(&mut self, py: Python<'py>, issues: &Arc<Vec<Issue>>) -> PyResult<usize> {
        let address = Arc::as_ptr(issues).addr();
        if let Some((number, _)) = self.numbers.get(&address) {
            return Ok(*number);
        }
        self.found
            .push(issues.iter().map(|found| issue(py, found.clone())).collect::<PyResult<_>>()?);
        let number = self.found.len() - 1;
        self.numbers.insert(address, (number, Arc::clone(issues)));
        Ok(number)
    }
}

fn series<'py>(
    py: Python<'py>,
    plan: SeriesPlan,
    lists: &mut IssueLists<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("uid", plan.uid)?;
    fields.set_item("study_uid", plan.study_uid)?;
    fields.set_item("modality", plan.modality)?;
    fields.set_item("description", plan.description)?;
    fields.set_item("number", plan.number)?;
    fields.set_item(
        "paths",
        plan.set.present().map(|(file, _)| file.path.as_os_str()).collect::<Vec<_>>(),
    )?;
    fields.set_item(
        "frames",
        plan.set.present().map(|(_, slice)| slice.frame.index).collect::<Vec<_>>(),
    )?;
    let present: Vec<bool> = plan.set.slices.iter().map(Option::is_some).collect();
    fields.set_item("present", present.contains(&false).then_some(present))?;
    fields.set_item("axis", plan.axis.map(|axis| leading_axis(py, axis)).transpose()?)?;
    fields.set_item("shape", plan.shape)?;
    fields.set_item("spacing", plan.spacing)?;
    fields.set_item("affine", plan.affine.0)?;
    fields.set_item("unsupported", plan.unsupported.map(|error| error.what()))?;
    let issues: PyResult<Vec<_>> =
        plan.report.issues.into_iter().map(|found| issue(py, found)).collect();
    fields.set_item("issues", issues?)?;
    let unreadable: PyResult<Vec<_>> =
        plan.report.unreadable.iter().map(|found| lists.number(py, found)).collect();
    fields.set_item("unreadable", unreadable?)?;
    fields.set_item("slices", PySlices(Arc::new(plan.set)).into_pyobject(py)?)?;
    let stacks: PyResult<Vec<_>> =
        plan.stacks.into_iter().map(|stack| series(py, stack, lists)).collect();
    fields.set_item("stacks", stacks?)?;
    Ok(fields)
}

/// The axis' name, and its coordinates by name.
fn leading_axis<'py>(
    py: Python<'py>,
    axis: LeadingAxis,
) -> PyResult<(Cow<'static, str>, Bound<'py, PyDict>)> {
    let coordinates = PyDict::new(py);
    for coordinate in axis.coordinates {
        match coordinate.values {
            CoordinateValues::Numbers(values) => coordinates.set_item(coordinate.name, values)?,
            CoordinateValues::Vectors(values) => coordinates.set_item(coordinate.name, values)?,
            CoordinateValues::Texts(values) => coordinates.set_item(coordinate.name, values)?,
        }
    }
    Ok((axis.name, coordinates))
}

fn issue<'py>(py: Python<'py>, issue: Issue) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("kind", issue.kind.name())?;
    fields.set_item("is_error", issue.is_error)?;
    fields
        .set_item("paths", issue.paths.iter().map(|path| path.as_os_str()).collect::<Vec<_>>())?;
    fields.set_item(
        "numbers",
        issue.numbers.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    )?;
    fields.set_item("cells", issue.cells)?;
    fields.set_item("sentence", issue.sentence)?;
    Ok(fields)
}
