//! Transfer Syntaxes (PS3.5 §10, §A; PS3.6 §A): how a data set and its pixels are written.

use Coding::{
    Deflated, Jpeg, Jpeg2000, JpegLs, JpegXl, NoPixels, Referenced, RetiredJpeg, Rle, Uncompressed,
    Video,
};

use crate::cursor::ByteOrder;
use crate::dictionary;

/// One registered Transfer Syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferSyntax {
    /// Its UID.
    pub uid: &'static str,
    /// Its keyword in PS3.6.
    pub keyword: &'static str,
    /// The byte order of the data set.
    pub order: ByteOrder,
    /// The byte order of native Pixel Data.
    pub pixel_order: ByteOrder,
    /// Whether elements carry no VR.
    pub is_implicit: bool,
    /// Whether the data set is compressed as a whole (PS3.5 §A.5).
    pub is_deflated: bool,
    /// How Pixel Data is written.
    pub coding: Coding,
}

/// How Pixel Data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is (PS3.5 §8.2, §A.1 to §A.3).
    Native,
    /// As it is, a fragment a frame (PS3.5 §A.4.11).
    Uncompressed,
    /// Each frame deflated (PS3.5 §A.4.14).
    Deflated,
    /// RLE Lossless (PS3.5 §G).
    Rle,
    /// JPEG of any process but the hierarchical and the arithmetic ones (ISO 10918-1).
    Jpeg,
    /// JPEG processes retired from the standard and never seen in practice: hierarchical ones,
    /// arithmetic coding.
    RetiredJpeg,
    /// JPEG-LS (ISO 14495-1).
    JpegLs,
    /// JPEG 2000 and High-Throughput JPEG 2000 (ISO 15444-1, -15).
    Jpeg2000,
    /// JPEG XL (ISO 18181).
    JpegXl,
    /// MPEG-2, MPEG-4 or HEVC: a stream, not frames.
    Video,
    /// Elsewhere: the data set has a reference.
    Referenced,
    /// No pixels in files: a form of other media.
    NoPixels,
}

impl TransferSyntax {
    /// Its name in PS3.6 table A-1.
    pub fn name(&self) -> &'static str {
        // Newer than the registry that pydicom carries, which ours is made from.
        match self.keyword {
            "JPEGXLLossless" => "JPEG XL Lossless",
            "JPEGXLJPEGRecompression" => "JPEG XL JPEG Recompression",
            "JPEGXL" => "JPEG XL",
            "DeflatedImageFrameCompression" => "Deflated Image Frame Compression",
            "ImplicitVRLittleEndianBigEndianPixelsGE" => {
                "GE Private Implicit VR Little Endian with Big Endian Pixel Data"
            }
            keyword => dictionary::uid_entry(self.uid).map_or(keyword, |entry| entry.name),
        }
    }

    /// Whether it is one of the standard's (PS3.6 table A-1), not a private one.
    pub fn is_of_the_standard(&self) -> bool {
        self.uid.starts_with("1.2.840.10008.")
    }

    /// Whether Pixel Data consists of fragments (PS3.5 §A.4).
    pub fn is_encapsulated(&self) -> bool {
        !matches!(self.coding, Coding::Native | Referenced | NoPixels)
    }
}

const fn native(uid: &'static str, keyword: &'static str) -> TransferSyntax {
    TransferSyntax {
        uid,
        keyword,
        order: ByteOrder::Little,
        pixel_order: ByteOrder::Little,
        is_implicit: false,
        is_deflated: false,
        coding: Coding::Native,
    }
}

const fn coded(uid: &'static str, keyword: &'static str, coding: Coding) -> TransferSyntax {
    TransferSyntax { coding, ..native(uid, keyword) }
}

/// Every Transfer Syntax of PS3.6 table A-1 for files, retired ones too, in its order; and the one
/// private one whose files are known to exist and to be read alike by others.
#[rustfmt::skip]
pub static ALL: &[TransferSyntax] = &[
    TransferSyntax { is_implicit: true, ..native("1.2.840.10008.1.2", "ImplicitVRLittleEndian") },
    native("1.2.840.10008.1.2.1", "ExplicitVRLittleEndian"),
    coded("1.2.840.10008.1.2.1.98", "EncapsulatedUncompressedExplicitVRLittleEndian", Uncompressed),
    TransferSyntax {
        is_deflated: true,
        ..native("1.2.840.10008.1.2.1.99", "DeflatedExplicitVRLittleEndian")
    },
    TransferSyntax {
        order: ByteOrder::Big,
        pixel_order: ByteOrder::Big,
        ..native("1.2.840.10008.1.2.2", "ExplicitVRBigEndian")
    },
    coded("1.2.840.10008.1.2.4.50", "JPEGBaseline8Bit", Jpeg),
    coded("1.2.840.10008.1.2.4.51", "JPEGExtended12Bit", Jpeg),
    coded("1.2.840.10008.1.2.4.52", "JPEGExtended35", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.53", "JPEGSpectralSelectionNonHierarchical68", Jpeg),
    coded("1.2.840.10008.1.2.4.54", "JPEGSpectralSelectionNonHierarchical79", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.55", "JPEGFullProgressionNonHierarchical1012", Jpeg),
    coded("1.2.840.10008.1.2.4.56", "JPEGFullProgressionNonHierarchical1113", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.57", "JPEGLossless", Jpeg),
    coded("1.2.840.10008.1.2.4.58", "JPEGLosslessNonHierarchical15", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.59", "JPEGExtendedHierarchical1618", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.60", "JPEGExtendedHierarchical1719", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.61", "JPEGSpectralSelectionHierarchical2022", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.62", "JPEGSpectralSelectionHierarchical2123", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.63", "JPEGFullProgressionHierarchical2426", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.64", "JPEGFullProgressionHierarchical2527", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.65", "JPEGLosslessHierarchical28", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.66", "JPEGLosslessHierarchical29", RetiredJpeg),
    coded("1.2.840.10008.1.2.4.70", "JPEGLosslessSV1", Jpeg),
    coded("1.2.840.10008.1.2.4.80", "JPEGLSLossless", JpegLs),
    coded("1.2.840.10008.1.2.4.81", "JPEGLSNearLossless", JpegLs),
    coded("1.2.840.10008.1.2.4.90", "JPEG2000Lossless", Jpeg2000),
    coded("1.2.840.10008.1.2.4.91", "JPEG2000", Jpeg2000),
    coded("1.2.840.10008.1.2.4.92", "JPEG2000MCLossless", Jpeg2000),
    coded("1.2.840.10008.1.2.4.93", "JPEG2000MC", Jpeg2000),
    coded("1.2.840.10008.1.2.4.94", "JPIPReferenced", Referenced),
    TransferSyntax {
        is_deflated: true,
        ..coded("1.2.840.10008.1.2.4.95", "JPIPReferencedDeflate", Referenced)
    },
    coded("1.2.840.10008.1.2.4.100", "MPEG2MPML", Video),
    coded("1.2.840.10008.1.2.4.100.1", "MPEG2MPMLF", Video),
    coded("1.2.840.10008.1.2.4.101", "MPEG2MPHL", Video),
    coded("1.2.840.10008.1.2.4.101.1", "MPEG2MPHLF", Video),
    coded("1.2.840.10008.1.2.4.102", "MPEG4HP41", Video),
    coded("1.2.840.10008.1.2.4.102.1", "MPEG4HP41F", Video),
    coded("1.2.840.10008.1.2.4.103", "MPEG4HP41BD", Video),
    coded("1.2.840.10008.1.2.4.103.1", "MPEG4HP41BDF", Video),
    coded("1.2.840.10008.1.2.4.104", "MPEG4HP422D", Video),
    coded("1.2.840.10008.1.2.4.104.1", "MPEG4HP422DF", Video),
    coded("1.2.840.10008.1.2.4.105", "MPEG4HP423D", Video),
    coded("1.2.840.10008.1.2.4.105.1", "MPEG4HP423DF", Video),
    coded("1.2.840.10008.1.2.4.106", "MPEG4HP42STEREO", Video),
    coded("1.2.840.10008.1.2.4.106.1", "MPEG4HP42STEREOF", Video),
    coded("1.2.840.10008.1.2.4.107", "HEVCMP51", Video),
    coded("1.2.840.10008.1.2.4.108", "HEVCM10P51", Video),
    coded("1.2.840.10008.1.2.4.110", "JPEGXLLossless", JpegXl),
    coded("1.2.840.10008.1.2.4.111", "JPEGXLJPEGRecompression", JpegXl),
    coded("1.2.840.10008.1.2.4.112", "JPEGXL", JpegXl),
    coded("1.2.840.10008.1.2.4.201", "HTJ2KLossless", Jpeg2000),
    coded("1.2.840.10008.1.2.4.202", "HTJ2KLosslessRPCL", Jpeg2000),
    coded("1.2.840.10008.1.2.4.203", "HTJ2K", Jpeg2000),
    coded("1.2.840.10008.1.2.4.204", "JPIPHTJ2KReferenced", Referenced),
    TransferSyntax {
        is_deflated: true,
        ..coded("1.2.840.10008.1.2.4.205", "JPIPHTJ2KReferencedDeflate", Referenced)
    },
    coded("1.2.840.10008.1.2.5", "RLELossless", Rle),
    coded("1.2.840.10008.1.2.6.1", "RFC2557MIMEEncapsulation", NoPixels),
    coded("1.2.840.10008.1.2.6.2", "XMLEncoding", NoPixels),
    coded("1.2.840.10008.1.2.7.1", "SMPTEST211020UncompressedProgressiveActiveVideo", NoPixels),
    coded("1.2.840.10008.1.2.7.2", "SMPTEST211020UncompressedInterlacedActiveVideo", NoPixels),
    coded("1.2.840.10008.1.2.7.3", "SMPTEST211030PCMDigitalAudio", NoPixels),
    coded("1.2.840.10008.1.2.8.1", "DeflatedImageFrameCompression", Deflated),
    TransferSyntax {
        is_implicit: true,
        ..native("1.2.840.10008.1.20", "Papyrus3ImplicitVRLittleEndian")
    },
    // As DCMTK and GDCM read it: the words of Pixel Data alone have their high bytes first.
    TransferSyntax {
        is_implicit: true,
        pixel_order: ByteOrder::Big,
        ..native("1.2.840.113619.5.2", "ImplicitVRLittleEndianBigEndianPixelsGE")
    },
];

/// The registered Transfer Syntax with this UID.
///
/// # Examples
///
/// ```
/// use rapidicom_core::transfer_syntax::{self, Coding};
///
/// let syntax = transfer_syntax::find("1.2.840.10008.1.2.5").expect("it is registered");
/// assert_eq!((syntax.name(), syntax.coding), ("RLE Lossless", Coding::Rle));
/// assert!(syntax.is_encapsulated());
/// assert_eq!(transfer_syntax::find("1.2.3"), None);
/// ```
pub fn find(uid: &str) -> Option<&'static TransferSyntax> {
    ALL.iter().find(|syntax| syntax.uid == uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_basic_ones_are_written_as_ps3_5_annex_a_says() {
        let cases = [
            ("1.2.840.10008.1.2", ByteOrder::Little, true, false, false),
            ("1.2.840.10008.1.2.1", ByteOrder::Little, false, false, false),
            ("1.2.840.10008.1.2.1.99", ByteOrder::Little, false, true, false),
            ("1.2.840.10008.1.2.2", ByteOrder::Big, false, false, false),
            ("1.2.840.10008.1.2.4.90", ByteOrder::Little, false, false, true),
            ("1.2.840.10008.1.2.5", ByteOrder::Little, false, false, true),
            ("1.2.840.10008.1.20", ByteOrder::Little, true, false, false),
            ("1.2.840.113619.5.2", ByteOrder::Little, true, false, false),
        ];
        for (uid, order, is_implicit, is_deflated, is_encapsulated) in cases {
            let found = find(uid).unwrap();
            let parts =
                (found.order, found.is_implicit, found.is_deflated, found.is_encapsulated());
            assert_eq!(parts, (order, is_implicit, is_deflated, is_encapsulated), "{uid}");
            let is_private = uid == "1.2.840.113619.5.2";
            assert_eq!(found.pixel_order != order, is_private, "{uid}");
        }
        assert_eq!(find("1.2.3"), None);
    }

    #[test]
    fn pixel_data_consists_of_fragments_unless_it_is_native_or_not_there() {
        for (coding, expected) in [
            (Coding::Native, false),
            (Referenced, false),
            (NoPixels, false),
            (Uncompressed, true),
            (Deflated, true),
            (Rle, true),
            (Jpeg, true),
            (RetiredJpeg, true),
            (JpegLs, true),
            (Jpeg2000, true),
            (JpegXl, true),
            (Video, true),
        ] {
            let found: Vec<_> = ALL.iter().filter(|syntax| syntax.coding == coding).collect();
            assert!(!found.is_empty(), "{coding:?} is registered");
            assert!(found.iter().all(|syntax| syntax.is_encapsulated() == expected), "{coding:?}");
        }
    }

    #[test]
    fn names_are_those_of_the_registry_or_newer_ones() {
        for (uid, expected) in [
            ("1.2.840.10008.1.2", "Implicit VR Little Endian"),
            ("1.2.840.10008.1.2.5", "RLE Lossless"),
            ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
            ("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression"),
            ("1.2.840.10008.1.2.4.112", "JPEG XL"),
            ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"),
        ] {
            let name = find(uid).unwrap().name();
            assert!(name.starts_with(expected), "{uid}: {name}");
        }
        // Every name is one, not the keyword in its place.
        let unnamed = ALL.iter().filter(|syntax| syntax.name() == syntax.keyword);
        assert_eq!(unnamed.map(|syntax| syntax.uid).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn uids_are_registered_once() {
        for syntax in ALL {
            assert!(ALL.iter().filter(|other| other.uid == syntax.uid).count() == 1);
            assert_eq!(find(syntax.uid), Some(syntax));
        }
    }
}
