//! The pixels of a plan's slices, straight into one array.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::header::InstanceHeader;
use super::image_state::ImageState;
use super::open_image::{OpenImage, OpenPixels, Scratch};
use super::slice_set::{Slice, SliceSet};
use crate::dataset::{DicomFile, OpenBytes};
use crate::encapsulation::Frames;
use crate::error::{ErrorKind, Result, SeriesFault};
use crate::image_description::SampleType;
use crate::parse::ParseOptions;
use crate::pixel::{FrameOptions, FramePart, ImagePixels, fill_bytes};
use crate::source::OpenFile;
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
}

/// Bytes of frames of one file that are read together: enough that opening it, which takes as long
/// as copying 50 KB, does not matter, few enough to share out among many threads.
const BYTES_AT_ONCE: usize = 1 << 20;

/// Reads the images of `set` into `out`, one after the other.
///
/// ```
/// use rapidicom_core::series::{ReadOptions, Tolerances, Values, find_series, read_slices};
/// use rapidicom_core::{SampleType, Workers, list_files};
///
/// # fn main() -> rapidicom_core::Result<()> {
/// let files = list_files(&["../../tests/data/brain-mr".into()], true, 1, &mut |_| true)?;
/// let workers = Workers::for_computing(None);
/// let found = find_series(files, workers, &Tolerances::DEFAULT, &mut |_| true)?;
/// let plan = &found.series[0];
/// let (values, fill, part) = (Values::Stored, 0.0, None);
/// let options = ReadOptions { values, sample_type: SampleType::U16, fill, part };
/// let mut pixels = vec![0; 2 * plan.shape.iter().product::<usize>()];
/// read_slices(&plan.set, &options, &mut pixels, workers, &mut |_| true)?;
/// assert!(pixels.iter().any(|byte| *byte > 0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The first in slice order: a file that is gone, has been changed or ends too early, pixels that
/// are not read yet, or a type that does not hold every value exactly. `out` then holds what was
/// read before.
pub fn read_slices(
    set: &SliceSet,
    options: &ReadOptions,
    out: &mut [u8],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<()> {
    let count = set.slices.len();
    let slice_length = out.len() / count.max(1);
    let fill = match set.slices.iter().any(Option::is_none) {
        true => fill_bytes(options.fill, options.sample_type)?,
        false => Vec::new(),
    };
    let jobs = jobs(set, slice_length);
    let mut rest = out;
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
    let found: Vec<OnceLock<Arc<Frames>>> = set.files.iter().map(|_| OnceLock::new()).collect();
    let mut slices_done =
        |done: usize| tick(jobs.get(done.saturating_sub(1)).map_or(0, |job| job.end));
    fill_each(targets, workers, &mut slices_done, Scratch::default, |scratch, index, target| {
        let slices =
            jobs.get(index).and_then(|job| set.slices.get(job.clone())).unwrap_or_default();
        match slices.first().and_then(|slice| set.files.get(slice.as_ref()?.file)) {
            Some(file) => {
                let found = slices.first().and_then(|slice| found.get(slice.as_ref()?.file));
                let job = Job { file, slices, options, found, slice_length };
                read_job(&job, scratch, target).map_err(|error| error.in_file(&file.path))
            }
            None => {
                target
                    .chunks_exact_mut(fill.len().max(1))
                    .for_each(|sample| sample.copy_from_slice(&fill));
                Ok(())
            }
        }
    })
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
    slices: &'a [Option<Slice>],
    options: &'a ReadOptions,
    /// The frames of compressed pixels, for all jobs of the file.
    found: Option<&'a OnceLock<Arc<Frames>>>,
    slice_length: usize,
}

/// Reads slices of one file.
fn read_job(job: &Job<'_>, scratch: &mut Scratch, out: &mut [u8]) -> Result<()> {
    let Job { file, slices, options, found, slice_length } = *job;
    let pixels = readable(file)?;
    let open = || match &file.file {
        Some(source) => source.reopen(),
        None => OpenFile::open(&file.path).map(|(file, _)| file),
    };
    let inflated;
    let bytes = match file.image.is_deflated {
        // Opened for its check alone: what was inflated is in memory.
        true => {
            open()?;
            inflated = DicomFile::open(&file.path, &ParseOptions::default())?;
            OpenBytes::new(inflated.dataset.bytes())?
        }
        false => OpenBytes::File(open()?),
    };
    let source =
        OpenImage { file, pixels: OpenPixels::new(pixels, &bytes, found)?, bytes: &bytes, options };
    if let Some((pixels, first)) = source.plain_run(slices) {
        let (count, options) = (slices.len() as u64, FrameOptions::default());
        return pixels.read(&bytes, first, count, &options, &mut scratch.frame, out);
    }
    let mut is_whole_read = false;
    for (slice, out) in slices.iter().flatten().zip(out.chunks_exact_mut(slice_length)) {
        match (&options.part, source.rows_in_order()) {
            (None, _) => source.read_slice(slice, &mut is_whole_read, scratch, out)?,
            (Some(part), Some(pixels)) => source.read_rows(pixels, slice, part, scratch, out)?,
            (Some(part), None) => {
                let size = source.checked_size(slice)?;
                let pixel_length =
                    pixels.description().samples_per_pixel * options.sample_type.size();
                let mut whole = std::mem::take(&mut scratch.slice);
                part.take_from(size, pixel_length, &mut whole, out, |whole| {
                    source.read_slice(slice, &mut is_whole_read, scratch, whole)
                })?;
                scratch.slice = whole;
            }
        }
    }
    Ok(())
}

/// The pixels of a slice, if they are all there and are read.
///
/// # Errors
///
/// What is wrong with them, or not read yet.
pub(super) fn readable(slice: &InstanceHeader) -> Result<&ImagePixels> {
    match &slice.image.state {
        ImageState::Readable(pixels) => Ok(pixels),
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
