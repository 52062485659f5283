//! The bits of packet headers (ISO/IEC 15444-1 §B.10.1): the highest of a byte first, none in the
//! highest bit behind 0xFF.

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
            self.left = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = *self.bytes.get(self.position).ok_or(Ends)?;
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

    /// Where the bytes go on behind the header.
    pub(crate) fn end(self) -> Result<usize, Ends> {
        // A header does not end with 0xFF: a byte of no bits follows.
        let end = if self.byte == 0xFF { self.position + 1 } else { self.position };
        if end > self.bytes.len() { Err(Ends) } else { Ok(end) }
    }
}
