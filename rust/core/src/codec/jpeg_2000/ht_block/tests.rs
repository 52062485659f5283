//! Code-blocks of HTJ2K: what is refused, and that vectors give what plain code gives.

use super::*;

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// The samples of a row of quads, what it leaves for the next row, and how far it read.
fn row(
    quads: &[Quad],
    stream: &[u8],
    plane: u32,
    read: impl Fn(Row<'_>),
) -> (Vec<u32>, Vec<u32>, Vec<u32>, usize) {
    let mut magnitudes = BitBuffer::new();
    magnitudes.read_forward(stream, 0xFF);
    magnitudes.skip(3);
    let width = quads.len() * 2;
    let (mut top, mut bottom, mut above) = (vec![7; width], vec![7; width], vec![0; width + 4]);
    let most_bits = quads.iter().map(|quad| quad.bit_count).max().unwrap_or(0);
    read(Row {
        quads,
        magnitudes: &mut magnitudes,
        above: &mut above,
        plane,
        most_bits,
        top: &mut top,
        bottom: &mut bottom,
    });
    (top, bottom, above, magnitudes.position())
}

#[cfg(target_arch = "x86_64")]
#[test]
fn vectors_give_what_plain_code_gives() {
    if !has_wide() {
        return;
    }
    let mut random = Random(1);
    for case in 0..4000 {
        let quad_count = 1 + random.below(if case % 16 == 0 { 512 } else { 19 }) as usize;
        let plane = random.below(6) as u32;
        // Up to what a lane has room for, and above it.
        let most_bits = if case % 8 == 0 { 30 - u64::from(plane) } else { 1 + random.below(25) };
        let quads: Vec<Quad> = (0..quad_count)
            .map(|_| {
                let significant = random.below(16) as u32;
                let known = significant & random.below(16) as u32;
                let one = known & random.below(16) as u32;
                let bit_count = 1 + random.below(most_bits) as u32;
                let entry = significant << 4 | one << 8 | known << 12;
                match significant {
                    0 => Quad::default(),
                    _ => Quad { entry, bit_count },
                }
            })
            .collect();
        // Also streams that end too early, and many 0xFF.
        let length = random.below(quad_count as u64 * 12 + 2) as usize;
        let stream: Vec<u8> = (0..length)
            .map(|_| if random.below(9) == 0 { 0xFF } else { random.below(256) as u8 })
            .collect();
        let plain = row(&quads, &stream, plane, magnitudes::read);
        let found = row(&quads, &stream, plane, read_wide);
        assert_eq!(found, plain, "case {case}");
    }
}

#[test]
fn the_highest_bit_is_that_of_the_logarithm() {
    let around =
        |bit: u32| [1 << bit, (1 << bit) + 1, (2 << bit) - 1, (2 << bit) - 2, 3 << bit >> 1];
    for number in (1..31).flat_map(around).filter(|number| *number > 0) {
        assert_eq!(quads::highest_bit(number), number.ilog2(), "{number:X}");
    }
}

/// Decodes a block: whether its bytes make sense.
fn decode(cleanup: &[u8], passes: u32, plane: u32, (width, height): (usize, usize)) -> bool {
    let mut samples = SampleBlock::new();
    assert!(samples.reset(width, height));
    BlockDecoder::new().decode(cleanup, &[], passes, plane, false, &mut samples)
}

/// A cleanup pass of this many bytes that are all suffix, of a block without significant quads.
fn empty(length: usize) -> Vec<u8> {
    let mut bytes = vec![0xF0; length];
    // Ones are runs of quads without significant samples.
    bytes[0] |= 0x80;
    bytes[length - 2] = 0xF0 | (length & 15) as u8;
    bytes[length - 1] = (length >> 4) as u8;
    bytes
}

#[test]
fn the_length_of_the_suffix_is_checked() {
    for length in [2, 3, 9] {
        assert!(decode(&empty(length), 1, 5, (2, 2)), "{length} bytes");
    }
    assert!(!decode(&empty(20), 1, 5, (2, 2)), "bytes that nobody reads");
    // Ones that nobody reads, as magnitudes of which there are none.
    let magnitudes = |count| [vec![0x7F; count], empty(2)].concat();
    assert!(decode(&magnitudes(8), 1, 5, (2, 2)) && !decode(&magnitudes(9), 1, 5, (2, 2)));
    assert!(!decode(&empty(4080), 1, 5, (2, 2)));
    assert!(decode(&[], 1, 5, (2, 2)), "nothing is coded");
    for bytes in [&[0xF2][..], &[0xF1, 0], &[0xF0, 0], &[0xF3, 0]] {
        assert!(!decode(bytes, 1, 5, (2, 2)), "{bytes:X?}");
    }
}

#[test]
fn planes_and_sizes_are_limited() {
    assert!(decode(&empty(2), 1, 29, (2, 2)));
    assert!(!decode(&empty(2), 1, 30, (2, 2)));
    assert!(!decode(&empty(2), 1, 5, (1026, 2)));
    // Passes that refine need a plane below.
    for (passes, plane, expected) in [(1, 0, true), (2, 0, false), (2, 1, true), (3, 1, true)] {
        assert_eq!(decode(&empty(2), passes, plane, (2, 2)), expected, "{passes} at {plane}");
    }
}
