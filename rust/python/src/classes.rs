//! The Python classes that native code makes instances of: the package hands them over when it is
//! imported, so that nothing here names a module of it.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use rapidicom_core::Vr;

/// What the package hands over: its classes, and functions that make values.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Given {
    pub dataset: Py<PyType>,
    pub file_meta_dataset: Py<PyType>,
    pub data_element: Py<PyType>,
    pub ds_float: Py<PyType>,
    /// The attribute of it that has its text.
    pub ds_float_text: Py<PyString>,
    pub integer_string: Py<PyType>,
    pub uid: Py<PyType>,
    pub base_tag: Py<PyType>,
    pub person_name: Py<PyAny>,
    pub multi_value: Py<PyType>,
    /// The attribute of it that has what makes a value out of what is put in.
    pub multi_value_constructor: Py<PyString>,
    pub constructors: Constructors,
    pub sequence: Py<PyType>,
    /// `convert_value(vr, value)`: what becomes of a value that is set.
    pub convert_value: Py<PyAny>,
    /// `convert_raw(element)`: an element of what pydicom calls a raw one.
    pub convert_raw: Py<PyAny>,
    /// `tag(key)`: the tag of whatever names one.
    pub tag: Py<PyAny>,
    pub invalid_error: Py<PyType>,
    pub missing_element_error: Py<PyType>,
    pub undecodable_value_error: Py<PyType>,
    pub unsupported_error: Py<PyType>,
    pub limit_error: Py<PyType>,
    pub value_limit_error: Py<PyType>,
}

/// What makes one value of a VR out of what a user sets, where it is not left as it is.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Constructors {
    #[pyo3(item("DS"))]
    pub decimal: Py<PyAny>,
    #[pyo3(item("IS"))]
    pub integer: Py<PyAny>,
    #[pyo3(item("UI"))]
    pub uid: Py<PyAny>,
    #[pyo3(item("PN"))]
    pub name: Py<PyAny>,
    #[pyo3(item("AT"))]
    pub tag: Py<PyAny>,
}

impl Constructors {
    /// That of a VR.
    pub(crate) fn of(&self, vr: Vr) -> Option<&Py<PyAny>> {
        match vr {
            Vr::DS => Some(&self.decimal),
            Vr::IS => Some(&self.integer),
            Vr::UI => Some(&self.uid),
            Vr::PN => Some(&self.name),
            Vr::AT => Some(&self.tag),
            _ => None,
        }
    }
}

/// The classes, and the constructors of what they extend.
pub(crate) struct Classes {
    given: Given,
    pub new_float: Py<PyAny>,
    pub new_int: Py<PyAny>,
    pub new_str: Py<PyAny>,
    pub new_list: Py<PyAny>,
    pub get_attribute: Py<PyAny>,
    pub set_attribute: Py<PyAny>,
    pub delete_attribute: Py<PyAny>,
    /// What an element's constructor is called with for an empty one, which native code fills. No
    /// other code has it.
    pub marker: Py<PyAny>,
    /// `(marker,)`
    pub only_marker: Py<PyTuple>,
}

impl std::ops::Deref for Classes {
    type Target = Given;

    fn deref(&self) -> &Given {
        &self.given
    }
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

/// Takes the classes that native code makes instances of. What comes first stays.
#[pyfunction]
pub(crate) fn use_classes(py: Python<'_>, classes: Given) -> PyResult<()> {
    CLASSES.get_or_try_init(py, || -> PyResult<Classes> {
        let marker = py.get_type::<PyAny>().call0()?;
        Ok(Classes {
            given: classes,
            new_float: py.get_type::<PyFloat>().getattr("__new__")?.unbind(),
            new_int: py.get_type::<PyInt>().getattr("__new__")?.unbind(),
            new_str: py.get_type::<PyString>().getattr("__new__")?.unbind(),
            new_list: py.get_type::<PyList>().getattr("__new__")?.unbind(),
            get_attribute: py.get_type::<PyAny>().getattr("__getattribute__")?.unbind(),
            set_attribute: py.get_type::<PyAny>().getattr("__setattr__")?.unbind(),
            delete_attribute: py.get_type::<PyAny>().getattr("__delattr__")?.unbind(),
            only_marker: PyTuple::new(py, [&marker])?.unbind(),
            marker: marker.unbind(),
        })
    })?;
    Ok(())
}

/// The classes.
///
/// # Errors
///
/// If the package has not been imported.
pub(crate) fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get(py).ok_or_else(|| PyRuntimeError::new_err("import rapidicom first"))
}

impl Classes {
    /// An empty list of a class that extends `list`, made without its own constructor, which
    /// converts items.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub(crate) fn empty_list<'py>(
        &self,
        py: Python<'py>,
        class: &Py<PyType>,
    ) -> PyResult<Bound<'py, PyList>> {
        Ok(self.new_list.bind(py).call1((class,))?.cast_into::<PyList>()?)
    }
}
