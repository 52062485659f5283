//! The items of encapsulated Pixel Data: the Basic Offset Table, then the fragments (PS3.5 §A.4).

use crate::codec::signature;
use crate::cursor::{ByteOrder, Cursor};
use crate::dataset::OpenBytes;
use crate::error::{Error, ErrorKind, ImageFault, Result};
use crate::limits::Limits;
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
    /// If something else than an item stands where one must, there are more than the limit, or the
    /// file cannot be read.
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
                found.fragments.push(item);
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

/// Headers of items, of which those close to each other are read together.
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
            self.buffer.resize(bytes.len());
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
