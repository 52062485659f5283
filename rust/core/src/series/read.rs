//! The pixels of a plan's slices, straight into one array.

use std::sync::{Mutex, PoisonError};

use super::header::InstanceHeader;
use super::image_state::ImageState;
use crate::dataset::{DicomFile, OpenBytes};
use crate::error::{Error, ErrorKind, Result};
use crate::image_description::SampleType;
use crate::parse::ParseOptions;
use crate::pixel::{FrameOptions, FrameScratch, ImagePixels, Rescale, Wanted};
use crate::source::OpenFile;
use crate::workers::{Tick, Workers, for_each};

/// Which values of an image are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Those in the file (PS3.3 §C.7.6.3.1).
    Stored,
    /// Those of the modality: slope and intercept of each slice are applied (PS3.3 §C.11.1).
    Modality,
}

/// Reads one frame of each of `slices` into `out`, slice after slice, as numbers of `sample_type`.
///
/// # Errors
///
/// The first in slice order: a file that is gone, has been changed or ends too early, pixels that are not read yet, or
/// a type that does not hold every value exactly. `out` then holds what was read before.
pub fn read_slices(
    slices: &[InstanceHeader],
    values: Values,
    sample_type: SampleType,
    out: &mut [u8],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<()> {
    let slice_length = out.len() / slices.len().max(1);
    let mut targets = out.chunks_exact_mut(slice_length.max(1)).map(|target| Mutex::new(Some(target)));
    let targets: Vec<_> = targets.by_ref().take(slices.len()).collect();
    if targets.len() != slices.len() {
        let why = format!("the array has no room for {} slices", slices.len());
        return Err(ErrorKind::Argument { why }.into());
    }
    // The first in slice order, so that the same files give the same error each time.
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    for_each(slices.len(), workers, tick, FrameScratch::default, |scratch, index| {
        let (Some(slice), Some(target)) = (slices.get(index), targets.get(index)) else { return };
        let Some(target) = target.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let failed_before = || failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed_before().as_ref().is_some_and(|(first, _)| *first < index) {
            return;
        }
        if let Err(error) = read_slice(slice, values, sample_type, scratch, target) {
            let mut failed = failed_before();
            if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                *failed = Some((index, error.in_file(&slice.path)));
            }
        }
    })?;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

fn read_slice(
    slice: &InstanceHeader,
    values: Values,
    sample_type: SampleType,
    scratch: &mut FrameScratch,
    out: &mut [u8],
) -> Result<()> {
    let pixels = readable(slice)?;
    let rescale = match values {
        Values::Stored => Rescale::IDENTITY,
        Values::Modality if slice.has_modality_lut => {
            let what = "a Modality LUT in a volume";
            return Err(ErrorKind::Unsupported { what, coded: String::new() }.into());
        }
        Values::Modality => slice.rescale,
    };
    let is_stored = rescale == Rescale::IDENTITY && sample_type == pixels.description().sample_type();
    let wanted = (!is_stored).then_some(Wanted { rescale, sample_type });
    let options = FrameOptions { wanted, ..FrameOptions::default() };
    let open = || match &slice.file {
        Some(file) => file.reopen(),
        None => OpenFile::open(&slice.path).map(|(file, _)| file),
    };
    if slice.is_deflated {
        // Opened for its check alone: what was inflated is in memory.
        open()?;
        let file = DicomFile::open(&slice.path, &ParseOptions::default())?;
        return pixels.read_frame(&OpenBytes::new(file.dataset.bytes())?, 0, &options, scratch, out);
    }
    pixels.read_frame(&OpenBytes::File(open()?), 0, &options, scratch, out)
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
