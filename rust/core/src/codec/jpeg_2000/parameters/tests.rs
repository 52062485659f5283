//! How tiles and areas divide an image, and what each code of a header means.

use super::*;

fn rectangle(x0: u32, y0: u32, x1: u32, y1: u32) -> Rectangle {
    Rectangle { x0, y0, x1, y1 }
}

#[test]
fn tiles_cover_the_image() {
    // Columns 5 to 19 in tiles of 8 from column 2 on, rows 3 to 9 in tiles of 4 from row 1 on.
    let size = ImageSize {
        x0: 5,
        y0: 3,
        x1: 19,
        y1: 9,
        tile_width: 8,
        tile_height: 4,
        tile_x0: 2,
        tile_y0: 1,
        components: Vec::new(),
    };
    assert_eq!((size.tile_columns(), size.tile_rows()), (3, 2));
    let tiles = [0, 1, 2, 3, 4, 5].map(|index| size.tile(index));
    let expected = [
        rectangle(5, 3, 10, 5),
        rectangle(10, 3, 18, 5),
        rectangle(18, 3, 19, 5),
        rectangle(5, 5, 10, 9),
        rectangle(10, 5, 18, 9),
        rectangle(18, 5, 19, 9),
    ];
    assert_eq!(tiles, expected);
    let exact = ImageSize { x1: 18, ..size };
    assert_eq!(exact.tile_columns(), 2);
    // Coordinates of 32 bits do not overflow.
    let high = ImageSize { x0: 0, x1: u32::MAX, tile_x0: 0, tile_width: u32::MAX - 1, ..exact };
    assert_eq!((high.tile(1).x0, high.tile(1).x1), (u32::MAX - 1, u32::MAX));
}

#[test]
fn rectangles_have_sizes() {
    for (area, width, height, is_empty) in [
        (rectangle(2, 3, 7, 4), 5, 1, false),
        (rectangle(2, 3, 2, 4), 0, 1, true),
        (rectangle(2, 3, 7, 3), 5, 0, true),
        (rectangle(7, 4, 2, 3), 0, 0, true),
    ] {
        assert_eq!((area.width(), area.height(), area.is_empty()), (width, height, is_empty));
    }
}

#[test]
fn rectangles_are_subsampled_reduced_and_cut() {
    let area = rectangle(3, 4, 9, 11);
    assert_eq!(area.every(1, 1), area);
    assert_eq!(area.every(2, 3), rectangle(2, 2, 5, 4));
    assert_eq!(area.reduced(0), area);
    assert_eq!(area.reduced(1), rectangle(2, 2, 5, 6));
    assert_eq!(area.reduced(2), rectangle(1, 1, 3, 3));
    assert_eq!(rectangle(0, 0, u32::MAX, 1).reduced(32), rectangle(0, 0, 1, 1));
    assert_eq!(area.meet(&rectangle(5, 2, 20, 8)), rectangle(5, 4, 9, 8));
    assert_eq!(area.meet(&rectangle(1, 6, 7, 20)), rectangle(3, 6, 7, 11));
}

#[test]
fn codes_name_progressions() {
    let found = [0, 1, 2, 3, 4, 5, 255].map(Progression::from_code);
    let expected = [
        Some(Progression::Lrcp),
        Some(Progression::Rlcp),
        Some(Progression::Rpcl),
        Some(Progression::Pcrl),
        Some(Progression::Cprl),
        None,
        None,
    ];
    assert_eq!(found, expected);
}

#[test]
fn each_bit_of_a_block_style_is_one_thing() {
    for (code, expected) in [
        (0x00, [false; 6]),
        (0x01, [true, false, false, false, false, false]),
        (0x02, [false, true, false, false, false, false]),
        (0x04, [false, false, true, false, false, false]),
        (0x08, [false, false, false, true, false, false]),
        // Predictable termination changes nothing.
        (0x10, [false; 6]),
        (0x20, [false, false, false, false, true, false]),
        (0x40, [false, false, false, false, false, true]),
        (0x80, [false; 6]),
    ] {
        let style = BlockStyle::from_code(code).unwrap();
        let found = [
            style.has_bypass,
            style.resets_contexts,
            style.terminates_passes,
            style.is_vertically_causal,
            style.has_segmentation_symbols,
            style.is_high_throughput,
        ];
        assert_eq!(found, expected, "{code:X}");
    }
    assert!(BlockStyle::from_code(0xC0).is_none() && BlockStyle::from_code(0xFF).is_none());
}

#[test]
fn steps_are_those_of_bands() {
    let quantization = |style, steps| Quantization { style, guard_bits: 2, steps };
    let own = quantization(QuantizationStyle::Expounded, vec![(9, 1), (8, 2)]);
    assert_eq!([0, 1, 2].map(|band| own.step(band)), [Some((9, 1)), Some((8, 2)), None]);
    let none = quantization(QuantizationStyle::None, vec![(9, 0)]);
    assert_eq!([0, 1].map(|band| none.step(band)), [Some((9, 0)), None]);
    // Of one exponent, which is 1 less for each level up.
    let derived = quantization(QuantizationStyle::Derived, vec![(2, 5)]);
    let exponents = [0, 1, 3, 4, 6, 7, 9, 10, 12].map(|band| derived.step(band).unwrap());
    let expected = [2, 2, 2, 1, 1, 0, 0, 0, 0].map(|exponent| (exponent, 5));
    assert_eq!(exponents, expected);
    assert_eq!(quantization(QuantizationStyle::Derived, vec![]).step(0), None);
}

#[test]
fn what_a_tile_says_counts_more_than_the_main_header() {
    let named = |component, value| {
        let mut by_component = ByComponent::default();
        by_component.set(component, value);
        by_component
    };
    let default = |value| ByComponent { default: Some(value), ..ByComponent::default() };
    let mut both = named(1, "named");
    both.default = Some("default");
    let nothing = ByComponent::default();
    assert_eq!(nothing.resolve(&nothing, 1), None::<&&str>);
    assert_eq!(both.resolve(&nothing, 1), Some(&"named"));
    assert_eq!(both.resolve(&nothing, 0), Some(&"default"));
    assert_eq!(both.resolve(&default("tile"), 1), Some(&"tile"));
    assert_eq!(both.resolve(&named(1, "tile"), 1), Some(&"tile"));
    assert_eq!(both.resolve(&named(0, "tile"), 1), Some(&"named"));
    let mut tile = named(1, "named of the tile");
    tile.default = Some("tile");
    assert_eq!(both.resolve(&tile, 1), Some(&"named of the tile"));
    assert_eq!(both.resolve(&tile, 2), Some(&"tile"));
}
