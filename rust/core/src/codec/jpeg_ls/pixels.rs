//! One line of pixels: the samples of a pixel one after the other, in runs all of them or none
//! (T.87 §B.3).

use super::bits::Bits;
use super::context::RegionTable;
use super::line::{Coder, Lines, take_run, take_sample, take_unlike_run_end};

/// The neighbours of a component's sample.
#[derive(Clone, Copy, Debug, Default)]
struct Neighbours {
    /// Ra, Rb, Rc and Rd.
    left: i32,
    above: i32,
    above_left: i32,
    above_right: i32,
    /// The region of the difference of Rb and Rc.
    region_of_left: i32,
    /// The regions of all differences as one number.
    regions: i32,
}

impl Neighbours {
    /// Those of the first sample of a line. The one above stands for the one to its left.
    #[inline(always)]
    fn before(line: &Lines, table: &RegionTable<'_>) -> Neighbours {
        let (above_left, above) = (line.above(0), line.above(1));
        let region_of_left = table.of(above - above_left);
        Neighbours { left: above, above, above_left, region_of_left, ..Neighbours::default() }
    }

    /// Adds Rd of the sample in `column`, and so its regions.
    #[inline(always)]
    fn complete(&mut self, line: &Lines, table: &RegionTable<'_>, column: usize) {
        let Neighbours { left, above, above_left, region_of_left, .. } = *self;
        self.above_right = line.above(column + 2);
        let region_of_right = table.of(self.above_right - above);
        self.regions = 81 * region_of_right + 9 * region_of_left + table.of(above_left - left);
        self.region_of_left = region_of_right;
    }
}

impl Coder {
    /// Decodes the lines at hand of all components of a scan, at most four. The first has RUNindex
    /// for all.
    #[inline(always)]
    pub(super) fn pixel_line<const IS_BINARY: bool>(
        &mut self,
        lines: &mut [Lines],
        bits: &mut Bits<'_>,
    ) {
        let Some(first) = lines.first() else { return };
        let (columns, mut run_index) = (first.samples().len(), first.run_index);
        let Some(table) = self.regions.table() else { return };
        let mut all = [Neighbours::default(); 4];
        for (neighbours, line) in all.iter_mut().zip(&*lines) {
            *neighbours = Neighbours::before(line, &table);
        }
        let mut column = 0;
        while column < columns {
            let mut is_run = true;
            for (neighbours, line) in all.iter_mut().zip(&*lines) {
                neighbours.complete(line, &table, column);
                is_run &= neighbours.regions == 0;
            }
            if is_run {
                let length = take_run(bits, &mut run_index, columns - column);
                for (neighbours, line) in all.iter().zip(&mut *lines) {
                    line.set(column, length, neighbours.left);
                }
                column += length;
                if column >= columns {
                    break;
                }
                for (neighbours, line) in all.iter_mut().zip(&*lines) {
                    neighbours.above = line.above(column + 1);
                    neighbours.above_right = line.above(column + 2);
                    neighbours.region_of_left = table.of(neighbours.above_right - neighbours.above);
                }
            }
            for (neighbours, line) in all.iter_mut().zip(&mut *lines) {
                let Neighbours { left, above, above_left, above_right, regions, .. } = *neighbours;
                neighbours.left = if is_run {
                    take_unlike_run_end(
                        &mut self.contexts,
                        &self.parameters,
                        bits,
                        run_index,
                        left,
                        above,
                    )
                } else {
                    take_sample::<IS_BINARY>(
                        &self.parameters,
                        &mut self.contexts,
                        bits,
                        regions,
                        [left, above, above_left],
                    )
                };
                line.set(column, 1, neighbours.left);
                (neighbours.above_left, neighbours.above) = (above, above_right);
            }
            if is_run {
                run_index = run_index.saturating_sub(1);
            }
            column += 1;
        }
        if let Some(first) = lines.first_mut() {
            first.run_index = run_index;
        }
    }
}
