//! The items of encapsulated Pixel Data: the Basic Offset Table, then the fragments (PS3.5 §A.4).

use crate::codec::signature;
use crate::cursor::{ByteOrder, Cursor};
use crate::dataset::OpenBytes;
use crate::error::{Error, ErrorKind, ImageFault, Result};
use crate::limits::Limits;
use crate::memory::push;
use crate::source::AlignedBuffer;
use crate::tag::Tag;

/// Bytes of an item's tag and length.
const ITEM_HEADER_LENGTH: u64 = 8;
/// Bytes that are read at a time to look at headers of items: they often follow each other closely.
const LOOK_LENGTH: u64 = 4096;

/// The value of one item that has bytes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

/// All items of an encapsulated value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragments {
    /// The Basic Offset Table: for each frame, the bytes from the first fragment's item to that of
    /// the frame's first fragment. Empty if there is none.
    pub basic_offset_table: Vec<u64>,
    /// Whether the first item has bytes that are no table.
    pub is_table_broken: bool,
    /// In the order of the file.
    pub fragments: Vec<Fragment>,
    /// Bytes that the value lacks, because an item is longer than what is there.
    pub missing_length: u64,
}

impl Fragments {
    /// Goes through the items of a value of `length` bytes that starts `offset` bytes into the
    /// file, up to its end or the delimiter.
    ///
    /// # Errors
    ///
    /// If another element is in the place of an item, a fragment has no length, there are more
    /// fragments than the limit, or the file cannot be read.
    pub fn read(
        bytes: &OpenBytes<'_>,
        offset: u64,
        length: u64,
        order: ByteOrder,
        limits: &Limits,
    ) -> Result<Fragments> {
        let mut look = Look {
            bytes,
            end: offset.saturating_add(length),
            start: 0,
            buffer: AlignedBuffer::default(),
        };
        let mut found = Fragments::default();
        let mut at = offset;
        let mut is_first = true;
        while let Some(header) = look.header(at, order)? {
            let (tag, item_length) = header;
            match tag {
                Tag::ITEM if item_length == u32::MAX => {
                    return Err(Error::from(ImageFault::FragmentWithoutLength).at_offset(at));
                }
                Tag::ITEM => {}
                Tag::SEQUENCE_DELIMITATION => break,
                // A padding byte or two, or the delimiter cut off.
                _ if look.end - at < ITEM_HEADER_LENGTH => break,
                found_tag if found.fragments.is_empty() => {
                    return Err(
                        Error::from(ErrorKind::ItemExpected { found: found_tag }).at_offset(at)
                    );
                }
                // The frames before are whole; where this one ends nobody knows.
                _ => {
                    found.fragments.push(Fragment {
                        offset: at.saturating_add(ITEM_HEADER_LENGTH),
                        length: 0,
                    });
                    found.missing_length = 1;
                    return Ok(found);
                }
            }
            let value_offset = at.saturating_add(ITEM_HEADER_LENGTH);
            let (item_length, available) =
                (u64::from(item_length), look.end.saturating_sub(value_offset));
            // Where the header itself is cut off, at least its rest is missing.
            let header_missing = value_offset.saturating_sub(look.end);
            found.missing_length = header_missing.max(item_length.saturating_sub(available));
            let item = Fragment { offset: value_offset, length: item_length.min(available) };
            if !is_first {
                push(&mut found.fragments, item)?;
            } else if item.length > 0 {
                found.read_table(bytes, item, order)?;
            }
            if found.fragments.len() > limits.element_count {
                return Err(
                    Error::from(ErrorKind::TooMany { limit: limits.element_count }).at_offset(at)
                );
            }
            is_first = false;
            at = value_offset.saturating_add(item_length);
        }
        Ok(found)
    }

    /// The bytes of the item that starts the value: a table, unless its first number is not 0,
    /// which that of the first frame is.
    fn read_table(
        &mut self,
        bytes: &OpenBytes<'_>,
        item: Fragment,
        order: ByteOrder,
    ) -> Result<()> {
        let mut buffer = AlignedBuffer::default();
        let table = bytes.get(item.offset, item.length, &mut buffer)?;
        let (words, rest) = table.as_chunks::<4>();
        let first = words.first().map(|word| order.u32(*word));
        if first != Some(0) || !rest.is_empty() {
            self.is_table_broken = true;
            // Some files start with the first fragment: only then is nothing else there.
            if signature(table).is_some() {
                self.fragments.push(item);
            }
            return Ok(());
        }
        self.basic_offset_table = words.iter().map(|word| u64::from(order.u32(*word))).collect();
        Ok(())
    }
}

/// Reads headers of items, several at a time where they are close to each other.
struct Look<'a> {
    bytes: &'a OpenBytes<'a>,
    /// Where the value ends.
    end: u64,
    /// What was read last: where it starts.
    start: u64,
    buffer: AlignedBuffer,
}

impl Look<'_> {
    /// The tag and the length of the item at `at`; `None` at the end of the value. Of fewer bytes
    /// than a header has, the others are taken for zeros.
    fn header(&mut self, at: u64, order: ByteOrder) -> Result<Option<(Tag, u32)>> {
        let left = self.end.saturating_sub(at);
        if left == 0 {
            return Ok(None);
        }
        let read_end = self.start.saturating_add(self.buffer.as_slice().len() as u64);
        if at < self.start || at.saturating_add(ITEM_HEADER_LENGTH.min(left)) > read_end {
            let mut read = AlignedBuffer::default();
            let bytes = self.bytes.get(at, LOOK_LENGTH.min(left), &mut read)?;
            self.buffer.resize(bytes.len())?;
            self.buffer.as_mut_slice().copy_from_slice(bytes);
            self.start = at;
        }
        let start = usize::try_from(at - self.start).unwrap_or(usize::MAX);
        let mut header = [0; ITEM_HEADER_LENGTH as usize];
        for (to, from) in
            header.iter_mut().zip(self.buffer.as_slice().get(start..).unwrap_or_default())
        {
            *to = *from;
        }
        let mut cursor = Cursor::new(&header, 0, order);
        Ok(cursor.tag().zip(cursor.u32()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::FileBytes;
    use crate::source::Source;

    const DELIMITER: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
    const JPEG: [u8; 4] = [0xFF, 0xD8, 0xFF, 0xE0];

    /// Items of these bytes, in little endian.
    fn items(values: &[&[u8]]) -> Vec<u8> {
        let item = |value: &&[u8]| {
            let length = (value.len() as u32).to_le_bytes();
            [&[0xFE, 0xFF, 0x00, 0xE0], &length[..], value].concat()
        };
        values.iter().flat_map(item).collect()
    }

    fn read_with(value: &[u8], order: ByteOrder, limits: &Limits) -> Result<Fragments> {
        // Two bytes before the value, and more after it, belong to something else.
        let file = [&[0xAA; 2], value, &[0xBB; 20]].concat();
        let bytes = FileBytes::new(Source::Memory(Arc::new(file)), Vec::new());
        let open = OpenBytes::new(&bytes).unwrap();
        Fragments::read(&open, 2, value.len() as u64, order, limits)
    }

    fn read(value: &[u8]) -> Result<Fragments> {
        read_with(value, ByteOrder::Little, &Limits::DEFAULT)
    }

    fn found(table: &[u64], fragments: &[(u64, u64)]) -> Fragments {
        let fragment =
            |(offset, length): &(u64, u64)| Fragment { offset: *offset, length: *length };
        Fragments {
            basic_offset_table: table.to_vec(),
            fragments: fragments.iter().map(fragment).collect(),
            ..Fragments::default()
        }
    }

    #[test]
    fn items_are_a_table_and_fragments() {
        let broken =
            |fragments: &[(u64, u64)]| Fragments { is_table_broken: true, ..found(&[], fragments) };
        let missing = |missing_length, fragments: &[(u64, u64)]| Fragments {
            missing_length,
            ..found(&[], fragments)
        };
        let two = items(&[b"", b"ab", b"cdef"]);
        let two_found = [(18, 2), (28, 4)];
        let table = [[0; 4], [10, 0, 0, 0]].concat();
        let odd_table = [0, 0, 0, 0, 1];
        for (name, value, expected) in [
            ("nothing", vec![], found(&[], &[])),
            ("an empty table", items(&[b""]), found(&[], &[])),
            ("a delimiter", [&two[..], &DELIMITER].concat(), found(&[], &two_found)),
            ("a delimiter cut off", [&two[..], &DELIMITER[..7]].concat(), found(&[], &two_found)),
            ("no delimiter", two.clone(), found(&[], &two_found)),
            ("padding", [&two[..], &[0; 7]].concat(), found(&[], &two_found)),
            (
                "items after the delimiter",
                [&two[..], &DELIMITER, &items(&[b"no"])].concat(),
                found(&[], &two_found),
            ),
            ("a table", items(&[&table, b"ab", b"cd"]), found(&[0, 10], &[(26, 2), (36, 2)])),
            ("a table that starts elsewhere", items(&[b"\x01\0\0\0", b"ab"]), broken(&[(22, 2)])),
            ("a table and a half", items(&[&odd_table, b"ab"]), broken(&[(23, 2)])),
            ("a fragment in its place", items(&[&JPEG, b"ab"]), broken(&[(10, 4), (22, 2)])),
            ("an empty fragment", items(&[b"", b"", b"ab"]), found(&[], &[(18, 0), (26, 2)])),
            (
                "a fragment cut short",
                two[..two.len() - 1].to_vec(),
                missing(1, &[(18, 2), (28, 3)]),
            ),
            ("no value", two[..26].to_vec(), missing(4, &[(18, 2), (28, 0)])),
            (
                "a header cut short",
                items(&[b"", b"ab", b""])[..24].to_vec(),
                missing(2, &[(18, 2), (28, 0)]),
            ),
            (
                "a header cut short within the length",
                [&two[..], &[0xFE, 0xFF, 0x00, 0xE0, 9]].concat(),
                missing(9, &[(18, 2), (28, 4), (40, 0)]),
            ),
            (
                "other bytes after whole fragments",
                [&two[..], b"somewhere"].concat(),
                missing(1, &[(18, 2), (28, 4), (40, 0)]),
            ),
        ] {
            assert_eq!(read(&value).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn numbers_are_in_the_byte_order_of_the_data_set() {
        #[rustfmt::skip]
        let value = [
            0xFF, 0xFE, 0xE0, 0x00, 0, 0, 0, 8, // the table: two numbers
            0, 0, 0, 0,
            0, 0, 0, 10,
            0xFF, 0xFE, 0xE0, 0x00, 0, 0, 0, 2, 7, 7,
        ];
        let fragments = read_with(&value, ByteOrder::Big, &Limits::DEFAULT).unwrap();
        assert_eq!(fragments, found(&[0, 10], &[(26, 2)]));
    }

    #[test]
    fn items_that_are_far_apart_or_many_are_found() {
        let long = vec![7; 5000];
        let value = items(&[b"", &long, b"ab", &long, b"cd"]);
        let expected = [(18, 5000), (5026, 2), (5036, 5000), (10_044, 2)];
        assert_eq!(read(&value).unwrap(), found(&[], &expected));
        let many = items(&vec![&b"abc"[..]; 2000]);
        let fragments = read(&many).unwrap().fragments;
        assert_eq!(fragments.len(), 1999);
        assert!(fragments.iter().enumerate().all(|(index, fragment)| {
            *fragment == Fragment { offset: 2 + 11 * (index as u64 + 1) + 8, length: 3 }
        }));
    }

    #[test]
    fn damage_is_an_error_with_its_place() {
        let kind = |result: Result<Fragments>| {
            let error = result.unwrap_err();
            (format!("{:?}", error.kind()), error.offset())
        };
        assert_eq!(
            kind(read(b"\x10\0\x20\0\0\0\0\0")),
            ("ItemExpected { found: (0010,0020) }".to_owned(), Some(2))
        );
        let endless =
            [&items(&[b"", b"ab"])[..], &[0xFE, 0xFF, 0, 0xE0, 255, 255, 255, 255]].concat();
        assert_eq!(kind(read(&endless)), ("Image(FragmentWithoutLength)".to_owned(), Some(20)));
        let limits = Limits { element_count: 2, ..Limits::DEFAULT };
        let within = |values: &[&[u8]]| read_with(&items(values), ByteOrder::Little, &limits);
        assert_eq!(within(&[b"", b"a", b"b"]).unwrap().fragments.len(), 2);
        assert_eq!(
            kind(within(&[b"", b"a", b"b", b"c"])),
            ("TooMany { limit: 2 }".to_owned(), Some(28))
        );
    }
}
