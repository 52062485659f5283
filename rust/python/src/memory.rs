//! What a data set remembers: values that were decoded, and elements that were handed out, set or
//! deleted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use rapidicom_core::Tag;

use crate::cycles::look;

/// What is known of one element without reading it.
pub(crate) enum Known {
    /// It was handed out or set; `None` if it was deleted.
    Element(Option<Py<PyAny>>),
    /// Its value, as it was read.
    Value(Py<PyAny>),
    /// Nothing yet.
    Nothing,
}

/// The memory of one data set.
#[derive(Default)]
pub(crate) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    /// Decoded values by the index of their element record; none before the first. A dictionary by
    /// keyword takes four times as long to fill.
    values: Vec<Option<Py<PyAny>>>,
    elements: BTreeMap<Tag, Option<Py<PyAny>>>,
}

// The end of an object can run Python code that looks at the data set, so nothing is dropped under
// the lock.
impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the element with this tag, whose record is the one with this index if there
    /// is one.
    pub(crate) fn look(&self, py: Python<'_>, tag: Tag, index: Option<usize>) -> Known {
        let state = self.state();
        if let Some(found) = state.elements.get(&tag) {
            return Known::Element(found.as_ref().map(|element| element.clone_ref(py)));
        }
        match index.and_then(|index| state.values.get(index)?.as_ref()) {
            Some(value) => Known::Value(value.clone_ref(py)),
            None => Known::Nothing,
        }
    }

    /// The element that was handed out or set, `Some(None)` if it was deleted.
    pub(crate) fn element(&self, py: Python<'_>, tag: Tag) -> Option<Option<Py<PyAny>>> {
        self.state()
            .elements
            .get(&tag)
            .map(|found| found.as_ref().map(|element| element.clone_ref(py)))
    }

    /// Keeps a decoded value, one of `count`; unless another thread was quicker, whose value is
    /// returned.
    pub(crate) fn keep(
        &self,
        py: Python<'_>,
        tag: Tag,
        index: usize,
        count: usize,
        value: Py<PyAny>,
    ) -> Py<PyAny> {
        let mut state = self.state();
        // The value of an element that was handed out is read from there.
        if state.elements.contains_key(&tag) {
            return value;
        }
        if state.values.is_empty() {
            state.values.resize_with(count, || None);
        }
        match state.values.get_mut(index) {
            Some(Some(kept)) => kept.clone_ref(py),
            Some(empty) => {
                *empty = Some(value.clone_ref(py));
                value
            }
            None => value,
        }
    }

    /// Takes a decoded value out: from now on its element has it.
    pub(crate) fn take(&self, index: usize) -> Option<Py<PyAny>> {
        self.state().values.get_mut(index)?.take()
    }

    /// Remembers an element that was handed out or set, or with `None` that it was deleted.
    pub(crate) fn set(&self, tag: Tag, index: Option<usize>, element: Option<Py<PyAny>>) {
        let mut state = self.state();
        let value = index.and_then(|index| state.values.get_mut(index)?.take());
        let replaced = state.elements.insert(tag, element);
        drop(state);
        drop((value, replaced));
    }

    /// The elements that were handed out, set or deleted.
    pub(crate) fn elements(&self, py: Python<'_>) -> Vec<(Tag, Option<Py<PyAny>>)> {
        let state = self.state();
        state
            .elements
            .iter()
            .map(|(tag, element)| (*tag, element.as_ref().map(|e| e.clone_ref(py))))
            .collect()
    }

    /// The tags of what was handed out or set, and of what was deleted: `false`.
    pub(crate) fn tags(&self) -> Vec<(Tag, bool)> {
        self.state().elements.iter().map(|(tag, element)| (*tag, element.is_some())).collect()
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        look(&self.0, |state| {
            state.values.iter().try_for_each(|value| visit.call(value.as_ref()))?;
            state.elements.values().try_for_each(|element| visit.call(element.as_ref()))
        })
    }

    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut *self.state());
        drop(all);
    }

    /// The decoded values that are kept here, by the index of their records.
    pub(crate) fn values(&self, py: Python<'_>) -> Vec<(usize, Py<PyAny>)> {
        let state = self.state();
        let kept = state.values.iter().enumerate();
        kept.filter_map(|(index, value)| Some((index, value.as_ref()?.clone_ref(py)))).collect()
    }
}
