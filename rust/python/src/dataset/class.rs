//! The data set as Python sees it.

use std::ffi::OsString;
use std::fmt::Write;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use pyo3::exceptions::{
    PyAttributeError, PyNotImplementedError, PyTypeError, PyUserWarning, PyValueError,
};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyList, PyMemoryView, PySlice, PyString, PyTuple};
use rapidicom_core::{ByteOrder, Dataset, Deviation, Element, Tag, dictionary};

use super::content::Content;
use crate::array::from_kept;
use crate::attributes::warn_of_name;
use crate::classes::classes;
use crate::element::{as_element, key_error};
use crate::error::to_python;
use crate::file_meta::FileMeta;
use crate::keys::{keyword_of, mistyped, tag_of};
use crate::made::Made;
use crate::memory::Memory;
use crate::pixels::PyPixelReader;
use crate::slot::Slot;

/// A data set. The public class, `rapidicom.Dataset`, derives from it.
#[pyclass(name = "Dataset", module = "rapidicom._core", subclass, frozen)]
pub struct PyDataset(Made<Fields>);

pub struct Fields {
    pub(super) content: OnceLock<Content>,
    pub(super) parsed: OnceLock<Arc<Dataset>>,
    pub(crate) memory: Memory,
    pub(super) file_meta: FileMeta,
    /// The pixels as they were when somebody last asked.
    pub(crate) pixel_reader: Slot<PyPixelReader>,
    pub(crate) mmap: OnceLock<String>,
    /// Where the last element ends that was read.
    pub(crate) end_offset: OnceLock<u64>,
}

impl Deref for PyDataset {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.0
    }
}

#[pymethods]
impl PyDataset {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyDataset {
        PyDataset(Made::new(Fields {
            content: OnceLock::new(),
            parsed: OnceLock::new(),
            memory: Memory::default(),
            file_meta: FileMeta::default(),
            pixel_reader: Slot::new(None),
            mmap: OnceLock::new(),
            end_offset: OnceLock::new(),
        }))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(fields) = self.0.if_made() else { return Ok(()) };
        fields.memory.traverse(&visit)?;
        fields.file_meta.traverse(&visit)?;
        fields.pixel_reader.traverse(&visit)
    }

    fn __clear__(&self) {
        let Some(fields) = self.0.if_made() else { return };
        fields.memory.clear();
        fields.file_meta.clear();
        fields.pixel_reader.clear();
    }

    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if let Some(tag) = keyword_of(name) {
            return slf.get().value(py, tag)?.ok_or_else(|| PyAttributeError::new_err(()));
        }
        classes(py)?.get_attribute.bind(py).call1((slf, name))
    }

    /// Comes into play when the look-up above raised `AttributeError`, whose words PyO3 drops: a
    /// property's own are raised again.
    fn __getattr__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // A value that cannot be decoded.
        if let Some(tag) = keyword_of(name)
            && let Some(value) = slf.get().value(slf.py(), tag)?
        {
            return Ok(value);
        }
        let class = slf.get_type();
        if let Ok(read) = class.getattr(name).and_then(|property| property.getattr("fget")) {
            return read.call1((slf,));
        }
        let mut message = format!("'{}' object has no attribute '{name}'", class.name()?);
        if let Some(keyword) = mistyped(name) {
            let _ = write!(message, "; did you mean '{keyword}'?");
        }
        Err(PyAttributeError::new_err(message))
    }

    /// What the package has as `__setattr__`. A slot would keep `object.__setattr__` from them.
    #[pyo3(name = "_set_attribute")]
    fn set_attribute(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyString>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = slf.py();
        let Some(tag) = keyword_of(name) else {
            warn_of_name(slf, name)?;
            return classes(py)?.set_attribute.bind(py).call1((slf, name, value)).map(drop);
        };
        let this = slf.get();
        if let Some(element) = this.element(py, tag)? {
            // As pydicom does: an element that is there keeps its VR.
            element.setattr("value", value)?;
            return Ok(());
        }
        let element =
            classes(py)?.data_element.bind(py).call1((tag.0, dictionary::vr_to_set(tag), value))?;
        this.set(tag, Some(element.unbind()));
        Ok(())
    }

    /// What the package has as `__delattr__`.
    #[pyo3(name = "_delete_attribute")]
    fn delete_attribute(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<()> {
        match keyword_of(name) {
            Some(tag) if slf.get().has(slf.py(), tag)? => {
                slf.get().set(tag, None);
                Ok(())
            }
            Some(_) => Err(PyAttributeError::new_err(name.to_string())),
            None => classes(slf.py())?.delete_attribute.bind(slf.py()).call1((slf, name)).map(drop),
        }
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let tag = tag_of(key)?;
        slf.get().element(slf.py(), tag)?.ok_or_else(|| key_error(slf.py(), tag))
    }

    fn __setitem__(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        element: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if key.is_instance_of::<PySlice>() {
            return Err(PyNotImplementedError::new_err("elements are set one by one"));
        }
        let tag = tag_of(key)?;
        if as_element(element).is_none() {
            if element.hasattr("is_raw")? {
                let convert = classes(slf.py())?.convert_raw.bind(slf.py());
                let keywords = PyDict::new(slf.py());
                keywords.set_item("ds", slf)?;
                return PyDataset::__setitem__(
                    slf,
                    key,
                    &convert.call((element,), Some(&keywords))?,
                );
            }
            let class = element.get_type().name()?;
            let message = format!("a Dataset holds DataElement instances, not '{class}'");
            return Err(PyTypeError::new_err(message));
        }
        let own: u32 = element.getattr("tag")?.extract()?;
        if own != tag.0 {
            let message = format!("the key {tag} is not the tag of the element, {}", Tag(own));
            return Err(PyValueError::new_err(message));
        }
        slf.get().set(tag, Some(element.clone().unbind()));
        Ok(())
    }

    fn __delitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        let tag = tag_of(key)?;
        if !slf.get().has(slf.py(), tag)? {
            return Err(key_error(slf.py(), tag));
        }
        slf.get().set(tag, None);
        Ok(())
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        match tag_of(key) {
            Ok(tag) => self.has(key.py(), tag),
            // What means no tag is not in here. Who asks has mistyped it, more often than not.
            Err(_) => {
                let category = key.py().get_type::<PyUserWarning>();
                PyErr::warn(
                    key.py(),
                    &category,
                    c"what is asked for with 'in' is neither a keyword nor a tag",
                    1,
                )?;
                Ok(false)
            }
        }
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.tag_list()?.len())
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        let py = slf.py();
        let list = PyList::empty(py);
        for tag in slf.get().tag_list()? {
            if let Some(element) = slf.get().element(py, tag)? {
                list.append(element)?;
            }
        }
        list.try_iter()
    }

    /// The value for a keyword, the element for a tag, or `default`.
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let missing = || default.unwrap_or_else(|| py.None().into_bound(py));
        if let Ok(name) = key.cast::<PyString>() {
            return match PyDataset::__getattribute__(slf, name) {
                Err(error) if error.is_instance_of::<PyAttributeError>(py) => Ok(missing()),
                found => found,
            };
        }
        let tag = tag_of(key).map_err(|_| PyTypeError::new_err("get takes a keyword or a tag"))?;
        Ok(slf.get().element(py, tag)?.unwrap_or_else(missing))
    }

    /// The tags that are present, in order.
    fn tags(&self) -> PyResult<Vec<u32>> {
        Ok(self.tag_list()?.into_iter().map(|tag| tag.0).collect())
    }

    /// Offset and length of an element's value field in the file.
    fn element_offset(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<(u64, u64)> {
        let tag = tag_of(key)?;
        let (_, element) = self.stored(py, tag)?.ok_or_else(|| key_error(py, tag))?;
        Ok((element.value_offset, element.value_length))
    }

    /// The bytes of an element's value field as they are in the file, not copied.
    fn raw_bytes<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyMemoryView>> {
        let tag = tag_of(key)?;
        let (dataset, element) = self.stored(py, tag)?.ok_or_else(|| key_error(py, tag))?;
        let Element { value_offset, value_length, .. } = element;
        let array = from_kept(py, dataset.bytes(), value_offset, value_length, |error| {
            to_python(error.at_tag(tag, dictionary::keyword(tag), None))
        })?;
        PyMemoryView::from(&array)
    }

    /// The elements as they were read, for pydicom: tag, VR, length, bytes and offset of each.
    fn raw_elements<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.all_raw(py)
    }

    /// One of `raw_elements`, pixel data with its bytes; `None` if there is none.
    fn raw_element<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.one_raw(key)?.map(|raw| raw.into_pyobject(key.py())).transpose()
    }

    /// One of `raw_elements` that nobody has looked at; `None` if it is none.
    #[pyo3(name = "_untouched_raw")]
    fn untouched_raw_element<'py>(
        &self,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.untouched_raw(key)?.map(|raw| raw.into_pyobject(key.py())).transpose()
    }

    /// The data set as it was read, whatever has been set since.
    #[pyo3(name = "_as_read")]
    fn as_read<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().without_changes(slf.py())
    }

    /// The tags of what is not, or may not be, as it was read.
    #[pyo3(name = "_changed_tags")]
    fn changed_tags(&self, py: Python<'_>) -> PyResult<Vec<u32>> {
        let (elements, lists) = self.changes(py)?;
        let tags = elements.into_iter().map(|(tag, _)| tag);
        Ok(tags.chain(lists.into_iter().map(|(tag, _)| tag)).collect())
    }

    /// Whether this is an item whose end a delimiter marks (PS3.5 §7.5.1).
    #[getter]
    fn is_undefined_length_sequence_item(&self) -> bool {
        match self.content.get() {
            Some(Content::Item(item)) => item.range().is_undefined_length,
            _ => false,
        }
    }

    /// Where the last element ends that was read from a stream or from bytes, in bytes from their
    /// start; `None` of a deflated data set.
    #[getter]
    fn end_offset(&self) -> Option<u64> {
        self.end_offset.get().copied()
    }

    /// The defined terms of the character set that text is read with.
    #[getter]
    fn specific_character_set<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let terms =
            self.parsed()?.map(|dataset| dataset.character_set().to_value()).unwrap_or_default();
        PyTuple::new(py, terms.split('\\').collect::<Vec<_>>())
    }

    /// What was tolerated: name and byte offset of each deviation from the standard.
    #[getter]
    fn deviations(&self) -> PyResult<Vec<(&'static str, u64)>> {
        let Some(dataset) = self.parsed()? else { return Ok(Vec::new()) };
        let mut all = dataset.deviations().clone();
        dataset.value_deviations().for_each(|found| all.add(found));
        dataset.value_faults().for_each(|found| all.add(found));
        let of = |deviation: &Deviation| (deviation.leniency.name(), deviation.offset);
        Ok(all.as_slice().iter().map(of).collect())
    }

    /// Those of `deviations` that were met when the file was parsed; it is asked of every file.
    #[getter(_parse_deviations)]
    fn parse_deviations(&self) -> PyResult<Vec<(&'static str, u64)>> {
        let Some(dataset) = self.parsed()? else { return Ok(Vec::new()) };
        let of = |deviation: &Deviation| (deviation.leniency.name(), deviation.offset);
        Ok(dataset.deviations().as_slice().iter().map(of).collect())
    }

    #[getter]
    fn file_meta<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let none = || PyAttributeError::new_err("this data set has no File Meta Information");
        if let Some(known) = slf.get().file_meta.known(py) {
            return known.map(|meta| meta.into_bound(py)).ok_or_else(none);
        }
        let class = classes(py)?.file_meta_dataset.bind(py);
        let meta = match slf.get().file() {
            Some(file) => PyDataset::make(class, Content::Parsed(Arc::new(file.meta.clone())))?,
            None => return Err(none()),
        };
        slf.get().file_meta.set(Some(meta.clone().unbind()));
        Ok(meta)
    }

    #[setter]
    fn set_file_meta(&self, meta: &Bound<'_, PyAny>) -> PyResult<()> {
        let class = classes(meta.py())?.file_meta_dataset.bind(meta.py());
        let is_one = meta.is_none() || meta.is_instance(class)?;
        let meta = if is_one { meta.clone() } else { class.call1((meta,))? }.unbind();
        self.file_meta.set(Some(meta));
        Ok(())
    }

    #[deleter]
    fn delete_file_meta(slf: &Bound<'_, Self>) -> PyResult<()> {
        PyDataset::file_meta(slf)?;
        slf.get().file_meta.set(None);
        Ok(())
    }

    /// Where the item that this is starts, or `None` if it is none of a file.
    #[getter]
    fn seq_item_tell(&self) -> Option<u64> {
        // An item's tag and length stand before what is in it.
        const ITEM_HEADER_LENGTH: u64 = 8;
        match self.content.get() {
            Some(Content::Item(item)) => item.range().offset.checked_sub(ITEM_HEADER_LENGTH),
            _ => None,
        }
    }

    /// The 128 bytes before the prefix, or `None`.
    #[getter]
    fn preamble<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let preamble = self.file().map_or(Ok(None), |file| file.preamble()).map_err(to_python)?;
        Ok(preamble.map(|bytes| PyBytes::new(py, &bytes)))
    }

    /// The bytes of a data set that was deflated.
    #[pyo3(name = "_inflated")]
    fn inflated<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        Some(PyBytes::new(py, self.file()?.inflated()?))
    }

    /// The path that was read, as it was given, or `None`.
    #[getter]
    fn filename(&self) -> Option<OsString> {
        Some(self.file()?.file_source()?.path.clone().into_os_string())
    }

    /// When the file was last changed before it was read, as `os.stat` says it.
    #[getter]
    fn modified(&self) -> Option<f64> {
        let (seconds, nanoseconds) = self.file()?.file_source()?.modified;
        Some(seconds as f64 + 1e-9 * nanoseconds as f64)
    }

    /// Whether the elements carry no VR.
    #[getter]
    #[pyo3(name = "is_implicit_VR")]
    fn is_implicit_vr(&self) -> PyResult<Option<bool>> {
        Ok(self.parsed()?.map(|dataset| dataset.encoding().is_implicit))
    }

    /// Whether numbers are little endian.
    #[getter]
    fn is_little_endian(&self) -> PyResult<Option<bool>> {
        Ok(self.parsed()?.map(|dataset| dataset.encoding().order == ByteOrder::Little))
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        // A list of values is shared, as a shallow copy shares it; an element is not, so that
        // setting an attribute of the copy leaves the original alone.
        slf.get().copied(slf, None, |object| match as_element(object) {
            Some(element) => element.call_method0("__copy__"),
            None => Ok(object.clone()),
        })
    }

    fn __deepcopy__<'py>(
        slf: &Bound<'py, Self>,
        memo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let deepcopy = slf.py().import("copy")?.getattr("deepcopy")?;
        slf.get().copied(slf, Some(memo), |object| deepcopy.call1((object, memo)))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        crate::pickle::reduce(slf)
    }
}
