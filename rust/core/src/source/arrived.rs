//! A file that came whole before anybody asked for part of it, and what was made of it meanwhile.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::file::SharedBytes;

/// All bytes of a file, and frames of it that were decoded while others were still under way.
pub struct Arrived {
    bytes: SharedBytes,
    /// Stored values by the index of the frame.
    frames: Mutex<BTreeMap<u64, Vec<u8>>>,
}

impl Arrived {
    /// A file with these bytes, of which nothing is decoded.
    pub fn new(bytes: SharedBytes) -> Arrived {
        Arrived { bytes, frames: Mutex::default() }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &SharedBytes {
        &self.bytes
    }

    /// Keeps the stored values of a frame for the one who wants it first.
    pub(crate) fn keep_frame(&self, index: u64, stored: Vec<u8>) {
        self.frames().insert(index, stored);
    }

    /// The stored values of a frame that was decoded; the second to ask decodes it.
    pub(crate) fn take_frame(&self, index: u64) -> Option<Vec<u8>> {
        self.frames().remove(&index)
    }

    fn frames(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<u8>>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
