//! Which codec reads what.

use super::{Codec, Jpeg, Jpeg2000, JpegLs, JpegXl, RleLossless};
use crate::transfer_syntax::Coding;

/// The codec for frames that are written so; `None` if they are not compressed, or not read.
pub fn find(coding: Coding) -> Option<&'static dyn Codec> {
    match coding {
        Coding::Rle => Some(&RleLossless),
        Coding::Jpeg => Some(&Jpeg),
        Coding::JpegLs => Some(&JpegLs),
        Coding::Jpeg2000 => Some(&Jpeg2000),
        Coding::JpegXl => Some(&JpegXl),
        _ => None,
    }
}

/// Why frames that are written so are not read; `None` if they are, or if they themselves have to say how they are
/// written.
pub fn why_not(coding: Coding) -> Option<&'static str> {
    match coding {
        Coding::RetiredJpeg => Some("hierarchical or arithmetic JPEG, retired unused"),
        Coding::Video => Some("video, whose bytes ds.video_stream() gives and PyAV decodes: pip install av"),
        _ if find(coding).is_some() => None,
        Coding::Native | Coding::Uncompressed | Coding::Deflated => None,
        Coding::Referenced => Some("pixels at an address outside of the file"),
        Coding::NoPixels => Some("a form for other media than files"),
        _ => Some("pixel data of this codec"),
    }
}

/// How a frame is written, by its first bytes; `None` if they do not say.
pub fn recognize(frame: &[u8]) -> Option<Coding> {
    /// Start of a JPEG-LS frame.
    const SOF55: u8 = 0xF7;
    if frame.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Some(if frame.windows(2).take(4096).any(|pair| pair == [0xFF, SOF55]) {
            Coding::JpegLs
        } else {
            Coding::Jpeg
        });
    }
    let is_jpeg_2000 = frame.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) || frame.starts_with(b"\0\0\0\x0CjP  ");
    let is_jpeg_xl = frame.starts_with(&[0xFF, 0x0A]) || frame.starts_with(b"\0\0\0\x0CJXL ");
    match (is_jpeg_2000, is_jpeg_xl) {
        (true, _) => Some(Coding::Jpeg2000),
        (_, true) => Some(Coding::JpegXl),
        _ => None,
    }
}
