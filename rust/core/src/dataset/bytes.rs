//! The bytes that values are read from, kept or still in the file.

use std::borrow::Cow;
use std::sync::Arc;

use crate::cursor::Run;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{check_memory, filled, reserve};
use crate::parse::Segment;
use crate::source::{AlignedBuffer, Fetched, FileSource, OpenFile, ReadAt, SharedBytes, Source};

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
            (Source::Fetched(one), Source::Fetched(two)) => Arc::ptr_eq(one, two),
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
        check_memory()?;
        match self.find(offset, length)? {
            Found::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Found::Fetched(file) => fetched(file, offset, length).map(Cow::Owned),
            Found::File(file) => {
                let mut value = filled(checked_size(offset, length, file.length)?)?;
                let open = file.reopen()?;
                let read = open.read_exact_at(&mut value, offset);
                file.check_unchanged(&open)?;
                read.map_err(|error| error.in_file(&file.path))?;
                Ok(Cow::Owned(value))
            }
        }
    }

    /// The bytes of `runs`, each an offset and a length, one after the other.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or has been changed, or there is no memory for all.
    pub fn joined(&self, runs: &[(u64, u64)]) -> Result<Vec<u8>> {
        let open = OpenBytes::new(self)?;
        open.unless_changed(open.joined(runs))
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
            Source::Fetched(file) => Ok(Found::Fetched(file)),
            Source::Memory(bytes) => in_memory(bytes, offset, length).map(Found::Memory),
        }
    }
}

/// The same bytes where a buffer starts.
fn into<'b>(buffer: &'b mut AlignedBuffer, bytes: &[u8]) -> Result<&'b [u8]> {
    buffer.resize(bytes.len())?;
    buffer.as_mut_slice().copy_from_slice(bytes);
    Ok(buffer.as_slice())
}

/// Where bytes of a file are.
enum Found<'a> {
    Memory(&'a [u8]),
    File(&'a FileSource),
    Fetched(&'a Fetched),
}

/// Bytes that are fetched, all of them.
fn fetched(file: &Fetched, offset: u64, length: u64) -> Result<Vec<u8>> {
    let bytes = file.bytes(offset, length)?;
    if (bytes.len() as u64) < length {
        return Err(cut_short(offset, length, bytes.len() as u64));
    }
    Ok(bytes)
}

fn in_memory(bytes: &SharedBytes, offset: u64, length: u64) -> Result<&[u8]> {
    let bytes = (**bytes).as_ref();
    let available = (bytes.len() as u64).saturating_sub(offset);
    Run::new(bytes, 0).get(offset, length).ok_or_else(|| cut_short(offset, length, available))
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
    /// All bytes of a file, in memory.
    Memory(&'a SharedBytes),
    /// A file whose bytes are fetched.
    Fetched(Arc<Fetched>),
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
            Source::Memory(_) | Source::Fetched(_) => None,
        };
        Ok(OpenBytes::Kept(bytes, file))
    }

    /// What was `found` in the bytes, unless their file was changed while they were read: what
    /// looks like damage, or like a frame, may be what somebody writes meanwhile.
    ///
    /// # Errors
    ///
    /// If the file was changed; else that of `found`.
    pub fn unless_changed<T>(&self, found: Result<T>) -> Result<T> {
        if let OpenBytes::Kept(FileBytes { source: Source::File(source), .. }, Some(file)) = self {
            source.check_unchanged(file)?;
        }
        found
    }

    fn joined(&self, runs: &[(u64, u64)]) -> Result<Vec<u8>> {
        let (mut joined, mut buffer) = (Vec::new(), AlignedBuffer::default());
        for (offset, length) in runs {
            let bytes = self.get(*offset, *length, &mut buffer)?;
            reserve(&mut joined, bytes.len())?;
            joined.extend_from_slice(bytes);
        }
        Ok(joined)
    }

    /// Whether a read costs far more than the bytes.
    pub(crate) fn is_far(&self) -> bool {
        match self {
            OpenBytes::Fetched(_) => true,
            OpenBytes::Kept(bytes, _) => matches!(bytes.source, Source::Fetched(_)),
            OpenBytes::File(_) | OpenBytes::Memory(_) => false,
        }
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
            OpenBytes::Memory(bytes) => return in_memory(bytes, offset, length),
            OpenBytes::Fetched(file) => return into(buffer, &fetched(file, offset, length)?),
            OpenBytes::Kept(bytes, file) => match (bytes.find(offset, length)?, file) {
                (Found::Memory(kept), _) => return Ok(kept),
                (Found::Fetched(file), _) => return into(buffer, &fetched(file, offset, length)?),
                (Found::File(_), Some(file)) => file,
                (Found::File(_), None) => return Err(cut_short(offset, length, 0)),
            },
        };
        buffer.resize(checked_size(offset, length, file.length())?)?;
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A file that is deleted at the end.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str, bytes: &[u8]) -> Temporary {
            let name = format!("rapidicom-bytes-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, bytes).unwrap();
            Temporary(path)
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            std::fs::remove_file(&self.0).ok();
        }
    }

    fn memory(bytes: &[u8], segments: Vec<Segment>) -> FileBytes {
        FileBytes::new(Source::Memory(Arc::new(bytes.to_vec())), segments)
    }

    fn file(path: &std::path::Path, segments: Vec<Segment>) -> FileBytes {
        let (_, source) = OpenFile::open(path).unwrap();
        FileBytes::new(Source::File(Arc::new(source)), segments)
    }

    fn segment(offset: u64, bytes: &[u8]) -> Segment {
        Segment { offset, bytes: bytes.into() }
    }

    /// The kind of an error and its offset.
    fn what<T>(found: Result<T>) -> (String, Option<u64>) {
        let error = found.map(drop).unwrap_err();
        (format!("{:?}", error.kind()), error.offset())
    }

    fn cut_short_at(offset: u64, needed: u64, available: u64) -> (String, Option<u64>) {
        (format!("{:?}", ErrorKind::ValueCutShort { needed, available }), Some(offset))
    }

    /// The same bytes from memory and from a file, kept in part.
    fn each_source(test: impl Fn(&str, FileBytes)) {
        let bytes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let name = format!("each-{:?}", std::thread::current().id());
        let on_disk = Temporary::new(&name, &bytes);
        test("memory", memory(&bytes, vec![]));
        test("a file", file(&on_disk.0, vec![]));
        let kept = vec![segment(0, &bytes[..2]), segment(5, &bytes[5..7])];
        test("a file that is kept in part", file(&on_disk.0, kept));
    }

    #[test]
    fn bytes_are_the_same_from_every_source() {
        each_source(|name, bytes| {
            let open = OpenBytes::new(&bytes).unwrap();
            let mut buffer = AlignedBuffer::default();
            for (offset, length) in [(0, 10), (0, 2), (5, 2), (4, 3), (9, 1), (0, 0), (10, 0)] {
                let expected: Vec<u8> = (offset as u8..).take(length).collect();
                let found = bytes.get(offset, length as u64).unwrap();
                assert_eq!(*found, expected, "{name}: {length} bytes at {offset}");
                let found = open.get(offset, length as u64, &mut buffer).unwrap();
                assert_eq!(found, expected, "{name}, opened: {length} bytes at {offset}");
                let mut out = vec![99; length];
                open.read_exact_at(&mut out, offset).unwrap();
                assert_eq!(out, expected, "{name}, filled: {length} bytes at {offset}");
            }
        });
    }

    #[test]
    fn bytes_past_the_end_are_refused_before_memory_is_asked_for() {
        each_source(|name, bytes| {
            let open = OpenBytes::new(&bytes).unwrap();
            let mut buffer = AlignedBuffer::default();
            for (offset, length, available) in
                [(0, 11, 10), (8, 3, 2), (10, 1, 0), (11, 1, 0), (4, u64::MAX, 6)]
            {
                let expected = cut_short_at(offset, length, available);
                assert_eq!(what(bytes.get(offset, length)), expected, "{name}");
                assert_eq!(what(open.get(offset, length, &mut buffer)), expected, "{name}, opened");
            }
        });
    }

    #[test]
    fn what_was_read_counts_unless_the_file_was_changed_meanwhile() {
        let damage = || Err::<(), _>(Error::from(ErrorKind::Overwritten));
        let file_of = |name| Temporary::new(name, b"0123456789");
        type Change = fn(&std::path::Path);
        let table: [(&str, Change, bool); 4] = [
            ("untouched", |_| (), false),
            ("longer", |path| std::fs::write(path, b"0123456789+").unwrap(), true),
            ("shorter", |path| std::fs::write(path, b"01").unwrap(), true),
            (
                "of another time",
                |path| {
                    let file = std::fs::File::options().write(true).open(path).unwrap();
                    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
                },
                true,
            ),
        ];
        for (name, change, is_changed) in table {
            let on_disk = file_of(name);
            let bytes = file(&on_disk.0, vec![]);
            let open = OpenBytes::new(&bytes).unwrap();
            change(&on_disk.0);
            let expected = if is_changed { "FileChanged" } else { "Overwritten" };
            assert_eq!(what(open.unless_changed(damage())).0, expected, "{name}");
            assert_eq!(open.unless_changed(Ok(())).is_err(), is_changed, "{name}");
        }
        let kept = memory(b"0123", vec![]);
        assert!(OpenBytes::new(&kept).unwrap().unless_changed(Ok(())).is_ok());
    }

    #[test]
    fn runs_are_joined_in_the_order_asked_for() {
        each_source(|name, bytes| {
            let all = bytes.get(0, 8).unwrap().into_owned();
            let expected = [&all[6..8], &all[1..3], &all[..0], &all[1..3]].concat();
            let runs = [(6, 2), (1, 2), (0, 0), (1, 2)];
            assert_eq!(bytes.joined(&runs).unwrap(), expected, "{name}");
            assert_eq!(bytes.joined(&[]).unwrap(), [0; 0], "{name}");
            assert!(bytes.joined(&[(0, 1), (0, u64::MAX)]).is_err(), "{name}");
        });
    }

    #[test]
    fn what_is_in_memory_is_borrowed() {
        each_source(|name, bytes| {
            let is_borrowed =
                |offset, length| matches!(bytes.get(offset, length).unwrap(), Cow::Borrowed(_));
            assert!(is_borrowed(3, 0), "{name}: nothing");
            let is_memory = matches!(bytes.source(), Source::Memory(_));
            let is_kept = !bytes.segments().is_empty();
            assert_eq!(is_borrowed(5, 2), is_memory || is_kept, "{name}: kept");
            assert_eq!(is_borrowed(5, 3), is_memory, "{name}: kept in part");
        });
    }

    #[test]
    fn an_open_file_is_read_as_it_is() {
        let on_disk = Temporary::new("open", &[0, 1, 2, 3]);
        let open = OpenBytes::File(OpenFile::open(&on_disk.0).unwrap().0);
        let mut buffer = AlignedBuffer::default();
        assert_eq!(open.get(1, 3, &mut buffer).unwrap(), [1, 2, 3]);
        assert_eq!(what(open.get(1, 4, &mut buffer)), cut_short_at(1, 4, 3));
        let mut out = [9; 2];
        open.read_exact_at(&mut out, 2).unwrap();
        assert_eq!(out, [2, 3]);
        assert_eq!(what(open.read_exact_at(&mut out, 3)), cut_short_at(3, 2, 1));
    }

    #[test]
    fn kept_bytes_outlive_their_file() {
        let on_disk = Temporary::new("gone", &[0, 1, 2, 3]);
        let bytes = file(&on_disk.0, vec![segment(0, &[0, 1])]);
        std::fs::remove_file(&on_disk.0).unwrap();
        assert_eq!(*bytes.get(0, 2).unwrap(), [0, 1]);
        let error = bytes.get(1, 2).map(drop).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Io(_)), "{error}");
        assert_eq!(error.path(), Some(&*on_disk.0));
        assert!(OpenBytes::new(&bytes).is_err());
    }

    #[test]
    fn a_changed_file_is_refused() {
        let on_disk = Temporary::new("changed", &[0, 1, 2, 3]);
        let bytes = file(&on_disk.0, vec![]);
        std::fs::write(&on_disk.0, [0, 1, 2, 3, 4]).unwrap();
        for found in [bytes.get(0, 1).map(drop), OpenBytes::new(&bytes).map(drop)] {
            let error = found.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::FileChanged), "{error}");
            assert_eq!(error.path(), Some(&*on_disk.0));
        }
    }

    #[test]
    fn only_one_memory_is_the_same() {
        let shared: SharedBytes = Arc::new(vec![1, 2]);
        let of = |bytes: &SharedBytes| FileBytes::new(Source::Memory(Arc::clone(bytes)), vec![]);
        let (one, two, other) = (of(&shared), of(&shared), memory(&[1, 2], vec![]));
        assert!(one.is_same(&one) && one.is_same(&two) && !one.is_same(&other));
        let on_disk = Temporary::new("same", &[1, 2]);
        let (one, two) = (file(&on_disk.0, vec![]), file(&on_disk.0, vec![]));
        assert!(one.is_same(&one) && !one.is_same(&two) && !one.is_same(&other));
    }
}
