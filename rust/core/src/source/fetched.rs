//! Files whose bytes somebody else fetches for us, such as Python from a bucket: each request is
//! dear, so that few large ones are made, for many files at once.
//!
//! Work on such files is done in rounds (`rounds`): it reads what was fetched, and where it misses
//! something it notes that and gives up. What was missed is fetched for all files together, and the
//! work is done again. What needs too many rounds asks by itself, a range at a time.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::arrived::Arrived;
use super::file::{ReadAt, SharedBytes};
use crate::error::{Error, ErrorKind, Result};

/// Bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileRange {
    /// The number by which the one who fetches knows the file.
    pub number: usize,
    /// Bytes from the start of the file.
    pub bytes: Range<u64>,
}

/// Somebody who fetches bytes of files.
pub trait Fetch: Send + Sync {
    /// Fetches ranges, each without the others if one cannot be had. Of a file that ends before the
    /// end of a range there are fewer bytes.
    ///
    /// # Errors
    ///
    /// If the work is to end.
    fn fetch(&self, ranges: &[FileRange]) -> Result<Vec<Result<SharedBytes>>>;

    /// Whether another thread may fetch these ranges while the caller's works: not those of objects
    /// that belong to the caller.
    fn may_run_ahead(&self, ranges: &[FileRange]) -> bool {
        let _ = ranges;
        true
    }

    /// The length of a file, if what came with its bytes says it. Asking costs no request.
    fn length(&self, number: usize) -> Option<u64> {
        let _ = number;
        None
    }
}

/// The first bytes that are fetched of a file: nearly every header ends before, and few bytes are
/// fetched in vain.
pub(crate) const FIRST_FETCH: u64 = 16 * 1024;
/// Rounds that a file may need: those of fragments without a table come one by one.
const MOST_ROUNDS: u32 = 6;
/// How much is fetched where small pieces are asked for one shortly after the other: a walk over
/// fragments that no table lists.
const AHEAD: u64 = 16 * 1024;
/// What is fetched outside of rounds is kept up to so many bytes a file: parts of the header that
/// are looked at twice.
const KEPT_BYTES: u64 = 256 * 1024;

/// A file whose bytes are fetched.
pub struct Fetched {
    fetch: Arc<dyn Fetch>,
    number: usize,
    /// More than any while nobody knows.
    length: AtomicU64,
    /// What was fetched, in no order.
    kept: Arc<Mutex<Vec<Kept>>>,
    /// All of it, if it came by itself and nobody has forgotten it.
    arrived: Mutex<Option<Arc<Arrived>>>,
    /// Whether work notes what it misses instead of asking for it.
    is_in_rounds: AtomicBool,
    rounds: AtomicU32,
    missed: Mutex<Option<Range<u64>>>,
    /// Where the last request ended.
    asked_to: AtomicU64,
    failed: Mutex<Option<Error>>,
}

#[derive(Clone)]
struct Kept {
    offset: u64,
    bytes: SharedBytes,
}

impl Kept {
    fn bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    /// The bytes from `offset` of the file on.
    fn from(&self, offset: u64) -> Option<&[u8]> {
        let start = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        self.bytes().get(start..).filter(|bytes| !bytes.is_empty())
    }
}

impl Fetched {
    /// The file that `fetch` knows by `number`; its length, if it is known.
    pub fn new(fetch: Arc<dyn Fetch>, number: usize, length: Option<u64>) -> Fetched {
        Fetched {
            fetch,
            number,
            length: AtomicU64::new(length.unwrap_or(u64::MAX)),
            kept: Arc::default(),
            arrived: Mutex::default(),
            is_in_rounds: AtomicBool::new(false),
            rounds: AtomicU32::new(0),
            missed: Mutex::default(),
            asked_to: AtomicU64::new(u64::MAX),
            failed: Mutex::default(),
        }
    }

    /// A file that has come whole; what is wanted after it was forgotten `fetch` knows by `number`.
    pub fn arrived(fetch: Arc<dyn Fetch>, number: usize, arrived: Arc<Arrived>) -> Fetched {
        let bytes = Arc::clone(arrived.bytes());
        let length = Some((*bytes).as_ref().len() as u64);
        let file = Fetched::new(fetch, number, length);
        lock(&file.kept).push(Kept { offset: 0, bytes });
        Fetched { arrived: Mutex::new(Some(arrived)), ..file }
    }

    /// All of it, if it came by itself and nobody has forgotten it.
    pub(crate) fn whole(&self) -> Option<Arc<Arrived>> {
        lock(&self.arrived).clone()
    }

    /// The same file for other work, which starts with what is kept and keeps more for itself.
    pub(crate) fn again(&self) -> Fetched {
        let length = Some(self.length());
        let kept = lock(&self.kept).clone();
        let again = Fetched::new(Arc::clone(&self.fetch), self.number, length);
        Fetched { kept: Arc::new(Mutex::new(kept)), ..again }
    }

    /// The same file for one of several that work on it at a time; what is fetched they share.
    pub(crate) fn shared(&self) -> Fetched {
        let length = Some(self.length());
        let shared = Fetched::new(Arc::clone(&self.fetch), self.number, length);
        Fetched { kept: Arc::clone(&self.kept), ..shared }
    }

    /// From now on, work notes what it misses, or no longer does.
    pub(crate) fn set_in_rounds(&self, is_in_rounds: bool) {
        self.is_in_rounds.store(is_in_rounds, Ordering::Relaxed);
        *lock(&self.failed) = None;
    }

    /// What was `found` in the file, unless some of it could not be fetched: then work may have
    /// gone on without.
    ///
    /// # Errors
    ///
    /// Why it could not be fetched; else that of `found`.
    pub(crate) fn unless_failed<T>(&self, found: Result<T>) -> Result<T> {
        match &*lock(&self.failed) {
            Some(error) => Err(error.clone()),
            None => found,
        }
    }

    /// Whether work missed something, so that it has to be done again.
    pub(crate) fn is_waiting(&self) -> bool {
        lock(&self.missed).is_some()
    }

    /// What was missed; from now on nothing is.
    pub(super) fn take_missed(&self) -> Option<Range<u64>> {
        lock(&self.missed).take()
    }

    pub(super) fn is_of(&self, fetch: &Arc<dyn Fetch>) -> bool {
        Arc::ptr_eq(&self.fetch, fetch)
    }

    pub(super) fn fetch(&self) -> &Arc<dyn Fetch> {
        &self.fetch
    }

    /// The part of `range` that is not kept, as it is asked for.
    pub(super) fn missing_of(&self, range: Range<u64>) -> Option<FileRange> {
        self.rest_of(range, &lock(&self.kept))
    }

    fn rest_of(&self, range: Range<u64>, kept: &[Kept]) -> Option<FileRange> {
        let end = range.end.min(self.length());
        let mut start = range.start;
        for_each_run(kept, &mut start, end, |_| {});
        (start < end).then_some(FileRange { number: self.number, bytes: start..end })
    }

    /// Takes what came of a request.
    ///
    /// # Errors
    ///
    /// If the work is to end.
    pub(super) fn take(&self, range: &FileRange, found: Result<SharedBytes>) -> Result<()> {
        match found {
            Ok(bytes) => {
                self.note_end(range, &bytes);
                lock(&self.kept).push(Kept { offset: range.bytes.start, bytes });
                Ok(())
            }
            Err(error) if error.is_of_machine() => Err(error),
            Err(error) => {
                *lock(&self.failed) = Some(error);
                Ok(())
            }
        }
    }

    /// Forgets what was fetched.
    pub(crate) fn forget(&self) {
        *lock(&self.arrived) = None;
        lock(&self.kept).clear();
    }

    /// How many bytes are kept.
    pub(crate) fn kept_length(&self) -> u64 {
        lock(&self.kept).iter().map(|kept| kept.bytes().len() as u64).sum()
    }

    /// All bytes of a range, or fewer where the file ends.
    ///
    /// # Errors
    ///
    /// If they cannot be fetched, or are not yet.
    pub(crate) fn bytes(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let range = offset..offset.saturating_add(length);
        let (mut bytes, mut at) = (Vec::new(), offset);
        let kept = self.all_of(range.clone())?;
        for_each_run(&kept, &mut at, range.end, |run| bytes.extend_from_slice(run));
        Ok(bytes)
    }

    /// Fetches all of it, which compares its checksum if it has one.
    ///
    /// # Errors
    ///
    /// As [`Fetched::bytes`].
    #[cold]
    pub(super) fn fetch_whole(&self) -> Result<()> {
        self.all_of(0..self.length()).map(drop)
    }

    /// What has the bytes of `range`: what is kept, and what was fetched for it.
    fn all_of(&self, range: Range<u64>) -> Result<Vec<Kept>> {
        let mut kept = lock(&self.kept).clone();
        let Some(rest) = self.rest_of(range, &kept) else { return Ok(kept) };
        let rest = self.with_ahead(rest);
        let is_in_rounds = self.is_in_rounds.load(Ordering::Relaxed);
        if let Some(error) = lock(&self.failed).as_ref().filter(|_| is_in_rounds) {
            return Err(error.clone());
        }
        if is_in_rounds && self.rounds.fetch_add(1, Ordering::Relaxed) < MOST_ROUNDS {
            *lock(&self.missed) = Some(rest.bytes);
            return Err(ErrorKind::NotFetched.into());
        }
        match self.fetch.fetch(std::slice::from_ref(&rest))?.pop() {
            Some(Ok(bytes)) => {
                self.note_end(&rest, &bytes);
                kept.push(Kept { offset: rest.bytes.start, bytes });
                lock(&self.kept).extend(kept.last().cloned());
                self.shrink();
                Ok(kept)
            }
            Some(Err(error)) => {
                *lock(&self.failed) = Some(error.clone());
                Err(error)
            }
            None => Err(ErrorKind::NotFetched.into()),
        }
    }

    /// A range with some bytes after it, if it is small and close behind the one before.
    fn with_ahead(&self, mut rest: FileRange) -> FileRange {
        let before = self.asked_to.load(Ordering::Relaxed);
        let is_close = rest.bytes.start.checked_sub(before).is_some_and(|gap| gap < AHEAD);
        let ahead = rest.bytes.start.saturating_add(AHEAD).min(self.length());
        if is_close && rest.bytes.end < ahead {
            rest.bytes.end = ahead;
        }
        self.asked_to.store(rest.bytes.end, Ordering::Relaxed);
        rest
    }

    /// Notes where the file ends, if fewer bytes came than were asked for, or something else with
    /// them says it.
    fn note_end(&self, range: &FileRange, bytes: &SharedBytes) {
        let length = (**bytes).as_ref().len() as u64;
        if length < range.bytes.end - range.bytes.start {
            self.length.fetch_min(range.bytes.start + length, Ordering::Relaxed);
        }
        if self.length() == u64::MAX
            && let Some(length) = self.fetch.length(self.number)
        {
            self.length.fetch_min(length, Ordering::Relaxed);
        }
    }

    /// Forgets old ranges where nobody works in rounds, so that a data set that is read value by
    /// value does not come to hold its file.
    fn shrink(&self) {
        if self.is_in_rounds.load(Ordering::Relaxed) {
            return;
        }
        let mut kept = lock(&self.kept);
        let mut length: u64 = kept.iter().map(|kept| kept.bytes().len() as u64).sum();
        kept.retain(|one| {
            let is_too_much = length > KEPT_BYTES;
            length -= if is_too_much { one.bytes().len() as u64 } else { 0 };
            !is_too_much
        });
    }
}

/// Calls `take` with the runs of bytes that are kept from `at` on to `end`, and moves `at` past
/// them.
fn for_each_run(kept: &[Kept], at: &mut u64, end: u64, mut take: impl FnMut(&[u8])) {
    while *at < end {
        let Some(run) = kept.iter().rev().find_map(|kept| kept.from(*at)) else { return };
        let length = usize::try_from(end - *at).unwrap_or(usize::MAX).min(run.len());
        take(run.get(..length).unwrap_or_default());
        *at += length as u64;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ReadAt for Fetched {
    fn length(&self) -> u64 {
        self.length.load(Ordering::Relaxed)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let end = offset.saturating_add(buffer.len() as u64);
        let kept = self.all_of(offset..end)?;
        let (mut at, mut filled) = (offset, 0);
        for_each_run(&kept, &mut at, end, |run| {
            if let Some(target) = buffer.get_mut(filled..filled + run.len()) {
                target.copy_from_slice(run);
            }
            filled += run.len();
        });
        Ok(filled)
    }

    fn is_far(&self) -> bool {
        true
    }
}
