//! From the bytes of a frame to an array: byte order, packed and unused bits, planes, colour, Modality LUT.

mod cells;
mod colour;
mod native;
mod read;
mod rescale;
#[cfg(test)]
mod synthetic;

pub use native::{NativePixels, ValueField, is_encapsulated};
pub(crate) use read::{Wanted, read_frame_as};
pub use read::{read_frames, read_overlay_bits};
pub use rescale::Rescale;
