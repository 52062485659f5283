//! `DataElement`: one element of a data set, its value decoded when it is first asked for.

use std::borrow::Cow;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::IntoPyObjectExt;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use rapidicom_core::{Dataset, Element, Tag, Vr, dictionary};

use crate::array::new_bytes;
use crate::as_read::is_list_as_read;
use crate::classes::classes;
use crate::cycles::look;
use crate::error::{is_about_value, to_python};
use crate::keys::tag_of;
use crate::made::Made;
use crate::pickle::{State as DatasetState, from_state, state_of_element};
use crate::shared::shared_tag;
use crate::value::to_object;

/// A tag, a VR and a value.
#[pyclass(name = "DataElement", module = "rapidicom._core", subclass, frozen)]
pub struct PyDataElement {
    /// Empty only until native code has filled an element that it makes.
    parts: Made<OnceLock<Parts>>,
}

struct Parts {
    /// Programs set it, as they set all of these.
    tag: AtomicU32,
    /// Looked for when it is asked for: in the data set, which is forgotten once the value is set.
    private_creator: Mutex<Option<Option<String>>>,
    is_undefined_length: AtomicBool,
    value_offset: Mutex<Option<u64>>,
    state: Mutex<State>,
}

impl Default for Parts {
    fn default() -> Self {
        Parts {
            tag: AtomicU32::new(0),
            private_creator: Mutex::new(None),
            is_undefined_length: AtomicBool::new(false),
            value_offset: Mutex::new(None),
            state: Mutex::new(State { vr: Vr::UN.as_str().to_owned(), value: None, stored: None }),
        }
    }
}

struct State {
    vr: String,
    value: Option<Py<PyAny>>,
    /// Where the value comes from, as long as nobody has set another.
    stored: Option<(Arc<Dataset>, Element)>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Parts {
    fn tag(&self) -> Tag {
        Tag(self.tag.load(Relaxed))
    }
}

impl PyDataElement {
    /// The element of a data set that was read.
    ///
    /// # Errors
    ///
    /// If the package has not handed over its classes, or the class refuses.
    pub fn stored<'py>(
        py: Python<'py>,
        dataset: &Arc<Dataset>,
        element: &Element,
        value: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let vr = dataset.vr(element);
        let parts = Parts {
            tag: element.tag.0.into(),
            private_creator: Mutex::new(None),
            is_undefined_length: element.is_undefined_length.into(),
            value_offset: Some(element.value_offset).into(),
            state: Mutex::new(State {
                vr: vr.undecided.unwrap_or(vr.vr.as_str()).to_owned(),
                value,
                stored: Some((Arc::clone(dataset), *element)),
            }),
        };
        made(py, parts)
    }

    fn parts(&self) -> &Parts {
        self.parts.get_or_init(Parts::default)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.parts().state)
    }

    /// The element record, unless the value was set.
    pub fn stored_element(&self) -> Option<Element> {
        self.state().stored.as_ref().map(|(_, element)| *element)
    }

    /// Whether it is as it was read from `parsed`, so that reading it again gives the same: nobody
    /// has set its value or its VR, or changed a list, and it is from no other data set.
    pub fn is_as_read(&self, py: Python<'_>, parsed: &Arc<Dataset>) -> bool {
        let (dataset, element, list) = {
            let state = self.state();
            let Some((dataset, element)) = &state.stored else { return false };
            if !Arc::ptr_eq(dataset, parsed) || parsed.find(self.parts().tag()) != Some(element) {
                return false;
            }
            let vr = dataset.vr(element);
            if state.vr != vr.undecided.unwrap_or(vr.vr.as_str()) {
                return false;
            }
            match state.value.as_ref().map(|value| value.bind(py).cast::<PyList>()) {
                Some(Ok(list)) => (Arc::clone(dataset), *element, list.clone()),
                _ => return true,
            }
        };
        is_list_as_read(&dataset, &element, &list)
    }

    /// The value if somebody has seen it.
    pub fn seen_value(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.state().value.as_ref().map(|value| value.clone_ref(py))
    }
}

/// An object of the Python class.
///
/// # Errors
///
/// If the package has not handed over its classes, or the class refuses.
fn made(py: Python<'_>, parts: Parts) -> PyResult<Bound<'_, PyAny>> {
    let classes = classes(py)?;
    let object = classes.data_element.bind(py).call(classes.only_marker.bind(py), None)?;
    object.cast::<PyDataElement>()?.get().parts.set(parts).ok();
    Ok(object)
}

#[pymethods]
impl PyDataElement {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(parts) = self.parts.if_made().and_then(OnceLock::get) else { return Ok(()) };
        look(&parts.state, |state| visit.call(state.value.as_ref()))
    }

    fn __clear__(&self) {
        let Some(parts) = self.parts.if_made().and_then(OnceLock::get) else { return };
        let value = locked(&parts.state).value.take();
        drop(value);
    }

    #[new]
    #[pyo3(signature = (
        tag, VR=None, value=None, file_value_tell=None, is_undefined_length=false,
        already_converted=false, validation_mode=None, *, file_tell=None, private_creator=None,
    ))]
    #[allow(non_snake_case, reason = "pydicom's name for it")]
    #[allow(clippy::too_many_arguments, reason = "what an element can be made with")]
    fn new(
        py: Python<'_>,
        tag: &Bound<'_, PyAny>,
        VR: Option<String>,
        value: Option<Bound<'_, PyAny>>,
        file_value_tell: Option<u64>,
        is_undefined_length: bool,
        already_converted: bool,
        validation_mode: Option<Bound<'_, PyAny>>,
        file_tell: Option<u64>,
        private_creator: Option<String>,
    ) -> PyResult<PyDataElement> {
        // Values are not checked against the limits of their VR, whatever the mode.
        drop(validation_mode);
        let classes = classes(py)?;
        if tag.is(&classes.marker) {
            return Ok(PyDataElement { parts: Made::new(OnceLock::new()) });
        }
        let vr =
            VR.ok_or_else(|| pyo3::exceptions::PyTypeError::new_err("a DataElement needs a VR"))?;
        let tag = tag_of(tag)?;
        let value = value.map_or_else(|| py.None(), Bound::unbind);
        let convert = &classes.convert_value;
        let value =
            if already_converted { value } else { convert.call1(py, (vr.as_str(), value))? };
        let state = Mutex::new(State { vr, value: Some(value), stored: None });
        let parts = Parts {
            tag: tag.0.into(),
            private_creator: Some(private_creator).into(),
            is_undefined_length: is_undefined_length.into(),
            value_offset: file_value_tell.or(file_tell).into(),
            state,
        };
        Ok(PyDataElement { parts: Made::new(parts.into()) })
    }

    #[getter]
    fn tag<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shared_tag(py, self.parts().tag())
    }

    #[setter]
    fn set_tag(&self, tag: &Bound<'_, PyAny>) -> PyResult<()> {
        self.private_creator();
        self.parts().tag.store(tag_of(tag)?.0, Relaxed);
        Ok(())
    }

    #[getter]
    #[pyo3(name = "VR")]
    fn vr(&self) -> String {
        self.state().vr.clone()
    }

    #[setter]
    #[pyo3(name = "VR")]
    fn set_vr(&self, vr: String) {
        self.state().vr = vr;
    }

    /// The value, decoded when it is first asked for.
    #[getter]
    pub fn value(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let (dataset, element) = {
            let state = self.state();
            if let Some(value) = &state.value {
                return Ok(value.clone_ref(py));
            }
            match &state.stored {
                Some((dataset, element)) => (Arc::clone(dataset), *element),
                None => return Ok(py.None()),
            }
        };
        let value = to_object(py, &dataset, &element)?.unbind();
        // Pixels and the like are read again rather than kept: they can be larger than all the
        // rest. Lists can be changed in place, so what was handed out once is handed out again.
        if element.value_length <= KEPT_UP_TO || value.bind(py).is_instance_of::<PyList>() {
            return Ok(self.state().value.get_or_insert(value).clone_ref(py));
        }
        Ok(value)
    }

    /// The value, or the bytes of one that cannot be decoded: to show it raises nothing.
    #[pyo3(name = "_value_or_bytes")]
    fn value_or_bytes(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let error = match self.value(py) {
            Err(error) if is_about_value(py, &error) => error,
            found => return found,
        };
        let stored = self.state().stored.as_ref().map(|(dataset, of)| (Arc::clone(dataset), *of));
        let Some((dataset, element)) = stored else { return Err(error) };
        let bytes = dataset.value(&element).map_err(to_python)?;
        Ok(new_bytes(py, &bytes)?.into_any().unbind())
    }

    #[setter]
    fn set_value(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<()> {
        let vr = self.vr();
        let value = classes(py)?.convert_value.call1(py, (vr.as_str(), value))?;
        self.private_creator();
        let replaced = {
            let mut state = self.state();
            state.stored = None;
            state.value.replace(value)
        };
        // The end of an object can run Python code that looks at this element, so the lock is
        // released before.
        drop(replaced);
        Ok(())
    }

    /// Bytes of the value field as it was read, or `None` if the value was set.
    #[getter]
    fn value_length(&self) -> Option<u64> {
        self.stored_element().map(|element| element.value_length)
    }

    /// Empty for repeating groups, as in pydicom: (6000,0010) and (6002,0010) would share theirs.
    #[getter]
    fn keyword(&self) -> &'static str {
        let tag = self.parts().tag();
        let keyword = dictionary::keyword(tag);
        if dictionary::tag_of_keyword(keyword) == Some(tag) { keyword } else { "" }
    }

    #[getter]
    fn name(&self) -> Cow<'static, str> {
        dictionary::name(self.parts().tag(), self.private_creator().as_deref())
    }

    /// How many values there are.
    #[getter]
    #[pyo3(name = "VM")]
    fn vm(&self, py: Python<'_>) -> PyResult<usize> {
        let is_sequence = self.state().vr == "SQ";
        if is_sequence {
            return Ok(1);
        }
        let value = self.value_or_bytes(py)?;
        let value = value.bind(py);
        if value.is_none() {
            return Ok(0);
        }
        let is_single = value.is_instance_of::<PyString>()
            || value.is_instance_of::<PyBytes>()
            || value.is_instance(classes(py)?.person_name.bind(py))?;
        if is_single {
            return Ok(usize::from(value.is_truthy()?));
        }
        Ok(value.len().unwrap_or(1))
    }

    #[getter]
    fn is_private(&self) -> bool {
        self.parts().tag().is_private()
    }

    #[getter]
    fn private_creator(&self) -> Option<String> {
        if let Some(known) = &*locked(&self.parts().private_creator) {
            return known.clone();
        }
        let stored = self.state().stored.as_ref().map(|(dataset, _)| Arc::clone(dataset));
        let found = stored.and_then(|dataset| dataset.private_creator(self.parts().tag()));
        locked(&self.parts().private_creator).get_or_insert(found).clone()
    }

    #[setter]
    fn set_private_creator(&self, creator: Option<String>) {
        *locked(&self.parts().private_creator) = Some(creator);
    }

    #[getter]
    fn is_undefined_length(&self) -> bool {
        self.parts().is_undefined_length.load(Relaxed)
    }

    #[setter]
    fn set_is_undefined_length(&self, is_undefined: bool) {
        self.parts().is_undefined_length.store(is_undefined, Relaxed);
    }

    #[getter]
    fn file_tell(&self) -> Option<u64> {
        *locked(&self.parts().value_offset)
    }

    #[setter]
    fn set_file_tell(&self, offset: Option<u64>) {
        *locked(&self.parts().value_offset) = offset;
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().copied(slf.py(), slf.get().seen_value(slf.py()))
    }

    fn __deepcopy__<'py>(
        slf: &Bound<'py, Self>,
        memo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let value = match slf.get().seen_value(py) {
            Some(value) => {
                Some(py.import("copy")?.getattr("deepcopy")?.call1((value, memo))?.unbind())
            }
            None => None,
        };
        slf.get().copied(py, value)
    }

    /// Pickles the decoded value; the VR is kept as it is, so nothing is converted again.
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let this = slf.get();
        let core = py.import("rapidicom._core")?;
        let value = match this.value(py) {
            Err(error) if is_about_value(py, &error) => {
                let stored = this.state().stored.as_ref().map(|(of, _)| Arc::clone(of));
                let Some(dataset) = stored else { return Err(error) };
                let rebuild = core.getattr("_rebuild_stored_element")?;
                let tag = this.parts().tag();
                let parts = (tag.0, this.vr(), state_of_element(py, &dataset, tag));
                return Ok((rebuild, parts.into_pyobject(py)?));
            }
            value => value?,
        };
        let rebuild = core.getattr("_rebuild_element")?;
        let parts = (
            this.parts().tag().0,
            this.vr(),
            value,
            this.is_undefined_length(),
            this.file_tell(),
            this.private_creator(),
        );
        Ok((rebuild, parts.into_pyobject(py)?))
    }
}

/// A decoded value of more bytes than this is not kept by its element, if it cannot be changed in
/// place.
const KEPT_UP_TO: u64 = 64 * 1024;

impl PyDataElement {
    fn copied<'py>(
        &self,
        py: Python<'py>,
        value: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let own = self.parts();
        let copy = {
            let state = self.state();
            let stored =
                state.stored.as_ref().map(|(dataset, element)| (Arc::clone(dataset), *element));
            Parts {
                tag: own.tag().0.into(),
                private_creator: locked(&own.private_creator).clone().into(),
                is_undefined_length: self.is_undefined_length().into(),
                value_offset: self.file_tell().into(),
                state: Mutex::new(State { vr: state.vr.clone(), value, stored }),
            }
        };
        made(py, copy)
    }
}

/// An element from its pickled parts.
#[pyfunction]
#[pyo3(name = "_rebuild_element")]
pub(crate) fn rebuild_element<'py>(
    py: Python<'py>,
    tag: u32,
    vr: String,
    value: Py<PyAny>,
    is_undefined_length: bool,
    value_offset: Option<u64>,
    private_creator: Option<String>,
) -> PyResult<Bound<'py, PyAny>> {
    let state = Mutex::new(State { vr, value: Some(value), stored: None });
    let parts = Parts {
        tag: tag.into(),
        private_creator: Some(private_creator).into(),
        is_undefined_length: is_undefined_length.into(),
        value_offset: value_offset.into(),
        state,
    };
    made(py, parts)
}

/// An element whose value cannot be decoded, from its pickled parts.
#[pyfunction]
#[pyo3(name = "_rebuild_stored_element")]
pub(crate) fn rebuild_stored_element<'py>(
    py: Python<'py>,
    tag: u32,
    vr: String,
    state: DatasetState<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let dataset = Arc::new(from_state(state));
    let element = dataset.find(Tag(tag)).ok_or_else(|| key_error(py, Tag(tag)))?;
    let object = PyDataElement::stored(py, &dataset, element, None)?;
    object.setattr("VR", vr)?;
    Ok(object)
}

/// Whether this Python object is an element.
pub(crate) fn as_element<'a, 'py>(
    object: &'a Bound<'py, PyAny>,
) -> Option<&'a Bound<'py, PyDataElement>> {
    object.cast::<PyDataElement>().ok()
}

/// A tag as Python shows it, for `KeyError`.
pub(crate) fn key_error(py: Python<'_>, tag: Tag) -> PyErr {
    match tag.to_string().into_bound_py_any(py) {
        Ok(text) => pyo3::exceptions::PyKeyError::new_err(text.unbind()),
        Err(error) => error,
    }
}
