//! Attributes of a data set that are no elements.

use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use rapidicom_core::dictionary;

use crate::dataset::PyDataset;

/// Says that an attribute is no element although its name looks like a keyword: it has been
/// mistyped, most likely.
///
/// # Errors
///
/// If it is the keyword of a repeating group, which names many elements; or warnings are errors.
pub(crate) fn warn_of_name(slf: &Bound<'_, PyDataset>, name: &Bound<'_, PyString>) -> PyResult<()> {
    let Ok(text) = name.to_str() else { return Ok(()) };
    if dictionary::is_repeater_keyword(text) {
        let message = format!(
            "'{text}' is the keyword of a repeating group: its elements are set by their tags"
        );
        return Err(PyValueError::new_err(message));
    }
    let has_small = text.bytes().any(|byte| byte.is_ascii_lowercase());
    let has_inner_capital = text.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    if !(has_small && has_inner_capital && text.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Ok(());
    }
    if slf.get_type().hasattr(name)? || slf.as_any().getattr("__dict__")?.contains(name)? {
        return Ok(());
    }
    let category = slf.py().get_type::<PyUserWarning>();
    PyErr::warn(
        slf.py(),
        &category,
        c"an attribute is set whose name looks like a keyword, but is none",
        1,
    )
}
