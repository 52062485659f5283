//! The only door to the file system: [`file`] opens and reads, [`map`] maps, [`walk`] lists folders.

mod aligned;
mod file;
mod map;
mod walk;

pub use aligned::AlignedBuffer;
pub use file::{FileSource, OpenFile, ReadAt, SharedBytes, Source};
pub use map::PrivateMap;
pub use walk::{FileList, list_files, with_files};
