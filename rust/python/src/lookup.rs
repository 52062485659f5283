//! Attributes of pydicom's data sets that we have read, looked up before Python looks elsewhere.
//!
//! `Lookup` is a base of a class of pydicom's data sets, without a field of its own: their
//! instances stay laid out as pydicom's, and can become instances of other classes.

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use rapidicom_core::{Element, Vr};

use crate::classes::classes;
use crate::dataset::PyDataset;
use crate::foreign::foreign_value;
use crate::keys::keyword_of;

/// What pydicom's attributes depend on.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Surroundings {
    /// The class of `_dict` of which elements may be missing yet.
    elements: Py<PyType>,
    /// Its dictionary: VR first, by tag.
    dictionary: Py<PyDict>,
    /// pydicom's settings, the hooks and the numbers' class by their names.
    config: Py<PyDict>,
    hooks: Py<PyDict>,
    valuerep: Py<PyDict>,
    /// What is called for every element if nobody has registered anything, and the numbers' class.
    raw_element_vr: Py<PyAny>,
    raw_element_value: Py<PyAny>,
    decimal: Py<PyAny>,
    /// `False` and `None`.
    no: Py<PyAny>,
    nothing: Py<PyAny>,
    /// `is_default(vr)`: whether nothing is set that changes what other values become.
    is_default: Py<PyAny>,
}

impl Surroundings {
    /// Whether nothing is set or registered that changes what a value of this VR becomes.
    fn is_default(&self, py: Python<'_>, vr: Vr) -> PyResult<bool> {
        let hooks = self.hooks.bind(py);
        let (config, valuerep) = (self.config.bind(py), self.valuerep.bind(py));
        let is = |dict: &Bound<'_, PyDict>, name, value: &Py<PyAny>| -> PyResult<bool> {
            Ok(dict.get_item(name)?.is_some_and(|found| found.is(value)))
        };
        let kwargs = hooks.get_item(intern!(py, "raw_element_kwargs"))?;
        let is_plain = kwargs.is_some_and(|kwargs| kwargs.is_empty().unwrap_or(false))
            && is(hooks, intern!(py, "raw_element_vr"), &self.raw_element_vr)?
            && is(hooks, intern!(py, "raw_element_value"), &self.raw_element_value)?
            && is(config, intern!(py, "data_element_callback"), &self.nothing)?;
        if !is_plain {
            return Ok(false);
        }
        match vr {
            Vr::DS => Ok(is(config, intern!(py, "use_DS_numpy"), &self.no)?
                && is(valuerep, intern!(py, "DSclass"), &self.decimal)?),
            Vr::IS | Vr::DA | Vr::DT | Vr::TM | Vr::PN => {
                self.is_default.bind(py).call1((vr.to_string(),))?.extract()
            }
            _ => Ok(true),
        }
    }

    /// The VR of an element: that of pydicom's dictionary, to which programs can add, if none is
    /// written.
    fn vr(&self, py: Python<'_>, element: &Element) -> PyResult<Option<Vr>> {
        if element.vr != Vr::IMPLICIT {
            return Ok(Some(element.vr));
        }
        let Some(entry) = self.dictionary.bind(py).get_item(element.tag.0)? else {
            return Ok(None);
        };
        let vr = entry.get_item(0)?.cast_into::<PyString>()?;
        Ok(vr.to_str()?.as_bytes().try_into().map(Vr).ok())
    }
}

static SURROUNDINGS: PyOnceLock<Surroundings> = PyOnceLock::new();

/// Takes what attributes of pydicom's data sets depend on. What comes first stays.
#[pyfunction]
pub(crate) fn use_lookup(py: Python<'_>, surroundings: Surroundings) {
    SURROUNDINGS.get_or_init(py, || surroundings);
}

/// The value of a keyword as far as it was read; `None` if pydicom has to find it.
#[pyfunction]
pub(crate) fn pydicom_attribute<'py>(
    elements: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = elements.py();
    let Some(tag) = keyword_of(name) else { return Ok(None) };
    let around =
        SURROUNDINGS.get(py).ok_or_else(|| PyRuntimeError::new_err("pydicom is not in use"))?;
    if !elements.get_type().is(&around.elements) {
        return Ok(None);
    }
    let known = elements.getattr(intern!(py, "known"))?.cast_into::<PyDict>()?;
    if let Some(value) = known.get_item(name)? {
        return Ok(Some(value));
    }
    let native = elements.getattr(intern!(py, "native"))?.cast_into::<PyDataset>()?;
    let Some(dataset) = native.get().parsed()? else { return Ok(None) };
    let Some(element) = dataset.find(tag) else { return Ok(None) };
    let Some(vr) = around.vr(py, element)? else { return Ok(None) };
    // These look at the dictionary itself, without its class.
    let here = elements.cast::<PyDict>()?;
    let is_here = !here.is_empty() && here.contains(tag.0)?;
    if is_here || !around.is_default(py, vr)? {
        return Ok(None);
    }
    let plain = elements.getattr(intern!(py, "plain"))?.cast_into::<PyTuple>().ok();
    let value = foreign_value(py, dataset, element, vr, plain.as_ref())?;
    if let Some(value) = &value {
        known.set_item(name, value)?;
    }
    Ok(value)
}

/// The base that looks attributes up.
#[pyclass(name = "Lookup", module = "rapidicom._core", subclass, frozen)]
pub(crate) struct PyLookup;

#[pymethods]
impl PyLookup {
    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let find = classes(py)?.get_attribute.bind(py);
        if keyword_of(name).is_some() {
            let elements = find.call1((slf, intern!(py, "_dict")))?;
            if let Some(value) = pydicom_attribute(&elements, name)? {
                return Ok(value);
            }
        }
        find.call1((slf, name))
    }
}
