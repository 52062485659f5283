//! From bytes to element records (PS3.5 §7): where each element's value lies, without touching it.
//!
//! [`file`] goes through a file from its preamble on ([`prefix`] knows files without it,
//! [`looks_like`] names what is no DICOM file, [`detect`] finds out how its data set is written),
//! [`elements`] through one data set up to a [`stop`], and [`items`] through the items of a
//! sequence; [`skip`] finds the end of what is not wanted yet. All of them go from element to
//! element by one [`walk`], past [`plain`] ones a shorter way, and past those of [`undefined`]
//! length a longer one. [`header`] reads one element's header, [`spelling`] one whose VR is
//! misspelt, [`rules`] and [`leniency`] say what is allowed, and [`window`] is what all of them see
//! of the file. Nothing is allocated per element but its record.

mod detect;
mod elements;
#[cfg(test)]
mod fields;
mod file;
mod header;
mod items;
mod leniency;
mod looks_like;
mod overwritten;
mod plain;
mod prefix;
mod rules;
mod skip;
mod spelling;
mod stop;
mod undefined;
mod walk;
mod window;

pub use elements::parse_elements;
pub(crate) use elements::{keep_what_was_read, parse_undefined};
pub use file::ParseOptions;
pub(crate) use file::{PREAMBLE_LENGTH, ParsedFile, parse_file};
pub use header::{Element, Encoding};
pub(crate) use items::ItemRange;
pub(crate) use items::{ItemRanges, parse_items};
pub use leniency::{Deviation, Deviations, Leniencies, Leniency};
pub use prefix::Prefix;
pub use rules::Rules;
pub use stop::Stop;
pub use window::{Segment, Window};
