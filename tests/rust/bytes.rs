//! Bytes of small DICOM files, laid out field by field.

/// An element of explicit VR little endian with a short length.
pub(crate) fn element(group: u16, number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend(vr);
    if matches!(vr, b"OB" | b"OW" | b"SQ" | b"UN" | b"UT") {
        bytes.extend([0, 0]);
        bytes.extend((value.len() as u32).to_le_bytes());
    } else {
        bytes.extend((value.len() as u16).to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

/// The header of an element of undefined length.
pub(crate) fn undefined(group: u16, number: u16, vr: &[u8; 2]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend(vr);
    bytes.extend([0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    bytes
}

/// An item or delimiter.
pub(crate) fn item(number: u16, length: u32) -> Vec<u8> {
    [&0xFFFEu16.to_le_bytes()[..], &number.to_le_bytes(), &length.to_le_bytes()].concat()
}

pub(crate) const ITEM: u16 = 0xE000;
pub(crate) const ITEM_END: u16 = 0xE00D;
pub(crate) const SEQUENCE_END: u16 = 0xE0DD;
pub(crate) const UNDEFINED: u32 = 0xFFFF_FFFF;

/// Preamble, prefix, a File Meta Information that says explicit VR little endian, and `dataset`.
pub(crate) fn file(dataset: &[u8]) -> Vec<u8> {
    let syntax = element(0x0002, 0x0010, b"UI", b"1.2.840.10008.1.2.1\0");
    let length = element(0x0002, 0x0000, b"UL", &(syntax.len() as u32).to_le_bytes());
    [&[0; 128][..], b"DICM", &length, &syntax, dataset].concat()
}

/// A data set with what scanners write: text, numbers, nested sequences of both kinds, a private
/// block, pixels.
pub(crate) fn rich_dataset() -> Vec<u8> {
    let inner =
        [element(0x0008, 0x1150, b"UI", b"1.2.3\0"), element(0x0008, 0x1155, b"UI", b"1.2.4\0")]
            .concat();
    let defined = [item(ITEM, inner.len() as u32), inner.clone()].concat();
    let open = [item(ITEM, UNDEFINED), inner, item(ITEM_END, 0)].concat();
    [
        element(0x0008, 0x0005, b"CS", b"ISO_IR 100"),
        element(0x0008, 0x0060, b"CS", b"CT"),
        element(0x0008, 0x1140, b"SQ", &defined),
        [undefined(0x0008, 0x2112, b"SQ"), open.clone(), open, item(SEQUENCE_END, 0)].concat(),
        element(0x0009, 0x0010, b"LO", b"VENDOR"),
        element(0x0009, 0x1001, b"UN", &[1, 2, 3, 4]),
        element(0x0010, 0x0010, b"PN", b"A^B "),
        element(0x0028, 0x0010, b"US", &[2, 0]),
        element(0x0028, 0x0011, b"US", &[2, 0]),
        element(0x0028, 0x0100, b"US", &[16, 0]),
        element(0x0028, 0x0101, b"US", &[12, 0]),
        element(0x0028, 0x0103, b"US", &[1, 0]),
        element(0x7FE0, 0x0010, b"OW", &[1, 0, 2, 0, 3, 0, 0xFE, 0x0F]),
    ]
    .concat()
}
