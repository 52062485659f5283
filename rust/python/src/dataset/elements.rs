//! The elements of a data set as they are now: those that were read, and changes in memory.

use std::sync::Arc;

use pyo3::prelude::*;
use rapidicom_core::{Dataset, Element, Tag};

use super::class::PyDataset;
use crate::element::{PyDataElement, as_element};
use crate::memory::Known;
use crate::value::to_object;

impl PyDataset {
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
        let known = self.known_index(tag);
        match self.memory.look(py, tag, known) {
            Known::Element(Some(object)) => return element_value(object.bind(py)).map(Some),
            Known::Element(None) => return Ok(None),
            Known::Value(value) => return Ok(Some(value.into_bound(py))),
            Known::Nothing => {}
        }
        let Some(dataset) = self.parsed()? else { return Ok(None) };
        let Some(index) = known.or_else(|| dataset.index(tag)) else { return Ok(None) };
        let Some(element) = dataset.elements().get(index) else { return Ok(None) };
        let value = to_object(py, dataset, element)?;
        // Pixels can be larger than all the rest.
        if tag.is_pixel_data() {
            return Ok(Some(value));
        }
        let count = dataset.elements().len();
        Ok(Some(self.memory.keep(py, tag, index, count, value.unbind()).into_bound(py)))
    }

    /// Whether there is an element with this tag now.
    pub(super) fn has(&self, py: Python<'_>, tag: Tag) -> PyResult<bool> {
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

    /// The element with this tag as it is now, an object that is kept.
    pub(super) fn element<'py>(
        &self,
        py: Python<'py>,
        tag: Tag,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
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
