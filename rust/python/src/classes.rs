//! The Python classes that native code makes instances of, looked up once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

/// The classes of values (`rapidicom.valuerep` and its neighbours), and the constructors of what
/// they extend.
pub struct Classes {
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
    pub convert_value: Py<PyAny>,
    pub new_float: Py<PyAny>,
    pub new_int: Py<PyAny>,
    pub new_str: Py<PyAny>,
    pub new_list: Py<PyAny>,
    pub get_attribute: Py<PyAny>,
    /// `(None,)`
    pub only_none: Py<PyTuple>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

/// The classes.
///
/// # Errors
///
/// If the package cannot be imported.
pub fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get_or_try_init(py, || {
        let class = |module: &str, name: &str| -> PyResult<Py<PyType>> {
            Ok(py.import(module)?.getattr(name)?.cast_into::<PyType>()?.unbind())
        };
        let object = py.get_type::<PyAny>();
        Ok(Classes {
            dataset: class("rapidicom.dataset", "Dataset")?,
            file_meta_dataset: class("rapidicom.file_meta", "FileMetaDataset")?,
            data_element: class("rapidicom.dataelem", "DataElement")?,
            ds_float: class("rapidicom.valuerep", "DSfloat")?,
            integer_string: class("rapidicom.valuerep", "IS")?,
            uid: class("rapidicom.uid", "UID")?,
            base_tag: class("rapidicom.tag", "BaseTag")?,
            person_name: py.import("rapidicom.valuerep")?.getattr("PersonName")?.unbind(),
            multi_value: class("rapidicom.multival", "MultiValue")?,
            sequence: class("rapidicom.sequence", "Sequence")?,
            convert_value: py.import("rapidicom.valuerep")?.getattr("convert_value")?.unbind(),
            new_float: py.get_type::<PyFloat>().getattr("__new__")?.unbind(),
            new_int: py.get_type::<PyInt>().getattr("__new__")?.unbind(),
            new_str: py.get_type::<PyString>().getattr("__new__")?.unbind(),
            new_list: py.get_type::<PyList>().getattr("__new__")?.unbind(),
            get_attribute: object.getattr("__getattribute__")?.unbind(),
            only_none: PyTuple::new(py, [py.None()])?.unbind(),
        })
    })
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
