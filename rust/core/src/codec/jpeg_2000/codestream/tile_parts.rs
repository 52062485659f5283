//! Tile-parts (ISO/IEC 15444-1 §A.4.2): their headers, and where their packets lie.

use std::ops::Range;

use super::super::NAME;
use super::super::parameters::Parameters;
use super::coding::read_parameters;
use super::main_header::Header;
use super::segment::{EOC, PPT, SOD, SOT, marker_at, segment};
use crate::codec::invalid;
use crate::error::{Error, Jpeg2000Fault, Result};

/// A tile as far as its tile-parts are there.
#[derive(Debug, Default)]
pub(crate) struct Tile {
    /// What its own headers say other than the main header.
    pub parameters: Parameters,
    /// Where its packets lie in the codestream, a range a tile-part.
    pub bodies: Vec<Range<usize>>,
    /// Packet headers that do not stand before their packets (PPM, PPT).
    pub packed_headers: Option<Vec<u8>>,
    /// Tile-parts that it should have (TNsot); 0 if no header gives their number.
    part_count: usize,
}

/// The tiles, by index, and what was found to be missing.
#[derive(Debug)]
pub(crate) struct Tiles {
    /// One for each tile of the image, empty if it has no tile-part.
    pub tiles: Vec<Tile>,
    /// Where the codestream breaks off, and how.
    pub damage: Option<(usize, Jpeg2000Fault)>,
}

/// Finds the tile-parts, from the end of the main header on (§A.4.2). Returns those of a damaged
/// codestream that are there.
///
/// # Errors
///
/// If the header of a tile-part contradicts itself or the main header, or needs what this decoder
/// lacks.
pub(crate) fn read_tiles(codestream: &[u8], header: &Header) -> Result<Tiles> {
    let tile_count = header.size.tile_columns() as usize * header.size.tile_rows() as usize;
    let mut tiles = Vec::new();
    tiles.resize_with(tile_count, Tile::default);
    let mut position = header.end;
    let mut damage = None;
    let mut packed_headers = header.packed_headers.iter();
    // After the last tile-part comes EOC, or padding, or nothing: the codestream is whole if all
    // tiles are.
    while marker_at(codestream, position) == Some(SOT) {
        let part = match tile_part(codestream, position, header, &mut tiles) {
            Ok(part) => part,
            Err(PartError::Ends) => {
                damage = Some((codestream.len(), Jpeg2000Fault::EndsInPartHeader));
                break;
            }
            Err(PartError::Wrong(error)) => return Err(error),
        };
        if part.is_cut_short {
            damage = Some((codestream.len(), Jpeg2000Fault::EndsInPart));
        }
        if let (Some(piece), Some(tile)) = (packed_headers.next(), tiles.get_mut(part.tile_index)) {
            tile.packed_headers.get_or_insert_default().extend_from_slice(piece);
        }
        position = part.end;
    }
    let is_missing = |tile: &Tile| tile.bodies.is_empty() || tile.bodies.len() < tile.part_count;
    if damage.is_none() && tiles.iter().any(is_missing) {
        damage = Some((position, Jpeg2000Fault::MissingParts));
    }
    Ok(Tiles { tiles, damage })
}

struct TilePart {
    tile_index: usize,
    end: usize,
    is_cut_short: bool,
}

enum PartError {
    Ends,
    Wrong(Error),
}

impl From<Error> for PartError {
    fn from(error: Error) -> Self {
        PartError::Wrong(error)
    }
}

/// Reads the header of the tile-part at `start`, and finds the end of its packets.
fn tile_part(
    codestream: &[u8],
    start: usize,
    header: &Header,
    tiles: &mut [Tile],
) -> Result<TilePart, PartError> {
    let (_, mut contents) = segment(codestream, start).ok_or(PartError::Ends)?;
    let tile_index = usize::from(contents.u16()?);
    let length = contents.u32()? as usize;
    let [_, part_count] = contents.take()?;
    let count = tiles.len();
    let tile = tiles.get_mut(tile_index).ok_or_else(|| {
        invalid(NAME, start, Jpeg2000Fault::UnknownTile { tile: tile_index, count })
    })?;
    tile.part_count = tile.part_count.max(part_count.into());
    let body_start = part_header(codestream, start + 12, header, tile)?;

    // 0: to the end. Some writers count wrongly: if no marker follows there, the next one ends the
    // tile-part.
    let declared = start.checked_add(length).filter(|_| length > 0);
    let is_followed = |end: usize| matches!(marker_at(codestream, end), Some(SOT | EOC));
    let (end, is_cut_short) = match declared {
        None => (end_of_packets(codestream, body_start), false),
        Some(end) if end < body_start || (end < codestream.len() && !is_followed(end)) => (
            next_part(codestream, body_start).unwrap_or(end.clamp(body_start, codestream.len())),
            false,
        ),
        Some(end) => (end.min(codestream.len()), end > codestream.len()),
    };
    let body_end = end.max(body_start).min(codestream.len());
    tile.bodies.push(body_start.min(body_end)..body_end);
    Ok(TilePart { tile_index, end: body_end, is_cut_short })
}

/// Reads the segments of a tile-part's header from `position` on, and returns where its packets
/// start.
fn part_header(
    codestream: &[u8],
    mut position: usize,
    header: &Header,
    tile: &mut Tile,
) -> Result<usize, PartError> {
    let mut packed = Vec::new();
    while marker_at(codestream, position).ok_or(PartError::Ends)? != SOD {
        let (marker, contents) = segment(codestream, position).ok_or(PartError::Ends)?;
        let next = position + 4 + contents.bytes.len();
        match marker {
            PPT => packed.push(contents.bytes),
            _ => read_parameters(marker, contents, &header.size, &mut tile.parameters)?,
        }
        position = next;
    }
    packed.sort_by_key(|bytes| bytes.first().copied());
    for bytes in packed {
        tile.packed_headers.get_or_insert_default().extend(bytes.iter().skip(1));
    }
    Ok(position + 2)
}

/// The end of the packets that run to EOC: the last one, or the end if there is none.
fn end_of_packets(codestream: &[u8], start: usize) -> usize {
    let bytes = codestream.get(start..).unwrap_or_default();
    let found = bytes.windows(2).rposition(|pair| pair == EOC.to_be_bytes());
    found.map_or(codestream.len(), |found| start + found)
}

/// The next SOT or EOC after `start`. No bytes of packets look like one: none above 0x8F follows
/// 0xFF there (§A.1).
fn next_part(codestream: &[u8], start: usize) -> Option<usize> {
    let bytes = codestream.get(start..)?;
    let is_marker = |pair: &[u8]| pair == SOT.to_be_bytes() || pair == EOC.to_be_bytes();
    bytes.windows(2).position(is_marker).map(|found| start + found)
}

#[cfg(test)]
mod tests;
