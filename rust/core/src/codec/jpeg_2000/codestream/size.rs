//! SIZ (ISO/IEC 15444-1 §A.5.1): the size of the image, of its tiles and of its components.

use super::super::NAME;
use super::super::parameters::{ComponentSize, ImageSize};
use super::segment::{Contents, SIZ, segment};
use crate::codec::invalid;
use crate::error::{Jpeg2000Fault, Result};

/// Most components (Csiz).
const MAX_COMPONENTS: usize = 16_384;
/// Most bits of a sample (Ssiz).
const MAX_PRECISION: u32 = 38;
/// Most tiles (ISO/IEC 15444-1 §A.4.2).
const MAX_TILES: u64 = 65_535;
/// An image of more tiles than this has at least as many pixels in each, or bytes of each: tiles
/// cost memory.
const MANY_TILES: u64 = 1024;
/// Bytes of a tile in a codestream at least: SOT and SOD of a tile-part (ISO/IEC 15444-1 §A.4).
const TILE_BYTES: u64 = 14;
/// A codestream that is cut short has this part of its tiles at least.
const MOST_CUT: u64 = 4;

/// Reads SIZ, which is the first segment (§A.5.1).
///
/// # Errors
///
/// If the segment is missing, or describes an impossible image.
pub(crate) fn read_size(codestream: &[u8]) -> Result<ImageSize> {
    let Some((SIZ, mut contents)) = segment(codestream, 2) else {
        return Err(invalid(NAME, 2, Jpeg2000Fault::NoSize));
    };
    // The bit that asks for Part 2 is no reason to refuse a codestream: some writers set it, and
    // marker segments show what of Part 2 is used.
    let capabilities = contents.u16()?;
    let mut numbers = [0; 8];
    for number in &mut numbers {
        *number = contents.u32()?;
    }
    // Some writer overwrote these four bytes with the tag of a Sequence Delimitation Item. What
    // stood there is known: no image of DICOM has more than 65535 columns, and none of Part 1 needs
    // capabilities.
    if (capabilities, numbers[0] >> 16) == (0xFEFF, 0xDDE0) {
        numbers[0] &= 0xFFFF;
    }
    let [x1, y1, x0, y0, tile_width, tile_height, tile_x0, tile_y0] = numbers;
    let components = Vec::new();
    let mut size =
        ImageSize { x0, y0, x1, y1, tile_width, tile_height, tile_x0, tile_y0, components };
    check_areas(&contents, &size)?;
    size.components = components_of(&mut contents)?;
    check_tile_count(&contents, &size, codestream.len() as u64)?;
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

fn check_tile_count(contents: &Contents<'_>, size: &ImageSize, length: u64) -> Result<()> {
    let tiles = u64::from(size.tile_columns()) * u64::from(size.tile_rows());
    let pixels = u64::from(size.x1 - size.x0) * u64::from(size.y1 - size.y0);
    let most = MANY_TILES.max(length / TILE_BYTES * MOST_CUT);
    if tiles > MAX_TILES || (tiles > most && pixels / tiles < MANY_TILES) {
        return Err(contents.invalid(Jpeg2000Fault::TileCount { tiles, pixels }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::bytes::{segment, siz};
    use super::*;
    use crate::codec::fault_of;

    const SIZE: [u32; 8] = [
        9, 7, // Xsiz, Ysiz: the lower right corner of the image
        3, 2, // XOsiz, YOsiz: its upper left corner
        4, 3, // XTsiz, YTsiz: the size of a tile
        1, 2, // XTOsiz, YTOsiz: the upper left corner of the first tile
    ];
    const BYTE: [u8; 3] = [
        7, // Ssiz: 8 bits, unsigned
        1, 1, // XRsiz, YRsiz
    ];

    fn read(capabilities: u16, numbers: [u32; 8], components: &[[u8; 3]]) -> Result<ImageSize> {
        let segment = segment(SIZ, &siz(capabilities, numbers, components));
        read_size(&[&[0xFF, 0x4F], &segment[..]].concat())
    }

    /// `SIZE` with other numbers at some places.
    fn with(changes: &[(usize, u32)]) -> [u32; 8] {
        let mut numbers = SIZE;
        for (index, number) in changes {
            numbers[*index] = *number;
        }
        numbers
    }

    #[test]
    fn sizes_are_read() {
        let components = [BYTE, [0x80 | 11, 2, 3], [37, 255, 1]];
        let size = read(0x7FFF, SIZE, &components).unwrap();
        assert_eq!((size.x1, size.y1, size.x0, size.y0), (9, 7, 3, 2));
        assert_eq!((size.tile_width, size.tile_height), (4, 3));
        assert_eq!((size.tile_x0, size.tile_y0), (1, 2));
        let found = size.components.iter().map(|component| {
            (component.precision, component.is_signed, component.x_step, component.y_step)
        });
        assert!(found.eq([(8, false, 1, 1), (12, true, 2, 3), (38, false, 255, 1)]));
    }

    #[test]
    fn a_delimiter_over_the_width_is_repaired() {
        let repaired = |capabilities, x1| {
            let numbers = with(&[(0, x1), (4, 0x1_0000)]);
            read(capabilities, numbers, &[BYTE]).map(|size| size.x1)
        };
        assert_eq!(repaired(0xFEFF, 0xDDE0_0009).unwrap(), 9);
        assert_eq!(repaired(0xFEFF, 0xDDE0_FFFF).unwrap(), 0xFFFF);
        // Half of it is none.
        assert_eq!(repaired(0xFEFF, 9).unwrap(), 9);
        let error = repaired(0, 0xDDE0_0009).unwrap_err();
        let fault = Jpeg2000Fault::Coordinate { found: 0xDDE0_0009 };
        assert_eq!(fault_of(&error), (Some(2), fault.into()));
    }

    #[test]
    fn the_bit_of_part_2_alone_changes_nothing() {
        assert_eq!(read(0x8000, SIZE, &[BYTE]).unwrap().x1, 9);
    }

    #[test]
    fn impossible_areas_are_refused() {
        let area = |x0, y0, x1, y1| Some(Jpeg2000Fault::ImageArea { x0, y0, x1, y1 });
        let grid = |x0, y0, width, height| Some(Jpeg2000Fault::TileGrid { x0, y0, width, height });
        let found = 1 << 31;
        for (changes, expected) in [
            (&[(0, 4)][..], None),
            (&[(0, 3)], area(3, 2, 3, 7)),
            (&[(1, 3)], None),
            (&[(1, 2)], area(3, 2, 9, 2)),
            // The first tile starts at the first sample, or after it.
            (&[(6, 3)], None),
            (&[(6, 4)], grid(4, 2, 4, 3)),
            (&[(7, 3)], grid(1, 3, 4, 3)),
            // It ends after the first sample, or at it.
            (&[(4, 3)], None),
            (&[(4, 2)], grid(1, 2, 2, 3)),
            (&[(7, 0), (5, 3)], None),
            (&[(7, 0), (5, 2)], grid(1, 0, 4, 2)),
            (&[(4, 0)], grid(1, 2, 0, 3)),
            (&[(5, 0)], grid(1, 2, 4, 0)),
            (&[(0, found - 1), (4, found)], None),
            (&[(0, found), (4, found)], Some(Jpeg2000Fault::Coordinate { found })),
            (&[(1, found - 1), (5, found)], None),
            (&[(1, found), (5, found)], Some(Jpeg2000Fault::Coordinate { found })),
        ] {
            let error = read(0, with(changes), &[BYTE]).err();
            let expected = expected.map(|fault| (Some(2), fault.into()));
            assert_eq!(error.map(|error| fault_of(&error)), expected, "{changes:?}");
        }
    }

    #[test]
    fn impossible_components_are_refused() {
        let steps = |x_step, y_step| Jpeg2000Fault::SampleStep { x_step, y_step };
        for (components, fault) in [
            (vec![], Jpeg2000Fault::ComponentCount { count: 0 }),
            (vec![BYTE; 16_385], Jpeg2000Fault::ComponentCount { count: 16_385 }),
            (vec![BYTE, [38, 1, 1]], Jpeg2000Fault::Precision { bits: 39 }),
            (vec![[0x80 | 127, 1, 1]], Jpeg2000Fault::Precision { bits: 128 }),
            (vec![[7, 0, 1]], steps(0, 1)),
            (vec![[7, 1, 0]], steps(1, 0)),
        ] {
            let error = read(0, SIZE, &components).unwrap_err();
            assert_eq!(fault_of(&error), (Some(2), fault.into()));
        }
        assert_eq!(read(0, SIZE, &vec![BYTE; 16_384]).unwrap().components.len(), 16_384);
    }

    #[test]
    fn a_segment_that_ends_early_is_refused() {
        let body = siz(0, SIZE, &[BYTE, BYTE]);
        for (length, needed, available) in [(1, 2, 1), (5, 4, 3), (35, 2, 1), (41, 6, 5)] {
            let segment = segment(SIZ, &body[..length]);
            let error = read_size(&[&[0xFF, 0x4F], &segment[..]].concat()).unwrap_err();
            let fault = Jpeg2000Fault::SegmentCutShort { needed, available };
            assert_eq!(fault_of(&error), (Some(2), fault.into()), "{length} bytes");
        }
        for codestream in [&[0xFF, 0x4F][..], &[0xFF, 0x4F, 0xFF, 0x52, 0, 2]] {
            let error = read_size(codestream).unwrap_err();
            assert_eq!(fault_of(&error), (Some(2), Jpeg2000Fault::NoSize.into()));
        }
    }

    #[test]
    fn many_tiles_need_many_pixels_or_bytes() {
        for (width, height, tile_width, tile_height, expected) in [
            (32, 32, 1, 1, None),
            (25 * 32, 41 * 32, 32, 32, None),
            (25 * 32, 41 * 31, 32, 31, Some((1025, 1_016_800))),
            (255 * 32, 257 * 32, 32, 32, None),
            (256 * 32, 256 * 32, 32, 32, Some((65_536, 67_108_864))),
        ] {
            let numbers = [width, height, 0, 0, tile_width, tile_height, 0, 0];
            let error = read(0, numbers, &[BYTE]).err().map(|error| fault_of(&error));
            let expected = expected.map(|(tiles, pixels)| {
                (Some(2), Jpeg2000Fault::TileCount { tiles, pixels }.into())
            });
            assert_eq!(error, expected, "{width} x {height}");
        }
        // 4097 tiles of one pixel, of which a fourth could be there, or not quite.
        let start = segment(SIZ, &siz(0, [4097, 1, 0, 0, 1, 1, 0, 0], &[BYTE]));
        for (length, is_read) in [(1025 * 14, true), (1024 * 14, false)] {
            let mut codestream = [&[0xFF, 0x4F], &start[..]].concat();
            codestream.resize(length, 0);
            assert_eq!(read_size(&codestream).is_ok(), is_read, "{length} bytes");
        }
    }
}
