//! Small tables of what was made last, one entry a slot: a new one pushes out what was there.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// More slots than a header has elements, so that the few values that differ from file to file
/// seldom push out one that does not.
const COUNT: usize = 1024;

/// What was made last, by a number of which the lowest bits are the slot.
pub(crate) struct Recent<T>(Mutex<[Option<T>; COUNT]>);

impl<T> Recent<T> {
    pub(crate) const fn new() -> Recent<T> {
        Recent(Mutex::new([const { None }; COUNT]))
    }

    fn lock(&self) -> MutexGuard<'_, [Option<T>; COUNT]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `take` makes of the entry in the slot, if there is one.
    pub(crate) fn find<R>(&self, number: usize, take: impl FnOnce(&T) -> Option<R>) -> Option<R> {
        self.lock().get(number % COUNT)?.as_ref().and_then(take)
    }

    /// Puts an entry into the slot.
    pub(crate) fn put(&self, number: usize, entry: T) {
        let replaced = self.lock().get_mut(number % COUNT).and_then(|slot| slot.replace(entry));
        // The end of an object can run Python code, so the lock is released before.
        drop(replaced);
    }
}
