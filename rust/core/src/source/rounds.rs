//! Work on files whose bytes are fetched: many of them at a time, so that few requests do.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::fetched::{FIRST_FETCH, Fetched, FileRange};
use crate::error::Result;
use crate::workers::Tick;

/// Bytes that are under way, or wait for work, at a time.
const BYTES_AT_ONCE: u64 = 64 << 20;
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
/// those that are done. `done` is called with each batch that is.
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
    while first < needs.len() {
        let batch = batch(needs, first);
        for need in needs.get(batch.clone()).unwrap_or_default() {
            need.file.set_in_rounds(true);
        }
        let whole: Vec<usize> = batch.clone().collect();
        let wanted = whole.iter().filter_map(|index| needs.get(*index));
        fetch_all(
            wanted.flat_map(|need| need.ranges.iter().map(|range| (need.file, range.clone()))),
        )?;
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

/// Fetches what is not kept yet of these ranges, all together.
///
/// # Errors
///
/// If the work is to end.
fn fetch_all<'a>(wanted: impl Iterator<Item = (&'a Fetched, Range<u64>)>) -> Result<()> {
    let mut seen = HashSet::new();
    let mut wanted: Vec<_> = wanted
        .filter_map(|(file, range)| Some((file, file.missing_of(range)?)))
        .filter(|(_, range)| seen.insert(range.clone()))
        .collect();
    while let Some((file, _)) = wanted.first() {
        let fetch = Arc::clone(file.fetch());
        let (own, rest): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|(file, _)| file.is_of(&fetch));
        let ranges: Vec<_> = own.iter().map(|(_, range)| range.clone()).collect();
        for ((file, range), found) in own.iter().zip(fetch.fetch(&ranges)?) {
            file.take(range, found)?;
        }
        wanted = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::error::{ErrorKind, FetchFault};
    use crate::source::{Fetch, ReadAt, SharedBytes};

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
                    return Err(ErrorKind::Fetch(FetchFault { what, cause, is_end: false }).into());
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
}
