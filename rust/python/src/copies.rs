//! Copies of arrays: with their axes in another order, of a type that NumPy does not have.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use rapidicom_core::Workers;
use rapidicom_core::axes::{Axis, copy_reordered as copy};
use rapidicom_core::pixel::round_to_bfloat16 as round;

use crate::array::fill;
use crate::work::run;

/// Fills `out`, a one-dimensional array of bytes, with the items of another one in the order of
/// `axes`: the length of each, and how many items the next index is away. Says whether it did.
#[pyfunction]
pub(crate) fn copy_reordered(
    py: Python<'_>,
    source: PyReadonlyArray1<'_, u8>,
    item_length: usize,
    first: usize,
    axes: Vec<(usize, isize)>,
    out: &Bound<'_, PyArray1<u8>>,
    workers: Option<usize>,
) -> PyResult<bool> {
    let source = source.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?;
    let axes: Vec<Axis> = axes.into_iter().map(|(length, step)| Axis { length, step }).collect();
    let workers = Workers::for_computing(workers);
    let mut is_done = false;
    fill(out, |out| {
        is_done = run(py, None, |_| copy(source, item_length, first, &axes, out, workers))?;
        Ok(())
    })?;
    Ok(is_done)
}

/// Fills `out`, a one-dimensional array of bytes, with the numbers of another one, f32, as
/// bfloat16. Says whether all finite ones are finite as such.
#[pyfunction]
pub(crate) fn round_to_bfloat16(
    py: Python<'_>,
    values: PyReadonlyArray1<'_, u8>,
    out: &Bound<'_, PyArray1<u8>>,
    workers: Option<usize>,
) -> PyResult<bool> {
    let values = values.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?;
    let workers = Workers::for_computing(workers);
    let mut is_held = false;
    fill(out, |out| {
        is_held = run(py, None, |_| round(values, out, workers))?;
        Ok(())
    })?;
    Ok(is_held)
}
