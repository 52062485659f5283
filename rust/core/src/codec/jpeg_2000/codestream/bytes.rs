//! Bytes of codestreams for tests.

use super::super::parameters::{ComponentSize, ImageSize};

/// A marker segment, with the length that its body has.
pub(crate) fn segment(marker: u16, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&marker.to_be_bytes()[..], &length, body].concat()
}

/// The body of SIZ: Rsiz, then Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz, XTOsiz and YTOsiz, then
/// Ssiz, XRsiz and YRsiz of each component.
pub(crate) fn siz(capabilities: u16, numbers: [u32; 8], components: &[[u8; 3]]) -> Vec<u8> {
    let mut body = capabilities.to_be_bytes().to_vec();
    body.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    body.extend((components.len() as u16).to_be_bytes());
    body.extend(components.as_flattened());
    body
}

/// An image of one pixel with so many components.
pub(crate) fn size_of(component_count: usize) -> ImageSize {
    let component = ComponentSize { precision: 8, is_signed: false, x_step: 1, y_step: 1 };
    ImageSize {
        x0: 0,
        y0: 0,
        x1: 1,
        y1: 1,
        tile_width: 1,
        tile_height: 1,
        tile_x0: 0,
        tile_y0: 0,
        components: vec![component; component_count],
    }
}

/// SPcod of one code-block of 64 by 64 without decomposition, reversible.
pub(crate) const STYLE: [u8; 5] = [
    0, // decomposition levels
    4, 4, // code-block exponents, less 2
    0, // code-block style
    1, // wavelet: 5-3
];

/// COD in LRCP order with one layer.
pub(crate) fn cod() -> Vec<u8> {
    segment(0xFF52, &[&[0, 0, 0, 1, 0][..], &STYLE].concat())
}

/// QCD without quantization: an exponent of 8, and 2 guard bits.
pub(crate) fn qcd() -> Vec<u8> {
    segment(0xFF5C, &[0x40, 8 << 3])
}
