//! The header table: one row a file, one typed column a wanted attribute, read as far as the last of them.
//!
//! `columns` says what a column is, `values` takes its value out of a file, `builder` collects values, `scan`
//! goes through the files, and `table` is what comes of it.

mod builder;
mod columns;
mod scan;
mod table;
mod values;

pub use columns::{ColumnSpec, Kind, Width};
pub use scan::{OnError, scan};
pub use table::{Column, InvalidValue, Numbers, Table, Texts, Values};
