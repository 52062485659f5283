//! Markers of a codestream (ISO/IEC 15444-1 Annex A): what the frame is, how it is coded, and where
//! its tile-parts lie.

use std::ops::Range;

use super::parameters::{
    BlockStyle, CodingStyle, ComponentSize, ImageSize, Parameters, Progression, ProgressionChange,
    Quantization, QuantizationStyle, TileCoding,
};
use super::{NAME, unsupported};
use crate::codec::invalid;
use crate::error::Result;

const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const EOC: u16 = 0xFFD9;
const CAP: u16 = 0xFF50;
const SIZ: u16 = 0xFF51;
const COD: u16 = 0xFF52;
const COC: u16 = 0xFF53;
const QCD: u16 = 0xFF5C;
const QCC: u16 = 0xFF5D;
const RGN: u16 = 0xFF5E;
const POC: u16 = 0xFF5F;
const PPM: u16 = 0xFF60;
const PPT: u16 = 0xFF61;

/// Markers of the extensions (ISO/IEC 15444-2 Annex A) that change what samples mean.
const EXTENSIONS: [std::ops::RangeInclusive<u16>; 1] = [0xFF70..=0xFF79];

/// Most components that are read; an image has no more samples a pixel than the data set says, and
/// those are checked when the header is read.
const MAX_COMPONENTS: usize = 16_384;
/// Most tiles (ISO/IEC 15444-1 §A.4.2).
const MAX_TILES: u64 = 65_535;
/// An image of more tiles than this has at least as many pixels in each: smaller ones are not known
/// to exist, and each costs memory.
const MANY_TILES: u64 = 1024;
/// Most changes of the order of packets: more than one for each resolution and component are not
/// known to exist, and each costs time.
const MAX_PROGRESSION_CHANGES: usize = 256;

/// The contents of a marker segment, with where they start in the codestream.
struct Contents<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl Contents<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some((taken, rest)) = self.bytes.split_first_chunk::<N>() else {
            return Err(invalid(NAME, self.offset, "a marker segment is too short"));
        };
        self.bytes = rest;
        self.offset += N;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_be_bytes(self.take()?))
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.take()?))
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.take()?))
    }

    /// A component's index: a byte, or two if there are more than 256.
    fn component(&mut self, size: &ImageSize) -> Result<usize> {
        let index =
            if size.components.len() < 257 { self.u8()?.into() } else { self.u16()?.into() };
        if index >= size.components.len() {
            return Err(invalid(
                NAME,
                self.offset,
                "a marker segment names a component that is not there",
            ));
        }
        Ok(index)
    }
}

/// What the main header says.
#[derive(Debug)]
pub struct Header {
    /// SIZ.
    pub size: ImageSize,
    /// COD, QCD and so on.
    pub parameters: Parameters,
    /// Packet headers that stand in the main header (PPM), a piece a tile-part.
    pub packed_headers: Vec<Vec<u8>>,
    /// Where the first tile-part starts.
    pub end: usize,
}

/// A tile as far as its tile-parts are there.
#[derive(Debug, Default)]
pub struct Tile {
    /// What its own headers say other than the main header.
    pub parameters: Parameters,
    /// Where its packets lie in the codestream, a range a tile-part.
    pub bodies: Vec<Range<usize>>,
    /// Packet headers that do not stand before their packets (PPM, PPT).
    pub packed_headers: Option<Vec<u8>>,
    /// Tile-parts that it should have; 0 if that is not said.
    part_count: usize,
}

/// The tiles, by index, and what was found to be missing.
#[derive(Debug)]
pub struct Tiles {
    /// One for each tile of the image, empty if it has no tile-part.
    pub tiles: Vec<Tile>,
    /// Where the codestream breaks off, and how.
    pub damage: Option<(usize, &'static str)>,
}

/// The marker at `position`, and the contents of its segment.
fn segment(codestream: &[u8], position: usize) -> Option<(u16, Contents<'_>)> {
    let (marker, rest) = codestream.get(position..)?.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*rest.first_chunk::<2>()?));
    let bytes = rest.get(2..length)?;
    Some((u16::from_be_bytes(*marker), Contents { bytes, offset: position + 4 }))
}

fn marker_at(codestream: &[u8], position: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*codestream.get(position..)?.first_chunk()?))
}

/// Reads SIZ, which is the first segment (§A.5.1).
///
/// # Errors
///
/// If it is not there, or describes an image that cannot be.
pub fn read_size(codestream: &[u8]) -> Result<ImageSize> {
    let Some((SIZ, mut contents)) = segment(codestream, 2) else {
        return Err(invalid(NAME, 2, "it ends before its size is said"));
    };
    let mut capabilities = contents.u16()?;
    let mut numbers = [0; 8];
    for number in &mut numbers {
        *number = contents.u32()?;
    }
    // The tag of a Sequence Delimitation Item, which some program took the place for and wrote
    // there. What it hides is known: no columns of DICOM need more than 16 bits, and no image of
    // Part 1 other capabilities.
    if (capabilities, numbers[0] >> 16) == (0xFEFF, 0xDDE0) {
        capabilities = 0;
        numbers[0] &= 0xFFFF;
    }
    if capabilities & 0x8000 != 0 {
        return Err(unsupported("a frame that needs the extensions of JPEG 2000 Part 2"));
    }
    let [x1, y1, x0, y0, tile_width, tile_height, tile_x0, tile_y0] = numbers;
    let is_image = x0 < x1 && y0 < y1;
    let covers = |tile_0: u32, tile_length: u32, start: u32| {
        tile_length > 0
            && tile_0 <= start
            && u64::from(tile_0) + u64::from(tile_length) > u64::from(start)
    };
    if !is_image || !covers(tile_x0, tile_width, x0) || !covers(tile_y0, tile_height, y0) {
        return Err(invalid(NAME, 2, "its image and tiles do not fit each other"));
    }
    // Coordinates are calculated with as signed numbers of 32 bits.
    if [x1, y1].iter().any(|coordinate| *coordinate > i32::MAX as u32) {
        return Err(invalid(NAME, 2, "its coordinates are too large"));
    }
    let count = usize::from(contents.u16()?);
    if count == 0 || count > MAX_COMPONENTS || contents.bytes.len() < count * 3 {
        return Err(invalid(NAME, 2, "its number of components is wrong"));
    }
    let mut components = Vec::with_capacity(count);
    for _ in 0..count {
        let [depth, x_step, y_step] = contents.take()?;
        let precision = u32::from(depth & 0x7F) + 1;
        if precision > 38 || x_step == 0 || y_step == 0 {
            return Err(invalid(NAME, 2, "its components are described wrongly"));
        }
        components.push(ComponentSize { precision, is_signed: depth & 0x80 != 0, x_step, y_step });
    }
    let size = ImageSize { x0, y0, x1, y1, tile_width, tile_height, tile_x0, tile_y0, components };
    let tile_count = u64::from(size.tile_columns()) * u64::from(size.tile_rows());
    let pixel_count = u64::from(x1 - x0) * u64::from(y1 - y0);
    if tile_count > MAX_TILES || (tile_count > MANY_TILES && pixel_count / tile_count < MANY_TILES)
    {
        return Err(invalid(NAME, 2, "it has more tiles than such an image can need"));
    }
    Ok(size)
}

/// Reads the main header, to the first tile-part.
///
/// # Errors
///
/// If it ends early, contradicts itself, or asks for what is not read.
pub fn read_header(codestream: &[u8], size: ImageSize) -> Result<Header> {
    let mut parameters = Parameters::default();
    let mut packed = Vec::new();
    let mut position = 2;
    loop {
        if marker_at(codestream, position) == Some(SOT) {
            break;
        }
        let Some((marker, contents)) = segment(codestream, position) else {
            return Err(invalid(NAME, position, "it ends in its main header"));
        };
        let next = position + 4 + contents.bytes.len();
        match marker {
            SIZ => {}
            CAP => check_capabilities(contents)?,
            PPM => packed.push(contents),
            _ if marker >> 8 != 0xFF => {
                return Err(invalid(
                    NAME,
                    position,
                    "a marker is not where its main header has one",
                ));
            }
            _ => read_parameters(marker, contents, &size, &mut parameters)?,
        }
        position = next;
    }
    let packed_headers = main_packed_headers(packed)?;
    if parameters.tile.is_none()
        || parameters.coding.default.is_none()
        || parameters.quantization.default.is_none()
    {
        return Err(invalid(NAME, position, "its main header does not say how it is coded"));
    }
    Ok(Header { size, parameters, packed_headers, end: position })
}

/// CAP (ISO/IEC 15444-15 §A.3): of the parts that can be needed only Part 15 is known.
fn check_capabilities(mut contents: Contents<'_>) -> Result<()> {
    const PART_15: u32 = 1 << (32 - 15);
    if contents.u32()? & !PART_15 != 0 {
        return Err(unsupported("a frame that needs a part of JPEG 2000 other than 1 and 15"));
    }
    Ok(())
}

/// The pieces of PPM segments, in the order of their tile-parts (§A.7.4).
fn main_packed_headers(mut segments: Vec<Contents<'_>>) -> Result<Vec<Vec<u8>>> {
    if segments.is_empty() {
        return Ok(Vec::new());
    }
    let offset = segments.first().map_or(0, |segment| segment.offset);
    segments.sort_by_key(|segment| segment.bytes.first().copied());
    let all: Vec<u8> =
        segments.iter().flat_map(|segment| segment.bytes.iter().skip(1)).copied().collect();
    let mut rest = all.as_slice();
    let mut pieces = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let Some((piece, after)) = after.split_at_checked(u32::from_be_bytes(*length) as usize)
        else {
            return Err(invalid(NAME, offset, "packet headers in its main header end early"));
        };
        pieces.push(piece.to_vec());
        rest = after;
    }
    Ok(pieces)
}

/// Reads a segment that can stand in the main header and in those of tile-parts.
fn read_parameters(
    marker: u16,
    mut contents: Contents<'_>,
    size: &ImageSize,
    parameters: &mut Parameters,
) -> Result<()> {
    match marker {
        COD => {
            let flags = contents.u8()?;
            let progression = Progression::from_code(contents.u8()?).ok_or_else(|| {
                invalid(NAME, contents.offset, "its order of progression is none")
            })?;
            let layer_count = contents.u16()?;
            let transform = contents.u8()?;
            if layer_count == 0 {
                return Err(invalid(NAME, contents.offset, "it has no layers"));
            }
            if transform > 1 {
                return Err(unsupported("a component transform of JPEG 2000 Part 2"));
            }
            parameters.tile = Some(TileCoding {
                progression,
                layer_count,
                has_component_transform: transform == 1,
                has_sop: flags & 2 != 0,
                has_eph: flags & 4 != 0,
            });
            parameters.coding.default = Some(coding_style(&mut contents, flags & 1 != 0)?);
        }
        COC => {
            let component = contents.component(size)?;
            let has_precincts = contents.u8()? & 1 != 0;
            parameters.coding.set(component, coding_style(&mut contents, has_precincts)?);
        }
        QCD => parameters.quantization.default = Some(quantization(&mut contents)?),
        QCC => {
            let component = contents.component(size)?;
            parameters.quantization.set(component, quantization(&mut contents)?);
        }
        RGN => {
            let component = contents.component(size)?;
            let [style, shift] = contents.take()?;
            if style != 0 || shift > 37 {
                return Err(invalid(
                    NAME,
                    contents.offset,
                    "its region of interest is described wrongly",
                ));
            }
            parameters.region_shift.set(component, shift);
        }
        POC => {
            let index_length = if size.components.len() < 257 { 1 } else { 2 };
            while contents.bytes.len() >= 5 + 2 * index_length {
                if parameters.progression_changes.len() == MAX_PROGRESSION_CHANGES {
                    return Err(invalid(
                        NAME,
                        contents.offset,
                        "its order of progression changes too often",
                    ));
                }
                parameters
                    .progression_changes
                    .push(progression_change(&mut contents, index_length)?);
            }
        }
        _ if EXTENSIONS.iter().any(|markers| markers.contains(&marker)) => {
            return Err(unsupported("a frame that needs the extensions of JPEG 2000 Part 2"));
        }
        // Lengths of tile-parts and packets, registration, comments: not needed.
        _ => {}
    }
    Ok(())
}

/// SPcod and SPcoc (§A.6.1).
fn coding_style(contents: &mut Contents<'_>, has_precincts: bool) -> Result<CodingStyle> {
    let [levels, width, height, style, transform] = contents.take()?;
    let offset = contents.offset;
    if levels > 32 || width > 8 || height > 8 || width + height > 8 || transform > 1 {
        return Err(invalid(NAME, offset, "its coding style is described wrongly"));
    }
    let mut precinct_exponents = [(15, 15); 33];
    if has_precincts {
        for (level, exponents) in
            precinct_exponents.iter_mut().take(usize::from(levels) + 1).enumerate()
        {
            let both = contents.u8()?;
            *exponents = (both & 15, both >> 4);
            if level > 0 && (exponents.0 == 0 || exponents.1 == 0) {
                return Err(invalid(NAME, offset, "a precinct is smaller than a sample"));
            }
        }
    }
    Ok(CodingStyle {
        level_count: levels.into(),
        block_width_exponent: u32::from(width) + 2,
        block_height_exponent: u32::from(height) + 2,
        block_style: BlockStyle::from_code(style).ok_or_else(|| {
            unsupported("code-blocks of JPEG 2000 that are coded in more than one way")
        })?,
        is_reversible: transform == 1,
        precinct_exponents,
    })
}

/// Sqcd and SPqcd, Sqcc and SPqcc (§A.6.4).
fn quantization(contents: &mut Contents<'_>) -> Result<Quantization> {
    let style = contents.u8()?;
    let guard_bits = u32::from(style >> 5);
    let mut steps = Vec::new();
    let style = match style & 31 {
        0 => QuantizationStyle::None,
        1 => QuantizationStyle::Derived,
        2 => QuantizationStyle::Expounded,
        _ => return Err(invalid(NAME, contents.offset, "its quantization is described wrongly")),
    };
    while !contents.bytes.is_empty() && steps.len() < 97 {
        steps.push(match style {
            QuantizationStyle::None => (u32::from(contents.u8()? >> 3), 0),
            _ => {
                let step = u32::from(contents.u16()?);
                (step >> 11, step & 0x7FF)
            }
        });
    }
    Ok(Quantization { style, guard_bits, steps })
}

/// One change of a POC segment (§A.6.6).
fn progression_change(
    contents: &mut Contents<'_>,
    index_length: usize,
) -> Result<ProgressionChange> {
    let index = |contents: &mut Contents<'_>| -> Result<usize> {
        Ok(if index_length == 1 { contents.u8()?.into() } else { contents.u16()?.into() })
    };
    let first_resolution = contents.u8()?.into();
    let first_component = index(contents)?;
    let layer_end = contents.u16()?.into();
    let resolution_end = contents.u8()?.into();
    let component_end = match index(contents)? {
        // 0 stands for 256 where it has but a byte.
        0 if index_length == 1 => 256,
        end => end,
    };
    let progression = Progression::from_code(contents.u8()?)
        .ok_or_else(|| invalid(NAME, contents.offset, "its order of progression is none"))?;
    Ok(ProgressionChange {
        resolutions: first_resolution..resolution_end,
        components: first_component..component_end,
        layer_end,
        progression,
    })
}

/// Finds the tile-parts, from the end of the main header on (§A.4.2). Those that are there are
/// given even if others are missing.
///
/// # Errors
///
/// If the header of a tile-part contradicts itself or the main header, or asks for what is not
/// read.
pub fn read_tiles(codestream: &[u8], header: &Header) -> Result<Tiles> {
    let tile_count = header.size.tile_columns() as usize * header.size.tile_rows() as usize;
    let mut tiles = Vec::new();
    tiles.resize_with(tile_count, Tile::default);
    let mut position = header.end;
    let mut damage = None;
    let mut packed_headers = header.packed_headers.iter();
    loop {
        match marker_at(codestream, position) {
            Some(SOT) => {}
            Some(EOC) => break,
            // Nothing, or padding: it is whole without EOC if all tiles are.
            _ => break,
        }
        let part = match tile_part(codestream, position, header, &mut tiles) {
            Ok(part) => part,
            Err(PartError::Ends) => {
                damage = Some((codestream.len(), "it ends in the header of a tile-part"));
                break;
            }
            Err(PartError::Wrong(error)) => return Err(error),
        };
        if part.is_cut_short {
            damage = Some((codestream.len(), "it ends before its last tile-part does"));
        }
        if let (Some(piece), Some(tile)) = (packed_headers.next(), tiles.get_mut(part.tile_index)) {
            tile.packed_headers.get_or_insert_default().extend_from_slice(piece);
        }
        position = part.end;
    }
    if damage.is_none()
        && tiles.iter().any(|tile| tile.bodies.is_empty() || tile.bodies.len() < tile.part_count)
    {
        damage = Some((position, "it ends before its last tile-part"));
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
    Wrong(crate::error::Error),
}

impl From<crate::error::Error> for PartError {
    fn from(error: crate::error::Error) -> Self {
        PartError::Wrong(error)
    }
}

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
    let tile = tiles
        .get_mut(tile_index)
        .ok_or_else(|| invalid(NAME, start, "a tile-part belongs to a tile that is not there"))?;
    tile.part_count = tile.part_count.max(part_count.into());

    let mut position = start + 12;
    let mut packed = Vec::new();
    loop {
        if marker_at(codestream, position).ok_or(PartError::Ends)? == SOD {
            break;
        }
        let (marker, contents) = segment(codestream, position).ok_or(PartError::Ends)?;
        let next = position + 4 + contents.bytes.len();
        match marker {
            PPT => packed.push(contents.bytes),
            _ if marker >> 8 != 0xFF => {
                return Err(invalid(
                    NAME,
                    position,
                    "a marker is not where the header of a tile-part has one",
                )
                .into());
            }
            _ => read_parameters(marker, contents, &header.size, &mut tile.parameters)?,
        }
        position = next;
    }
    packed.sort_by_key(|bytes| bytes.first().copied());
    for bytes in packed {
        tile.packed_headers.get_or_insert_default().extend(bytes.iter().skip(1));
    }

    let body_start = position + 2;
    // 0: to the end. Some writers count wrongly: what is not followed by a marker is searched for
    // the next one.
    let said = start.checked_add(length).filter(|_| length > 0);
    let is_followed = |end: usize| matches!(marker_at(codestream, end), Some(SOT | EOC));
    let (end, is_cut_short) = match said {
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

/// The end of the packets that run to EOC: the last one, or the end if there is none.
fn end_of_packets(codestream: &[u8], start: usize) -> usize {
    let bytes = codestream.get(start..).unwrap_or_default();
    let found = bytes.windows(2).rposition(|pair| pair == EOC.to_be_bytes());
    found.map_or(codestream.len(), |found| start + found)
}

/// The next SOT or EOC behind `start`. No bytes of packets look like one: none above 0x8F follows
/// 0xFF there (§A.1).
fn next_part(codestream: &[u8], start: usize) -> Option<usize> {
    let bytes = codestream.get(start..)?;
    let is_marker = |pair: &[u8]| pair == SOT.to_be_bytes() || pair == EOC.to_be_bytes();
    bytes.windows(2).position(is_marker).map(|found| start + found)
}
