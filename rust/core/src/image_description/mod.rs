//! The Image Pixel attributes of a data set (PS3.3 §C.7.6.3), checked, in one value.
//!
//! This is the only code that reads them; what decodes pixels takes an [`ImageDescription`] and
//! needs no file.

mod attributes;
mod coded_frame;
mod half;
mod layout;
mod read;
mod sample;

pub use attributes::Attributes;
pub use coded_frame::CodedFrame;
pub(crate) use half::Half;
pub use layout::ImageDescription;
pub(crate) use layout::halved;
pub use sample::{PixelElement, SampleType};
