//! The attributes of a data set as they are now: those that were read, and changes in memory.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString};
use rapidicom_core::{Attributes, Tag};

use crate::dataset::PyDataset;

/// What describes the image of a data set.
pub(crate) struct Current<'a, 'py>(pub &'a Bound<'py, PyDataset>);

impl Attributes for Current<'_, '_> {
    fn integer(&self, tag: Tag) -> Option<i64> {
        let py = self.0.py();
        let this = self.0.get();
        if this.overridden(py, tag).is_none() {
            return this.parsed().ok()??.integer(tag);
        }
        let value = this.value(py, tag).ok()??;
        let value = if value.is_instance_of::<PyString>() {
            value
        } else {
            value.get_item(0).unwrap_or(value)
        };
        value.extract().ok().or_else(|| py.get_type::<PyInt>().call1((value,)).ok()?.extract().ok())
    }

    fn text(&self, tag: Tag) -> Option<String> {
        let py = self.0.py();
        let this = self.0.get();
        if this.overridden(py, tag).is_none() {
            return this.parsed().ok()??.text(tag);
        }
        let value = this.value(py, tag).ok()?.filter(|value| !value.is_none())?;
        value.str().ok()?.to_str().ok().map(str::to_owned)
    }

    fn is_changed(&self, tag: Tag) -> bool {
        // An element that was only looked at is as it was.
        let (py, this) = (self.0.py(), self.0.get());
        this.overridden(py, tag).is_some() && !matches!(this.stored(py, tag), Ok(Some(_)))
    }
}

/// The value of an attribute that was set, which must be bytes; `None` if there is none.
///
/// # Errors
///
/// If the value is something else.
pub(crate) fn set_bytes<'py>(
    dataset: &Bound<'py, PyDataset>,
    tag: Tag,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    match dataset.get().value(dataset.py(), tag)? {
        Some(value) if !value.is_none() => {
            let class = value.get_type().name()?;
            let message = || format!("the value of {tag} must be bytes, not '{class}'");
            value.cast_into().map(Some).map_err(|_| PyTypeError::new_err(message()))
        }
        _ => Ok(None),
    }
}
