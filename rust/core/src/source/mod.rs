//! The only door to the file system: [`file`] opens and reads, [`map`] maps, [`walk`] lists
//! folders, [`state`] tells changed files from others.

mod aligned;
mod file;
mod map;
mod state;
mod walk;

pub use aligned::AlignedBuffer;
pub use file::{FileSource, OpenFile, ReadAt, SharedBytes, Source};
pub use map::PrivateMap;
pub use state::FileState;
pub(crate) use walk::list_states;
pub use walk::{FileList, list_files, with_files};
