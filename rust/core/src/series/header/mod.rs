//! What the order, the geometry and the content of a volume depend on, taken from the header of one
//! instance.
//!
//! `instance` puts an [`InstanceHeader`] together from its parts, and `frame` a [`FrameHeader`] for
//! each of its images. The parts are `identity`, `content` (what it shares with others of its
//! volume), `plane` (where an image lies), `transform` (what its stored values mean) and
//! `acquisition` (what tells it from others of the same place). `values` reads single attributes.

mod acquisition;
mod content;
mod frame;
mod identity;
mod instance;
mod plane;
mod transform;
mod values;

pub use acquisition::{Acquisition, AxisNumber};
pub use content::Content;
pub use frame::{FrameHeader, PlaceNumber, PlaceSource};
pub use identity::Identity;
pub use instance::{InstanceHeader, StoredImage};
pub use plane::{AssumedPlaces, Coordinates, ImagePlane};
pub use transform::ValueTransform;

#[cfg(test)]
pub(super) use content::tests::content;
pub(super) use content::{Differences, parting};
pub(super) use identity::{SERIES_INSTANCE_UID, has_value};
pub(super) use values::{decimals, exactly};
