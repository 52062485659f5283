//! What the headers of a codestream say: sizes (ISO/IEC 15444-1 §A.5), coding and quantization
//! (§A.6).

use std::collections::BTreeMap;
use std::ops::Range;

/// Image and tiles on the reference grid (§B.2, §B.3).
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) struct ImageSize {
    pub x0: u32,
    pub y0: u32,
    pub x1: u32,
    pub y1: u32,
    pub tile_width: u32,
    pub tile_height: u32,
    pub tile_x0: u32,
    pub tile_y0: u32,
    pub components: Vec<ComponentSize>,
}

/// A component of the image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComponentSize {
    /// Bits of a sample.
    pub precision: u32,
    /// Whether samples are two's complement.
    pub is_signed: bool,
    /// Columns of the reference grid from sample to sample.
    pub x_step: u8,
    /// Rows of the reference grid from sample to sample.
    pub y_step: u8,
}

impl ImageSize {
    /// Tiles side by side.
    pub(crate) fn tile_columns(&self) -> u32 {
        (self.x1 - self.tile_x0).div_ceil(self.tile_width)
    }

    /// Tiles one above the other.
    pub(crate) fn tile_rows(&self) -> u32 {
        (self.y1 - self.tile_y0).div_ceil(self.tile_height)
    }

    /// Columns and rows of the reference grid from pixel to pixel: those of the components that
    /// have most samples.
    pub(crate) fn pixel_steps(&self) -> (u32, u32) {
        let least = |steps: fn(&ComponentSize) -> u8| self.components.iter().map(steps).min();
        let x_step = least(|component| component.x_step).unwrap_or(1);
        let y_step = least(|component| component.y_step).unwrap_or(1);
        (u32::from(x_step).max(1), u32::from(y_step).max(1))
    }

    /// Whether each component has a sample of each pixel.
    pub(crate) fn has_samples_of_all_pixels(&self) -> bool {
        let steps = self.pixel_steps();
        self.components.iter().all(|size| (size.x_step.into(), size.y_step.into()) == steps)
    }

    /// The pixels of a part of the reference grid.
    pub(crate) fn pixels(&self, part: &Rectangle) -> Rectangle {
        let (x_step, y_step) = self.pixel_steps();
        part.every(x_step, y_step)
    }

    /// The whole image on the reference grid.
    pub(crate) fn area(&self) -> Rectangle {
        Rectangle { x0: self.x0, y0: self.y0, x1: self.x1, y1: self.y1 }
    }

    /// Where columns and rows of pixels, from the first to before the last, lie on the reference
    /// grid.
    pub(crate) fn part(&self, columns: [usize; 2], rows: [usize; 2]) -> Rectangle {
        let (x_step, y_step) = self.pixel_steps();
        let first = self.pixels(&self.area());
        let place = |first: u32, index: usize, step: u32| {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            first.saturating_add(index).saturating_mul(step)
        };
        Rectangle {
            x0: place(first.x0, columns[0], x_step),
            y0: place(first.y0, rows[0], y_step),
            x1: place(first.x0, columns[1], x_step),
            y1: place(first.y0, rows[1], y_step),
        }
    }

    /// Where a tile lies on the reference grid (§B.3).
    pub(crate) fn tile(&self, index: usize) -> Rectangle {
        let columns = self.tile_columns().max(1);
        let (row, column) = (index as u32 / columns, index as u32 % columns);
        let along = |first: u32, length: u32, index: u32, low: u32, high: u32| {
            let start = u64::from(first) + u64::from(index) * u64::from(length);
            let end = start + u64::from(length);
            let clamp = |at: u64| at.clamp(low.into(), high.into()) as u32;
            (clamp(start), clamp(end))
        };
        let (x0, x1) = along(self.tile_x0, self.tile_width, column, self.x0, self.x1);
        let (y0, y1) = along(self.tile_y0, self.tile_height, row, self.y0, self.y1);
        Rectangle { x0, y0, x1, y1 }
    }
}

/// Corners: the upper left one, and the one below and to the right of the last sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) struct Rectangle {
    pub x0: u32,
    pub y0: u32,
    pub x1: u32,
    pub y1: u32,
}

impl Rectangle {
    /// Columns.
    pub(crate) fn width(&self) -> usize {
        self.x1.saturating_sub(self.x0) as usize
    }

    /// Rows.
    pub(crate) fn height(&self) -> usize {
        self.y1.saturating_sub(self.y0) as usize
    }

    /// Whether it has no samples.
    pub(crate) fn is_empty(&self) -> bool {
        self.width() == 0 || self.height() == 0
    }

    /// The samples of every `x_step`th column and `y_step`th row.
    pub(crate) fn every(&self, x_step: u32, y_step: u32) -> Rectangle {
        Rectangle {
            x0: self.x0.div_ceil(x_step),
            y0: self.y0.div_ceil(y_step),
            x1: self.x1.div_ceil(x_step),
            y1: self.y1.div_ceil(y_step),
        }
    }

    /// The samples, one every so many columns and rows, that are in it or next to it.
    pub(crate) fn around(&self, x_step: u32, y_step: u32) -> Rectangle {
        let (x_step, y_step) = (x_step.max(1), y_step.max(1));
        Rectangle {
            x0: (self.x0 / x_step).saturating_sub(1),
            y0: (self.y0 / y_step).saturating_sub(1),
            x1: self.x1.div_ceil(x_step).saturating_add(1),
            y1: self.y1.div_ceil(y_step).saturating_add(1),
        }
    }

    /// Whether there is anything in both.
    pub(crate) fn intersects(&self, other: &Rectangle) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }

    /// What is left of it `levels` resolutions down.
    pub(crate) fn reduced(&self, levels: u32) -> Rectangle {
        let halve = |at: u32| ((u64::from(at) + ((1 << levels) - 1)) >> levels) as u32;
        Rectangle { x0: halve(self.x0), y0: halve(self.y0), x1: halve(self.x1), y1: halve(self.y1) }
    }

    /// What both have.
    pub(crate) fn meet(&self, other: &Rectangle) -> Rectangle {
        Rectangle {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
    }
}

/// Orders of packets (§B.12): L layer, R resolution, C component, P position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Progression {
    Lrcp,
    Rlcp,
    Rpcl,
    Pcrl,
    Cprl,
}

impl Progression {
    /// By its code (Table A.16).
    pub(crate) fn from_code(code: u8) -> Option<Progression> {
        Some(match code {
            0 => Progression::Lrcp,
            1 => Progression::Rlcp,
            2 => Progression::Rpcl,
            3 => Progression::Pcrl,
            4 => Progression::Cprl,
            _ => return None,
        })
    }
}

/// A part of the packets, and their order (POC).
#[derive(Clone, Debug)]
pub(crate) struct ProgressionChange {
    /// Of these resolutions,
    pub resolutions: Range<usize>,
    /// these components
    pub components: Range<usize>,
    /// and the layers before this one,
    pub layer_end: usize,
    /// in this order.
    pub progression: Progression,
}

/// What holds for all components of a tile (SGcod).
#[derive(Clone, Copy, Debug)]
pub(crate) struct TileCoding {
    /// The order of packets.
    pub progression: Progression,
    /// Layers.
    pub layer_count: u16,
    /// Whether the first three components are transformed together.
    pub has_component_transform: bool,
    /// Whether packets can have a marker before them.
    pub has_sop: bool,
    /// Whether packet headers have a marker after them.
    pub has_eph: bool,
}

/// How code-blocks are coded (Table A.19).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BlockStyle {
    /// By the block coder of Part 15.
    pub is_high_throughput: bool,
    /// Passes of the lower bit-planes are not arithmetically coded.
    pub has_bypass: bool,
    /// Contexts are reset after each pass.
    pub resets_contexts: bool,
    /// Each pass ends its codeword.
    pub terminates_passes: bool,
    /// Contexts do not look at the stripe below.
    pub is_vertically_causal: bool,
    /// Bit-planes end with a known symbol.
    pub has_segmentation_symbols: bool,
}

impl BlockStyle {
    /// By its code; `None` if blocks of one component can be coded by either coder.
    pub(crate) fn from_code(code: u8) -> Option<BlockStyle> {
        (code & 0xC0 != 0xC0).then_some(BlockStyle {
            is_high_throughput: code & 0x40 != 0,
            has_bypass: code & 1 != 0,
            resets_contexts: code & 2 != 0,
            terminates_passes: code & 4 != 0,
            is_vertically_causal: code & 8 != 0,
            has_segmentation_symbols: code & 32 != 0,
        })
    }
}

/// How a component is coded (SPcod, SPcoc).
#[derive(Clone, Debug)]
pub(crate) struct CodingStyle {
    /// How often it is halved.
    pub level_count: u32,
    /// Code-blocks are 2 to the power of this wide,
    pub block_width_exponent: u32,
    /// and 2 to the power of this high.
    pub block_height_exponent: u32,
    /// How code-blocks are coded.
    pub block_style: BlockStyle,
    /// Whether the wavelet is the 5-3 one, in whole numbers.
    pub is_reversible: bool,
    /// Of width and height of precincts, a pair a resolution.
    pub precinct_exponents: [(u8, u8); 33],
}

/// Whether and how coefficients are quantized (Table A.28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the standard's words")]
pub(crate) enum QuantizationStyle {
    None,
    Derived,
    Expounded,
}

/// Quantization of a component (QCD, QCC).
#[derive(Clone, Debug)]
pub(crate) struct Quantization {
    /// Whether and how.
    pub style: QuantizationStyle,
    /// Bits more than the range of a band needs.
    pub guard_bits: u32,
    /// Exponent and mantissa of each band.
    pub steps: Vec<(u32, u32)>,
}

impl Quantization {
    /// Exponent and mantissa of a band: that of the lowest resolution has the index 0. `None` if it
    /// has none.
    pub(crate) fn step(&self, band_index: usize) -> Option<(u32, u32)> {
        match self.style {
            QuantizationStyle::Derived => {
                let (exponent, mantissa) = *self.steps.first()?;
                let down = if band_index == 0 { 0 } else { (band_index as u32 - 1) / 3 };
                Some((exponent.saturating_sub(down), mantissa))
            }
            _ => self.steps.get(band_index).copied(),
        }
    }
}

/// What holds for all components, and what for one.
#[derive(Clone, Debug)]
pub(crate) struct ByComponent<T> {
    /// For those that are not named.
    pub default: Option<T>,
    named: BTreeMap<usize, T>,
}

impl<T> Default for ByComponent<T> {
    fn default() -> Self {
        ByComponent { default: None, named: BTreeMap::new() }
    }
}

impl<T> ByComponent<T> {
    /// Sets the value of one component.
    pub(crate) fn set(&mut self, component: usize, value: T) {
        self.named.insert(component, value);
    }

    /// What holds for `component` of a tile; `self` comes from the main header. The tile's own
    /// headers come first, then segments of one component (§A.6).
    pub(crate) fn resolve<'a>(
        &'a self,
        tile: &'a ByComponent<T>,
        component: usize,
    ) -> Option<&'a T> {
        let of_tile = tile.named.get(&component).or(tile.default.as_ref());
        of_tile.or_else(|| self.named.get(&component)).or(self.default.as_ref())
    }
}

/// What the main header sets, and headers of tile-parts can set again for their tile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    /// COD.
    pub tile: Option<TileCoding>,
    /// COD, COC.
    pub coding: ByComponent<CodingStyle>,
    /// QCD, QCC.
    pub quantization: ByComponent<Quantization>,
    /// RGN: bits by which a region of interest is lifted above the rest.
    pub region_shift: ByComponent<u8>,
    /// POC.
    pub progression_changes: Vec<ProgressionChange>,
}

#[cfg(test)]
mod tests;
