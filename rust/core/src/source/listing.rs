//! The files that sources stand for: those that a caller named, and those of folders.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::given::{Given, Sources, given_at};
use super::patience::patiently;
use super::state::{FileState, Seen, Sight, file_states};
use super::walk::{Found, Pulse, walk};
use crate::error::{Error, Family, Result};
use crate::memory::Cushion;
use crate::workers::{Tick, Workers};

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
    Ok(list_seen::<()>(paths, is_recursive, workers, tick)?.0)
}

/// Likewise, with what was seen of each file.
fn list_seen<S: Seen>(
    paths: &[PathBuf],
    is_recursive: bool,
    workers: usize,
    tick: Tick<'_>,
) -> Result<(FileList, Vec<S>)> {
    let mut pulse = Pulse::new(tick);
    let (mut files, mut seen, mut roots) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let metadata =
            patiently(|| fs::metadata(path)).map_err(|error| Error::from(error).in_file(path))?;
        if metadata.is_dir() {
            roots.push(path.clone());
        } else {
            files.push(path.clone());
            seen.push(S::of(|| Some(metadata)));
        }
        pulse.beat(0)?;
    }
    let named_count = files.len();
    if roots.is_empty() {
        return Ok((FileList { files, named_count, ..FileList::default() }, seen));
    }
    let Found { files: mut found, seen: mut found_seen, errors, special_count } =
        walk::<S>(&roots, is_recursive, workers, pulse.tick)?;
    if named_count > 0 {
        let named: HashSet<&PathBuf> = files.iter().collect();
        let is_new: Vec<bool> = found.iter().map(|path| !named.contains(path)).collect();
        retain(&mut found, &is_new);
        retain(&mut found_seen, &is_new);
        files.append(&mut found);
        seen.append(&mut found_seen);
    } else {
        (files, seen) = (found, found_seen);
    }
    Ok((FileList { files, named_count, errors, special_count, ..FileList::default() }, seen))
}

fn retain<T>(values: &mut Vec<T>, is_kept: &[bool]) {
    let mut is_kept = is_kept.iter();
    values.retain(|_| is_kept.next().is_some_and(|is_kept| *is_kept));
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
    let (list, seen) = list_seen::<Sight>(paths, is_recursive, workers.count(), &mut *tick)?;
    let states = states_of(&list.files, seen, workers, tick)?;
    Ok((list, states))
}

/// What was seen of files, or is asked for now.
fn states_of(
    files: &[PathBuf],
    seen: Vec<Sight>,
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Vec<Option<FileState>>> {
    let is_left = |sight: &Sight| matches!(sight, Sight::NotYet);
    let left = files.iter().zip(&seen).filter(|(_, sight)| is_left(sight));
    let left: Vec<PathBuf> = left.map(|(path, _)| path.clone()).collect();
    let mut asked = file_states(&left, workers, tick)?.into_iter();
    let state = |sight: Sight| match sight {
        Sight::Is(state) => state,
        Sight::NotYet => asked.next().flatten(),
    };
    Ok(seen.into_iter().map(state).collect())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A folder that is gone when it is dropped, also where a test fails.
    struct TemporaryFolder(PathBuf);

    impl Drop for TemporaryFolder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn states_of_a_listing_are_those_that_a_file_has_by_its_path() {
        let folder = std::env::temp_dir().join(format!("rapidicom-listing-{}", std::process::id()));
        let guard = TemporaryFolder(folder.clone());
        let (many, few) = (folder.join("many"), folder.join("few"));
        for folder in [&many, &few] {
            fs::create_dir_all(folder).unwrap();
        }
        // More than the thread that lists their folder asks for.
        for number in 0..5000 {
            fs::write(many.join(number.to_string()), vec![0; number % 7]).unwrap();
        }
        let (file, link) = (few.join("file"), few.join("link"));
        fs::write(&file, b"1234").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let sources = Sources { names: vec![folder.clone(), file.clone()], ..Sources::default() };
        for workers in [1, 4] {
            let workers = Workers::for_headers(Some(workers));
            let (list, states) = list_states(&sources, true, workers, &mut |_| true).unwrap();
            assert_eq!((list.files.len(), states.len()), (5002, 5002));
            assert_eq!(list.files.first(), Some(&file), "a named file comes first, and once");
            assert!(list.files[1..].is_sorted());
            assert_eq!(states[0], states[1], "a link is its file");
            assert_eq!(list.files[1], link);
            for (path, state) in list.files.iter().zip(&states) {
                assert!(state.is_some() && *state == FileState::of(path), "{}", path.display());
            }
        }
        drop(guard);
    }
}
