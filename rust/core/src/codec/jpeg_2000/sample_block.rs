//! The coefficients of one code-block while it is decoded.

/// Most samples of a code-block (ISO/IEC 15444-1 §A.6.1).
pub(crate) const MAX_SAMPLES: usize = 4096;

/// Coefficients, row by row: the sign in the highest bit, below it the magnitude with one bit of
/// fraction.
pub(crate) struct SampleBlock {
    samples: Box<[u32; MAX_SAMPLES]>,
    /// Of a row: even, as HTJ2K codes two by two.
    stride: usize,
    width: usize,
    height: usize,
}

impl SampleBlock {
    /// One without samples.
    pub(crate) fn new() -> SampleBlock {
        SampleBlock { samples: Box::new([0; MAX_SAMPLES]), stride: 2, width: 0, height: 0 }
    }

    /// The length of a row, and how many samples there are, with those that make them even.
    fn size(width: usize, height: usize) -> (usize, usize) {
        let stride = width.next_multiple_of(2).max(2);
        (stride, stride.saturating_mul(height.next_multiple_of(2)))
    }

    /// Whether it can have this size.
    pub(crate) fn has_room(width: usize, height: usize) -> bool {
        SampleBlock::size(width, height).1 <= MAX_SAMPLES
    }

    /// Makes it of this size, all zero. Says whether it can be.
    pub(crate) fn reset(&mut self, width: usize, height: usize) -> bool {
        let (stride, count) = SampleBlock::size(width, height);
        let Some(samples) = self.samples.get_mut(..count) else { return false };
        samples.fill(0);
        (self.stride, self.width, self.height) = (stride, width, height);
        true
    }

    /// Columns.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// The rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u32]> {
        let rows = self.samples.chunks_exact(self.stride).take(self.height);
        rows.map(|row| row.get(..self.width).unwrap_or_default())
    }

    /// Rows two by two, of an even length: with a column and a row more than there are if that is
    /// needed.
    pub(crate) fn row_pairs_mut(&mut self) -> impl Iterator<Item = (&mut [u32], &mut [u32])> {
        let stride = self.stride;
        let pairs = self.samples.chunks_exact_mut(stride * 2).take(self.height.div_ceil(2));
        pairs.map(move |pair| pair.split_at_mut(stride))
    }

    /// A sample; 0 where there is none.
    pub(crate) fn get(&self, row: usize, column: usize) -> u32 {
        if row >= self.height || column >= self.width {
            return 0;
        }
        self.samples.get(row * self.stride + column).copied().unwrap_or(0)
    }

    /// Changes a sample.
    #[inline(always)]
    pub(crate) fn set(&mut self, row: usize, column: usize, value: u32) {
        // No index of a block is changed by this; it takes the place of a check.
        if let Some(sample) = self.samples.get_mut((row * self.stride + column) & (MAX_SAMPLES - 1))
        {
            *sample = value;
        }
    }

    /// The length of a row, and all samples that there is room for.
    pub(crate) fn storage_mut(&mut self) -> (usize, &mut [u32; MAX_SAMPLES]) {
        (self.stride, &mut self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_4096_samples_at_most() {
        let mut block = SampleBlock::new();
        for (width, height, is_possible) in [
            (64, 64, true),
            (64, 65, false),
            (65, 64, false),
            (1024, 4, true),
            (4, 1024, true),
            (1, 2048, true),
            (1, 2049, false),
            (0, 0, true),
            (1 << 40, 1 << 40, false),
        ] {
            assert_eq!(SampleBlock::has_room(width, height), is_possible, "{width} x {height}");
            assert_eq!(block.reset(width, height), is_possible, "{width} x {height}");
        }
        assert!(block.reset(5, 3));
        assert_eq!((block.width(), block.height()), (5, 3));
    }

    #[test]
    fn samples_are_set_and_found() {
        let mut block = SampleBlock::new();
        block.reset(3, 3);
        block.set(0, 2, 7);
        block.set(2, 0, 8);
        assert_eq!([block.get(0, 2), block.get(2, 0), block.get(1, 1)], [7, 8, 0]);
        // The column and the row that make it even are no samples of it.
        block.set(0, 3, 9);
        block.set(3, 0, 9);
        assert_eq!([block.get(0, 3), block.get(3, 0), block.get(9, 9)], [0; 3]);
        let rows: Vec<&[u32]> = block.rows().collect();
        assert_eq!(rows, [[0, 0, 7], [0, 0, 0], [8, 0, 0]]);
        let pairs: Vec<_> =
            block.row_pairs_mut().map(|(top, low)| (top.to_vec(), low[0])).collect();
        assert_eq!(pairs, [(vec![0, 0, 7, 9], 0), (vec![8, 0, 0, 0], 9)]);
        let (stride, samples) = block.storage_mut();
        assert_eq!((stride, samples[2], samples[8]), (4, 7, 8));
        block.reset(3, 3);
        assert_eq!(block.get(0, 2), 0, "all are zero again");
    }
}
