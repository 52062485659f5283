//! The pixels of a plan's slices, straight into one array.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::damage::{FoundSlice, is_of_frame};
use super::header::InstanceHeader;
use super::image_state::ImageState;
use super::open_image::{OpenImage, OpenPixels, Scratch};
use super::slice_set::{Slice, SliceSet};
use crate::dataset::{DicomFile, OpenBytes};
use crate::encapsulation::Frames;
use crate::error::{Error, ErrorKind, Result, SeriesFault};
use crate::image_description::SampleType;
use crate::memory::Cushion;
use crate::parse::{ParseOptions, Prefix};
use crate::pixel::{FrameOptions, FramePart, ImagePixels, fill_bytes};
use crate::source::{Fetched, OpenFile, SharedSum, Source};
use crate::workers::{Tick, Workers, fill_each};

/// Which values of an image are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Those in the file (PS3.3 §C.7.6.3.1).
    Stored,
    /// Those of the modality: slope and intercept of each slice are applied (PS3.3 §C.11.1).
    Modality,
}

/// What is wanted of the slices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadOptions {
    /// Which values.
    pub values: Values,
    /// As which type.
    pub sample_type: SampleType,
    /// The value of pixels where the array has no image.
    pub fill: f64,
    /// Which rows and columns; `None` for all.
    pub part: Option<FramePart>,
    /// Whether the caller takes damaged slices, filled: then they are the same ones whatever part
    /// is wanted. Otherwise nothing need be decoded that the part does not need.
    pub keeps_damaged: bool,
}

/// Bytes of frames of one file that are read together: enough that opening it, which takes as long
/// as copying 50 KB, does not matter, few enough to share out among many threads.
const BYTES_AT_ONCE: usize = 1 << 20;

/// Reads the images of `set` into `out`, one after the other. Returns, in slice
/// order, what there is to say about them; the places of damaged ones are filled.
///
/// ```
/// use rapidicom_core::series::{ReadOptions, Tolerances, Values, find_series, read_slices};
/// use rapidicom_core::{Prefix, SampleType, Workers, list_files};
///
/// # fn main() -> rapidicom_core::Result<()> {
/// let files = list_files(&["../../tests/data/brain-mr".into()], true, 1, &mut |_| true)?;
/// let workers = Workers::for_computing(None);
/// let found = find_series(files, Prefix::Needed, workers, &Tolerances::DEFAULT, &mut |_| true)?;
/// let plan = &found.series[0];
/// let (values, sample_type) = (Values::Stored, SampleType::U16);
/// let options =
///     ReadOptions { values, sample_type, fill: 0.0, part: None, keeps_damaged: false };
/// let mut pixels = vec![0; 2 * plan.shape.iter().product::<usize>()];
/// read_slices(&plan.set, &options, &mut pixels, workers, &mut |_| true)?;
/// assert!(pixels.iter().any(|byte| *byte > 0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The first in slice order: a file that is gone, has been changed or cannot be read, pixels of
/// which the header says that they are not all there or not read yet, or a type that does not hold
/// every value exactly. `out` then holds what was read before.
pub fn read_slices(
    set: &SliceSet,
    options: &ReadOptions,
    out: &mut [u8],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Vec<FoundSlice>> {
    let count = set.slices.len();
    let _cushion = Cushion::for_files(count)?;
    let slice_length = out.len() / count.max(1);
    let fill = match set.slices.iter().any(Option::is_none) {
        true => fill_bytes(options.fill, options.sample_type)?,
        false => Vec::new(),
    };
    let jobs = jobs(set, slice_length);
    let mut rest = &mut *out;
    let mut targets = Vec::with_capacity(jobs.len());
    for job in &jobs {
        let Some((target, behind)) = rest.split_at_mut_checked(job.len() * slice_length) else {
            break;
        };
        targets.push(target);
        rest = behind;
    }
    if targets.len() != jobs.len() || (slice_length == 0 && count > 0) {
        return Err(ErrorKind::Series(SeriesFault::NoRoom { slice_count: count }).into());
    }
    let work = Work {
        set,
        options,
        jobs,
        slice_length,
        fill,
        found: set.files.iter().map(|_| OnceLock::new()).collect(),
        sums: Vec::new(),
        damaged: Mutex::new(Vec::new()),
    }
    .with_sums();
    let job_count = targets.len();
    if set.files.iter().any(|file| file.fetched().is_some()) {
        work.read_fetched(targets, workers, tick)?;
    } else {
        let mut slices_done = |done: usize| tick(work.slices_before(done));
        let read = |scratch: &mut Scratch, index: usize, target: &mut [u8]| {
            work.read(index, None, scratch, target)
        };
        let scratch = || Scratch::for_threads(workers.beside(job_count));
        fill_each(targets, workers, &mut slices_done, scratch, read)?;
    }
    let damaged = work.into_damaged();
    fill_damaged(&damaged, options, slice_length, out)?;
    Ok(damaged)
}

/// Everything that the threads share that read slices.
pub(super) struct Work<'a> {
    pub(super) set: &'a SliceSet,
    options: &'a ReadOptions,
    pub(super) jobs: Vec<Range<usize>>,
    slice_length: usize,
    /// A sample where the array has no image.
    fill: Vec<u8>,
    /// Of each file the frames of compressed pixels, for all jobs of the file.
    pub(super) found: Vec<OnceLock<Arc<Frames>>>,
    /// The checksum of each file whose own is known; empty if there is none.
    sums: Vec<Option<SharedSum>>,
    damaged: Mutex<Vec<FoundSlice>>,
}

impl Work<'_> {
    /// How many slices the jobs before this one have.
    pub(super) fn slices_before(&self, job: usize) -> usize {
        self.jobs.get(job.saturating_sub(1)).map_or(0, |job| job.end)
    }

    /// With a checksum for each stored member of a zip archive.
    fn with_sums(self) -> Self {
        let has_sum = |file: &InstanceHeader| Some(file.file()?.region.as_ref()?.crc.is_some());
        if !self.set.files.iter().any(|file| has_sum(file) == Some(true)) {
            return self;
        }
        let mut counts = vec![0; self.set.files.len()];
        for count in (0..self.jobs.len()).filter_map(|job| self.file(job)) {
            if let Some(count) = counts.get_mut(count) {
                *count += 1;
            }
        }
        let sum = |(file, count): (&Arc<InstanceHeader>, usize)| {
            file.file()?.region.as_ref()?.crc.map(|_| SharedSum::new(count))
        };
        Work { sums: self.set.files.iter().zip(counts).map(sum).collect(), ..self }
    }

    /// What was found, in the order of slices, with those of members that have the wrong checksum.
    fn into_damaged(self) -> Vec<FoundSlice> {
        let mut damaged = self.damaged.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (number, slice) in self.set.slices.iter().enumerate() {
            let Some(slice) = slice else { continue };
            let sum = self.sums.get(slice.file).and_then(Option::as_ref);
            let Some(error) = sum.and_then(SharedSum::wrong) else { continue };
            let file = self.set.files.get(slice.file).map(|file| file.path.as_path());
            let error = error.clone().in_file(file.unwrap_or_else(|| Path::new("")));
            damaged.retain(|found| found.slice != number || found.is_damaged);
            if !damaged.iter().any(|found| found.slice == number) {
                damaged.push(FoundSlice { slice: number, error, is_damaged: true });
            }
        }
        damaged.sort_by_key(|found| found.slice);
        damaged
    }

    /// The slices of a job.
    pub(super) fn slices(&self, job: usize) -> &[Option<Slice>] {
        self.jobs.get(job).and_then(|job| self.set.slices.get(job.clone())).unwrap_or_default()
    }

    /// The number of the file of a job; `None` where there is no image.
    pub(super) fn file(&self, job: usize) -> Option<usize> {
        self.slices(job).first()?.as_ref().map(|slice| slice.file)
    }

    /// Reads the slices of a job into `target`, from what is `fetched` if their file is.
    pub(super) fn read(
        &self,
        index: usize,
        fetched: Option<&Arc<Fetched>>,
        scratch: &mut Scratch,
        target: &mut [u8],
    ) -> Result<()> {
        let number = self.file(index);
        let Some(file) = number.and_then(|number| self.set.files.get(number)) else {
            target
                .chunks_exact_mut(self.fill.len().max(1))
                .for_each(|sample| sample.copy_from_slice(&self.fill));
            return Ok(());
        };
        let job = Job {
            file,
            fetched,
            slices: self.slices(index),
            options: self.options,
            found: number.and_then(|number| self.found.get(number)),
            sum: number.and_then(|number| self.sums.get(number)?.as_ref()),
            slice_length: self.slice_length,
        };
        let mut read = read_job(&job, scratch, target);
        if let Some(fetched) = fetched {
            if fetched.is_waiting() {
                return Ok(());
            }
            read = match fetched.unless_failed(read) {
                // A member of an archive that turns out to be damaged.
                Err(error) if is_of_frame(&error) => {
                    Ok((0..job.slices.len()).map(|slice| (slice, true, error.clone())).collect())
                }
                read => read,
            };
        }
        let read = read.map_err(|error| error.in_file(&file.path))?;
        let first = self.jobs.get(index).map_or(0, |job| job.start);
        let slice = |(slice, is_damaged, error): (usize, bool, Error)| FoundSlice {
            slice: first + slice,
            error: error.in_file(&file.path),
            is_damaged,
        };
        lock(&self.damaged).extend(read.into_iter().map(slice));
        Ok(())
    }
}

/// Fills the places of damaged slices.
fn fill_damaged(
    found: &[FoundSlice],
    options: &ReadOptions,
    slice_length: usize,
    out: &mut [u8],
) -> Result<()> {
    if !found.iter().any(|found| found.is_damaged) {
        return Ok(());
    }
    let fill = fill_bytes(options.fill, options.sample_type)?;
    for found in found.iter().filter(|found| found.is_damaged) {
        let start = found.slice.saturating_mul(slice_length);
        let target = out.get_mut(start..start.saturating_add(slice_length)).unwrap_or_default();
        target.chunks_exact_mut(fill.len().max(1)).for_each(|sample| sample.copy_from_slice(&fill));
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs of slices that are read together: the tiles of one image, some frames of one file, or one
/// slice.
fn jobs(set: &SliceSet, slice_length: usize) -> Vec<Range<usize>> {
    let mut jobs: Vec<Range<usize>> = Vec::with_capacity(set.slices.len());
    let mut last: Option<usize> = None;
    for (index, slice) in set.slices.iter().enumerate() {
        let file = slice.as_ref().map(|slice| slice.file);
        let most = match file.and_then(|file| set.files.get(file)) {
            // What they are cut out of is in memory.
            Some(file) if file.image.mosaic.is_some() || file.image.is_deflated => usize::MAX,
            _ => BYTES_AT_ONCE / slice_length.max(1),
        };
        match jobs.last_mut() {
            Some(job) if file.is_some() && file == last && job.len() < most => job.end = index + 1,
            _ => jobs.push(index..index + 1),
        }
        last = file;
    }
    jobs
}

/// Slices of one file.
struct Job<'a> {
    file: &'a InstanceHeader,
    /// Its bytes, if they are fetched.
    fetched: Option<&'a Arc<Fetched>>,
    slices: &'a [Option<Slice>],
    options: &'a ReadOptions,
    /// The frames of compressed pixels, for all jobs of the file.
    found: Option<&'a OnceLock<Arc<Frames>>>,
    /// The checksum of the file, for all its jobs.
    sum: Option<&'a SharedSum>,
    slice_length: usize,
}

/// What there is to say about slices of a job, each by its place in the job: whether it is damaged,
/// and why or what is odd about it.
type Damaged = Vec<(usize, bool, Error)>;

/// Reads slices of one file; what is wrong with single ones is returned.
fn read_job(job: &Job<'_>, scratch: &mut Scratch, out: &mut [u8]) -> Result<Damaged> {
    let file = job.file;
    if file.image.is_deflated {
        return read_inflated(job, scratch, out);
    }
    let whole = file.fetched().filter(|_| job.fetched.is_none()).and_then(|own| own.whole());
    let bytes = match (&file.source, &whole) {
        (Some(Source::Memory(bytes)), _) => OpenBytes::Memory(bytes),
        (_, Some(whole)) => OpenBytes::Memory(whole.bytes()),
        (Some(Source::Fetched(own)), None) => {
            OpenBytes::Fetched(Arc::clone(job.fetched.unwrap_or(own)))
        }
        (Some(Source::File(source)), None) => OpenBytes::File(source.reopen()?),
        (None, None) => OpenBytes::File(OpenFile::open(&file.path)?.0),
    };
    let found = read_open(job, &bytes, scratch, out);
    // What looks like damage may be a file that somebody writes meanwhile.
    if let (Some(source), OpenBytes::File(open)) = (file.file(), &bytes) {
        let runs = open.take_runs();
        source.check_unchanged(open)?;
        if let (Some(sum), Some(region)) = (job.sum, &source.region) {
            sum.add(region, runs, open)?;
        }
    }
    found
}

/// Reads slices of a file whose data set is deflated as a whole.
fn read_inflated(job: &Job<'_>, scratch: &mut Scratch, out: &mut [u8]) -> Result<Damaged> {
    let file = job.file;
    // Whether it may lack the prefix was decided when its header was read.
    let options = ParseOptions { prefix: Prefix::Ignored, ..ParseOptions::default() };
    let fetched = job.fetched.map(|fetched| Source::Fetched(Arc::clone(fetched)));
    let source = fetched.as_ref().or(file.source.as_ref());
    let inflated = DicomFile::open_again(&file.path, source, &options)?;
    if let Some((before, now)) = file.file().zip(inflated.file_source()) {
        before.check(now)?;
        if let (Some(sum), Some(region)) = (job.sum, &before.region) {
            sum.add_whole(region, &before.reopen()?)?;
        }
    }
    read_open(job, &OpenBytes::new(inflated.dataset.bytes())?, scratch, out)
}

/// Reads slices of a file that is open.
fn read_open(
    job: &Job<'_>,
    bytes: &OpenBytes<'_>,
    scratch: &mut Scratch,
    out: &mut [u8],
) -> Result<Damaged> {
    let Job { file, slices, options, found, slice_length, .. } = *job;
    let pixels = match OpenPixels::new(readable(file)?, bytes, found) {
        Err(error) if is_of_frame(&error) => {
            return Ok((0..slices.len()).map(|slice| (slice, true, error.clone())).collect());
        }
        pixels => pixels?,
    };
    let source = OpenImage { file, pixels, bytes, options };
    // The header's, so that it is not damage of one frame.
    source.lut()?;
    if let Some((pixels, first)) = source.plain_run(slices) {
        let (count, options) = (slices.len() as u64, FrameOptions::default());
        match pixels.read(bytes, first, count, &options, &mut scratch.frame, out) {
            // One by one shows which.
            Err(error) if is_of_frame(&error) => {}
            done => return done.map(|()| Damaged::new()),
        }
    }
    let mut damaged = Damaged::new();
    let mut is_whole_read = false;
    let targets = out.chunks_exact_mut(slice_length);
    for (index, (slice, out)) in slices.iter().flatten().zip(targets).enumerate() {
        match read_one(&source, slice, &mut is_whole_read, scratch, out) {
            Err(error) if is_of_frame(&error) => {
                let is_mosaic = file.image.mosaic.is_some();
                let frame = if is_mosaic { 0 } else { slice.frame.index as u64 };
                let error = error.in_frame(frame);
                // The tiles of a mosaic are parts of one frame.
                let last = if is_mosaic { slices.len() } else { index + 1 };
                damaged.extend((index..last).map(|slice| (slice, true, error.clone())));
                if is_mosaic {
                    break;
                }
            }
            // Where several frames lie, the file alone does not say which value is too large.
            Err(error) if source.pixels.description().frame_count > 1 => {
                return Err(error.in_frame(slice.frame.index as u64));
            }
            done => done?,
        }
        if let Some(oddity) = scratch.frame.oddity.take() {
            damaged.push((index, false, oddity));
        }
    }
    Ok(damaged)
}

/// Reads a slice, or its wanted rows and columns.
fn read_one(
    source: &OpenImage<'_>,
    slice: &Slice,
    is_whole_read: &mut bool,
    scratch: &mut Scratch,
    out: &mut [u8],
) -> Result<()> {
    let options = source.options;
    match (&options.part, source.rows_in_order()) {
        (None, _) => source.read_slice(slice, is_whole_read, scratch, out),
        (Some(part), Some(pixels)) => source.read_rows(pixels, slice, part, scratch, out),
        (Some(part), None) => {
            let size = source.checked_size(slice)?;
            let samples = source.pixels.description().samples_per_pixel;
            let pixel_length = samples * options.sample_type.size();
            let mut whole = std::mem::take(&mut scratch.slice);
            let read = part.take_from(size, pixel_length, &mut whole, out, |whole| {
                source.read_slice(slice, is_whole_read, scratch, whole)
            });
            scratch.slice = whole;
            read
        }
    }
}

/// The pixels of a slice, if they are all there and are read.
///
/// # Errors
///
/// What is wrong with them, or not read yet.
pub(super) fn readable(slice: &InstanceHeader) -> Result<&ImagePixels> {
    match &slice.image.state {
        ImageState::Readable(pixels) | ImageState::Truncated { whole_frames: Some(pixels), .. } => {
            Ok(pixels)
        }
        ImageState::None => {
            Err(ErrorKind::Missing { what: "PixelData", needed_for: "a volume" }.into())
        }
        ImageState::Unsupported { error, .. } | ImageState::Invalid(error) => Err(error.clone()),
        ImageState::Truncated { needed, available, .. } => {
            Err(ErrorKind::PixelsCutShort { needed: *needed, available: *available }.into())
        }
    }
}

#[cfg(test)]
mod tests;
