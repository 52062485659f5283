//! The only door to the file system: [`file`] opens and reads, [`map`] maps, [`walk`] lists
//! folders, [`state`] tells changed files from others, [`patience`] asks the system again.

mod aligned;
mod file;
mod map;
mod patience;
mod state;
mod walk;

pub use aligned::AlignedBuffer;
pub(crate) use file::OpenFile;
pub use file::{FileSource, ReadAt, SharedBytes, Source};
pub use map::PrivateMap;
pub use state::FileState;
pub(crate) use walk::FileList;
pub(crate) use walk::{add_special, list_states};
pub use walk::{list_files, with_files};
