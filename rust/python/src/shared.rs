//! Values that files have in common, made once: in a series nearly all are the same from slice to slice.
//!
//! Only objects that nobody can change: plain text, decimal numbers, and tags.

use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use rapidicom_core::{Tag, Vr};
use rustc_hash::FxHasher;

use crate::classes::classes;

/// How many values are held. More than a header has, so that the few that differ from file to file seldom push out one
/// that does not.
const COUNT: usize = 1024;
/// Bytes of the longest text that is held: a UID's.
const LONGEST: usize = 64;

struct Held {
    vr: Vr,
    text: Box<str>,
    value: Py<PyAny>,
}

static VALUES: Mutex<[Option<Held>; COUNT]> = Mutex::new([const { None }; COUNT]);

fn values() -> MutexGuard<'static, [Option<Held>; COUNT]> {
    VALUES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The immutable object for one value's text: the one that was made for the same text before, else what `make` makes.
///
/// # Errors
///
/// Those of `make`.
pub fn shared<'py>(
    py: Python<'py>,
    vr: Vr,
    text: &str,
    make: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    if text.len() > LONGEST {
        return make();
    }
    let mut hasher = FxHasher::default();
    (vr, text).hash(&mut hasher);
    let slot = hasher.finish() as usize % COUNT;
    if let Some(Some(held)) = values().get(slot)
        && held.vr == vr
        && *held.text == *text
    {
        return Ok(held.value.bind(py).clone());
    }
    let value = make()?;
    let held = Held { vr, text: text.into(), value: value.clone().unbind() };
    let replaced = values().get_mut(slot).and_then(|slot| slot.replace(held));
    // The end of an object can run Python code, so the lock is released before.
    drop(replaced);
    Ok(value)
}

type HeldTag = (Tag, Py<PyAny>);

static TAGS: Mutex<[Option<HeldTag>; COUNT]> = Mutex::new([const { None }; COUNT]);

/// A tag as a `BaseTag`.
///
/// # Errors
///
/// If the class cannot be imported.
pub fn shared_tag(py: Python<'_>, tag: Tag) -> PyResult<Bound<'_, PyAny>> {
    let tags = || TAGS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut hasher = FxHasher::default();
    tag.hash(&mut hasher);
    let slot = (hasher.finish() >> 32) as usize % COUNT;
    if let Some(Some((held, object))) = tags().get(slot)
        && *held == tag
    {
        return Ok(object.bind(py).clone());
    }
    let classes = classes(py)?;
    let object = classes.new_int.bind(py).call1((&classes.base_tag, tag.0))?;
    let replaced = tags().get_mut(slot).and_then(|slot| slot.replace((tag, object.clone().unbind())));
    drop(replaced);
    Ok(object)
}
