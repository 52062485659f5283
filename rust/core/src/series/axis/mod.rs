//! The axis in front of the slices: what tells images of one position from each other.
//!
//! `arrange` puts the images of a stack on it. It is made of as few attributes as tell the images
//! of every position apart in the same way (`separating`), taken in the order of the table in
//! `attribute`; `leading_axis` adds the others that change along it. Where attributes do not
//! suffice, the dimensions that a file counts its frames by do, and at last the numbers of images.
//! Series that were interrupted have an axis with places that lack an image (`ragged`).

mod arrange;
mod attribute;
mod chronology;
mod leading_axis;
mod ragged;
mod separating;
mod weighting;

pub use leading_axis::{Coordinate, CoordinateValues, LeadingAxis};
pub use weighting::Weighting;

pub(super) use arrange::{Arranged, arrange};
pub(super) use attribute::{Attribute, partition};
pub(super) use weighting::weighting;
