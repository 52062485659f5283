//! What a data set was read from.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyType;
use rapidicom_core::{Dataset, DicomFile, Item, Limits};

use super::class::PyDataset;
use crate::classes::classes;
use crate::error::to_python;
use crate::warning::warn_of;

/// What a data set was read from.
pub enum Content {
    /// The data set of a file.
    File(Arc<DicomFile>),
    /// An item, or File Meta Information.
    Parsed(Arc<Dataset>),
    /// An item that nobody has looked into yet.
    Item(Item),
}

impl PyDataset {
    pub(super) fn make<'py>(
        class: &Bound<'py, PyType>,
        content: Content,
    ) -> PyResult<Bound<'py, PyAny>> {
        let object = class.call0()?;
        let native = object.cast::<PyDataset>()?;
        native.get().content.set(content).ok();
        Ok(object)
    }

    /// The data set of an item.
    ///
    /// # Errors
    ///
    /// If the package has not handed over its classes.
    pub fn from_item(py: Python<'_>, item: Item) -> PyResult<Bound<'_, PyAny>> {
        PyDataset::make(classes(py)?.dataset.bind(py), Content::Item(item))
    }

    /// The data set of a file, of which the last element that was read ends at `end`.
    ///
    /// # Errors
    ///
    /// If the package has not handed over its classes.
    pub fn from_file<'py>(
        py: Python<'py>,
        file: DicomFile,
        mmap: &str,
        end: Option<u64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let class = classes(py)?.dataset.bind(py);
        let object = PyDataset::make(class, Content::File(Arc::new(file)))?;
        let native = object.cast::<PyDataset>()?.get();
        native.mmap.set(mmap.to_owned()).ok();
        if let Some(end) = end {
            native.end_offset.set(end).ok();
        }
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
            Some(Content::Item(item)) => {
                let dataset = item.parse(&Limits::DEFAULT).map_err(to_python)?;
                if !dataset.deviations().as_slice().is_empty() {
                    let is_given = dataset.is_character_set_fixed();
                    Python::attach(|py| warn_of(py, &dataset, is_given))?;
                }
                Arc::new(dataset)
            }
        };
        Ok(Some(self.parsed.get_or_init(|| parsed)))
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
pub(crate) fn new_dataset(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    classes(py)?.dataset.bind(py).call0()
}

/// Empty File Meta Information.
#[pyfunction]
pub(crate) fn new_file_meta(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    classes(py)?.file_meta_dataset.bind(py).call0()
}
