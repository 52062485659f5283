//! From the packets of tiles to rows of samples.

use std::borrow::Cow;

use super::bit_planes::{self, Orientation, SegmentBytes};
use super::codestream::{Header, Tile, Tiles};
use super::features::wide;
use super::packets::{PacketError, PacketReader};
use super::parameters::Rectangle;
use super::sample_block::SampleBlock;
use super::tile::{Band, Block, Resolution, TileComponent, divide};
use super::wavelet::{Bands, Coefficient, Plane, synthesize};
use super::{NAME, ht_block, unsupported};
use crate::codec::{Decoded, Samples, Target, invalid};
use crate::error::{Jpeg2000Fault, RequestFault, Result};
use crate::memory::filled;

/// Samples that are given on at a time: they fit a first-level cache.
const SAMPLES_AT_A_TIME: usize = 4096;
/// Bit-planes that a coefficient has room for, beside its sign and a bit of fraction.
const MAX_PLANES: u32 = 30;

/// Checks that as many resolutions can be left out as is wanted.
///
/// # Errors
///
/// If there are fewer, or what is left does not start at a sample of the whole.
pub(crate) fn check_reduction(header: &Header, tiles: &Tiles, target: &Target<'_>) -> Result<()> {
    let reduce = target.options().reduce;
    let components = 0..header.size.components.len();
    let levels = tiles.tiles.iter().flat_map(|tile| {
        let coding = |index| header.parameters.coding.resolve(&tile.parameters.coding, index);
        components.clone().filter_map(coding).map(|coding| coding.level_count)
    });
    let fewest = levels.min().unwrap_or(0);
    if reduce > fewest {
        return Err(RequestFault::Levels { reduce, levels: fewest }.into());
    }
    let size = &header.size;
    let whole = Rectangle { x0: size.x0, y0: size.y0, x1: size.x1, y1: size.y1 }.reduced(reduce);
    if (whole.height(), whole.width()) != (target.rows_expected(), target.columns_expected()) {
        return Err(unsupported(
            "a reduced JPEG 2000 frame that does not start at its first sample",
        ));
    }
    Ok(())
}

/// Coefficients or samples of a component of a tile.
enum TilePlane {
    /// Of the reversible wavelet.
    Whole(Plane<i32>),
    /// Of the irreversible one.
    Real(Plane<f32>),
}

impl TilePlane {
    fn size(&self) -> (usize, usize) {
        match self {
            TilePlane::Whole(plane) => (plane.width, plane.height),
            TilePlane::Real(plane) => (plane.width, plane.height),
        }
    }
}

/// Where and how a frame breaks off: what was noticed first.
#[derive(Default)]
struct Damage(Option<(usize, Jpeg2000Fault)>);

impl Damage {
    fn note(&mut self, offset: usize, fault: Jpeg2000Fault) {
        self.0.get_or_insert((offset, fault));
    }
}

/// Decodes the tiles, a row of them at a time, and gives their rows to `target`.
///
/// # Errors
///
/// If a tile is coded in a way that cannot be or that is not read, or nothing of the image is
/// there.
pub(crate) fn decode_tiles(
    codestream: &[u8],
    header: &Header,
    tiles: Tiles,
    target: &mut Target<'_>,
) -> Result<Decoded> {
    let mut damage = Damage(tiles.damage);
    let is_empty = |tile: &Tile| tile.bodies.iter().all(|body| body.is_empty());
    if tiles.tiles.iter().all(is_empty) {
        return Err(invalid(NAME, header.end, Jpeg2000Fault::NoPackets));
    }
    let reduce = target.options().reduce;
    let tile_columns = header.size.tile_columns() as usize;
    let mut decoder = TileDecoder::new(reduce);
    for (tile_row, row) in tiles.tiles.chunks(tile_columns.max(1)).enumerate() {
        let mut planes = Vec::with_capacity(row.len());
        for (column, tile) in row.iter().enumerate() {
            let index = tile_row * tile_columns + column;
            planes.push((
                header.size.tile(index).reduced(reduce),
                decoder.decode(codestream, header, tile, index, &mut damage)?,
            ));
        }
        give_rows(header, &planes, target)?;
    }
    Ok(match damage.0 {
        None => Decoded::Whole,
        Some((offset, fault)) => Decoded::Partial(invalid(NAME, offset, fault)),
    })
}

/// Gives the rows of a row of tiles. A tile without planes is not there: its samples are zero.
fn give_rows(
    header: &Header,
    tiles: &[(Rectangle, Option<Vec<TilePlane>>)],
    target: &mut Target<'_>,
) -> Result<()> {
    let component_count = header.size.components.len();
    let length = target.columns_expected() * component_count;
    let height = tiles.first().map_or(0, |(area, _)| area.height());
    let rows_at_a_time = (SAMPLES_AT_A_TIME / length.max(1)).max(1);
    let mut samples = filled(rows_at_a_time.min(height) * length)?;
    for first in (0..height).step_by(rows_at_a_time) {
        let count = rows_at_a_time.min(height - first);
        let samples = samples.get_mut(..count * length).unwrap_or_default();
        for (row, samples) in samples.chunks_exact_mut(length.max(1)).enumerate() {
            let mut left = samples;
            for (area, planes) in tiles {
                let (own, rest) =
                    left.split_at_mut((area.width() * component_count).min(left.len()));
                left = rest;
                match planes {
                    Some(planes) => interleave(header, planes, first + row, own),
                    None => own.fill(0),
                }
            }
        }
        target.rows(Samples::I32(samples))?;
    }
    Ok(())
}

wide! {
    /// Puts a row of all components together, each sample in its range (§G.1).
    fn interleave(header: &Header, planes: &[TilePlane], row: usize, out: &mut [i32]) =
        interleave_inline;
}

#[inline(always)]
fn interleave_inline(header: &Header, planes: &[TilePlane], row: usize, out: &mut [i32]) {
    let count = planes.len().max(1);
    for (index, (plane, component)) in planes.iter().zip(&header.size.components).enumerate() {
        let half = 1i32 << (component.precision - 1);
        let (shift, low, high) = match component.is_signed {
            true => (0, half.wrapping_neg(), half.wrapping_sub(1)),
            false => (half, 0, (half.wrapping_sub(1)).wrapping_mul(2) | 1),
        };
        let place = |sample: i32| sample.saturating_add(shift).clamp(low, high.max(low));
        match plane {
            TilePlane::Whole(plane) => {
                let samples = plane.row(row).iter().map(|sample| place(*sample));
                put(samples, out, index, count);
            }
            TilePlane::Real(plane) => {
                let samples =
                    plane.row(row).iter().map(|sample| place(sample.round_ties_even() as i32));
                put(samples, out, index, count);
            }
        }
    }
}

#[inline(always)]
fn put(samples: impl Iterator<Item = i32>, out: &mut [i32], index: usize, count: usize) {
    if count == 1 {
        for (out, sample) in out.iter_mut().zip(samples) {
            *out = sample;
        }
    } else {
        for (out, sample) in out.iter_mut().skip(index).step_by(count).zip(samples) {
            *out = sample;
        }
    }
}

/// Decodes tiles; keeps its memory from one block to the next.
struct TileDecoder {
    /// Resolutions that are left out.
    reduce: u32,
    samples: SampleBlock,
    bit_planes: bit_planes::BlockDecoder,
    high_throughput: ht_block::BlockDecoder,
}

impl TileDecoder {
    fn new(reduce: u32) -> TileDecoder {
        TileDecoder {
            reduce,
            samples: SampleBlock::new(),
            bit_planes: bit_planes::BlockDecoder::new(),
            high_throughput: ht_block::BlockDecoder::new(),
        }
    }

    /// The planes of a tile; `None` if nothing of it is there.
    fn decode(
        &mut self,
        codestream: &[u8],
        header: &Header,
        tile: &Tile,
        index: usize,
        damage: &mut Damage,
    ) -> Result<Option<Vec<TilePlane>>> {
        let Some(coding) = tile.parameters.tile.or(header.parameters.tile) else { return Ok(None) };
        let bodies: Vec<&[u8]> =
            tile.bodies.iter().filter_map(|body| codestream.get(body.clone())).collect();
        let coded_length = bodies.iter().map(|body| body.len() as u64).sum();
        let mut components = divide(header, &tile.parameters, index, coded_length)?;
        let bytes = match bodies.as_slice() {
            [] => return Ok(None),
            [body] => Cow::Borrowed(*body),
            bodies => Cow::Owned(bodies.concat()),
        };
        let changes = match tile.parameters.progression_changes.as_slice() {
            [] => &header.parameters.progression_changes,
            changes => changes,
        };
        let packed_headers = tile.packed_headers.as_ref().map(|bytes| (bytes.as_slice(), 0));
        let mut reader = PacketReader { bytes: &bytes, position: 0, packed_headers, coding };
        match reader.read(&mut components, changes) {
            Ok(()) => {}
            Err(PacketError::Ends) => {
                damage.note(place(tile, bytes.len()), Jpeg2000Fault::EndsInPackets)
            }
            Err(PacketError::Wrong(fault)) => damage.note(place(tile, reader.position), fault),
        }
        let mut planes = Vec::with_capacity(components.len());
        for component in &components {
            planes.push(if component.is_reversible {
                TilePlane::Whole(self.component(tile, component, &bytes, damage)?)
            } else {
                TilePlane::Real(self.component(tile, component, &bytes, damage)?)
            });
        }
        if coding.has_component_transform {
            undo_component_transform(&mut planes)?;
        }
        Ok(Some(planes))
    }

    fn component<T: Coefficient>(
        &mut self,
        tile: &Tile,
        component: &TileComponent,
        bytes: &[u8],
        damage: &mut Damage,
    ) -> Result<Plane<T>> {
        let kept = component.resolutions.len().saturating_sub(self.reduce as usize);
        let mut whole = Plane::new(0, 0)?;
        for (index, resolution) in component.resolutions.iter().take(kept).enumerate() {
            let mut planes = Vec::with_capacity(resolution.bands.len());
            for band in 0..resolution.bands.len() {
                planes.push(self.band(tile, component, resolution, band, bytes, damage)?);
            }
            whole = match (index, planes.as_slice()) {
                (0, _) => planes.pop().unwrap_or(whole),
                (_, [high_x, high_y, high_xy]) => {
                    synthesize(&Bands { low: &whole, high_x, high_y, high_xy }, &resolution.area)?
                }
                _ => whole,
            };
        }
        Ok(whole)
    }

    /// The coefficients of a band.
    fn band<T: Coefficient>(
        &mut self,
        tile: &Tile,
        component: &TileComponent,
        resolution: &Resolution,
        band_index: usize,
        bytes: &[u8],
        damage: &mut Damage,
    ) -> Result<Plane<T>> {
        let Some(band) = resolution.bands.get(band_index) else { return Plane::new(0, 0) };
        let mut plane = Plane::new(band.area.width(), band.area.height())?;
        let parts =
            resolution.precincts.iter().filter_map(|precinct| precinct.bands.get(band_index));
        for block in parts.flat_map(|part| &part.blocks) {
            if block.pass_count == 0 {
                continue;
            }
            let (width, height) = (block.area.width(), block.area.height());
            if !self.samples.reset(width, height) {
                return Err(invalid(NAME, 0, Jpeg2000Fault::BlockSize { width, height }));
            }
            if !self.block(component, band, block, bytes)? {
                let part = block.segments.first().and_then(|segment| segment.parts.first());
                let offset = place(tile, part.map_or(0, |part| part.0));
                damage.note(offset, Jpeg2000Fault::BlockDamaged);
            }
            let column = (block.area.x0 - band.area.x0) as usize;
            let top = (block.area.y0 - band.area.y0) as usize;
            for (row, coded) in self.samples.rows().enumerate() {
                let out = plane.row_mut(top + row).get_mut(column..).unwrap_or_default();
                if component.region_shift == 0 {
                    for (out, coded) in out.iter_mut().zip(coded) {
                        *out = T::dequantize(*coded, band.step);
                    }
                } else {
                    for (out, coded) in out.iter_mut().zip(coded) {
                        *out =
                            T::dequantize(lower_region(*coded, component.region_shift), band.step);
                    }
                }
            }
        }
        Ok(plane)
    }

    /// Decodes a block into `self.samples`. Says whether its bytes make sense.
    fn block(
        &mut self,
        component: &TileComponent,
        band: &Band,
        block: &Block,
        bytes: &[u8],
    ) -> Result<bool> {
        let planes = (band.plane_count + component.region_shift).checked_sub(block.zero_planes);
        let planes = match planes {
            None | Some(0) => return Ok(false),
            Some(planes) if planes > MAX_PLANES => {
                return Err(unsupported("a JPEG 2000 frame with more than 30 bit-planes"));
            }
            Some(planes) => planes,
        };
        let segments: Vec<(Cow<'_, [u8]>, u32)> = block
            .segments
            .iter()
            .map(|segment| {
                let part =
                    |part: &(usize, usize)| bytes.get(part.0..part.0 + part.1).unwrap_or_default();
                let bytes = match segment.parts.as_slice() {
                    [one] => Cow::Borrowed(part(one)),
                    parts => Cow::Owned(parts.iter().flat_map(part).copied().collect()),
                };
                (bytes, segment.pass_count)
            })
            .collect();
        let style = component.block_style;
        if style.is_high_throughput {
            let cleanup = segments.first().map_or(&[][..], |segment| &segment.0);
            let refinement = segments.get(1).map_or(&[][..], |segment| &segment.0);
            let is_causal = style.is_vertically_causal;
            let passes = block.pass_count;
            return Ok(self.high_throughput.decode(
                cleanup,
                refinement,
                passes,
                planes - 1,
                is_causal,
                &mut self.samples,
            ));
        }
        let segments = segments
            .iter()
            .filter(|segment| segment.1 > 0)
            .map(|segment| SegmentBytes { bytes: &segment.0, pass_count: segment.1 });
        let orientation = match (band.is_high_x, band.is_high_y) {
            (true, true) => Orientation::Diagonal,
            (true, false) => Orientation::Horizontal,
            _ => Orientation::Vertical,
        };
        Ok(self.bit_planes.decode(segments, planes, orientation, style, &mut self.samples))
    }
}

/// Where a byte of the packets of a tile lies in the codestream.
fn place(tile: &Tile, mut position: usize) -> usize {
    for body in &tile.bodies {
        if position < body.len() {
            return body.start + position;
        }
        position -= body.len();
    }
    tile.bodies.last().map_or(0, |body| body.end)
}

/// Puts a coefficient of a region of interest, which is lifted above all others, back to its place
/// (§H.1).
fn lower_region(coded: u32, shift: u32) -> u32 {
    let magnitude = coded & 0x7FFF_FFFF;
    // There is one bit of fraction.
    if magnitude >> 1 >> shift.min(31) != 0 {
        coded & 0x8000_0000 | magnitude >> shift.min(31)
    } else {
        coded
    }
}

/// RCT or ICT of the first three components (§G.2, §G.3).
fn undo_component_transform(planes: &mut [TilePlane]) -> Result<()> {
    let count = planes.len();
    let Some([first, second, third]) = planes.first_chunk_mut::<3>() else {
        return Err(invalid(NAME, 0, Jpeg2000Fault::TransformComponents { count }));
    };
    if first.size() != second.size() || second.size() != third.size() {
        return Err(invalid(NAME, 0, Jpeg2000Fault::TransformSizes));
    }
    match (first, second, third) {
        (TilePlane::Whole(first), TilePlane::Whole(second), TilePlane::Whole(third)) => {
            for ((first, second), third) in
                first.samples.iter_mut().zip(&mut second.samples).zip(&mut third.samples)
            {
                let green = first.wrapping_sub(second.wrapping_add(*third) >> 2);
                (*first, *second, *third) =
                    (third.wrapping_add(green), green, second.wrapping_add(green));
            }
            Ok(())
        }
        (TilePlane::Real(first), TilePlane::Real(second), TilePlane::Real(third)) => {
            for ((first, second), third) in
                first.samples.iter_mut().zip(&mut second.samples).zip(&mut third.samples)
            {
                let (luminance, blue, red) = (*first, *second, *third);
                *first = luminance + 1.402 * red;
                *second = luminance - 0.344_136 * blue - 0.714_136 * red;
                *third = luminance + 1.772 * blue;
            }
            Ok(())
        }
        _ => Err(invalid(NAME, 0, Jpeg2000Fault::TransformWavelets)),
    }
}

#[cfg(test)]
mod tests;
