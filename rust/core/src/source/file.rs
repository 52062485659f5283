//! Files as they are opened, read at an offset, and opened again later.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fetched::Fetched;
use super::map::PrivateMap;
use super::patience::{Held, patiently};
use super::region::{Region, Runs, Summing};
use super::state::FileState;
use crate::error::{Error, ErrorKind, Result, note_change};

/// Bytes in memory that several owners share, such as a Python `bytes`.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Where a data set's bytes are.
#[derive(Clone)]
pub enum Source {
    /// A file, which is opened again when more of it is wanted: thousands of data sets keep no file
    /// open.
    File(Arc<FileSource>),
    /// Memory.
    Memory(SharedBytes),
    /// Somebody fetches them.
    Fetched(Arc<Fetched>),
}

/// A file as it was when it was first opened. What the file system or an earlier version does not
/// say is `None`, and not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSource {
    /// Its path as the caller gave it.
    pub path: PathBuf,
    /// Its size in bytes.
    pub length: u64,
    /// When its bytes were last changed: seconds and nanoseconds since 1970. Programs can set it.
    pub modified: (i64, i64),
    /// When its bytes, its name or its rights were last changed, likewise. No program can set it.
    pub changed: Option<(i64, i64)>,
    /// What the file system calls the file whatever its name (the inode).
    pub file_id: Option<u64>,
    /// The file system it is on, as this machine counts them: another may count otherwise.
    pub device: Option<u64>,
    /// The part of a file that this is, under a name of its own; its length is that part's. `None`
    /// for a whole file.
    pub region: Option<Box<Region>>,
}

impl Source {
    /// The path, if the bytes are a file's.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Source::File(file) => Some(&file.path),
            Source::Memory(_) | Source::Fetched(_) => None,
        }
    }
}

// Written by hand, so that no debug output shows bytes.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(file) => f.debug_tuple("File").field(&file.path).finish(),
            Source::Memory(_) => f.write_str("Memory"),
            Source::Fetched(_) => f.write_str("Fetched"),
        }
    }
}

impl FileSource {
    /// Opens the file again.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or is not what it was at the first opening: offsets that were found
    /// then would give other bytes now. A file that was only touched has another time, and may have
    /// other bytes as well.
    pub fn reopen(&self) -> Result<OpenFile> {
        let (file, now) = match &self.region {
            None => OpenFile::open(&self.path)?,
            Some(region) => OpenFile::open_region(&self.path, region)?,
        };
        self.check(&now)?;
        let has_sum = self.region.as_ref().is_some_and(|region| region.crc.is_some());
        Ok(OpenFile { summing: has_sum.then(Box::default), ..file })
    }

    /// Checks that the file as it is `now` is the one that this was.
    ///
    /// # Errors
    ///
    /// If it was changed.
    pub fn check(&self, now: &FileSource) -> Result<()> {
        match self.is_same(now) {
            true => Ok(()),
            false => Err(changed_meanwhile().in_file(&self.path)),
        }
    }

    /// Checks that `file`, which was opened by [`FileSource::reopen`], was not changed while it was
    /// read, and that a member of an archive is what was put there, if most of it was read.
    ///
    /// # Errors
    ///
    /// If it was, or is not.
    pub fn check_unchanged(&self, file: &OpenFile) -> Result<()> {
        let now = file.file.metadata().map_err(|error| Error::from(error).in_file(&self.path))?;
        let mut now = FileSource::new(&self.path, &now);
        if let Some(region) = &self.region {
            now.length = region.length_in(now.length);
        }
        self.check(&now)?;
        match (&self.region, &file.summing) {
            (Some(region), Some(_)) => {
                region.check(file.take_runs(), file).map_err(|error| error.in_file(&self.path))
            }
            _ => Ok(()),
        }
    }

    fn new(path: &Path, metadata: &Metadata) -> FileSource {
        FileSource {
            path: path.to_owned(),
            length: metadata.len(),
            modified: modified(metadata),
            changed: changed(metadata),
            file_id: file_id(metadata),
            device: device(metadata),
            region: None,
        }
    }

    fn is_same(&self, now: &FileSource) -> bool {
        fn agree<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
            one.zip(other).is_none_or(|(one, other)| one == other)
        }
        self.length == now.length
            && self.modified == now.modified
            && agree(self.changed, now.changed)
            && agree(self.file_id, now.file_id)
            && agree(self.device, now.device)
    }
}

/// Something that is read at an offset: an open file, or an object of the caller's.
pub trait ReadAt {
    /// Bytes in all.
    fn length(&self) -> u64;

    /// Fills as much of `buffer` as there is from `offset` on; returns how much that is.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize>;

    /// Whether a read costs far more than the bytes: a request over a network.
    fn is_far(&self) -> bool {
        false
    }
}

/// An open file, or part of one, and its size.
#[derive(Debug)]
pub struct OpenFile {
    file: File,
    /// Where it starts in the file.
    base: u64,
    length: u64,
    /// Bytes from `base` on that may be read: a file may have become longer, a part of one not.
    limit: u64,
    /// Of a part whose checksum is known, that of what is read.
    summing: Option<Box<Summing>>,
    _held: Held,
}

impl OpenFile {
    /// Opens a regular file for reading.
    ///
    /// # Errors
    ///
    /// If the operating system refuses, or the path is a folder, a pipe or a device.
    pub fn open(path: &Path) -> Result<(OpenFile, FileSource)> {
        let (file, metadata) = open_regular(path, path)?;
        let length = metadata.len();
        Ok((OpenFile::whole(file, length), FileSource::new(path, &metadata)))
    }

    /// Opens a part of a file, which errors name as `name`.
    ///
    /// # Errors
    ///
    /// As [`OpenFile::open`], of the file that it is part of; or if that was changed since the part
    /// was found in it.
    pub fn open_region(name: &Path, region: &Region) -> Result<(OpenFile, FileSource)> {
        let (file, metadata) = open_regular(&region.container, name)?;
        if region.state.is_some() && region.state != FileState::from_metadata(&metadata) {
            return Err(changed_meanwhile().in_file(name));
        }
        let length = region.length_in(metadata.len());
        let source = FileSource {
            length,
            region: Some(Box::new(region.clone())),
            ..FileSource::new(name, &metadata)
        };
        let open = OpenFile { base: region.offset, limit: length, ..OpenFile::whole(file, length) };
        Ok((open, source))
    }

    fn whole(file: File, length: u64) -> OpenFile {
        OpenFile { file, base: 0, length, limit: u64::MAX, summing: None, _held: Held::new() }
    }

    /// [`OpenFile::open`] of a file that is not opened again later.
    ///
    /// # Errors
    ///
    /// As [`OpenFile::open`].
    pub fn open_once(path: &Path) -> Result<OpenFile> {
        let (file, metadata) = open_regular(path, path)?;
        Ok(OpenFile::whole(file, metadata.len()))
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    ///
    /// If the file ends before, or the operating system refuses.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        let filled = self.read_at(buffer, offset)?;
        if filled < buffer.len() {
            let kind =
                ErrorKind::ValueCutShort { needed: buffer.len() as u64, available: filled as u64 };
            return Err(Error::from(kind).at_offset(offset));
        }
        Ok(())
    }

    /// Maps `length` bytes from `offset` on, copied on write.
    ///
    /// # Errors
    ///
    /// If the file is too short for them, or the operating system refuses.
    pub fn map(&self, offset: u64, length: usize) -> Result<PrivateMap> {
        let available = self.length.saturating_sub(offset);
        if length as u64 > available {
            return Err(ErrorKind::ValueCutShort { needed: length as u64, available }.into());
        }
        Ok(PrivateMap::new(&self.file, self.base.saturating_add(offset), length)?)
    }
}

impl ReadAt for OpenFile {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let filled = self.read_unsummed(buffer, offset)?;
        if let Some(summing) = &self.summing {
            let read = buffer.get(..filled).unwrap_or_default();
            summing.add(offset, read, |sum, end| self.lead(sum, end))?;
        }
        Ok(filled)
    }
}

impl OpenFile {
    /// The checksums of what was read, which start again.
    pub(crate) fn take_runs(&self) -> Runs {
        self.summing.as_ref().map(|summing| summing.take()).unwrap_or_default()
    }

    /// [`ReadAt::read_at`] without a checksum.
    pub(super) fn read_unsummed(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut filled = 0;
        let most = usize::try_from(self.limit.saturating_sub(offset)).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let start = self.base.saturating_add(offset);
        while let Some(rest) = buffer.get_mut(filled..most).filter(|rest| !rest.is_empty()) {
            match patiently(|| read_once(&self.file, rest, start + filled as u64))? {
                0 if offset + (filled as u64) < self.length => return Err(changed_meanwhile()),
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }
}

/// A file that is not what it was.
fn changed_meanwhile() -> Error {
    note_change();
    ErrorKind::FileChanged.into()
}

/// Opens the file at `path`, which errors name as `name`.
fn open_regular(path: &Path, name: &Path) -> Result<(File, Metadata)> {
    let open = || -> io::Result<(File, Metadata)> {
        let file = patiently(|| open_for_reading(path))?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok((file, metadata))
    };
    open().map_err(|error| Error::from(error).in_file(name))
}

fn open_for_reading(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // A pipe without a writer would block the open for ever; regular files do not know the flag.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

#[cfg(unix)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(unix)]
pub(super) fn changed(metadata: &Metadata) -> Option<(i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.ctime(), metadata.ctime_nsec()))
}

#[cfg(not(unix))]
pub(super) fn changed(_metadata: &Metadata) -> Option<(i64, i64)> {
    None
}

/// The inode.
#[cfg(unix)]
pub(super) fn file_id(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
pub(super) fn file_id(_metadata: &Metadata) -> Option<u64> {
    None
}

#[cfg(unix)]
fn device(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(metadata))
}

#[cfg(not(unix))]
fn device(_metadata: &Metadata) -> Option<u64> {
    None
}

/// When a file's bytes were last changed: seconds and nanoseconds since 1970.
#[cfg(unix)]
pub(super) fn modified(metadata: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.mtime(), metadata.mtime_nsec())
}

#[cfg(not(unix))]
pub(super) fn modified(metadata: &Metadata) -> (i64, i64) {
    let since =
        metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or((0, 0), |since| (since.as_secs() as i64, i64::from(since.subsec_nanos())))
}
