//! Entropy-coded bytes: what stands between two markers, and its bits (T.81 §F.1.2.3, §F.2.2.5).

use super::markers::{Markers, RST0};
use crate::codec::invalid;
use crate::error::{JpegFault, Result};
use crate::memory::reserve;

/// Bytes that may be left over when everything is decoded. The standard leaves none. Padding is no
/// harm; more than that means that the decoder took other bits than the encoder wrote, hence wrong
/// samples.
const MOST_UNUSED: usize = 2;
/// The entropy-coded bytes of one restart interval, without the zero that is stuffed after each
/// 0xFF.
///
/// Taking the zeros out first is 3 % of the work of decoding, and spares the loop that decodes the
/// test for them.
#[derive(Debug, Default)]
pub(crate) struct Interval {
    bytes: Vec<u8>,
    /// Where in the frame they start.
    start: usize,
    /// Where in the frame the marker starts that ends them, or the end of the frame.
    end: usize,
    /// That marker.
    marker: Option<u8>,
}

impl Interval {
    /// Takes the bytes from `start` to the next marker, or to the end of the frame.
    ///
    /// # Errors
    ///
    /// If there is no memory for them.
    pub(crate) fn read(&mut self, frame: &[u8], start: usize) -> Result<()> {
        self.bytes.clear();
        self.start = start;
        let mut rest = frame.get(start..).unwrap_or_default();
        loop {
            let length = position_of_marker_prefix(rest);
            let (plain, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            reserve(&mut self.bytes, plain.len() + 1)?;
            self.bytes.extend_from_slice(plain);
            rest = behind;
            // Fill bytes may stand in front of a marker, hence of a stuffed byte too.
            let fill = rest.iter().take_while(|byte| **byte == 0xFF).count();
            match rest.get(fill) {
                Some(0) => {
                    self.bytes.push(0xFF);
                    rest = rest.get(fill + 1..).unwrap_or_default();
                }
                marker => {
                    self.marker = marker.copied();
                    self.end = frame.len() - rest.len() + fill.saturating_sub(1);
                    if self.marker.is_none() {
                        self.end = frame.len();
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Goes on after the restart marker that ends these bytes; `number` counts restarts from 0, of
    /// which the marker has the three lowest bits.
    ///
    /// # Errors
    ///
    /// If another marker ends them, or none.
    pub(crate) fn restart(&mut self, markers: &Markers<'_>, number: usize) -> Result<()> {
        let expected = RST0 + (number & 7) as u8;
        if self.marker == Some(expected) {
            return self.read(markers.frame(), self.end + 2);
        }
        let fault = JpegFault::RestartExpected { number: (number & 7) as u8, found: self.marker };
        Err(invalid(markers.codec(), self.end, fault))
    }

    /// Checks that what was to be decoded of it took its bytes: wrong bits can look like codes up
    /// to the end.
    ///
    /// Where no marker follows, anything may, as fragments are padded. But zeros that stand in the
    /// place of the last bytes give pixels, too.
    ///
    /// # Errors
    ///
    /// If more is left than padding.
    pub(crate) fn check_rest(&self, markers: &Markers<'_>, bits_used: u64) -> Result<()> {
        let used = (bits_used.div_ceil(8) as usize).min(self.bytes.len());
        let (taken, rest) = self.bytes.split_at_checked(used).unwrap_or((&self.bytes, &[]));
        let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        let is_padding = match self.marker {
            Some(_) => rest.len() <= MOST_UNUSED,
            None if taken.last() == Some(&0) => rest.len() <= 1,
            None => rest.len() <= MOST_UNUSED || is_zero(rest),
        };
        if is_padding {
            return Ok(());
        }
        let fault = match self.marker {
            None if is_zero(rest) => JpegFault::EndsInZeros,
            _ => JpegFault::UnusedBytes { count: rest.len() },
        };
        Err(invalid(markers.codec(), self.end, fault))
    }

    /// Its bits.
    pub(crate) fn reader(&self) -> BitReader<'_> {
        BitReader { bytes: &self.bytes, position: 0, bits: 0, count: 0, is_spoilt: false }
    }

    /// Where in the frame it ends: in front of a marker, or where the frame ends.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Where in the frame the next bit of `reader` is, or the end of the interval if that lies in
    /// front of it.
    pub(crate) fn offset(&self, reader: &BitReader<'_>) -> usize {
        let position = (reader.bits_used() / 8) as usize;
        let Some(used) = self.bytes.get(..position) else { return self.end };
        self.start + position + used.iter().filter(|byte| **byte == 0xFF).count()
    }
}

/// Where the interval that starts at `start` ends, and the marker that ends it: what
/// [`Interval::read`] finds, without its bytes.
pub(crate) fn end_of_interval(frame: &[u8], start: usize) -> (usize, Option<u8>) {
    let mut rest = frame.get(start..).unwrap_or_default();
    loop {
        rest = rest.get(position_of_marker_prefix(rest)..).unwrap_or_default();
        let fill = rest.iter().take_while(|byte| **byte == 0xFF).count();
        match rest.get(fill) {
            Some(0) => rest = rest.get(fill + 1..).unwrap_or_default(),
            Some(marker) => {
                return (frame.len() - rest.len() + fill.saturating_sub(1), Some(*marker));
            }
            None => return (frame.len(), None),
        }
    }
}

/// How many bytes stand in front of the first 0xFF.
fn position_of_marker_prefix(bytes: &[u8]) -> usize {
    // A test of 32 bytes at a time compiles to vector instructions; `position` alone looks at one
    // after the other.
    let (chunks, _) = bytes.as_chunks::<32>();
    let has_prefix =
        |chunk: &[u8; 32]| chunk.iter().fold(false, |found, byte| found | (*byte == 0xFF));
    let whole = chunks.iter().take_while(|chunk| !has_prefix(chunk)).count() * 32;
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().position(|byte| *byte == 0xFF).unwrap_or(rest.len())
}

/// Reads bits, the highest of each byte first. After the last byte there are zeros, as many as are
/// asked for: [`BitReader::is_past_end`] tells whether any was used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next byte to be taken into `bits`, whether it is there or not.
    position: usize,
    /// The next bit is the highest. Below the bits that count there are zeros, or bits that come
    /// again.
    bits: u64,
    /// How many of `bits` count, at most 63.
    count: u32,
    /// Whether bits were met that are no code.
    is_spoilt: bool,
}

impl BitReader<'_> {
    /// Bits that are there at least after [`BitReader::refill`].
    pub(crate) const REFILLED: u32 = 56;

    /// Makes sure that the next [`BitReader::REFILLED`] bits can be seen and taken.
    #[inline(always)]
    pub(crate) fn refill(&mut self) {
        if let Some(word) = self.bytes.get(self.position..).and_then(<[u8]>::first_chunk) {
            self.bits |= u64::from_be_bytes(*word) >> self.count;
            self.position += ((63 - self.count) >> 3) as usize;
            self.count |= 56;
        } else {
            *self = self.refilled_near_end();
        }
    }

    /// By value: a reader whose address is never taken stays in registers while a row is decoded.
    #[cold]
    #[inline(never)]
    fn refilled_near_end(mut self) -> Self {
        while self.count < Self::REFILLED {
            let byte = self.bytes.get(self.position).copied().unwrap_or(0);
            self.bits |= u64::from(byte) << (56 - self.count);
            self.position += 1;
            self.count += 8;
        }
        self
    }

    /// The next `count` bits, 1 to 32, as a number. They must be there since the last refill.
    #[inline(always)]
    pub(crate) fn peek(&self, count: u32) -> u32 {
        ((self.bits >> 1) >> (63 - count)) as u32
    }

    /// Takes bits away. They must be there since the last refill.
    #[inline(always)]
    pub(crate) fn consume(&mut self, count: u32) {
        self.bits <<= count;
        self.count = self.count.wrapping_sub(count);
    }

    /// Takes bits away, and shows them at the low end, below others. They must be there since the
    /// last refill.
    #[inline(always)]
    pub(crate) fn consume_and_see(&mut self, count: u32) -> u64 {
        let seen = self.bits.rotate_left(count);
        self.consume(count);
        seen
    }

    /// RECEIVE: the next `count` bits, 0 to 16, as a number (T.81 §F.2.2.4). They must be there
    /// since the last refill.
    #[inline(always)]
    pub(crate) fn receive(&mut self, count: u32) -> u32 {
        let bits = self.peek(count);
        self.consume(count);
        bits
    }

    /// RECEIVE and EXTEND: a difference or coefficient of `count` bits, 0 to 16 (T.81 §F.2.2.1,
    /// Table F.1). They must be there since the last refill.
    #[inline(always)]
    pub(crate) fn receive_extend(&mut self, count: u32) -> i32 {
        extend(self.receive(count), count)
    }

    /// Says that bits were met that are no code, for who decodes many and looks once.
    pub(crate) fn spoil(&mut self) {
        self.is_spoilt = true;
    }

    /// Whether bits were met that are no code.
    pub(crate) fn is_spoilt(&self) -> bool {
        self.is_spoilt
    }

    /// How many bits were taken since the start.
    pub(crate) fn bits_used(&self) -> u64 {
        self.position as u64 * 8 - u64::from(self.count)
    }

    /// Whether more bits were taken than there are.
    pub(crate) fn is_past_end(&self) -> bool {
        self.bits_used() > self.bytes.len() as u64 * 8
    }

    /// Whether the bits of the last byte that were not taken are padding: ones (T.81 §F.1.2.3), or
    /// zeros as some encoders write them. Where others are left, bits may have been taken that are
    /// not those that the encoder wrote.
    pub(crate) fn is_padded(&self) -> bool {
        let used = self.bits_used();
        let Some(last) = self.bytes.get((used / 8) as usize) else { return true };
        let ones = 0xFF >> (used % 8);
        matches!(last & ones, 0) || last & ones == ones
    }
}

/// EXTEND: those of `count` bits whose highest is 0 are negative (T.81 §F.2.2.1, Figure F.12).
#[inline(always)]
pub(crate) fn extend(bits: u32, count: u32) -> i32 {
    let bits = bits as i32;
    // Even odds: a mask instead of a branch that would be foretold wrong every other time.
    let is_negative = (bits - ((1 << count) >> 1)) >> 31;
    bits + (is_negative & (1 - (1 << count)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::fault_of;

    fn interval(frame: &[u8]) -> Interval {
        let mut interval = Interval::default();
        interval.read(frame, 0).unwrap();
        interval
    }

    #[test]
    fn stuffed_bytes_are_taken_out() {
        for (frame, bytes, end, marker) in [
            (&[1, 0xFF, 0, 2, 0xFF, 0xD9][..], &[1, 0xFF, 2][..], 4, Some(0xD9)),
            (&[1, 0xFF, 0xFF, 0xFF, 0xD0], &[1], 3, Some(0xD0)),
            (&[0xFF, 0, 0xFF, 0], &[0xFF, 0xFF], 4, None),
            (&[1, 0xFF], &[1], 2, None),
            (&[], &[], 0, None),
        ] {
            let interval = interval(frame);
            assert_eq!(
                (&interval.bytes[..], interval.end(), interval.marker),
                (bytes, end, marker)
            );
            assert_eq!(end_of_interval(frame, 0), (end, marker));
        }
        let mut long = vec![7; 100];
        long.extend([0xFF, 0]);
        long.extend([8; 100]);
        assert_eq!(interval(&long).bytes.len(), 201);
    }

    #[test]
    fn bits_come_from_the_highest_to_the_lowest() {
        let interval = interval(&[0b1010_0000, 0xFF, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let mut bits = interval.reader();
        bits.refill();
        assert_eq!(
            (bits.receive(3), bits.receive(0), bits.receive(5), bits.receive(4)),
            (0b101, 0, 0, 0xF)
        );
        assert_eq!(interval.offset(&bits), 1);
        bits.refill();
        assert_eq!((bits.receive(4), bits.receive(16), bits.bits_used()), (0xF, 0x0102, 32));
        assert_eq!((interval.offset(&bits), bits.bits_used().div_ceil(8)), (5, 4));
        for expected in 3..=9 {
            assert!(!bits.is_past_end());
            bits.refill();
            assert_eq!(bits.receive(8), expected);
        }
        assert!(!bits.is_past_end());
        bits.refill();
        assert_eq!(bits.receive(1), 0, "zeros behind the end");
        assert!(bits.is_past_end());
    }

    #[test]
    fn what_is_left_is_padding_or_damage() {
        let zeros = Some(JpegFault::EndsInZeros);
        let unused = |count| Some(JpegFault::UnusedBytes { count });
        let eoi = &[0xFF, 0xD9][..];
        for (name, coded, end, used, expected) in [
            ("nothing", &[0x12][..], eoi, 8, None),
            ("two bytes", &[0x12, 0x55, 0x55], eoi, 8, None),
            ("three bytes", &[0x12, 0x55, 0x55, 0x55], eoi, 8, unused(3)),
            ("zeros in front of a marker", &[0x12, 0, 0, 0], eoi, 8, unused(3)),
            ("no marker", &[0x12], &[], 8, None),
            ("no marker, and padding", &[0x12, 0, 0, 0, 0, 0], &[], 8, None),
            ("no marker, and others", &[0x12, 1, 2, 3], &[], 8, unused(3)),
            ("no marker, and bits that were zeros", &[0x12, 0, 0, 0, 0], &[], 20, zeros),
            ("no marker, a zero and its padding", &[0x12, 0, 0], &[], 16, None),
        ] {
            let frame = [&[0xFF, 0xD8], coded, end].concat();
            let markers = Markers::new("JPEG", &frame).unwrap();
            let mut interval = Interval::default();
            interval.read(&frame, 2).unwrap();
            let found = interval.check_rest(&markers, used).err();
            let found = found.map(|error| fault_of(&error).1);
            assert_eq!(found, expected.map(Into::into), "{name}");
        }
    }

    #[test]
    fn padding_is_ones_or_zeros() {
        for (byte, used, expected) in [
            (0b1011_1111, 2, true),
            (0b1011_1111, 1, false),
            (0b1010_0000, 3, true),
            (0b1010_0100, 3, false),
            (0b1010_0100, 8, true),
            (0b0000_0000, 0, true),
        ] {
            let mut interval = Interval::default();
            interval.read(&[byte], 0).unwrap();
            let mut bits = interval.reader();
            bits.refill();
            bits.consume(used);
            assert_eq!(bits.is_padded(), expected, "{byte:08b} from bit {used} on");
        }
    }

    #[test]
    fn differences_are_extended() {
        for (bits, count, expected) in
            [(0, 0, 0), (0, 1, -1), (1, 1, 1), (0, 2, -3), (1, 2, -2), (3, 2, 3), (0, 16, -65535)]
        {
            assert_eq!(extend(bits, count), expected, "{bits} of {count} bits");
        }
    }
}
