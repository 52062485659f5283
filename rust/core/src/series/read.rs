//! The pixels of a plan's slices, straight into one array.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::header::InstanceHeader;
use super::image_state::ImageState;
use super::slice_set::{Slice, SliceSet};
use crate::dataset::{DicomFile, OpenBytes};
use crate::encapsulation::Frames;
use crate::error::{Error, ErrorKind, Result};
use crate::image_description::SampleType;
use crate::parse::ParseOptions;
use crate::pixel::{FrameOptions, FramePart, FrameScratch, ImagePixels, Rescale, Wanted, convert_floats, fill_bytes};
use crate::source::{AlignedBuffer, OpenFile};
use crate::workers::{Tick, Workers, for_each};

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
    /// What stands where there is no image.
    pub fill: f64,
    /// Which rows and columns; `None` for all.
    pub part: Option<FramePart>,
}

/// Frames of one file that are read one after the other: the file is opened once for them.
const FRAMES_AT_ONCE: usize = 16;

/// Reads the images of `set` into `out`, one after the other.
///
/// # Errors
///
/// The first in slice order: a file that is gone, has been changed or ends too early, pixels that are not read yet, or
/// a type that does not hold every value exactly. `out` then holds what was read before.
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
    let jobs = jobs(set);
    let mut rest = out;
    let mut targets = Vec::with_capacity(jobs.len());
    for job in &jobs {
        let Some((target, behind)) = rest.split_at_mut_checked(job.len() * slice_length) else { break };
        targets.push(Mutex::new(Some(target)));
        rest = behind;
    }
    if targets.len() != jobs.len() || (slice_length == 0 && count > 0) {
        let why = format!("the array has no room for {count} slices");
        return Err(ErrorKind::Argument { why }.into());
    }
    // The first in slice order, so that the same files give the same error each time.
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let mut slices_done = |done: usize| tick(jobs.get(done.saturating_sub(1)).map_or(0, |job| job.end));
    for_each(jobs.len(), workers, &mut slices_done, Scratch::default, |scratch, index| {
        let (Some(job), Some(target)) = (jobs.get(index), targets.get(index)) else { return };
        let Some(target) = target.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let failed_before = || failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed_before().as_ref().is_some_and(|(first, _)| *first < index) {
            return;
        }
        let slices = set.slices.get(job.clone()).unwrap_or_default();
        let file = slices.first().and_then(|slice| set.files.get(slice.as_ref()?.file));
        let result = match file {
            Some(file) => read_job(file, slices.iter().flatten(), options, scratch, slice_length, target)
                .map_err(|error| error.in_file(&file.path)),
            None => {
                target.chunks_exact_mut(fill.len().max(1)).for_each(|sample| sample.copy_from_slice(&fill));
                Ok(())
            }
        };
        if let Err(error) = result {
            let mut failed = failed_before();
            if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                *failed = Some((index, error));
            }
        }
    })?;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// Runs of slices that are read together: the tiles of one image, some frames of one file, or one slice.
fn jobs(set: &SliceSet) -> Vec<Range<usize>> {
    let mut jobs: Vec<Range<usize>> = Vec::with_capacity(set.slices.len());
    let mut last: Option<usize> = None;
    for (index, slice) in set.slices.iter().enumerate() {
        let file = slice.as_ref().map(|slice| slice.file);
        let most = match file.and_then(|file| set.files.get(file)) {
            // What they are cut out of is in memory.
            Some(file) if file.mosaic.is_some() || file.is_deflated => usize::MAX,
            _ => FRAMES_AT_ONCE,
        };
        match jobs.last_mut() {
            Some(job) if file.is_some() && file == last && job.len() < most => job.end = index + 1,
            _ => jobs.push(index..index + 1),
        }
        last = file;
    }
    jobs
}

/// What a thread uses again for its next slices.
#[derive(Default)]
struct Scratch {
    frame: FrameScratch,
    /// All of a mosaic.
    whole: Vec<u8>,
    /// Stored values as floats, for a table.
    floats: Vec<u8>,
    /// A slice of which part is wanted.
    slice: AlignedBuffer,
}

/// Reads slices of one file.
fn read_job<'a>(
    file: &InstanceHeader,
    slices: impl Iterator<Item = &'a Slice>,
    options: &ReadOptions,
    scratch: &mut Scratch,
    slice_length: usize,
    out: &mut [u8],
) -> Result<()> {
    let pixels = readable(file)?;
    let open = || match &file.file {
        Some(source) => source.reopen(),
        None => OpenFile::open(&file.path).map(|(file, _)| file),
    };
    let inflated;
    let bytes = match file.is_deflated {
        // Opened for its check alone: what was inflated is in memory.
        true => {
            open()?;
            inflated = DicomFile::open(&file.path, &ParseOptions::default())?;
            OpenBytes::new(inflated.dataset.bytes())?
        }
        false => OpenBytes::File(open()?),
    };
    let source = OpenImage { file, pixels, bytes: &bytes, frames: frames(pixels, &bytes)?, options };
    let mut is_whole_read = false;
    for (slice, out) in slices.zip(out.chunks_exact_mut(slice_length)) {
        match &options.part {
            None => source.read_slice(slice, &mut is_whole_read, scratch, out)?,
            Some(part) if source.has_rows_in_order() => source.read_rows(slice, part, scratch, out)?,
            Some(part) => {
                let size = source.checked_size(slice)?;
                let pixel_length = pixels.description().samples_per_pixel * options.sample_type.size();
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

/// The frames of compressed pixels, which are found once for all slices.
fn frames(pixels: &ImagePixels, bytes: &OpenBytes<'_>) -> Result<Option<Frames>> {
    match pixels {
        ImagePixels::Native(_) => Ok(None),
        ImagePixels::Encapsulated(pixels) => pixels.frames(bytes).map(Some),
    }
}

/// An image whose file is open.
struct OpenImage<'a> {
    file: &'a InstanceHeader,
    pixels: &'a ImagePixels,
    bytes: &'a OpenBytes<'a>,
    frames: Option<Frames>,
    options: &'a ReadOptions,
}

impl OpenImage<'_> {
    /// Reads a slice: a frame, or a tile of a mosaic, all of which is kept for the tiles after it.
    fn read_slice(&self, slice: &Slice, is_whole_read: &mut bool, scratch: &mut Scratch, out: &mut [u8]) -> Result<()> {
        let Some(mosaic) = self.file.mosaic else {
            return self.read(slice.frame.index as u64, slice.frame.rescale, scratch, out);
        };
        let image = self.pixels.description();
        let sample_size = self.options.sample_type.size();
        if !*is_whole_read {
            let mut whole = std::mem::take(&mut scratch.whole);
            whole.resize(image.frame_samples() * sample_size, 0);
            self.read(0, slice.frame.rescale, scratch, &mut whole)?;
            scratch.whole = whole;
            *is_whole_read = true;
        }
        mosaic.copy_tile(&scratch.whole, slice.frame.index, image.samples_per_pixel * sample_size, out);
        Ok(())
    }

    /// Whether part of a slice can be read without the rest.
    fn has_rows_in_order(&self) -> bool {
        let is_looked_up = self.options.values == Values::Modality && self.file.has_modality_lut;
        self.file.mosaic.is_none() && !is_looked_up && self.pixels.has_rows_in_order()
    }

    fn read_rows(&self, slice: &Slice, part: &FramePart, scratch: &mut Scratch, out: &mut [u8]) -> Result<()> {
        let rescale = match self.options.values {
            Values::Modality => slice.frame.rescale,
            Values::Stored => Rescale::IDENTITY,
        };
        let options = self.frame_options(Wanted { rescale, sample_type: self.options.sample_type });
        self.pixels.read_part(self.bytes, slice.frame.index as u64, part, &options, &mut scratch.frame, out)
    }

    /// Rows and columns of a slice, if memory may be asked for.
    fn checked_size(&self, slice: &Slice) -> Result<(usize, usize)> {
        if let (ImagePixels::Encapsulated(pixels), Some(frames)) = (self.pixels, &self.frames) {
            let length = pixels.description.frame_length() as u64;
            let index = if self.file.mosaic.is_some() { 0 } else { slice.frame.index };
            pixels.limits.check_decoded(length, frames.length(index as u64))?;
        }
        let missing = || ErrorKind::Missing { what: "PixelData", needed_for: "a volume" };
        Ok(self.file.slice_size().ok_or_else(missing)?)
    }

    /// Reads a frame as the values and the type that are wanted.
    fn read(&self, index: u64, own: Rescale, scratch: &mut Scratch, out: &mut [u8]) -> Result<()> {
        let ReadOptions { values, sample_type, .. } = *self.options;
        let rescale = match values {
            Values::Modality if self.file.has_modality_lut => return self.read_by_table(index, scratch, out),
            Values::Modality => own,
            Values::Stored => Rescale::IDENTITY,
        };
        self.read_as(index, Wanted { rescale, sample_type }, &mut scratch.frame, out)
    }

    fn read_by_table(&self, index: u64, scratch: &mut Scratch, out: &mut [u8]) -> Result<()> {
        let damaged = || ErrorKind::InvalidImage { why: "the Modality LUT is damaged".to_owned() };
        let lut = self.file.modality_lut.as_ref().ok_or_else(damaged)?;
        let Scratch { frame, floats, .. } = scratch;
        let floating = SampleType::F64;
        floats.resize(self.pixels.description().frame_samples() * floating.size(), 0);
        self.read_as(index, Wanted { rescale: Rescale::IDENTITY, sample_type: floating }, frame, floats)?;
        lut.apply(floats);
        convert_floats(floats, self.options.sample_type, out)
    }

    fn frame_options(&self, wanted: Wanted) -> FrameOptions {
        let is_stored =
            wanted.rescale == Rescale::IDENTITY && wanted.sample_type == self.pixels.description().sample_type();
        FrameOptions { wanted: (!is_stored).then_some(wanted), ..FrameOptions::default() }
    }

    fn read_as(&self, index: u64, wanted: Wanted, scratch: &mut FrameScratch, out: &mut [u8]) -> Result<()> {
        let options = self.frame_options(wanted);
        match (self.pixels, &self.frames) {
            (ImagePixels::Encapsulated(pixels), Some(frames)) => {
                pixels.decode_frame(frames, index, self.bytes, &options, scratch, out).map(drop)
            }
            (pixels, _) => pixels.read_frame(self.bytes, index, &options, scratch, out),
        }
    }
}

/// The pixels of a slice, if they are all there and are read.
///
/// # Errors
///
/// What is wrong with them, or not read yet.
pub(super) fn readable(slice: &InstanceHeader) -> Result<&ImagePixels> {
    match &slice.image {
        ImageState::Readable(pixels) => Ok(pixels),
        ImageState::None => Err(ErrorKind::Missing { what: "PixelData", needed_for: "a volume" }.into()),
        ImageState::Unsupported { why, .. } => Err(ErrorKind::UnsupportedImage { why: why.clone() }.into()),
        ImageState::Invalid { why } => Err(ErrorKind::InvalidImage { why: why.clone() }.into()),
        ImageState::Truncated { needed, available, .. } => {
            Err(ErrorKind::PixelsCutShort { needed: *needed, available: *available }.into())
        }
    }
}
