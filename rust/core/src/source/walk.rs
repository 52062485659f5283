//! Finding the files of a folder.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::given::{Given, Sources, given_at};
use super::patience::{Held, patiently};
use super::state::{FileState, file_states};
use crate::error::{Error, ErrorKind, Family, Result};
use crate::memory::{Cushion, has_room_for_a_thread, reserve};
use crate::workers::{TICK, Tick, Workers};

/// Files to go through, without a file twice because two folders lead to it.
#[derive(Debug, Default)]
pub struct FileList {
    /// First the files that the caller named, as often as they were named and in that order; then
    /// those found in folders, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// Those that are no paths, as [`Sources::given`] has them.
    pub given: Vec<Option<Given>>,
    /// How many were named.
    pub named_count: usize,
    /// Folders and links that could not be read.
    pub errors: Vec<Error>,
    /// Pipes, sockets and devices in folders, which are passed over.
    pub special_count: usize,
    /// A table lists those that were named: nobody has chosen them one by one.
    pub is_of_table: bool,
    /// Nobody has asked yet whether those that were named are files. Then one that cannot be read
    /// ends the work with its error: it may be a folder, or not be there.
    pub is_unasked: bool,
}

impl FileList {
    /// What was given as the file with this index; `None` if it is a path.
    #[inline]
    pub(crate) fn given(&self, index: usize) -> Option<&Given> {
        given_at(&self.given, index)
    }
}

impl FileList {
    /// Whether bytes of some have to be fetched.
    pub(crate) fn has_fetched(&self) -> bool {
        self.given.iter().flatten().any(|given| given.fetched().is_some())
    }
}

/// Adds the pipes, sockets and devices of folders to what was skipped.
pub(crate) fn add_special(skipped: &mut BTreeMap<String, usize>, count: usize) {
    if count > 0 {
        *skipped.entry("a pipe, socket or device".to_owned()).or_default() += count;
    }
}

/// From how many paths on it is worth not to ask what they are.
const MANY: usize = 64;

/// Calls `work` with the files that `sources`, files and folders and others, stand for. While they
/// are listed, `tick` is called with the entries of folders that were looked at.
///
/// Asking what a path is takes a third of the time of reading a header, and of many paths all are
/// files, nearly always. So `work` is called without asking first; if it fails it is called again,
/// from the start, with a list that was asked for.
///
/// # Errors
///
/// Those of [`list_files`] and of `work`.
pub fn with_files<T>(
    sources: &Sources,
    is_recursive: bool,
    workers: usize,
    tick: Tick<'_>,
    mut work: impl FnMut(FileList, Tick<'_>) -> Result<T>,
) -> Result<T> {
    let paths = &sources.names;
    if !sources.given.is_empty() {
        return work(list_sources(sources, is_recursive, workers, &mut *tick)?, tick);
    }
    let _cushion = Cushion::for_files(paths.len())?;
    if paths.len() >= MANY {
        let (files, named_count) = (paths.to_vec(), paths.len());
        match work(
            FileList { files, named_count, is_unasked: true, ..FileList::default() },
            &mut *tick,
        ) {
            Err(error) if error.family() != Family::Cancelled && !error.is_of_machine() => {}
            done => return done,
        }
    }
    let files = list_files(paths, is_recursive, workers, &mut *tick)?;
    work(files, tick)
}

/// Lists the files that `sources` stand for, those that are no paths among them: first what the
/// caller has named, then what was found in archives, then what is found in folders.
fn list_sources(
    sources: &Sources,
    is_recursive: bool,
    workers: usize,
    tick: Tick<'_>,
) -> Result<FileList> {
    let mut list = FileList::default();
    let (mut found, mut roots) = (Vec::new(), Vec::new());
    let mut pulse = Pulse::new(tick);
    for (index, name) in sources.names.iter().enumerate() {
        let given = given_at(&sources.given, index);
        match given {
            Some(given) if !given.is_named => found.push((name.clone(), Some(given.clone()))),
            None if is_folder(name)? => roots.push(name.clone()),
            _ => {
                list.files.push(name.clone());
                list.given.push(given.cloned());
            }
        }
        pulse.beat(0)?;
    }
    list.named_count = list.files.len();
    let (names, given): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    list.files.extend(names);
    list.given.extend(given);
    if !roots.is_empty() {
        let below = list_files(&roots, is_recursive, workers, pulse.tick)?;
        let named: HashSet<&PathBuf> = list.files.iter().collect();
        let rest: Vec<_> = below.files.into_iter().filter(|path| !named.contains(path)).collect();
        list.files.extend(rest);
        (list.errors, list.special_count) = (below.errors, below.special_count);
    }
    Ok(list)
}

fn is_folder(path: &Path) -> Result<bool> {
    let metadata = patiently(|| fs::metadata(path));
    Ok(metadata.map_err(|error| Error::from(error).in_file(path))?.is_dir())
}

/// Lists the files that `paths`, files and folders, stand for. `tick` is called with the entries of
/// folders that were looked at.
///
/// # Errors
///
/// If one of `paths` does not exist or is a folder that cannot be read, `tick` returns `false`, or
/// the machine fails (a disk, or no descriptors).
pub fn list_files(
    paths: &[PathBuf],
    is_recursive: bool,
    workers: usize,
    tick: Tick<'_>,
) -> Result<FileList> {
    let mut pulse = Pulse::new(tick);
    let (mut files, mut roots) = (Vec::new(), Vec::new());
    for path in paths {
        let metadata =
            patiently(|| fs::metadata(path)).map_err(|error| Error::from(error).in_file(path))?;
        if metadata.is_dir() { &mut roots } else { &mut files }.push(path.clone());
        pulse.beat(0)?;
    }
    let named_count = files.len();
    if roots.is_empty() {
        return Ok(FileList { files, named_count, ..FileList::default() });
    }
    let Found { files: mut found, errors, special_count } =
        walk(&roots, is_recursive, workers, pulse.tick)?;
    if named_count == 0 {
        return Ok(FileList {
            files: found,
            named_count,
            errors,
            special_count,
            ..FileList::default()
        });
    }
    let named: HashSet<&PathBuf> = files.iter().collect();
    found.retain(|path| !named.contains(path));
    files.append(&mut found);
    Ok(FileList { files, named_count, errors, special_count, ..FileList::default() })
}

/// Lists the files that `sources` stand for, each with its state: `None` if it has gone since, or
/// nobody knows.
///
/// # Errors
///
/// As [`list_files`].
pub(crate) fn list_states(
    sources: &Sources,
    is_recursive: bool,
    workers: Workers,
    tick: Tick<'_>,
) -> Result<(FileList, Vec<Option<FileState>>)> {
    let paths = &sources.names;
    if !sources.given.is_empty() {
        let list = list_sources(sources, is_recursive, workers.count(), &mut *tick)?;
        let mut states = file_states(&list.files, workers, tick)?;
        for (state, given) in states.iter_mut().zip(&list.given) {
            if let Some(given) = given {
                *state = given.state;
            }
        }
        return Ok((list, states));
    }
    if paths.len() >= MANY {
        // Of many paths nearly always all are files, whose states are all that is to be asked.
        let states = file_states(paths, workers, &mut *tick)?;
        if states.iter().all(Option::is_some) {
            let list =
                FileList { files: paths.to_vec(), named_count: paths.len(), ..FileList::default() };
            return Ok((list, states));
        }
    }
    let list = list_files(paths, is_recursive, workers.count(), &mut *tick)?;
    let states = file_states(&list.files, workers, tick)?;
    Ok((list, states))
}

/// Calls a [`Tick`] when it is due.
struct Pulse<'a> {
    tick: Tick<'a>,
    last: Instant,
}

impl<'a> Pulse<'a> {
    fn new(tick: Tick<'a>) -> Pulse<'a> {
        Pulse { tick, last: Instant::now() }
    }

    fn beat(&mut self, count: usize) -> Result<()> {
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
#[derive(Default)]
struct Found {
    /// In the order of their paths.
    files: Vec<PathBuf>,
    /// Folders and links that could not be read.
    errors: Vec<Error>,
    /// Pipes, sockets and devices.
    special_count: usize,
}

#[derive(Default)]
struct State {
    pending: Vec<PathBuf>,
    busy: usize,
    visited: HashSet<PathBuf>,
    /// The files of each folder, in the order of their paths.
    lists: Vec<Vec<PathBuf>>,
    errors: Vec<Error>,
    special_count: usize,
}

struct Shared {
    state: Mutex<State>,
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
/// It fails if a root cannot be read, `tick` said to stop, or the machine failed; folders and links
/// further down that cannot be read are in [`Found::errors`].
fn walk(roots: &[PathBuf], is_recursive: bool, workers: usize, tick: Tick<'_>) -> Result<Found> {
    let mut state = State::default();
    for root in roots {
        let in_root = |error| Error::from(error).in_file(root);
        let identity = patiently(|| fs::canonicalize(root)).map_err(in_root)?;
        patiently(|| fs::read_dir(root)).map_err(in_root)?;
        if state.visited.insert(identity) {
            state.pending.push(root.clone());
        }
    }
    let shared = Shared {
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
    let State { lists, mut errors, special_count, .. } = state;
    result?;
    match errors.iter().position(Error::is_of_machine) {
        Some(index) => Err(errors.swap_remove(index)),
        None => {
            // Folders end in any order.
            let path = |error: &Error| error.path().map(Path::to_path_buf).unwrap_or_default();
            errors.sort_by(|one, other| order(&path(one), &path(other)));
            Ok(Found { files: joined(lists)?, errors, special_count })
        }
    }
}

/// How paths are sorted. As bytes: component by component it takes several times as long.
fn order<P: AsRef<Path>>(one: &P, other: &P) -> Ordering {
    one.as_ref().as_os_str().cmp(other.as_ref().as_os_str())
}

/// The files of several folders, in the order of their paths.
fn joined(mut lists: Vec<Vec<PathBuf>>) -> Result<Vec<PathBuf>> {
    lists.sort_unstable_by(|one, other| match (one.first(), other.first()) {
        (Some(one), Some(other)) => order(one, other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    });
    let mut files = Vec::new();
    reserve(&mut files, lists.iter().map(Vec::len).sum())?;
    files.extend(lists.into_iter().flatten());
    // Only where folders lie beside files.
    if !files.is_sorted_by(|one, other| order(one, other).is_le()) {
        files.sort_unstable_by(order);
    }
    Ok(files)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists folders until there are none left, or it is stopped. `beat` is called now and then, also
/// while it waits.
fn work(shared: &Shared, is_recursive: bool, beat: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    let mut state = lock(&shared.state);
    loop {
        if shared.is_stopped.load(Relaxed) {
            return Ok(());
        } else if let Some(folder) = state.pending.pop() {
            state.busy += 1;
            drop(state);
            let mut listing = Listing::default();
            let is_heard = list(&folder, is_recursive, &mut listing, &mut || {
                shared.entry_count.fetch_add(1, Relaxed);
                beat()?;
                Ok(!shared.is_stopped.load(Relaxed))
            });
            listing.files.sort_unstable_by(order);
            state = lock(&shared.state);
            state.busy -= 1;
            reserve(&mut state.lists, 1)?;
            state.lists.push(listing.files);
            state.errors.append(&mut listing.errors);
            state.special_count += listing.special_count;
            for (identity, folder) in listing.folders {
                if state.visited.insert(identity) {
                    state.pending.push(folder);
                }
            }
            shared.changed.notify_all();
            is_heard?;
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

#[derive(Default)]
struct Listing {
    files: Vec<PathBuf>,
    folders: Vec<(PathBuf, PathBuf)>,
    errors: Vec<Error>,
    special_count: usize,
}

impl Listing {
    fn add(&mut self, entry: &fs::DirEntry, is_recursive: bool) -> io::Result<()> {
        let path = entry.path();
        // The listing itself knows the type on common file systems; only links cost a call more.
        let mut kind = entry.file_type()?;
        if kind.is_symlink() {
            kind = patiently(|| fs::metadata(&path))?.file_type();
        }
        if kind.is_file() {
            self.files.push(path);
        } else if kind.is_dir() {
            if is_recursive {
                self.folders.push((patiently(|| fs::canonicalize(&path))?, path));
            }
        } else {
            self.special_count += 1;
        }
        Ok(())
    }
}

/// Lists one folder, asking after each entry whether to go on.
fn list(
    folder: &Path,
    is_recursive: bool,
    listing: &mut Listing,
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
