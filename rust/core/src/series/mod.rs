//! From the headers of many files to volumes: which files make a stack, in which order, where, and what is wrong.
//!
//! `find` reads headers and `read` pixels; nothing else here touches a file. `header` takes from one data set
//! what is needed, `plan` makes of many of them a [`SeriesPlan`] each series. On the way `stack` parts slices from
//! what lies beside them, `phases` those that share a position, and `grid` fits the step from slice to slice. Every
//! file ends up among the slices or in the `report`.

mod batch;
mod find;
mod grid;
mod header;
mod image_state;
mod order;
mod phases;
mod plan;
mod read;
mod report;
mod stack;
mod tolerances;

#[cfg(test)]
mod content_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod stack_tests;
#[cfg(test)]
mod synthetic;

pub use batch::read_batch_headers;
pub use find::{FoundSeries, find_series, read_instance_header};
pub use header::{InstanceHeader, PHASE_ATTRIBUTES};
pub use image_state::ImageState;
pub use plan::{SeriesPlan, Unreadable, plan_series, stored_type};
pub use read::{Values, read_slices};
pub use report::{Issue, IssueKind, Report};
pub use tolerances::Tolerances;
