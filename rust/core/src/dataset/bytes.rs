//! The bytes behind a data set, kept or still in the file.

use std::borrow::Cow;

use crate::cursor::Run;
use crate::error::{Error, ErrorKind, Result};
use crate::parse::Segment;
use crate::source::{AlignedBuffer, FileSource, OpenFile, ReadAt, Source};

/// The bytes of a file: those that are kept, and where to get the others.
pub struct FileBytes {
    source: Source,
    segments: Vec<Segment>,
}

impl FileBytes {
    /// Keeps `segments` of `source`.
    pub fn new(source: Source, segments: Vec<Segment>) -> FileBytes {
        FileBytes { source, segments }
    }

    /// Where the bytes are from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether both are one, or the same memory.
    pub fn is_same(&self, other: &FileBytes) -> bool {
        match (&self.source, &other.source) {
            _ if std::ptr::eq(self, other) => true,
            (Source::Memory(one), Source::Memory(two)) => {
                std::ptr::eq::<[u8]>((**one).as_ref(), (**two).as_ref())
            }
            _ => false,
        }
    }

    /// The runs of bytes that are kept.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// `length` bytes from `offset` of the file on: borrowed if they are in memory, else read from
    /// the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has been changed since.
    pub fn get(&self, offset: u64, length: u64) -> Result<Cow<'_, [u8]>> {
        match self.find(offset, length)? {
            Found::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Found::File(file) => {
                let mut value = vec![0; checked_size(offset, length, file.length)?];
                file.reopen()?
                    .read_exact_at(&mut value, offset)
                    .map_err(|error| error.in_file(&file.path))?;
                Ok(Cow::Owned(value))
            }
        }
    }

    /// Where these bytes are.
    fn find(&self, offset: u64, length: u64) -> Result<Found<'_>> {
        if length == 0 {
            return Ok(Found::Memory(&[]));
        }
        if let Some(kept) = self.segments.iter().find_map(|segment| segment.get(offset, length)) {
            return Ok(Found::Memory(kept));
        }
        match &self.source {
            Source::File(file) => Ok(Found::File(file)),
            Source::Memory(bytes) => {
                let bytes = (**bytes).as_ref();
                let found = Run::new(bytes, 0).get(offset, length);
                found.map(Found::Memory).ok_or_else(|| {
                    cut_short(offset, length, (bytes.len() as u64).saturating_sub(offset))
                })
            }
        }
    }
}

/// Where bytes of a file are.
enum Found<'a> {
    Memory(&'a [u8]),
    File(&'a FileSource),
}

fn cut_short(offset: u64, needed: u64, available: u64) -> Error {
    Error::from(ErrorKind::ValueCutShort { needed, available }).at_offset(offset)
}

/// The size of the memory that `length` bytes from `offset` on take, checked before it is asked for
/// against what a file of `file_length` bytes has.
fn checked_size(offset: u64, length: u64, file_length: u64) -> Result<usize> {
    let available = file_length.saturating_sub(offset);
    match usize::try_from(length) {
        Ok(size) if length <= available => Ok(size),
        _ => Err(cut_short(offset, length, available)),
    }
}

/// Bytes of which many runs are wanted: a file is opened once for all of them.
pub enum OpenBytes<'a> {
    /// A file that is open.
    File(OpenFile),
    /// What is kept, and the file for the rest.
    Kept(&'a FileBytes, Option<OpenFile>),
}

impl<'a> OpenBytes<'a> {
    /// Opens the file, if what is kept is not all there is.
    ///
    /// # Errors
    ///
    /// If the file is gone or has been changed.
    pub fn new(bytes: &'a FileBytes) -> Result<OpenBytes<'a>> {
        let file = match &bytes.source {
            Source::File(file) => Some(file.reopen()?),
            Source::Memory(_) => None,
        };
        Ok(OpenBytes::Kept(bytes, file))
    }

    /// `length` bytes from `offset` of the file on: as they are in memory, or read into `buffer`.
    ///
    /// # Errors
    ///
    /// If there are fewer, or the file cannot be read.
    pub fn get<'b>(
        &'b self,
        offset: u64,
        length: u64,
        buffer: &'b mut AlignedBuffer,
    ) -> Result<&'b [u8]> {
        let file = match self {
            OpenBytes::File(file) => file,
            OpenBytes::Kept(bytes, file) => match (bytes.find(offset, length)?, file) {
                (Found::Memory(kept), _) => return Ok(kept),
                (Found::File(_), Some(file)) => file,
                (Found::File(_), None) => return Err(cut_short(offset, length, 0)),
            },
        };
        buffer.resize(checked_size(offset, length, file.length())?);
        file.read_exact_at(buffer.as_mut_slice(), offset)?;
        Ok(buffer.as_slice())
    }

    /// Fills `out` from `offset` of the file on.
    ///
    /// # Errors
    ///
    /// If there are fewer bytes, or the file cannot be read.
    pub fn read_exact_at(&self, out: &mut [u8], offset: u64) -> Result<()> {
        if let OpenBytes::File(file) = self {
            return file.read_exact_at(out, offset);
        }
        let mut buffer = AlignedBuffer::default();
        out.copy_from_slice(self.get(offset, out.len() as u64, &mut buffer)?);
        Ok(())
    }
}
