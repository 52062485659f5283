//! What a data set knows of its File Meta Information.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::cycles::look;

/// Whether somebody has looked at the File Meta Information, set it or removed it.
#[derive(Default)]
pub(crate) struct FileMeta(Mutex<Option<Option<Py<PyAny>>>>);

impl FileMeta {
    fn lock(&self) -> MutexGuard<'_, Option<Option<Py<PyAny>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object that stands for it, `Some(None)` if it was removed, `None` if nobody has looked.
    pub(crate) fn known(&self, py: Python<'_>) -> Option<Option<Py<PyAny>>> {
        self.lock().as_ref().map(|meta| meta.as_ref().map(|meta| meta.clone_ref(py)))
    }

    /// Puts an object in, or with `None` takes it out.
    pub(crate) fn set(&self, meta: Option<Py<PyAny>>) {
        // Freed behind the lock: that runs what it likes.
        let replaced = self.lock().replace(meta);
        drop(replaced);
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        look(&self.0, |meta| visit.call(meta.as_ref().and_then(Option::as_ref)))
    }

    pub(crate) fn clear(&self) {
        let meta = self.lock().take();
        drop(meta);
    }
}
