//! Going through folders for their files.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::patience::{Held, patiently};
use super::state::Seen;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{has_room_for_a_thread, reserve};
use crate::workers::{TICK, Tick};

/// Files of a folder that the thread that lists it asks for as well. Others do that for the rest,
/// in parallel: a folder of a million has one listing.
const MOST_SEEN: usize = 4096;

/// Calls a [`Tick`] when it is due.
pub(super) struct Pulse<'a> {
    pub tick: Tick<'a>,
    last: Instant,
}

impl<'a> Pulse<'a> {
    pub(super) fn new(tick: Tick<'a>) -> Pulse<'a> {
        Pulse { tick, last: Instant::now() }
    }

    pub(super) fn beat(&mut self, count: usize) -> Result<()> {
        if self.last.elapsed() >= TICK {
            self.last = Instant::now();
            if !(self.tick)(count) {
                return Err(ErrorKind::Cancelled.into());
            }
        }
        Ok(())
    }
}

/// What a walk found.
pub(super) struct Found<S> {
    /// In the order of their paths.
    pub files: Vec<PathBuf>,
    /// What was seen of each.
    pub seen: Vec<S>,
    /// Folders and links that could not be read.
    pub errors: Vec<Error>,
    /// Pipes, sockets and devices.
    pub special_count: usize,
}

/// The files of a folder, in the order of their paths.
type Files<S> = Vec<(PathBuf, S)>;

/// A folder that was found in another.
struct Subfolder {
    /// Its path without links: the same whatever way led to it.
    identity: PathBuf,
    /// The way that led to it.
    path: PathBuf,
}

struct State<S> {
    pending: Vec<PathBuf>,
    /// Folders of the level below, if folders are listed level by level.
    below: Vec<Subfolder>,
    busy: usize,
    visited: HashSet<PathBuf>,
    /// A folder was reached twice, other than by a root that lies in another.
    is_ambiguous: bool,
    lists: Vec<Files<S>>,
    errors: Vec<Error>,
    special_count: usize,
}

struct Shared<S> {
    state: Mutex<State<S>>,
    /// Folders that are there whatever way is found first.
    roots: HashSet<PathBuf>,
    is_by_level: bool,
    changed: Condvar,
    is_stopped: AtomicBool,
    /// Of all folders, for those who watch.
    entry_count: AtomicUsize,
}

/// Lists the files below each of `roots`: a folder's own files, and those of its folders if
/// `is_recursive`.
///
/// Links are followed; a folder that is reached twice, through links or because one root lies in
/// another, is listed once, so that loops end. Pipes, sockets and devices are passed over and
/// counted.
///
/// Of several ways to a folder the one through the fewest folders counts, and of these the first in
/// the order of paths. Threads find them in any order: where there are several ways, all folders
/// are listed a second time, by one thread, level by level.
///
/// It fails if a root cannot be read, `tick` said to stop, or the machine failed; folders and links
/// further down that cannot be read are in [`Found::errors`].
pub(super) fn walk<S: Seen>(
    roots: &[PathBuf],
    is_recursive: bool,
    workers: usize,
    tick: Tick<'_>,
) -> Result<Found<S>> {
    let (found, is_ambiguous) = walk_once(roots, is_recursive, workers, false, &mut *tick)?;
    if is_ambiguous { Ok(walk_once(roots, is_recursive, 1, true, tick)?.0) } else { Ok(found) }
}

/// [`walk`], and whether there are several ways to a folder, of which any was taken unless it
/// `is_by_level`.
fn walk_once<S: Seen>(
    roots: &[PathBuf],
    is_recursive: bool,
    workers: usize,
    is_by_level: bool,
    tick: Tick<'_>,
) -> Result<(Found<S>, bool)> {
    let mut state = State::new();
    for root in roots {
        let in_root = |error| Error::from(error).in_file(root);
        let identity = patiently(|| fs::canonicalize(root)).map_err(in_root)?;
        patiently(|| fs::read_dir(root)).map_err(in_root)?;
        if state.visited.insert(identity) {
            state.pending.push(root.clone());
        }
    }
    let shared = Shared {
        roots: state.visited.clone(),
        is_by_level,
        state: Mutex::new(state),
        changed: Condvar::new(),
        is_stopped: AtomicBool::new(false),
        entry_count: AtomicUsize::new(0),
    };
    let mut pulse = Pulse::new(tick);
    let result = thread::scope(|scope| {
        // A flat folder has nothing to share out, so helpers start only when there is more than
        // one.
        let helpers = if is_recursive { workers.saturating_sub(1) } else { 0 };
        for _ in 0..helpers {
            let help = || work(&shared, is_recursive, &mut || Ok(()));
            // Without helpers the walk takes longer and finds the same.
            if !has_room_for_a_thread() || thread::Builder::new().spawn_scoped(scope, help).is_err()
            {
                break;
            }
        }
        let result =
            work(&shared, is_recursive, &mut || pulse.beat(shared.entry_count.load(Relaxed)));
        shared.is_stopped.store(true, Relaxed);
        result
    });
    let state = shared.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    let State { lists, mut errors, special_count, is_ambiguous, .. } = state;
    result?;
    match errors.iter().position(Error::is_of_machine) {
        Some(index) => Err(errors.swap_remove(index)),
        None => {
            // Folders end in any order.
            let path = |error: &Error| error.path().map(Path::to_path_buf).unwrap_or_default();
            errors.sort_by(|one, other| order(&path(one), &path(other)));
            let (files, seen) = joined(lists)?;
            Ok((Found { files, seen, errors, special_count }, is_ambiguous))
        }
    }
}

/// How paths are sorted. As bytes: component by component it takes several times as long.
fn order<P: AsRef<Path>>(one: &P, other: &P) -> Ordering {
    one.as_ref().as_os_str().cmp(other.as_ref().as_os_str())
}

/// The files of several folders, in the order of their paths.
fn joined<S>(mut lists: Vec<Files<S>>) -> Result<(Vec<PathBuf>, Vec<S>)> {
    lists.sort_unstable_by(|one, other| match (one.first(), other.first()) {
        (Some((one, _)), Some((other, _))) => order(one, other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    });
    let count = lists.iter().map(Vec::len).sum();
    let (mut files, mut seen) = (Vec::new(), Vec::new());
    reserve(&mut files, count)?;
    reserve(&mut seen, count)?;
    let paths = lists.iter().flatten().map(|(path, _)| path);
    if paths.is_sorted_by(|one, other| order(one, other).is_le()) {
        for (path, sight) in lists.into_iter().flatten() {
            files.push(path);
            seen.push(sight);
        }
        return Ok((files, seen));
    }
    // Only where folders lie beside files.
    let mut all = Vec::new();
    reserve(&mut all, count)?;
    all.extend(lists.into_iter().flatten());
    all.sort_unstable_by(|(one, _), (other, _)| order(one, other));
    for (path, sight) in all {
        files.push(path);
        seen.push(sight);
    }
    Ok((files, seen))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists folders until there are none left, or it is stopped. `beat` is called now and then, also
/// while it waits.
fn work<S: Seen>(
    shared: &Shared<S>,
    is_recursive: bool,
    beat: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let mut state = lock(&shared.state);
    loop {
        if shared.is_stopped.load(Relaxed) {
            return Ok(());
        } else if let Some(folder) = state.pending.pop() {
            state.busy += 1;
            drop(state);
            let mut listing = Listing::new();
            let is_heard = list(&folder, is_recursive, &mut listing, &mut || {
                shared.entry_count.fetch_add(1, Relaxed);
                beat()?;
                Ok(!shared.is_stopped.load(Relaxed))
            });
            listing.sort(&folder);
            state = lock(&shared.state);
            state.busy -= 1;
            reserve(&mut state.lists, 1)?;
            state.lists.push(listing.files);
            state.errors.append(&mut listing.errors);
            state.special_count += listing.special_count;
            state.add(listing.folders, shared);
            shared.changed.notify_all();
            is_heard?;
        } else if !state.below.is_empty() && state.busy == 0 {
            state.descend();
        } else if state.busy == 0 {
            shared.changed.notify_all();
            return Ok(());
        } else {
            (state, _) =
                shared.changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
            beat()?;
        }
    }
}

impl<S> State<S> {
    fn new() -> State<S> {
        State {
            pending: Vec::new(),
            below: Vec::new(),
            busy: 0,
            visited: HashSet::new(),
            is_ambiguous: false,
            lists: Vec::new(),
            errors: Vec::new(),
            special_count: 0,
        }
    }

    /// Adds folders that were found in another.
    fn add(&mut self, mut folders: Vec<Subfolder>, shared: &Shared<S>) {
        if shared.is_by_level {
            self.below.append(&mut folders);
            return;
        }
        for Subfolder { identity, path } in folders {
            let is_root = shared.roots.contains(&identity);
            if self.visited.insert(identity) {
                self.pending.push(path);
            } else {
                self.is_ambiguous |= !is_root;
            }
        }
    }

    /// Goes on with the level below.
    fn descend(&mut self) {
        let mut below = std::mem::take(&mut self.below);
        below.sort_unstable_by(|one, other| order(&one.path, &other.path));
        for Subfolder { identity, path } in below {
            if self.visited.insert(identity) {
                self.pending.push(path);
            }
        }
    }
}

struct Listing<S> {
    files: Files<S>,
    folders: Vec<Subfolder>,
    errors: Vec<Error>,
    special_count: usize,
}

impl<S: Seen> Listing<S> {
    fn new() -> Listing<S> {
        Listing { files: Vec::new(), folders: Vec::new(), errors: Vec::new(), special_count: 0 }
    }

    fn add(&mut self, entry: &fs::DirEntry, is_recursive: bool) -> io::Result<()> {
        let path = entry.path();
        // The listing itself knows the type on common file systems; only links cost a call more.
        let mut kind = entry.file_type()?;
        let mut followed = None;
        if kind.is_symlink() {
            let metadata = patiently(|| fs::metadata(&path))?;
            kind = metadata.file_type();
            followed = Some(metadata);
        }
        if kind.is_file() {
            // One thread lists a folder; several ask for the files of a large one.
            let sight = if self.files.len() < MOST_SEEN {
                S::of(|| followed.or_else(|| metadata_of(entry)))
            } else {
                S::NOT_YET
            };
            self.files.push((path, sight));
        } else if kind.is_dir() {
            if is_recursive {
                let identity = patiently(|| fs::canonicalize(&path))?;
                self.folders.push(Subfolder { identity, path });
            }
        } else {
            self.special_count += 1;
        }
        Ok(())
    }

    /// Puts the files into the order of their paths. All start with that of the folder.
    fn sort(&mut self, folder: &Path) {
        let start = folder.as_os_str().len();
        self.files.sort_unstable_by(|(one, _), (other, _)| {
            bytes_from(one, start).cmp(bytes_from(other, start))
        });
    }
}

fn bytes_from(path: &Path, start: usize) -> &[u8] {
    path.as_os_str().as_encoded_bytes().get(start..).unwrap_or_default()
}

/// Asks relative to the open folder, which spares the system the way there.
#[cfg(unix)]
fn metadata_of(entry: &fs::DirEntry) -> Option<fs::Metadata> {
    entry.metadata().ok()
}

/// What a listing of Windows says of a file can be older than what the file says.
#[cfg(not(unix))]
fn metadata_of(entry: &fs::DirEntry) -> Option<fs::Metadata> {
    fs::metadata(entry.path()).ok()
}

/// Lists one folder, asking after each entry whether to go on.
fn list<S: Seen>(
    folder: &Path,
    is_recursive: bool,
    listing: &mut Listing<S>,
    goes_on: &mut dyn FnMut() -> Result<bool>,
) -> Result<()> {
    let _held;
    let entries = match patiently(|| fs::read_dir(folder)) {
        Ok(entries) => {
            _held = Held::new();
            entries
        }
        Err(error) => {
            listing.errors.push(Error::from(error).in_file(folder));
            return Ok(());
        }
    };
    for entry in entries {
        reserve(&mut listing.files, 1)?;
        let added = match entry {
            Ok(entry) => listing
                .add(&entry, is_recursive)
                .map_err(|error| Error::from(error).in_file(&entry.path())),
            Err(error) => Err(Error::from(error).in_file(folder)),
        };
        listing.errors.extend(added.err());
        if !goes_on()? {
            return Ok(());
        }
    }
    Ok(())
}
