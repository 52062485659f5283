//! The slices of an image whose file is open, as the values and the type that are wanted.

use std::sync::{Arc, OnceLock};

use super::header::InstanceHeader;
use super::read::{ReadOptions, Values};
use super::slice_set::Slice;
use crate::codec::WantedArea;
use crate::dataset::OpenBytes;
use crate::encapsulation::Frames;
use crate::error::{ErrorKind, Result};
use crate::image_description::{ImageDescription, SampleType};
use crate::memory::resize;
use crate::pixel::{
    EncapsulatedPixels, FrameOptions, FramePart, FrameScratch, ImagePixels, ModalityLut,
    NativePixels, Remark, Rescale, Wanted, convert_floats,
};
use crate::source::AlignedBuffer;

/// What a thread uses again for its next slices.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) frame: FrameScratch,
    /// All of a mosaic.
    whole: Vec<u8>,
    /// Stored values as floats, for a table.
    floats: Vec<u8>,
    /// A slice of which part is wanted.
    pub(super) slice: AlignedBuffer,
}

impl Scratch {
    /// For frames that so many threads may decode together.
    pub(super) fn for_threads(threads: usize) -> Scratch {
        Scratch { frame: FrameScratch::for_threads(threads), ..Scratch::default() }
    }
}

/// The pixels of a file, with the frames of compressed ones.
pub(super) enum OpenPixels<'a> {
    Native(&'a NativePixels),
    Encapsulated(&'a EncapsulatedPixels, Arc<Frames>),
}

impl<'a> OpenPixels<'a> {
    /// Frames are found once, for all that have `found`.
    pub(super) fn new(
        pixels: &'a ImagePixels,
        bytes: &OpenBytes<'_>,
        found: Option<&OnceLock<Arc<Frames>>>,
    ) -> Result<OpenPixels<'a>> {
        let pixels = match pixels {
            ImagePixels::Native(pixels) => return Ok(OpenPixels::Native(pixels)),
            ImagePixels::Encapsulated(pixels) => pixels,
        };
        if let Some(frames) = found.and_then(OnceLock::get) {
            return Ok(OpenPixels::Encapsulated(pixels, Arc::clone(frames)));
        }
        let frames = Arc::new(pixels.frames(bytes)?);
        // Whoever is first: others find the same.
        drop(found.map(|found| found.set(Arc::clone(&frames))));
        Ok(OpenPixels::Encapsulated(pixels, frames))
    }

    pub(super) fn description(&self) -> &'a ImageDescription {
        match self {
            OpenPixels::Native(pixels) => &pixels.description,
            OpenPixels::Encapsulated(pixels, _) => &pixels.description,
        }
    }
}

/// An image whose file is open.
pub(super) struct OpenImage<'a> {
    pub(super) file: &'a InstanceHeader,
    pub(super) pixels: OpenPixels<'a>,
    pub(super) bytes: &'a OpenBytes<'a>,
    pub(super) options: &'a ReadOptions,
}

impl OpenImage<'_> {
    /// Reads a slice: a frame, or a tile of a mosaic, all of which is kept for the tiles after it.
    pub(super) fn read_slice(
        &self,
        slice: &Slice,
        is_whole_read: &mut bool,
        scratch: &mut Scratch,
        out: &mut [u8],
    ) -> Result<()> {
        let Some(mosaic) = self.file.image.mosaic else {
            return self.read(
                slice.frame.index as u64,
                slice.frame.transform.rescale,
                scratch,
                out,
            );
        };
        let image = self.pixels.description();
        let sample_size = self.options.sample_type.size();
        if !*is_whole_read {
            self.check_memory(0)?;
            let mut whole = std::mem::take(&mut scratch.whole);
            resize(&mut whole, image.frame_samples() * sample_size)?;
            self.read(0, slice.frame.transform.rescale, scratch, &mut whole)?;
            scratch.whole = whole;
            *is_whole_read = true;
        }
        mosaic.copy_tile(
            &scratch.whole,
            slice.frame.index,
            image.samples_per_pixel * sample_size,
            out,
        );
        Ok(())
    }

    /// The first of frames that follow each other in the file as in the array.
    pub(super) fn plain_run(&self, slices: &[Option<Slice>]) -> Option<(&NativePixels, u64)> {
        let pixels = self.rows_in_order().filter(|_| self.options.part.is_none())?;
        let first = slices.first()?.as_ref()?.frame.index;
        let is_next = |(distance, slice): (usize, &Option<Slice>)| {
            slice
                .as_ref()
                .is_some_and(|slice| slice.frame.index == first + distance && self.is_stored(slice))
        };
        slices.iter().enumerate().all(is_next).then_some((pixels, first as u64))
    }

    fn is_stored(&self, slice: &Slice) -> bool {
        let is_same_value = self.options.values == Values::Stored
            || slice.frame.transform.rescale == Rescale::IDENTITY;
        is_same_value && self.options.sample_type == self.pixels.description().sample_type()
    }

    /// The pixels, if rows of slices are frames' rows as they are in the file.
    pub(super) fn rows_in_order(&self) -> Option<&NativePixels> {
        let is_looked_up = self.options.values == Values::Modality && self.file.has_modality_lut();
        match self.pixels {
            OpenPixels::Native(pixels)
                if self.file.image.mosaic.is_none() && !is_looked_up && pixels.has_plain_runs() =>
            {
                Some(pixels)
            }
            _ => None,
        }
    }

    pub(super) fn read_rows(
        &self,
        pixels: &NativePixels,
        slice: &Slice,
        part: &FramePart,
        scratch: &mut Scratch,
        out: &mut [u8],
    ) -> Result<()> {
        let rescale = match self.options.values {
            Values::Modality => slice.frame.transform.rescale,
            Values::Stored => Rescale::IDENTITY,
        };
        let options = self.frame_options(Wanted { rescale, sample_type: self.options.sample_type });
        pixels.read_part(
            self.bytes,
            slice.frame.index as u64,
            part,
            &options,
            &mut scratch.frame,
            out,
        )
    }

    /// Checks, before memory is asked for, that a compressed frame can be as long as its header
    /// says.
    pub(super) fn check_memory(&self, index: u64) -> Result<()> {
        let OpenPixels::Encapsulated(pixels, frames) = &self.pixels else { return Ok(()) };
        let length = pixels.description.frame_length() as u64;
        pixels
            .limits
            .check_decoded(length, frames.length(index))
            .map_err(|error| error.in_frame(index))
    }

    /// Rows and columns of a slice, if memory may be asked for.
    pub(super) fn checked_size(&self, slice: &Slice) -> Result<(usize, usize)> {
        self.check_memory(if self.file.image.mosaic.is_some() {
            0
        } else {
            slice.frame.index as u64
        })?;
        let missing = || ErrorKind::Missing { what: "PixelData", needed_for: "a volume" };
        Ok(self.file.slice_size().ok_or_else(missing)?)
    }

    /// Reads a frame as the values and the type that are wanted.
    fn read(&self, index: u64, own: Rescale, scratch: &mut Scratch, out: &mut [u8]) -> Result<()> {
        let ReadOptions { values, sample_type, .. } = *self.options;
        let rescale = match values {
            Values::Modality if self.file.has_modality_lut() => {
                return self.read_by_table(index, scratch, out);
            }
            Values::Modality => own,
            Values::Stored => Rescale::IDENTITY,
        };
        self.read_as(index, Wanted { rescale, sample_type }, &mut scratch.frame, out)
    }

    /// The table that values of the modality go through.
    ///
    /// # Errors
    ///
    /// If it is damaged.
    pub(super) fn lut(&self) -> Result<Option<&ModalityLut>> {
        match (self.options.values, &self.file.modality_lut) {
            (Values::Modality, Some(Ok(lut))) => Ok(Some(lut)),
            (Values::Modality, Some(Err(error))) => Err(error.clone()),
            (Values::Modality, None) | (Values::Stored, _) => Ok(None),
        }
    }

    fn read_by_table(&self, index: u64, scratch: &mut Scratch, out: &mut [u8]) -> Result<()> {
        let Some(lut) = self.lut()? else { return Ok(()) };
        let Scratch { frame, floats, .. } = scratch;
        let floating = SampleType::F64;
        self.check_memory(index)?;
        resize(floats, self.pixels.description().frame_samples() * floating.size())?;
        self.read_as(
            index,
            Wanted { rescale: Rescale::IDENTITY, sample_type: floating },
            frame,
            floats,
        )?;
        lut.apply(floats);
        convert_floats(floats, self.options.sample_type, out)
    }

    pub(super) fn frame_options(&self, wanted: Wanted) -> FrameOptions {
        let is_stored = wanted.rescale == Rescale::IDENTITY
            && wanted.sample_type == self.pixels.description().sample_type();
        FrameOptions { wanted: (!is_stored).then_some(wanted), ..FrameOptions::default() }
    }

    /// What is to be decoded of a frame; `None` for all: a table or a mosaic needs the whole frame,
    /// and where damaged slices are kept, they are the same ones whatever the part is.
    fn wanted_area(&self) -> Option<WantedArea> {
        let is_looked_up = self.options.values == Values::Modality && self.file.has_modality_lut();
        let part = self.options.part.as_ref();
        let needs_whole = self.options.keeps_damaged || self.file.image.mosaic.is_some();
        let part = part.filter(|_| !is_looked_up && !needs_whole)?;
        let image = self.pixels.description();
        part.area(image.rows, image.columns)
    }

    fn read_as(
        &self,
        index: u64,
        wanted: Wanted,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<()> {
        let mut options = self.frame_options(wanted);
        options.decode.area = self.wanted_area();
        match &self.pixels {
            OpenPixels::Native(pixels) => pixels.read(self.bytes, index, 1, &options, scratch, out),
            OpenPixels::Encapsulated(pixels, frames) => {
                let ahead = self.file.fetched().and_then(|file| file.whole()?.take_frame(index));
                // Where it cannot be what is wanted, decoding says which frame and why.
                if let Some(stored) = ahead
                    && pixels.finish_stored(&stored, &options, out)
                {
                    return Ok(());
                }
                let remark =
                    pixels.decode_frame(frames, index, self.bytes, &options, scratch, out)?;
                if let Some(Remark::Odd(error) | Remark::Damaged(error)) = remark {
                    scratch.oddity.get_or_insert(error);
                }
                Ok(())
            }
        }
    }
}
