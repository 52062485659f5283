//! The bytes behind a data set, kept or still in the file.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::parse::Segment;
use crate::source::{AlignedBuffer, OpenFile, ReadAt, Source};

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
        if length == 0 {
            return Ok(Cow::Borrowed(&[]));
        }
        if let Some(kept) = self.segments.iter().find_map(|segment| segment.get(offset, length)) {
            return Ok(Cow::Borrowed(kept));
        }
        let cut_short = |available| {
            Error::from(ErrorKind::ValueCutShort { needed: length, available }).at_offset(offset)
        };
        match &self.source {
            Source::Memory(bytes) => {
                let bytes = (**bytes).as_ref();
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
                let available = (bytes.len() as u64).saturating_sub(offset);
                bytes.get(start..end).map(Cow::Borrowed).ok_or_else(|| cut_short(available))
            }
            Source::File(file) => {
                let available = file.length.saturating_sub(offset);
                let mut value = match usize::try_from(length) {
                    Ok(size) if length <= available => vec![0; size],
                    _ => return Err(cut_short(available)),
                };
                file.reopen()?
                    .read_exact_at(&mut value, offset)
                    .map_err(|error| error.in_file(&file.path))?;
                Ok(Cow::Owned(value))
            }
        }
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
        let cut_short = |available| {
            Error::from(ErrorKind::ValueCutShort { needed: length, available }).at_offset(offset)
        };
        let file = match self {
            OpenBytes::File(file) => file,
            OpenBytes::Kept(bytes, Some(file)) => {
                match bytes.segments.iter().find_map(|kept| kept.get(offset, length)) {
                    Some(kept) => return Ok(kept),
                    None => file,
                }
            }
            OpenBytes::Kept(bytes, None) => {
                // Nothing is read from a file: what is asked for is borrowed.
                return match bytes.get(offset, length)? {
                    Cow::Borrowed(kept) => Ok(kept),
                    Cow::Owned(_) => Err(cut_short(0)),
                };
            }
        };
        let available = file.length().saturating_sub(offset);
        // Before memory is asked for.
        let size = usize::try_from(length)
            .ok()
            .filter(|_| length <= available)
            .ok_or_else(|| cut_short(available))?;
        buffer.resize(size);
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
