//! Values that files have in common, made once: in a series nearly all are the same from slice to
//! slice.
//!
//! Only objects that nobody can change: plain text, decimal numbers, and tags.

use std::hash::{Hash, Hasher};

use pyo3::prelude::*;
use rapidicom_core::{Tag, Vr};
use rustc_hash::FxHasher;

use crate::classes::classes;
use crate::recent::Recent;

/// Bytes of the longest text that is held: a UID's.
const LONGEST: usize = 64;

struct Held {
    vr: Vr,
    text: Box<str>,
    value: Py<PyAny>,
}

static VALUES: Recent<Held> = Recent::new();
static TAGS: Recent<(Tag, Py<PyAny>)> = Recent::new();

/// The immutable object for one value's text: the one that was made for the same text before, else
/// what `make` makes.
///
/// # Errors
///
/// Those of `make`.
pub(crate) fn shared<'py>(
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
    let slot = hasher.finish() as usize;
    let is_same = |held: &Held| held.vr == vr && *held.text == *text;
    if let Some(value) = VALUES.find(slot, |held| is_same(held).then(|| held.value.clone_ref(py))) {
        return Ok(value.into_bound(py));
    }
    let value = make()?;
    VALUES.put(slot, Held { vr, text: text.into(), value: value.clone().unbind() });
    Ok(value)
}

/// A tag as a `BaseTag`.
///
/// # Errors
///
/// If the class cannot be imported.
pub(crate) fn shared_tag(py: Python<'_>, tag: Tag) -> PyResult<Bound<'_, PyAny>> {
    let mut hasher = FxHasher::default();
    tag.hash(&mut hasher);
    let slot = (hasher.finish() >> 32) as usize;
    if let Some(object) =
        TAGS.find(slot, |(held, object)| (*held == tag).then(|| object.clone_ref(py)))
    {
        return Ok(object.into_bound(py));
    }
    let classes = classes(py)?;
    let object = classes.new_int.bind(py).call1((&classes.base_tag, tag.0))?;
    TAGS.put(slot, (tag, object.clone().unbind()));
    Ok(object)
}
