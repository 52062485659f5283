//! What the bytes of a value field mean (PS3.5 §6.2).

mod character_set;
mod day;
mod moment;
mod number;
mod text;

pub use character_set::{CharacterSet, Spelling};
pub(crate) use day::{SECONDS_OF_DAY, are_mixed, day_number, from_midnight, has_date};
pub(crate) use moment::is_moment;
pub use number::{Number, decimal, integer, is_canonical_integer, number_size, numbers, tags};
pub(crate) use number::{
    decimal_count, decimals_into, leading_decimal, plain_decimal, plain_integer, seconds_of_day,
};
pub(crate) use text::plain_text;
pub use text::{Decoded, decoded_text, is_multi_valued, text, text_values, trim, trim_end};
