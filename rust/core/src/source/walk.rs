//! Finding the files of a folder.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::workers::{TICK, Tick, Workers, for_each};

/// Files to go through, without a file twice because two folders lead to it.
#[derive(Debug, Default)]
pub struct FileList {
    /// First the files that the caller named, as often as they were named and in that order; then those found in
    /// folders, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// How many were named.
    pub named_count: usize,
    /// Folders and links that could not be read.
    pub errors: Vec<Error>,
}

/// Lists the files that `paths`, files and folders, stand for. `tick` is called with 0.
///
/// # Errors
///
/// If one of `paths` does not exist or is a folder that cannot be read, or `tick` said to stop.
pub fn list_files(paths: &[PathBuf], is_recursive: bool, workers: usize, tick: Tick<'_>) -> Result<FileList> {
    let (mut files, mut roots) = (Vec::new(), Vec::new());
    for (path, is_folder) in paths.iter().zip(are_folders(paths, workers, tick)?) {
        if is_folder { &mut roots } else { &mut files }.push(path.clone());
    }
    let named_count = files.len();
    if roots.is_empty() {
        return Ok(FileList { files, named_count, errors: Vec::new() });
    }
    let Found { files: mut found, errors } = walk(&roots, is_recursive, workers, tick)?;
    if named_count == 0 {
        return Ok(FileList { files: found, named_count, errors });
    }
    let named: HashSet<&PathBuf> = files.iter().collect();
    found.retain(|path| !named.contains(path));
    files.append(&mut found);
    Ok(FileList { files, named_count, errors })
}

/// Which of `paths` are folders. Asking takes a third of the time that reading a header takes, so it is shared out.
fn are_folders(paths: &[PathBuf], workers: usize, tick: Tick<'_>) -> Result<Vec<bool>> {
    let answers: Vec<OnceLock<io::Result<bool>>> = paths.iter().map(|_| OnceLock::new()).collect();
    let ask = |(): &mut (), index: usize| {
        if let (Some(path), Some(answer)) = (paths.get(index), answers.get(index)) {
            answer.set(fs::metadata(path).map(|metadata| metadata.is_dir())).ok();
        }
    };
    let workers = Workers::for_computing(Some(workers.min(paths.len() / WORTH_A_THREAD)));
    for_each(paths.len(), workers, &mut |_| tick(0), || (), ask)?;
    let answers = answers.into_iter().map(|answer| answer.into_inner().unwrap_or(Ok(false)));
    answers.zip(paths).map(|(answer, path)| answer.map_err(|error| Error::from(error).in_file(path))).collect()
}

/// Paths to ask about that take as long as starting a thread.
const WORTH_A_THREAD: usize = 64;

/// Calls a [`Tick`] when it is due.
struct Pulse<'a> {
    tick: Tick<'a>,
    last: Instant,
}

impl<'a> Pulse<'a> {
    fn new(tick: Tick<'a>) -> Pulse<'a> {
        Pulse { tick, last: Instant::now() }
    }

    fn beat(&mut self) -> Result<()> {
        if self.last.elapsed() >= TICK {
            self.last = Instant::now();
            if !(self.tick)(0) {
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
}

#[derive(Default)]
struct State {
    pending: Vec<PathBuf>,
    busy: usize,
    visited: HashSet<PathBuf>,
    found: Found,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    is_stopped: AtomicBool,
}

/// Lists the files below each of `roots`: a folder's own files, and those of its folders if `is_recursive`.
///
/// Links are followed; a folder that is reached twice, through links or because one root lies in another, is
/// listed once, so that loops end. Pipes, sockets and devices are passed over.
///
/// It fails if a root cannot be read, or `tick` said to stop; what fails further down is in [`Found::errors`].
fn walk(roots: &[PathBuf], is_recursive: bool, workers: usize, tick: Tick<'_>) -> Result<Found> {
    let mut state = State::default();
    for root in roots {
        let in_root = |error| Error::from(error).in_file(root);
        let identity = fs::canonicalize(root).map_err(in_root)?;
        fs::read_dir(root).map_err(in_root)?;
        if state.visited.insert(identity) {
            state.pending.push(root.clone());
        }
    }
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new(), is_stopped: AtomicBool::new(false) };
    let mut pulse = Pulse::new(tick);
    let result = thread::scope(|scope| {
        // A flat folder has nothing to share out, so helpers start only when there is more than one.
        let helpers = if is_recursive { workers.saturating_sub(1) } else { 0 };
        for _ in 0..helpers {
            scope.spawn(|| work(&shared, is_recursive, &mut || Ok(())));
        }
        let result = work(&shared, is_recursive, &mut || pulse.beat());
        shared.is_stopped.store(true, Ordering::Relaxed);
        result
    });
    let mut found = shared.state.into_inner().unwrap_or_else(PoisonError::into_inner).found;
    // As bytes: comparing paths component by component takes several times as long.
    found.files.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    result.map(|()| found)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists folders until there are none left, or it is stopped. `beat` is called now and then, also while it waits.
fn work(shared: &Shared, is_recursive: bool, beat: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    let mut state = lock(&shared.state);
    loop {
        if shared.is_stopped.load(Ordering::Relaxed) {
            return Ok(());
        } else if let Some(folder) = state.pending.pop() {
            state.busy += 1;
            drop(state);
            let mut listing = Listing::default();
            let is_heard = list(&folder, is_recursive, &mut listing, &mut || {
                beat()?;
                Ok(!shared.is_stopped.load(Ordering::Relaxed))
            });
            state = lock(&shared.state);
            state.busy -= 1;
            state.found.files.append(&mut listing.files);
            state.found.errors.append(&mut listing.errors);
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
            (state, _) = shared.changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
            beat()?;
        }
    }
}

#[derive(Default)]
struct Listing {
    files: Vec<PathBuf>,
    folders: Vec<(PathBuf, PathBuf)>,
    errors: Vec<Error>,
}

impl Listing {
    fn add(&mut self, entry: &fs::DirEntry, is_recursive: bool) -> io::Result<()> {
        let path = entry.path();
        // The listing itself knows the type on common file systems; only links cost a call more.
        let mut kind = entry.file_type()?;
        if kind.is_symlink() {
            kind = fs::metadata(&path)?.file_type();
        }
        if kind.is_file() {
            self.files.push(path);
        } else if kind.is_dir() && is_recursive {
            self.folders.push((fs::canonicalize(&path)?, path));
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
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            listing.errors.push(Error::from(error).in_file(folder));
            return Ok(());
        }
    };
    for entry in entries {
        let added = match entry {
            Ok(entry) => listing.add(&entry, is_recursive).map_err(|error| Error::from(error).in_file(&entry.path())),
            Err(error) => Err(Error::from(error).in_file(folder)),
        };
        listing.errors.extend(added.err());
        if !goes_on()? {
            return Ok(());
        }
    }
    Ok(())
}
