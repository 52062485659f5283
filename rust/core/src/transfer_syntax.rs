//! Transfer Syntaxes (PS3.5 §10, §A; PS3.6 §A): how a data set and its pixels are written.

use crate::cursor::ByteOrder;

/// One registered Transfer Syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferSyntax {
    /// Its UID.
    pub uid: &'static str,
    /// Its keyword in PS3.6.
    pub keyword: &'static str,
    /// The byte order of the data set.
    pub order: ByteOrder,
    /// Whether elements carry no VR.
    pub is_implicit: bool,
    /// Whether the data set is compressed as a whole (PS3.5 §A.5).
    pub is_deflated: bool,
    /// Whether Pixel Data consists of fragments (PS3.5 §A.4).
    pub is_encapsulated: bool,
}

const fn native(uid: &'static str, keyword: &'static str) -> TransferSyntax {
    let order = ByteOrder::Little;
    TransferSyntax { uid, keyword, order, is_implicit: false, is_deflated: false, is_encapsulated: false }
}

const fn encapsulated(uid: &'static str, keyword: &'static str) -> TransferSyntax {
    TransferSyntax { is_encapsulated: true, ..native(uid, keyword) }
}

/// Every Transfer Syntax of PS3.6 table A-1 for files, retired ones too, in its order.
#[rustfmt::skip]
pub static ALL: &[TransferSyntax] = &[
    TransferSyntax { is_implicit: true, ..native("1.2.840.10008.1.2", "ImplicitVRLittleEndian") },
    native("1.2.840.10008.1.2.1", "ExplicitVRLittleEndian"),
    encapsulated("1.2.840.10008.1.2.1.98", "EncapsulatedUncompressedExplicitVRLittleEndian"),
    TransferSyntax { is_deflated: true, ..native("1.2.840.10008.1.2.1.99", "DeflatedExplicitVRLittleEndian") },
    TransferSyntax { order: ByteOrder::Big, ..native("1.2.840.10008.1.2.2", "ExplicitVRBigEndian") },
    encapsulated("1.2.840.10008.1.2.4.50", "JPEGBaseline8Bit"),
    encapsulated("1.2.840.10008.1.2.4.51", "JPEGExtended12Bit"),
    encapsulated("1.2.840.10008.1.2.4.52", "JPEGExtended35"),
    encapsulated("1.2.840.10008.1.2.4.53", "JPEGSpectralSelectionNonHierarchical68"),
    encapsulated("1.2.840.10008.1.2.4.54", "JPEGSpectralSelectionNonHierarchical79"),
    encapsulated("1.2.840.10008.1.2.4.55", "JPEGFullProgressionNonHierarchical1012"),
    encapsulated("1.2.840.10008.1.2.4.56", "JPEGFullProgressionNonHierarchical1113"),
    encapsulated("1.2.840.10008.1.2.4.57", "JPEGLossless"),
    encapsulated("1.2.840.10008.1.2.4.58", "JPEGLosslessNonHierarchical15"),
    encapsulated("1.2.840.10008.1.2.4.59", "JPEGExtendedHierarchical1618"),
    encapsulated("1.2.840.10008.1.2.4.60", "JPEGExtendedHierarchical1719"),
    encapsulated("1.2.840.10008.1.2.4.61", "JPEGSpectralSelectionHierarchical2022"),
    encapsulated("1.2.840.10008.1.2.4.62", "JPEGSpectralSelectionHierarchical2123"),
    encapsulated("1.2.840.10008.1.2.4.63", "JPEGFullProgressionHierarchical2426"),
    encapsulated("1.2.840.10008.1.2.4.64", "JPEGFullProgressionHierarchical2527"),
    encapsulated("1.2.840.10008.1.2.4.65", "JPEGLosslessHierarchical28"),
    encapsulated("1.2.840.10008.1.2.4.66", "JPEGLosslessHierarchical29"),
    encapsulated("1.2.840.10008.1.2.4.70", "JPEGLosslessSV1"),
    encapsulated("1.2.840.10008.1.2.4.80", "JPEGLSLossless"),
    encapsulated("1.2.840.10008.1.2.4.81", "JPEGLSNearLossless"),
    encapsulated("1.2.840.10008.1.2.4.90", "JPEG2000Lossless"),
    encapsulated("1.2.840.10008.1.2.4.91", "JPEG2000"),
    encapsulated("1.2.840.10008.1.2.4.92", "JPEG2000MCLossless"),
    encapsulated("1.2.840.10008.1.2.4.93", "JPEG2000MC"),
    native("1.2.840.10008.1.2.4.94", "JPIPReferenced"),
    TransferSyntax { is_deflated: true, ..native("1.2.840.10008.1.2.4.95", "JPIPReferencedDeflate") },
    encapsulated("1.2.840.10008.1.2.4.100", "MPEG2MPML"),
    encapsulated("1.2.840.10008.1.2.4.100.1", "MPEG2MPMLF"),
    encapsulated("1.2.840.10008.1.2.4.101", "MPEG2MPHL"),
    encapsulated("1.2.840.10008.1.2.4.101.1", "MPEG2MPHLF"),
    encapsulated("1.2.840.10008.1.2.4.102", "MPEG4HP41"),
    encapsulated("1.2.840.10008.1.2.4.102.1", "MPEG4HP41F"),
    encapsulated("1.2.840.10008.1.2.4.103", "MPEG4HP41BD"),
    encapsulated("1.2.840.10008.1.2.4.103.1", "MPEG4HP41BDF"),
    encapsulated("1.2.840.10008.1.2.4.104", "MPEG4HP422D"),
    encapsulated("1.2.840.10008.1.2.4.104.1", "MPEG4HP422DF"),
    encapsulated("1.2.840.10008.1.2.4.105", "MPEG4HP423D"),
    encapsulated("1.2.840.10008.1.2.4.105.1", "MPEG4HP423DF"),
    encapsulated("1.2.840.10008.1.2.4.106", "MPEG4HP42STEREO"),
    encapsulated("1.2.840.10008.1.2.4.106.1", "MPEG4HP42STEREOF"),
    encapsulated("1.2.840.10008.1.2.4.107", "HEVCMP51"),
    encapsulated("1.2.840.10008.1.2.4.108", "HEVCM10P51"),
    encapsulated("1.2.840.10008.1.2.4.201", "HTJ2KLossless"),
    encapsulated("1.2.840.10008.1.2.4.202", "HTJ2KLosslessRPCL"),
    encapsulated("1.2.840.10008.1.2.4.203", "HTJ2K"),
    native("1.2.840.10008.1.2.4.204", "JPIPHTJ2KReferenced"),
    TransferSyntax { is_deflated: true, ..native("1.2.840.10008.1.2.4.205", "JPIPHTJ2KReferencedDeflate") },
    encapsulated("1.2.840.10008.1.2.5", "RLELossless"),
    native("1.2.840.10008.1.2.6.1", "RFC2557MIMEEncapsulation"),
    native("1.2.840.10008.1.2.6.2", "XMLEncoding"),
    native("1.2.840.10008.1.2.7.1", "SMPTEST211020UncompressedProgressiveActiveVideo"),
    native("1.2.840.10008.1.2.7.2", "SMPTEST211020UncompressedInterlacedActiveVideo"),
    native("1.2.840.10008.1.2.7.3", "SMPTEST211030PCMDigitalAudio"),
    TransferSyntax { is_implicit: true, ..native("1.2.840.10008.1.20", "Papyrus3ImplicitVRLittleEndian") },
];

/// The registered Transfer Syntax with this UID.
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
        ];
        for (uid, order, is_implicit, is_deflated, is_encapsulated) in cases {
            let found = find(uid).unwrap();
            let parts = (found.order, found.is_implicit, found.is_deflated, found.is_encapsulated);
            assert_eq!(parts, (order, is_implicit, is_deflated, is_encapsulated), "{uid}");
        }
        assert_eq!(find("1.2.3"), None);
    }
}
