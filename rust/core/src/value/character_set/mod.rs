//! From bytes of text to characters (PS3.5 §6.1; PS3.3 §C.12.1.1.2).
//!
//! `terms` reads Specific Character Set, `extensions` follows the escape sequences in text,
//! `repertoire` has the characters.

mod extensions;
mod repertoire;
mod terms;

pub use terms::{CharacterSet, Spelling};
