//! From bytes to element records (PS3.5 §7): where each element's value lies, without touching it.
//!
//! [`file`] goes through a file from its preamble on, [`elements`] through one data set, [`items`]
//! through the items of a sequence, and [`skip`] past what is not wanted yet; [`header`] reads one
//! element's header, and [`window`] is what all of them see of the file. Nothing is allocated per
//! element but its record.

mod elements;
mod file;
mod header;
mod items;
mod leniency;
mod skip;
mod window;

pub use elements::{Rules, Stop, parse_elements};
pub(crate) use file::PREAMBLE_LENGTH;
pub use file::{ParseOptions, ParsedFile, parse_file};
pub use header::{Element, Encoding};
pub(crate) use items::ItemRanges;
pub use items::{ItemRange, parse_items};
pub use leniency::{Deviation, Deviations, Leniencies, Leniency};
pub use window::{Segment, Window};
