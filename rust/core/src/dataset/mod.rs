//! One data set: its element records, and their values when they are asked for.
//!
//! [`elements`] is the data set itself and its items, [`file`] the file around it, [`bytes`] what
//! both read values from, and [`surroundings`] what the VR of an element depends on.

mod bytes;
mod elements;
mod file;
mod surroundings;

pub use bytes::{FileBytes, OpenBytes};
pub use elements::{Dataset, Item, Parts};
pub use file::DicomFile;
pub use surroundings::ResolvedVr;
pub(crate) use surroundings::{Context, Surroundings};
