//! From the coefficients of a row of MCUs to whole rows of the frame.

use super::idct::Block;
use super::layout::{BLOCK, ComponentLayout, Layout};
use super::sample::Sample;
use super::scan::Coefficients;
use super::upsample::{Upsampling, interleave, upsample};
use crate::codec::Target;
use crate::error::Result;

/// Turns rows of MCUs into rows of the frame, from the top down.
pub(super) struct Rows<'a, S> {
    layout: &'a Layout,
    components: Vec<ComponentRows<S>>,
    /// Whether a component needs rows of the next row of MCUs. The last row then waits for them.
    needs_neighbours: bool,
    /// Rows of MCUs that came.
    mcu_rows: usize,
    /// Rows of the frame that went out.
    rows: usize,
    pixels: Vec<S>,
}

/// Transforms what a row of MCUs has of a component; the row is the one of the number `place` among
/// `blocks`.
pub(super) fn transform<S: Sample>(
    layout: &ComponentLayout,
    blocks: &[Block],
    place: usize,
    table: &[u16; 64],
    samples: &mut [S],
) {
    let blocks = blocks.chunks_exact(layout.blocks_across).skip(place * layout.vertical);
    let rows = samples.chunks_exact_mut(layout.blocks_across * BLOCK * BLOCK);
    for (blocks, samples) in blocks.zip(rows) {
        S::transform(blocks, table, samples);
    }
}

/// The samples of one component.
struct ComponentRows<S> {
    upsampling: Upsampling,
    repeated_down: usize,
    /// Rows and columns that count.
    rows: usize,
    columns: usize,
    /// Samples from one row to the next.
    stride: usize,
    /// The last row of the MCUs before, then the rows of the last MCUs.
    samples: Vec<S>,
    /// Which of the component's rows is the second of `samples`.
    first_row: usize,
    /// Memory to work in, and an upsampled row.
    sums: Vec<u16>,
    upsampled: Vec<S>,
}

impl<S: Sample> ComponentRows<S> {
    fn new(component: &ComponentLayout) -> ComponentRows<S> {
        let stride = component.blocks_across * BLOCK;
        let upsampling =
            Upsampling::new(component.columns, component.repeated_across, component.repeated_down);
        ComponentRows {
            upsampling,
            repeated_down: component.repeated_down,
            rows: component.rows,
            columns: component.columns,
            stride,
            samples: vec![S::default(); stride * (component.vertical * BLOCK + 1)],
            first_row: 0,
            sums: Vec::new(),
            upsampled: Vec::new(),
        }
    }

    /// One of the component's rows; beyond the last one this again.
    fn row(&self, row: usize) -> &[S] {
        let start = (row.min(self.rows - 1) + 1 - self.first_row) * self.stride;
        self.samples.get(start..start + self.columns).unwrap_or_default()
    }

    /// Upsamples what a row of the frame has of this component.
    fn prepare(&mut self, frame_row: usize) {
        if self.upsampling == Upsampling::None {
            return;
        }
        let (mut sums, mut upsampled) =
            (std::mem::take(&mut self.sums), std::mem::take(&mut self.upsampled));
        let row = frame_row / self.repeated_down;
        let is_upper = frame_row.is_multiple_of(2);
        let near = self.row(row);
        let far = match self.upsampling.needs_neighbours() {
            true if is_upper => self.row(row.saturating_sub(1)),
            true => self.row(row + 1),
            false => near,
        };
        upsample(self.upsampling, near, far, is_upper, &mut sums, &mut upsampled);
        (self.sums, self.upsampled) = (sums, upsampled);
    }

    /// What was prepared.
    fn prepared(&self, frame_row: usize) -> &[S] {
        match self.upsampling {
            Upsampling::None => self.row(frame_row),
            _ => &self.upsampled,
        }
    }
}

impl<'a, S: Sample> Rows<'a, S> {
    pub(crate) fn new(layout: &'a Layout) -> Rows<'a, S> {
        let components: Vec<_> = layout.components.iter().map(ComponentRows::new).collect();
        let needs_neighbours =
            components.iter().any(|component| component.upsampling.needs_neighbours());
        Rows { layout, components, needs_neighbours, mcu_rows: 0, rows: 0, pixels: Vec::new() }
    }

    /// Takes the next row of MCUs, which is the one of that number in `coefficients`; gives the
    /// rows of the frame that are there with it.
    ///
    /// # Errors
    ///
    /// If `target` fails.
    pub(crate) fn take(
        &mut self,
        coefficients: &Coefficients,
        place: usize,
        tables: &[[u16; 64]],
        target: &mut Target<'_>,
    ) -> Result<()> {
        let layouts = &self.layout.components;
        let all = layouts.iter().zip(&coefficients.components).zip(tables);
        self.take_samples(
            all.map(|((layout, blocks), table)| {
                |samples: &mut [S]| transform(layout, blocks, place, table, samples)
            }),
            target,
        )
    }

    /// Takes the samples of the next row of MCUs, which are put by `fillers`, one for each
    /// component, where they belong.
    ///
    /// # Errors
    ///
    /// If `target` fails.
    pub(crate) fn take_samples<F: FnOnce(&mut [S])>(
        &mut self,
        fillers: impl Iterator<Item = F>,
        target: &mut Target<'_>,
    ) -> Result<()> {
        let all = self.components.iter_mut().zip(&self.layout.components).zip(fillers);
        for ((component, layout), fill) in all {
            let rows = layout.vertical * BLOCK;
            if self.needs_neighbours {
                // The last row that came is the neighbour of the next one.
                component.samples.copy_within(rows * component.stride.., 0);
            }
            component.first_row = self.mcu_rows * rows;
            fill(component.samples.get_mut(component.stride..).unwrap_or_default());
        }
        self.mcu_rows += 1;
        let mcu_height = self.layout.rows_of_mcu();
        let complete = match self.mcu_rows == self.layout.mcus_down {
            true => self.layout.rows,
            false => self.mcu_rows * mcu_height - usize::from(self.needs_neighbours),
        };
        self.give(complete, target)
    }

    /// Gives rows of the frame up to `end`.
    fn give(&mut self, end: usize, target: &mut Target<'_>) -> Result<()> {
        let columns = self.layout.columns;
        if let [component] = &self.components[..]
            && component.stride == columns
        {
            // Nothing to do: the rows lie one after the other.
            let count = (end - self.rows) * columns;
            let samples = component.samples.get(columns..columns + count).unwrap_or_default();
            self.rows = end;
            return target.rows(S::samples(samples));
        }
        self.pixels.clear();
        for row in self.rows..end {
            self.components.iter_mut().for_each(|component| component.prepare(row));
            match &self.components[..] {
                [a] => interleave(&[a.prepared(row)], columns, &mut self.pixels),
                [a, b, c] => {
                    interleave(
                        &[a.prepared(row), b.prepared(row), c.prepared(row)],
                        columns,
                        &mut self.pixels,
                    );
                }
                all => {
                    let rows: Vec<_> =
                        all.iter().map(|component| component.prepared(row)).collect();
                    interleave(&rows, columns, &mut self.pixels);
                }
            }
        }
        self.rows = end;
        target.rows(S::samples(&self.pixels))
    }
}
