//! What the images of one series make, as its headers describe it.

use std::ffi::OsStr;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use rapidicom_core::Cushion;
use rapidicom_core::series::{CoordinateValues, LeadingAxis, SeriesPlan, SliceSet};

use crate::issue::{IssueLists, PyIssue};
use crate::slices::PySlices;

/// A series whose pixels have not been read. Lists of one entry an image are made when they are
/// asked for.
#[pyclass(name = "SeriesPlan", module = "rapidicom._core", frozen)]
pub struct PySeriesPlan {
    #[pyo3(get)]
    uid: String,
    #[pyo3(get)]
    study_uid: String,
    #[pyo3(get)]
    modality: String,
    #[pyo3(get)]
    description: String,
    #[pyo3(get)]
    number: Option<i64>,
    /// What is in front of the slices.
    #[pyo3(get)]
    axis: Option<Py<PyLeadingAxis>>,
    /// The diffusion weighting of all images, if there is no axis: b-value and direction.
    #[pyo3(get)]
    weighting: Option<(f64, Option<[f64; 3]>)>,
    #[pyo3(get)]
    shape: Vec<usize>,
    #[pyo3(get)]
    spacing: [f64; 3],
    #[pyo3(get)]
    affine: [[f64; 4]; 4],
    /// Why none of the slices can be read yet.
    #[pyo3(get)]
    unsupported: Option<String>,
    #[pyo3(get)]
    issues: Vec<Py<PyIssue>>,
    /// Numbers of the lists of `FoundSeries.unreadable` that come before the issues.
    #[pyo3(get)]
    unreadable: Vec<usize>,
    #[pyo3(get)]
    stacks: Vec<Py<PySeriesPlan>>,
    set: Arc<SliceSet>,
}

#[pymethods]
impl PySeriesPlan {
    /// The file of each image, in the order of the array.
    #[getter]
    fn paths(&self) -> Vec<&OsStr> {
        let _cushion = Cushion::for_list(self.set.slices.len());
        self.set.present().map(|(file, _)| file.path.as_os_str()).collect()
    }

    /// The frame of that file, from 0.
    #[getter]
    fn frames(&self) -> Vec<usize> {
        let _cushion = Cushion::for_list(self.set.slices.len());
        self.set.present().map(|(_, slice)| slice.frame.index).collect()
    }

    /// Whether there is an image, for each place of the array; `None` if there always is.
    #[getter]
    fn present(&self) -> Option<Vec<bool>> {
        let _cushion = Cushion::for_list(self.set.slices.len());
        let is_there: Vec<bool> = self.set.slices.iter().map(Option::is_some).collect();
        is_there.contains(&false).then_some(is_there)
    }

    /// The slices, ready to be read.
    #[getter]
    fn slices(&self) -> PySlices {
        PySlices(Arc::clone(&self.set))
    }
}

impl PySeriesPlan {
    /// The plan of the core; lists of findings that reports share are in `lists`.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn new(
        py: Python<'_>,
        plan: SeriesPlan,
        lists: &mut IssueLists,
    ) -> PyResult<Py<PySeriesPlan>> {
        let unreadable = plan.report.unreadable.iter().map(|found| lists.number(py, found));
        let unreadable = unreadable.collect::<PyResult<_>>()?;
        let stacks = plan.stacks.into_iter().map(|stack| PySeriesPlan::new(py, stack, lists));
        let own = PySeriesPlan {
            uid: plan.uid,
            study_uid: plan.study_uid,
            modality: plan.modality,
            description: plan.description,
            number: plan.number,
            axis: plan.axis.map(|axis| Py::new(py, PyLeadingAxis(axis))).transpose()?,
            weighting: plan.weighting.map(|found| (found.b_value, found.gradient)),
            shape: plan.shape,
            spacing: plan.spacing,
            affine: plan.affine.0,
            unsupported: plan.unsupported.map(|error| error.what()),
            issues: PyIssue::list(py, plan.report.issues)?,
            unreadable,
            stacks: stacks.collect::<PyResult<_>>()?,
            set: Arc::new(plan.set),
        };
        Py::new(py, own)
    }
}

/// What is in front of the slices, if positions have several images.
#[pyclass(name = "LeadingAxis", module = "rapidicom._core", frozen)]
pub struct PyLeadingAxis(LeadingAxis);

#[pymethods]
impl PyLeadingAxis {
    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What changes along it, by name: one value a step.
    #[getter]
    fn coordinates<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let coordinates = PyDict::new(py);
        for coordinate in &self.0.coordinates {
            let name = &coordinate.name;
            match &coordinate.values {
                CoordinateValues::Numbers(values) => coordinates.set_item(name, values)?,
                CoordinateValues::Vectors(values) => coordinates.set_item(name, values)?,
                CoordinateValues::Texts(values) => coordinates.set_item(name, values)?,
            }
        }
        Ok(coordinates)
    }
}
