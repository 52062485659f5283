//! The report of a series: what is irregular in it, as issues with numbers and a sentence each.
//!
//! The rules live elsewhere: each hands a [`Finding`] with its numbers to this folder, which writes
//! the sentence. `files`, `beside`, `geometry`, `axis` and `values` have the findings about files,
//! about images that are left out, about places, about the leading axis, and about pixel values.
//!
//! A new kind of issue needs a variant of [`IssueKind`] (in `kind`), a variant of one of the
//! findings with its sentence, and a row in `docs/report.md`.

mod axis;
mod beside;
mod files;
mod geometry;
mod issue;
mod kind;
mod values;
mod words;

pub use issue::{Issue, Report};
pub use kind::IssueKind;

pub(super) use axis::{AxisFinding, CountedBy};
pub(super) use beside::LeftOut;
pub(super) use files::FileFinding;
pub(super) use geometry::{Consequence, GeometryFinding, Lacking};
pub(super) use issue::Finding;
pub(super) use values::ValueFinding;
