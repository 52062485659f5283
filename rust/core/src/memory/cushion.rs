//! Room for work that cannot be refused memory.
//!
//! A crate of others, and lists of as many things as there are files, ask for memory in a way that
//! ends the process where there is none. Meanwhile a block of address space is held that nobody
//! uses; an allocator that the system refuses memory frees one ([`give_up_cushion`]) and asks
//! again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{empty, no_memory, set_memory_short};
use crate::error::Result;

/// Ten times the largest window of JPEG XL; and more than glibc keeps when it is freed, so that the
/// system gets it back. Nobody writes to it: it is address space alone.
const LENGTH: usize = 40 << 20;
/// From so many files on, lists may be longer than the reserve of the binding's allocator.
const MANY: usize = 1000;
/// What lists have for each file, that of its header the longest of them.
const EACH: usize = 1024;
/// Work at the same time. What is beyond shares the cushions of the others.
const MOST: usize = 64;

/// What some work holds: a block, or an empty one that was given up. All places are there from the
/// start, since who gives a block up may not ask for memory.
static CUSHIONS: Mutex<[Option<Vec<u8>>; MOST]> = Mutex::new([const { None }; MOST]);

/// The place of a block that is held until this is dropped.
#[derive(Debug)]
pub struct Cushion(Option<usize>);

impl Cushion {
    /// One for a crate that takes no refusal.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::NoMemory`] if there is no room for it.
    pub(crate) fn new() -> Result<Cushion> {
        empty(LENGTH).map(Cushion::of).ok_or_else(no_memory)
    }

    /// One for lists of so many files, if they are many.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::NoMemory`] if there is no room for it.
    pub(crate) fn for_files(count: usize) -> Result<Cushion> {
        if count < MANY {
            return Ok(Cushion(None));
        }
        empty(count.saturating_mul(EACH).max(LENGTH)).map(Cushion::of).ok_or_else(no_memory)
    }

    /// One for what nobody has counted yet, if there is room for it.
    pub fn if_there_is_room() -> Cushion {
        empty(LENGTH).map_or(Cushion(None), Cushion::of)
    }

    /// One for a list of so many things, if they are many and there is room for it.
    pub fn for_list(count: usize) -> Cushion {
        if count < MANY { Cushion(None) } else { Cushion::if_there_is_room() }
    }

    fn of(block: Vec<u8>) -> Cushion {
        let mut cushions = cushions();
        let free = cushions.iter().position(Option::is_none);
        if let Some(place) = free.and_then(|index| cushions.get_mut(index)) {
            *place = Some(block);
        }
        Cushion(free)
    }
}

impl Drop for Cushion {
    fn drop(&mut self) {
        let block = self.0.and_then(|index| cushions().get_mut(index)?.take());
        drop(block);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cushion_is_given_up_once_and_its_place_is_free_after_the_work() {
        let room = |index: usize| cushions()[index].as_ref().map(Vec::capacity);
        let held = Cushion::of(empty(1).unwrap());
        let index = held.0.unwrap();
        // Other tests decode frames at the same time: the first ones may be theirs.
        while room(index) != Some(0) {
            assert!(give_up_cushion());
        }
        drop(held);
        assert_ne!(room(index), Some(0));
        set_memory_short(false);

        // Work beyond the places has none of its own.
        let held: Vec<Cushion> = (0..=MOST).map(|_| Cushion::of(Vec::new())).collect();
        assert!(held.iter().any(|one| one.0.is_none()));
        drop(held);
        assert!(Cushion::for_files(MANY - 1).unwrap().0.is_none());
        for held in [Cushion::new(), Cushion::for_files(MANY), Ok(Cushion::if_there_is_room())] {
            assert!(held.unwrap().0.is_some());
        }
        assert!(Cushion::for_list(MANY - 1).0.is_none() && Cushion::for_list(MANY).0.is_some());
        assert!(Cushion::for_files(usize::MAX).is_err());
    }
}
