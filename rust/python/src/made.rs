//! What a Python object holds that may never have been filled.
//!
//! CPython makes an object of a Python class, zeroes it, and then its `__dict__`. Without memory
//! for that it drops the object, which PyO3 has not filled yet: what lies there must not be taken
//! for a value. An object that may end that way holds its fields in a [`Made`].

use std::mem::MaybeUninit;
use std::ops::Deref;

/// What stands beside fields that were filled.
const MADE: u64 = 0x4D61_6465_4D61_6465;

/// Fields, or the zeros of an object that never got any.
pub(crate) struct Made<T> {
    sign: u64,
    fields: MaybeUninit<T>,
}

impl<T> Made<T> {
    pub(crate) fn new(fields: T) -> Made<T> {
        Made { sign: MADE, fields: MaybeUninit::new(fields) }
    }

    /// The fields, if there are any; for the collector, which sees objects that are being made.
    pub(crate) fn if_made(&self) -> Option<&T> {
        (self.sign == MADE).then(|| &**self)
    }
}

impl<T> Deref for Made<T> {
    type Target = T;

    #[allow(unsafe_code, reason = "the sign says that the fields are there")]
    fn deref(&self) -> &T {
        // SAFETY: `new` alone makes one from Rust, with fields. Of an object that has none CPython
        // tells nobody but the collector, which asks `if_made`, and `drop`.
        unsafe { self.fields.assume_init_ref() }
    }
}

impl<T> Drop for Made<T> {
    #[allow(unsafe_code, reason = "the sign says that the fields are there")]
    fn drop(&mut self) {
        if self.sign == MADE {
            // SAFETY: only `new` writes the sign, beside fields, and this is their end.
            unsafe { self.fields.assume_init_drop() }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    #[allow(unsafe_code, reason = "as CPython does")]
    fn zeros_are_dropped_without_a_look() {
        // SAFETY: zeros are a `u64` and no fields.
        let zeros: Made<Rc<String>> = unsafe { MaybeUninit::zeroed().assume_init() };
        assert!(zeros.if_made().is_none());
        drop(zeros);
        let counted = Rc::new(String::new());
        let made = Made::new(Rc::clone(&counted));
        assert!(made.if_made().is_some() && made.is_empty());
        assert_eq!(Rc::strong_count(&counted), 2);
        drop(made);
        assert_eq!(Rc::strong_count(&counted), 1);
    }
}
