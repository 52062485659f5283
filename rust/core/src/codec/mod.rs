//! Compressed frames: codecs with one trait, which sees bytes and an [`ImageDescription`],
//! never a data set.
//!
//! A codec gives rows from the top down, in pieces that fit a cache, so that what follows (unused
//! bits, colour, rescale, change of type) is done while they are there. [`Target`] takes them.

mod fault;
mod jpeg;
mod jpeg_2000;
mod jpeg_ls;
mod jpeg_xl;
mod registry;
mod rle;
mod target;

#[cfg(test)]
pub(crate) use fault::fault_of;
pub(crate) use fault::invalid;
pub(crate) use jpeg::other_process;
pub use jpeg::{Jpeg, JpegDct, JpegLossless};
pub use jpeg_2000::Jpeg2000;
pub use jpeg_ls::JpegLs;
pub use jpeg_xl::JpegXl;
pub(crate) use registry::{SIGNATURE_LENGTH, is_lossless, signature};
pub use registry::{find, why_not};
pub(crate) use registry::{recognize, recognize_as};
pub use rle::RleLossless;
pub use target::{CodedColour, CodedImage, DecodeOptions, RowSink, Samples, Target, WantedArea};

use crate::error::{Error, Result};

#[cfg(doc)]
use crate::error::FrameFault;
#[cfg(doc)]
use crate::image_description::ImageDescription;

/// One way to compress frames.
pub trait Codec: Sync {
    /// What messages call it: `JPEG Lossless`.
    fn name(&self) -> &'static str;

    /// Decodes one frame: calls [`Target::begin`] once, then [`Target::rows`] until all rows are
    /// there.
    ///
    /// `frame` has the bytes of the frame's fragments one after the other, and any padding after
    /// them.
    ///
    /// # Errors
    ///
    /// If the bytes are no frame of this codec, or not of this image:
    /// [`crate::ErrorKind::InvalidFrame`], with where in the frame. If the frame is coded in a way
    /// that is not read: [`crate::ErrorKind::Unsupported`].
    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded>;
}

/// How far a frame could be decoded.
///
/// A codec that sees damage while it decodes goes on as far as it can and returns
/// [`Decoded::Partial`]: what reads the frame makes an error of it, or with `force=True` a warning
/// beside the pixels. It returns an error only where there is nothing to give.
#[derive(Debug)]
pub enum Decoded {
    /// To its end, and nothing shows that a byte of it is wrong.
    Whole,
    /// Not all of it: the rows that were given are good, coarser than they should be, or damaged,
    /// and others may be missing. The error says why: [`FrameFault::EndsEarly`] or
    /// [`FrameFault::BytesLeft`], or a fault of the codec's own.
    Partial(Error),
}
