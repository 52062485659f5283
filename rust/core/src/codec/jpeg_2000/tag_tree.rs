//! Tag trees (ISO/IEC 15444-1 §B.10.2): numbers of a grid, coded by the smallest of each four.

use super::bits::{Ends, HeaderBits};

/// What is known of a number: as a tree starts, nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Node {
    /// The number is at least this. No layer and no bit-plane has a higher one.
    low: u16,
    /// The number is `low`.
    is_known: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    first_node: usize,
    columns: usize,
}

/// Most levels: a precinct is 2 to the power of 15 wide and high at most, a code-block 1.
const MAX_LEVELS: usize = 16;

/// The levels of a tree over so many columns and rows, the grid itself first and the root last:
/// columns and rows of each.
fn levels(columns: usize, rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut next = (columns > 0 && rows > 0).then_some((columns, rows));
    std::iter::from_fn(move || {
        let (columns, rows) = next?;
        let is_root = columns == 1 && rows == 1;
        next = (!is_root).then_some((columns.div_ceil(2), rows.div_ceil(2)));
        Some((columns, rows))
    })
}

/// Nodes of a tree over so many columns and rows.
pub(crate) fn node_count(columns: usize, rows: usize) -> usize {
    levels(columns, rows).map(|(columns, rows)| columns * rows).sum()
}

/// A grid of numbers, known as far as they were decoded. Its nodes are kept elsewhere, side by side
/// with those of other trees: there can be one for each code-block.
#[derive(Debug)]
pub(crate) struct TagTree<'n> {
    nodes: &'n mut [Node],
    /// The grid itself first, the root last.
    levels: [Level; MAX_LEVELS],
    level_count: usize,
}

impl TagTree<'_> {
    /// The tree over so many columns and rows that has these nodes, as many as [`node_count`] says.
    pub(crate) fn new(nodes: &mut [Node], columns: usize, rows: usize) -> TagTree<'_> {
        let mut tree = TagTree { nodes, levels: [Level::default(); MAX_LEVELS], level_count: 0 };
        let mut first_node = 0;
        for (level, (columns, rows)) in tree.levels.iter_mut().zip(levels(columns, rows)) {
            *level = Level { first_node, columns };
            first_node += columns * rows;
            tree.level_count += 1;
        }
        tree
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
        let levels = self.levels.get(..self.level_count).unwrap_or_default();
        for (depth, level) in levels.iter().enumerate().rev() {
            let index = level.first_node + (row >> depth) * level.columns + (column >> depth);
            let Some(node) = self.nodes.get_mut(index) else { return Ok(false) };
            node.low = node.low.max(low);
            while !node.is_known && u32::from(node.low) < threshold {
                if bits.bit()? == 1 {
                    node.is_known = true;
                } else {
                    node.low = node.low.saturating_add(1);
                }
            }
            low = node.low;
            is_less = node.is_known && u32::from(node.low) < threshold;
        }
        Ok(is_less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nodes of a tree of which nothing is known.
    fn nodes(columns: usize, rows: usize) -> Vec<Node> {
        vec![Node::default(); node_count(columns, rows)]
    }

    /// The number at a place, by asking for one threshold after the other.
    fn number(tree: &mut TagTree<'_>, bits: &mut HeaderBits<'_>, column: usize, row: usize) -> u32 {
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
        let mut nodes = nodes(6, 3);
        let mut tree = TagTree::new(&mut nodes, 6, 3);
        let mut bits = HeaderBits::new(&bytes, 0);
        let found = [0, 1, 2].map(|column| number(&mut tree, &mut bits, column, 0));
        assert_eq!(found, [1, 3, 2]);
        assert_eq!(bits.bits(5), Ok(0), "11 bits were used");
        assert_eq!(bits.bit(), Err(Ends));
    }

    #[test]
    fn what_is_known_takes_no_bits() {
        let bytes = [0b0001_1111];
        let mut nodes = nodes(1, 1);
        let mut tree = TagTree::new(&mut nodes, 1, 1);
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
        let mut nodes = nodes(3, 2);
        let mut tree = TagTree::new(&mut nodes, 3, 2);
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
            assert_eq!(node_count(columns, rows), 0);
            let mut tree = TagTree::new(&mut [], columns, rows);
            assert_eq!(tree.is_less(&mut bits, 0, 0, 1), Ok(false), "{columns} x {rows}");
            assert_eq!(bits.bit(), Ok(1), "no bit was used");
        }
        let mut bits = HeaderBits::new(&[0xFF], 0);
        let mut four = nodes(2, 2);
        let mut is_less = |bits: &mut HeaderBits<'_>, column, row| {
            TagTree::new(&mut four, 2, 2).is_less(bits, column, row, 1)
        };
        assert_eq!(is_less(&mut bits, 9, 9), Ok(false));
        assert_eq!(is_less(&mut HeaderBits::new(&[], 0), 0, 0), Err(Ends));
    }

    #[test]
    fn trees_have_a_node_for_each_four_below() {
        for (columns, rows, expected) in
            [(1, 1, 1), (2, 2, 5), (6, 3, 18 + 6 + 2 + 1), (1, 5, 5 + 3 + 2 + 1), (8192, 1, 16383)]
        {
            assert_eq!(node_count(columns, rows), expected, "{columns} x {rows}");
        }
    }
}
