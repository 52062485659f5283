//! Paths as text, names that are not UTF-8 with a way back to their bytes.
//!
//! Arrow's strings are UTF-8, and a name of a file need not be. Each of its bytes that is no part
//! of UTF-8 becomes one character from U+EF80 (for 0x80) to U+EFFF (for 0xFF), which Unicode leaves
//! to private use. Of a name that has such a character itself, the bytes of that character
//! are written in the same way, so that no two paths have one text. `real_path` in
//! `python/rapidicom/sources/paths.py` goes back in Python.

use std::borrow::Cow;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::PyString;

/// The path or the name of a file in a pickle: a `str`, because `pathlib` has another one for
/// `zip://CT/1.dcm::study.zip`. Pickles of earlier versions have a `pathlib.Path`.
pub(crate) struct PickledPath(pub PathBuf);

impl<'py> IntoPyObject<'py> for PickledPath {
    type Target = PyString;
    type Output = Bound<'py, PyString>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Infallible> {
        self.0.as_os_str().into_pyobject(py)
    }
}

impl<'py> FromPyObject<'_, 'py> for PickledPath {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<PickledPath> {
        object.extract().map(PickledPath)
    }
}

/// The character for the byte 0x80.
#[cfg(unix)]
const FIRST: u32 = 0xEF80;
/// What the characters of the range start with in UTF-8.
#[cfg(unix)]
const LEAD: u8 = 0xEE;

/// The byte that a character stands for.
#[cfg(unix)]
fn byte_of(character: char) -> Option<u8> {
    let byte = u32::from(character).checked_sub(FIRST)?.checked_add(0x80)?;
    u8::try_from(byte).ok()
}

#[cfg(unix)]
fn push_bytes(text: &mut String, bytes: &[u8]) {
    let escape = |byte: &u8| char::from_u32(FIRST + u32::from(*byte) - 0x80);
    text.extend(bytes.iter().filter(|byte| **byte >= 0x80).filter_map(escape));
}

#[cfg(unix)]
pub(crate) fn to_text(path: &Path) -> Cow<'_, str> {
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&LEAD) => Cow::Borrowed(text),
        _ => Cow::Owned(escaped(bytes)),
    }
}

/// Windows' names are UTF-16, of which hardly one is broken.
#[cfg(not(unix))]
pub(crate) fn to_text(path: &Path) -> Cow<'_, str> {
    path.to_string_lossy()
}

#[cfg(unix)]
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match byte_of(character) {
                Some(_) => push_bytes(&mut text, character.encode_utf8(&mut [0; 4]).as_bytes()),
                None => text.push(character),
            }
        }
        push_bytes(&mut text, chunk.invalid());
    }
    text
}

/// A path for people to read: bytes that are not UTF-8 as `\xff`.
pub(crate) fn to_words(path: &Path) -> String {
    let mut words = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        words.push_str(chunk.valid());
        words.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    words
}

/// Whether a text that [`to_text`] made may be another one than its path.
#[cfg(unix)]
pub(crate) fn needs_bytes(text: &str) -> bool {
    text.as_bytes().contains(&LEAD)
}

#[cfg(not(unix))]
pub(crate) fn needs_bytes(_text: &str) -> bool {
    false
}

/// The path of a text that [`to_text`] made.
pub(crate) fn to_path(text: &str) -> PathBuf {
    #[cfg(unix)]
    if needs_bytes(text) {
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            match byte_of(character) {
                Some(byte) => bytes.push(byte),
                None => bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        return PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(
            bytes,
        ));
    }
    PathBuf::from(text)
}
