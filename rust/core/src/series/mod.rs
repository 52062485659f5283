//! From the headers of many files to volumes: which files make a stack, in which order, where, and
//! what is wrong.
//!
//! `find` reads headers and `read` pixels; nothing else here touches a file. `header` has what a
//! volume depends on, `image_state` whether the image can be read, `frames` and `mosaic` where each
//! of several images of a file lies, and `private` what only scanners write. `plan` makes a
//! [`SeriesPlan`] of the headers of each series. The rules on the way:
//!
//! | where | decides |
//! |---|---|
//! | `copies` | which files were sent twice |
//! | `stack` | which images make the stack, by plane, shape, spacing and content |
//! | `strays` | in whose report a file is that cannot be read |
//! | `beside` | whether the volume may lack the others |
//! | `order` | the order of slices and where they lie |
//! | `grid` | the step from slice to slice: gaps (`Step::new`), uneven steps, tilts |
//! | `axis` | what tells images of one position apart (`dimension_names` names it) |
//! | `mixed` | what differs from slice to slice |
//! | `damage` | which frames turn out to be damaged when they are read |
//! | `parts` | whether what is no one volume is several |
//! | `draft` | what one stack makes, all of that together |
//! | `report` | the kinds of issues and their sentences |
//!
//! Every file ends up among the slices or in the report. `report` says what a new kind of issue
//! needs.

mod ahead;
mod axis;
mod batch;
mod beside;
mod copies;
mod damage;
mod dimension_names;
mod draft;
mod find;
mod frames;
mod grid;
mod header;
mod image_state;
mod misplaced;
mod mixed;
mod mosaic;
mod natural;
mod open_image;
mod order;
mod parts;
mod plan;
mod private;
mod read;
mod read_fetched;
mod report;
mod rounding;
mod slice_set;
mod sparse;
mod stack;
mod strays;
mod tolerances;

#[cfg(test)]
mod tests;

pub use ahead::InstanceAhead;
pub use axis::{Coordinate, CoordinateValues, LeadingAxis, Weighting};
pub use batch::{read_batch_headers, read_slice_headers};
pub use damage::{FoundSlice, damage_issues};
pub use find::{FoundSeries, find_series};
pub use header::{
    Acquisition, AssumedPlaces, AxisNumber, Content, Coordinates, FrameHeader, Identity,
    ImagePlane, InstanceHeader, PlaceNumber, PlaceSource, StoredImage, ValueTransform,
};
pub use image_state::ImageState;

pub use plan::SeriesPlan;
pub use read::{ReadOptions, Values, read_slices};
pub use report::{Issue, IssueKind, Report};
pub use slice_set::{Slice, SliceSet};
pub use tolerances::Tolerances;
