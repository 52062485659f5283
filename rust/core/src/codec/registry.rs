//! Which codec reads what.

use super::rle::is_rle_header;
use super::{Codec, Jpeg, Jpeg2000, JpegLs, JpegXl, RleLossless};
use crate::error::VIDEO;
use crate::transfer_syntax::Coding;

/// The codec for frames of this coding; `None` if they are not compressed, or not read.
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

/// Why frames of this coding are not read; `None` if they are, or if only the frames themselves say
/// how they are written.
pub fn why_not(coding: Coding) -> Option<&'static str> {
    match coding {
        Coding::RetiredJpeg => {
            Some("a JPEG process retired from the standard and never seen in practice")
        }
        Coding::Video => Some(VIDEO),
        _ if find(coding).is_some() => None,
        Coding::Native | Coding::Uncompressed | Coding::Deflated => None,
        Coding::Referenced => Some("pixels at an address outside of the file"),
        Coding::NoPixels => Some("a form for other media than files"),
        _ => Some("pixel data of this codec"),
    }
}

/// Whether frames of a Transfer Syntax lose nothing (PS3.5 §A.4).
pub(crate) fn is_lossless(transfer_syntax_uid: &str) -> bool {
    let of_codecs = transfer_syntax_uid.strip_prefix("1.2.840.10008.1.2.4.");
    matches!(of_codecs, Some("57" | "70" | "80" | "90" | "92" | "110" | "201" | "202"))
}

/// Bytes that show whether a frame starts with them.
pub(crate) const SIGNATURE_LENGTH: u64 = 12;

/// The first bytes of the codestreams that have some, and of the files that can be around them.
const SIGNATURES: [(&[u8], Coding); 5] = [
    (&[0xFF, 0xD8, 0xFF], Coding::Jpeg),
    (&[0xFF, 0x4F, 0xFF, 0x51], Coding::Jpeg2000),
    (b"\0\0\0\x0CjP  ", Coding::Jpeg2000),
    (&[0xFF, 0x0A], Coding::JpegXl),
    (b"\0\0\0\x0CJXL ", Coding::JpegXl),
];

/// Which signature these bytes start with, by a number of its own; JPEG-LS has that of JPEG.
pub(crate) fn signature(bytes: &[u8]) -> Option<usize> {
    SIGNATURES.iter().position(|(signature, _)| bytes.starts_with(signature))
}

/// How a frame is written, by its first bytes; `None` if they do not say.
pub(crate) fn recognize(frame: &[u8]) -> Option<Coding> {
    /// Start of a JPEG-LS frame (T.87 §C.1.1).
    const SOF55: u8 = 0xF7;
    let Some(number) = signature(frame) else {
        return is_rle_header(frame).then_some(Coding::Rle);
    };
    match SIGNATURES.get(number)?.1 {
        Coding::Jpeg if JpegLs::frame_marker(frame) == Some(SOF55) => Some(Coding::JpegLs),
        coding => Some(coding),
    }
}

/// How a frame is written that its Transfer Syntax says is written as `said`: as its first bytes
/// say, where these are the signature of another family.
pub(crate) fn recognize_as(said: Coding, frame: &[u8]) -> Coding {
    match said {
        Coding::Rle | Coding::Jpeg | Coding::JpegLs | Coding::Jpeg2000 | Coding::JpegXl => {
            let found = recognize(frame).unwrap_or(said);
            // JPEG-LS starts as JPEG does: only a frame header tells one from the other.
            let is_open = found == Coding::Jpeg && JpegLs::frame_marker(frame).is_none();
            if said == Coding::JpegLs && is_open { said } else { found }
        }
        // Cells as they are, and deflated ones, can start with any bytes.
        _ => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_recognised_by_their_first_bytes() {
        let jpeg_ls = [0xFF, 0xD8, 0xFF, 0xF7, 0, 2];
        #[rustfmt::skip]
        let table: [(&str, &[u8], Option<Coding>); 12] = [
            ("JPEG", &[0xFF, 0xD8, 0xFF, 0xE0, 0, 2], Some(Coding::Jpeg)),
            ("JPEG, three bytes", &[0xFF, 0xD8, 0xFF], Some(Coding::Jpeg)),
            ("JPEG-LS", &jpeg_ls, Some(Coding::JpegLs)),
            ("JPEG 2000", &[0xFF, 0x4F, 0xFF, 0x51], Some(Coding::Jpeg2000)),
            ("JPEG 2000 in a file", b"\0\0\0\x0CjP  \r\n\x87\n", Some(Coding::Jpeg2000)),
            ("JPEG XL", &[0xFF, 0x0A], Some(Coding::JpegXl)),
            ("JPEG XL in a container", b"\0\0\0\x0CJXL \r\n\x87\n", Some(Coding::JpegXl)),
            ("another box", b"\0\0\0\x0CJXX \r\n\x87\n", None),
            ("two bytes of JPEG", &[0xFF, 0xD8], None),
            ("RLE Lossless, cut short", &[1, 0, 0, 0, 64, 0, 0, 0], None),
            ("zeros", &[0; 12], None),
            ("nothing", &[], None),
        ];
        for (name, frame, expected) in table {
            assert_eq!(recognize(frame), expected, "{name}");
            assert_eq!(signature(frame).is_some(), expected.is_some(), "{name}");
            assert!(SIGNATURES.iter().all(|(bytes, _)| bytes.len() as u64 <= SIGNATURE_LENGTH));
        }
        let numbers = [&[0xFF, 0xD8, 0xFF][..], &[0xFF, 0x4F, 0xFF, 0x51], &[0xFF, 0x0A]];
        assert_eq!(numbers.map(signature), [Some(0), Some(1), Some(3)]);
    }

    #[test]
    fn a_signature_counts_for_more_than_the_transfer_syntax() {
        let mut rle = vec![0; 66];
        (rle[0], rle[4]) = (1, 64);
        let jpeg = [0xFF, 0xD8, 0xFF, 0xC0, 0, 2];
        let jpeg_ls = [0xFF, 0xD8, 0xFF, 0xF7, 0, 2];
        let families: [(&[u8], Coding); 5] = [
            (&rle, Coding::Rle),
            (&jpeg, Coding::Jpeg),
            (&jpeg_ls, Coding::JpegLs),
            (&[0xFF, 0x4F, 0xFF, 0x51], Coding::Jpeg2000),
            (&[0xFF, 0x0A], Coding::JpegXl),
        ];
        for (frame, coding) in families {
            for (_, said) in families {
                assert_eq!(recognize_as(said, frame), coding, "{coding:?} as {said:?}");
            }
            for said in [Coding::Uncompressed, Coding::Deflated] {
                assert_eq!(recognize_as(said, frame), said, "{coding:?}");
            }
        }
        for said in [Coding::Rle, Coding::Jpeg, Coding::JpegLs] {
            assert_eq!(recognize_as(said, &[7; 80]), said, "no signature");
        }
        let no_header = [0xFF, 0xD8, 0xFF, 0x07, 0, 2];
        assert_eq!(recognize_as(Coding::JpegLs, &no_header), Coding::JpegLs);
    }

    #[test]
    fn every_coding_has_a_codec_or_none_needed_or_a_reason() {
        for (coding, codec, reason) in [
            (Coding::Native, None, None),
            (Coding::Uncompressed, None, None),
            (Coding::Deflated, None, None),
            (Coding::Rle, Some("RLE Lossless"), None),
            (Coding::Jpeg, Some("JPEG"), None),
            (Coding::JpegLs, Some("JPEG-LS"), None),
            (Coding::Jpeg2000, Some("JPEG 2000"), None),
            (Coding::JpegXl, Some("JPEG XL"), None),
            (
                Coding::RetiredJpeg,
                None,
                Some("a JPEG process retired from the standard and never seen in practice"),
            ),
            (Coding::Video, None, Some("video")),
            (Coding::Referenced, None, Some("pixels at an address outside of the file")),
            (Coding::NoPixels, None, Some("a form for other media than files")),
        ] {
            let found = (find(coding).map(|codec| codec.name()), why_not(coding));
            assert_eq!(found, (codec, reason), "{coding:?}");
        }
    }
}
