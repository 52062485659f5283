//! Marker segments of a codestream (ISO/IEC 15444-1 Annex A): what the frame is, how it is coded,
//! and where its tile-parts lie.
//!
//! [`segment`] takes segments apart. The others read them in the order of the codestream: [`size`],
//! [`main_header`] with [`coding`], and [`tile_parts`].

#[cfg(test)]
pub(crate) mod bytes;
mod coding;
mod main_header;
mod segment;
mod size;
mod tile_parts;

pub(crate) use main_header::{Header, read_header};
pub(crate) use size::read_size;
pub(crate) use tile_parts::{Tile, Tiles, read_tiles};
