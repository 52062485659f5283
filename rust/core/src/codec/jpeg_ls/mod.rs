//! JPEG-LS, lossless and near-lossless (ISO/IEC 14495-1, which is ITU-T T.87): the Transfer
//! Syntaxes of PS3.5 §8.2.3.
//!
//! A frame is a walk over marker segments (`headers`) to its scans. A scan is one pass over the
//! samples of one component or more (`scan`): its entropy-coded bytes are freed of stuffed bits
//! (`bits`), and each line is decoded from the one above and what 365 contexts know (`context`), as
//! the scan's numbers say (`parameters`): sample by sample (`line`), or pixel by pixel (`pixels`).
//! Rows go to the target in groups (`rows`), with their colours as they were (`colour`).

mod bits;
mod codec;
mod colour;
mod context;
mod headers;
mod line;
mod parameters;
mod pixels;
mod rows;
mod scan;

pub use codec::JpegLs;
