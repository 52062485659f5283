//! Look-ups in the registries of the standard.

use pyo3::prelude::*;
use rapidicom_core::{Tag, dictionary};

type Entry = (&'static str, &'static str, &'static str, bool, &'static str);

/// `(VR, VM, name, is_retired, keyword)` of a public element.
#[pyfunction]
pub(crate) fn dictionary_entry(tag: u32) -> Option<Entry> {
    let entry = dictionary::entry(Tag(tag))?;
    Some((entry.vr.as_str(), entry.vm, entry.name, entry.is_retired, entry.keyword))
}

/// The tag of a keyword.
#[pyfunction]
pub(crate) fn keyword_tag(keyword: &str) -> Option<u32> {
    dictionary::tag_of_keyword(keyword).map(|tag| tag.0)
}

/// `(VR, VM, name, is_retired)` of a private element.
#[pyfunction]
pub(crate) fn private_entry(
    creator: &str,
    tag: u32,
) -> Option<(&'static str, &'static str, &'static str, bool)> {
    let entry = dictionary::private_entry(creator, Tag(tag))?;
    Some((entry.vr.as_str(), entry.vm, entry.name, entry.is_retired))
}

type Private = (&'static str, String, (&'static str, &'static str, &'static str, &'static str));

/// Creator, pattern of the tag, and VR, VM, name and `Retired` or nothing of every private element.
#[pyfunction]
pub(crate) fn private_entries() -> Vec<Private> {
    dictionary::private_entries()
        .map(|(creator, pattern, entry)| {
            let retired = if entry.is_retired { "Retired" } else { "" };
            (creator, pattern, (entry.vr.as_str(), entry.vm, entry.name, retired))
        })
        .collect()
}

/// `(name, type, info, is_retired, keyword)` of a registered UID.
#[pyfunction]
pub(crate) fn uid_entry(uid: &str) -> Option<Entry> {
    let entry = dictionary::uid_entry(uid)?;
    Some((entry.name, entry.kind, entry.info, entry.is_retired, entry.keyword))
}

/// The UID that is registered with this keyword.
#[pyfunction]
pub(crate) fn keyword_uid(keyword: &str) -> Option<&'static str> {
    dictionary::uid_of_keyword(keyword)
}

/// Every keyword, sorted.
#[pyfunction]
pub(crate) fn keywords() -> Vec<&'static str> {
    dictionary::keywords().collect()
}

/// The keyword that is most like a text that is none.
#[pyfunction]
pub(crate) fn similar_keyword(text: &str) -> Option<&'static str> {
    dictionary::similar_keyword(text)
}

/// Whether a keyword belongs to a repeating group, and so names no single tag.
#[pyfunction]
pub(crate) fn is_repeater_keyword(keyword: &str) -> bool {
    dictionary::is_repeater_keyword(keyword)
}
