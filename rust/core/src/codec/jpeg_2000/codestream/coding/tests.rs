//! Each segment on coding: what it says, and what it must not say.

use super::super::bytes::{STYLE, size_of};
use super::super::segment::Contents;
use super::*;
use crate::codec::fault_of;
use crate::error::{Family, FrameFault};

/// What one segment gives, in an image of `components` components.
fn read(marker: u16, bytes: &[u8], components: usize) -> Result<Parameters> {
    let mut parameters = Parameters::default();
    let contents = Contents { bytes, offset: 40 };
    read_parameters(marker, contents, &size_of(components), &mut parameters)?;
    Ok(parameters)
}

/// The fault of one segment of a gray image, which is at its marker.
fn fault(marker: u16, bytes: &[u8]) -> FrameFault {
    let (offset, fault) = fault_of(&read(marker, bytes, 1).unwrap_err());
    assert_eq!(offset, Some(40));
    fault
}

#[rustfmt::skip]
const COD_BODY: [u8; 12] = [
    0b111, // Scod: precincts, SOP and EPH
    2, // SGcod: progression order RPCL,
    0x01, 0x02, // layers,
    1, // component transform
    1, // SPcod: decomposition levels,
    3, 5, // code-block exponents, less 2,
    0b10_1010, // code-block style: resets, causal, segmentation symbols,
    0, // wavelet: 9-7
    0x00, // precinct of resolution 0: height exponent 0, width exponent 0
    0x7F, // of resolution 1: height exponent 7, width exponent 15
];

/// `bytes` with another value at `index`.
fn with<const N: usize>(mut bytes: [u8; N], index: usize, value: u8) -> [u8; N] {
    bytes[index] = value;
    bytes
}

#[test]
fn cod_is_read() {
    let parameters = read(COD, &COD_BODY, 1).unwrap();
    let tile = parameters.tile.unwrap();
    assert_eq!((tile.progression, tile.layer_count), (Progression::Rpcl, 0x0102));
    assert!(tile.has_component_transform && tile.has_sop && tile.has_eph);
    let coding = parameters.coding.default.unwrap();
    assert_eq!(coding.level_count, 1);
    assert_eq!((coding.block_width_exponent, coding.block_height_exponent), (5, 7));
    assert!(!coding.is_reversible);
    let style = coding.block_style;
    assert!(style.resets_contexts && style.is_vertically_causal && style.has_segmentation_symbols);
    assert!(!style.has_bypass && !style.terminates_passes && !style.is_high_throughput);
    assert_eq!(coding.precinct_exponents[..3], [(0, 0), (15, 7), (15, 15)]);

    for (flags, expected) in [(0, (false, false)), (2, (true, false)), (4, (false, true))] {
        let tile = read(COD, &with(COD_BODY, 0, flags), 1).unwrap().tile.unwrap();
        assert_eq!((tile.has_sop, tile.has_eph), expected, "Scod {flags}");
    }
    let plain = [&[0, 0, 0, 1, 0][..], &STYLE].concat();
    let parameters = read(COD, &plain, 1).unwrap();
    assert!(!parameters.tile.unwrap().has_component_transform);
    let coding = parameters.coding.default.unwrap();
    assert!(coding.is_reversible);
    assert_eq!(coding.precinct_exponents, [(15, 15); 33]);
}

#[test]
fn impossible_cod_is_refused() {
    let blocks = |width, height| Jpeg2000Fault::BlockExponents { width, height };
    for (index, value, expected) in [
        (1, 4, None),
        (1, 5, Some(Jpeg2000Fault::Progression { code: 5 })),
        (1, 255, Some(Jpeg2000Fault::Progression { code: 255 })),
        (5, 33, Some(Jpeg2000Fault::LevelCount { levels: 33 })),
        (6, 4, Some(blocks(4, 5))),
        (7, 6, Some(blocks(3, 6))),
        (7, 255, Some(blocks(3, 255))),
        (9, 2, Some(Jpeg2000Fault::Wavelet { code: 2 })),
        (11, 0x70, Some(Jpeg2000Fault::EmptyPrecinct { resolution: 1 })),
        (11, 0x07, Some(Jpeg2000Fault::EmptyPrecinct { resolution: 1 })),
        (11, 0x11, None),
    ] {
        let found = read(COD, &with(COD_BODY, index, value), 1).err();
        let expected = expected.map(|fault| (Some(40), fault.into()));
        assert_eq!(found.map(|error| fault_of(&error)), expected, "{value} at {index}");
    }
    let no_layers = with(with(COD_BODY, 2, 0), 3, 0);
    assert_eq!(fault(COD, &no_layers), Jpeg2000Fault::NoLayers.into());
    let cut_short = Jpeg2000Fault::SegmentCutShort { needed: 1, available: 0 };
    assert_eq!(fault(COD, &COD_BODY[..11]), cut_short.into());
    for (index, value) in [(4, 2), (8, 0xC0)] {
        let error = read(COD, &with(COD_BODY, index, value), 1).unwrap_err();
        assert_eq!(error.family(), Family::Unsupported, "{value} at {index}");
    }
}

#[test]
fn the_most_levels_and_the_largest_blocks_are_read() {
    for (width, height) in [(8, 0), (0, 8), (4, 4)] {
        let style = [32, width, height, 0, 1];
        let coding = read(COD, &[&[0, 0, 0, 1, 0][..], &style].concat(), 1).unwrap().coding;
        let coding = coding.default.unwrap();
        let exponents = (coding.block_width_exponent, coding.block_height_exponent);
        assert_eq!(exponents, (u32::from(width) + 2, u32::from(height) + 2));
        assert_eq!(coding.level_count, 32);
    }
    let style = [&[32, 4, 4, 0, 1][..], &[0x11; 33]].concat();
    let coding = read(COD, &[&[1, 0, 0, 1, 0][..], &style].concat(), 1).unwrap().coding;
    assert_eq!(coding.default.unwrap().precinct_exponents, [(1, 1); 33]);
}

#[test]
fn coc_is_of_one_component() {
    #[rustfmt::skip]
    let body = [
        2, // Ccoc: the component
        1, // Scoc: precincts
        0, 4, 4, 0, 1, // SPcoc
        0x34, // precinct of resolution 0
    ];
    let coding = read(COC, &body, 3).unwrap().coding;
    assert!(coding.default.is_none());
    let nothing = super::super::super::parameters::ByComponent::default();
    assert_eq!(coding.resolve(&nothing, 2).unwrap().precinct_exponents[0], (4, 3));
    assert!(coding.resolve(&nothing, 1).is_none());
    let plain = with(body, 1, 0xFE);
    let coding = read(COC, &plain, 3).unwrap().coding;
    assert_eq!(coding.resolve(&nothing, 2).unwrap().precinct_exponents[0], (15, 15));
    let unknown = Jpeg2000Fault::UnknownComponent { component: 2, count: 1 };
    assert_eq!(fault(COC, &body), unknown.into());
}

#[test]
fn quantization_is_read() {
    let none = read(QCD, &[0b010_00000, 8 << 3 | 7, 31 << 3], 1).unwrap().quantization;
    let none = none.default.unwrap();
    assert_eq!((none.style, none.guard_bits), (QuantizationStyle::None, 2));
    assert_eq!(none.steps, [(8, 0), (31, 0)]);
    let derived = read(QCD, &[0b111_00001, 0b1000_1011, 0xFF], 1).unwrap().quantization;
    let derived = derived.default.unwrap();
    assert_eq!((derived.style, derived.guard_bits), (QuantizationStyle::Derived, 7));
    assert_eq!(derived.steps, [(0b10001, 0x3FF)]);
    let expounded = read(QCC, &[0, 2, 0x08, 0x01, 0xFF, 0xFF], 1).unwrap().quantization;
    assert!(expounded.default.is_none());
    let nothing = super::super::super::parameters::ByComponent::default();
    let expounded = expounded.resolve(&nothing, 0).unwrap();
    assert_eq!((expounded.style, expounded.guard_bits), (QuantizationStyle::Expounded, 0));
    assert_eq!(expounded.steps, [(1, 1), (31, 0x7FF)]);
    // No more bands than 32 levels have.
    let many = read(QCD, &[&[0][..], &[8; 98]].concat(), 1).unwrap().quantization;
    assert_eq!(many.default.unwrap().steps.len(), 97);

    let style = Jpeg2000Fault::QuantizationStyle { code: 3 };
    assert_eq!(fault(QCD, &[0b010_00011]), style.into());
    let cut_short = Jpeg2000Fault::SegmentCutShort { needed: 2, available: 1 };
    assert_eq!(fault(QCD, &[1, 0]), cut_short.into());
}

#[test]
fn regions_of_interest_are_shifted_by_37_bits_at_most() {
    let shift = |shift: u8| read(RGN, &[0, 0, shift], 1).map(|parameters| parameters.region_shift);
    let nothing = super::super::super::parameters::ByComponent::default();
    assert_eq!(shift(37).unwrap().resolve(&nothing, 0), Some(&37));
    let fault_of_shift = |shift| fault(RGN, &[0, 0, shift]);
    assert_eq!(fault_of_shift(38), Jpeg2000Fault::RegionShift { shift: 38 }.into());
    assert_eq!(fault_of_shift(255), Jpeg2000Fault::RegionShift { shift: 255 }.into());
    assert_eq!(fault(RGN, &[0, 1, 5]), Jpeg2000Fault::RegionStyle { style: 1 }.into());
}

#[rustfmt::skip]
const CHANGE: [u8; 7] = [
    1, // RSpoc: the first resolution
    2, // CSpoc: the first component
    0x01, 0x03, // LYEpoc: the layer after the last
    4, // REpoc: the resolution after the last
    0, // CEpoc: the component after the last; 0 for 256
    3, // Ppoc: progression order PCRL
];

#[test]
fn progression_changes_are_read() {
    // What is left over is no change.
    let two = [&CHANGE[..], &with(with(CHANGE, 5, 9), 6, 4), &[0; 6]].concat();
    let changes = read(POC, &two, 1).unwrap().progression_changes;
    let found = changes
        .iter()
        .map(|change| (change.resolutions.clone(), change.components.clone(), change.layer_end));
    assert!(found.eq([(1..4, 2..256, 0x0103), (1..4, 2..9, 0x0103)]));
    let orders = changes.iter().map(|change| change.progression);
    assert!(orders.eq([Progression::Pcrl, Progression::Cprl]));

    #[rustfmt::skip]
    let wide = [
        1,
        0x01, 0x02, // CSpoc
        0x00, 0x03, // LYEpoc
        4,
        0x00, 0x00, // CEpoc: of two bytes, 0 is 0
        0,
    ];
    let changes = read(POC, &wide, 257).unwrap().progression_changes;
    let components = &changes[0].components;
    assert_eq!((components.start, components.end), (0x0102, 0));
    assert_eq!(changes.len(), 1);
    assert_eq!(read(POC, &CHANGE, 257).unwrap().progression_changes.len(), 0);

    let unknown = Jpeg2000Fault::Progression { code: 5 };
    assert_eq!(fault(POC, &with(CHANGE, 6, 5)), unknown.into());
}

#[test]
fn progression_changes_are_limited() {
    assert_eq!(read(POC, &CHANGE.repeat(256), 1).unwrap().progression_changes.len(), 256);
    let limit = Jpeg2000Fault::ProgressionChanges { limit: 256 };
    assert_eq!(fault(POC, &CHANGE.repeat(257)), limit.into());
}

#[test]
fn unknown_segments_are_passed_over_and_extensions_refused() {
    for marker in [0xFF00, 0xFF55, 0xFF64, 0xFF6F, 0xFF7A, 0xFFFF] {
        let parameters = read(marker, &[1], 1).unwrap();
        assert!(parameters.tile.is_none(), "{marker:X}");
    }
    for marker in [0xFF70, 0xFF79] {
        let error = read(marker, &[], 1).unwrap_err();
        assert_eq!(error.family(), Family::Unsupported, "{marker:X}");
    }
    for marker in [0, 0xFEFF] {
        let expected = Jpeg2000Fault::MarkerExpected { found: marker };
        assert_eq!(fault(marker, &[]), expected.into());
    }
}
