//! The bits of packet headers (ISO/IEC 15444-1 §B.10.1): the highest of a byte first, none in the
//! highest bit after 0xFF.

/// The bytes end before what was to be read does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends;

/// Reads bits of a packet header.
#[derive(Debug)]
pub(crate) struct HeaderBits<'a> {
    bytes: &'a [u8],
    position: usize,
    byte: u8,
    left: u32,
}

impl<'a> HeaderBits<'a> {
    /// Starts at `position` of `bytes`.
    pub(crate) fn new(bytes: &'a [u8], position: usize) -> HeaderBits<'a> {
        HeaderBits { bytes, position, byte: 0, left: 0 }
    }

    /// The next bit.
    pub(crate) fn bit(&mut self) -> Result<u32, Ends> {
        if self.left == 0 {
            let byte = *self.bytes.get(self.position).ok_or(Ends)?;
            self.left = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = byte;
            self.position += 1;
        }
        self.left -= 1;
        Ok(u32::from(self.byte >> self.left) & 1)
    }

    /// The next bits, 32 at most, as a number.
    pub(crate) fn bits(&mut self, count: u32) -> Result<u32, Ends> {
        let mut number = 0;
        for _ in 0..count {
            number = number << 1 | self.bit()?;
        }
        Ok(number)
    }

    /// Where the bytes go on after the header.
    pub(crate) fn end(self) -> Result<usize, Ends> {
        // A header does not end with 0xFF: a byte of no bits follows.
        let end = if self.byte == 0xFF { self.position + 1 } else { self.position };
        if end > self.bytes.len() { Err(Ends) } else { Ok(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bit_after_0xff_is_left_out() {
        let bytes = [0, 0b1010_0101, 0xFF, 0b0100_0001, 0x80];
        let mut bits = HeaderBits::new(&bytes, 1);
        assert_eq!(bits.bits(4), Ok(0b1010));
        assert_eq!(bits.bits(12), Ok(0b0101_1111_1111));
        assert_eq!(bits.bits(7), Ok(0b100_0001), "without the stuffed bit");
        assert_eq!(bits.bit(), Ok(1));
        assert_eq!(bits.bits(0), Ok(0));
        assert_eq!(bits.bits(7), Ok(0));
        assert_eq!((bits.bit(), bits.bits(2)), (Err(Ends), Err(Ends)));
        assert_eq!(HeaderBits::new(&[0x80, 0, 0, 1], 0).bits(32), Ok(0x8000_0001));
    }

    #[test]
    fn a_header_ends_with_its_last_byte() {
        for (bytes, count, expected) in [
            (&[1, 2, 3][..], 0, Ok(0)),
            (&[1, 2, 3], 1, Ok(1)),
            (&[1, 2, 3], 8, Ok(1)),
            (&[1, 2, 3], 9, Ok(2)),
            (&[0xFF, 0, 3], 8, Ok(2)),
            (&[0xFF, 0, 3], 9, Ok(2)),
            (&[0xFF, 0], 8, Ok(2)),
            (&[0xFF], 8, Err(Ends)),
        ] {
            let mut bits = HeaderBits::new(bytes, 0);
            bits.bits(count).unwrap();
            assert_eq!(bits.end(), expected, "{count} bits of {bytes:X?}");
        }
        assert_eq!(HeaderBits::new(&[1], 2).end(), Err(Ends));
    }
}
