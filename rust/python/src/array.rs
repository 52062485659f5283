//! Memory of ours as an array of NumPy's. The only `unsafe` code of this crate.

use numpy::PyArray1;
use numpy::ndarray::ArrayView1;
use pyo3::prelude::*;
use rapidicom_core::PrivateMap;

/// Owns a map for as long as an array shows it.
#[pyclass(name = "_Map", module = "rapidicom._core", frozen)]
struct Map(#[allow(dead_code, reason = "keeps the memory alive")] PrivateMap);

/// The bytes of a private map as a writable array, not copied. Writing changes the array and never the file.
///
/// # Errors
///
/// If Python cannot make the object.
#[allow(unsafe_code, reason = "NumPy takes foreign memory by its address only; benches/record says what it buys")]
pub fn from_map(py: Python<'_>, mut map: PrivateMap) -> PyResult<Bound<'_, PyArray1<u8>>> {
    let bytes = map.as_mut_slice();
    let (pointer, length) = (bytes.as_mut_ptr(), bytes.len());
    // Moving the owner does not move the map: it holds its address.
    let owner = Bound::new(py, Map(map))?.into_any();
    // SAFETY: `pointer` and `length` are those of the live map, which `owner` keeps alive for as long as the array
    // does; the map is private to this array, so nobody else writes or reads it through Rust references.
    unsafe {
        let view = ArrayView1::from_shape_ptr(length, pointer.cast_const());
        Ok(PyArray1::borrow_from_array(&view, owner))
    }
}
