//! From the bytes of a frame to an array: unused bits, planes, colour, Modality LUT.

mod colour;
mod native;
mod rescale;

pub use native::{NativePixels, Wanted, read_frame_as, read_frames, unpack_frame};
pub use rescale::{Rescale, convert};
