//! What names an element in Python, as a tag: a keyword, a number, a pair of numbers.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
use rapidicom_core::{Tag, dictionary};

/// The tag that a key means: a keyword, a number, a pair of numbers, or whatever `rapidicom.tag.Tag` takes.
///
/// # Errors
///
/// If it means none.
pub fn tag_of(key: &Bound<'_, PyAny>) -> PyResult<Tag> {
    if let Ok(text) = key.cast::<PyString>() {
        if let Some(tag) = dictionary::tag_of_keyword(text.to_str()?) {
            return Ok(tag);
        }
    } else if key.is_instance_of::<PyInt>() {
        if let Ok(number) = key.extract::<u32>() {
            return Ok(Tag(number));
        }
    } else if let Ok((group, element)) = key.extract::<(u16, u16)>() {
        return Ok(Tag::new(group, element));
    }
    Ok(Tag(key.py().import("rapidicom.tag")?.getattr("Tag")?.call1((key,))?.extract()?))
}

/// The tag of an attribute's name, if it is a keyword.
pub fn keyword_of(name: &Bound<'_, PyString>) -> Option<Tag> {
    // Code asks for few attributes, always by the same name objects: comparing their addresses is quickest. Methods are
    // asked for as well, so that names without a tag are remembered too.
    static RECENT: Mutex<[Option<Recent>; RECENT_COUNT]> = Mutex::new([const { None }; RECENT_COUNT]);
    let recent = || RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    // Objects lie at multiples of 16.
    let slot = name.as_ptr() as usize / 16 % RECENT_COUNT;
    if let Some(Some(known)) = recent().get(slot)
        && known.name.is(name)
    {
        return known.tag;
    }
    // A name that is no valid Unicode is no keyword.
    let tag = name.to_str().ok().and_then(dictionary::tag_of_keyword);
    let known = Recent { name: name.clone().unbind(), tag };
    let replaced = recent().get_mut(slot).and_then(|slot| slot.replace(known));
    drop(replaced);
    tag
}

/// Some hundred names are asked for over and over; more room makes it rarer that two take turns in one place.
const RECENT_COUNT: usize = 1024;

struct Recent {
    /// Held, so that no other object gets its address.
    name: Py<PyString>,
    tag: Option<Tag>,
}
