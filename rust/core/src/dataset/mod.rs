//! One data set: its element records, and their values when they are asked for.
//!
//! [`elements`] is the data set itself and its items, [`file`] the file around it, [`bytes`] what
//! both read values from, [`surroundings`] what the VR of an element depends on, [`faults`] values
//! that cannot be decoded, and [`value_field`] a value field that is at hand without its data set.

mod bytes;
mod elements;
mod faults;
mod file;
mod surroundings;
mod value_field;

pub use bytes::{FileBytes, OpenBytes};
pub use elements::{Dataset, Item, Parts};
pub use file::DicomFile;
pub use surroundings::ResolvedVr;
pub(crate) use surroundings::{Context, Surroundings, items_encoding};
pub use value_field::LoneValue;
