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
