//! Value fields as Python objects.

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rapidicom_core::value::{self, Number};
use rapidicom_core::{Dataset, Element, Limits, Tag, Vr, check_room_for_text};

use crate::array::{new_bytes, new_text};
use crate::classes::{Classes, classes};
use crate::dataset::PyDataset;
use crate::error::{to_python, value_error};
use crate::shared::{shared, shared_tag};
use crate::warning::warn_of_text;

/// The value of an element, of the type that its VR calls for.
///
/// # Errors
///
/// If the value cannot be read or is none of its VR.
pub(crate) fn to_object<'py>(
    py: Python<'py>,
    dataset: &Dataset,
    element: &Element,
) -> PyResult<Bound<'py, PyAny>> {
    let classes = classes(py)?;
    let vr = dataset.vr(element).vr;
    if element.value_length == 0 && vr != Vr::SQ {
        return empty(py, vr, classes);
    }
    if vr == Vr::SQ {
        return sequence(py, dataset, element, classes);
    }
    if value::number_size(vr).is_some() {
        return numbers(py, dataset, element, vr, classes);
    }
    if vr == Vr::AT {
        let tags = dataset.tags(element).map_err(value_error)?;
        let tag = |tag: &Tag| shared_tag(py, *tag);
        return one_or_many(py, tags.iter().map(tag), vr, classes);
    }
    let bytes = dataset.value(element).map_err(to_python)?;
    if !vr.is_text() {
        return Ok(new_bytes(py, &bytes)?.into_any());
    }
    check_room_for_text(bytes.len()).map_err(to_python)?;
    let value::Decoded { text, is_exact } =
        value::decoded_text(&bytes, vr, dataset.character_set());
    if !is_exact {
        warn_of_text(py, element.tag)?;
    }
    if !value::is_multi_valued(vr) {
        return new_text(py, &text);
    }
    match text_values(py, &text, &bytes, vr, classes) {
        Ok(value) => Ok(value),
        // A number that is none: its text, rather than nothing.
        Err(_) if matches!(vr, Vr::DS | Vr::IS) => one_or_many(
            py,
            value::text_values(&text, Vr::LO).map(|text| text.into_bound_py_any(py)),
            Vr::LO,
            classes,
        ),
        Err(error) => Err(error),
    }
}

fn text_values<'py>(
    py: Python<'py>,
    text: &str,
    bytes: &[u8],
    vr: Vr,
    classes: &Classes,
) -> PyResult<Bound<'py, PyAny>> {
    let is_single = !text.as_bytes().contains(&b'\\');
    let value = |text: &str| match vr {
        Vr::DS => shared(py, vr, text, || decimal(py, text, classes)),
        // What can be changed, as the attributes of these two can, belongs to its data set alone.
        Vr::IS => integer(py, text, classes),
        Vr::UI => classes.new_str.bind(py).call1((&classes.uid, text)),
        // Which bytes are whose is only known where there is one name, or where they are the
        // characters.
        Vr::PN if is_single && !text.is_ascii() => classes.person_name.bind(py).call1((
            text,
            py.None(),
            PyBytes::new(py, value::trim_end(bytes)),
        )),
        Vr::PN => classes.person_name.bind(py).call1((text,)),
        _ => shared(py, Vr::UT, text, || text.into_bound_py_any(py)),
    };
    let mut values = value::text_values(text, vr);
    // Nearly all values are one, and are spared the making of a list.
    match values.next().filter(|_| is_single) {
        Some(only) => value(only),
        None => one_or_many(py, value::text_values(text, vr).map(value), vr, classes),
    }
}

fn one_or_many<'py>(
    py: Python<'py>,
    mut values: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
    vr: Vr,
    classes: &Classes,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(first) = values.next() else { return Ok(py.None().into_bound(py)) };
    let Some(second) = values.next() else { return first };
    let list = classes.empty_list(py, &classes.multi_value)?;
    if let Some(constructor) = classes.constructors.of(vr) {
        list.setattr(&classes.multi_value_constructor, constructor)?;
    }
    for value in [first, second].into_iter().chain(values) {
        list.append(value?)?;
    }
    Ok(list.into_any())
}

fn decimal<'py>(py: Python<'py>, text: &str, classes: &Classes) -> PyResult<Bound<'py, PyAny>> {
    let Some(number) = value::decimal(text) else {
        return classes.ds_float.bind(py).call1((text,));
    };
    let value = classes.new_float.bind(py).call1((&classes.ds_float, number))?;
    value.setattr(&classes.ds_float_text, text)?;
    Ok(value)
}

fn integer<'py>(py: Python<'py>, text: &str, classes: &Classes) -> PyResult<Bound<'py, PyAny>> {
    let Some(number) = value::integer(text) else {
        return classes.integer_string.bind(py).call1((text,));
    };
    let value = classes.new_int.bind(py).call1((&classes.integer_string, number))?;
    // An attribute of an int costs it a dictionary; most texts say nothing that the number does
    // not.
    if !value::is_canonical_integer(text) {
        value.setattr(intern!(py, "original_string"), text)?;
    }
    Ok(value)
}

fn numbers<'py>(
    py: Python<'py>,
    dataset: &Dataset,
    element: &Element,
    vr: Vr,
    classes: &Classes,
) -> PyResult<Bound<'py, PyAny>> {
    let mut numbers = dataset.numbers(element, vr).map_err(value_error)?;
    dataset.mend_lut_descriptor(element.tag, &mut numbers);
    let number = |number: Number| match number {
        Number::Int(number) => number.into_bound_py_any(py),
        Number::Unsigned(number) => number.into_bound_py_any(py),
        Number::Float(number) => number.into_bound_py_any(py),
    };
    one_or_many(py, numbers.into_iter().map(number), vr, classes)
}

fn sequence<'py>(
    py: Python<'py>,
    dataset: &Dataset,
    element: &Element,
    classes: &Classes,
) -> PyResult<Bound<'py, PyAny>> {
    let items = dataset.items(element, &Limits::DEFAULT).map_err(value_error)?;
    let list = classes.empty_list(py, &classes.sequence)?;
    for item in items {
        list.append(PyDataset::from_item(py, item)?)?;
    }
    Ok(list.into_any())
}

/// What stands for no value: text that is empty, or `None`.
fn empty<'py>(py: Python<'py>, vr: Vr, classes: &Classes) -> PyResult<Bound<'py, PyAny>> {
    match vr {
        Vr::PN => classes.person_name.bind(py).call1(("",)),
        Vr::DS | Vr::IS => Ok(py.None().into_bound(py)),
        vr if vr.is_text() => "".into_bound_py_any(py),
        _ => Ok(py.None().into_bound(py)),
    }
}
