//! A file seen through one growing buffer.

use std::borrow::Cow;

use super::header::Element;
use crate::cursor::{Run, copy_into};
use crate::error::{ErrorKind, Result};
use crate::inflate::Inflater;
use crate::limits::Limits;
use crate::memory::copied;
use crate::source::{AlignedBuffer, FIRST_FETCH, ReadAt};

/// The first read. CT and MR headers end well before it; a page more costs 0.2 us, a second read 1
/// us.
const FIRST_READ: u64 = 8 * 1024;
/// How much longer the buffer becomes when it has to grow: few reads for long headers.
const GROWTH: u64 = 4;

/// Bytes that are looked at first in a search, which is often over soon, and at most together.
const FIRST_CHUNK: usize = 256;
const CHUNK: usize = 64 * 1024;

/// More than a UID has, 64 bytes, so that one that is too long is not taken for another.
const UID_LENGTH: usize = 256;

/// A run of a file's bytes that is kept.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// The bytes.
    pub bytes: Box<[u8]>,
}

impl Segment {
    /// The part of it that lies between two offsets of the file, if there is one.
    pub fn between(&self, first: u64, end: u64) -> Option<Segment> {
        let own_end = self.offset.saturating_add(self.bytes.len() as u64);
        let offset = self.offset.max(first);
        let length = own_end.min(end).checked_sub(offset).filter(|length| *length > 0)?;
        Some(Segment { offset, bytes: self.get(offset, length)?.into() })
    }

    /// The bytes from `offset` of the file on, if this run has all `length` of them.
    pub fn get(&self, offset: u64, length: u64) -> Option<&[u8]> {
        Run::new(&self.bytes, self.offset).get(offset, length)
    }
}

enum Bytes<'a> {
    Memory(&'a [u8]),
    File {
        file: &'a dyn ReadAt,
        buffer: &'a mut AlignedBuffer,
        /// Gets what the window leaves behind.
        kept: Option<&'a mut Vec<Segment>>,
    },
    Inflated {
        inflater: Inflater,
        deflated: &'a dyn ReadAt,
    },
}

/// The bytes of a file from `base` on, as far as they have been read.
///
/// ```
/// use rapidicom_core::{AlignedBuffer, Limits, ReadAt, Result, Window};
///
/// /// A file of 100,000 zeros.
/// struct Zeros;
///
/// impl ReadAt for Zeros {
///     fn length(&self) -> u64 {
///         100_000
///     }
///     fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
///         let count = buffer.len().min((self.length() - offset) as usize);
///         buffer[..count].fill(0);
///         Ok(count)
///     }
/// }
///
/// let mut buffer = AlignedBuffer::default();
/// let mut window = Window::file(&Zeros, &mut buffer, None, &Limits::DEFAULT)?;
/// assert!(window.bytes().len() < 100_000);
/// window.extend_to(50_000)?;
/// assert!(window.reaches(50_000));
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
pub struct Window<'a> {
    bytes: Bytes<'a>,
    base: u64,
    end: u64,
    limit: u64,
}

impl<'a> Window<'a> {
    /// Bytes that are there already; the first is `base` bytes from the start of the file.
    pub fn memory(bytes: &'a [u8], base: u64) -> Window<'a> {
        Window {
            base,
            end: base.saturating_add(bytes.len() as u64),
            bytes: Bytes::Memory(bytes),
            limit: u64::MAX,
        }
    }

    /// A file (or what is read like one) from its start, read into `buffer` as far as is wanted.
    /// `kept` gets the bytes that the window leaves behind when it jumps; without it they are
    /// forgotten.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub fn file(
        file: &'a dyn ReadAt,
        buffer: &'a mut AlignedBuffer,
        kept: Option<&'a mut Vec<Segment>>,
        limits: &Limits,
    ) -> Result<Window<'a>> {
        buffer.resize(0)?;
        let end = file.length();
        let mut window = Window {
            bytes: Bytes::File { file, buffer, kept },
            base: 0,
            end,
            limit: limits.header_bytes,
        };
        let first = if file.is_far() { FIRST_FETCH } else { FIRST_READ };
        window.extend_to(first.min(end))?;
        // What is fetched may have told it.
        window.end = window.end.min(file.length());
        Ok(window)
    }

    /// Whether a read costs far more than the bytes.
    pub(super) fn is_far(&self) -> bool {
        matches!(&self.bytes, Bytes::File { file, .. } if file.is_far())
    }

    /// The data set that the bytes of `deflated` from `offset` on inflate to (PS3.5 §A.5), as far
    /// as it is wanted. All of it is kept, and its offsets are counted from its own start.
    pub(crate) fn inflated(deflated: &'a dyn ReadAt, offset: u64, limits: &Limits) -> Window<'a> {
        let end = Some(deflated.length()).filter(|length| *length < u64::MAX);
        let inflater = Inflater::new(offset, end, limits);
        Window {
            bytes: Bytes::Inflated { inflater, deflated },
            base: 0,
            end: u64::MAX,
            limit: u64::MAX,
        }
    }

    /// The bytes that have been read.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Memory(bytes) => bytes,
            Bytes::File { buffer, .. } => buffer.as_slice(),
            Bytes::Inflated { inflater, .. } => inflater.bytes(),
        }
    }

    /// The bytes that have been read, addressed by their offsets in the file.
    #[inline]
    pub(super) fn run(&self) -> Run<'_> {
        Run::new(self.bytes(), self.base)
    }

    /// The `N` bytes at `offset`; `None` if the data end before that. Reads on if it has to.
    ///
    /// # Errors
    ///
    /// As [`Window::extend_to`].
    #[inline(always)]
    pub(super) fn chunk<const N: usize>(&mut self, offset: u64) -> Result<Option<&[u8; N]>> {
        self.extend_to(offset.saturating_add(N as u64))?;
        Ok(self.run().chunk(offset))
    }

    /// Whether values have to be gone through to get past them: they cannot be stepped over.
    pub(super) fn is_sequential(&self) -> bool {
        matches!(self.bytes, Bytes::Inflated { .. })
    }

    /// Whether the bytes were deflated and ended before their last block did.
    pub(super) fn is_deflated_cut_short(&self) -> bool {
        matches!(&self.bytes, Bytes::Inflated { inflater, .. } if inflater.is_cut_short())
    }

    /// The bytes of a data set that was deflated, as far as it was inflated.
    pub(super) fn into_inflated(self) -> Option<Vec<u8>> {
        match self.bytes {
            Bytes::Inflated { inflater, .. } => Some(inflater.into_bytes()),
            _ => None,
        }
    }

    /// Where they start, in bytes from the start of the file.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Where the data end, in bytes from the start of the file; more than any offset while that is
    /// not known.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Whether the bytes up to `end` of the file have been read.
    #[inline]
    pub fn reaches(&self, end: u64) -> bool {
        end <= self.base + self.bytes().len() as u64
    }

    /// Reads on so that the window reaches `end`, or the end of the data.
    ///
    /// # Errors
    ///
    /// If the window would become longer than the limit, or the operating system refuses.
    #[inline]
    pub fn extend_to(&mut self, end: u64) -> Result<()> {
        // Asked twice for every element, and nearly always there.
        if self.reaches(end) { Ok(()) } else { self.grow(end.min(self.end)) }
    }

    fn grow(&mut self, end: u64) -> Result<()> {
        if self.reaches(end) {
            return Ok(());
        }
        let (base, limit) = (self.base, self.limit);
        if let Bytes::Inflated { inflater, deflated } = &mut self.bytes {
            let deflated = *deflated;
            inflater.extend_to(end, &|buffer, offset| deflated.read_at(buffer, offset))?;
            if inflater.is_done() {
                self.end = inflater.bytes().len() as u64;
            }
            return Ok(());
        }
        let Bytes::File { file, buffer, .. } = &mut self.bytes else { return Ok(()) };
        let have = buffer.as_slice().len() as u64;
        let wanted = (end - base).max(have * GROWTH).max(FIRST_READ).min(self.end - base);
        if end - base > limit {
            return Err(ErrorKind::HeaderTooLong { limit }.into());
        }
        let (from, length) =
            (usize::try_from(have).unwrap_or(usize::MAX), usize::try_from(wanted.min(limit)));
        buffer.resize(length.map_err(|_| ErrorKind::HeaderTooLong { limit })?)?;
        let rest = buffer.as_mut_slice().get_mut(from..).unwrap_or_default();
        let filled = file.read_at(rest, base + have)?;
        if filled < rest.len() {
            // Somebody has cut the file shorter since it was opened.
            buffer.resize(from + filled)?;
            self.end = base + (from + filled) as u64;
        }
        Ok(())
    }

    /// The 8 bytes at `offset`, if possible without making the window longer; `None` where the data
    /// end before.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub fn peek(&mut self, offset: u64) -> Result<Option<[u8; 8]>> {
        if self.is_sequential() {
            self.extend_to(offset.saturating_add(8))?;
        }
        if let Some(found) = self.run().chunk(offset) {
            return Ok(Some(*found));
        }
        match &self.bytes {
            Bytes::File { file, .. } if offset.saturating_add(8) <= self.end => {
                let mut found = [0; 8];
                let filled = file.read_at(&mut found, offset)?;
                Ok((filled == found.len()).then_some(found))
            }
            _ => Ok(None),
        }
    }

    /// The first bytes of a value, as many as a UID has at most: read again if the window has left
    /// them behind.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub(super) fn uid(&self, element: &Element) -> Result<Cow<'_, [u8]>> {
        let length = element.value_length.min(UID_LENGTH as u64);
        if let Some(found) = self.run().get(element.value_offset, length) {
            return Ok(Cow::Borrowed(found));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(UID_LENGTH)];
        let filled = self.read_at(&mut bytes, element.value_offset)?;
        bytes.truncate(filled);
        Ok(Cow::Owned(bytes))
    }

    /// Calls `look` with the bytes from `offset` to the end, some at a time, each time with
    /// `overlap` of the last ones before them, until it gives something. The window does not become
    /// longer, but for what was deflated.
    fn search<T>(
        &mut self,
        offset: u64,
        overlap: usize,
        mut look: impl FnMut(&[u8], u64) -> Option<T>,
    ) -> Result<Option<T>> {
        let (mut chunk, mut at) = (vec![0; FIRST_CHUNK], offset);
        loop {
            if self.is_sequential() {
                self.extend_to(at.saturating_add(chunk.len() as u64))?;
            }
            let filled = self.read_at(&mut chunk, at)?;
            let bytes = chunk.get(..filled).unwrap_or_default();
            if let Some(found) = look(bytes, at) {
                return Ok(Some(found));
            }
            if filled < chunk.len() {
                return Ok(None);
            }
            at = at.saturating_add((filled - overlap) as u64);
            chunk.resize((chunk.len() * 4).min(CHUNK), 0);
        }
    }

    /// Where these bytes first occur from `offset` on.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub fn find(&mut self, pattern: [u8; 4], offset: u64) -> Result<Option<u64>> {
        self.search(offset, pattern.len() - 1, |bytes, at| {
            let index = bytes.windows(pattern.len()).position(|window| window == pattern)?;
            Some(at.saturating_add(index as u64))
        })
    }

    /// The offset of the first byte from `offset` on that is not zero.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub fn find_other_than_zero(&mut self, offset: u64) -> Result<Option<u64>> {
        self.search(offset, 0, |bytes, at| {
            let index = bytes.iter().position(|byte| *byte != 0)?;
            Some(at.saturating_add(index as u64))
        })
    }

    /// Goes on at `offset`, which lies past the window; the bytes between are never read. `used`
    /// is how many bytes of the window are worth keeping.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub fn jump_to(&mut self, offset: u64, used: usize) -> Result<()> {
        if let Bytes::File { .. } = self.bytes {
            self.keep(used)?;
            if let Bytes::File { buffer, .. } = &mut self.bytes {
                buffer.resize(0)?;
            }
            self.base = offset;
        }
        self.extend_to(offset.saturating_add(1))
    }

    /// Hands the first `used` bytes of the window to whoever keeps segments.
    ///
    /// # Errors
    ///
    /// If there is no memory for them.
    pub fn keep(&mut self, used: usize) -> Result<()> {
        let base = self.base;
        if let Bytes::File { buffer, kept: Some(kept), .. } = &mut self.bytes {
            let bytes = buffer.as_slice().get(..used).unwrap_or(buffer.as_slice());
            kept.push(Segment { offset: base, bytes: copied(bytes)?.into() });
        }
        Ok(())
    }
}

impl ReadAt for Window<'_> {
    fn length(&self) -> u64 {
        self.end
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        if let Bytes::File { file, .. } = &self.bytes {
            return file.read_at(buffer, offset);
        }
        Ok(copy_into(buffer, self.run().from(offset).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;
