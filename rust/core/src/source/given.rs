//! What a call was given: paths, and other sources whose bytes lie in memory or in part of a file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fetched::Fetched;
use super::file::{OpenFile, ReadAt, SharedBytes, Source};
use super::region::Region;
use super::state::FileState;
use crate::error::{Error, ErrorKind, Family, Result};

/// What a call was given, in its order. Paths of files and folders cost no more than their names.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The path or the name of each.
    pub names: Vec<PathBuf>,
    /// Those that are no paths, each at the place of its name. Empty if all are paths; places at
    /// the end may be left out.
    pub given: Vec<Option<Given>>,
}

/// A source that is no path.
#[derive(Clone)]
pub struct Given {
    /// Where its bytes are.
    pub place: Place,
    /// Its number among what the caller passed, by which the caller finds it again.
    pub number: usize,
    /// Whether the caller has named it, rather than found it in an archive or a folder: then it has
    /// to be a DICOM file.
    pub is_named: bool,
    /// What tells it from what it is after a change, if the caller knows: the archive that it is a
    /// member of, or the version of an object.
    pub state: Option<FileState>,
    /// Whether fetching all of it compares a checksum. That of a region is known by the region.
    pub has_sum: bool,
}

/// Up to so many bytes, what is no DICOM file is read to its end to see whether it is damaged: a
/// slice is shorter.
const SLICE: u64 = 16 << 20;

/// Where the bytes of a source are.
#[derive(Clone)]
pub enum Place {
    /// In part of a file.
    Region(Region),
    /// In memory.
    Memory(SharedBytes),
    /// Where somebody fetches them.
    Fetched(Arc<Fetched>),
}

/// A source that is open for reading its header.
pub(crate) enum Opened {
    /// A file, or a part of one, and what it is.
    File(OpenFile, Source),
    /// Memory.
    Memory(SharedBytes),
    /// What is fetched.
    Fetched(Arc<Fetched>),
}

impl Opened {
    /// Opens the file at `path`, or what was `given` under that name.
    ///
    /// # Errors
    ///
    /// If the operating system refuses, or the path is a folder, a pipe or a device.
    pub(crate) fn new(path: &Path, given: Option<&Given>) -> Result<Opened> {
        let (file, source) = match given.map(|given| &given.place) {
            None => OpenFile::open(path)?,
            Some(Place::Region(region)) => OpenFile::open_region(path, region)?,
            Some(Place::Memory(bytes)) => return Ok(Opened::Memory(Arc::clone(bytes))),
            Some(Place::Fetched(file)) => return Ok(Opened::Fetched(Arc::clone(file))),
        };
        Ok(Opened::File(file, Source::File(Arc::new(source))))
    }
}

impl Given {
    /// Why its header cannot be read: `error`, unless it is not what was put into its archive.
    #[cold]
    pub(crate) fn reason(&self, error: Error) -> Error {
        self.check_after(&error).err().unwrap_or(error)
    }

    /// Compares the checksum, if it is known, of what has `error` in its header: whatever it turned
    /// into, a slice may be missing.
    ///
    /// # Errors
    ///
    /// If it is not what was put into its archive, or cannot be read.
    #[cold]
    pub(crate) fn check_after(&self, error: &Error) -> Result<()> {
        let is_about_bytes = !matches!(error.kind(), ErrorKind::Checksum | ErrorKind::Fetch(_))
            && matches!(error.family(), Family::Invalid | Family::Limit | Family::Unsupported);
        let most = match error.kind() {
            ErrorKind::NotDicom(_) => SLICE,
            _ => u64::MAX - 1,
        };
        match &self.place {
            Place::Region(region) if is_about_bytes && region.length <= most => {
                region.check_whole()
            }
            Place::Fetched(file) if is_about_bytes && self.has_sum && file.length() <= most => {
                file.fetch_whole()
            }
            _ => Ok(()),
        }
    }

    /// Compares the checksum of all of it, if it is known.
    ///
    /// # Errors
    ///
    /// If it is not what was put into its archive, or cannot be read.
    pub(crate) fn check_sum(&self) -> Result<()> {
        match &self.place {
            Place::Region(region) => region.check_whole(),
            Place::Fetched(file) if self.has_sum => file.fetch_whole(),
            _ => Ok(()),
        }
    }

    /// The file, if its bytes are fetched.
    pub(crate) fn fetched(&self) -> Option<&Fetched> {
        match &self.place {
            Place::Fetched(file) => Some(file),
            _ => None,
        }
    }
}

/// What was given under the name with this index.
pub(crate) fn given_at(given: &[Option<Given>], index: usize) -> Option<&Given> {
    given.get(index)?.as_ref()
}

// Written by hand, so that no debug output shows bytes.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("number", &self.number).finish_non_exhaustive()
    }
}
