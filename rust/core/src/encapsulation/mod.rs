//! Encapsulated Pixel Data (PS3.5 §A.4): which bytes of a file are which frame's.
//!
//! [`fragments`] finds the items that the value consists of, [`frames`] which of them make a frame.

mod fragments;
mod frames;
mod tables;

pub use fragments::{Fragment, Fragments};
pub use frames::{ExtendedOffsetTable, Frames, Irregularity};
