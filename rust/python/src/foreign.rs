//! Values as pydicom makes them, in its classes, for its data sets while it is patched.
//!
//! Only of bytes that pydicom takes without a word: ASCII without control characters, within the
//! limits of their VR (PS3.5 §6.2). What it would warn of, refuse or read otherwise is left to it.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple, PyType};
use rapidicom_core::value::{self, Number};
use rapidicom_core::{Dataset, Element, Vr};

use crate::classes::classes;
use crate::shared::shared;

/// pydicom's classes, and `object.__new__`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Foreign {
    ds_float: Py<PyType>,
    integer_string: Py<PyType>,
    uid: Py<PyType>,
    person_name: Py<PyType>,
    multi_value: Py<PyType>,
    text: Py<PyType>,
    new_object: Py<PyAny>,
    /// pydicom's mode of checking names, which they remember.
    validation_mode: Py<PyAny>,
}

static FOREIGN: PyOnceLock<Foreign> = PyOnceLock::new();

/// Takes pydicom's classes. What comes first stays.
#[pyfunction]
pub(crate) fn use_pydicom(py: Python<'_>, classes: Foreign) {
    FOREIGN.get_or_init(py, || classes);
}

/// The value of an element in pydicom's classes; `None` if pydicom has to make it.
///
/// # Errors
///
/// If there is no memory.
pub(crate) fn foreign_value<'py>(
    py: Python<'py>,
    dataset: &Dataset,
    element: &Element,
    vr: Vr,
    encodings: Option<&Bound<'py, PyTuple>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let is_whole = element.value_length > 0 && !element.is_undefined_length;
    if !is_whole || element.is_cut_short {
        return Ok(None);
    }
    let foreign =
        FOREIGN.get(py).ok_or_else(|| PyRuntimeError::new_err("pydicom is not in use"))?;
    if matches!(vr, Vr::US | Vr::SS | Vr::UL | Vr::SL | Vr::FL | Vr::FD) {
        return numbers(py, dataset, element, vr);
    }
    let Ok(bytes) = dataset.value(element) else { return Ok(None) };
    let Some(text) = plain(&bytes, vr) else { return Ok(None) };
    // pydicom keeps this padding.
    if vr == Vr::AE && text.len() != bytes.len() {
        return Ok(None);
    }
    if matches!(vr, Vr::LO | Vr::SH | Vr::LT | Vr::ST | Vr::UT | Vr::PN) && encodings.is_none() {
        return Ok(None);
    }
    let text = foreign_parts(text, vr);
    if vr == Vr::PN {
        return foreign.name(py, text, encodings);
    }
    foreign.text_value(py, text, vr)
}

/// The text of bytes that are ASCII without control characters, but padding at the end.
fn plain(bytes: &[u8], vr: Vr) -> Option<&str> {
    let is_text = matches!(vr, Vr::LT | Vr::ST | Vr::UT);
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let is_plain =
        |byte: &u8| (0x20..0x7F).contains(byte) || is_text && matches!(byte, b'\r' | b'\n' | b'\t');
    let kept = bytes.get(..end)?;
    kept.iter().all(is_plain).then(|| std::str::from_utf8(kept).ok()).flatten()
}

/// What pydicom splits into values: without the padding of the whole.
fn foreign_parts(text: &str, vr: Vr) -> &str {
    match vr {
        Vr::DS => text.trim_matches(' '),
        Vr::AE | Vr::LO | Vr::SH => text,
        _ => text.trim_end_matches(' '),
    }
}

fn numbers<'py>(
    py: Python<'py>,
    dataset: &Dataset,
    element: &Element,
    vr: Vr,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Ok(mut numbers) = dataset.numbers(element, vr) else { return Ok(None) };
    dataset.mend_lut_descriptor(element.tag, &mut numbers);
    let number = |number: &Number| match *number {
        Number::Int(number) => number.into_bound_py_any(py),
        Number::Unsigned(number) => number.into_bound_py_any(py),
        Number::Float(number) => number.into_bound_py_any(py),
    };
    match numbers.as_slice() {
        [] => Ok(None),
        [only] => number(only).map(Some),
        many => {
            let list = PyList::empty(py);
            for each in many {
                list.append(number(each)?)?;
            }
            Ok(Some(list.into_any()))
        }
    }
}

/// What [`shared`] holds pydicom's decimal numbers under: no VR.
const PYDICOMS_DS: Vr = Vr(*b"ds");

/// The longest value of a VR that pydicom takes without a warning (PS3.5 §6.2).
fn longest(vr: Vr) -> usize {
    match vr {
        Vr::IS => 12,
        Vr::SH | Vr::DS => 16,
        Vr::LO | Vr::UI | Vr::PN => 64,
        Vr::ST => 1024,
        Vr::LT => 10240,
        _ => usize::MAX,
    }
}

impl Foreign {
    fn text_value<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        vr: Vr,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let is_single = matches!(vr, Vr::LT | Vr::ST | Vr::UT) || !text.contains('\\');
        if is_single {
            return self.one(py, text, vr);
        }
        let list = PyList::empty(py);
        for part in text.split('\\') {
            let Some(value) = self.one(py, part, vr)? else { return Ok(None) };
            list.append(value)?;
        }
        let constructor = match vr {
            Vr::DS => &self.ds_float,
            Vr::IS => &self.integer_string,
            Vr::UI => &self.uid,
            _ => &self.text,
        };
        // Its own constructor would convert each value again.
        let made = self.new_object.bind(py).call1((&self.multi_value,))?;
        made.setattr(intern!(py, "_constructor"), constructor)?;
        made.setattr(intern!(py, "_list"), list)?;
        Ok(Some(made))
    }

    fn one<'py>(&self, py: Python<'py>, text: &str, vr: Vr) -> PyResult<Option<Bound<'py, PyAny>>> {
        if text.len() > longest(vr) {
            return Ok(None);
        }
        let classes = classes(py)?;
        let original = intern!(py, "original_string");
        match vr {
            Vr::DS => {
                let text = text.trim_matches(' ');
                if !is_decimal(text) {
                    return Ok(None);
                }
                shared(py, PYDICOMS_DS, text, || self.decimal(py, text)).map(Some)
            }
            Vr::IS => {
                let text = text.trim_matches(' ');
                let Some(number) = value::integer(text).filter(|_| is_integer(text)) else {
                    return Ok(None);
                };
                let made = classes.new_int.bind(py).call1((&self.integer_string, number))?;
                made.setattr(original, text)?;
                Ok(Some(made))
            }
            Vr::UI if is_uid(text) => Ok(Some(classes.new_str.bind(py).call1((&self.uid, text))?)),
            Vr::AE => Ok(Some(PyString::new(py, text.trim_matches(' ')).into_any())),
            Vr::AS | Vr::CS | Vr::DA | Vr::DT | Vr::TM => {
                Ok(Some(PyString::new(py, text).into_any()))
            }
            Vr::LO | Vr::SH | Vr::LT | Vr::ST | Vr::UT => {
                Ok(Some(PyString::new(py, text.trim_end_matches(' ')).into_any()))
            }
            _ => Ok(None),
        }
    }

    fn decimal<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
        let Some(number) = value::decimal(text) else {
            return self.ds_float.bind(py).call1((text,));
        };
        let made = classes(py)?.new_float.bind(py).call1((&self.ds_float, number))?;
        made.setattr(intern!(py, "original_string"), text)?;
        made.setattr(intern!(py, "auto_format"), false)?;
        Ok(made)
    }

    /// One name of one group of components, which nearly all are.
    fn name<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        encodings: Option<&Bound<'py, PyTuple>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if text.is_empty() || text.len() > longest(Vr::PN) || text.contains(['\\', '=']) {
            return Ok(None);
        }
        let made = self.new_object.bind(py).call1((&self.person_name,))?;
        made.setattr(intern!(py, "original_string"), PyBytes::new(py, text.as_bytes()))?;
        made.setattr(intern!(py, "_components"), (text,))?;
        made.setattr(intern!(py, "validation_mode"), &self.validation_mode)?;
        made.setattr(intern!(py, "encodings"), encodings)?;
        Ok(Some(made))
    }
}

/// A decimal string as the standard has it, but for an exponent, which few have.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mut points, mut count) = (0, 0);
    for byte in digits.bytes() {
        match byte {
            b'.' => points += 1,
            b'0'..=b'9' => count += 1,
            _ => return false,
        }
    }
    points <= 1 && count > 0
}

/// An integer string of at most nine digits: it fits 32 bits.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_uid(text: &str) -> bool {
    text.split('.').all(|part| {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number && (part == "0" || !part.starts_with('0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pydicom_would_warn_of_is_not_plain() {
        for (text, expected) in
            [("1.2.840", true), ("0", true), ("1..2", false), ("1.02", false), ("", false)]
        {
            assert_eq!(is_uid(text), expected, "{text}");
        }
        for (text, expected) in [("12", true), ("-7", true), ("", false), ("1234567890", false)] {
            assert_eq!(is_integer(text), expected, "{text}");
        }
        for (bytes, vr, expected) in [
            (&b"CT "[..], Vr::CS, Some("CT ")),
            (b"1.2\0", Vr::UI, Some("1.2")),
            (b"a\nb", Vr::LO, None),
            (b"a\nb", Vr::LT, Some("a\nb")),
            (b"\x1b(J", Vr::LO, None),
            (b"\xe4", Vr::LO, None),
        ] {
            assert_eq!(plain(bytes, vr), expected);
        }
    }
}
