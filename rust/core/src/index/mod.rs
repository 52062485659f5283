//! The header table: one row a file, one typed column a wanted attribute, read as far as the last
//! of them.
//!
//! `columns` says what a column is, `values` takes its value out of a file, `builder` collects
//! values, `scan` goes through the files and makes a `table`. `comparison` finds the files that an
//! earlier scan has read and that are still the same, and `remembered` leaves them out; `settled`
//! says which of their times prove it.
//!
//! A new column type starts in `columns`: a variant of [`Kind`], and the VRs that have it in
//! `kind_of`. The compiler then asks for its rows (`builder::Rows`) and its values out of bytes
//! (`values`). Two matches have an arm for the rest, which it misses: the column made of rows
//! (`table::values_of`) and the copy of a remembered row (`remembered::known_chunk`).

mod builder;
mod columns;
mod comparison;
mod remembered;
mod scan;
mod settled;
mod table;
mod values;

pub use columns::{ColumnSpec, Kind, Wanted, Width};
pub use comparison::{Comparison, Listed, compare, look_at};
pub use remembered::{FileEntry, Outcome, Remembered, scan_rest};
pub use scan::{OnError, scan};
pub use table::{Column, InvalidValue, Numbers, Table, Texts, Values};
