//! `Dataset`: element records that become Python values when they are asked for, and what was
//! changed in memory.

use std::ffi::OsString;
use std::sync::{Arc, OnceLock};

use pyo3::exceptions::{
    PyAttributeError, PyNotImplementedError, PyTypeError, PyUserWarning, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{
    PyBytes, PyDict, PyIterator, PyList, PyMemoryView, PySlice, PyString, PyTuple, PyType,
};
use rapidicom_core::{ByteOrder, Dataset, DicomFile, Element, Item, Limits, Tag, dictionary};

use crate::array::from_kept;
use crate::attributes::{descriptor, warn_of_name};
use crate::classes::classes;
use crate::element::{PyDataElement, as_element, key_error};
use crate::error::to_python;
use crate::file_meta::FileMeta;
use crate::keys::{keyword_of, tag_of};
use crate::memory::{Known, Memory};
use crate::pixels::PyPixelReader;
use crate::slot::Slot;
use crate::value::to_object;

/// What a data set was read from.
pub enum Content {
    /// The data set of a file.
    File(Arc<DicomFile>),
    /// An item, or File Meta Information.
    Parsed(Arc<Dataset>),
    /// An item that nobody has looked into yet.
    Item(Item),
}

/// A data set. The public class, `rapidicom.Dataset`, derives from it.
#[pyclass(name = "Dataset", module = "rapidicom._core", subclass, frozen)]
pub struct PyDataset {
    content: OnceLock<Content>,
    parsed: OnceLock<Arc<Dataset>>,
    pub(crate) memory: Memory,
    file_meta: FileMeta,
    /// The pixels as they were when somebody last asked.
    pub(crate) pixel_reader: Slot<PyPixelReader>,
    pub(crate) mmap: OnceLock<String>,
}

impl PyDataset {
    fn make<'py>(class: &Bound<'py, PyType>, content: Content) -> PyResult<Bound<'py, PyAny>> {
        let object = class.call0()?;
        let native = object.cast::<PyDataset>()?;
        native.get().content.set(content).ok();
        Ok(object)
    }

    /// The data set of an item.
    ///
    /// # Errors
    ///
    /// If the Python class cannot be imported.
    pub fn from_item(py: Python<'_>, item: Item) -> PyResult<Bound<'_, PyAny>> {
        PyDataset::make(classes(py)?.dataset.bind(py), Content::Item(item))
    }

    /// The data set of a file.
    ///
    /// # Errors
    ///
    /// If the Python class cannot be imported.
    pub fn from_file<'py>(
        py: Python<'py>,
        file: DicomFile,
        mmap: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let class = classes(py)?.dataset.bind(py);
        let object = PyDataset::make(class, Content::File(Arc::new(file)))?;
        object.cast::<PyDataset>()?.get().mmap.set(mmap.to_owned()).ok();
        Ok(object)
    }

    /// A data set that stands alone.
    ///
    /// # Errors
    ///
    /// If the class cannot be called.
    pub fn from_elements(py: Python<'_>, dataset: Dataset) -> PyResult<Bound<'_, PyAny>> {
        PyDataset::make(classes(py)?.dataset.bind(py), Content::Parsed(Arc::new(dataset)))
    }

    /// The file, if this is the data set of one.
    pub fn file(&self) -> Option<&Arc<DicomFile>> {
        match self.content.get() {
            Some(Content::File(file)) => Some(file),
            _ => None,
        }
    }

    /// The element records, parsed now if nobody has looked yet; `None` if it was made in memory.
    ///
    /// # Errors
    ///
    /// If an item does not consist of elements.
    pub fn parsed(&self) -> PyResult<Option<&Arc<Dataset>>> {
        if let Some(parsed) = self.parsed.get() {
            return Ok(Some(parsed));
        }
        let parsed = match self.content.get() {
            None => return Ok(None),
            Some(Content::File(file)) => Arc::clone(&file.dataset),
            Some(Content::Parsed(dataset)) => Arc::clone(dataset),
            Some(Content::Item(item)) => Arc::new(item.parse(&Limits::DEFAULT).map_err(to_python)?),
        };
        Ok(Some(self.parsed.get_or_init(|| parsed)))
    }

    /// The element that was handed out or set under this tag, `Some(None)` if it was deleted.
    pub fn overridden(&self, py: Python<'_>, tag: Tag) -> Option<Option<Py<PyAny>>> {
        self.memory.element(py, tag)
    }

    /// The index of this tag's element record; `None` also if nobody has looked yet, so that no
    /// value is known either.
    fn known_index(&self, tag: Tag) -> Option<usize> {
        self.parsed.get()?.index(tag)
    }

    /// The element record of this tag, unless it was deleted or set to something else.
    ///
    /// # Errors
    ///
    /// If an item does not consist of elements.
    pub fn stored(&self, py: Python<'_>, tag: Tag) -> PyResult<Option<(&Arc<Dataset>, Element)>> {
        let Some(dataset) = self.parsed()? else { return Ok(None) };
        let Some(element) = dataset.find(tag) else { return Ok(None) };
        match self.overridden(py, tag) {
            None => Ok(Some((dataset, *element))),
            Some(None) => Ok(None),
            Some(Some(object)) => {
                let is_stored = as_element(object.bind(py))
                    .is_some_and(|element| element.get().stored_element().is_some());
                Ok(is_stored.then_some((dataset, *element)))
            }
        }
    }

    /// The value of this tag as it is now; `None` if there is no such element.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is none of its VR.
    pub fn value<'py>(&self, py: Python<'py>, tag: Tag) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.memory.look(py, tag, self.known_index(tag)) {
            Known::Element(Some(object)) => return element_value(object.bind(py)).map(Some),
            Known::Element(None) => return Ok(None),
            Known::Value(value) => return Ok(Some(value.into_bound(py))),
            Known::Nothing => {}
        }
        let Some(dataset) = self.parsed()? else { return Ok(None) };
        let Some(index) = dataset.index(tag) else { return Ok(None) };
        let Some(element) = dataset.elements().get(index) else { return Ok(None) };
        let value = to_object(py, dataset, element)?;
        // Pixels can be larger than all the rest.
        if tag.is_pixel_data() {
            return Ok(Some(value));
        }
        let count = dataset.elements().len();
        Ok(Some(self.memory.keep(py, tag, index, count, value.unbind()).into_bound(py)))
    }

    fn has(&self, py: Python<'_>, tag: Tag) -> PyResult<bool> {
        match self.overridden(py, tag) {
            Some(found) => Ok(found.is_some()),
            None => Ok(self.parsed()?.is_some_and(|dataset| dataset.index(tag).is_some())),
        }
    }

    /// The tags that are present, in order.
    pub fn tag_list(&self) -> PyResult<Vec<Tag>> {
        let stored = self.parsed()?.map_or(&[][..], |dataset| dataset.elements());
        let mut tags: Vec<Tag> = stored.iter().map(|element| element.tag).collect();
        let changed = self.memory.tags();
        if !changed.is_empty() {
            tags.retain(|tag| changed.binary_search_by_key(tag, |(tag, _)| *tag).is_err());
            tags.extend(changed.iter().filter(|(_, is_there)| *is_there).map(|(tag, _)| *tag));
            tags.sort_unstable();
        }
        Ok(tags)
    }

    fn element<'py>(&self, py: Python<'py>, tag: Tag) -> PyResult<Option<Bound<'py, PyAny>>> {
        if let Some(found) = self.overridden(py, tag) {
            return Ok(found.map(|element| element.into_bound(py)));
        }
        let Some(dataset) = self.parsed()? else { return Ok(None) };
        let Some(index) = dataset.index(tag) else { return Ok(None) };
        let Some(element) = dataset.elements().get(index) else { return Ok(None) };
        // From now on the element has the value: what is set there must be seen here.
        let object = PyDataElement::stored(py, dataset, element, self.memory.take(index))?;
        self.set(tag, Some(object.clone().unbind()));
        Ok(Some(object))
    }

    /// Puts an element in, or with `None` takes it out.
    pub fn set(&self, tag: Tag, element: Option<Py<PyAny>>) {
        self.memory.set(tag, self.known_index(tag), element);
    }
}

fn element_value<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match as_element(object) {
        Some(element) => Ok(element.get().value(object.py())?.into_bound(object.py())),
        None => object.getattr("value"),
    }
}

#[pymethods]
impl PyDataset {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyDataset {
        PyDataset {
            content: OnceLock::new(),
            parsed: OnceLock::new(),
            memory: Memory::default(),
            file_meta: FileMeta::default(),
            pixel_reader: Slot::new(None),
            mmap: OnceLock::new(),
        }
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
        let class = slf.get_type();
        if let Ok(read) = class.getattr(name).and_then(|property| property.getattr("fget")) {
            return read.call1((slf,));
        }
        let message = format!("'{}' object has no attribute '{name}'", class.name()?);
        Err(PyAttributeError::new_err(message))
    }

    fn __setattr__(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyString>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = slf.py();
        let Some(tag) = keyword_of(name) else {
            warn_of_name(slf, name)?;
            // What `object.__setattr__` does, which CPython refuses to do for a class with a slot
            // of its own.
            if let Some(set) = descriptor(slf, name, "__set__") {
                return set.call1((slf, value)).map(drop);
            }
            return slf.as_any().getattr("__dict__")?.set_item(name, value);
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

    fn __delattr__(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<()> {
        match keyword_of(name) {
            Some(tag) if slf.get().has(slf.py(), tag)? => {
                slf.get().set(tag, None);
                Ok(())
            }
            Some(_) => Err(PyAttributeError::new_err(name.to_string())),
            None => match descriptor(slf, name, "__delete__") {
                Some(delete) => delete.call1((slf,)).map(drop),
                None => {
                    let attributes = slf.as_any().getattr("__dict__")?;
                    attributes
                        .del_item(name)
                        .map_err(|_| PyAttributeError::new_err(name.to_string()))
                }
            },
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
        let deviations = self.parsed()?.map_or(&[][..], |dataset| dataset.deviations().as_slice());
        Ok(deviations
            .iter()
            .map(|deviation| (deviation.leniency.name(), deviation.offset))
            .collect())
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

    /// The path that was read, as it was given, or `None`.
    #[getter]
    fn filename(&self) -> Option<OsString> {
        Some(self.file()?.file_source()?.path.clone().into_os_string())
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
        slf.get().copied(slf, |object| match as_element(object) {
            Some(element) => element.call_method0("__copy__"),
            None => Ok(object.clone()),
        })
    }

    fn __deepcopy__<'py>(
        slf: &Bound<'py, Self>,
        memo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let deepcopy = slf.py().import("copy")?.getattr("deepcopy")?;
        slf.get().copied(slf, |object| deepcopy.call1((object, memo)))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        crate::pickle::reduce(slf)
    }
}

impl PyDataset {
    /// A new object on the same bytes; `duplicate` makes the copy of what was changed, handed out
    /// or cached.
    fn copied<'py>(
        &self,
        slf: &Bound<'py, Self>,
        duplicate: impl Fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let copy = slf.get_type().call0()?;
        let native = copy.cast::<PyDataset>()?.get();
        let content = match self.content.get() {
            Some(Content::File(file)) => Some(Content::File(Arc::clone(file))),
            Some(Content::Parsed(dataset)) => Some(Content::Parsed(Arc::clone(dataset))),
            Some(Content::Item(item)) => Some(Content::Item(item.clone())),
            None => None,
        };
        if let Some(content) = content {
            native.content.set(content).ok();
        }
        if let Some(parsed) = self.parsed.get() {
            native.parsed.set(Arc::clone(parsed)).ok();
        }
        if let Some(mmap) = self.mmap.get() {
            native.mmap.set(mmap.clone()).ok();
        }
        self.transfer(py, native, &duplicate)?;
        if let Some(reader) = self.pixel_reader.get(py) {
            native.pixel_reader.put(reader.get().copied(py, &duplicate)?);
        }
        let attributes = slf.as_any().getattr("__dict__")?;
        copy.getattr("__dict__")?.call_method1("update", (duplicate(&attributes)?,))?;
        Ok(copy)
    }

    fn transfer<'py>(
        &self,
        py: Python<'py>,
        target: &PyDataset,
        duplicate: &impl Fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        for (tag, value) in self.kept_values(py) {
            target.keep_value(py, tag, duplicate(value.bind(py))?.unbind())?;
        }
        for (tag, element) in self.memory.elements(py) {
            let element = element
                .map(|element| duplicate(element.bind(py)).map(Bound::unbind))
                .transpose()?;
            target.set(tag, element);
        }
        if let Some(known) = self.file_meta.known(py) {
            let copy = known.map(|meta| duplicate(meta.bind(py)).map(Bound::unbind)).transpose()?;
            target.file_meta.set(copy);
        }
        Ok(())
    }

    /// The decoded values that are kept.
    pub fn kept_values(&self, py: Python<'_>) -> Vec<(Tag, Py<PyAny>)> {
        let Some(dataset) = self.parsed.get() else { return Vec::new() };
        let tag = |index: usize| dataset.elements().get(index).map(|element| element.tag);
        self.memory
            .values(py)
            .into_iter()
            .filter_map(|(index, value)| Some((tag(index)?, value)))
            .collect()
    }

    /// Puts back what [`PyDataset::kept_values`] gave.
    ///
    /// # Errors
    ///
    /// If an item does not consist of elements.
    pub fn keep_value(&self, py: Python<'_>, tag: Tag, value: Py<PyAny>) -> PyResult<()> {
        if let Some(dataset) = self.parsed()?
            && let Some(index) = dataset.index(tag)
        {
            self.memory.keep(py, tag, index, dataset.elements().len(), value);
        }
        Ok(())
    }

    /// The File Meta Information if it was touched; `None` of Python's if it was removed.
    pub fn touched_meta(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.file_meta.known(py).map(|meta| meta.unwrap_or_else(|| py.None()))
    }

    /// Gives a new object its content.
    pub fn set_content(&self, content: Content) {
        self.content.set(content).ok();
    }
}

/// An empty data set.
#[pyfunction]
pub fn new_dataset(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    classes(py)?.dataset.bind(py).call0()
}

/// Empty File Meta Information.
#[pyfunction]
pub fn new_file_meta(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    classes(py)?.file_meta_dataset.bind(py).call0()
}
