//! JPEG with Huffman coding (ISO/IEC 10918-1, the same text as ITU-T T.81; PS3.5 §8.2.1, §A.4.1).
//!
//! [`Jpeg`] looks which process a frame is of, and hands it to the codec of that: [`JpegDct`] or
//! [`JpegLossless`].
//!
//! What the processes share stands in four files, in the order in which a decoder meets them:
//! [`markers`] walks the marker segments, [`headers`] reads those that say how samples are coded,
//! [`bits`] takes entropy-coded bytes apart, and [`huffman`] turns their bits into symbols.
//! [`parts`] finds what of a scan can be decoded on several threads.

mod bits;
mod colour;
mod dct;
mod dispatch;
mod headers;
mod huffman;
mod lossless;
mod markers;
mod parts;

pub use dct::JpegDct;
pub use dispatch::Jpeg;
pub(crate) use dispatch::other_process;
pub use lossless::JpegLossless;
