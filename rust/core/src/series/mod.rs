//! From the headers of many files to volumes: which files make a stack, in which order, where, and
//! what is wrong.
//!
//! `find` reads headers and `read` pixels; nothing else here touches a file. `header` takes from
//! one data set what is needed (`private` what only scanners name), `frames` and `mosaic` where
//! each of its images lies, `plan` makes of many of them a [`SeriesPlan`] each series. On the way
//! `stack` parts slices from what lies beside them, `axis` those that share a position
//! (`dimension_names` says what by), and `grid` fits the step from slice to slice; `parts` asks
//! whether what is no one volume is several, and `draft` puts together what each stack makes. Every
//! file ends up among the slices or in the `report`.

mod axis;
mod batch;
mod beside;
mod copies;
mod dimension_names;
mod draft;
mod find;
mod frames;
mod grid;
mod header;
mod image_state;
mod mixed;
mod mosaic;
mod natural;
mod order;
mod parts;
mod plan;
mod private;
mod read;
mod report;
mod slice_set;
mod stack;
mod tolerances;

#[cfg(test)]
mod tests;

pub use axis::{Coordinate, CoordinateValues, LeadingAxis};
pub use batch::{read_batch_headers, read_slice_headers};
pub use find::{FoundSeries, find_series, read_instance_header};
pub use header::{
    Acquisition, AxisNumber, Coordinates, FrameHeader, Identity, ImagePlane, InstanceHeader,
    PlaceNumber, PlaceSource, StoredImage, ValueTransform,
};
pub use image_state::ImageState;
pub use mosaic::Mosaic;
pub use plan::{SeriesPlan, Unreadable, plan_series};
pub use read::{ReadOptions, Values, read_slices};
pub use report::{Issue, IssueKind, Report};
pub use slice_set::{Slice, SliceSet};
pub use tolerances::Tolerances;
