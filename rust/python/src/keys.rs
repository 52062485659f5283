//! What names an element in Python, as a tag: a keyword, a number, a pair of numbers.

use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
use rapidicom_core::{Tag, dictionary};

use crate::classes::classes;
use crate::recent::Recent;

/// The tag that a key means: a keyword, a number, a pair of numbers, or whatever
/// `rapidicom.tag.Tag` takes.
///
/// # Errors
///
/// If it means none.
pub(crate) fn tag_of(key: &Bound<'_, PyAny>) -> PyResult<Tag> {
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
    Ok(Tag(classes(key.py())?.tag.bind(key.py()).call1((key,))?.extract()?))
}

/// The keyword that is most like an attribute's name, if that is written as a keyword and is none.
/// Code asks for many attributes to see what an object is: their names are in lower case.
pub(crate) fn mistyped(name: &Bound<'_, PyString>) -> Option<&'static str> {
    // To compare a name with all keywords takes as long as to read many files, and code asks every
    // data set for the same names, to see what it has.
    static NAMES: Recent<(Py<PyString>, Option<&'static str>)> = Recent::new();
    let text = name.to_str().ok()?;
    let is_written_so = text.starts_with(|first: char| first.is_ascii_uppercase());
    if !is_written_so || dictionary::tag_of_keyword(text).is_some() {
        return None;
    }
    let slot = name.as_ptr() as usize / 16;
    if let Some(known) = NAMES.find(slot, |(known, similar)| known.is(name).then_some(*similar)) {
        return known;
    }
    let similar = dictionary::similar_keyword(text);
    NAMES.put(slot, (name.clone().unbind(), similar));
    similar
}

/// The tag of an attribute's name, if it is a keyword.
pub(crate) fn keyword_of(name: &Bound<'_, PyString>) -> Option<Tag> {
    // Code asks for few attributes, always by the same name objects: comparing their addresses is
    // quickest. The objects are held, so that no other gets its address. Methods are asked for as
    // well, so that names without a tag are remembered too.
    static NAMES: Recent<(Py<PyString>, Option<Tag>)> = Recent::new();
    // Objects lie at multiples of 16.
    let slot = name.as_ptr() as usize / 16;
    if let Some(tag) = NAMES.find(slot, |(known, tag)| known.is(name).then_some(*tag)) {
        return tag;
    }
    // A name that is no valid Unicode is no keyword.
    let tag = name.to_str().ok().and_then(dictionary::tag_of_keyword);
    NAMES.put(slot, (name.clone().unbind(), tag));
    tag
}
