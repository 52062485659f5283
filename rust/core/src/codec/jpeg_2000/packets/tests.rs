//! Packets: what their headers say of code-blocks, and the order of each progression.

use super::super::parameters::Rectangle;
use super::super::tile::{Band, Resolution};
use super::*;

const CODING: TileCoding = TileCoding {
    progression: Progression::Lrcp,
    layer_count: 3,
    has_component_transform: false,
    has_sop: false,
    has_eph: false,
};

/// A resolution of one precinct of one band with one code-block.
fn one_block() -> Resolution {
    let mut band = PrecinctBand::default();
    (band.columns, band.rows) = (1, 1);
    let bands = [band, PrecinctBand::default(), PrecinctBand::default()];
    Resolution {
        blocks: vec![block()],
        nodes: vec![Node::default(); 2],
        ..resolution(vec![Precinct { bands, ..Precinct::default() }])
    }
}

fn block() -> Block {
    Block::new(Rectangle::default())
}

/// A resolution of these precincts, without blocks.
fn resolution(precincts: Vec<Precinct>) -> Resolution {
    let (area, bands) = (Rectangle::default(), Vec::<Band>::new());
    Resolution { area, bands, precincts, blocks: Vec::new(), nodes: Vec::new() }
}

fn component(resolutions: Vec<Resolution>) -> TileComponent {
    TileComponent {
        resolutions,
        block_style: BlockStyle::default(),
        is_reversible: true,
        region_shift: 0,
    }
}

/// Three packets of one code-block, one in each layer.
#[rustfmt::skip]
const PACKETS: [u8; 13] = [
    // Not empty 1, included 1, 2 planes without bits 001, 1 pass 0, Lblock stays 3 0, and of
    0b1100_1001, // the length 5, 101, the first bit;
    0b0100_0000, // the others, and padding.
    1, 2, 3, 4, 5,
    0, // An empty packet.
    // Not empty 1, included 1, 2 passes 10, Lblock grows to 4 10, and of the length 3, 00011, which
    0b1110_1000, // is of Lblock and one bit more, the first bits;
    0b0110_0000, // the others, and padding.
    6, 7, 8,
];

fn reader(bytes: &[u8], coding: TileCoding) -> PacketReader<'_> {
    PacketReader { bytes, position: 0, packed_headers: None, coding, parts: Vec::new() }
}

/// What is known of the only block after reading `bytes`: passes, planes without bits, the parts of
/// its segments, and where the reader stands.
type OfBlock = (u32, u8, Vec<(usize, u32)>, usize);

fn read(mut reader: PacketReader<'_>) -> (Result<(), PacketError>, OfBlock) {
    let mut components = [component(vec![one_block()])];
    let result = reader.read(&mut components, &[]);
    let block = &components[0].resolutions[0].blocks[0];
    let mut parts = Vec::new();
    let mut next = block.parts.0;
    while let Some(part) = reader.parts.get(next as usize) {
        parts.push((part.start, part.length));
        next = part.next;
    }
    (result, (block.pass_count, block.zero_planes, parts, reader.position))
}

#[test]
fn packets_say_where_the_bytes_of_blocks_are() {
    let (result, found) = read(reader(&PACKETS, CODING));
    assert_eq!(result, Ok(()));
    assert_eq!(found, (3, 2, vec![(2, 5), (10, 3)], 13));
    // Two layers alone.
    let two = read(reader(&PACKETS, TileCoding { layer_count: 2, ..CODING }));
    assert_eq!(two, (Ok(()), (1, 2, vec![(2, 5)], 8)));
    // The end inside the last packet, inside its header, and before it.
    for length in [12, 9, 8] {
        let (result, found) = read(reader(&PACKETS[..length], CODING));
        assert_eq!(result, Err(PacketError::Ends), "{length} bytes");
        assert_eq!((found.0, found.2), (1, vec![(2, 5)]), "{length} bytes");
    }
}

#[test]
fn packets_may_have_markers() {
    let sop = [0xFF, 0x91, 0, 4, 0, 0];
    let eph = [0xFF, 0x92];
    let bytes = [&sop, &PACKETS[..2], &eph, &PACKETS[2..7]].concat();
    let coding = |has_sop, has_eph| TileCoding { layer_count: 1, has_sop, has_eph, ..CODING };
    let expected = (Ok(()), (1, 2, vec![(10, 5)], 15));
    assert_eq!(read(reader(&bytes, coding(true, true))), expected);
    // They may be left out.
    let expected = (Ok(()), (1, 2, vec![(2, 5)], 7));
    assert_eq!(read(reader(&PACKETS, coding(true, true))), expected);
    // Without the flag they are bytes as others are.
    let (_, found) = read(reader(&bytes[6..], coding(false, false)));
    assert_eq!(found.2, [(2, 5)]);
}

#[test]
fn packed_headers_stand_elsewhere() {
    let headers = [0xFF, 0xFF, PACKETS[0], PACKETS[1], 0xFF, 0x92, 0];
    let coding = TileCoding { layer_count: 2, has_eph: true, ..CODING };
    let packed =
        PacketReader { packed_headers: Some((&headers, 2)), ..reader(&[1, 2, 3, 4, 5], coding) };
    assert_eq!(read(packed), (Ok(()), (1, 2, vec![(0, 5)], 5)));
}

/// A packet header of these bits, padded with ones.
fn bits(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(2)).collect();
    let byte = |eight: &[u32]| {
        (0..8).fold(0, |byte, index| byte << 1 | eight.get(index).copied().unwrap_or(1) as u8)
    };
    digits.chunks(8).map(byte).collect()
}

#[test]
fn numbers_of_passes_are_those_of_table_b_4() {
    for (text, expected) in [
        ("0", 1),
        ("10", 2),
        ("1100", 3),
        ("1101", 4),
        ("1110", 5),
        ("1111 00000", 6),
        ("1111 00001", 7),
        // A bit is stuffed after 0xFF.
        ("11111111 00", 36),
    ] {
        assert_eq!(pass_count(&mut HeaderBits::new(&bits(text), 0)), Ok(expected), "{text}");
    }
    for (text, expected) in [("11111111 01 000000 0", 37), ("11111111 01 111111 1", 164)] {
        assert_eq!(pass_count(&mut HeaderBits::new(&bits(text), 0)), Ok(expected), "{text}");
    }
}

#[test]
fn a_block_has_limits() {
    let fault = |text: String| {
        let bytes = [bits(&text), vec![0; 9]].concat();
        read(reader(&bytes, TileCoding { layer_count: 1, ..CODING })).0
    };
    let planes = |count| format!("11 {}1 0 0 000", "0".repeat(count));
    assert_eq!(fault(planes(38)), Ok(()));
    let expected = PacketError::Wrong(Jpeg2000Fault::ZeroPlanes { limit: 38 });
    assert_eq!(fault(planes(39)), Err(expected));
    // A stuffed bit follows each eight ones.
    let length = |passes: &str, count: usize| {
        let ones = format!("111{passes}{}0{}", "1".repeat(count), "0".repeat(33));
        let mut stuffed = String::new();
        for digit in ones.chars() {
            stuffed.push(digit);
            if stuffed.len().is_multiple_of(8) && stuffed.ends_with("11111111") {
                stuffed.push('0');
            }
        }
        stuffed
    };
    let expected = Err(PacketError::Wrong(Jpeg2000Fault::LengthBits { limit: 32 }));
    assert_eq!(fault(length("0", 29)), Ok(()));
    assert_eq!(fault(length("0", 30)), expected);
    assert_eq!(fault(length("10", 28)), Ok(()));
    assert_eq!(fault(length("10", 29)), expected, "a bit more of two passes");
}

#[test]
fn segments_end_where_the_style_says() {
    let style = |terminates_passes, has_bypass| BlockStyle {
        terminates_passes,
        has_bypass,
        ..BlockStyle::default()
    };
    // Passes of each segment, of 15 passes.
    for (style, expected) in [
        (style(false, false), vec![15]),
        (style(true, false), vec![1; 15]),
        (style(true, true), vec![1; 15]),
        (style(false, true), vec![10, 2, 1, 2]),
    ] {
        let mut block = block();
        let mut found = Vec::new();
        let bytes = [0; 20];
        let mut bits = HeaderBits::new(&bytes, 0);
        let mut add = |segment, passes, length| {
            found.push((segment, passes, length));
            Ok(())
        };
        read_lengths(&mut bits, &mut block, 15, style, &mut add).unwrap();
        let expected: Vec<_> =
            (0..).zip(expected).map(|(index, passes)| (index, passes, 0)).collect();
        assert_eq!(found, expected);
        assert_eq!(block.segment_count as usize, expected.len());
    }
    // A segment goes on in the next packet.
    let mut block = Block { segment_count: 1, segment_passes: 9, ..block() };
    let mut found = Vec::new();
    let bytes = [0b1010_1100, 0];
    let mut add = |segment, passes, length| {
        found.push((segment, passes, length));
        Ok(())
    };
    read_lengths(&mut HeaderBits::new(&bytes, 0), &mut block, 3, style(false, true), &mut add)
        .unwrap();
    assert_eq!(found, [(0, 1, 0b101), (1, 2, 0b0110)]);
}

#[test]
fn high_throughput_blocks_have_one_set_of_passes() {
    let read = |pass_count, is_first, block: &mut Block| {
        let mut found = Vec::new();
        let bytes = [0b1011_0111, 0b0110_0000, 0, 0];
        let mut bits = HeaderBits::new(&bytes, 0);
        let mut add = |segment, passes, length| {
            found.push((segment, passes, length));
            Ok(())
        };
        read_high_throughput_lengths(&mut bits, block, pass_count, is_first, &mut add)
            .map(|()| found)
    };
    let new = block;
    assert_eq!(read(1, true, &mut new()), Ok(vec![(0, 1, 0b101)]));
    assert_eq!(read(2, true, &mut new()), Ok(vec![(0, 1, 0b101), (1, 1, 0b101)]));
    assert_eq!(read(3, true, &mut new()), Ok(vec![(0, 1, 0b101), (1, 2, 0b1011)]));
    // A set of three that holds nothing is a plane without bits, and its passes lengthen a length.
    let mut block = new();
    assert_eq!(read(4, true, &mut block), Ok(vec![(0, 1, 0b10110)]));
    assert_eq!((block.zero_planes, block.segment_count), (1, 1));
    // The passes that refine may come in a later packet, once.
    assert_eq!(read(2, false, &mut block), Ok(vec![(1, 2, 0b1011)]));
    assert_eq!(block.segment_count, 2);
    let expected = Err(PacketError::Wrong(Jpeg2000Fault::HtSets));
    assert_eq!(read(1, false, &mut block), expected);
    let mut block = new();
    read(1, true, &mut block).unwrap();
    assert_eq!(read(3, false, &mut block), expected);
}

/// Two components of two resolutions: of the lower one precinct, of the higher two.
fn two_components() -> Vec<TileComponent> {
    let at = |row, column| Precinct { position: (row, column), ..Precinct::default() };
    let of = |offset: u32| {
        let high = resolution(vec![at(0, offset), at(8, 0)]);
        component(vec![resolution(vec![at(0, 0)]), high])
    };
    vec![of(0), of(1)]
}

fn change(progression: Progression) -> ProgressionChange {
    ProgressionChange { resolutions: 0..33, components: 0..2, layer_end: 2, progression }
}

#[test]
fn packets_come_in_the_order_of_their_progression() {
    // Component, resolution and precinct of each.
    let by_resolution = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 1, 1), (1, 1, 0), (1, 1, 1)].to_vec();
    for (progression, expected) in [
        (Progression::Lrcp, by_resolution.clone()),
        (Progression::Rlcp, by_resolution),
        (
            Progression::Rpcl,
            [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 1, 1), (1, 1, 1)].to_vec(),
        ),
        (
            Progression::Pcrl,
            [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0), (0, 1, 1), (1, 1, 1)].to_vec(),
        ),
        (
            Progression::Cprl,
            [(0, 0, 0), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 1, 0), (1, 1, 1)].to_vec(),
        ),
    ] {
        let found = order(&two_components(), &change(progression)).unwrap();
        let found: Vec<_> =
            found.iter().map(|one| (one.component, one.resolution, one.precinct)).collect();
        assert_eq!(found, expected, "{progression:?}");
    }
    let some =
        ProgressionChange { resolutions: 1..2, components: 1..2, ..change(Progression::Lrcp) };
    let found = order(&two_components(), &some).unwrap();
    let found: Vec<_> =
        found.iter().map(|one| (one.component, one.resolution, one.precinct)).collect();
    assert_eq!(found, [(1, 1, 0), (1, 1, 1)]);
}

/// Layers that are read of each precinct, of so many empty packets.
fn layers(packet_count: usize, changes: &[ProgressionChange]) -> Vec<u32> {
    let bytes = vec![0; packet_count];
    let mut components = two_components();
    let _ = reader(&bytes, TileCoding { layer_count: 2, ..CODING }).read(&mut components, changes);
    let resolutions = components.iter().flat_map(|component| &component.resolutions);
    resolutions.flat_map(|one| &one.precincts).map(|precinct| precinct.next_layer).collect()
}

#[test]
fn layers_come_before_resolutions_or_after() {
    // Of component 0 three precincts, then of component 1.
    for (progression, expected) in [
        (Progression::Lrcp, [2, 1, 1, 1, 1, 1]),
        (Progression::Rlcp, [2, 1, 1, 2, 1, 0]),
        (Progression::Rpcl, [2, 2, 0, 2, 1, 0]),
        (Progression::Pcrl, [2, 2, 0, 2, 1, 0]),
        (Progression::Cprl, [2, 2, 2, 1, 0, 0]),
    ] {
        assert_eq!(layers(7, &[change(progression)]), expected, "{progression:?}");
        assert_eq!(layers(12, &[change(progression)]), [2; 6], "{progression:?}");
    }
    assert_eq!(layers(7, &[]), [2, 1, 1, 1, 1, 1], "as COD says");
}

#[test]
fn changes_read_what_earlier_ones_left() {
    let first = ProgressionChange { resolutions: 0..1, layer_end: 1, ..change(Progression::Lrcp) };
    let changes = [first.clone(), change(Progression::Rlcp)];
    assert_eq!(layers(2, &changes), [1, 0, 0, 1, 0, 0]);
    assert_eq!(layers(4, &changes), [2, 0, 0, 2, 0, 0]);
    assert_eq!(layers(12, &changes), [2; 6]);
    // No more layers than there are.
    let many = ProgressionChange { layer_end: 9, ..change(Progression::Cprl) };
    assert_eq!(layers(99, &[first, many]), [2; 6]);
}
