//! JPEG Lossless with Huffman coding (T.81 Annex H, process 14; PS3.5 §8.2.1, §A.4.1): a sample is
//! predicted from its neighbours to the left and above, and what is missing is coded.
//!
//! [`frame`] has the codec, [`scan`] decodes the lines of a scan, [`prediction`] one line, and
//! [`differences`] what is coded of a sample.

mod differences;
mod frame;
mod prediction;
mod scan;

pub use frame::JpegLossless;
