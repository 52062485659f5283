//! What the bytes of a value field mean (PS3.5 §6.2).

mod character_set;
mod moment;
mod number;
mod text;

pub use character_set::{CharacterSet, Spelling};
pub(crate) use moment::is_moment;
pub(crate) use number::seconds_of_day;
pub use number::{Number, decimal, integer, is_canonical_integer, number_size, numbers, tags};
pub use text::{Decoded, decoded_text, is_multi_valued, text, text_values, trim, trim_end};
