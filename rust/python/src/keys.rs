//! What names an element in Python, as a tag: a keyword, a number, a pair of numbers.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyInt, PyString};
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

/// Whether an attribute's name can be a keyword: they all start with a capital letter, which no method does. A name that
/// is no valid Unicode is none.
pub fn is_like_keyword(name: &Bound<'_, PyString>) -> bool {
    name.to_str().is_ok_and(|text| text.as_bytes().first().is_some_and(u8::is_ascii_uppercase))
}

/// The tag of an attribute's name, if it is a keyword.
///
/// # Errors
///
/// If there is no memory.
pub fn keyword_of(name: &Bound<'_, PyString>) -> PyResult<Option<Tag>> {
    if !is_like_keyword(name) {
        return Ok(None);
    }
    // The hash of an attribute's name is there already, so that Python's own table is quicker than a search.
    static TAGS: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let py = name.py();
    let tags = TAGS.get_or_init(py, || PyDict::new(py).unbind()).bind(py);
    if let Some(tag) = tags.get_item(name)? {
        return Ok(Some(Tag(tag.extract()?)));
    }
    let tag = dictionary::tag_of_keyword(name.to_str()?);
    if let Some(tag) = tag {
        tags.set_item(name, tag.0)?;
    }
    Ok(tag)
}
