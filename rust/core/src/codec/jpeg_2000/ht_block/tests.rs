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

/// What a row of quads gives, and the codes of the next one that are read with it.
#[derive(Debug, PartialEq)]
struct Found {
    top: Vec<u32>,
    bottom: Vec<u32>,
    above: Vec<u32>,
    position: usize,
    next: Vec<[u32; 2]>,
    next_end: (usize, bool),
}

/// Reads a row of quads, an entry and a number of bits each, and the codes of the next row.
fn row(
    quads: &[[u32; 2]],
    stream: &[u8],
    codes: &[u8],
    plane: u32,
    read: impl Fn(Row<'_>, NextRow<'_, '_>) -> (usize, bool),
) -> Found {
    let (mut magnitudes, mut bits) = (BitBuffer::new(), BitBuffer::new());
    magnitudes.read_forward(stream, 0xFF);
    magnitudes.skip(3);
    bits.read_from_upper_half(codes);
    let mut codes = Codes { runs: RunBits::new(codes), bits: &mut bits };
    let width = quads.len() * 2;
    let (mut top, mut bottom, mut above) = (vec![7; width], vec![7; width], vec![0; width + 4]);
    let most_bits = quads.iter().map(|[_, bit_count]| *bit_count).max().unwrap_or(0);
    let (mut own, mut next) = (QuadRow::of(quads), QuadRow::new());
    let next_row = codes.next_row(&own, &mut next, quads.len());
    let next_end = read(
        Row {
            quads: own.quads(quads.len()),
            magnitudes: &mut magnitudes,
            above: &mut above,
            plane,
            most_bits,
            top: &mut top,
            bottom: &mut bottom,
        },
        next_row,
    );
    own = next;
    let next = own.quads(quads.len());
    let next = next.entries.iter().zip(next.bit_counts);
    let next = next.map(|(entry, bit_count)| [*entry, *bit_count]).collect();
    Found { top, bottom, above, position: magnitudes.position(), next, next_end }
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
        let quads: Vec<[u32; 2]> = (0..quad_count)
            .map(|_| {
                let significant = random.below(16) as u32;
                let known = significant & random.below(16) as u32;
                let one = known & random.below(16) as u32;
                let bit_count = 1 + random.below(most_bits) as u32;
                let entry = significant << 4 | one << 8 | known << 12;
                if significant == 0 { [0; 2] } else { [entry, bit_count] }
            })
            .collect();
        // Also streams that end too early, and many 0xFF.
        let mut stream = || -> Vec<u8> {
            let length = random.below(quad_count as u64 * 12 + 2) as usize;
            let byte = |_| if random.below(9) == 0 { 0xFF } else { random.below(256) as u8 };
            (0..length).map(byte).collect()
        };
        let (stream, codes) = (stream(), stream());
        let plain = row(&quads, &stream, &codes, plane, magnitudes::read);
        let found = row(&quads, &stream, &codes, plane, read_wide);
        assert_eq!(found, plain, "case {case}");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn exponents_are_the_same_in_vectors() {
    if !has_wide() {
        return;
    }
    let mut random = Random(2);
    for case in 0..2000 {
        let quad_count = 1 + random.below(if case % 16 == 0 { 512 } else { 19 }) as usize;
        // Of a first row whatever is above means nothing.
        let is_first = case % 5 == 0;
        let mut number = |_| {
            let bits = random.below(32) as u32;
            (random.below(1 << 31) as u32).checked_shr(bits).unwrap_or(0)
        };
        let mut above: Vec<u32> = (0..quad_count * 2 + 2).map(&mut number).collect();
        above.resize(MAX_SAMPLES, 0);
        let quads: Vec<[u32; 2]> = (0..quad_count)
            .map(|_| {
                let significant = random.below(16) as u32;
                [significant << 4 | random.below(16) as u32, random.below(40) as u32]
            })
            .collect();
        let (mut plain, mut found) = (QuadRow::of(&quads), QuadRow::of(&quads));
        let most = add_exponents(&mut plain, quad_count, &above, is_first);
        let wide = add_exponents_wide(&mut found, quad_count, &above, is_first);
        assert_eq!(wide, most, "case {case}");
        let (plain, found) = (plain.quads(quad_count), found.quads(quad_count));
        assert_eq!(found.bit_counts, plain.bit_counts, "case {case}");
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
