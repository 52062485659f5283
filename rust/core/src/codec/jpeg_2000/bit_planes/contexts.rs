//! Which context a symbol is decoded with, by its neighbours (ISO/IEC 15444-1 §D.3).

use super::super::arithmetic::CONTEXT_COUNT;

/// The first of the three contexts of refinement (Table D.4).
pub(super) const REFINEMENT: usize = 14;
/// The contexts that do not look at neighbours (Table D.7).
pub(crate) const RUN_LENGTH: usize = 17;
pub(crate) const UNIFORM: usize = 18;
const _: () = assert!(UNIFORM < CONTEXT_COUNT);

/// What the band of a code-block changes in its contexts (Table D.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orientation {
    /// LL and LH: vertically high-pass or not at all.
    Vertical,
    /// HL.
    Horizontal,
    /// HH.
    Diagonal,
}

/// Contexts of significance by the significance of the nine (Table D.1).
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
const fn significance_contexts(orientation: Orientation) -> [u8; 512] {
    let mut contexts = [0; 512];
    let mut nine = 0;
    while nine < 512 {
        let bit = [
            nine & 1,
            nine >> 1 & 1,
            nine >> 2 & 1,
            nine >> 3 & 1,
            nine >> 5 & 1,
            nine >> 6 & 1,
            nine >> 7 & 1,
            nine >> 8 & 1,
        ];
        let diagonal = bit[0] + bit[2] + bit[5] + bit[7];
        let (mut along, mut across) = (bit[3] + bit[4], bit[1] + bit[6]);
        if matches!(orientation, Orientation::Horizontal) {
            (along, across) = (across, along);
        }
        contexts[nine] = match orientation {
            Orientation::Diagonal => match (along + across, diagonal) {
                (_, 3..) => 8,
                (1.., 2) => 7,
                (0, 2) => 6,
                (2.., 1) => 5,
                (1, 1) => 4,
                (0, 1) => 3,
                (2.., _) => 2,
                (1, _) => 1,
                _ => 0,
            },
            _ => match (along, across, diagonal) {
                (2.., ..) => 8,
                (1, 1.., _) => 7,
                (1, 0, 1..) => 6,
                (1, 0, 0) => 5,
                (0, 2.., _) => 4,
                (0, 1, _) => 3,
                (0, 0, 2..) => 2,
                (0, 0, 1) => 1,
                _ => 0,
            },
        };
        nine += 1;
    }
    contexts
}

pub(super) static SIGNIFICANCE: [[u8; 512]; 3] = [
    significance_contexts(Orientation::Vertical),
    significance_contexts(Orientation::Horizontal),
    significance_contexts(Orientation::Diagonal),
];

/// Contexts of signs, with the bit that the symbol is changed by in bit 7 (Tables D.2, D.3). By
/// sign and significance, a bit each by turns, of the neighbours above, to the left, to the right
/// and below.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
pub(super) static SIGNS: [u8; 256] = {
    let mut contexts = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut given = [0i32; 4];
        let mut neighbour = 0;
        while neighbour < 4 {
            if index >> (neighbour * 2 + 1) & 1 == 1 {
                given[neighbour] = if index >> (neighbour * 2) & 1 == 1 { -1 } else { 1 };
            }
            neighbour += 1;
        }
        let vertical = given[0] + given[3];
        let horizontal = given[1] + given[2];
        let (vertical, horizontal) = (vertical.signum(), horizontal.signum());
        contexts[index] = match (horizontal, vertical) {
            (1, 1) => 13,
            (1, 0) => 12,
            (1, _) => 11,
            (0, 1) => 10,
            (0, 0) => 9,
            (0, _) => 10 | 0x80,
            (_, 1) => 11 | 0x80,
            (_, 0) => 12 | 0x80,
            _ => 13 | 0x80,
        };
        index += 1;
    }
    contexts
};
