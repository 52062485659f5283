//! Walks bytes by numbers taken from a file: position, bounds, byte order.

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

/// Bytes that follow each other in a file, addressed by their offsets in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    bytes: &'a [u8],
    offset: u64,
}

impl<'a> Run<'a> {
    /// `bytes`, the first of which lies at `offset`.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], offset: u64) -> Self {
        Run { bytes, offset }
    }

    /// Which of the bytes lies at `offset`, counted from the first of them; `None` if `offset`
    /// lies before it. It can lie past the end.
    #[inline]
    pub(crate) fn position(&self, offset: u64) -> Option<usize> {
        usize::try_from(offset.checked_sub(self.offset)?).ok()
    }

    /// The bytes from `offset` on; `None` if `offset` lies before the first or past the end.
    #[inline]
    pub(crate) fn from(&self, offset: u64) -> Option<&'a [u8]> {
        self.bytes.get(self.position(offset)?..)
    }

    /// The `length` bytes from `offset` on, if the run has all of them.
    #[inline]
    pub(crate) fn get(&self, offset: u64, length: u64) -> Option<&'a [u8]> {
        self.from(offset)?.get(..usize::try_from(length).ok()?)
    }

    /// The same of a length known beforehand. By reference: taking a copy apart costs more.
    #[inline(always)]
    pub(crate) fn chunk<const N: usize>(&self, offset: u64) -> Option<&'a [u8; N]> {
        self.from(offset)?.first_chunk()
    }
}

/// Copies as much of `source` to the start of `target` as fits; returns how many bytes that is.
#[inline]
pub(crate) fn copy_into(target: &mut [u8], source: &[u8]) -> usize {
    let count = target.len().min(source.len());
    for (to, from) in target.iter_mut().zip(source) {
        *to = *from;
    }
    count
}

/// A position in `bytes`, which never leaves them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    order: ByteOrder,
}

impl<'a> Cursor<'a> {
    /// Starts at `position`, or at the end if that lies before it.
    pub(crate) fn new(bytes: &'a [u8], position: usize, order: ByteOrder) -> Self {
        Cursor { bytes, position: position.min(bytes.len()), order }
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let chunk = self.bytes.get(self.position..)?.first_chunk::<N>().copied()?;
        self.position += N;
        Some(chunk)
    }

    /// The next 32-bit number.
    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(self.order.u32(self.chunk()?))
    }

    /// The next tag: two 16-bit numbers.
    pub(crate) fn tag(&mut self) -> Option<Tag> {
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
        let bytes = [1, 2, 3, 4, 5, 6, 7];
        let mut cursor = Cursor::new(&bytes, 1, ByteOrder::Little);
        assert_eq!(cursor.u32(), Some(0x0504_0302));
        assert_eq!((cursor.u32(), cursor.tag()), (None, None));
        let mut whole = Cursor::new(&bytes, 3, ByteOrder::Little);
        assert_eq!(whole.u32(), Some(0x0706_0504), "up to the end");
        assert_eq!(Cursor::new(&bytes, usize::MAX, ByteOrder::Little).u32(), None);
    }

    #[test]
    fn numbers_of_each_size_in_each_order() {
        assert_eq!(ByteOrder::Little.u16([1, 2]), 0x0201);
        assert_eq!(ByteOrder::Big.u16([1, 2]), 0x0102);
        assert_eq!(ByteOrder::Little.u32([1, 2, 3, 4]), 0x0403_0201);
        assert_eq!(ByteOrder::Big.u32([1, 2, 3, 4]), 0x0102_0304);
        assert_eq!(ByteOrder::Little.u64([1, 2, 3, 4, 5, 6, 7, 8]), 0x0807_0605_0403_0201);
        assert_eq!(ByteOrder::Big.u64([1, 2, 3, 4, 5, 6, 7, 8]), 0x0102_0304_0506_0708);
    }

    #[test]
    fn a_run_has_what_lies_between_its_first_and_its_last_byte() {
        let run = Run::new(&[10, 11, 12, 13], 100);
        for (name, offset, length, expected) in [
            ("all", 100, 4, Some(&[10, 11, 12, 13][..])),
            ("inside", 101, 2, Some(&[11, 12])),
            ("nothing at the start", 100, 0, Some(&[])),
            ("nothing at the end", 104, 0, Some(&[])),
            ("nothing past the end", 105, 0, None),
            ("from before", 99, 2, None),
            ("one too many", 100, 5, None),
            ("one too many at the end", 103, 2, None),
            ("more than an address counts", 101, u64::MAX, None),
        ] {
            assert_eq!(run.get(offset, length), expected, "{name}");
        }
        assert_eq!(run.from(103), Some(&[13][..]));
        assert_eq!(run.from(104), Some(&[][..]));
        assert_eq!((run.from(99), run.from(105)), (None, None));
        assert_eq!(
            (run.position(99), run.position(100), run.position(105)),
            (None, Some(0), Some(5))
        );
        assert_eq!(run.chunk(102), Some(&[12, 13]));
        assert_eq!(run.chunk::<2>(103), None);
    }

    #[test]
    fn as_much_is_copied_as_fits() {
        for (source, count, expected) in
            [(&[1, 2][..], 2, [1, 2, 9]), (&[1, 2, 3, 4], 3, [1, 2, 3]), (&[], 0, [9, 9, 9])]
        {
            let mut target = [9; 3];
            assert_eq!((copy_into(&mut target, source), target), (count, expected));
        }
    }
}
