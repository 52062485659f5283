//! Memory that may be refused.

mod cushion;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

pub use cushion::{Cushion, give_up_cushion};

use crate::error::{Error, ErrorKind, Result, note_no_memory};

static IS_SHORT: AtomicBool = AtomicBool::new(false);

/// Whether the process lives on the reserve of its allocator: the system refused memory, and what
/// was small came out of the reserve. Work that goes on over many items stops then.
fn is_memory_short() -> bool {
    IS_SHORT.load(Ordering::Relaxed)
}

/// Said by an allocator that has a reserve.
pub fn set_memory_short(is_short: bool) {
    IS_SHORT.store(is_short, Ordering::Relaxed);
}

/// More than the reserve of the binding's allocator hands out at once.
const PROBE: usize = 1280 << 10;

/// Fails if the process lives on the reserve of its allocator, and the system has no more memory
/// now either.
///
/// # Errors
///
/// [`ErrorKind::NoMemory`].
pub(crate) fn check_memory() -> Result<()> {
    if !is_memory_short() {
        return Ok(());
    }
    if !has(PROBE) {
        return Err(no_memory());
    }
    set_memory_short(false);
    Ok(())
}

/// Checks that there is memory for some text of a long value, which is made piece by piece.
///
/// # Errors
///
/// [`ErrorKind::NoMemory`].
pub fn check_room_for_text(value_length: usize) -> Result<()> {
    // A byte becomes three in UTF-8, in a buffer that grows to twice what it was.
    let length = value_length.saturating_mul(6);
    if length < PROBE || has(length) { Ok(()) } else { Err(no_memory()) }
}

/// Address space that must be left for another thread: more than glibc's heaps of 64 MiB hold, so
/// that the system itself is asked. It gets it back at once, untouched.
const ROOM_FOR_A_THREAD: usize = 65 << 20;

/// Whether the system has memory for another thread. The standard library takes a thread's handle,
/// and the C library its thread-local data, past every allocator, and end the process without.
pub(crate) fn has_room_for_a_thread() -> bool {
    has(ROOM_FOR_A_THREAD)
}

fn has(length: usize) -> bool {
    empty(length).is_some()
}

/// Room for `length` bytes, none of which is there yet.
fn empty(length: usize) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    bytes.try_reserve_exact(length).ok()?;
    // Else the compiler sees that nobody uses them, and asks for nothing.
    Some(black_box(bytes))
}

/// `count` times the default value, for what may be large.
///
/// # Errors
///
/// [`ErrorKind::NoMemory`].
pub(crate) fn filled<T: Clone + Default>(count: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    reserve_exact(&mut values, count)?;
    values.resize(count, T::default());
    Ok(values)
}

/// Makes `values` that long, as [`Vec::resize`] does with the default value.
///
/// # Errors
///
/// [`ErrorKind::NoMemory`].
pub(crate) fn resize<T: Clone + Default>(values: &mut Vec<T>, count: usize) -> Result<()> {
    reserve(values, count.saturating_sub(values.len()))?;
    values.resize(count, T::default());
    Ok(())
}

/// The same values once more.
///
/// # Errors
///
/// [`ErrorKind::NoMemory`].
pub(crate) fn copied<T: Copy>(values: &[T]) -> Result<Vec<T>> {
    let mut copy = Vec::new();
    reserve_exact(&mut copy, values.len())?;
    copy.extend_from_slice(values);
    Ok(copy)
}

/// Adds a value to what may become long.
///
/// # Errors
///
/// [`ErrorKind::NoMemory`].
#[inline]
pub(crate) fn push<T>(values: &mut Vec<T>, value: T) -> Result<()> {
    if values.len() == values.capacity() {
        reserve(values, 1)?;
    }
    values.push(value);
    Ok(())
}

/// Makes room for `count` values and no more.
///
/// # Errors
///
/// [`ErrorKind::NoMemory`].
pub(crate) fn reserve_exact<T>(values: &mut Vec<T>, count: usize) -> Result<()> {
    values.try_reserve_exact(count).map_err(|_| no_memory())
}

/// Makes room for `more` values.
///
/// # Errors
///
/// [`ErrorKind::NoMemory`].
pub(crate) fn reserve<T>(values: &mut Vec<T>, more: usize) -> Result<()> {
    values.try_reserve(more).map_err(|_| no_memory())
}

pub(crate) fn no_memory() -> Error {
    note_no_memory();
    ErrorKind::NoMemory.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_an_error() {
        assert_eq!(filled::<u8>(3).unwrap(), [0, 0, 0]);
        for count in [usize::MAX, usize::MAX / 2, isize::MAX as usize] {
            let error = filled::<u16>(count).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::NoMemory), "{count}");
        }
        let mut values = vec![1, 2, 3];
        resize(&mut values, 5).unwrap();
        assert_eq!(values, [1, 2, 3, 0, 0]);
        resize(&mut values, 1).unwrap();
        assert_eq!(values, [1]);
        (0..100).for_each(|value| push(&mut values, value).unwrap());
        assert_eq!((values.len(), values[100]), (101, 99));
        assert_eq!(copied(&values).unwrap(), values);
        assert!(reserve(&mut values, usize::MAX).is_err());
    }
}
