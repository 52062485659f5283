//! Memory for many files that come one after the other.

use std::ops::Range;
use std::sync::Arc;

use super::file::SharedBytes;
use super::map::AnonymousMap;
use crate::error::Result;

/// Bytes that are asked for at a time, in pages of 2 MB. To touch memory for the first time in
/// pages of 4 KB takes four times as long as filling it.
const CHUNK: usize = 4 << 20;

/// Memory that is filled with one file after the other. A chunk of it is freed with the last of its
/// files.
#[derive(Default)]
pub struct Arena {
    chunk: Option<AnonymousMap>,
    /// The files in this chunk that are whole, and where the next one ends so far.
    files: Vec<Range<usize>>,
    end: usize,
    /// Where the file that was started ends at most.
    limit: usize,
    /// Files of chunks that are full.
    ready: Vec<SharedBytes>,
}

/// A file in a chunk that nobody writes any more.
struct InChunk {
    chunk: Arc<AnonymousMap>,
    range: Range<usize>,
}

impl AsRef<[u8]> for InChunk {
    fn as_ref(&self) -> &[u8] {
        self.chunk.as_slice().get(self.range.clone()).unwrap_or_default()
    }
}

impl Arena {
    /// Starts a file; what of another is not finished is forgotten.
    ///
    /// # Errors
    ///
    /// If there is no memory for so many bytes.
    pub fn begin(&mut self, length: usize) -> Result<()> {
        self.end = self.start();
        self.limit = self.end;
        let room = self.chunk.as_ref().map_or(0, |chunk| chunk.as_slice().len());
        if self.chunk.is_none() || room - self.end < length {
            self.close();
            self.chunk = Some(AnonymousMap::new(length.max(CHUNK))?);
        }
        self.limit = self.end.saturating_add(length);
        Ok(())
    }

    /// Adds bytes to the file that was started. Returns `false`, and adds none, if it would be
    /// longer than [`Arena::begin`] made room for.
    pub fn write(&mut self, piece: &[u8]) -> bool {
        let end = self.end.saturating_add(piece.len());
        if end > self.limit {
            return false;
        }
        let target =
            self.chunk.as_mut().and_then(|chunk| chunk.as_mut_slice().get_mut(self.end..end));
        let Some(target) = target else { return false };
        target.copy_from_slice(piece);
        self.end = end;
        true
    }

    /// The bytes of the file that was started, so far.
    pub fn begun(&self) -> &[u8] {
        let chunk = self.chunk.as_ref().map(AnonymousMap::as_slice).unwrap_or_default();
        chunk.get(self.start()..self.end).unwrap_or_default()
    }

    /// Ends a file.
    pub fn end(&mut self) {
        self.files.push(self.start()..self.end);
        self.limit = self.end;
    }

    /// The files of full chunks, which are no longer written.
    pub fn take_ready(&mut self) -> Vec<SharedBytes> {
        std::mem::take(&mut self.ready)
    }

    /// The files that are whole and were not taken before.
    pub fn take_all(&mut self) -> Vec<SharedBytes> {
        self.close();
        self.take_ready()
    }

    fn start(&self) -> usize {
        self.files.last().map_or(0, |file| file.end)
    }

    fn close(&mut self) {
        let Some(chunk) = self.chunk.take().map(Arc::new) else { return };
        let files = std::mem::take(&mut self.files).into_iter();
        (self.end, self.limit) = (0, 0);
        self.ready
            .extend(files.map(|range| {
                Arc::new(InChunk { chunk: Arc::clone(&chunk), range }) as SharedBytes
            }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_those_that_were_written() {
        let lengths = [3 << 20, 2 << 20, 0, 5 << 20, 7, 4 << 20];
        let mut arena = Arena::default();
        let mut found: Vec<SharedBytes> = Vec::new();
        for (number, length) in lengths.into_iter().enumerate() {
            let bytes = vec![number as u8 + 1; length];
            arena.begin(length).unwrap();
            assert!(bytes.chunks(100_000).all(|piece| arena.write(piece)));
            assert!(!arena.write(b"more"), "more than was said");
            assert!(arena.write(b""));
            assert_eq!(arena.begun(), bytes);
            arena.end();
            assert!(!arena.write(b"more"), "none is begun");
            found.extend(arena.take_ready());
            // One that is not finished.
            arena.begin(10).unwrap();
            assert!(arena.write(b"other"));
        }
        assert!(!found.is_empty());
        found.extend(arena.take_all());
        assert!(arena.take_all().is_empty());
        assert!(!arena.write(b"none is begun"));
        assert_eq!(found.len(), lengths.len());
        for (number, (bytes, length)) in found.iter().zip(lengths).enumerate() {
            assert_eq!((**bytes).as_ref(), vec![number as u8 + 1; length]);
        }
    }
}
