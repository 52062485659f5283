//! The bytes of an MQ codeword as plain bits (ISO/IEC 15444-1 §C.3.4).
//!
//! The decoder of Annex C finds the bits that are stuffed after 0xFF, and where a codeword ends,
//! while it decodes. Here that is done once before: what is left is bits, and ones for ever.

use crate::error::Result;
use crate::memory::reserve;

/// Bytes of ones after a codeword: eight can be loaded wherever its bits end, and once more.
const PADDING: [u8; 16] = [0xFF; 16];

/// The most bytes of a codeword that can be needed: a block has fewer than 2^18 symbols, each of
/// which shifts in 15 bits at most.
const MOST_BYTES: usize = 1 << 19;

/// Bits to come that a symbol can shift in: at least 15.
pub(super) const ENOUGH_BITS: i32 = 16;
/// Bits to come that C has room for.
pub(super) const MOST_BITS: i32 = 48;

/// A codeword whose bits are in a buffer with those of others.
#[derive(Clone, Copy)]
pub(crate) struct Codeword {
    /// The first byte in the buffer. The first bits of C are none of the codeword: it is zero.
    pub(super) start: usize,
    /// The first byte of the ones after the codeword: no load starts later.
    pub(super) last: usize,
    /// The bits from the first byte to the first that is not in C.
    pub(super) position: usize,
    /// The bits from the first byte to the end of those that are coded.
    end: usize,
    /// Bytes after a marker.
    after_marker: usize,
    /// Whether 0xFF was the last byte, so that the next one that is not there is a marker's.
    is_after_ff: bool,
}

/// Bits that are appended to a buffer of bytes.
struct Writer<'b> {
    buffer: &'b mut Vec<u8>,
    start: usize,
    /// Bits that make no byte yet, `count` of them.
    open: u64,
    count: u32,
}

impl Writer<'_> {
    /// Eight bytes that all have 8 bits.
    #[inline(always)]
    fn add_eight(&mut self, eight: u64) {
        let before = self.open << 1 << (63 - self.count);
        self.buffer.extend_from_slice(&(before | eight >> self.count).to_be_bytes());
        self.open = eight & ((1 << self.count) - 1);
    }

    fn add(&mut self, byte: u8, bit_count: u32) {
        if u32::from(byte) >> bit_count != 0 {
            self.carry();
        }
        self.open = self.open << bit_count | u64::from(byte) & ((1 << bit_count) - 1);
        self.count += bit_count;
        if self.count >= 8 {
            self.count -= 8;
            self.buffer.push((self.open >> self.count) as u8);
            self.open &= (1 << self.count) - 1;
        }
    }

    /// Adds 1 to the bits that were appended.
    #[cold]
    fn carry(&mut self) {
        self.open = (self.open + 1) & ((1 << self.count) - 1);
        if self.open == 0 {
            for byte in self.buffer.get_mut(self.start..).unwrap_or_default().iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }
}

impl Codeword {
    /// Appends the bits of a codeword to `buffer`.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub(super) fn new(bytes: &[u8], buffer: &mut Vec<u8>) -> Result<Codeword> {
        let start = buffer.len();
        let all = bytes.get(..MOST_BYTES).unwrap_or(bytes);
        reserve(buffer, all.len() + 2 + PADDING.len())?;
        buffer.push(0);
        let mut writer = Writer { buffer, start, open: 0, count: 0 };
        let mut left = all;
        let mut is_after_ff = false;
        while let Some((first, rest)) = left.split_first() {
            if let (false, Some((eight, rest))) = (is_after_ff, left.split_first_chunk::<8>()) {
                let eight = u64::from_be_bytes(*eight);
                const LOWEST: u64 = 0x0101_0101_0101_0101;
                if (!eight).wrapping_sub(LOWEST) & eight & (LOWEST << 7) == 0 {
                    writer.add_eight(eight);
                    left = rest;
                    continue;
                }
            }
            match (is_after_ff, *first) {
                (true, 0x90..) => break,
                // A carry can be in the highest bit: it belongs to the byte before.
                (true, byte) => writer.add(byte, 7),
                (false, byte) => writer.add(byte, 8),
            }
            is_after_ff = *first == 0xFF;
            left = rest;
        }
        let count = writer.count;
        let end = (writer.buffer.len() - start) * 8 + count as usize;
        if count > 0 {
            writer.add(0xFF >> count, 8 - count);
        }
        let last = buffer.len();
        buffer.extend_from_slice(&PADDING);
        let after_marker = bytes.len() - (all.len() - left.len());
        Ok(Codeword { start, last, position: 0, end, after_marker, is_after_ff })
    }

    /// Bytes of the codeword that were not needed, and bytes that were needed beyond its end, when
    /// so many bits were taken.
    pub(super) fn end(&self, bytes: &[u8], taken: usize) -> (usize, u32) {
        if taken >= self.end {
            // A byte that is not there is 0xFF, and what follows is as at a marker.
            let first = if self.is_after_ff { 0 } else { 8 };
            let made_up = (taken - self.end).saturating_sub(first).div_ceil(8);
            return (self.after_marker, made_up as u32);
        }
        let mut bits = self.end - taken;
        let mut unread = self.after_marker;
        let read = bytes.get(..bytes.len() - self.after_marker).unwrap_or_default();
        for index in (0..read.len()).rev() {
            let before = index.checked_sub(1).and_then(|index| read.get(index));
            let bit_count = if before == Some(&0xFF) { 7 } else { 8 };
            if bits < bit_count {
                break;
            }
            bits -= bit_count;
            unread += 1;
        }
        (unread, 0)
    }

    /// C with more bits in it.
    ///
    /// It takes and gives numbers, so that they are in registers elsewhere.
    #[inline(always)]
    pub(super) fn fill(&mut self, buffer: &[u8], c: u64, bit_count: i32) -> (u64, i32) {
        let at = (self.start + (self.position >> 3)).min(self.last);
        let eight = buffer.get(at..).and_then(|rest| rest.first_chunk::<8>());
        let eight = u64::from_be_bytes(*eight.unwrap_or(&[0xFF; 8])) << (self.position & 7);
        self.position += (MOST_BITS - bit_count) as usize;
        (c | eight >> ((64 - MOST_BITS + bit_count) & 63), MOST_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of bytes, as text, and those after them.
    fn bits(bytes: &[u8]) -> String {
        let mut buffer = vec![9; 3];
        let codeword = Codeword::new(bytes, &mut buffer).unwrap();
        assert_eq!(codeword.start, 3);
        let text: String = buffer[3..].iter().map(|byte| format!("{byte:08b}")).collect();
        let (before, after) = text.split_at(codeword.end);
        assert!(after.len() >= 64 && after.chars().all(|bit| bit == '1'), "{after}");
        assert_eq!(buffer[codeword.last..], PADDING);
        before.to_owned()
    }

    #[test]
    fn stuffed_bits_are_taken_out_and_carries_added() {
        for (name, bytes, expected) in [
            ("nothing", &[][..], "00000000"),
            ("a byte", &[0x12], "00000000 00010010"),
            ("0xFF at the end", &[0xFF], "00000000 11111111"),
            ("a stuffed bit", &[0xFF, 0x7F, 0x01], "00000000 11111111 1111111 00000001"),
            ("a marker", &[0x01, 0xFF, 0x90, 0x02], "00000000 00000001 11111111"),
            ("a carry", &[0x01, 0xFF, 0x81], "00000000 00000010 00000000 0000001"),
            (
                "through all bits",
                &[0xFF, 0x7F, 0xFF, 0x8F],
                "00000001 00000000 0000000 00000000 0001111",
            ),
            (
                "two stuffed bits",
                &[0xFF, 0x00, 0xFF, 0x01],
                "00000000 11111111 0000000 11111111 0000001",
            ),
        ] {
            assert_eq!(bits(bytes), expected.replace(' ', ""), "{name}");
        }
        // Eight bytes at once give what bytes give.
        let bytes: Vec<u8> = (0..90).map(|index| if index == 20 { 0xFF } else { index }).collect();
        let each = bytes.iter().enumerate().map(|(index, byte)| match index {
            21 => format!("{byte:07b}"),
            _ => format!("{byte:08b}"),
        });
        assert_eq!(bits(&bytes), format!("00000000{}", each.collect::<String>()));
    }

    #[test]
    fn its_end_is_found() {
        let end = |bytes: &[u8], taken: usize| {
            Codeword::new(bytes, &mut Vec::new()).unwrap().end(bytes, 8 + taken)
        };
        for (name, bytes, taken, expected) in [
            ("no bit", &[1, 2, 3][..], 0, (3, 0)),
            ("a bit", &[1, 2, 3], 1, (2, 0)),
            ("a byte", &[1, 2, 3], 8, (2, 0)),
            ("all bits", &[1, 2, 3], 24, (0, 0)),
            ("0xFF that is not there", &[1, 2, 3], 32, (0, 0)),
            ("what follows it", &[1, 2, 3], 33, (0, 1)),
            ("after 0xFF", &[1, 0xFF], 17, (0, 1)),
            ("after a marker", &[0xFF, 0x90, 3], 8, (2, 0)),
            ("ones at a marker", &[0xFF, 0x90, 3], 17, (2, 2)),
            ("a byte of seven bits", &[0xFF, 1, 2], 8, (2, 0)),
            ("in it", &[0xFF, 1, 2], 9, (1, 0)),
            ("after it", &[0xFF, 1, 2], 15, (1, 0)),
        ] {
            assert_eq!(end(bytes, taken), expected, "{name}");
        }
    }
}
