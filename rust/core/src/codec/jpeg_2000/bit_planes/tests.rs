//! Code-blocks from an encoder: whole, cut short, and damaged.

use super::super::arithmetic::Registers;
use super::decisions::RawBits;
use super::encoder::Block;
use super::flags::{OWN, of_all_rows};
use super::pass::{FLAG_COUNT, LIST_LENGTH, Pass};
use super::progress::{Source, list_refined};
use super::*;

/// Samples of this size, few of which are not zero if `is_sparse`.
fn values(width: usize, height: usize, plane_count: u32, is_sparse: bool) -> Vec<i32> {
    let mut state = (width * 31 + height) as u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let mut value = || {
        let magnitude = (next() & ((1 << plane_count) - 1)) as i32;
        let is_zero = is_sparse && !next().is_multiple_of(19);
        match (is_zero, next().is_multiple_of(2)) {
            (true, _) => 0,
            (_, true) => magnitude,
            (_, false) => -magnitude,
        }
    };
    (0..width * height).map(|_| value()).collect()
}

/// Segments, each with its number of passes.
type Segments = Vec<(Vec<u8>, u32)>;

/// A block with these segments.
fn coded_block<'a>(block: &Block, segments: &'a [(Vec<u8>, u32)]) -> CodedBlock<'a> {
    let segment = |(bytes, pass_count): &'a (Vec<u8>, u32)| Segment {
        bytes: Cow::Borrowed(bytes),
        pass_count: *pass_count,
        has_seam: false,
    };
    CodedBlock {
        width: block.width,
        height: block.height,
        orientation: block.orientation,
        style: block.style,
        plane_count: block.plane_count,
        pass_count: segments.iter().map(|(_, pass_count)| pass_count).sum(),
        segments: segments.iter().map(segment).collect(),
    }
}

/// Decodes blocks: the samples of each, and whether its bytes make sense.
fn decode_group(blocks: &[CodedBlock<'_>]) -> Vec<(Vec<u32>, bool)> {
    let mut decoder = BlockDecoder::new();
    let decoded = decoder.decode(blocks).unwrap();
    let all = |samples: &SampleBlock| samples.rows().flatten().copied().collect();
    decoded.map(|(samples, is_sound)| (all(samples), is_sound)).collect()
}

/// Decodes the segments of a block: the samples, and whether the bytes make sense.
fn decode(block: &Block, segments: &[(Vec<u8>, u32)]) -> (Vec<u32>, bool) {
    decode_group(&[coded_block(block, segments)]).remove(0)
}

/// A sample as it is decoded: with its sign, and a half.
fn coded(value: &i32) -> u32 {
    match *value {
        0 => 0,
        value => u32::from(value < 0) << 31 | value.unsigned_abs() << 1 | 1,
    }
}

/// All styles that change how passes are coded.
fn styles() -> impl Iterator<Item = BlockStyle> {
    (0..64).filter(|code| code & 0x10 == 0).filter_map(BlockStyle::from_code)
}

#[test]
fn what_is_encoded_is_decoded() {
    let orientations = [Orientation::Vertical, Orientation::Horizontal, Orientation::Diagonal];
    for (width, height) in [(1, 1), (6, 4), (7, 9), (3, 14), (16, 8), (64, 5), (131, 6)] {
        for is_sparse in [false, true] {
            for (style, orientation) in
                styles().flat_map(|style| orientations.map(|orientation| (style, orientation)))
            {
                let plane_count = 6;
                let values = values(width, height, plane_count, is_sparse);
                let block = Block { width, height, orientation, style, plane_count, values };
                let (samples, is_sound) = decode(&block, &block.encode());
                let expected: Vec<u32> = block.values.iter().map(coded).collect();
                assert!(is_sound && samples == expected, "{width} x {height}, {style:?}");
            }
        }
    }
}

fn small(style: BlockStyle) -> Block {
    let (width, height, plane_count) = (5, 5, 3);
    let values = values(width, height, plane_count, false);
    Block { width, height, orientation: Orientation::Vertical, style, plane_count, values }
}

#[test]
fn a_missing_segmentation_symbol_is_damage() {
    let style = BlockStyle { has_segmentation_symbols: true, ..BlockStyle::default() };
    let with = small(style);
    assert!(decode(&with, &with.encode()).1);
    // The same samples without the symbols.
    let without = small(BlockStyle::default()).encode();
    assert!(!decode(&with, &without).1);
    // Only the last one: the rate at which an encoder stops can cost it.
    let last = BlockStyle { terminates_passes: true, ..style };
    let (with, without) =
        (small(last), small(BlockStyle { has_segmentation_symbols: false, ..last }));
    let (mut segments, without) = (with.encode(), without.encode());
    let count = segments.len();
    segments[count - 1] = without[count - 1].clone();
    assert!(decode(&with, &segments).1);
    segments[count - 4] = without[count - 4].clone();
    assert!(!decode(&with, &segments).1);
}

/// A block of more bytes, in one segment.
fn large() -> (Block, Vec<u8>) {
    let (width, height, plane_count) = (32, 32, 8);
    let values = values(width, height, plane_count, false);
    let style = BlockStyle::default();
    let block =
        Block { width, height, orientation: Orientation::Vertical, style, plane_count, values };
    let (bytes, _) = block.encode().remove(0);
    (block, bytes)
}

#[test]
fn passes_that_end_elsewhere_than_their_segment_are_damage() {
    let (block, bytes) = large();
    let is_sound = |bytes: &[u8]| decode(&block, &[(bytes.to_vec(), 22)]).1;
    let length = bytes.len();
    assert!(length > 500 && is_sound(&bytes));
    let more = |count: usize| [&bytes[..], &vec![0x55; count]].concat();
    assert!(is_sound(&more(4)) && !is_sound(&more(20)), "bytes that nobody reads");
    assert!(is_sound(&bytes[..length - 2]) && !is_sound(&bytes[..length - 20]), "bytes missing");
    let zeros = |start: usize, end: usize| {
        let mut changed = bytes.clone();
        changed[start..end].fill(0);
        is_sound(&changed)
    };
    assert!(!zeros(length - 4, length), "zeros at the end");
    assert!(!zeros(100, 132), "zeros inside");
    // What looks like a marker ends a segment, but not where two packets meet.
    let mut changed = bytes.clone();
    changed[length / 2..length / 2 + 2].copy_from_slice(&[0xFF, 0x90]);
    assert!(!is_sound(&changed));
    let segment = Segment { bytes: Cow::Borrowed(&changed), pass_count: 1, has_seam: true };
    let mut buffer = Vec::new();
    let (codeword, registers) = Registers::start(&changed, &mut buffer).unwrap();
    assert!(Source::Coded(codeword, registers).is_sound(&segment));
}

#[test]
fn passes_past_the_last_plane_are_damage() {
    let block = small(BlockStyle::default());
    let mut segments = block.encode();
    assert_eq!(segments[0].1, 7);
    segments[0].1 = 8;
    assert!(!decode(&block, &segments).1);
}

#[test]
fn fewer_passes_give_coarser_samples() {
    let block = small(BlockStyle { terminates_passes: true, ..BlockStyle::default() });
    let segments = block.encode();
    assert_eq!(segments.len(), 7);
    // Of the highest plane alone, 4 and more are known: as 4 and a half of what follows.
    let (samples, is_sound) = decode(&block, &segments[..1]);
    let expected = block.values.iter().map(|value| match value.unsigned_abs() {
        0..4 => 0,
        _ => u32::from(*value < 0) << 31 | 4 << 1 | 4,
    });
    assert!(is_sound && samples.into_iter().eq(expected));
}

#[test]
fn raw_bits_have_none_behind_0xff() {
    let mut bits = RawBits::new(&[0xFF, 0b0101_0000]);
    let found: Vec<u32> = (0..17).map(|_| bits.bit()).collect();
    assert_eq!(found, [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1], "ones at the end");
}

/// Blocks with segments of many kinds: of several sizes, bands, styles, planes and lengths.
fn group(count: usize) -> Vec<(Block, Segments)> {
    let block = |index: usize| {
        let (width, height) = [(40, 33), (64, 64), (7, 90), (33, 40)][index % 4];
        let plane_count = 3 + index as u32 % 7;
        let code = [0, 0, 0x01, 0, 0x05, 0x02, 0, 0x08][index % 8];
        let style = BlockStyle::from_code(code).unwrap();
        let values = values(width, height, plane_count, index % 3 == 1);
        let orientation =
            [Orientation::Diagonal, Orientation::Vertical, Orientation::Horizontal][index % 3];
        let block = Block { width, height, orientation, style, plane_count, values };
        let mut segments = block.encode();
        // Some end early, and some are damaged.
        let bytes = &mut segments[0].0;
        match index % 5 {
            3 => bytes.truncate(bytes.len() / 2),
            4 => bytes.iter_mut().skip(20).step_by(50).for_each(|byte| *byte ^= 0x10),
            _ => {}
        }
        (block, segments)
    };
    (0..count).map(block).collect()
}

#[test]
fn blocks_of_a_group_are_decoded_as_alone() {
    for count in [1, 2, 3, 5, 16, 17] {
        let blocks = group(count);
        let coded: Vec<CodedBlock<'_>> =
            blocks.iter().map(|(block, segments)| coded_block(block, segments)).collect();
        let together = decode_group(&coded);
        let alone: Vec<_> =
            blocks.iter().map(|(block, segments)| decode(block, segments)).collect();
        assert!(together == alone, "{count} blocks");
        assert!(alone[0].1, "the first one is sound");
    }
}

#[test]
fn vectors_list_what_plain_code_lists() {
    let mut state = 7u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 3 ^ state << 13
    };
    for (width, height) in [(64, 64), (1, 1), (7, 9), (131, 6), (1024, 4), (4, 1024), (66, 33)] {
        for mask in [u32::MAX, !(0b1001 << 21), 0xF_FFFF] {
            let mut samples = SampleBlock::new();
            assert!(samples.reset(width, height));
            let mut flags = Box::new([0; FLAG_COUNT]);
            // Outside of the block no sample is significant.
            for number in 0..height.div_ceil(4) {
                let rows = (height - number * 4).min(4) as u32;
                for column in 0..width {
                    let own = (0..rows).fold(0, |own, row| own | OWN << (row * 3));
                    flags[(number + 1) * (width + 2) + 1 + column] =
                        next() & mask & !(of_all_rows(OWN) & !own);
                }
            }
            let mut list = |is_plain: bool| {
                let (mut flags, mut list) = (flags.clone(), [0; LIST_LENGTH]);
                let (sample_stride, samples) = samples.storage_mut();
                let stride = width + 2;
                let pass = Pass {
                    flags: &mut flags,
                    samples,
                    stride,
                    sample_stride,
                    width,
                    height,
                    half: 1,
                };
                let count = match is_plain {
                    true => pass.list_refined(&mut list),
                    false => list_refined(pass, &mut list),
                };
                (list[..count].to_vec(), flags)
            };
            assert!(list(true) == list(false), "{width} x {height}");
        }
    }
}
