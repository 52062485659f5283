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
