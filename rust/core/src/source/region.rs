//! Parts of files that are files for themselves: stored members of archives, and the checksums that
//! zip has of them.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crc32fast::Hasher;

use super::file::{OpenFile, ReadAt};
use super::state::FileState;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::filled;

/// Part of a file that is one for itself, such as a stored member of a zip archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The path of the file that it is part of.
    pub container: PathBuf,
    /// Where it starts, in bytes from the start of that file.
    pub offset: u64,
    /// Bytes; fewer are there if the file ends before.
    pub length: u64,
    /// The CRC-32 of its bytes, if somebody knows it.
    pub crc: Option<u32>,
    /// What the file was when the region was found in it, if that is known: offsets that were found
    /// then are wrong in another file.
    pub state: Option<FileState>,
}

/// Bytes before what is read first, or that nobody has read, that are read for the sake of the
/// checksum: as many as a long header has. More than that only if as many were read anyway.
const LITTLE: u64 = 256 * 1024;
/// What is read at once for the sake of the checksum: it stays in the cache.
const AT_ONCE: u64 = 64 * 1024;

impl Region {
    /// Bytes of it that a file of `length` bytes has.
    pub(super) fn length_in(&self, length: u64) -> u64 {
        length.saturating_sub(self.offset).min(self.length)
    }

    /// Compares the checksum, if it is known, with that of all bytes.
    ///
    /// # Errors
    ///
    /// As [`Region::check`].
    pub(super) fn check_whole(&self) -> Result<()> {
        if self.crc.is_none() {
            return Ok(());
        }
        let (open, _) = OpenFile::open_region(&self.container, self)?;
        let mut run = Run { start: 0, end: open.length(), sum: Hasher::new() };
        open.add_to(&mut run.sum, 0, run.end)?;
        self.check(Runs(vec![run]), &open)
    }

    /// Compares the checksum, if what was read is most of the region; the rest is read for it.
    ///
    /// # Errors
    ///
    /// If the bytes are not those that were put into the archive, or cannot be read.
    pub(super) fn check(&self, mut runs: Runs, open: &OpenFile) -> Result<()> {
        let Some(expected) = self.crc else { return Ok(()) };
        runs.0.sort_by_key(|run| run.start);
        let (mut covered, mut end) = (0, 0);
        // What was read twice counts once.
        runs.0.retain(|run| {
            let is_new = run.start >= end;
            if is_new {
                covered += run.end - run.start;
                end = run.end;
            }
            is_new
        });
        // A region that is cut short is an error of its own.
        let is_little = self.length.saturating_sub(covered) <= covered.max(LITTLE);
        if covered == 0 || !is_little || open.length() < self.length {
            return Ok(());
        }
        let (mut sum, mut at) = (Hasher::new(), 0);
        for run in runs.0 {
            open.add_to(&mut sum, at, run.start)?;
            if run.start == 0 {
                sum = run.sum;
            } else {
                sum.combine(&run.sum);
            }
            at = run.end;
        }
        open.add_to(&mut sum, at, self.length)?;
        if sum.finalize() == expected { Ok(()) } else { Err(ErrorKind::Checksum.into()) }
    }
}

/// The CRC-32 (that of zip and gzip, RFC 1952 §8) of `bytes` after others with the CRC-32 `start`.
pub fn crc32(start: u32, bytes: &[u8]) -> u32 {
    let mut sum = Hasher::new_with_initial(start);
    sum.update(bytes);
    sum.finalize()
}

/// Checksums of what was read, each of bytes that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Runs(Vec<Run>);

struct Run {
    start: u64,
    end: u64,
    sum: Hasher,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("start", &self.start).field("end", &self.end).finish()
    }
}

/// Takes the checksums of what is read of an open file.
#[derive(Debug, Default)]
pub(super) struct Summing(Mutex<Runs>);

impl Summing {
    /// Adds `bytes` at `offset`.
    ///
    /// What is read first are pixels, after a header that was read before. `lead` adds the bytes
    /// before it up to an offset: one run is several times as quick as two that are combined.
    pub(super) fn add(
        &self,
        offset: u64,
        bytes: &[u8],
        lead: impl FnOnce(&mut Hasher, u64) -> Result<()>,
    ) -> Result<()> {
        let mut runs = lock(&self.0);
        if bytes.is_empty() {
            return Ok(());
        }
        let end = offset.saturating_add(bytes.len() as u64);
        if let Some(last) = runs.0.last_mut().filter(|last| last.end == offset) {
            last.sum.update(bytes);
            last.end = end;
            return Ok(());
        }
        let mut run = Run { start: offset, end, sum: Hasher::new() };
        if runs.0.is_empty() && offset <= LITTLE {
            lead(&mut run.sum, offset)?;
            run.start = 0;
        }
        run.sum.update(bytes);
        runs.0.push(run);
        Ok(())
    }

    /// The checksums so far, which start again.
    pub(super) fn take(&self) -> Runs {
        std::mem::take(&mut lock(&self.0))
    }
}

impl OpenFile {
    /// Adds the bytes from `start` to `end` to a checksum.
    fn add_to(&self, sum: &mut Hasher, start: u64, end: u64) -> Result<()> {
        let mut at = start;
        let mut buffer = Vec::new();
        while at < end {
            let count = usize::try_from((end - at).min(AT_ONCE)).unwrap_or_default();
            if buffer.len() < count {
                buffer = filled(count)?;
            }
            let target = buffer.get_mut(..count).unwrap_or_default();
            if self.read_unsummed(target, at)? < count {
                return Err(Error::from(ErrorKind::FileChanged));
            }
            sum.update(target);
            at += count as u64;
        }
        Ok(())
    }

    /// Hands a start of the checksum in: see [`Summing::add`].
    pub(super) fn lead(&self, sum: &mut Hasher, end: u64) -> Result<()> {
        self.add_to(sum, 0, end)
    }
}

/// The checksum of a file that several threads read.
#[derive(Debug)]
pub(crate) struct SharedSum {
    runs: Mutex<Runs>,
    /// Pieces of work that are not done.
    left: AtomicUsize,
    wrong: OnceLock<Error>,
}

impl SharedSum {
    /// For so many pieces of work.
    pub(crate) fn new(count: usize) -> SharedSum {
        SharedSum { runs: Mutex::default(), left: AtomicUsize::new(count), wrong: OnceLock::new() }
    }

    /// Adds what a piece of work has read of the region; the last one compares the checksum.
    ///
    /// # Errors
    ///
    /// If the rest cannot be read.
    pub(crate) fn add(&self, region: &Region, runs: Runs, open: &OpenFile) -> Result<()> {
        let mut all = lock(&self.runs);
        all.0.extend(runs.0);
        if self.left.fetch_sub(1, Ordering::Relaxed) != 1 {
            return Ok(());
        }
        let all = std::mem::take(&mut *all);
        match region.check(all, open) {
            Err(error) if matches!(error.kind(), ErrorKind::Checksum) => {
                drop(self.wrong.set(error));
                Ok(())
            }
            found => found,
        }
    }

    /// Adds all of the region, if what was read of it did not go through `open`.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(crate) fn add_whole(&self, region: &Region, open: &OpenFile) -> Result<()> {
        let end = open.length();
        let mut run = Run { start: 0, end, sum: Hasher::new() };
        open.add_to(&mut run.sum, 0, end)?;
        self.add(region, Runs(vec![run]), open)
    }

    /// What is wrong, once all work is done.
    pub(crate) fn wrong(&self) -> Option<&Error> {
        self.wrong.get()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "a list of ranges, of which there is one")]
mod tests {
    use std::ops::Range;
    use std::path::Path;

    use super::*;
    const BEFORE: usize = 7;

    /// A file that is deleted at the end.
    struct TemporaryFile(PathBuf);

    impl TemporaryFile {
        fn new(bytes: &[u8]) -> TemporaryFile {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("rapidicom-region-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, bytes).unwrap();
            TemporaryFile(path)
        }
    }

    impl Drop for TemporaryFile {
        fn drop(&mut self) {
            std::fs::remove_file(&self.0).ok();
        }
    }

    fn file(length: usize) -> (TemporaryFile, Region) {
        let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let on_disk = TemporaryFile::new(&[&[9; BEFORE][..], &bytes, &[8; 5]].concat());
        let region = Region {
            container: on_disk.0.clone(),
            offset: BEFORE as u64,
            length: length as u64,
            crc: Some(crc32fast::hash(&bytes)),
            state: None,
        };
        (on_disk, region)
    }

    /// Reads the ranges of a region, and says whether it is what it was.
    fn is_right(region: &Region, ranges: &[Range<u64>]) -> bool {
        let (_, source) = OpenFile::open_region(Path::new("member"), region).unwrap();
        let open = source.reopen().unwrap();
        for range in ranges {
            let mut buffer = vec![0; (range.end - range.start) as usize];
            open.read_exact_at(&mut buffer, range.start).unwrap();
        }
        let found = source.check_unchanged(&open);
        match found {
            Ok(()) => true,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Checksum), "{error}");
                assert_eq!(error.path(), Some(Path::new("member")));
                false
            }
        }
    }

    #[test]
    fn what_was_read_in_any_order_has_the_checksum_of_the_whole() {
        let (_on_disk, right) = file(1_000_000);
        let wrong = Region { crc: right.crc.map(|crc| crc ^ 1), ..right.clone() };
        for (name, ranges, is_compared) in [
            ("nothing", &[][..], false),
            ("the start", &[0..16], false),
            ("all", &[0..1_000_000], true),
            ("all but a header", &[3_000..1_000_000], true),
            ("most", &[3_000..600_000], true),
            ("less than half", &[300_000..700_000], false),
            ("parts in order", &[10..500_000, 500_000..1_000_000], true),
            ("parts in another order", &[500_000..1_000_000, 0..400_000], true),
            ("parts twice", &[0..600_000, 0..600_000, 400_000..1_000_000], true),
        ] {
            assert!(is_right(&right, ranges), "{name}");
            assert_eq!(is_right(&wrong, ranges), !is_compared, "{name}");
        }
        let unknown = Region { crc: None, ..right };
        assert!(is_right(&unknown, &[0..1_000_000]));
    }

    #[test]
    fn small_files_are_compared_with_their_headers() {
        let (_on_disk, right) = file(20_000);
        let wrong = Region { crc: right.crc.map(|crc| !crc), ..right.clone() };
        assert!(is_right(&right, &[18_000..20_000]) && !is_right(&wrong, &[18_000..20_000]));
    }

    #[test]
    fn the_checksum_of_the_whole_is_compared() {
        for length in [0, 1, 1_000_000] {
            let (_on_disk, right) = file(length);
            assert!(right.check_whole().is_ok(), "{length}");
            assert!(Region { crc: None, ..right.clone() }.check_whole().is_ok(), "{length}");
            let wrong = Region { crc: Some(5), ..right };
            let found = wrong.check_whole().err();
            let is_wrong = found.is_some_and(|error| matches!(error.kind(), ErrorKind::Checksum));
            assert_eq!(is_wrong, length > 0, "{length}");
        }
    }

    #[test]
    fn several_pieces_of_work_have_one_checksum() {
        let (_on_disk, right) = file(1_000_000);
        for (crc, is_wrong) in [(right.crc, false), (Some(3), true)] {
            let region = Region { crc, ..right.clone() };
            let (_, source) = OpenFile::open_region(Path::new("member"), &region).unwrap();
            let shared = SharedSum::new(2);
            for range in [400_000..1_000_000, 100_000..400_000] {
                let open = source.reopen().unwrap();
                let mut buffer = vec![0; (range.end - range.start) as usize];
                open.read_exact_at(&mut buffer, range.start).unwrap();
                assert!(shared.wrong().is_none());
                let runs = open.take_runs();
                source.check_unchanged(&open).unwrap();
                shared.add(&region, runs, &open).unwrap();
            }
            assert_eq!(shared.wrong().is_some(), is_wrong);
        }
    }

    #[test]
    fn a_region_of_another_file_is_refused() {
        let (on_disk, region) = file(100);
        let state = FileState::of(&on_disk.0);
        let open = |region: &Region| OpenFile::open_region(Path::new("member"), region).map(drop);
        assert!(open(&Region { state, ..region.clone() }).is_ok());
        let state = state.map(|state| FileState { length: 5, ..state });
        let error = open(&Region { state, ..region }).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::FileChanged), "{error}");
        assert_eq!(error.path(), Some(Path::new("member")));
    }
}
