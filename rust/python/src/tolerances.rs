//! How far the slices of a series may be from the ideal stack.

use pyo3::prelude::*;
use rapidicom_core::series::Tolerances;

/// The numbers of `rapidicom.Tolerances`.
#[pyclass(name = "Tolerances", module = "rapidicom._core", frozen, get_all)]
pub struct PyTolerances {
    cosine: f64,
    same_position: f64,
    position_absolute: f64,
    position_relative: f64,
    pixel_spacing_relative: f64,
    tilt_degrees: f64,
}

#[pymethods]
impl PyTolerances {
    #[new]
    #[pyo3(signature = (
        *, cosine, same_position, position_absolute, position_relative, pixel_spacing_relative,
        tilt_degrees,
    ))]
    fn new(
        cosine: f64,
        same_position: f64,
        position_absolute: f64,
        position_relative: f64,
        pixel_spacing_relative: f64,
        tilt_degrees: f64,
    ) -> PyTolerances {
        PyTolerances {
            cosine,
            same_position,
            position_absolute,
            position_relative,
            pixel_spacing_relative,
            tilt_degrees,
        }
    }
}

impl PyTolerances {
    /// The same for the core.
    pub fn as_core(&self) -> Tolerances {
        Tolerances {
            cosine: self.cosine,
            same_position: self.same_position,
            position_absolute: self.position_absolute,
            position_relative: self.position_relative,
            pixel_spacing_relative: self.pixel_spacing_relative,
            tilt_degrees: self.tilt_degrees,
        }
    }
}

/// The tolerances of the core, so that a test can hold the documented ones against them.
#[pyfunction]
pub(crate) fn default_tolerances() -> PyTolerances {
    let Tolerances {
        cosine,
        same_position,
        position_absolute,
        position_relative,
        pixel_spacing_relative,
        tilt_degrees,
    } = Tolerances::DEFAULT;
    PyTolerances {
        cosine,
        same_position,
        position_absolute,
        position_relative,
        pixel_spacing_relative,
        tilt_degrees,
    }
}
