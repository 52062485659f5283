//! Long work away from the interpreter, which still hears Ctrl-C and shows progress.

use pyo3::prelude::*;
use rapidicom_core::{Cushion, Result, Tick};

use crate::error::to_python;

/// Runs `job` detached from the interpreter. About every 50 ms, and at the end, signals are looked
/// for and `progress` is called with the number of items that are done.
///
/// # Errors
///
/// What a signal handler or `progress` raises, or the exception for the job's error.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    job: impl FnOnce(Tick<'_>) -> Result<T> + Send,
) -> PyResult<T> {
    let _cushion = Cushion::if_there_is_room();
    let mut raised = None;
    let result = py.detach(|| {
        let mut tick = |done: usize| {
            Python::attach(|py| {
                let called = py.check_signals().and_then(|()| match &progress {
                    Some(progress) => progress.call1(py, (done,)).map(drop),
                    None => Ok(()),
                });
                match called {
                    Ok(()) => true,
                    Err(error) => {
                        raised = Some(error);
                        false
                    }
                }
            })
        };
        job(&mut tick)
    });
    match raised {
        Some(error) => Err(error),
        None => result.map_err(to_python),
    }
}

/// Tells `progress` how many items there will be, once that is known. What it raises, it will raise
/// again when it is called next.
pub(crate) fn announce(progress: Option<&Py<PyAny>>, total: usize) {
    if let Some(progress) = progress {
        Python::attach(|py| progress.call1(py, (0, total)).ok());
    }
}
