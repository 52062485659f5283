//! Where tile-parts start and end, and what their headers say.

use super::super::bytes::{cod, qcd, segment, size_of};
use super::super::main_header::read_header;
use super::*;
use crate::codec::fault_of;

/// The bytes of the tile-parts of each tile, and the damage.
type Bodies<'a> = (Vec<Vec<&'a [u8]>>, Option<(usize, Jpeg2000Fault)>);

/// A codestream of tiles side by side, with `more` segments in its main header.
struct Codestream {
    bytes: Vec<u8>,
    header: Header,
}

impl Codestream {
    fn new(tile_count: u32, more: &[Vec<u8>]) -> Codestream {
        let mut size = size_of(1);
        size.x1 = tile_count;
        let bytes = [&[0xFF, 0x4F], &[cod(), qcd(), more.concat()].concat()[..]].concat();
        let header = read_header(&[&bytes[..], &[0xFF, 0x90]].concat(), size).unwrap();
        Codestream { bytes, header }
    }

    /// Appends SOT of a tile-part with this length (Psot) and number of parts (TNsot), then other
    /// bytes.
    fn part(mut self, tile: u8, length: u32, part_count: u8, rest: &[u8]) -> Codestream {
        self.bytes.extend([0xFF, 0x90, 0, 10, 0, tile]);
        self.bytes.extend(length.to_be_bytes());
        // TPsot is not used.
        self.bytes.extend([9, part_count]);
        self.bytes.extend(rest);
        self
    }

    fn read(&self) -> Result<Tiles> {
        read_tiles(&self.bytes, &self.header)
    }

    fn bodies(&self) -> Bodies<'_> {
        let tiles = self.read().unwrap();
        let bytes = |tile: &Tile| {
            tile.bodies.iter().map(|body| &self.bytes[body.clone()]).collect::<Vec<_>>()
        };
        (tiles.tiles.iter().map(bytes).collect(), tiles.damage)
    }
}

/// SOD, and what tile-parts have of packets.
const DATA: [u8; 5] = [0xFF, 0x93, 1, 2, 3];
const END: [u8; 2] = [0xFF, 0xD9];

#[test]
fn tile_parts_are_found_by_their_lengths() {
    // Of the first tile there are two parts.
    let start = Codestream::new(2, &[]).part(0, 17, 2, &DATA).part(1, 14, 0, &[0xFF, 0x93]);
    let last = [0xFF, 0x93, 0xFF, 0xD9, 8];
    let found = start.part(0, 17, 2, &last);
    let expected = vec![vec![&[1, 2, 3][..], &[0xFF, 0xD9, 8]], vec![&[]]];
    assert_eq!(found.bodies(), (expected.clone(), None), "without EOC");
    let mut whole = found;
    whole.bytes.extend(END);
    assert_eq!(whole.bodies(), (expected.clone(), None));
    whole.bytes.extend([0; 3]);
    assert_eq!(whole.bodies(), (expected, None), "padding after EOC");
}

#[test]
fn a_tile_part_without_a_length_goes_to_the_end() {
    let with = |rest: &[u8]| Codestream::new(1, &[]).part(0, 0, 1, rest);
    let found = with(&[0xFF, 0x93, 1, 0xFF, 0xD9, 2, 0xFF, 0xD9]);
    assert_eq!(found.bodies(), (vec![vec![&[1, 0xFF, 0xD9, 2][..]]], None), "to the last EOC");
    assert_eq!(with(&DATA).bodies(), (vec![vec![&[1, 2, 3][..]]], None), "to the last byte");
}

#[test]
fn a_wrong_length_is_searched_for_the_next_marker() {
    for length in [1, 13, 16, 18] {
        let found = Codestream::new(2, &[]).part(0, length, 1, &DATA).part(1, 17, 1, &DATA);
        let expected = vec![vec![&[1, 2, 3][..]], vec![&[1, 2, 3]]];
        assert_eq!(found.bodies(), (expected, None), "{length}");
    }
    let mut found = Codestream::new(1, &[]).part(0, 16, 1, &DATA);
    found.bytes.extend(END);
    assert_eq!(found.bodies(), (vec![vec![&[1, 2, 3][..]]], None), "EOC");
    let found = Codestream::new(1, &[]).part(0, 16, 1, &DATA);
    assert_eq!(found.bodies(), (vec![vec![&[1, 2][..]]], None), "no marker");
    let found = Codestream::new(1, &[]).part(0, 3, 1, &DATA);
    assert_eq!(found.bodies(), (vec![vec![&[][..]]], None), "no marker, and too short");
}

#[test]
fn a_codestream_that_ends_early_has_what_is_there() {
    let found = Codestream::new(1, &[]).part(0, 18, 1, &DATA);
    let end = found.bytes.len();
    let expected = (vec![vec![&[1, 2, 3][..]]], Some((end, Jpeg2000Fault::EndsInPart)));
    assert_eq!(found.bodies(), expected);

    let found = Codestream::new(2, &[]).part(1, 17, 1, &DATA);
    let end = found.bytes.len();
    let expected = (vec![vec![], vec![&[1, 2, 3][..]]], Some((end, Jpeg2000Fault::MissingParts)));
    assert_eq!(found.bodies(), expected, "a tile is missing");

    let found = Codestream::new(1, &[]).part(0, 17, 2, &DATA);
    let end = found.bytes.len();
    let expected = (vec![vec![&[1, 2, 3][..]]], Some((end, Jpeg2000Fault::MissingParts)));
    assert_eq!(found.bodies(), expected, "a tile-part is missing");

    for rest in [&[][..], &[0xFF], &[0xFF, 0x5C, 0, 9, 0]] {
        let found = Codestream::new(1, &[]).part(0, 17, 1, rest);
        let end = found.bytes.len();
        let expected = (vec![vec![]], Some((end, Jpeg2000Fault::EndsInPartHeader)));
        assert_eq!(found.bodies(), expected, "{rest:X?}");
    }
}

#[test]
fn headers_of_tile_parts_are_read() {
    let rest = [&qcd()[..], &DATA].concat();
    let found = Codestream::new(1, &[]).part(0, 23, 1, &rest);
    let tiles = found.read().unwrap();
    assert_eq!(tiles.tiles[0].parameters.quantization.default.as_ref().unwrap().guard_bits, 2);
    assert!(tiles.tiles[0].parameters.coding.default.is_none());
    assert_eq!(found.bodies().0, vec![vec![&[1, 2, 3][..]]]);

    let found = Codestream::new(2, &[]).part(2, 17, 1, &DATA);
    let expected = Jpeg2000Fault::UnknownTile { tile: 2, count: 2 };
    let start = found.header.end as u64;
    assert_eq!(fault_of(&found.read().unwrap_err()), (Some(start), expected.into()));

    let rest = [&[0xFE, 0x5C, 0, 2][..], &DATA].concat();
    let found = Codestream::new(1, &[]).part(0, 21, 1, &rest);
    let expected = Jpeg2000Fault::MarkerExpected { found: 0xFE5C };
    assert_eq!(fault_of(&found.read().unwrap_err()), (Some(start + 12), expected.into()));
}

#[test]
fn packed_headers_belong_to_their_tiles() {
    let ppt = [segment(PPT, &[1, 0xCC]), segment(PPT, &[0, 0xAA, 0xBB]), DATA.to_vec()];
    let found = Codestream::new(1, &[]).part(0, 0, 1, &ppt.concat()).read().unwrap();
    assert_eq!(found.tiles[0].packed_headers.as_deref(), Some(&[0xAA, 0xBB, 0xCC][..]));

    // PPM has a piece for each tile-part, in their order.
    #[rustfmt::skip]
    let ppm = segment(0xFF60, &[
        0, // Zppm
        0, 0, 0, 1, 0xAA,
        0, 0, 0, 2, 0xBB, 0xCC,
        0, 0, 0, 1, 0xDD,
    ]);
    let found = Codestream::new(2, &[ppm])
        .part(1, 17, 1, &DATA)
        .part(0, 17, 1, &DATA)
        .part(1, 17, 1, &DATA);
    let tiles = found.read().unwrap().tiles;
    assert_eq!(tiles[0].packed_headers.as_deref(), Some(&[0xBB, 0xCC][..]));
    assert_eq!(tiles[1].packed_headers.as_deref(), Some(&[0xAA, 0xDD][..]));
    let found = Codestream::new(1, &[]).part(0, 17, 1, &DATA).read().unwrap();
    assert_eq!(found.tiles[0].packed_headers, None);
}
