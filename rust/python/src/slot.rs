//! A place for one Python object, which several threads may look into.

use std::sync::{Mutex, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::cycles::look;

/// Empty until somebody puts an object in.
pub(crate) struct Slot<T>(Mutex<Option<Py<T>>>);

impl<T> Slot<T> {
    pub(crate) fn new(object: Option<Py<T>>) -> Slot<T> {
        Slot(Mutex::new(object))
    }

    /// What was put in last.
    pub(crate) fn get(&self, py: Python<'_>) -> Option<Py<T>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(|object| object.clone_ref(py))
    }

    /// Puts an object in, in place of what was there.
    pub(crate) fn put(&self, object: Py<T>) {
        // Freed behind the lock: the end of an object can run Python code.
        let replaced = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(object);
        drop(replaced);
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        look(&self.0, |object| visit.call(object.as_ref()))
    }

    pub(crate) fn clear(&self) {
        let object = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(object);
    }
}
