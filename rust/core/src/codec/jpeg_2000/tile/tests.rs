//! How a tile is divided, and the limits on its pieces.

use super::super::codestream::bytes::{qcd, segment, size_of};
use super::super::codestream::read_header;
use super::*;
use crate::codec::fault_of;
use crate::error::Family;

/// The header of one tile of columns 3 to 21 and rows 5 to 18, with such a COD and QCD.
fn header(scod: u8, spcod: &[u8], quantization: &[u8]) -> Header {
    let size = super::super::parameters::ImageSize {
        x0: 3,
        y0: 5,
        x1: 21,
        y1: 18,
        tile_width: 32,
        tile_height: 32,
        ..size_of(1)
    };
    let cod = segment(0xFF52, &[&[scod, 0, 0, 1, 0][..], spcod].concat());
    let bytes = [&[0xFF, 0x4F], &cod[..], &segment(0xFF5C, quantization), &[0xFF, 0x90]].concat();
    read_header(&bytes, size).unwrap()
}

fn divided(header: &Header) -> Vec<TileComponent> {
    divide(header, &Parameters::default(), 0, 1000).unwrap()
}

fn corners(area: &Rectangle) -> String {
    format!("{},{} to {},{}", area.x0, area.y0, area.x1, area.y1)
}

/// A line for each resolution, precinct and part of a band, with the corners of code-blocks.
fn described(component: &TileComponent) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, resolution) in component.resolutions.iter().enumerate() {
        lines.push(format!("resolution {index}: {}", corners(&resolution.area)));
        for precinct in &resolution.precincts {
            let (row, column) = precinct.position;
            lines.push(format!("  precinct at row {row}, column {column}"));
            for (band, part) in resolution.bands.iter().zip(&precinct.bands) {
                let name = match (band.is_high_x, band.is_high_y) {
                    (false, false) => "LL",
                    (true, false) => "HL",
                    (false, true) => "LH",
                    (true, true) => "HH",
                };
                let blocks = &resolution.blocks[part.blocks()];
                let blocks = blocks.iter().map(|block| format!(" {}", corners(&block.area)));
                lines.push(format!("    {name}{}", blocks.collect::<String>()));
            }
        }
    }
    lines
}

/// By the formulas of §B.5 to §B.7, of two levels.
const EXPECTED: [&str; 71] = [
    "resolution 0: 1,2 to 6,5",
    "  precinct at row 5, column 3",
    "    LL 1,2 to 4,4",
    "  precinct at row 5, column 16",
    "    LL 4,2 to 6,4",
    "  precinct at row 16, column 3",
    "    LL 1,4 to 4,5",
    "  precinct at row 16, column 16",
    "    LL 4,4 to 6,5",
    "resolution 1: 2,3 to 11,9",
    "  precinct at row 5, column 3",
    "    HL",
    "    LH 1,1 to 4,2",
    "    HH 1,1 to 4,2",
    "  precinct at row 5, column 16",
    "    HL",
    "    LH 4,1 to 6,2",
    "    HH 4,1 to 5,2",
    "  precinct at row 8, column 3",
    "    HL 1,2 to 4,4",
    "    LH 1,2 to 4,4",
    "    HH 1,2 to 4,4",
    "  precinct at row 8, column 16",
    "    HL 4,2 to 5,4",
    "    LH 4,2 to 6,4",
    "    HH 4,2 to 5,4",
    "  precinct at row 16, column 3",
    "    HL 1,4 to 4,5",
    "    LH",
    "    HH",
    "  precinct at row 16, column 16",
    "    HL 4,4 to 5,5",
    "    LH",
    "    HH",
    "resolution 2: 3,5 to 21,18",
    "  precinct at row 5, column 3",
    "    HL 1,3 to 4,4",
    "    LH 2,2 to 4,4",
    "    HH 1,2 to 4,4",
    "  precinct at row 5, column 8",
    "    HL 4,3 to 8,4",
    "    LH 4,2 to 8,4",
    "    HH 4,2 to 8,4",
    "  precinct at row 5, column 16",
    "    HL 8,3 to 10,4",
    "    LH 8,2 to 11,4",
    "    HH 8,2 to 10,4",
    "  precinct at row 8, column 3",
    "    HL 1,4 to 4,8",
    "    LH 2,4 to 4,8",
    "    HH 1,4 to 4,8",
    "  precinct at row 8, column 8",
    "    HL 4,4 to 8,8",
    "    LH 4,4 to 8,8",
    "    HH 4,4 to 8,8",
    "  precinct at row 8, column 16",
    "    HL 8,4 to 10,8",
    "    LH 8,4 to 11,8",
    "    HH 8,4 to 10,8",
    "  precinct at row 16, column 3",
    "    HL 1,8 to 4,9",
    "    LH 2,8 to 4,9",
    "    HH 1,8 to 4,9",
    "  precinct at row 16, column 8",
    "    HL 4,8 to 8,9",
    "    LH 4,8 to 8,9",
    "    HH 4,8 to 8,9",
    "  precinct at row 16, column 16",
    "    HL 8,8 to 10,9",
    "    LH 8,8 to 11,9",
    "    HH 8,8 to 10,9",
];

/// Two levels, code-blocks of 4 by 4, and precincts of 4 by 4, 8 by 4 and 8 by 8.
const SPCOD: [u8; 8] = [2, 0, 0, 0, 1, 0x22, 0x23, 0x33];
/// No quantization: 2 guard bits, and exponents of 7 bands.
const EXPONENTS: [u8; 8] = [0x40, 8 << 3, 9 << 3, 9 << 3, 10 << 3, 9 << 3, 9 << 3, 10 << 3];

#[test]
fn pieces_lie_where_the_standard_has_them() {
    let components = divided(&header(1, &SPCOD, &EXPONENTS));
    assert_eq!(components.len(), 1);
    assert_eq!(described(&components[0]), EXPECTED);
    let bands = components[0].resolutions.iter().flat_map(|resolution| &resolution.bands);
    let areas: Vec<String> = bands.clone().map(|band| corners(&band.area)).collect();
    let expected = [
        "1,2 to 6,5",
        "1,2 to 5,5",
        "1,1 to 6,4",
        "1,1 to 5,4",
        "1,3 to 10,9",
        "2,2 to 11,9",
        "1,2 to 10,9",
    ];
    assert_eq!(areas, expected);
    // Mb is the exponent and the guard bits, less 1.
    assert!(bands.clone().map(|band| band.plane_count).eq([9, 10, 10, 11, 10, 10, 11]));
    assert!(bands.map(|band| band.step).eq([1.0; 7]));
    assert!(components[0].is_reversible && components[0].region_shift == 0);
}

#[test]
fn a_precinct_has_a_grid_of_blocks() {
    let component = &divided(&header(0, &[0, 0, 0, 0, 1], &[0x40, 8 << 3]))[0];
    assert_eq!(component.resolutions.len(), 1);
    let precincts = &component.resolutions[0].precincts;
    assert_eq!((precincts.len(), precincts[0].position), (1, (5, 3)));
    let part = &precincts[0].bands[0];
    let blocks = &component.resolutions[0].blocks;
    assert_eq!((part.columns, part.rows, blocks.len()), (6, 4, 24));
    let places = [0, 1, 5, 6, 23].map(|index| corners(&blocks[index].area));
    let expected = ["3,5 to 4,8", "4,5 to 8,8", "20,5 to 21,8", "3,8 to 4,12", "20,16 to 21,18"];
    assert_eq!(places, expected);
    assert!(blocks.iter().all(|block| block.length_bits == 3 && block.pass_count == 0));
    // Blocks of 8 by 16.
    let component = &divided(&header(0, &[0, 1, 2, 0, 1], &[0x40, 8 << 3]))[0];
    let part = &component.resolutions[0].precincts[0].bands[0];
    assert_eq!((part.columns, part.rows, part.blocks()), (3, 2, 0..6));
}

#[test]
fn steps_follow_precision_and_gain() {
    #[rustfmt::skip]
    let expounded = [
        0x22, // 1 guard bit, a step for each band
        8 << 3, 0, // exponent 8, mantissa 0
        (9 << 3) | 4, 0, // exponent 9, mantissa 1024
        10 << 3, 1, // exponent 10, mantissa 1
        7 << 3, 0,
    ];
    let component = &divided(&header(0, &[1, 0, 0, 0, 0], &expounded))[0];
    assert!(!component.is_reversible);
    let bands = component.resolutions.iter().flat_map(|resolution| &resolution.bands);
    // 2 to the power of precision and gain less exponent (§E.1.1), of 8 bits.
    let expected = [1.0, 1.5, 0.5 * (1.0 + 1.0 / 2048.0), 8.0];
    assert!(bands.clone().map(|band| band.step).eq(expected));
    assert!(bands.map(|band| band.plane_count).eq([8, 9, 10, 7]));
}

#[test]
fn subsampled_components_have_smaller_areas() {
    let mut header = header(1, &[0, 0, 0, 0, 1, 0x33], &[0x40, 8 << 3]);
    header.size.components[0].x_step = 2;
    header.size.components[0].y_step = 3;
    let component = &divided(&header)[0];
    let resolution = &component.resolutions[0];
    assert_eq!(corners(&resolution.area), "2,2 to 11,6");
    let positions: Vec<_> = resolution.precincts.iter().map(|one| one.position).collect();
    assert_eq!(positions, [(5, 3), (5, 16)]);
}

#[test]
fn a_tile_without_samples_has_no_precincts() {
    let mut header = header(0, &[1, 0, 0, 0, 1], &[0x40, 8 << 3, 8 << 3, 8 << 3, 8 << 3]);
    // From column 3 to 5, each fourth column, is column 4; from 5 to 6 is none.
    header.size.components[0].x_step = 8;
    header.size.x1 = 8;
    let component = &divided(&header)[0];
    assert!(component.resolutions.iter().all(|resolution| resolution.precincts.is_empty()));
}

#[test]
fn components_that_no_header_describes_are_refused() {
    let error_of = |header: &Header| divide(header, &Parameters::default(), 0, 0).err().unwrap();
    let mut without = header(0, &[0, 0, 0, 0, 1], &[0x40, 8 << 3]);
    without.parameters.quantization.default = None;
    let expected = Jpeg2000Fault::Uncoded { component: 0 };
    assert_eq!(fault_of(&error_of(&without)), (Some(0), expected.into()));
    without.parameters.coding.default = None;
    let expected = Jpeg2000Fault::Uncoded { component: 0 };
    assert_eq!(fault_of(&error_of(&without)), (Some(0), expected.into()));

    let quantized = header(0, &[0, 0, 0, 0, 1], &[0x41, 8 << 3, 0]);
    let expected = Jpeg2000Fault::QuantizedReversible { component: 0 };
    assert_eq!(fault_of(&error_of(&quantized)), (Some(0), expected.into()));

    let few = header(0, &[1, 0, 0, 0, 1], &[0x40, 8 << 3, 8 << 3, 8 << 3]);
    let expected = Jpeg2000Fault::UnquantizedBand { band: 3 };
    assert_eq!(fault_of(&error_of(&few)), (Some(0), expected.into()));

    // A region of interest: of bit-planes, but not of HTJ2K.
    let mut region = header(0, &[0, 0, 0, 0, 1], &qcd()[4..]);
    region.parameters.region_shift.set(0, 7);
    assert_eq!(divided(&region)[0].region_shift, 7);
    let mut region = header(0, &[0, 0, 0, 0x40, 1], &qcd()[4..]);
    assert!(divided(&region)[0].block_style.is_high_throughput);
    region.parameters.region_shift.set(0, 7);
    assert_eq!(error_of(&region).family(), Family::Unsupported);
}

#[test]
fn pieces_are_limited_by_samples_and_bytes() {
    for (sample_count, coded_length, precincts, blocks) in [
        (0, 0, 16_384, 65_536),
        (1 << 24, 0, 16_384, 65_536 + 65_536),
        (1 << 24, 3, 16_387, 65_536 + 65_536 + 192),
        (0, 1 << 40, 16_384 + (1 << 40), 65_536 + (1 << 46)),
    ] {
        let case = format!("{sample_count} samples, {coded_length} bytes");
        let mut pieces = Pieces::new(sample_count, coded_length);
        assert!(pieces.take_precincts(precincts).is_ok() && pieces.take_blocks(blocks).is_ok());
        for error in [pieces.take_precincts(1), pieces.take_blocks(1)] {
            let expected = Jpeg2000Fault::TooManyPieces;
            assert_eq!(fault_of(&error.unwrap_err()), (Some(0), expected.into()), "{case}");
        }
    }
    // A resolution, a precinct and 24 blocks are taken of them.
    let component = header(0, &[0, 0, 0, 0, 1], &[0x40, 8 << 3]);
    let divided = divided(&component);
    let resolution = &divided[0].resolutions[0];
    let grid = PrecinctGrid {
        area: resolution.area,
        exponents: (15, 15),
        is_lowest: true,
        block_exponents: (2, 2),
        grid_steps: (1, 1),
        tile: component.size.tile(0),
    };
    for (precincts, blocks, is_enough) in [(2, 24, true), (1, 24, false), (2, 23, false)] {
        let found = grid.divide(resolution.bands.clone(), &mut Pieces { precincts, blocks });
        assert_eq!(found.is_ok(), is_enough, "{precincts} and {blocks}");
    }
}
