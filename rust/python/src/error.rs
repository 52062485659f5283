//! The core's errors as Python exceptions: the only place where one becomes the other.

use std::ffi::OsString;

use pyo3::exceptions::{
    PyFileNotFoundError, PyKeyboardInterrupt, PyMemoryError, PyOSError, PyPermissionError,
    PyTimeoutError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use rapidicom_core::{Error, ErrorKind, Family, FetchFault, Hint};

use crate::classes::classes;
use crate::path_text::to_words;

/// The exception of `rapidicom.errors`, or the ordinary one, that stands for `error`.
pub(crate) fn to_python(error: Error) -> PyErr {
    Python::attach(|py| {
        if let ErrorKind::Fetch(fault) = error.kind() {
            return fetch_error(py, fault, &error);
        }
        let family = match error.family() {
            Family::Io => return os_error(&error),
            Family::Argument => return PyValueError::new_err(message(&error)),
            Family::Memory => return PyMemoryError::new_err(message(&error)),
            Family::Cancelled => return PyKeyboardInterrupt::new_err(()),
            family => family,
        };
        dicom_error(py, family, &error).unwrap_or_else(|error| error)
    })
}

/// The exception for an error in decoding a value: what is wrong with its bytes alone, or costs too
/// much, is an `AttributeError` as well, so that `hasattr` and `getattr` with a default do not
/// raise.
pub(crate) fn value_error(error: Error) -> PyErr {
    Python::attach(|py| {
        let class = classes(py).map(|classes| match error.family() {
            Family::Invalid => Some(&classes.undecodable_value_error),
            Family::Limit => Some(&classes.value_limit_error),
            _ => None,
        });
        let Some(class) = class.transpose() else { return to_python(error) };
        class.and_then(|class| exception(py, class, &error)).unwrap_or_else(|error| error)
    })
}

/// Whether a value could not be decoded, or costs too much, but its bytes can be read.
pub(crate) fn is_about_value(py: Python<'_>, error: &PyErr) -> bool {
    classes(py).is_ok_and(|classes| error.is_instance(py, classes.undecodable_value_error.bind(py)))
}

/// Where, what, and how to get on.
fn message(error: &Error) -> String {
    let place = error.path().map(|path| format!("{}: ", to_words(path))).unwrap_or_default();
    place + &reason(error)
}

/// What is wrong and how to get on, without the file's path.
pub(crate) fn reason(error: &Error) -> String {
    match hint(error) {
        Some(hint) => format!("{}. {hint}", error.what()),
        None => error.what(),
    }
}

/// A step that the reader can take, by Python's names.
fn hint(error: &Error) -> Option<String> {
    let words = match error.hint()? {
        Hint::ReadBareDataset => {
            "It looks like a data set without its preamble: pass force=True to read it."
        }
        Hint::DecodeVideo => {
            "ds.video_stream() gives its bytes, and PyAV decodes them: pip install av."
        }
        other => return Some(other.to_string()),
    };
    Some(words.to_owned())
}

fn os_error(error: &Error) -> PyErr {
    let path = error.path().map(|path| path.as_os_str().to_owned());
    match error.kind() {
        // With an error number Python picks the subclass: FileNotFoundError, PermissionError.
        ErrorKind::Io(io) => match (io.raw_os_error(), path.clone()) {
            (Some(number), path) => {
                let text = io.to_string();
                let text = text.split(" (os error").next().unwrap_or_default().to_owned();
                system_error(number, text, path)
            }
            (None, _) if io.kind() == std::io::ErrorKind::IsADirectory => {
                PyOSError::new_err((libc::EISDIR, "Is a directory", path))
            }
            // A pipe or a device, which no error number of the system's is about.
            (None, _) => PyOSError::new_err((libc::EINVAL, reason(error), path)),
        },
        ErrorKind::FileChanged => PyOSError::new_err((number::STALE, reason(error), path)),
        _ => PyOSError::new_err(message(error)),
    }
}

/// Numbers that Python's `errno` has.
#[cfg(not(windows))]
mod number {
    pub(super) const STALE: i32 = libc::ESTALE;
    pub(super) const TIMED_OUT: i32 = libc::ETIMEDOUT;
}

/// Numbers that Python's `errno` has: on Windows those of Winsock.
#[cfg(windows)]
mod number {
    pub(super) const STALE: i32 = 10_070;
    pub(super) const TIMED_OUT: i32 = 10_060;
}

#[cfg(not(windows))]
fn system_error(number: i32, text: String, path: Option<OsString>) -> PyErr {
    PyOSError::new_err((number, text, path))
}

/// Windows has numbers of its own. Python takes them as the fourth argument, and finds those of C.
#[cfg(windows)]
fn system_error(number: i32, text: String, path: Option<OsString>) -> PyErr {
    PyOSError::new_err((0, text, path, number))
}

/// What a store has raised, as an error of the system that names the file; ours, and what ends all
/// work, as it is.
fn fetch_error(py: Python<'_>, fault: &FetchFault, error: &Error) -> PyErr {
    let Some(cause) = fault.cause.downcast_ref::<PyErr>() else {
        return PyOSError::new_err(message(error));
    };
    let is_ours = classes(py).is_ok_and(|own| {
        let families = [&own.invalid_error, &own.unsupported_error, &own.limit_error];
        families.iter().any(|class| cause.is_instance(py, class.bind(py)))
    });
    if fault.is_end || is_ours {
        return cause.clone_ref(py);
    }
    let own = cause.value(py).getattr("errno").ok().and_then(|number| number.extract().ok());
    let is = |class: Bound<'_, PyType>| cause.is_instance(py, &class);
    let number: Option<i32> = match own {
        Some(number) => Some(number),
        None if is(py.get_type::<PyFileNotFoundError>()) => Some(libc::ENOENT),
        None if is(py.get_type::<PyPermissionError>()) => Some(libc::EACCES),
        None if is(py.get_type::<PyTimeoutError>()) => Some(number::TIMED_OUT),
        None => None,
    };
    let path = error.path().map(|path| path.as_os_str().to_owned());
    let raised = match number {
        Some(number) => PyOSError::new_err((number, reason(error), path)),
        None => PyOSError::new_err(message(error)),
    };
    // What a store has put into words has what it was about as its own cause.
    let first = cause.cause(py).unwrap_or_else(|| cause.clone_ref(py));
    raised.set_cause(py, Some(first));
    raised
}

fn dicom_error(py: Python<'_>, family: Family, error: &Error) -> PyResult<PyErr> {
    let classes = classes(py)?;
    let class = match family {
        Family::Unsupported => &classes.unsupported_error,
        Family::Limit => &classes.limit_error,
        _ if matches!(error.kind(), ErrorKind::Missing { .. }) => &classes.missing_element_error,
        _ => &classes.invalid_error,
    };
    exception(py, class, error)
}

fn exception(py: Python<'_>, class: &Py<PyType>, error: &Error) -> PyResult<PyErr> {
    let keywords = PyDict::new(py);
    keywords.set_item("path", error.path().map(|path| path.as_os_str()))?;
    keywords.set_item("tag", error.tag().map(|tag| tag.0))?;
    keywords.set_item("offset", error.offset())?;
    keywords.set_item("frame", error.frame_index())?;
    keywords.set_item("hint", hint(error))?;
    Ok(PyErr::from_value(class.bind(py).call((message(error),), Some(&keywords))?))
}
