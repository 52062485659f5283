//! JPEG 2000 and HTJ2K (ISO/IEC 15444-1 and -15; PS3.5 §A.4.4), in plain Rust.
//!
//! A codestream is read from the outside in: [`boxes`] find it, [`codestream`] its headers and
//! tile-parts, [`packets`] the bytes of each code-block, [`bit_planes`] or [`ht_block`] the
//! coefficients of a block, [`wavelet`] the samples, [`output`] the pixels.

mod arithmetic;
mod bit_planes;
mod bits;
mod blocks;
mod boxes;
mod codec;
mod codestream;
mod codewords;
mod decode;
mod features;
mod ht_bits;
mod ht_block;
mod levels;
mod output;
mod packets;
mod parameters;
mod plane;
mod sample_block;
mod tag_tree;
mod tile;
#[cfg(target_arch = "x86_64")]
mod vectors;
mod wavelet;

pub use codec::Jpeg2000;
use codec::{NAME, unsupported};
