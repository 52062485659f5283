//! Finding the files of a folder.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::error::{Error, Result};

/// What a walk found.
#[derive(Debug, Default)]
pub struct Found {
    /// Regular files, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// Folders and links that could not be read.
    pub errors: Vec<Error>,
}

#[derive(Default)]
struct State {
    pending: Vec<PathBuf>,
    busy: usize,
    visited: HashSet<PathBuf>,
    found: Found,
}

/// Lists the files below each of `roots`: a folder's own files, and those of its folders if `is_recursive`.
///
/// Links are followed; a folder that is reached twice, through links or because one root lies in another, is
/// listed once, so that loops end. Pipes, sockets and devices are passed over.
///
/// # Errors
///
/// If a root cannot be read. What fails further down is in [`Found::errors`].
pub fn walk(roots: &[PathBuf], is_recursive: bool, workers: usize) -> Result<Found> {
    let mut state = State::default();
    for root in roots {
        let in_root = |error| Error::from(error).in_file(root);
        let identity = fs::canonicalize(root).map_err(in_root)?;
        fs::read_dir(root).map_err(in_root)?;
        if state.visited.insert(identity) {
            state.pending.push(root.clone());
        }
    }
    let shared = (Mutex::new(state), Condvar::new());
    thread::scope(|scope| {
        // A flat folder has nothing to share out, so helpers start only when there is more than one.
        let helpers = if is_recursive { workers.saturating_sub(1) } else { 0 };
        for _ in 0..helpers {
            scope.spawn(|| work(&shared, is_recursive));
        }
        work(&shared, is_recursive);
    });
    let mut found = shared.0.into_inner().unwrap_or_else(PoisonError::into_inner).found;
    found.files.sort_unstable();
    Ok(found)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(shared: &(Mutex<State>, Condvar), is_recursive: bool) {
    let (mutex, changed) = shared;
    let mut state = lock(mutex);
    loop {
        if let Some(folder) = state.pending.pop() {
            state.busy += 1;
            drop(state);
            let listing = list(&folder, is_recursive);
            state = lock(mutex);
            state.busy -= 1;
            state.found.files.extend(listing.files);
            state.found.errors.extend(listing.errors);
            for (identity, folder) in listing.folders {
                if state.visited.insert(identity) {
                    state.pending.push(folder);
                }
            }
            changed.notify_all();
        } else if state.busy == 0 {
            changed.notify_all();
            return;
        } else {
            state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[derive(Default)]
struct Listing {
    files: Vec<PathBuf>,
    folders: Vec<(PathBuf, PathBuf)>,
    errors: Vec<Error>,
}

fn list(folder: &Path, is_recursive: bool) -> Listing {
    let mut listing = Listing::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            listing.errors.push(Error::from(error).in_file(folder));
            return listing;
        }
    };
    for entry in entries {
        let add = || -> std::io::Result<()> {
            let entry = entry?;
            let path = entry.path();
            // The listing itself knows the type on common file systems; only links cost a call more.
            let mut kind = entry.file_type()?;
            if kind.is_symlink() {
                kind = fs::metadata(&path)?.file_type();
            }
            if kind.is_file() {
                listing.files.push(path);
            } else if kind.is_dir() && is_recursive {
                listing.folders.push((fs::canonicalize(&path)?, path));
            }
            Ok(())
        };
        if let Err(error) = add() {
            listing.errors.push(Error::from(error).in_file(folder));
        }
    }
    listing
}
