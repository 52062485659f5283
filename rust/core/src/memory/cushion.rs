//! Room for work that cannot be refused memory.
//!
//! A crate of others may ask for memory in a way that ends the process where there is none. While it
//! works, a block of address space is held that nobody uses; an allocator that the system refuses
//! memory frees one ([`give_up_cushion`]) and asks again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{empty, no_memory, set_memory_short};
use crate::error::Result;

/// Four times the largest window of JPEG XL, its tables beside it; and more than glibc keeps when
/// it is freed, so that the system gets it back. Nobody writes to it: it is address space alone.
const LENGTH: usize = 40 << 20;
/// Frames that are decoded at once. Those beyond share the cushions of the others.
const MOST: usize = 64;

/// What some work holds: a block, or an empty one that was given up. All places are there from the
/// start, since who gives a block up may not ask for memory.
static CUSHIONS: Mutex<[Option<Vec<u8>>; MOST]> = Mutex::new([const { None }; MOST]);

/// Does work that has a cushion meanwhile.
///
/// # Errors
///
/// [`crate::ErrorKind::NoMemory`] if there is no room for one; or the work's own.
pub(crate) fn cushioned<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let cushion = empty(LENGTH).ok_or_else(no_memory)?;
    let _held = Held::new(cushion);
    work()
}

/// Frees one cushion, if there is any: the system has more memory afterwards, and the process
/// [is short of it](set_memory_short).
///
/// For allocators, when the system and the reserve refuse. Asks for no memory itself.
pub fn give_up_cushion() -> bool {
    let mut cushions = cushions();
    let held = cushions.iter_mut().flatten().find(|cushion| cushion.capacity() > 0);
    let given_up = held.map(std::mem::take);
    drop(cushions);
    let is_given_up = given_up.is_some();
    if is_given_up {
        set_memory_short(true);
    }
    is_given_up
}

fn cushions() -> MutexGuard<'static, [Option<Vec<u8>>; MOST]> {
    CUSHIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of a cushion.
struct Held(Option<usize>);

impl Held {
    fn new(cushion: Vec<u8>) -> Held {
        let mut cushions = cushions();
        let free = cushions.iter().position(Option::is_none);
        if let Some(place) = free.and_then(|index| cushions.get_mut(index)) {
            *place = Some(cushion);
        }
        Held(free)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let cushion = self.0.and_then(|index| cushions().get_mut(index)?.take());
        drop(cushion);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cushion_is_given_up_once_and_its_place_is_free_after_the_work() {
        let room = |index: usize| cushions()[index].as_ref().map(Vec::capacity);
        let held = Held::new(empty(1).unwrap());
        let index = held.0.unwrap();
        // Other tests decode frames at the same time: the first ones may be theirs.
        while room(index) != Some(0) {
            assert!(give_up_cushion());
        }
        drop(held);
        assert_ne!(room(index), Some(0));
        set_memory_short(false);

        // Work beyond the places has none of its own.
        let held: Vec<Held> = (0..=MOST).map(|_| Held::new(Vec::new())).collect();
        assert!(held.iter().any(|one| one.0.is_none()));
        drop(held);
        assert_eq!(cushioned(|| Ok(7)).unwrap(), 7);
    }
}
