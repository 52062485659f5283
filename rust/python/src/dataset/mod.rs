//! `Dataset`: element records that become Python values when they are asked for, and what was
//! changed in memory.
//!
//! [`class`] is what Python sees, [`content`] what the data set was read from, [`elements`] its
//! elements as they are now, [`raw`] as the file has them, and [`copying`] makes copies.

mod class;
mod content;
mod copying;
mod elements;
mod raw;

pub(crate) use class::PyDataset;
pub(crate) use content::{Content, new_dataset, new_file_meta};
