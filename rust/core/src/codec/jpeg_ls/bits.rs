//! The bits of an entropy-coded segment, without those that keep it free of markers (T.87 §A.1).

use crate::error::Result;
use crate::memory::reserve;

/// Zero bytes after the last, so that the last bits can be read eight bytes at a time.
const PADDING: usize = 8;

/// An entropy-coded segment without its stuffed bits.
///
/// Done for all of it before it is decoded: then a code takes one load, and no question about what
/// the bytes are.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// The bits one after the other, then [`PADDING`].
    bytes: Vec<u8>,
    /// Bits that there are.
    bit_count: usize,
}

impl Segment {
    /// Becomes the segment that `coded` starts with, and says how many of its bytes that takes: all
    /// up to the next marker.
    ///
    /// After a byte 0xFF stands a bit 0 that is none of the data: two bytes from 0xFF80 up are a
    /// marker.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(super) fn read(&mut self, coded: &[u8]) -> Result<usize> {
        self.bytes.clear();
        reserve(&mut self.bytes, coded.len() + PADDING + 1)?;
        // The lowest bits, fewer than 8, wait for others to make a byte.
        let (mut waiting, mut waiting_count) = (0u64, 0u32);
        let mut is_after_ff = false;
        let mut rest = coded;
        loop {
            if let Some((eight, behind)) = rest.split_first_chunk::<8>()
                && !is_after_ff
                && !has_ff(u64::from_ne_bytes(*eight))
            {
                let word = u64::from_be_bytes(*eight);
                // Shifted in two steps, because none may be by 64.
                let whole = waiting << 1 << (63 - waiting_count) | word >> waiting_count;
                self.bytes.extend_from_slice(&whole.to_be_bytes());
                waiting = word & ((1 << waiting_count) - 1);
                rest = behind;
                continue;
            }
            let Some((byte, behind)) = rest.split_first() else { break };
            if *byte == 0xFF && behind.first().is_none_or(|next| *next >= 0x80) {
                break;
            }
            let bit_count = if is_after_ff { 7 } else { 8 };
            waiting = waiting << bit_count | u64::from(*byte);
            waiting_count += bit_count;
            if waiting_count >= 8 {
                waiting_count -= 8;
                self.bytes.push((waiting >> waiting_count) as u8);
                waiting &= (1 << waiting_count) - 1;
            }
            is_after_ff = *byte == 0xFF;
            rest = behind;
        }
        self.bit_count = self.bytes.len() * 8 + waiting_count as usize;
        self.bytes.push((waiting << 1 << (7 - waiting_count)) as u8);
        self.bytes.extend_from_slice(&[0; PADDING]);
        Ok(coded.len() - rest.len())
    }

    /// Its bits from the first on.
    pub(super) fn bits(&self) -> Bits<'_> {
        Bits { bytes: &self.bytes, bit_count: self.bit_count, position: 0 }
    }
}

/// Whether one of eight bytes is 0xFF.
fn has_ff(eight: u64) -> bool {
    const LOWEST: u64 = 0x0101_0101_0101_0101;
    // As for a byte 0 in `!eight`: what was clear in its highest bit, and is set when 1 is taken
    // away.
    (!eight).wrapping_sub(LOWEST) & eight & (LOWEST << 7) != 0
}

/// A position that no segment is long enough for, from which the bits of a line can be counted on.
const DAMAGED: usize = usize::MAX / 2;

/// k of a Golomb code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Golomb {
    /// k, at most 32.
    bits: u8,
    /// 63 - k: what brings k bits and the one before them down from the top.
    shift: u8,
}

impl Golomb {
    #[inline(always)]
    pub(super) fn new(k: u32) -> Golomb {
        Golomb { bits: k as u8, shift: !k as u8 }
    }

    /// k.
    pub(super) fn k(self) -> u32 {
        self.bits.into()
    }
}

/// Reads bits, the highest of a byte first. After the end they are 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    bit_count: usize,
    /// Bits that were read, more than there are if some were read after the end.
    position: usize,
}

impl Bits<'_> {
    /// The next 57 bits or more, from the highest bit down. The others are 0.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        let first = self.position >> 3;
        let eight = self.bytes.get(first..first + 8).and_then(|eight| eight.first_chunk::<8>());
        eight.map_or(0, |eight| u64::from_be_bytes(*eight) << (self.position & 7))
    }

    /// Goes on after so many bits.
    #[inline(always)]
    pub(super) fn skip(&mut self, bit_count: u32) {
        // Each skip is of a code, and the codes of a line are counted: this does not overflow.
        self.position = self.position.wrapping_add(bit_count as usize);
    }

    /// The number that the next bits are, 32 or fewer.
    #[inline(always)]
    pub(super) fn take(&mut self, bit_count: u32) -> u32 {
        let value = self.peek() >> 1 >> (63 - bit_count);
        self.skip(bit_count);
        value as u32
    }

    /// The number that the next Golomb code is (T.87 §A.5.3): zeros, a 1, and `k` bits; or `escape`
    /// zeros, a 1, and the `long_bits` of the number less 1. `escape` is below 57, `long_bits` at
    /// most 16.
    #[inline(always)]
    pub(super) fn take_code(&mut self, k: Golomb, escape: u32, long_bits: u32) -> u32 {
        let next = self.peek();
        let zeros = next.leading_zeros();
        if zeros >= escape {
            // A copy goes there, so that what is here can stay in registers.
            let (bits, number) = self.take_long_code(zeros, escape, long_bits);
            *self = bits;
            return number;
        }
        self.skip(zeros + 1 + u32::from(k.bits));
        // The 1 is taken with the bits after it, and stands for one zero more. No code of a sound
        // frame has more bits than are there: its zeros, times 2^k, are below 2^16.
        let bits = (next << zeros) >> (k.shift & 63);
        (zeros.wrapping_sub(1) << (k.bits & 31)).wrapping_add(bits as u32)
    }

    #[cold]
    #[inline(never)]
    fn take_long_code(mut self, zeros: u32, escape: u32, long_bits: u32) -> (Self, u32) {
        if zeros > escape {
            self.damage();
        }
        self.skip(escape + 1);
        let number = self.take(long_bits) + 1;
        (self, number)
    }

    /// Remembers that the bits make no sense: nothing but zeros follows.
    pub(super) fn damage(&mut self) {
        self.position = self.position.max(DAMAGED);
    }

    /// Whether they made no sense somewhere.
    pub(super) fn is_damaged(&self) -> bool {
        self.position >= DAMAGED
    }

    /// Bytes of which no bit was read, unless all of them are zero: these are padding.
    pub(super) fn unused_bytes(&self) -> usize {
        let count = self.bit_count.saturating_sub(self.position) / 8;
        let rest = self.bytes.get(self.position.div_ceil(8)..).unwrap_or_default();
        if rest.iter().all(|byte| *byte == 0) { 0 } else { count }
    }

    /// Whether more bits were read than there are.
    pub(super) fn is_exhausted(&self) -> bool {
        self.position > self.bit_count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(coded: &[u8]) -> (usize, usize, Vec<u8>) {
        let mut segment = Segment::default();
        let taken = segment.read(coded).unwrap();
        let length = segment.bytes.len() - PADDING - 1;
        (
            taken,
            segment.bit_count,
            segment.bytes[..length + usize::from(segment.bit_count % 8 != 0)].to_vec(),
        )
    }

    #[test]
    fn the_bit_behind_0xff_is_left_out() {
        for (coded, taken, bit_count, bytes) in [
            (&[][..], 0, 0, &[][..]),
            (&[0x12, 0x34], 2, 16, &[0x12, 0x34]),
            (&[0xFF, 0x7F, 0x01], 3, 23, &[0xFF, 0xFE, 0x02]),
            (&[0xFF, 0x00, 0xFF, 0x7F], 4, 30, &[0xFF, 0x01, 0xFF, 0xFC]),
            // Markers, and what might become one.
            (&[0x12, 0xFF, 0xD9, 0x34], 1, 8, &[0x12]),
            (&[0x12, 0xFF, 0xFF, 0x34], 1, 8, &[0x12]),
            (&[0x12, 0xFF], 1, 8, &[0x12]),
        ] {
            assert_eq!(read(coded), (taken, bit_count, bytes.to_vec()), "{coded:X?}");
        }
    }

    #[test]
    fn eight_bytes_at_a_time_give_the_same() {
        // 0xFF at each place of 40 bytes, so that all shifts meet all ways to go on.
        for place in 0..39 {
            let mut coded: Vec<u8> = (0..40).map(|index| index * 5 + 7).collect();
            coded[place] = 0xFF;
            coded[place + 1] &= 0x7F;
            let mut bits = String::new();
            for (index, byte) in coded.iter().enumerate() {
                let eight = format!("{byte:08b}");
                bits += if index == place + 1 { &eight[1..] } else { &eight };
            }
            let (_, bit_count, bytes) = read(&coded);
            let found: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
            assert_eq!(found[..bit_count], bits, "0xFF at {place}");
        }
    }

    #[test]
    fn zeros_stand_behind_the_end() {
        let mut segment = Segment::default();
        segment.read(&[0xAB, 0xCD]).unwrap();
        let mut bits = segment.bits();
        assert_eq!([bits.take(4), bits.take(12)], [0xA, 0xBCD]);
        assert!(!bits.is_exhausted());
        assert_eq!([bits.take(32), bits.take(32), bits.take(32)], [0; 3]);
        assert!(bits.is_exhausted());
    }
}
