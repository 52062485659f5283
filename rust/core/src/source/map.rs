//! Memory of maps: a part of a file that is copied on write, and pages of no file.

use std::fs::File;
use std::io;

use memmap2::{MmapMut, MmapOptions};

use crate::error::{ErrorKind, Result};

/// Bytes of a file, read when they are touched. Writing changes this map and never the file.
///
/// If another process cuts the file shorter while the map lives, touching the lost part ends this
/// process (SIGBUS); callers that cannot rule that out read instead of mapping.
#[derive(Debug)]
pub struct PrivateMap(MmapMut);

impl PrivateMap {
    /// Maps `length` bytes from `offset` on; the caller has checked that the file has them.
    #[allow(
        unsafe_code,
        reason = "a map has no safe constructor; benches/record says what it buys"
    )]
    pub(super) fn new(file: &File, offset: u64, length: usize) -> io::Result<PrivateMap> {
        let mut options = MmapOptions::new();
        options.offset(offset).len(length);
        // SAFETY: the caller has checked `offset + length` against the size of the open file, so
        // every page exists now. The map is private: no write of ours reaches the file. A write of
        // somebody else's may change bytes that have not been touched; they are pixel values, any
        // bit pattern of which is valid.
        unsafe { options.map_copy(file) }.map(PrivateMap)
    }

    /// The bytes, for handing to an owner that may write them.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Memory of its own, in large pages where the system has them.
pub(super) struct AnonymousMap(MmapMut);

impl AnonymousMap {
    /// Maps so many zeros.
    ///
    /// # Errors
    ///
    /// If there is no memory for them.
    pub(super) fn new(length: usize) -> Result<AnonymousMap> {
        let map = MmapMut::map_anon(length).map_err(|_| ErrorKind::NoMemory)?;
        // A wish: without it all is the same, and slower.
        #[cfg(target_os = "linux")]
        drop(map.advise(memmap2::Advice::HugePage));
        Ok(AnonymousMap(map))
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
