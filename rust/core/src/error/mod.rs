//! The one error of the core: what went wrong, with numbers, and where.
//!
//! An error is made where it is noticed, from its [`ErrorKind`] alone, and gains its place on the
//! way up: `.at_offset()`, `.at_tag()`, `.in_frame()`, `.in_file()`. No message shows the text of a
//! value field: it can identify a patient.
//!
//! `kind` has the sentences, or the file of a family of faults: `jpeg_2000` has those of a damaged
//! JPEG 2000 frame, which `codec::fault` wraps into [`ErrorKind::InvalidFrame`]. `located` puts
//! place and sentence together, and sorts errors into a [`Family`], by which a binding chooses the
//! exception. `system` tells refusals of the machine from those of a path.

mod column;
mod fetch;
mod frame;
mod hint;
mod image;
mod jpeg;
mod jpeg_2000;
mod jpeg_ls;
mod jpeg_xl;
mod kind;
mod label;
mod located;
mod request;
mod rle;
mod series;
mod system;

pub use column::ColumnFault;
pub use fetch::FetchFault;
pub use frame::{FrameFault, FrameSize};
pub use hint::Hint;
pub use image::ImageFault;
pub use jpeg::JpegFault;
pub use jpeg_2000::Jpeg2000Fault;
pub use jpeg_ls::JpegLsFault;
pub use jpeg_xl::JpegXlFault;
pub(crate) use kind::VIDEO;
pub use kind::{ErrorKind, LooksLike};
pub use label::LabelFault;
pub use located::{Error, Family, Result};
pub use request::RequestFault;
pub use rle::RleFault;
pub use series::{ImageShape, SeriesFault};
pub use system::watched;
pub(crate) use system::{note_change, note_no_memory};
