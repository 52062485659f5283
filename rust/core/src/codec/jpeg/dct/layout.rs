//! Which blocks a frame has, and in which order scans have them (T.81 §A.1, §A.2).

use super::super::headers::{Component, FrameHeader, ScanHeader};
use crate::error::{ErrorKind, Result};

/// Samples of a block, across and down.
pub(super) const BLOCK: usize = 8;

/// The blocks of a frame.
#[derive(Debug)]
pub(super) struct Layout {
    pub rows: usize,
    pub columns: usize,
    /// MCUs of an interleaved scan, which the last ones fill up.
    pub mcus_across: usize,
    pub mcus_down: usize,
    pub components: Vec<ComponentLayout>,
}

/// The blocks of a component.
#[derive(Debug)]
pub(super) struct ComponentLayout {
    /// Blocks of an MCU, across and down.
    pub horizontal: usize,
    pub vertical: usize,
    /// How often the component's samples must be repeated, across and down, to be as many as the
    /// frame's.
    pub repeated_across: usize,
    pub repeated_down: usize,
    /// Its samples.
    pub columns: usize,
    pub rows: usize,
    /// Blocks of all MCUs, across.
    pub blocks_across: usize,
}

impl ComponentLayout {
    /// Samples of the blocks of a row of MCUs.
    pub(crate) fn samples_of_mcu_row(&self) -> usize {
        self.blocks_across * self.vertical * BLOCK * BLOCK
    }
}

impl Layout {
    /// # Errors
    ///
    /// If a component has fewer samples than the others by a factor that is no whole number.
    pub(crate) fn new(frame: &FrameHeader) -> Result<Layout> {
        // Of one component alone the factors say nothing: an MCU is a block (T.81 §A.2.2).
        let is_alone = frame.components.len() == 1;
        let factors = |component: &Component| match is_alone {
            true => (1, 1),
            false => (component.horizontal, component.vertical),
        };
        let (highest_across, highest_down) = frame
            .components
            .iter()
            .map(factors)
            .fold((1, 1), |high, (x, y)| (high.0.max(x), high.1.max(y)));
        let mcus_across = frame.columns.div_ceil(highest_across * BLOCK);
        let mcus_down = frame.rows.div_ceil(highest_down * BLOCK);
        let component = |component: &Component| {
            let (horizontal, vertical) = factors(component);
            if !highest_across.is_multiple_of(horizontal) || !highest_down.is_multiple_of(vertical)
            {
                let coded = format!("{horizontal}x{vertical} of {highest_across}x{highest_down}");
                return Err(ErrorKind::Unsupported { what: "JPEG sampling factors", coded }.into());
            }
            Ok(ComponentLayout {
                horizontal,
                vertical,
                repeated_across: highest_across / horizontal,
                repeated_down: highest_down / vertical,
                columns: (frame.columns * horizontal).div_ceil(highest_across),
                rows: (frame.rows * vertical).div_ceil(highest_down),
                blocks_across: mcus_across * horizontal,
            })
        };
        let components = frame.components.iter().map(component).collect::<Result<_>>()?;
        Ok(Layout { rows: frame.rows, columns: frame.columns, mcus_across, mcus_down, components })
    }

    /// Rows of the frame that a row of MCUs has.
    pub(crate) fn rows_of_mcu(&self) -> usize {
        self.components.iter().map(|component| component.vertical * BLOCK).max().unwrap_or(BLOCK)
    }

    /// Blocks of all components, those that fill the last MCUs up among them.
    pub(crate) fn block_count(&self) -> usize {
        let of_mcu: usize =
            self.components.iter().map(|component| component.horizontal * component.vertical).sum();
        self.mcus_across * self.mcus_down * of_mcu
    }
}

/// The blocks of a scan, in rows.
#[derive(Debug)]
pub(super) struct ScanLayout {
    pub mcus_across: usize,
    pub mcus_down: usize,
    pub components: Vec<ScanBlocks>,
}

/// The blocks of a component in a scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScanBlocks {
    /// Which of the frame's components.
    pub index: usize,
    /// Blocks of an MCU, across and down.
    pub horizontal: usize,
    pub vertical: usize,
    /// Blocks from one row to the next.
    pub blocks_across: usize,
}

impl ScanLayout {
    pub(crate) fn new(layout: &Layout, scan: &ScanHeader) -> ScanLayout {
        let components = scan.components.iter().filter_map(|component| {
            let own = layout.components.get(component.index)?;
            Some((component.index, own))
        });
        if let ([_], Some((index, own))) = (&scan.components[..], components.clone().next()) {
            // Not interleaved: an MCU is a block, and none fills up (T.81 §A.2.2).
            let blocks =
                ScanBlocks { index, horizontal: 1, vertical: 1, blocks_across: own.blocks_across };
            return ScanLayout {
                mcus_across: own.columns.div_ceil(BLOCK),
                mcus_down: own.rows.div_ceil(BLOCK),
                components: vec![blocks],
            };
        }
        let components = components.map(|(index, own)| ScanBlocks {
            index,
            horizontal: own.horizontal,
            vertical: own.vertical,
            blocks_across: own.blocks_across,
        });
        ScanLayout {
            mcus_across: layout.mcus_across,
            mcus_down: layout.mcus_down,
            components: components.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::headers::ScanComponent;
    use super::*;
    use crate::error::Family;

    /// A frame of 17 lines of 35 samples with these sampling factors.
    fn frame(factors: &[(usize, usize)]) -> FrameHeader {
        let component = |(id, (horizontal, vertical)): (usize, &(usize, usize))| Component {
            id: id as u8,
            horizontal: *horizontal,
            vertical: *vertical,
            quantization_table: 0,
        };
        FrameHeader {
            sof: 0xC0,
            offset: 0,
            precision: 8,
            rows: 17,
            columns: 35,
            components: factors.iter().enumerate().map(component).collect(),
        }
    }

    fn scan(indices: &[usize]) -> ScanHeader {
        let component = |index: &usize| ScanComponent { index: *index, dc_table: 0, ac_table: 0 };
        ScanHeader {
            offset: 0,
            components: indices.iter().map(component).collect(),
            spectral_start: 0,
            spectral_end: 63,
            approximation_high: 0,
            approximation_low: 0,
        }
    }

    #[test]
    fn components_with_fewer_samples_are_repeated() {
        let layout = Layout::new(&frame(&[(4, 2), (2, 2), (1, 1)])).unwrap();
        assert_eq!((layout.rows, layout.columns), (17, 35));
        // An MCU has 32 columns and 16 lines.
        assert_eq!((layout.mcus_across, layout.mcus_down, layout.rows_of_mcu()), (2, 2, 16));
        assert_eq!(layout.block_count(), 2 * 2 * (8 + 4 + 1));
        let found = layout.components.iter().map(|one| {
            ((one.repeated_across, one.repeated_down), (one.columns, one.rows, one.blocks_across))
        });
        assert!(found.eq([((1, 1), (35, 17, 8)), ((2, 1), (18, 17, 4)), ((4, 2), (9, 9, 2))]));

        let interleaved = ScanLayout::new(&layout, &scan(&[0, 2]));
        assert_eq!((interleaved.mcus_across, interleaved.mcus_down), (2, 2));
        let blocks =
            interleaved.components.iter().map(|one| (one.index, one.horizontal, one.vertical));
        assert!(blocks.eq([(0, 4, 2), (2, 1, 1)]));
        // Alone, a component has blocks for its own samples only.
        let alone = ScanLayout::new(&layout, &scan(&[1]));
        assert_eq!((alone.mcus_across, alone.mcus_down), (3, 3));
        let [blocks] = alone.components[..] else { panic!("{alone:?}") };
        assert_eq!((blocks.index, blocks.blocks_across), (1, 4));
        assert_eq!((blocks.horizontal, blocks.vertical), (1, 1));
    }

    #[test]
    fn factors_of_an_only_component_mean_nothing() {
        let layout = Layout::new(&frame(&[(3, 2)])).unwrap();
        assert_eq!((layout.mcus_across, layout.mcus_down, layout.block_count()), (5, 3, 15));
        assert_eq!(layout.rows_of_mcu(), 8);
    }

    #[test]
    fn fractions_of_samples_are_not_supported() {
        for factors in [[(3, 1), (2, 1)], [(1, 3), (1, 2)]] {
            let error = Layout::new(&frame(&factors)).unwrap_err();
            assert_eq!(error.family(), Family::Unsupported, "{factors:?}");
        }
    }
}
