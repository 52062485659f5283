//! SIZ (ISO/IEC 15444-1 §A.5.1): the size of the image, of its tiles and of its components.

use super::super::parameters::{ComponentSize, ImageSize};
use super::super::{NAME, unsupported};
use super::segment::{Contents, SIZ, segment};
use crate::codec::invalid;
use crate::error::{Jpeg2000Fault, Result};

/// Most components (Csiz).
const MAX_COMPONENTS: usize = 16_384;
/// Most bits of a sample (Ssiz).
const MAX_PRECISION: u32 = 38;
/// Most tiles (ISO/IEC 15444-1 §A.4.2).
const MAX_TILES: u64 = 65_535;
/// An image of more tiles than this has at least as many pixels in each: smaller ones are not known
/// to exist, and each costs memory.
const MANY_TILES: u64 = 1024;

/// Reads SIZ, which is the first segment (§A.5.1).
///
/// # Errors
///
/// If the segment is missing, or describes an impossible image.
pub(crate) fn read_size(codestream: &[u8]) -> Result<ImageSize> {
    let Some((SIZ, mut contents)) = segment(codestream, 2) else {
        return Err(invalid(NAME, 2, Jpeg2000Fault::NoSize));
    };
    let mut capabilities = contents.u16()?;
    let mut numbers = [0; 8];
    for number in &mut numbers {
        *number = contents.u32()?;
    }
    // Some writer overwrote these four bytes with the tag of a Sequence Delimitation Item. What
    // stood there is known: no image of DICOM has more than 65535 columns, and none of Part 1 needs
    // capabilities.
    if (capabilities, numbers[0] >> 16) == (0xFEFF, 0xDDE0) {
        capabilities = 0;
        numbers[0] &= 0xFFFF;
    }
    if capabilities & 0x8000 != 0 {
        return Err(unsupported("a frame that needs the extensions of JPEG 2000 Part 2"));
    }
    let [x1, y1, x0, y0, tile_width, tile_height, tile_x0, tile_y0] = numbers;
    let components = Vec::new();
    let mut size =
        ImageSize { x0, y0, x1, y1, tile_width, tile_height, tile_x0, tile_y0, components };
    check_areas(&contents, &size)?;
    size.components = components_of(&mut contents)?;
    check_tile_count(&contents, &size)?;
    Ok(size)
}

/// Checks that the first tile has the first sample of the image (§B.3), and that coordinates are
/// below 2^31: the decoder calculates with signed numbers of 32 bits.
fn check_areas(contents: &Contents<'_>, size: &ImageSize) -> Result<()> {
    let ImageSize { x0, y0, x1, y1, tile_x0, tile_y0, tile_width, tile_height, .. } = *size;
    if x0 >= x1 || y0 >= y1 {
        return Err(contents.invalid(Jpeg2000Fault::ImageArea { x0, y0, x1, y1 }));
    }
    let covers = |tile_0: u32, tile_length: u32, start: u32| {
        tile_0 <= start && u64::from(tile_0) + u64::from(tile_length) > u64::from(start)
    };
    if !covers(tile_x0, tile_width, x0) || !covers(tile_y0, tile_height, y0) {
        let (width, height) = (tile_width, tile_height);
        let fault = Jpeg2000Fault::TileGrid { x0: tile_x0, y0: tile_y0, width, height };
        return Err(contents.invalid(fault));
    }
    match [x1, y1].into_iter().find(|coordinate| *coordinate > i32::MAX as u32) {
        Some(found) => Err(contents.invalid(Jpeg2000Fault::Coordinate { found })),
        None => Ok(()),
    }
}

fn components_of(contents: &mut Contents<'_>) -> Result<Vec<ComponentSize>> {
    let count = usize::from(contents.u16()?);
    if count == 0 || count > MAX_COMPONENTS {
        return Err(contents.invalid(Jpeg2000Fault::ComponentCount { count }));
    }
    let (needed, available) = (count * 3, contents.bytes.len());
    if available < needed {
        return Err(contents.invalid(Jpeg2000Fault::SegmentCutShort { needed, available }));
    }
    let mut components = Vec::with_capacity(count);
    for _ in 0..count {
        let [depth, x_step, y_step] = contents.take()?;
        let precision = u32::from(depth & 0x7F) + 1;
        if precision > MAX_PRECISION {
            return Err(contents.invalid(Jpeg2000Fault::Precision { bits: precision }));
        }
        if x_step == 0 || y_step == 0 {
            return Err(contents.invalid(Jpeg2000Fault::SampleStep { x_step, y_step }));
        }
        components.push(ComponentSize { precision, is_signed: depth & 0x80 != 0, x_step, y_step });
    }
    Ok(components)
}

fn check_tile_count(contents: &Contents<'_>, size: &ImageSize) -> Result<()> {
    let tiles = u64::from(size.tile_columns()) * u64::from(size.tile_rows());
    let pixels = u64::from(size.x1 - size.x0) * u64::from(size.y1 - size.y0);
    if tiles > MAX_TILES || (tiles > MANY_TILES && pixels / tiles < MANY_TILES) {
        return Err(contents.invalid(Jpeg2000Fault::TileCount { tiles, pixels }));
    }
    Ok(())
}
