//! What tells a file that was changed from one that was not, without opening it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::file::{changed, file_id, modified};
use crate::error::Result;
use crate::workers::{Tick, Workers, for_each};

/// A regular file as a listing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileState {
    /// Its size in bytes.
    pub length: u64,
    /// When its bytes were last changed: nanoseconds since 1970. Programs can set it.
    pub modified_ns: i64,
    /// When its bytes, its name or its rights were last changed, likewise; 0 where the file system
    /// does not say. No program can set it, so it tells of bytes that were changed in place by one
    /// that set the other time back.
    pub changed_ns: i64,
    /// What the file system calls the file whatever its name (the inode); 0 where that is not
    /// known. Two files of one size and time that trade names are told apart by it.
    pub file_id: u64,
}

impl FileState {
    /// That of the file at `path`; `None` if there is none, or it is a folder, a pipe or a device.
    pub fn of(path: &Path) -> Option<FileState> {
        FileState::from_metadata(&fs::metadata(path).ok()?)
    }

    /// That of a file with these metadata, likewise.
    pub(super) fn from_metadata(metadata: &fs::Metadata) -> Option<FileState> {
        if !metadata.is_file() {
            return None;
        }
        let nanoseconds =
            |(seconds, rest): (i64, i64)| seconds.checked_mul(1_000_000_000)?.checked_add(rest);
        Some(FileState {
            length: metadata.len(),
            modified_ns: nanoseconds(modified(metadata))?,
            changed_ns: changed(metadata).map_or(Some(0), nanoseconds)?,
            file_id: file_id(metadata).unwrap_or(0),
        })
    }
}

/// What a listing looks at of each file.
pub(super) trait Seen: Send {
    /// Of a file that nobody has looked at.
    const NOT_YET: Self;

    /// Of one with these metadata, which are asked for only if they are wanted.
    fn of(metadata: impl FnOnce() -> Option<fs::Metadata>) -> Self;
}

/// Nothing is wanted but its path.
impl Seen for () {
    const NOT_YET: () = ();

    fn of(_metadata: impl FnOnce() -> Option<fs::Metadata>) {}
}

/// The state of a file of a listing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sight {
    NotYet,
    /// `None` where [`FileState::of`] has none.
    Is(Option<FileState>),
}

impl Seen for Sight {
    const NOT_YET: Sight = Sight::NotYet;

    fn of(metadata: impl FnOnce() -> Option<fs::Metadata>) -> Sight {
        Sight::Is(metadata().and_then(|metadata| FileState::from_metadata(&metadata)))
    }
}

/// Asks for the states of `paths` in parallel; the results are in their order.
///
/// # Errors
///
/// If `tick`, which is called with 0, returns `false`.
pub(crate) fn file_states(
    paths: &[PathBuf],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Vec<Option<FileState>>> {
    let found: Vec<OnceLock<Option<FileState>>> = paths.iter().map(|_| OnceLock::new()).collect();
    for_each(
        paths.len(),
        workers,
        &mut |_| tick(0),
        || (),
        |(), index| {
            if let (Some(path), Some(slot)) = (paths.get(index), found.get(index)) {
                slot.set(FileState::of(path)).ok();
            }
        },
    )?;
    Ok(found.into_iter().map(|slot| slot.into_inner().flatten()).collect())
}
