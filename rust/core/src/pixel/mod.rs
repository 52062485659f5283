//! From the bytes of a frame, native or compressed, to an array: byte order, packed and unused
//! bits, planes, colour, Modality LUT.
//!
//! `image` finds the pixels of a data set. `native` and `read` read native frames, `encapsulated`
//! and `decoded` compressed ones; `cells`, `colour`, `rescale` and `modality_lut` turn their
//! samples into those of the array, which `bfloat16` rounds further. Callers apply VOI LUTs and
//! palettes themselves: `lookup_table` reads the entries for them.

mod bfloat16;
mod cells;
mod colour;
mod decoded;
mod encapsulated;
mod image;
mod lookup_table;
mod modality_lut;
mod native;
mod overlay;
mod part;
mod read;
mod rescale;
#[cfg(test)]
mod synthetic;

pub use bfloat16::round_to_bfloat16;
pub use encapsulated::{EncapsulatedPixels, Remark};
pub use image::{ImagePixels, PixelValue};
pub use lookup_table::{LutDescriptor, LutEntries, lut_words};
pub(crate) use modality_lut::ModalityLut;
pub use native::{NativePixels, ValueField};
pub use overlay::read_overlay_bits;
pub use part::{FramePart, Steps};
pub use read::{FrameOptions, FrameScratch, Wanted, read_frames};
pub use rescale::Rescale;
pub(crate) use rescale::{convert_floats, fill_bytes};
