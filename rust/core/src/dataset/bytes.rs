//! The bytes behind a data set, kept or still in the file.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::parse::Segment;
use crate::source::Source;

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

    /// The runs of bytes that are kept.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// `length` bytes from `offset` of the file on: borrowed if they are in memory, else read from the file.
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
        let cut_short =
            |available| Error::from(ErrorKind::ValueCutShort { needed: length, available }).at_offset(offset);
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
                file.reopen()?.read_exact_at(&mut value, offset).map_err(|error| error.in_file(&file.path))?;
                Ok(Cow::Owned(value))
            }
        }
    }
}
