//! Work on files whose bytes are fetched: many of them at a time, so that few requests do.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use super::fetched::{FIRST_FETCH, Fetch, Fetched, FileRange};
use super::file::SharedBytes;
use crate::error::{ErrorKind, Result};
use crate::memory::has_room_for_a_thread;
use crate::workers::{TICK, Tick};

/// Bytes that wait for work at a time; as many more are under way.
const BYTES_AT_ONCE: u64 = 32 << 20;
/// Files at a time whose headers are read.
const FILES_AT_ONCE: usize = 1024;

/// A piece of work, and the bytes that it surely needs.
pub(crate) struct Needs<'a> {
    /// The file.
    pub file: &'a Fetched,
    /// What of it.
    pub ranges: Vec<Range<u64>>,
}

impl<'a> Needs<'a> {
    /// The start of a file, which has its header.
    pub(crate) fn header(file: &'a Fetched) -> Needs<'a> {
        Needs { file, ranges: std::iter::once(0..FIRST_FETCH).collect() }
    }

    /// Bytes of its ranges that are not `seen` yet: pieces of one file may need the same.
    fn length(&self, seen: &mut HashSet<FileRange>) -> u64 {
        let new = |range: &Range<u64>| {
            let missing = self.file.missing_of(range.clone())?;
            let length = range.end.saturating_sub(range.start);
            seen.insert(missing).then_some(length)
        };
        self.ranges.iter().filter_map(new).fold(0, u64::saturating_add)
    }
}

/// Calls `work` with pieces, by their indices among `needs`, after what they need was fetched, and
/// again with those that missed something, until none does. `tick` is called with the number of
/// those that are done. `done` is called with each batch that is. While one batch is worked on,
/// what the next one needs is fetched.
///
/// # Errors
///
/// If the work is to end, and those of `work`.
pub(crate) fn in_rounds(
    needs: &[Needs<'_>],
    tick: Tick<'_>,
    mut work: impl FnMut(&[usize], Tick<'_>) -> Result<()>,
    mut done: impl FnMut(&[usize]),
) -> Result<()> {
    let mut first = 0;
    let mut ahead: Option<Ahead<'_>> = None;
    while first < needs.len() {
        let batch = batch(needs, first);
        for need in needs.get(batch.clone()).unwrap_or_default() {
            need.file.set_in_rounds(true);
        }
        match ahead.take() {
            Some(ahead) => ahead.finish(&mut || tick(batch.start))?,
            None => fetch_all(wanted_of(needs, &batch))?,
        }
        let whole: Vec<usize> = batch.clone().collect();
        if batch.end < needs.len() {
            ahead = Ahead::start(wanted_of(needs, &self::batch(needs, batch.end)));
        }
        let mut pending = whole.clone();
        while !pending.is_empty() {
            let before = batch.end - pending.len();
            work(&pending, &mut |count| tick(before + count))?;
            let mut missed = Vec::new();
            pending.retain(|index| {
                let Some(need) = needs.get(*index) else { return false };
                let range = need.file.take_missed();
                missed.extend(range.clone().map(|range| (need.file, range)));
                range.is_some()
            });
            fetch_all(missed.into_iter())?;
        }
        for need in needs.get(batch.clone()).unwrap_or_default() {
            need.file.set_in_rounds(false);
        }
        done(&whole);
        first = batch.end;
    }
    Ok(())
}

/// What a batch surely needs.
fn wanted_of<'a>(
    needs: &'a [Needs<'_>],
    batch: &Range<usize>,
) -> impl Iterator<Item = (&'a Fetched, Range<u64>)> + use<'a> {
    let needs = needs.get(batch.clone()).unwrap_or_default();
    needs.iter().flat_map(|need| need.ranges.iter().map(|range| (need.file, range.clone())))
}

/// What a request brought: of each range, in order.
type Answer = Result<Vec<Result<SharedBytes>>>;

/// A request that another thread waits for.
struct Ahead<'a> {
    request: Request<'a>,
    answer: Receiver<Answer>,
}

impl<'a> Ahead<'a> {
    /// Starts to fetch; `None` if there is nothing to fetch, more than one to ask, one who wants to
    /// be asked by the caller's thread, or no thread to be had: then it is fetched when wanted.
    fn start(wanted: impl Iterator<Item = (&'a Fetched, Range<u64>)>) -> Option<Ahead<'a>> {
        let mut requests = requests(wanted).into_iter();
        let (request, None) = (requests.next()?, requests.next()) else { return None };
        if !request.fetch.may_run_ahead(&request.ranges) {
            return None;
        }
        let (fetch, ranges) = (Arc::clone(&request.fetch), request.ranges.clone());
        let (sender, answer) = mpsc::sync_channel(1);
        // It outlives an interrupt, which nobody waits for; it holds nothing that others change.
        let fetch = move || drop(sender.send(fetch.fetch(&ranges)));
        has_room_for_a_thread().then(|| thread::Builder::new().spawn(fetch).ok())??;
        Some(Ahead { request, answer })
    }

    /// Waits for the answer and takes it. `beat` is called meanwhile.
    ///
    /// # Errors
    ///
    /// If the work is to end.
    fn finish(self, beat: &mut dyn FnMut() -> bool) -> Result<()> {
        loop {
            match self.answer.recv_timeout(TICK) {
                Ok(answer) => return self.request.take(answer?),
                Err(RecvTimeoutError::Timeout) if beat() => {}
                Err(RecvTimeoutError::Timeout) => return Err(ErrorKind::Cancelled.into()),
                // The thread has ended without an answer.
                Err(RecvTimeoutError::Disconnected) => return self.request.fetch(),
            }
        }
    }
}

/// As many pieces from `first` on as may be worked on at a time.
fn batch(needs: &[Needs<'_>], first: usize) -> Range<usize> {
    let (mut length, mut seen): (u64, _) = (0, HashSet::new());
    let mut end = first;
    for need in needs.iter().skip(first).take(FILES_AT_ONCE) {
        length = length.saturating_add(need.length(&mut seen));
        if length > BYTES_AT_ONCE && end > first {
            break;
        }
        end += 1;
    }
    first..end
}

/// Ranges that one fetches, and the file of each.
struct Request<'a> {
    fetch: Arc<dyn Fetch>,
    files: Vec<&'a Fetched>,
    ranges: Vec<FileRange>,
}

impl Request<'_> {
    fn fetch(&self) -> Result<()> {
        self.take(self.fetch.fetch(&self.ranges)?)
    }

    fn take(&self, found: Vec<Result<SharedBytes>>) -> Result<()> {
        for ((file, range), found) in self.files.iter().zip(&self.ranges).zip(found) {
            file.take(range, found)?;
        }
        Ok(())
    }
}

/// Fetches what is not kept yet of these ranges, all together.
///
/// # Errors
///
/// If the work is to end.
fn fetch_all<'a>(wanted: impl Iterator<Item = (&'a Fetched, Range<u64>)>) -> Result<()> {
    requests(wanted).iter().try_for_each(Request::fetch)
}

/// What is not kept yet of these ranges, each once, by the one who fetches it.
fn requests<'a>(wanted: impl Iterator<Item = (&'a Fetched, Range<u64>)>) -> Vec<Request<'a>> {
    let mut seen = HashSet::new();
    let mut requests: Vec<Request<'a>> = Vec::new();
    for (file, range) in wanted {
        let Some(range) = file.missing_of(range).filter(|range| seen.insert(range.clone())) else {
            continue;
        };
        match requests.iter_mut().find(|request| file.is_of(&request.fetch)) {
            Some(request) => {
                request.files.push(file);
                request.ranges.push(range);
            }
            None => requests.push(Request {
                fetch: Arc::clone(file.fetch()),
                files: vec![file],
                ranges: vec![range],
            }),
        }
    }
    requests
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::error::FetchFault;
    use crate::source::ReadAt;

    /// Files of these lengths, the bytes of each its number; none is a file that cannot be had.
    struct Store {
        lengths: Vec<Option<usize>>,
        asked: Mutex<Vec<Vec<FileRange>>>,
    }

    impl Fetch for Store {
        fn fetch(&self, ranges: &[FileRange]) -> Result<Vec<Result<SharedBytes>>> {
            self.asked.lock().unwrap().push(ranges.to_vec());
            let one = |range: &FileRange| -> Result<SharedBytes> {
                let Some(length) = self.lengths[range.number] else {
                    let (what, cause) = ("gone".to_owned(), Arc::new(()));
                    let fault = FetchFault { what, cause, is_invalid: false, is_end: false };
                    return Err(ErrorKind::Fetch(fault).into());
                };
                let end = (range.bytes.end as usize).min(length);
                let start = (range.bytes.start as usize).min(end);
                Ok(Arc::new(vec![range.number as u8; end - start]))
            };
            Ok(ranges.iter().map(one).collect())
        }
    }

    /// What was asked for at once: numbers of files and their bytes.
    type Asked = Vec<(usize, Range<u64>)>;

    /// Reads `length` bytes of each file in rounds; returns what came, and what was asked for.
    fn read(
        lengths: &[Option<usize>],
        known: bool,
        length: usize,
    ) -> (Vec<Result<usize>>, Vec<Asked>) {
        let store = Arc::new(Store { lengths: lengths.to_vec(), asked: Mutex::default() });
        let file = |(number, length): (usize, &Option<usize>)| {
            let length = length.filter(|_| known).map(|length| length as u64);
            Fetched::new(Arc::clone(&store) as Arc<dyn Fetch>, number, length)
        };
        let files: Vec<Fetched> = lengths.iter().enumerate().map(file).collect();
        let needs: Vec<_> = files.iter().map(Needs::header).collect();
        let mut found: Vec<Result<usize>> = files.iter().map(|_| Ok(0)).collect();
        let work = |chosen: &[usize], _: Tick<'_>| {
            for index in chosen {
                let mut buffer = vec![0; length];
                let filled = files[*index].read_at(&mut buffer, 0);
                found[*index] = files[*index].unless_failed(filled);
            }
            Ok(())
        };
        in_rounds(&needs, &mut |_| true, work, |_| {}).unwrap();
        let asked = store.asked.lock().unwrap();
        let plain = |one: &Vec<FileRange>| {
            one.iter().map(|range| (range.number, range.bytes.clone())).collect()
        };
        (found, asked.iter().map(plain).collect())
    }

    #[test]
    fn what_is_missed_of_many_files_is_fetched_together() {
        let (found, asked) = read(&[Some(30_000); 3], true, 20_000);
        assert!(found.iter().all(|found| matches!(found, Ok(20_000))), "{found:?}");
        let first = (0..3).map(|number| (number, 0..16_384)).collect::<Vec<_>>();
        let rest = (0..3).map(|number| (number, 16_384..20_000)).collect::<Vec<_>>();
        assert_eq!(asked, [first, rest]);
    }

    #[test]
    fn short_files_and_unknown_lengths_cost_one_request() {
        for known in [true, false] {
            let (found, asked) = read(&[Some(100), Some(0), Some(16_384)], known, 16_384);
            let lengths: Vec<_> = found.into_iter().map(Result::unwrap).collect();
            assert_eq!((lengths, asked.len()), (vec![100, 0, 16_384], 1), "{known}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_had_costs_itself() {
        let (found, asked) = read(&[Some(100), None, Some(200)], true, 10);
        let what = |found: &Result<usize>| found.as_ref().copied().map_err(|error| error.what());
        let expected = [Ok(10), Err("gone".to_owned()), Ok(10)];
        assert_eq!(found.iter().map(what).collect::<Vec<_>>(), expected);
        assert_eq!(asked.len(), 1);
    }

    #[test]
    fn outside_of_rounds_each_read_asks() {
        let store = Arc::new(Store { lengths: vec![Some(500_000)], asked: Mutex::default() });
        let file = Fetched::new(Arc::clone(&store) as Arc<dyn Fetch>, 0, None);
        for (offset, length, expected) in
            [(0, 8, 8), (4, 4, 4), (499_999, 9, 1), (10, 400_000, 400_000)]
        {
            let filled = file.read_at(&mut vec![0; length], offset).unwrap();
            assert_eq!(filled, expected, "{offset}");
        }
        assert_eq!((file.length(), store.asked.lock().unwrap().len()), (500_000, 3));
        assert_eq!(file.bytes(499_990, 100).unwrap().len(), 10);
    }

    #[test]
    fn the_next_batch_is_fetched_while_one_is_worked_on() {
        let count = FILES_AT_ONCE + 1;
        let store = Arc::new(Store { lengths: vec![Some(8); count], asked: Mutex::default() });
        let file = |number| Fetched::new(Arc::clone(&store) as Arc<dyn Fetch>, number, Some(8));
        let files: Vec<Fetched> = (0..count).map(file).collect();
        let needs: Vec<_> = files.iter().map(Needs::header).collect();
        let mut worked = Vec::new();
        let work = |chosen: &[usize], _: Tick<'_>| {
            // The second request comes before this work ends.
            for _ in 0..1000 {
                if store.asked.lock().unwrap().len() == 2 {
                    break;
                }
                thread::sleep(std::time::Duration::from_millis(10));
            }
            worked.push((chosen.len(), store.asked.lock().unwrap().len()));
            for index in chosen {
                assert_eq!(files[*index].read_at(&mut [0; 8], 0).unwrap(), 8);
            }
            Ok(())
        };
        in_rounds(&needs, &mut |_| true, work, |_| {}).unwrap();
        assert_eq!(worked, [(FILES_AT_ONCE, 2), (1, 2)]);
    }

    #[test]
    fn an_interrupt_does_not_wait_for_an_answer() {
        /// Answers once the test lets it.
        struct Slow(Mutex<bool>);
        impl Fetch for Slow {
            fn fetch(&self, ranges: &[FileRange]) -> Result<Vec<Result<SharedBytes>>> {
                let is_second = ranges.len() == 1;
                while is_second && !*self.0.lock().unwrap() {
                    thread::sleep(std::time::Duration::from_millis(5));
                }
                Ok(ranges.iter().map(|_| Ok(Arc::new(vec![0_u8; 8]) as SharedBytes)).collect())
            }
        }
        let store = Arc::new(Slow(Mutex::new(false)));
        let file = |number| Fetched::new(Arc::clone(&store) as Arc<dyn Fetch>, number, Some(8));
        let files: Vec<Fetched> = (0..=FILES_AT_ONCE).map(file).collect();
        let needs: Vec<_> = files.iter().map(Needs::header).collect();
        let error = in_rounds(&needs, &mut |_| false, |_, _| Ok(()), |_| {}).map(drop).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        *store.0.lock().unwrap() = true;
    }
}
