//! What one file may cost before it is refused.

use crate::error::{ErrorKind, Result};

/// Bounds on what one file may cost, whatever its bytes ask for.
///
/// # Examples
///
/// ```
/// use rapidicom_core::Limits;
///
/// let limits = Limits { decoded_bytes: 1000, decoded_ratio: 100, ..Limits::DEFAULT };
/// assert!(limits.check_decoded(1000, 1).is_ok());
/// assert!(limits.check_decoded(1001, 10).is_err());
/// assert!(limits.check_decoded(1100, 11).is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sequences inside sequences. Real files stay below 10 (structured reports go deepest); at
    /// most 64, because a skip keeps one bit a level in a machine word.
    pub sequence_depth: u32,
    /// Elements of one data set, and items of one sequence. A tiled slide of 180,000 frames has as
    /// many items; a million records cost 24 MB.
    pub element_count: usize,
    /// Bytes of header (everything but deferred values) kept in memory for one file. Enough for a
    /// whole data set of nested items of undefined length, which cannot be skipped without being
    /// read.
    pub header_bytes: u64,
    /// Bytes that a deflated data set may become whatever its size: segmentations that are nearly
    /// all zeros shrink to a thousandth, and a quarter of a GB is a large one.
    pub inflated_bytes: u64,
    /// Bytes that each deflated byte may become in a data set that is longer than that. Images
    /// shrink to a third.
    pub inflated_ratio: u64,
    /// Bytes that a frame may become whatever its size: an image without content takes a few bytes
    /// in JPEG 2000.
    pub decoded_bytes: u64,
    /// Bytes that each compressed byte may become in a frame that is larger than that.
    pub decoded_ratio: u64,
}

impl Limits {
    /// The limits that hold unless a caller sets others.
    pub const DEFAULT: Limits = Limits {
        sequence_depth: 64,
        element_count: 1 << 20,
        header_bytes: 1 << 30,
        inflated_bytes: 1 << 28,
        inflated_ratio: 100,
        decoded_bytes: 1 << 28,
        decoded_ratio: 1000,
    };

    /// Checks, before memory is asked for, that a frame of `length` bytes may come out of
    /// `compressed` bytes.
    ///
    /// # Errors
    ///
    /// If it is longer than the limit.
    pub fn check_decoded(&self, length: u64, compressed: u64) -> Result<()> {
        let limit = self.decoded_bytes.max(compressed.saturating_mul(self.decoded_ratio));
        if length > limit { Err(ErrorKind::DecodedTooLong { limit }.into()) } else { Ok(()) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_may_grow_to_a_size_or_by_a_ratio() {
        let limits = Limits { decoded_bytes: 1000, decoded_ratio: 100, ..Limits::default() };
        for (length, compressed, expected) in [
            (1000, 0, None),
            (1001, 10, Some(1000)),
            (1100, 11, None),
            (1101, 11, Some(1100)),
            (u64::MAX, u64::MAX, None),
        ] {
            let error = limits.check_decoded(length, compressed).err();
            let expected =
                expected.map(|limit: u64| format!("DecodedTooLong {{ limit: {limit} }}"));
            let found = error.map(|error| format!("{:?}", error.kind()));
            assert_eq!(found, expected, "{length} bytes out of {compressed}");
        }
    }
}
