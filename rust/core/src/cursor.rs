//! The only code that walks bytes by numbers taken from a file: position, bounds, byte order.

use crate::tag::Tag;

/// The order of the bytes of a number (PS3.5 §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// A 16-bit number.
    #[inline]
    pub fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        }
    }

    /// A 32-bit number.
    #[inline]
    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }

    /// A 64-bit number.
    pub fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            ByteOrder::Little => u64::from_le_bytes(bytes),
            ByteOrder::Big => u64::from_be_bytes(bytes),
        }
    }
}

/// A position in `bytes`, which never leaves them.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    order: ByteOrder,
}

impl<'a> Cursor<'a> {
    /// Starts at `position`, or at the end if that lies behind it.
    pub fn new(bytes: &'a [u8], position: usize, order: ByteOrder) -> Self {
        Cursor { bytes, position: position.min(bytes.len()), order }
    }

    /// Bytes from the start of `bytes`.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bytes that are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let chunk = self.bytes.get(self.position..)?.first_chunk::<N>().copied()?;
        self.position += N;
        Some(chunk)
    }

    /// The next 2 bytes as they stand.
    pub fn pair(&mut self) -> Option<[u8; 2]> {
        self.chunk::<2>()
    }

    /// The next 32-bit number.
    pub fn u32(&mut self) -> Option<u32> {
        Some(self.order.u32(self.chunk()?))
    }

    /// The next tag: two 16-bit numbers.
    pub fn tag(&mut self) -> Option<Tag> {
        let [a, b, c, d] = self.chunk::<4>()?;
        Some(Tag::new(self.order.u16([a, b]), self.order.u16([c, d])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_byte_order() {
        let bytes = [0x08, 0x00, 0x05, 0x00, 0x01, 0x02, 0x03, 0x04];
        let mut little = Cursor::new(&bytes, 0, ByteOrder::Little);
        assert_eq!(little.tag(), Some(Tag::new(0x0008, 0x0005)));
        assert_eq!(little.u32(), Some(0x0403_0201));
        let mut big = Cursor::new(&bytes, 4, ByteOrder::Big);
        assert_eq!(big.u32(), Some(0x0102_0304));
    }

    #[test]
    fn nothing_is_read_past_the_end() {
        let bytes = [1, 2, 3];
        let mut cursor = Cursor::new(&bytes, 1, ByteOrder::Little);
        assert_eq!(cursor.u32(), None);
        assert_eq!(cursor.position(), 1, "what is not there does not move it");
        assert_eq!(cursor.pair(), Some([2, 3]));
        assert_eq!(Cursor::new(&bytes, usize::MAX, ByteOrder::Little).remaining(), 0);
    }
}
