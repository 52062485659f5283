//! Instances that come one after the other, and are decoded while others are under way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use rapidicom_core::series::InstanceAhead;
use rapidicom_core::{Arena, Arrived, SharedBytes};

use crate::error::to_python;

/// An instance received whole, before its place in the volume is known.
#[pyclass(name = "Arrived", module = "rapidicom._core", frozen)]
pub(crate) struct PyArrived {
    arrived: Arc<Arrived>,
    ahead: InstanceAhead,
}

#[pymethods]
impl PyArrived {
    #[new]
    fn new(data: PyBackedBytes) -> PyResult<PyArrived> {
        PyArrived::of(Arc::new(data))
    }

    /// Its SOP Instance UID; empty if it has none, or its header is damaged.
    #[getter]
    fn sop_instance_uid(&self) -> &str {
        &self.ahead.sop_instance_uid
    }

    /// Bytes of its frames after they are decoded; 0 if nothing is compressed.
    #[getter]
    fn decoded_length(&self) -> u64 {
        self.ahead.decoded_length()
    }

    /// Decodes what is compressed; what is damaged is left for those who read the series.
    fn decode(&self, py: Python<'_>) {
        py.detach(|| self.ahead.decode());
    }

    /// Its bytes, copied.
    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, (**self.arrived.bytes()).as_ref())
    }
}

impl PyArrived {
    fn of(bytes: SharedBytes) -> PyResult<PyArrived> {
        let arrived = Arc::new(Arrived::new(bytes));
        let ahead = InstanceAhead::new(Arc::clone(&arrived)).map_err(to_python)?;
        Ok(PyArrived { arrived, ahead })
    }

    /// What has come.
    pub(crate) fn arrived(&self) -> Arc<Arrived> {
        Arc::clone(&self.arrived)
    }
}

/// Memory that instances are put into as they come.
#[pyclass(name = "Arena", module = "rapidicom._core", frozen)]
pub(crate) struct PyArena(Mutex<Arena>);

#[pymethods]
impl PyArena {
    #[new]
    fn new() -> PyArena {
        PyArena(Mutex::default())
    }

    /// Starts an instance of so many bytes; one that is not finished is forgotten.
    fn begin(&self, length: usize) -> PyResult<()> {
        self.arena().begin(length).map_err(to_python)
    }

    /// Adds bytes. Returns `False`, and adds none, if they exceed what `begin` made room for.
    fn write(&self, piece: &[u8]) -> bool {
        self.arena().write(piece)
    }

    /// The bytes of the instance that was started, so far.
    fn begun<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.arena().begun())
    }

    /// Ends an instance.
    fn end(&self) {
        self.arena().end();
    }

    /// The instances of full chunks, which are no longer written.
    fn take_ready(&self) -> PyResult<Vec<PyArrived>> {
        let ready = self.arena().take_ready();
        ready.into_iter().map(PyArrived::of).collect()
    }

    /// All instances that were ended and not taken.
    fn take_all(&self) -> PyResult<Vec<PyArrived>> {
        let all = self.arena().take_all();
        all.into_iter().map(PyArrived::of).collect()
    }
}

impl PyArena {
    fn arena(&self) -> MutexGuard<'_, Arena> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
