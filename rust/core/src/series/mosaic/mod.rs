//! Slices as the tiles of one image: what scanners of two makers write in the place of a file a
//! slice.
//!
//! `layout` says how tiles lie in an image, `siemens` and `united_imaging` how many there are and
//! where each belongs in the patient, and `kind` which of the two an image is.

mod kind;
mod layout;
mod siemens;
mod united_imaging;

pub(super) use kind::{FindTiles, tiles_by_image_type};
pub(super) use layout::{Mosaic, TilePlaces};
