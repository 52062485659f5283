//! Flags of a column of a stripe, which is four rows: significance of it and its eight neighbours
//! at a time.
//!
//! Bits 0 to 17: significance of six rows (the one above, four, the one below) of three columns
//! (left, own, right). Then the sign of the row above, three bits for each of the four rows, and
//! the sign of the row below.

/// Sign of the row above.
pub(super) const SIGN_ABOVE: u32 = 1 << 18;
/// Sign of row 0. This flag and the next two of each further row are three bits higher.
pub(super) const SIGN: u32 = 1 << 19;
/// The magnitude was refined before.
pub(super) const REFINED: u32 = 1 << 20;
/// The sample was coded in this bit-plane.
pub(super) const VISITED: u32 = 1 << 21;
/// Sign of the row below.
pub(super) const SIGN_BELOW: u32 = 1 << 31;
/// Significance of row 0 itself.
pub(super) const OWN: u32 = 1 << 4;
/// Significance of row 0 and of its eight neighbours.
pub(super) const NINE: u32 = 0x1FF;
/// Significance of all that a column of flags knows of.
pub(super) const ALL_SIGNIFICANCE: u32 = (1 << 18) - 1;

/// A flag of row 0, for all four rows.
pub(super) const fn of_all_rows(flag: u32) -> u32 {
    flag | flag << 3 | flag << 6 | flag << 9
}
