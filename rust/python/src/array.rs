//! Memory of ours as an array of NumPy's, and NumPy's as a slice of ours. With `take_batch` of
//! `cache.rs`, all the `unsafe` code of this crate.

use std::borrow::Cow;
use std::sync::Arc;

use numpy::ndarray::ArrayView1;
use numpy::{PyArray1, PyArrayMethods, PyReadwriteArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rapidicom_core::{FileBytes, PrivateMap, Result};

/// Owns a map for as long as an array shows it.
#[pyclass(name = "_Map", module = "rapidicom._core", frozen)]
struct Map(#[allow(dead_code, reason = "keeps the memory alive")] PrivateMap);

/// The bytes of a private map as a writable array, not copied. Writing changes the array and never
/// the file.
///
/// # Errors
///
/// If Python cannot make the object.
#[allow(
    unsafe_code,
    reason = "NumPy takes foreign memory by its address only; benches/record says what it buys"
)]
pub(crate) fn from_map(py: Python<'_>, mut map: PrivateMap) -> PyResult<Bound<'_, PyArray1<u8>>> {
    let bytes = map.as_mut_slice();
    let (pointer, length) = (bytes.as_mut_ptr(), bytes.len());
    // Moving the owner does not move the map: it holds its address.
    let owner = Bound::new(py, Map(map))?.into_any();
    // SAFETY: `pointer` and `length` are those of the live map, which `owner` keeps alive for as
    // long as the array does; the map is private to this array, so nobody else writes or reads it
    // through Rust references.
    unsafe {
        let view = ArrayView1::from_shape_ptr(length, pointer.cast_const());
        Ok(PyArray1::borrow_from_array(&view, owner))
    }
}

/// Owns the bytes of a data set for as long as an array shows some of them.
#[pyclass(name = "_Kept", module = "rapidicom._core", frozen)]
struct Kept(Arc<FileBytes>);

/// Bytes of a data set as a read-only array, not copied; those that are not kept are read from the
/// file.
///
/// # Errors
///
/// If the file is gone or has been changed, or Python cannot make the object.
#[allow(unsafe_code, reason = "NumPy takes foreign memory by its address only")]
pub(crate) fn from_kept<'py>(
    py: Python<'py>,
    bytes: &Arc<FileBytes>,
    offset: u64,
    length: u64,
    to_python: impl Fn(rapidicom_core::Error) -> PyErr,
) -> PyResult<Bound<'py, PyArray1<u8>>> {
    let owner = Bound::new(py, Kept(Arc::clone(bytes)))?;
    let found: Result<Cow<'_, [u8]>> = owner.get().0.get(offset, length);
    let array = match found.map_err(to_python)? {
        Cow::Owned(read) => PyArray1::from_vec(py, read),
        Cow::Borrowed(kept) => {
            let (pointer, length) = (kept.as_ptr(), kept.len());
            // SAFETY: `pointer` and `length` are those of bytes that `owner` keeps alive for as
            // long as the array does. Nobody changes them: `FileBytes` has no method that does, and
            // the array is made read-only below, before anybody else sees it; NumPy does not let it
            // be made writable again, as its owner has no buffer.
            unsafe {
                let view = ArrayView1::from_shape_ptr(length, pointer);
                PyArray1::borrow_from_array(&view, owner.clone().into_any())
            }
        }
    };
    array.call_method1("setflags", (false,))?;
    Ok(array)
}

/// Lets `read` fill an array of bytes, which nobody else may be using through us.
///
/// # Errors
///
/// If the array is not writable, not contiguous or in use, and those of `read`.
pub(crate) fn fill(
    out: &Bound<'_, PyArray1<u8>>,
    read: impl FnOnce(&mut [u8]) -> PyResult<()>,
) -> PyResult<()> {
    let mut out: PyReadwriteArray1<'_, u8> =
        out.try_readwrite().map_err(|error| PyTypeError::new_err(error.to_string()))?;
    read(out.as_slice_mut().map_err(|error| PyTypeError::new_err(error.to_string()))?)
}

/// `PyBytes::new` panics without memory; below this many bytes that is not to be feared.
const LONG: usize = 64 << 10;

/// A copy of `bytes`.
///
/// # Errors
///
/// `MemoryError`.
pub(crate) fn new_bytes<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    if bytes.len() < LONG {
        return Ok(PyBytes::new(py, bytes));
    }
    PyBytes::new_with(py, bytes.len(), |copy| {
        copy.copy_from_slice(bytes);
        Ok(())
    })
}

/// A copy of `text`.
///
/// # Errors
///
/// `MemoryError`.
pub(crate) fn new_text<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    if text.len() < LONG {
        return Ok(PyString::new(py, text).into_any());
    }
    Ok(PyString::from_bytes(py, text.as_bytes())?.into_any())
}
