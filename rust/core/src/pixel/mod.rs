//! From the bytes of a frame to an array: unused bits, planes, colour, Modality LUT.

mod colour;
mod native;
mod rescale;

pub use native::{NativePixels, is_encapsulated, read_frames};
pub(crate) use native::{Wanted, read_frame_as};
pub use rescale::Rescale;
