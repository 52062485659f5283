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

#[cfg(test)]
mod tests {
    use super::*;

    /// The number at a place, by asking for one threshold after the other.
    fn number(tree: &mut TagTree, bits: &mut HeaderBits<'_>, column: usize, row: usize) -> u32 {
        (0..).find(|number| tree.is_less(bits, column, row, number + 1).unwrap()).unwrap()
    }

    #[test]
    fn numbers_are_those_of_the_standard() {
        // The example of §B.10.2, of 6 columns and 3 rows, whose first numbers are 1, 3 and 2.
        #[rustfmt::skip]
        let bytes = [
            0b0111_1001, // 01111 is 1, with the smallest numbers of 4, 16 and all; 001 is 3
            0b1010_0000, // 101 is 2, with the smallest number of its 4
        ];
        let mut tree = TagTree::new(6, 3);
        let mut bits = HeaderBits::new(&bytes, 0);
        let found = [0, 1, 2].map(|column| number(&mut tree, &mut bits, column, 0));
        assert_eq!(found, [1, 3, 2]);
        assert_eq!(bits.bits(5), Ok(0), "11 bits were used");
        assert_eq!(bits.bit(), Err(Ends));
    }

    #[test]
    fn what_is_known_takes_no_bits() {
        let bytes = [0b0001_1111];
        let mut tree = TagTree::new(1, 1);
        let mut bits = HeaderBits::new(&bytes, 0);
        let mut is_less = |threshold| tree.is_less(&mut bits, 0, 0, threshold).unwrap();
        assert!(!is_less(0), "no bit");
        assert!(!is_less(1), "a bit");
        assert!(!is_less(1), "no bit more");
        assert!(!is_less(3), "two bits");
        assert!(is_less(9), "a bit");
        assert!(!is_less(3) && is_less(4), "the number is 3");
        assert_eq!(bits.bits(4), Ok(0b1111));
    }

    #[test]
    fn rows_and_columns_have_their_own_numbers() {
        // A root and 3 columns of 2 rows: 0 at all places but one.
        let bytes = [
            0b1111_1101, // the root, then of each column the smallest of its pair and both
            0b1100_0000,
        ];
        let mut tree = TagTree::new(3, 2);
        let mut bits = HeaderBits::new(&bytes, 0);
        let mut found = Vec::new();
        for row in 0..2 {
            for column in 0..3 {
                found.push(number(&mut tree, &mut bits, column, row));
            }
        }
        assert_eq!(found, [0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_tree_without_places_knows_nothing() {
        for (columns, rows) in [(0, 0), (0, 3), (3, 0)] {
            let mut bits = HeaderBits::new(&[0xFF], 0);
            let mut tree = TagTree::new(columns, rows);
            assert_eq!(tree.is_less(&mut bits, 0, 0, 1), Ok(false), "{columns} x {rows}");
            assert_eq!(bits.bit(), Ok(1), "no bit was used");
        }
        let mut bits = HeaderBits::new(&[0xFF], 0);
        assert_eq!(TagTree::new(2, 2).is_less(&mut bits, 9, 9, 1), Ok(false));
        assert_eq!(TagTree::new(1, 1).is_less(&mut HeaderBits::new(&[], 0), 0, 0, 1), Err(Ends));
    }
}
