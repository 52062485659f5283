//! From the headers of many files to volumes: which files make a stack, in which order, where, and what is wrong.
//!
//! Nothing here reads a file. [`header`] takes from one data set what is needed, [`plan`] makes of many of them a
//! [`SeriesPlan`] each series. On the way [`stack`] parts slices from what lies beside them, [`phases`] those that
//! share a position, and [`grid`] fits the step from slice to slice. Every file ends up among the slices or in the
//! [`report`].

mod grid;
mod header;
mod phases;
mod plan;
mod report;
mod stack;
mod tolerances;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;

pub use header::{ImageState, InstanceHeader, PHASE_ATTRIBUTES};
pub use plan::{SeriesPlan, Unreadable, plan_series};
pub use report::{Issue, IssueKind, Report};
pub use tolerances::Tolerances;
