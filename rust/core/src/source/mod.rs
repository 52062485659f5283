//! The only door to the file system: [`file`] opens and reads, [`map`] maps, [`walk`] lists
//! folders, [`state`] tells changed files from others, [`patience`] asks the system again. [`given`]
//! has what a call was given beside paths.

mod aligned;
mod file;
mod given;
mod map;
mod patience;
mod state;
mod walk;

pub use aligned::AlignedBuffer;
pub(crate) use file::OpenFile;
pub use file::{FileSource, ReadAt, Region, SharedBytes, Source};
pub use given::{Given, Place, Sources};
pub(crate) use given::{Opened, given_at};
pub use map::PrivateMap;
pub use state::FileState;
pub(crate) use walk::FileList;
pub(crate) use walk::{add_special, list_states};
pub use walk::{list_files, with_files};
