//! Tag trees (ISO/IEC 15444-1 §B.10.2): numbers of a grid, coded by the smallest of each four.

use super::bits::{Ends, HeaderBits};

#[derive(Clone, Copy, Debug)]
struct Node {
    /// The number is at least this.
    low: u32,
    /// The number is `low`.
    is_known: bool,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    first_node: usize,
    columns: usize,
}

/// A grid of numbers, known as far as they were decoded.
#[derive(Debug, Default)]
pub(crate) struct TagTree {
    nodes: Vec<Node>,
    /// The grid itself first, the root last.
    levels: Vec<Level>,
}

impl TagTree {
    /// A tree of which nothing is known.
    pub(crate) fn new(mut columns: usize, mut rows: usize) -> TagTree {
        let (mut levels, mut count) = (Vec::new(), 0);
        while columns > 0 && rows > 0 {
            levels.push(Level { first_node: count, columns });
            count += columns * rows;
            if columns * rows == 1 {
                break;
            }
            (columns, rows) = (columns.div_ceil(2), rows.div_ceil(2));
        }
        TagTree { nodes: vec![Node { low: 0, is_known: false }; count], levels }
    }

    /// Decodes until it is known whether the number at a place is less than `threshold`, and says
    /// whether it is.
    pub(crate) fn is_less(
        &mut self,
        bits: &mut HeaderBits<'_>,
        column: usize,
        row: usize,
        threshold: u32,
    ) -> Result<bool, Ends> {
        let mut low = 0;
        let mut is_less = false;
        for (depth, level) in self.levels.iter().enumerate().rev() {
            let index = level.first_node + (row >> depth) * level.columns + (column >> depth);
            let Some(node) = self.nodes.get_mut(index) else { return Ok(false) };
            node.low = node.low.max(low);
            while !node.is_known && node.low < threshold {
                if bits.bit()? == 1 {
                    node.is_known = true;
                } else {
                    node.low += 1;
                }
            }
            low = node.low;
            is_less = node.is_known && node.low < threshold;
        }
        Ok(is_less)
    }
}
