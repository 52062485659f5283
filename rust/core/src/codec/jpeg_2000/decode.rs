//! From the packets of tiles to rows of pixels.
//!
//! Beside the rows that are given on, a row of tiles takes 5 bytes a sample at most, of which bands
//! without coefficients need none: 4 for the bands, and a fourth of that for the lower half of the
//! last level. That level is put together in pieces, which are given on at once. What describes
//! code-blocks is there for as many tiles as there are threads. Of that 8 MiB are kept for the
//! next frame ([`super::plane`]).

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::AtomicUsize;

use super::blocks::{Packets, bands};
use super::codestream::{Header, Tile, Tiles};
use super::levels::Top;
use super::output::{Output, TilePlane, TileRows, give_together, together};
use super::packets::{PacketError, PacketReader};
use super::parameters::Rectangle;
use super::plane::{Plane, Spare};
use super::tile::{TileComponent, divide};
use super::{NAME, unsupported};
use crate::codec::{Decoded, Target, invalid};
use crate::error::{ErrorKind, FrameFault, Jpeg2000Fault, RequestFault, Result};
use crate::memory::{push, reserve};
use crate::workers::{in_order, share};

/// Samples that are put together at a time on one thread: they stay in the cache, and the few rows
/// that are calculated twice cost less than the memory of a whole frame.
const SAMPLES_AT_A_TIME: usize = 1 << 16;
/// Samples that are put together at a time on each of several threads.
const SAMPLES_OF_A_PIECE: usize = 1 << 17;
/// Bytes after the last packet that are padding: files exist without EOC, and fragments are even.
const PADDING: usize = 1;

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
    let whole = header.size.pixels(&header.size.area()).reduced(reduce);
    if (whole.height(), whole.width()) != (target.rows_expected(), target.columns_expected()) {
        return Err(unsupported(
            "a reduced JPEG 2000 frame that does not start at its first sample",
        ));
    }
    Ok(())
}

/// Where and how a frame breaks off: what was noticed first.
#[derive(Default)]
struct Damage(Option<(usize, FrameFault)>);

impl Damage {
    fn note(&mut self, offset: usize, fault: impl Into<FrameFault>) {
        self.0.get_or_insert((offset, fault.into()));
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
    let mut damage = Damage(tiles.damage.map(|(offset, fault)| (offset, fault.into())));
    let is_empty = |tile: &Tile| tile.bodies.iter().all(|body| body.is_empty());
    if tiles.tiles.iter().all(is_empty) {
        return Err(invalid(NAME, header.end, Jpeg2000Fault::NoPackets));
    }
    let (reduce, threads) = (target.options().reduce, target.threads());
    let wanted = target.options().area.filter(|_| reduce == 0);
    let wanted = wanted.map(|area| header.size.part(area.columns, area.rows));
    let decoder = TileDecoder { codestream, header, reduce, wanted };
    let pixels = header.size.pixels(&header.size.area()).reduced(reduce);
    let mut output = Output::new(&header.size, &pixels)?;
    let tile_columns = (header.size.tile_columns() as usize).max(1);
    for (tile_row, row) in tiles.tiles.chunks(tile_columns).enumerate() {
        // Tiles side by side have a thread each; what is left of the threads shares a tile.
        let threads_of_a_tile = (threads / row.len().max(1)).max(1);
        let mut decoded = Vec::new();
        reserve(&mut decoded, row.len())?;
        decoded.resize_with(row.len(), || None);
        let items: Vec<_> = (tile_row * tile_columns..).zip(row).zip(&mut decoded).collect();
        share(
            items,
            threads,
            || (),
            |(), ((index, tile), out)| {
                *out = Some(decoder.tile(tile, index, threads_of_a_tile)?);
                Ok(())
            },
        )?;
        let mut ready = Vec::new();
        reserve(&mut ready, row.len())?;
        for (tile, found) in decoded.into_iter().flatten() {
            ready.push(tile);
            damage.0 = damage.0.or(found.0);
        }
        decoder.give(&ready, &mut output, target)?;
    }
    Ok(match damage.0 {
        None => Decoded::Whole,
        Some((offset, fault)) => Decoded::Partial(invalid(NAME, offset, fault)),
    })
}

/// A component of a tile whose last level is not put together yet.
enum Component {
    Whole(Top<i32>),
    Real(Top<f32>),
}

impl Component {
    fn area(&self) -> Rectangle {
        match self {
            Component::Whole(top) => top.area,
            Component::Real(top) => top.area,
        }
    }

    fn rows(&self, rows: &Range<u32>) -> Result<(Rectangle, TilePlane)> {
        Ok(match self {
            Component::Whole(top) => {
                let (area, plane) = top.rows(rows)?;
                (area, TilePlane::Whole(plane))
            }
            Component::Real(top) => {
                let (area, plane) = top.rows(rows)?;
                (area, TilePlane::Real(plane))
            }
        })
    }
}

/// A tile, up to the last level of its wavelets.
struct TileBands {
    /// Its pixels.
    pixels: Rectangle,
    /// `None` if nothing of it is there.
    components: Option<Vec<Component>>,
    has_transform: bool,
}

/// Decodes tiles.
struct TileDecoder<'a> {
    codestream: &'a [u8],
    header: &'a Header,
    /// Resolutions that are left out.
    reduce: u32,
    /// What is wanted of the reference grid, if it is not all.
    wanted: Option<Rectangle>,
}

impl TileDecoder<'_> {
    /// The bands of a tile, and what is damaged in it.
    fn tile(&self, tile: &Tile, index: usize, threads: usize) -> Result<(TileBands, Damage)> {
        let (header, mut damage) = (self.header, Damage::default());
        let pixels = header.size.pixels(&header.size.tile(index)).reduced(self.reduce);
        let coding = tile.parameters.tile.or(header.parameters.tile);
        let Some(coding) = coding.filter(|_| !tile.bodies.is_empty()) else {
            return Ok((TileBands { pixels, components: None, has_transform: false }, damage));
        };
        let bodies: Vec<&[u8]> =
            tile.bodies.iter().filter_map(|body| self.codestream.get(body.clone())).collect();
        let bytes = match bodies.as_slice() {
            [body] => Cow::Borrowed(*body),
            bodies => Cow::Owned(joined(bodies)?),
        };
        let packed_headers = tile.packed_headers.as_ref().map(|bytes| (bytes.as_slice(), 0));
        let coded_length = bytes.len() + packed_headers.map_or(0, |(bytes, _)| bytes.len());
        let mut components = divide(header, &tile.parameters, index, coded_length as u64)?;
        let changes = match tile.parameters.progression_changes.as_slice() {
            [] => &header.parameters.progression_changes,
            changes => changes,
        };
        let mut reader =
            PacketReader { bytes: &bytes, position: 0, packed_headers, coding, parts: Vec::new() };
        let place = |position| place(tile, position);
        match reader.read(&mut components, changes) {
            Ok(()) if bytes.len() - reader.position > PADDING => {
                let count = bytes.len() - reader.position;
                damage.note(place(reader.position), FrameFault::BytesLeft { count });
            }
            Ok(()) => {}
            Err(PacketError::Ends) => {
                damage.note(place(bytes.len()), Jpeg2000Fault::EndsInPackets);
            }
            Err(PacketError::Wrong(fault)) => damage.note(place(reader.position), fault),
            Err(PacketError::NoMemory) => return Err(ErrorKind::NoMemory.into()),
        }
        let damaged = AtomicUsize::new(usize::MAX);
        let packets = Packets { bytes: &bytes, parts: &reader.parts, damaged };
        let components = self.components(&components, &packets, threads)?;
        match packets.damaged.into_inner() {
            usize::MAX => {}
            first => damage.note(place(first), Jpeg2000Fault::BlockDamaged),
        }
        // Of one or two components it means nothing; encoders exist that ask for it.
        let has_transform = coding.has_component_transform && components.len() > 2;
        if has_transform {
            check_transform(&components)?;
        }
        Ok((TileBands { pixels, components: Some(components), has_transform }, damage))
    }

    fn components(
        &self,
        components: &[TileComponent],
        packets: &Packets<'_>,
        threads: usize,
    ) -> Result<Vec<Component>> {
        let mut done = Vec::new();
        for (component, size) in components.iter().zip(&self.header.size.components) {
            let kept = component.resolutions.len().saturating_sub(self.reduce as usize);
            let steps = (u32::from(size.x_step), u32::from(size.y_step));
            let wanted = self.wanted.map(|wanted| wanted.around(steps.0, steps.1));
            let top = if component.is_reversible {
                let planes = bands(component, kept, wanted, packets, threads)?;
                Component::Whole(Top::new(component, kept, planes, threads)?)
            } else {
                let planes = bands(component, kept, wanted, packets, threads)?;
                Component::Real(Top::new(component, kept, planes, threads)?)
            };
            push(&mut done, top)?;
        }
        Ok(done)
    }

    /// Puts the rows of a row of tiles together, in pieces, and gives them on.
    fn give(
        &self,
        tiles: &[TileBands],
        output: &mut Output<'_>,
        target: &mut Target<'_>,
    ) -> Result<()> {
        let Some(first) = tiles.first() else { return Ok(()) };
        let (rows, threads) = (first.pixels.y0..first.pixels.y1, target.threads());
        let length = (target.columns_expected() * self.header.size.components.len()).max(1);
        let height = first.pixels.height();
        let rows_at_a_time = match threads {
            0 | 1 => (SAMPLES_AT_A_TIME / length).max(16),
            _ => (SAMPLES_OF_A_PIECE / length).max(16),
        };
        let threads = if height * length < 2 * SAMPLES_OF_A_PIECE { 1 } else { threads };
        let piece = |number: usize| {
            let start = rows.start + (number * rows_at_a_time) as u32;
            let rows = start..start.saturating_add(rows_at_a_time as u32).min(rows.end);
            let mut piece = Vec::new();
            for tile in tiles {
                push(&mut piece, self.rows(tile, &rows)?)?;
            }
            Ok(piece)
        };
        let count = height.div_ceil(rows_at_a_time);
        if threads < 2 || !self.header.size.has_samples_of_all_pixels() {
            return in_order(count, threads, piece, |piece| output.give(&piece, target));
        }
        // What a thread can do before the rows come in their order, it does.
        let finished = |number: usize| together(&self.header.size, &piece(number)?);
        in_order(count, threads, finished, |samples| give_together(&samples, length, target))
    }

    /// Puts rows of a tile together.
    fn rows(&self, tile: &TileBands, rows: &Range<u32>) -> Result<TileRows> {
        let pixels = Rectangle { y0: rows.start, y1: rows.end, ..tile.pixels };
        let Some(components) = &tile.components else {
            return Ok(TileRows { pixels, areas: Vec::new(), planes: None });
        };
        let (mut areas, mut planes) = (Vec::new(), Vec::new());
        let (_, y_step) = self.header.size.pixel_steps();
        for (component, size) in components.iter().zip(&self.header.size.components) {
            // Those of which the pixels have a sample, and at an edge the nearest one.
            let step = (u32::from(size.y_step) / y_step).max(1);
            let area = component.area();
            let last = area.y1.saturating_sub(1).max(area.y0);
            let start = (rows.start / step).clamp(area.y0, last);
            let end = (rows.end.saturating_sub(1) / step).clamp(start, last);
            let (area, plane) = component.rows(&(start..end + 1))?;
            push(&mut areas, area)?;
            push(&mut planes, plane)?;
        }
        if tile.has_transform {
            undo_component_transform(&mut planes, &areas);
        }
        Ok(TileRows { pixels, areas, planes: Some(planes) })
    }
}

/// Bytes one after the other.
fn joined(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    reserve(&mut all, parts.iter().map(|part| part.len()).sum())?;
    parts.iter().for_each(|part| all.extend_from_slice(part));
    Ok(all)
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

/// Checks that the first three components can be transformed together.
///
/// # Errors
///
/// If they differ in what they cover, or in their wavelets.
fn check_transform(components: &[Component]) -> Result<()> {
    let Some([first, second, third]) = components.first_chunk::<3>() else { return Ok(()) };
    if first.area() != second.area() || second.area() != third.area() {
        return Err(invalid(NAME, 0, Jpeg2000Fault::TransformSizes));
    }
    match (first, second, third) {
        (Component::Whole(_), Component::Whole(_), Component::Whole(_))
        | (Component::Real(_), Component::Real(_), Component::Real(_)) => Ok(()),
        _ => Err(invalid(NAME, 0, Jpeg2000Fault::TransformWavelets)),
    }
}

/// RCT or ICT of the first three components (§G.2, §G.3), which [`check_transform`] has checked.
///
/// Their `areas` can differ: one that is zero, or has no wavelet, has no rows but those that are
/// wanted.
fn undo_component_transform(planes: &mut [TilePlane], areas: &[Rectangle]) {
    let Some(areas) = areas.first_chunk::<3>() else { return };
    let y0 = areas.iter().map(|area| area.y0).max().unwrap_or(0);
    let y1 = areas.iter().map(|area| area.y1).min().unwrap_or(0);
    let [above_first, above_second, above_third] = areas.map(|area| (y0 - area.y0) as usize);
    let rows = y1.saturating_sub(y0) as usize;
    match planes.first_chunk_mut::<3>() {
        Some([TilePlane::Whole(first), TilePlane::Whole(second), TilePlane::Whole(third)]) => {
            for ((first, second), third) in common(first, above_first, rows)
                .iter_mut()
                .zip(common(second, above_second, rows))
                .zip(common(third, above_third, rows))
            {
                let green = first.wrapping_sub(second.wrapping_add(*third) >> 2);
                (*first, *second, *third) =
                    (third.wrapping_add(green), green, second.wrapping_add(green));
            }
        }
        Some([TilePlane::Real(first), TilePlane::Real(second), TilePlane::Real(third)]) => {
            for ((first, second), third) in common(first, above_first, rows)
                .iter_mut()
                .zip(common(second, above_second, rows))
                .zip(common(third, above_third, rows))
            {
                let (luminance, blue, red) = (*first, *second, *third);
                *first = luminance + 1.402 * red;
                *second = luminance - 0.344_136 * blue - 0.714_136 * red;
                *third = luminance + 1.772 * blue;
            }
        }
        _ => {}
    }
}

/// The samples of so many rows, after those above them.
fn common<T: Spare>(plane: &mut Plane<T>, above: usize, rows: usize) -> &mut [T] {
    let (start, length) = (above * plane.width, rows * plane.width);
    plane.samples.get_mut(start..).and_then(|rest| rest.get_mut(..length)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
