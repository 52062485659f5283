//! JPEG with Huffman coding (ISO/IEC 10918-1, the same text as ITU-T T.81; PS3.5 §8.2.1, §A.4.1).
//!
//! What all processes share stands in four files, in the order in which a decoder meets them: [`markers`] walks the
//! marker segments, [`headers`] reads those that say how samples are coded, [`bits`] takes entropy-coded bytes apart,
//! and [`huffman`] turns their bits into symbols.

mod dispatch;
mod lossless;

pub use dispatch::Jpeg;
pub use lossless::JpegLossless;

pub(crate) mod bits;
pub(crate) mod headers;
pub(crate) mod huffman;
pub(crate) mod markers;
