//! What Python gives where files are meant: paths, and items with bytes of their own.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyString;
use rapidicom_core::{Given, Place, Region, Sources};

/// A list of paths, each a `str`, and of items, each what `Item.native` returns.
pub(crate) struct PySources(pub Sources);

/// Name, bytes, `(path, offset, length)` of a part of a file, and whether the caller named it.
type ItemParts = (PathBuf, Option<PyBackedBytes>, Option<(PathBuf, u64, u64)>, bool);

impl<'py> FromPyObject<'_, 'py> for PySources {
    type Error = PyErr;

    fn extract(list: Borrowed<'_, 'py, PyAny>) -> PyResult<PySources> {
        let mut sources = Sources::default();
        sources.names.reserve(list.len()?);
        for (number, object) in list.try_iter()?.enumerate() {
            let object = object?;
            if object.is_instance_of::<PyString>() {
                sources.names.push(object.extract()?);
                continue;
            }
            let (name, given) = item(&object, number)?;
            sources.given.resize_with(number, || None);
            sources.given.push(Some(given));
            sources.names.push(name);
        }
        Ok(PySources(sources))
    }
}

/// The name of an item, and what it is.
fn item(object: &Bound<'_, PyAny>, number: usize) -> PyResult<(PathBuf, Given)> {
    let (name, bytes, region, is_named): ItemParts = object.extract()?;
    let place = match (bytes, region) {
        (_, Some((container, offset, length))) => {
            Place::Region(Region { container, offset, length })
        }
        (bytes, None) => Place::Memory(match bytes {
            Some(bytes) => Arc::new(bytes),
            None => Arc::new([]),
        }),
    };
    Ok((name, Given { place, number, is_named }))
}
