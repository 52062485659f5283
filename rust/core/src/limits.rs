//! What one file may cost before it is refused.

/// Bounds on what is done for one file, whatever its bytes ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sequences inside sequences. Real files stay below 10 (structured reports go deepest); at most 64,
    /// because a skip keeps one bit a level in a machine word.
    pub sequence_depth: u32,
    /// Elements of one data set, and items of one sequence. A tiled slide of 180,000 frames has as many items;
    /// a million records cost 24 MB.
    pub element_count: usize,
    /// Bytes of header (everything but deferred values) kept in memory for one file. Enough for a whole
    /// data set of nested items of undefined length, which cannot be skipped without being read.
    pub header_bytes: u64,
    /// Bytes that a deflated data set may become whatever its size: segmentations that are nearly all zeros shrink to
    /// a thousandth, and a quarter of a GB is a large one.
    pub inflated_bytes: u64,
    /// Bytes that each deflated byte may become in a data set that is longer than that. Images shrink to a third.
    pub inflated_ratio: u64,
}

impl Limits {
    /// The limits that hold unless a caller sets others.
    pub const DEFAULT: Limits = Limits {
        sequence_depth: 64,
        element_count: 1 << 20,
        header_bytes: 1 << 30,
        inflated_bytes: 1 << 28,
        inflated_ratio: 100,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}
