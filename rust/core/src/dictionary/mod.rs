//! The registries of the standard: data elements and UIDs (PS3.6), and the private elements of
//! vendors.
//!
//! `elements.rs`, `private_elements.rs` and `uids.rs` are written by
//! `tools/generate_dictionary.py`. `packed.rs` turns their rows into relocation-free tables while
//! the crate is compiled, so that loading the library costs nothing, and `lookup.rs` searches them.

mod dictionary_vr;
mod elements;
mod lookup;
mod packed;
mod private_elements;
mod similar;
mod uids;

pub(crate) use dictionary_vr::DictionaryVr;
pub use lookup::{
    Entry, PrivateEntry, UidEntry, entry, is_repeater_keyword, keyword, keywords, name,
    private_entries, private_entry, tag_of_keyword, uid_entry, uid_of_keyword, vr, vr_to_set,
};
pub(crate) use lookup::{has_group, is_image_class};
pub use similar::similar_keyword;
