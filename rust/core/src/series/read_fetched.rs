//! Slices of files whose bytes are fetched: those of many at a time, each byte once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::header::InstanceHeader;
use super::open_image::Scratch;
use super::read::{Work, readable};
use super::slice_set::Slice;
use crate::error::Result;
use crate::pixel::ImagePixels;
use crate::source::{Fetched, Needs, ReadAt, in_rounds};
use crate::workers::{Tick, Workers, fill_each};

/// A compressed image of several frames is fetched as a whole up to so many bytes, if at least half
/// of its frames are wanted: to find them one by one takes a request each.
const WHOLE_BYTES: u64 = 64 << 20;

impl Work<'_> {
    /// Reads the slices of all jobs into their targets: those whose bytes are at hand, then those
    /// that are fetched, some at a time; a job that needs more than was fetched comes again.
    ///
    /// # Errors
    ///
    /// As [`super::read_slices`].
    pub(super) fn read_fetched(
        &self,
        mut targets: Vec<&mut [u8]>,
        workers: Workers,
        tick: Tick<'_>,
    ) -> Result<()> {
        let own = |job: usize| {
            let file = self.set.files.get(self.file(job)?)?.fetched()?;
            file.whole().is_none().then_some(file)
        };
        let (far, near): (Vec<usize>, Vec<usize>) =
            (0..self.jobs.len()).partition(|job| own(*job).is_some());
        // The jobs of a file share what is fetched of it.
        let mut files: BTreeMap<usize, Fetched> = BTreeMap::new();
        let mut readers = BTreeMap::new();
        for job in &far {
            if let (Some(number), Some(file)) = (self.file(*job), own(*job)) {
                let shared = files.entry(number).or_insert_with(|| file.again());
                readers.insert(*job, Arc::new(shared.shared()));
            }
        }
        let arrived = ArrivedFiles::new(self);
        let mut each = |jobs: &[usize], tick: Tick<'_>| {
            let chosen = jobs.iter().copied().collect::<std::collections::BTreeSet<_>>();
            let numbered = targets.iter_mut().enumerate();
            let (numbers, targets): (Vec<usize>, Vec<&mut [u8]>) = numbered
                .filter(|(job, _)| chosen.contains(job))
                .map(|(job, target)| (job, &mut **target))
                .unzip();
            let read =
                |scratch: &mut Scratch, index: usize, target: &mut [u8]| match numbers.get(index) {
                    Some(job) => {
                        self.read(*job, readers.get(job), scratch, target)?;
                        arrived.finish(*job);
                        Ok(())
                    }
                    None => Ok(()),
                };
            fill_each(targets, workers, tick, Scratch::default, read)
        };
        each(&near, &mut |done| tick(self.slices_before(done)))?;
        let needs: Vec<Needs<'_>> = far
            .iter()
            .filter_map(|job| {
                let file = readers.get(job)?;
                Some(Needs { file, ranges: self.ranges(*job, file) })
            })
            .collect();
        in_rounds(
            &needs,
            &mut |done| tick(self.slices_before(near.len() + done)),
            |numbers, tick| {
                let jobs = numbers.iter().filter_map(|number| far.get(*number).copied());
                each(&jobs.collect::<Vec<_>>(), tick)
            },
            |numbers| {
                for need in numbers.iter().filter_map(|number| needs.get(*number)) {
                    need.file.forget();
                }
            },
        )
    }

    /// What a job surely needs of its file.
    fn ranges(&self, job: usize, fetched: &Fetched) -> Vec<Range<u64>> {
        let Some(number) = self.file(job) else { return Vec::new() };
        let Some(file) = self.set.files.get(number) else { return Vec::new() };
        if file.image.is_deflated {
            return std::iter::once(0..fetched.length()).collect();
        }
        match readable(file) {
            Err(_) => Vec::new(),
            Ok(ImagePixels::Native(pixels)) => {
                native(file, self.slices(job), |first, count| pixels.bytes_of(first, count))
            }
            Ok(ImagePixels::Encapsulated(pixels)) => {
                let (start, length) = (pixels.field.offset, pixels.field.length);
                let all = file.all_frames().len();
                let slices = self.set.slices.iter().flatten();
                let wanted = slices.filter(|slice| slice.file == number).count();
                let is_whole = all == 1 || (length <= WHOLE_BYTES && wanted * 2 >= all);
                let range = start..start.saturating_add(length);
                if is_whole { std::iter::once(range).collect() } else { Vec::new() }
            }
        }
    }
}

/// How many jobs need what came whole before it was asked for.
struct ArrivedFiles<'a> {
    work: &'a Work<'a>,
    /// By the number of the file.
    jobs: Vec<AtomicUsize>,
}

impl ArrivedFiles<'_> {
    fn new<'a>(work: &'a Work<'_>) -> ArrivedFiles<'a> {
        let jobs: Vec<AtomicUsize> = work.set.files.iter().map(|_| AtomicUsize::new(0)).collect();
        for file in (0..work.jobs.len()).filter_map(|job| work.file(job)) {
            jobs.get(file).map(|count| count.fetch_add(1, Ordering::Relaxed));
        }
        ArrivedFiles { work, jobs }
    }

    /// Forgets what came after its last job: the array has taken its place.
    fn finish(&self, job: usize) {
        let Some(number) = self.work.file(job) else { return };
        let file = self.work.set.files.get(number).and_then(|file| file.fetched());
        let (Some(file), Some(count)) = (file, self.jobs.get(number)) else { return };
        if count.fetch_sub(1, Ordering::Relaxed) == 1 && file.whole().is_some() {
            file.forget();
        }
    }
}

/// The bytes of native frames: those that follow each other together.
fn native(
    file: &InstanceHeader,
    slices: &[Option<Slice>],
    bytes_of: impl Fn(u64, u64) -> Range<u64>,
) -> Vec<Range<u64>> {
    if file.image.mosaic.is_some() {
        return std::iter::once(bytes_of(0, 1)).collect();
    }
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for slice in slices.iter().flatten() {
        let own = bytes_of(slice.frame.index as u64, 1);
        match ranges.last_mut() {
            Some(last) if last.end == own.start => last.end = own.end,
            _ => ranges.push(own),
        }
    }
    ranges
}
