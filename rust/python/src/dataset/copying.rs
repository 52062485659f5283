//! Copies of a data set: a new object on the same bytes, with what was changed, handed out or
//! cached.

use std::sync::Arc;

use pyo3::prelude::*;
use rapidicom_core::Tag;

use super::class::PyDataset;
use super::content::Content;
use crate::classes::classes;

impl PyDataset {
    /// A new object on the same bytes; `duplicate` makes the copy of what was changed, handed out
    /// or cached. `memo` learns of the new object before that, so that what refers back to this
    /// one is copied with a reference to the new one.
    pub(super) fn copied<'py>(
        &self,
        slf: &Bound<'py, Self>,
        memo: Option<&Bound<'py, PyAny>>,
        duplicate: impl Fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        // A class of a program may have an `__init__` of its own.
        let class = slf.get_type();
        let copy = class.call_method1("__new__", (&class,))?;
        if let Some(memo) = memo {
            memo.set_item(slf.as_ptr().addr(), &copy)?;
        }
        let native = copy.cast::<PyDataset>()?.get();
        self.share(native);
        self.transfer(py, native, &duplicate)?;
        if let Some(reader) = self.pixel_reader.get(py) {
            native.pixel_reader.put(reader.get().copied(py, &duplicate)?);
        }
        let attributes = slf.as_any().getattr("__dict__")?;
        copy.getattr("__dict__")?.call_method1("update", (duplicate(&attributes)?,))?;
        Ok(copy)
    }

    /// A new object on the same bytes, as it was read.
    pub(super) fn without_changes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let made = classes(py)?.dataset.bind(py).call0()?;
        self.share(made.cast::<PyDataset>()?.get());
        Ok(made)
    }

    /// Gives a new object the bytes of this one.
    fn share(&self, target: &PyDataset) {
        let content = match self.content.get() {
            Some(Content::File(file)) => Some(Content::File(Arc::clone(file))),
            Some(Content::Parsed(dataset)) => Some(Content::Parsed(Arc::clone(dataset))),
            Some(Content::Item(item)) => Some(Content::Item(item.clone())),
            None => None,
        };
        if let Some(content) = content {
            target.content.set(content).ok();
        }
        if let Some(parsed) = self.parsed.get() {
            target.parsed.set(Arc::clone(parsed)).ok();
        }
        if let Some(mmap) = self.mmap.get() {
            target.mmap.set(mmap.clone()).ok();
        }
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
}
