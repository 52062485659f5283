//! How a tile is divided (ISO/IEC 15444-1 Annex B): components, resolutions, bands, precincts,
//! code-blocks.

use std::ops::Range;

use super::codestream::Header;
use super::parameters::{
    BlockStyle, CodingStyle, ComponentSize, Parameters, Quantization, QuantizationStyle, Rectangle,
};
use super::tag_tree::{Node, TagTree, node_count};
use super::{NAME, unsupported};
use crate::codec::invalid;
use crate::error::{Jpeg2000Fault, Result};
use crate::memory::{push, reserve, resize};

/// No part, as an index.
pub(crate) const NO_PART: u32 = u32::MAX;

/// A code-block and what is there of it. There can be a million of them: it is small.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// Where it lies in its band.
    pub area: Rectangle,
    /// Coding passes that are there.
    pub pass_count: u32,
    /// Codeword segments that packet headers have named.
    pub segment_count: u32,
    /// Coding passes of the last of them.
    pub segment_passes: u32,
    /// Its first and its last part, of those of the tile.
    pub parts: (u32, u32),
    /// Bit-planes that have no bits, from the highest on.
    pub zero_planes: u8,
    /// What lengths are coded with: Lblock (§B.10.7.1).
    pub length_bits: u8,
}

impl Block {
    /// One of which nothing is there.
    pub(crate) fn new(area: Rectangle) -> Block {
        Block {
            area,
            pass_count: 0,
            segment_count: 0,
            segment_passes: 0,
            parts: (NO_PART, NO_PART),
            zero_planes: 0,
            length_bits: 3,
        }
    }
}

/// What a packet has of a codeword segment of a code-block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Where its bytes start in the packets of the tile.
    pub start: usize,
    /// Bytes.
    pub length: u32,
    /// Which of the segments of the block it belongs to.
    pub segment: u32,
    /// The next part of the block.
    pub next: u32,
    /// Coding passes that end in it.
    pub pass_count: u32,
}

/// What a precinct has of a band.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PrecinctBand {
    /// Code-blocks side by side.
    pub columns: u32,
    /// Code-blocks one above the other.
    pub rows: u32,
    /// The first of its code-blocks, which are row by row among those of the resolution.
    first_block: u32,
    /// The first node of its trees among those of the resolution: in which layer a code-block is
    /// first included, then the bit-planes without bits.
    first_node: u32,
}

impl PrecinctBand {
    /// Which of the blocks of the resolution are its own.
    pub(crate) fn blocks(&self) -> Range<usize> {
        let first = self.first_block as usize;
        first..first + self.columns as usize * self.rows as usize
    }

    /// The trees of first layers and of bit-planes without bits, out of the nodes of the
    /// resolution.
    pub(crate) fn trees<'n>(&self, nodes: &'n mut [Node]) -> (TagTree<'n>, TagTree<'n>) {
        let (columns, rows) = (self.columns as usize, self.rows as usize);
        let count = node_count(columns, rows);
        let (_, rest) = nodes.split_at_mut((self.first_node as usize).min(nodes.len()));
        let (inclusion, rest) = rest.split_at_mut(count.min(rest.len()));
        let (planes, _) = rest.split_at_mut(count.min(rest.len()));
        (TagTree::new(inclusion, columns, rows), TagTree::new(planes, columns, rows))
    }
}

/// A precinct: what a packet holds of a resolution.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Precinct {
    /// Row and column on the reference grid, by which packets are ordered.
    pub position: (u32, u32),
    /// The layer that its next packet is of.
    pub next_layer: u32,
    /// A part of each band of the resolution, which has one or three.
    pub bands: [PrecinctBand; 3],
}

/// A band of wavelet coefficients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band {
    /// Where it lies in its own coordinates.
    pub area: Rectangle,
    /// Whether it is high-pass horizontally.
    pub is_high_x: bool,
    /// Whether it is high-pass vertically.
    pub is_high_y: bool,
    /// Bit-planes that magnitudes can have: Mb (§E.1).
    pub plane_count: u32,
    /// What a coefficient is multiplied with.
    pub step: f32,
}

/// A resolution.
#[derive(Debug)]
pub(crate) struct Resolution {
    /// Where it lies in its own coordinates.
    pub area: Rectangle,
    /// LL, or HL, LH, HH.
    pub bands: Vec<Band>,
    /// Row by row.
    pub precincts: Vec<Precinct>,
    /// The code-blocks of all precincts.
    pub blocks: Vec<Block>,
    /// The nodes of the trees of all precincts.
    pub nodes: Vec<Node>,
}

/// A component of a tile.
#[derive(Debug)]
pub(crate) struct TileComponent {
    /// The lowest resolution first.
    pub resolutions: Vec<Resolution>,
    /// How code-blocks are coded.
    pub block_style: BlockStyle,
    /// Whether the wavelet is the 5-3 one.
    pub is_reversible: bool,
    /// Bits by which a region of interest is lifted.
    pub region_shift: u32,
}

/// Divides a tile into components. `own` is what the tile's own headers say; the tile has
/// `coded_length` bytes of packets.
///
/// # Errors
///
/// If no header describes the coding or quantization of a component, a component is coded in a way
/// that cannot be or that this decoder lacks, or has more pieces than an image can need.
pub(crate) fn divide(
    header: &Header,
    own: &Parameters,
    tile_index: usize,
    coded_length: u64,
) -> Result<Vec<TileComponent>> {
    let tile = header.size.tile(tile_index);
    let sample_count = header.size.components.iter().map(|size| {
        let area = tile.every(size.x_step.into(), size.y_step.into());
        area.width() as u64 * area.height() as u64
    });
    let mut pieces = Pieces::new(sample_count.sum(), coded_length);
    let mut components = Vec::new();
    for (index, size) in header.size.components.iter().enumerate() {
        let coded = Coded::find(&header.parameters, own, index)?;
        push(&mut components, coded.divide(&tile, size, &mut pieces)?)?;
    }
    Ok(components)
}

/// How a component of a tile is coded.
struct Coded<'a> {
    coding: &'a CodingStyle,
    quantization: &'a Quantization,
    region_shift: u32,
}

impl<'a> Coded<'a> {
    /// What the main header and the tile's own headers say of the component with this index.
    fn find(main: &'a Parameters, own: &'a Parameters, component: usize) -> Result<Coded<'a>> {
        let coding = main.coding.resolve(&own.coding, component);
        let quantization = main.quantization.resolve(&own.quantization, component);
        let (Some(coding), Some(quantization)) = (coding, quantization) else {
            return Err(invalid(NAME, 0, Jpeg2000Fault::Uncoded { component }));
        };
        if coding.is_reversible && quantization.style != QuantizationStyle::None {
            return Err(invalid(NAME, 0, Jpeg2000Fault::QuantizedReversible { component }));
        }
        let region_shift = main.region_shift.resolve(&own.region_shift, component);
        let region_shift = region_shift.copied().unwrap_or(0).into();
        if region_shift > 0 && coding.block_style.is_high_throughput {
            return Err(unsupported("a region of interest in HTJ2K"));
        }
        Ok(Coded { coding, quantization, region_shift })
    }

    /// Divides the component, whose samples are `size` apart, of a tile on the reference grid.
    fn divide(
        &self,
        tile: &Rectangle,
        size: &ComponentSize,
        pieces: &mut Pieces,
    ) -> Result<TileComponent> {
        let coding = self.coding;
        let (x_step, y_step) = (u32::from(size.x_step), u32::from(size.y_step));
        let area = tile.every(x_step, y_step);
        let mut resolutions = Vec::new();
        reserve(&mut resolutions, coding.level_count as usize + 1)?;
        for resolution in 0..=coding.level_count {
            let down = coding.level_count - resolution;
            let (precinct_x, precinct_y) =
                coding.precinct_exponents.get(resolution as usize).copied().unwrap_or((15, 15));
            let grid = PrecinctGrid {
                area: area.reduced(down),
                exponents: (precinct_x.into(), precinct_y.into()),
                is_lowest: resolution == 0,
                block_exponents: (coding.block_width_exponent, coding.block_height_exponent),
                grid_steps: (u64::from(x_step) << down, u64::from(y_step) << down),
                tile: *tile,
            };
            let bands = self.bands(&area, size.precision, resolution)?;
            resolutions.push(grid.divide(bands, pieces)?);
        }
        Ok(TileComponent {
            resolutions,
            block_style: coding.block_style,
            is_reversible: coding.is_reversible,
            region_shift: self.region_shift,
        })
    }

    /// The bands that a resolution adds to the one below (§B.5), of a component of a tile.
    fn bands(&self, area: &Rectangle, precision: u32, resolution: u32) -> Result<Vec<Band>> {
        let kinds: &[(bool, bool)] = match resolution {
            0 => &[(false, false)],
            _ => &[(true, false), (false, true), (true, true)],
        };
        // Of resolution 0 and the one above it bands are equally far down.
        let level = self.coding.level_count - resolution.saturating_sub(1);
        let first_band = (resolution as usize * 3).saturating_sub(2);
        let mut bands = Vec::with_capacity(kinds.len());
        for (band, (is_high_x, is_high_y)) in (first_band..).zip(kinds.iter().copied()) {
            let (exponent, mantissa) = self
                .quantization
                .step(band)
                .ok_or_else(|| invalid(NAME, 0, Jpeg2000Fault::UnquantizedBand { band }))?;
            let gain = u32::from(is_high_x) + u32::from(is_high_y);
            let range = (precision + gain) as i32 - exponent as i32;
            bands.push(Band {
                area: band_area(area, level, is_high_x, is_high_y),
                is_high_x,
                is_high_y,
                plane_count: (self.quantization.guard_bits + exponent).saturating_sub(1),
                step: if self.coding.is_reversible {
                    1.0
                } else {
                    2f32.powi(range) * (1.0 + mantissa as f32 / 2048.0)
                },
            });
        }
        Ok(bands)
    }
}

/// Where a band lies that is `level` times down from `component` (§B.5).
fn band_area(component: &Rectangle, level: u32, is_high_x: bool, is_high_y: bool) -> Rectangle {
    let along = |at: u32, is_high: bool| -> u32 {
        let half = if is_high { 1u64 << (level - 1) } else { 0 };
        ((u64::from(at).saturating_sub(half) + ((1u64 << level) - 1)) >> level) as u32
    };
    Rectangle {
        x0: along(component.x0, is_high_x),
        y0: along(component.y0, is_high_y),
        x1: along(component.x1, is_high_x),
        y1: along(component.y1, is_high_y),
    }
}

/// Precincts, resolutions and code-blocks that a tile can still have: each takes memory.
struct Pieces {
    precincts: u64,
    blocks: u64,
}

impl Pieces {
    /// A precinct has a byte in each layer at least, so that there are no more of them than bytes;
    /// what a frame has that is cut short is left to a number that costs little. A code-block has
    /// bits at least where precincts are small; where they are not, it needs none.
    fn new(sample_count: u64, coded_length: u64) -> Pieces {
        let by_bytes = |many: u64| coded_length.saturating_mul(many);
        Pieces {
            precincts: (1 << 14) + by_bytes(1),
            blocks: (1 << 16) + sample_count / 256 + by_bytes(64),
        }
    }

    fn take_precincts(&mut self, count: u64) -> Result<()> {
        take(&mut self.precincts, count)
    }

    fn take_blocks(&mut self, count: u64) -> Result<()> {
        take(&mut self.blocks, count)
    }
}

fn take(left: &mut u64, count: u64) -> Result<()> {
    let rest = left.checked_sub(count);
    *left = rest.ok_or_else(|| invalid(NAME, 0, Jpeg2000Fault::TooManyPieces))?;
    Ok(())
}

struct PrecinctGrid {
    area: Rectangle,
    /// Precincts are 2 to the power of this wide and high.
    exponents: (u32, u32),
    is_lowest: bool,
    block_exponents: (u32, u32),
    /// Columns and rows of the reference grid from sample to sample of the resolution.
    grid_steps: (u64, u64),
    tile: Rectangle,
}

impl PrecinctGrid {
    /// The resolution with its precincts, row by row (§B.6), and the code-blocks of each (§B.7).
    fn divide(&self, bands: Vec<Band>, pieces: &mut Pieces) -> Result<Resolution> {
        let (precincts, blocks, nodes) = (Vec::new(), Vec::new(), Vec::new());
        let mut resolution = Resolution { area: self.area, bands, precincts, blocks, nodes };
        pieces.take_precincts(1)?;
        if self.area.is_empty() {
            return Ok(resolution);
        }
        let along =
            |low: u32, high: u32, exponent: u32| low >> exponent..((high - 1) >> exponent) + 1;
        let columns = along(self.area.x0, self.area.x1, self.exponents.0);
        let rows = along(self.area.y0, self.area.y1, self.exponents.1);
        let count = columns.len() as u64 * rows.len() as u64;
        pieces.take_precincts(count)?;
        reserve(&mut resolution.precincts, count as usize)?;
        for row in rows {
            for column in columns.clone() {
                let at = |index: u32, exponent: u32, step: u64, low: u32| {
                    ((u64::from(index) << exponent).saturating_mul(step))
                        .clamp(low.into(), u32::MAX.into()) as u32
                };
                let position = (
                    at(row, self.exponents.1, self.grid_steps.1, self.tile.y0),
                    at(column, self.exponents.0, self.grid_steps.0, self.tile.x0),
                );
                let mut precinct = Precinct { position, ..Precinct::default() };
                for (index, part) in precinct.bands.iter_mut().enumerate() {
                    if let Some(band) = resolution.bands.get(index).copied() {
                        *part = self.precinct_band(&band, column, row, &mut resolution, pieces)?;
                    }
                }
                resolution.precincts.push(precinct);
            }
        }
        Ok(resolution)
    }

    fn precinct_band(
        &self,
        band: &Band,
        column: u32,
        row: u32,
        resolution: &mut Resolution,
        pieces: &mut Pieces,
    ) -> Result<PrecinctBand> {
        // Bands but the lowest have half the samples of their resolution. No exponent is 0 there.
        let down = u32::from(!self.is_lowest);
        let (width, height) =
            (self.exponents.0.saturating_sub(down), self.exponents.1.saturating_sub(down));
        let span = |index: u32, exponent: u32| {
            let clamp = |at: u64| at.min(u32::MAX.into()) as u32;
            (clamp(u64::from(index) << exponent), clamp(u64::from(index + 1) << exponent))
        };
        let ((x0, x1), (y0, y1)) = (span(column, width), span(row, height));
        let area = band.area.meet(&Rectangle { x0, y0, x1, y1 });
        if area.is_empty() {
            return Ok(PrecinctBand::default());
        }
        let (width, height) =
            (self.block_exponents.0.min(width), self.block_exponents.1.min(height));
        let columns = area.x0 >> width..((area.x1 - 1) >> width) + 1;
        let rows = area.y0 >> height..((area.y1 - 1) >> height) + 1;
        let part = PrecinctBand {
            columns: columns.len() as u32,
            rows: rows.len() as u32,
            first_block: resolution.blocks.len() as u32,
            first_node: resolution.nodes.len() as u32,
        };
        let count = columns.len() * rows.len();
        pieces.take_blocks(count as u64)?;
        reserve(&mut resolution.blocks, count)?;
        for row in rows.clone() {
            for column in columns.clone() {
                let ((x0, x1), (y0, y1)) = (span(column, width), span(row, height));
                let area = area.meet(&Rectangle { x0, y0, x1, y1 });
                resolution.blocks.push(Block::new(area));
            }
        }
        let nodes = resolution.nodes.len() + 2 * node_count(columns.len(), rows.len());
        resize(&mut resolution.nodes, nodes)?;
        Ok(part)
    }
}

#[cfg(test)]
mod tests;
