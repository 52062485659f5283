//! The core's errors as Python exceptions: the only place where one becomes the other.

use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rapidicom_core::{Error, ErrorKind, Family};

use crate::classes::classes;

/// The exception of `rapidicom.errors`, or the ordinary one, that stands for `error`.
pub fn to_python(error: Error) -> PyErr {
    Python::attach(|py| {
        let family = match error.family() {
            Family::Io => return os_error(&error),
            Family::Argument => return PyValueError::new_err(error.to_string()),
            Family::Cancelled => return PyKeyboardInterrupt::new_err(()),
            family => family,
        };
        dicom_error(py, family, &error).unwrap_or_else(|error| error)
    })
}

fn os_error(error: &Error) -> PyErr {
    let path = error.path().map(|path| path.as_os_str().to_owned());
    match error.kind() {
        // With an error number Python picks the subclass: FileNotFoundError, PermissionError.
        ErrorKind::Io(io) => match (io.raw_os_error(), path.clone()) {
            (Some(number), path) => {
                let text = io.to_string();
                let text = text.split(" (os error").next().unwrap_or_default().to_owned();
                PyOSError::new_err((number, text, path))
            }
            (None, _) if io.kind() == std::io::ErrorKind::IsADirectory => {
                PyOSError::new_err((libc::EISDIR, "Is a directory", path))
            }
            (None, _) => PyOSError::new_err(error.to_string()),
        },
        _ => PyOSError::new_err(error.to_string()),
    }
}

fn dicom_error(py: Python<'_>, family: Family, error: &Error) -> PyResult<PyErr> {
    let classes = classes(py)?;
    let class = match family {
        Family::Unsupported => &classes.unsupported_error,
        Family::Limit => &classes.limit_error,
        _ if matches!(error.kind(), ErrorKind::Missing { .. }) => &classes.missing_element_error,
        _ => &classes.invalid_error,
    };
    let keywords = PyDict::new(py);
    keywords.set_item("path", error.path().map(|path| path.as_os_str()))?;
    keywords.set_item("tag", error.tag().map(|tag| tag.0))?;
    keywords.set_item("offset", error.offset())?;
    keywords.set_item("frame", error.frame_index())?;
    keywords.set_item("hint", error.hint())?;
    Ok(PyErr::from_value(class.bind(py).call((error.to_string(),), Some(&keywords))?))
}
