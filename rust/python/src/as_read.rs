//! Whether what was handed out, and could have been changed in place, is what reading gives.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyList, PyString};
use rapidicom_core::{Dataset, Element, Vr};

use crate::value::to_object;

/// Whether a list of values that was handed out, and could have been changed in place, is what
/// reading gives. False also where that is not certain.
pub(crate) fn is_list_as_read(
    dataset: &Arc<Dataset>,
    element: &Element,
    list: &Bound<'_, PyList>,
) -> bool {
    let py = list.py();
    if dataset.vr(element).vr == Vr::SQ {
        return false;
    }
    let Ok(read) = to_object(py, dataset, element) else { return false };
    let Ok(read) = read.cast::<PyList>() else { return false };
    let is_plain = |value: &Bound<'_, PyAny>| {
        value.is_exact_instance_of::<PyInt>() || value.is_exact_instance_of::<PyString>()
    };
    let is_same = |(one, other): (Bound<'_, PyAny>, Bound<'_, PyAny>)| match (
        one.cast_exact::<PyFloat>(),
        other.cast_exact::<PyFloat>(),
    ) {
        (Ok(one), Ok(other)) => one.value().to_bits() == other.value().to_bits(),
        // Decimal numbers are the same objects when they are read again, for the most part.
        _ => {
            one.is(&other)
                || (is_plain(&one) && is_plain(&other) && one.eq(&other).is_ok_and(|is| is))
        }
    };
    read.get_type().is(list.get_type())
        && read.len() == list.len()
        && read.iter().zip(list.iter()).all(is_same)
}
