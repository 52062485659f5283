//! Objects of Python that refer to each other: how the garbage collector sees what is behind a
//! lock.
//!
//! Each class that can hold objects of Python shows them to the collector (`__traverse__`) and lets
//! them go when it says so (`__clear__`). The collector looks twice at the same object and must
//! find the same both times. It does: these locks are held by threads that are attached to the
//! interpreter, and never while code of Python runs, so none is held while the collector works.
//! Should one be, nothing is shown, and the objects seem to be used from elsewhere: they live on.

use std::sync::{Mutex, PoisonError, TryLockError};

use pyo3::gc::PyTraverseError;

/// Calls `show` with what is behind a lock that nobody holds. It does not wait: the thread that
/// the collector runs on could be the one that holds the lock.
///
/// # Errors
///
/// Those of `show`.
pub(crate) fn look<T>(
    lock: &Mutex<T>,
    show: impl FnOnce(&T) -> Result<(), PyTraverseError>,
) -> Result<(), PyTraverseError> {
    match lock.try_lock().or_else(recover) {
        Ok(held) => show(&held),
        Err(()) => Ok(()),
    }
}

fn recover<T>(error: TryLockError<T>) -> Result<T, ()> {
    match error {
        TryLockError::Poisoned(error) => Ok(PoisonError::into_inner(error)),
        TryLockError::WouldBlock => Err(()),
    }
}
