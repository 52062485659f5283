//! The bit streams of an HTJ2K code-block: their direction, their ends, and the runs of MEL.

use super::*;

fn forward_bits(bytes: &[u8], filler: u8) -> BitBuffer {
    let mut bits = BitBuffer::new();
    bits.read_forward(bytes, filler);
    bits
}

fn backward_bits(bytes: &[u8]) -> BitBuffer {
    let mut bits = BitBuffer::new();
    bits.read_backward(bytes);
    bits
}

fn from_upper_half(bytes: &[u8]) -> BitBuffer {
    let mut bits = BitBuffer::new();
    bits.read_from_upper_half(bytes);
    bits
}

/// The bits of `bytes` from the first on, the lowest of a byte first, as §7.1 has them.
fn forward(bytes: &[u8], count: usize, filler: u8) -> Vec<u32> {
    let mut found = Vec::new();
    let mut is_after_ff = false;
    let padded = bytes.iter().copied().chain(std::iter::repeat(filler));
    for (index, byte) in padded.enumerate() {
        if found.len() >= count {
            break;
        }
        let width = if is_after_ff { 7 } else { 8 };
        found.extend((0..width).map(|bit| u32::from(byte >> bit) & 1));
        // After the end no bit is stuffed.
        is_after_ff = byte == 0xFF && index + 1 < bytes.len();
    }
    found.truncate(count);
    found
}

#[test]
fn forward_bits_are_the_lowest_of_a_byte_first() {
    let mut bits = forward_bits(&[0b1010_0110, 0xFF, 0b0000_0001, 0x12], 0);
    assert_eq!(bits.take(3), 0b110);
    assert_eq!(bits.take(0), 0);
    assert_eq!(bits.take(13), 0b1_1111_1111_0100 & 0x1FFF);
    assert_eq!(bits.take(7), 0b000_0001, "without the stuffed bit");
    assert_eq!(bits.take(31), 0x12);
    assert_eq!(bits.take(31), 0);
    let mut bits = forward_bits(&[0x12], 0xFF);
    assert_eq!(bits.take(8), 0x12);
    assert_eq!(bits.take(31), 0x7FFF_FFFF);
    assert_eq!(bits.take(31), 0x7FFF_FFFF);
}

#[test]
fn eight_bytes_at_a_time_give_the_same() {
    // 0xFF at each place of 20 bytes, and none.
    for place in 0..21 {
        for filler in [0, 0xFF] {
            let mut bytes: Vec<u8> = (0..20).map(|index| index * 11 + 3).collect();
            if let Some(byte) = bytes.get_mut(place) {
                *byte = 0xFF;
            }
            if let Some(stuffed) = bytes.get_mut(place + 1) {
                *stuffed &= 0x7F;
            }
            let expected = forward(&bytes, 190, filler);
            let mut bits = forward_bits(&bytes, filler);
            for (index, count) in [5, 31, 1, 17, 30, 7, 29, 31, 19, 20].into_iter().enumerate() {
                let start: usize = [5, 31, 1, 17, 30, 7, 29, 31, 19, 20][..index].iter().sum();
                let number =
                    (0..count).fold(0, |number, bit| number | expected[start + bit] << bit);
                assert_eq!(bits.take(count as u32), number, "0xFF at {place}, {index}");
            }
        }
    }
}

#[test]
fn backward_bits_come_from_the_last_byte() {
    let mut bits = backward_bits(&[0x12, 0b1010_0110]);
    assert_eq!(bits.take(4), 0b0110);
    assert_eq!(bits.peek() & 0xFFF, 0x12A);
    bits.skip(4);
    assert_eq!((bits.take(8), bits.take(31), bits.take(31)), (0x12, 0, 0));

    // Of a byte 0x7F the highest bit is stuffed, if the one read before is above 0x8F.
    for (bytes, expected) in [
        (&[0x7F, 0x90][..], 0b0_0111_1111_1001_0000),
        (&[0x7F, 0x8F], 0b0_0111_1111_1000_1111),
        (&[0x7E, 0x90], 0b0_0111_1110_1001_0000),
        (&[0x03, 0x7F, 0x90], 0b1_1111_1111_1001_0000),
        (&[0x03, 0x7F, 0x8F], 0b1_0111_1111_1000_1111),
        (&[0x03, 0x7E, 0x90], 0b1_0111_1110_1001_0000),
        // What is read first is as if it followed such a byte.
        (&[0x01, 0x7F], 0b0_0000_0000_1111_1111),
    ] {
        assert_eq!(backward_bits(bytes).take(17), expected, "{bytes:X?}");
    }
}

#[test]
fn codes_of_quads_start_in_half_a_byte() {
    for (bytes, expected) in [
        (&[0x12, 0x34, 0x5F][..], 0x345),
        // Seven ones in a row have a bit stuffed after them.
        (&[0x12, 0x34, 0x7F], 0b0001_1010_0111),
        (&[0x12, 0x34, 0x6F], 0b0011_0100_0110),
        // The next byte is stuffed if the last one is above 0x8F, its lower half taken for ones.
        (&[0x13, 0x7F, 0x80], 0b0111_1111_1000),
        (&[0x13, 0x7F, 0x90], 0b1111_1111_1001),
    ] {
        assert_eq!(from_upper_half(bytes).take(12), expected, "{bytes:X?}");
    }
    assert_eq!(from_upper_half(&[]).take(31), 0);
}

#[test]
fn runs_grow_and_shrink() {
    /// The lengths of runs of zeros, each up to a one.
    fn runs(bytes: &[u8], count: usize) -> Vec<usize> {
        let mut bits = RunBits::new(bytes);
        (0..count).map(|_| (0..).take_while(|_| !bits.symbol()).count()).collect()
    }
    // 0 is a run of none, in state 0.
    assert_eq!(runs(&[0b0000_0000, 0], 3), [0, 0, 0]);
    // 1 1 1 are three runs of one; then 1 1 1 of two each, in states 3 to 5; 0 and two bits end a
    // run of 2 in state 6, 0 and a bit one of 1 in state 5.
    assert_eq!(runs(&[0b1111_1101, 0b0010_0000, 0], 2), [3 + 6 + 2, 1]);
    // The lower half of the last byte is ones.
    assert_eq!(runs(&[0b0000_0000], 4), [0, 0, 0, 0]);
    // A bit is stuffed after 0xFF.
    assert_eq!(runs(&[0xFF, 0b0000_0000, 0], 1), [3 + 6 + 8]);
    // The longest runs are of 32.
    let many = runs(&[0xFF, 0x7F, 0xFF, 0x00, 0x00, 0x00], 1);
    assert_eq!(many, [3 + 6 + 12 + 16 + 16 + 32 * 11]);
}
