//! The only door to the file system: [`file`] opens and reads, [`map`] maps, [`listing`] finds the
//! files of sources and [`walk`] those of folders, [`state`] tells changed files from others,
//! [`patience`] asks the system again, [`region`] has members of archives.
//! [`given`] has what a call was given beside paths, [`fetched`] files whose bytes Python fetches,
//! [`arrived`] those that came by themselves, [`arena`] memory for them, and [`rounds`] the work on
//! many of these.

mod aligned;
mod arena;
mod arrived;
mod fetched;
mod file;
mod given;
mod listing;
mod map;
mod patience;
mod region;
mod rounds;
mod state;
mod walk;

pub use aligned::AlignedBuffer;
pub use arena::Arena;
pub use arrived::Arrived;
pub(crate) use fetched::FIRST_FETCH;
pub use fetched::{Fetch, Fetched, FileRange};
pub(crate) use file::OpenFile;
pub use file::{FileSource, ReadAt, SharedBytes, Source};
pub use given::{Given, Place, Sources};
pub(crate) use given::{Opened, given_at};
pub(crate) use listing::FileList;
pub(crate) use listing::{add_special, list_states};
pub use listing::{list_files, with_files};
pub use map::PrivateMap;
pub(crate) use region::SharedSum;
pub use region::{Region, crc32};
pub(crate) use rounds::{Needs, in_rounds};
pub use state::FileState;
