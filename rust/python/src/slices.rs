//! The slices of a volume: what their headers say, and their pixels into one array.

use std::ffi::OsStr;
use std::sync::Arc;

use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use rapidicom_core::pixel::{FramePart, Steps};
use rapidicom_core::series::{
    ReadOptions, Slice, SliceSet, Values, damage_issues, read_batch_headers,
    read_slice_headers as read_again, read_slices,
};
use rapidicom_core::{Cushion, FileSource, SampleType, Tick, Workers};

use crate::array::fill;
use crate::dataset::PyDataset;
use crate::error::to_python;
use crate::given::PySources;
use crate::issue::PyIssue;
use crate::read::prefix_of_many;
use crate::work::run;

/// Frames of instances whose headers were read, ready for their pixels to be.
#[pyclass(name = "Slices", module = "rapidicom._core", frozen)]
pub struct PySlices(pub Arc<SliceSet>);

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

    /// What each file was when its header was read.
    #[getter]
    fn file_states(&self) -> Vec<Option<NumbersOfFile>> {
        let _cushion = Cushion::for_list(self.0.files.len());
        self.0.files.iter().map(|slice| slice.file().map(numbers_of_file)).collect()
    }

    /// The files, each once.
    #[getter]
    fn file_paths(&self) -> Vec<&OsStr> {
        let _cushion = Cushion::for_list(self.0.files.len());
        self.0.files.iter().map(|file| file.path.as_os_str()).collect()
    }

    /// The number of each of them among the sources that were given; `None` for a path.
    #[getter]
    fn given_numbers(&self) -> Vec<Option<usize>> {
        let _cushion = Cushion::for_list(self.0.files.len());
        self.0.files.iter().map(|file| file.given_number).collect()
    }

    /// Of each slice the numbers of its file and of its frame in it; `None` where there is no
    /// image.
    #[getter]
    fn places(&self) -> Vec<Option<(usize, usize)>> {
        let _cushion = Cushion::for_list(self.0.slices.len());
        self.0
            .slices
            .iter()
            .map(|slice| slice.as_ref().map(|slice| (slice.file, slice.frame.index)))
            .collect()
    }

    /// SOP Instance UID of each slice; `None` where there is no image.
    #[getter]
    fn instance_uids(&self) -> Vec<Option<&str>> {
        let uid =
            |slice: &Slice| Some(self.0.files.get(slice.file)?.identity.sop_instance_uid.as_str());
        self.0.slices.iter().map(|slice| slice.as_ref().and_then(uid)).collect()
    }

    /// Image Position (Patient) of each slice; `None` where there is no image, or no position.
    #[getter]
    fn positions(&self) -> Vec<Option<[f64; 3]>> {
        let _cushion = Cushion::for_list(self.0.slices.len());
        let position = |slice: &Slice| slice.frame.plane.position;
        self.0.slices.iter().map(|slice| slice.as_ref().and_then(position)).collect()
    }

    /// Frame of Reference UID of the first file; empty if there is none.
    #[getter]
    fn frame_of_reference_uid(&self) -> &str {
        self.0.files.first().map_or("", |file| &file.coordinates.frame_of_reference_uid)
    }

    /// `(slope, intercept)` of each slice, as `values="modality"` applies them; `None` where there
    /// is no image.
    #[getter]
    fn rescale(&self) -> Vec<Option<(f64, f64)>> {
        let _cushion = Cushion::for_list(self.0.slices.len());
        let rescale = |slice: &Slice| {
            (slice.frame.transform.rescale.slope, slice.frame.transform.rescale.intercept)
        };
        self.0.slices.iter().map(|slice| slice.as_ref().map(rescale)).collect()
    }

    /// `(center, width)` of each slice, the first ones; `None` where there are none.
    #[getter]
    fn windows(&self) -> Vec<Option<[f64; 2]>> {
        let _cushion = Cushion::for_list(self.0.slices.len());
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
        let _cushion = Cushion::for_list(self.0.slices.len());
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

    /// Whether stored values are what they mean: those of colour and segmentations that no slope or
    /// table changes.
    #[getter]
    fn is_as_stored(&self) -> bool {
        self.0.is_as_stored()
    }

    /// What a label map has where nothing is segmented, or `None`.
    #[getter]
    fn background(&self) -> Option<f64> {
        self.0.background()
    }

    /// The slices with these indices, in this order.
    fn select(&self, indices: Vec<usize>) -> PyResult<PySlices> {
        let wrong = || PyIndexError::new_err("there is no such slice");
        Ok(PySlices(Arc::new(self.0.select(&indices).ok_or_else(wrong)?)))
    }

    /// Fills `out`, a one-dimensional array of bytes, with the slices one after the other as
    /// numbers of `dtype`: of each with the rows and columns of `part`, or all. Returns what
    /// there is to say about them. `chosen` are the numbers of these slices in the volume, if they
    /// are not all of it, and `step_length` how many slices one step of its leading axis has.
    /// `keeps_damaged` says that damaged slices are taken, filled, so that all of each is decoded.
    #[expect(clippy::too_many_arguments, reason = "which values, where to and how")]
    fn read_into(
        &self,
        py: Python<'_>,
        values: &str,
        dtype: &str,
        fill_value: f64,
        out: &Bound<'_, PyArray1<u8>>,
        part: Option<(AxisSteps, AxisSteps)>,
        chosen: Option<Vec<usize>>,
        step_length: usize,
        keeps_damaged: bool,
        workers: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Damage> {
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
        let options = ReadOptions { values, sample_type, fill: fill_value, part, keeps_damaged };
        let mut damaged = Vec::new();
        fill(out, |out| {
            let read = |tick: Tick<'_>| read_slices(&slices, &options, out, workers, tick);
            damaged = run(py, progress, read)?;
            Ok(())
        })?;
        let place = |slice: usize| {
            let slice = chosen.as_ref().map_or(Some(slice), |chosen| chosen.get(slice).copied());
            let (slice, length) = (slice.unwrap_or_default(), step_length.max(1));
            (slice / length, slice % length)
        };
        let issues = PyIssue::list(py, damage_issues(&self.0, &damaged, &place))?;
        damaged.retain(|found| found.is_damaged);
        let places = damaged.iter().map(|found| found.slice).collect();
        let first = damaged.into_iter().next();
        let first = first.map(|found| to_python(found.error).into_value(py).into_any());
        Ok((issues, places, first))
    }
}

/// Issues, which slices they are about, and the error of the first.
type Damage = (Vec<Py<PyIssue>>, Vec<usize>, Option<Py<PyAny>>);

/// What a data set's file was when it was read; `None` without a file.
#[pyfunction]
pub(crate) fn file_state(dataset: &Bound<'_, PyDataset>) -> Option<NumbersOfFile> {
    dataset.get().file()?.file_source().map(numbers_of_file)
}

/// What tells a file from what it is after a change: size in bytes; when it was modified, in
/// seconds and nanoseconds since 1970; when anything about it was changed, likewise; the inode.
/// Zeros where the system has no such numbers.
pub(crate) type NumbersOfFile = (u64, i64, i64, i64, i64, u64);

/// See [`NumbersOfFile`].
pub(crate) fn numbers_of_file(file: &FileSource) -> NumbersOfFile {
    let (seconds, nanoseconds) = file.changed.unwrap_or_default();
    let file_id = file.file_id.unwrap_or_default();
    (file.length, file.modified.0, file.modified.1, seconds, nanoseconds, file_id)
}

/// First index, step, and how many.
type AxisSteps = (usize, isize, usize);

fn steps((first, step, count): AxisSteps) -> Steps {
    Steps { first, step, count }
}

/// Reads the headers of `sources`: of each the only frame, in their order, or the frames that
/// `places` names as [`PySlices::places`] does.
#[pyfunction]
#[pyo3(signature = (sources, force, workers, progress, places=None))]
pub(crate) fn read_slice_headers(
    py: Python<'_>,
    sources: PySources,
    force: bool,
    workers: Option<usize>,
    progress: Option<Py<PyAny>>,
    places: Option<Vec<Option<(usize, usize)>>>,
) -> PyResult<PySlices> {
    sources.set_workers(workers);
    let _cushion = Cushion::if_there_is_room();
    let (prefix, workers) = (prefix_of_many(force), Workers::for_headers(workers));
    let slices = run(py, progress, |tick| match &places {
        Some(places) => read_again(&sources.sources, places, prefix, workers, tick),
        None => read_batch_headers(&sources.sources, prefix, workers, tick),
    })?;
    Ok(PySlices(Arc::new(slices)))
}
