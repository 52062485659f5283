//! The Python classes that native code makes instances of: the package hands them over when it is
//! imported, so that nothing here names a module of it.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

/// What the package hands over: its classes, and functions that make values.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Given {
    pub dataset: Py<PyType>,
    pub file_meta_dataset: Py<PyType>,
    pub data_element: Py<PyType>,
    pub ds_float: Py<PyType>,
    pub integer_string: Py<PyType>,
    pub uid: Py<PyType>,
    pub base_tag: Py<PyType>,
    pub person_name: Py<PyAny>,
    pub multi_value: Py<PyType>,
    pub sequence: Py<PyType>,
    /// `convert_value(vr, value)`: what becomes of a value that is set.
    pub convert_value: Py<PyAny>,
    /// `convert_raw(element)`: an element of what pydicom calls a raw one.
    pub convert_raw: Py<PyAny>,
    /// `tag(key)`: the tag of whatever names one.
    pub tag: Py<PyAny>,
    pub invalid_error: Py<PyType>,
    pub missing_element_error: Py<PyType>,
    pub unsupported_error: Py<PyType>,
    pub limit_error: Py<PyType>,
}

/// The classes, and the constructors of what they extend.
pub struct Classes {
    given: Given,
    pub new_float: Py<PyAny>,
    pub new_int: Py<PyAny>,
    pub new_str: Py<PyAny>,
    pub new_list: Py<PyAny>,
    pub get_attribute: Py<PyAny>,
    /// `(None,)`
    pub only_none: Py<PyTuple>,
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
pub fn use_classes(py: Python<'_>, classes: Given) -> PyResult<()> {
    CLASSES.get_or_try_init(py, || -> PyResult<Classes> {
        Ok(Classes {
            given: classes,
            new_float: py.get_type::<PyFloat>().getattr("__new__")?.unbind(),
            new_int: py.get_type::<PyInt>().getattr("__new__")?.unbind(),
            new_str: py.get_type::<PyString>().getattr("__new__")?.unbind(),
            new_list: py.get_type::<PyList>().getattr("__new__")?.unbind(),
            get_attribute: py.get_type::<PyAny>().getattr("__getattribute__")?.unbind(),
            only_none: PyTuple::new(py, [py.None()])?.unbind(),
        })
    })?;
    Ok(())
}

/// The classes.
///
/// # Errors
///
/// If the package has not been imported.
pub fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get(py).ok_or_else(|| PyRuntimeError::new_err("import rapidicom first"))
}

impl Classes {
    /// An empty list of a class that extends `list`, made without its own constructor, which
    /// converts items.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn empty_list<'py>(
        &self,
        py: Python<'py>,
        class: &Py<PyType>,
    ) -> PyResult<Bound<'py, PyList>> {
        Ok(self.new_list.bind(py).call1((class,))?.cast_into::<PyList>()?)
    }
}
