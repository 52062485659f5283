//! Encapsulated images: each frame through its codec, into an array (PS3.5 §8.2, §A.4).

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::decoded::DecodedRows;
use super::native::{ValueField, check_layout};
use super::read::{Cells, FrameOptions, FrameScratch, check_room, finish_cells};
use super::rescale::convert;
use crate::codec::{self, Decoded, Target};
use crate::cursor::ByteOrder;
use crate::dataset::OpenBytes;
use crate::dictionary::keyword;
use crate::encapsulation::{ExtendedOffsetTable, Fragments, Frames};
use crate::error::{Error, ErrorKind, FrameFault, ImageFault, RequestFault, Result};
use crate::image_description::ImageDescription;
use crate::inflate::inflate_frame;
use crate::limits::Limits;
use crate::memory::resize;
use crate::source::AlignedBuffer;
use crate::transfer_syntax::{Coding, TransferSyntax};
use crate::vr::Vr;
use crate::workers::{Tick, Workers, fill_each};

/// The pixels of an encapsulated image, and where their value field lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncapsulatedPixels {
    /// What they are.
    pub description: ImageDescription,
    /// Where their items are.
    pub field: ValueField,
    /// The Extended Offset Table, if there is one.
    pub extended: Option<ExtendedOffsetTable>,
    /// How frames are written by the Transfer Syntax; one that is native says nothing about them.
    pub coding: Coding,
    /// Its UID, for messages.
    pub transfer_syntax_uid: String,
    /// Whether a damaged frame gives as much as can be decoded of it, rather than an error.
    pub is_damage_allowed: bool,
    /// What a frame may cost.
    pub limits: Limits,
}

/// What there is to say about a frame that was decoded.
#[derive(Debug)]
pub enum Remark {
    /// It is damaged: what is missing is zero, and what is there may be wrong.
    Damaged(Error),
    /// It is not as the standard wants it, though all of its pixels are there.
    Odd(Error),
}

impl EncapsulatedPixels {
    /// An image whose frames the caller has, for [`EncapsulatedPixels::decode_bytes`].
    pub fn of_frame(
        description: ImageDescription,
        transfer_syntax: &TransferSyntax,
    ) -> EncapsulatedPixels {
        EncapsulatedPixels {
            description,
            field: ValueField { offset: 0, length: 0, vr: Vr::OB, order: ByteOrder::Little },
            extended: None,
            coding: transfer_syntax.coding,
            transfer_syntax_uid: transfer_syntax.uid.to_owned(),
            is_damage_allowed: false,
            limits: Limits::DEFAULT,
        }
    }

    /// Finds the frames.
    ///
    /// # Errors
    ///
    /// If the items are damaged or do not say which make a frame, or the file cannot be read.
    pub fn frames(&self, bytes: &OpenBytes<'_>) -> Result<Frames> {
        let (field, count) = (self.field, self.description.frame_count);
        if bytes.is_far()
            && let Some(frames) = Frames::by_tables(
                bytes,
                field.offset,
                field.length,
                field.order,
                self.extended.as_ref(),
                count,
            )?
        {
            return Ok(frames);
        }
        self.seen_frames(bytes)
    }

    /// [`EncapsulatedPixels::frames`] after a look at every fragment, wherever the bytes are.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn seen_frames(&self, bytes: &OpenBytes<'_>) -> Result<Frames> {
        let field = self.field;
        let tag = self.description.pixel_element.tag();
        let place = |error: Error| error.at_tag(tag, keyword(tag), None).at_offset(field.offset);
        let fragments =
            Fragments::read(bytes, field.offset, field.length, field.order, &self.limits)
                .map_err(place)?;
        Frames::find(fragments, self.extended.as_ref(), self.description.frame_count, bytes)
            .map_err(place)
    }

    /// Checks, without looking at a frame, that a codec reads such frames.
    ///
    /// # Errors
    ///
    /// If none does.
    pub fn check_readable(&self) -> Result<()> {
        match codec::why_not(self.coding) {
            // Nothing says how these fragments are written but they themselves.
            Some(_) if is_silent(self.coding) => Ok(()),
            Some(why) => Err(self.unsupported(why)),
            None => Ok(()),
        }
    }

    fn unsupported(&self, what: &'static str) -> Error {
        ErrorKind::unsupported(what, &self.transfer_syntax_uid).into()
    }

    /// What reads a frame: by its first bytes where they say so, else by the Transfer Syntax.
    ///
    /// # Errors
    ///
    /// If nothing does.
    fn coding_of(&self, frame: &[u8]) -> Result<Coding> {
        let coding = match self.coding {
            silent if is_silent(silent) => codec::recognize(frame),
            said => Some(codec::recognize_as(said, frame)),
        };
        let unknown = || {
            self.unsupported(
                "pixel data compressed in a way that neither they nor the Transfer Syntax name",
            )
        };
        coding.ok_or_else(unknown)
    }

    /// Decodes one frame into `out`. Of a damaged one, where that is allowed, what is missing is
    /// zero. Returns what there is to say about the frame.
    ///
    /// # Errors
    ///
    /// If there is no such frame, it cannot be read or decoded, `out` has another length, or the
    /// type that is wanted does not hold every value exactly.
    pub fn decode_frame(
        &self,
        frames: &Frames,
        index: u64,
        bytes: &OpenBytes<'_>,
        options: &FrameOptions,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<Option<Remark>> {
        self.check_frames(frames, &(index..index.saturating_add(1)))?;
        let offset = frames.fragments(index).first().map(|fragment| fragment.offset);
        let place = |error: Error| {
            let tag = self.description.pixel_element.tag();
            let error = error.in_frame(index).at_tag(tag, keyword(tag), None);
            match offset {
                Some(offset) => error.at_offset(offset),
                None => error,
            }
        };
        if !self.is_damage_allowed {
            frames.check_whole(index).map_err(place)?;
        }
        let mut stored = std::mem::take(&mut scratch.stored);
        let decoded = match frames.read(index, bytes, &mut stored) {
            Ok(frame) => self.decode(frame, options, scratch, out).map_err(place),
            Err(error) => Err(error),
        };
        scratch.stored = stored;
        match decoded? {
            Some(Remark::Damaged(error)) if !self.is_damage_allowed => Err(place(error)),
            Some(Remark::Damaged(error)) => Ok(Some(Remark::Damaged(place(error)))),
            Some(Remark::Odd(error)) => Ok(Some(Remark::Odd(place(error)))),
            None => Ok(None),
        }
    }

    /// Makes what is wanted of the stored values of a frame that was decoded before. Returns
    /// whether it could: not if `out` or `stored` has another length, or the type that is wanted
    /// does not hold every value exactly.
    pub(crate) fn finish_stored(
        &self,
        stored: &[u8],
        options: &FrameOptions,
        out: &mut [u8],
    ) -> bool {
        let image = &self.description;
        let sample_type = options.wanted.map_or(image.sample_type(), |wanted| wanted.sample_type);
        let length_of = |size: usize| image.frame_samples() * size;
        if stored.len() != length_of(image.sample_type().size())
            || out.len() != length_of(sample_type.size())
        {
            return false;
        }
        // Decoded samples have no unused bits.
        if let Some(wanted) = options.wanted {
            return convert(stored, &image.as_rgb(), wanted, out).is_ok();
        }
        out.copy_from_slice(stored);
        true
    }

    /// Checks, before memory is asked for, that there are such frames, whatever Number of Frames
    /// says.
    ///
    /// # Errors
    ///
    /// If there are not.
    pub fn check_frames(&self, frames: &Frames, range: &Range<u64>) -> Result<()> {
        if range.end <= frames.count() {
            return Ok(());
        }
        Err(self.no_such_frame(frames, range.start.max(frames.count())))
    }

    fn no_such_frame(&self, frames: &Frames, index: u64) -> Error {
        let (count, said) = (frames.count(), self.description.frame_count);
        if index >= said {
            return ErrorKind::FrameIndex { index, count: said }.into();
        }
        let fault = ImageFault::FramesMissing { expected: said, found: count };
        Error::from(fault).in_frame(index)
    }

    /// Decodes the bytes of a frame into `out`.
    ///
    /// # Errors
    ///
    /// If they cannot be decoded to their end, `out` has another length, or the type that is wanted
    /// does not hold every value exactly.
    pub fn decode_bytes(
        &self,
        frame: &[u8],
        options: &FrameOptions,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<()> {
        match self.decode(frame, options, scratch, out)? {
            Some(Remark::Damaged(damage)) => Err(damage),
            Some(Remark::Odd(_)) | None => Ok(()),
        }
    }

    fn decode(
        &self,
        frame: &[u8],
        options: &FrameOptions,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<Option<Remark>> {
        let FrameScratch { rows, arranged, threads, .. } = scratch;
        let coding = self.coding_of(frame)?;
        let image = &self.description;
        self.limits.check_decoded(image.frame_length() as u64, frame.len() as u64)?;
        options.decode.check(coding)?;
        let sample_type = options.wanted.map_or(image.sample_type(), |wanted| wanted.sample_type);
        let samples = image.reduced(options.decode.reduce).frame_samples();
        check_room(out, (samples * sample_type.size()) as u64, 1)?;
        let Some(codec) = codec::find(coding) else {
            let damage = self.decode_cells(coding, frame, options, arranged, out)?;
            return Ok(damage.map(Remark::Damaged));
        };
        let mut sink = DecodedRows::new(image, options.wanted, options.is_raw, out, rows)
            .of_area(options.decode.area);
        let mut target = Target::new(image, options.decode, &mut sink).with_threads(*threads);
        if let Some(said) = codec::find(self.coding).filter(|_| coding != self.coding) {
            let fault = FrameFault::OtherFamily { said: said.name() };
            target.remark(codec::invalid(codec.name(), None, fault));
        } else if let Some(oddity) = codec::other_process(&self.transfer_syntax_uid, frame) {
            target.remark(oddity);
        }
        let decoded = match codec.decode(frame, &mut target) {
            // Nothing of the frame is there but that it is one of this image.
            Err(error) if target.has_begun() && is_of_codestream(&error) => Decoded::Partial(error),
            decoded => decoded?,
        };
        if target.is_lossy() && codec::is_lossless(&self.transfer_syntax_uid) {
            target.remark(codec::invalid(codec.name(), None, FrameFault::Lossy));
        }
        let (is_full, oddity) = (target.is_full(), target.take_oddity());
        sink.rest().fill(0);
        match decoded {
            Decoded::Partial(error) => Ok(Some(Remark::Damaged(error))),
            Decoded::Whole if is_full => Ok(oddity.map(Remark::Odd)),
            Decoded::Whole => Err(codec::invalid(codec.name(), None, FrameFault::RowsMissing)),
        }
    }

    /// Frames whose bytes are, when they are inflated, those of a native frame.
    fn decode_cells(
        &self,
        coding: Coding,
        frame: &[u8],
        options: &FrameOptions,
        arranged: &mut AlignedBuffer,
        out: &mut [u8],
    ) -> Result<Option<Error>> {
        let image = &self.description;
        check_layout(image)?;
        if !options.is_raw {
            image.check_colour()?;
        }
        let needed = image.stored_frame_bits().div_ceil(8);
        let (mut cells, is_cut_short) = match coding {
            Coding::Uncompressed => (Cow::Borrowed(frame), false),
            Coding::Deflated => {
                let (cells, is_cut_short) = inflate_frame(frame, needed)?;
                (Cow::Owned(cells), is_cut_short)
            }
            other => {
                return Err(
                    self.unsupported(codec::why_not(other).unwrap_or("pixel data of this codec"))
                );
            }
        };
        let available = cells.len() as u64;
        // One byte more is padding, or, after inflating, the byte that shows that there are more.
        if available > needed.saturating_add(1) && coding == Coding::Uncompressed {
            return Err(ImageFault::FrameLength { found: available, expected: needed }.into());
        }
        if available < needed {
            resize(cells.to_mut(), usize::try_from(needed).unwrap_or(usize::MAX))?;
        }
        let cells = cells.get(..usize::try_from(needed).unwrap_or(usize::MAX)).unwrap_or_default();
        let cells = Cells {
            bytes: cells,
            skipped_bits: 0,
            is_in_order: !image.is_packed() && image.is_in_order(),
        };
        finish_cells(&cells, image, options, arranged, out)?;
        if available < needed {
            return Ok(Some(ErrorKind::PixelsCutShort { needed, available }.into()));
        }
        Ok(is_cut_short.then(|| ErrorKind::DeflatedCutShort.into()))
    }

    /// Decodes a range of frames into `out`, one after the other, several at a time. Of damaged
    /// ones, where that is allowed, what is missing is zero. Returns what there is to say about
    /// frames, in their order.
    ///
    /// # Errors
    ///
    /// As [`EncapsulatedPixels::decode_frame`], the first in the order of the frames; or if the
    /// user stops it.
    #[expect(clippy::too_many_arguments, reason = "which frames, where from, where to and how")]
    pub fn decode_frames(
        &self,
        frames: &Frames,
        range: Range<u64>,
        bytes: &OpenBytes<'_>,
        options: &FrameOptions,
        out: &mut [u8],
        workers: Workers,
        tick: Tick<'_>,
    ) -> Result<Vec<Remark>> {
        self.check_frames(frames, &range)?;
        let count = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let array_length = out.len();
        let frame_length = array_length / count.max(1);
        let targets: Vec<_> = out.chunks_exact_mut(frame_length.max(1)).collect();
        if targets.len() != count {
            let frame_count = range.end.saturating_sub(range.start);
            return Err(RequestFault::ArrayFrames { length: array_length, frame_count }.into());
        }
        let remarks: Mutex<Vec<(usize, Remark)>> = Mutex::default();
        let scratch = || FrameScratch::for_threads(workers.beside(count));
        fill_each(targets, workers, tick, scratch, |scratch, index, out| {
            let frame = range.start.saturating_add(index as u64);
            if let Some(remark) = self.decode_frame(frames, frame, bytes, options, scratch, out)? {
                remarks.lock().unwrap_or_else(PoisonError::into_inner).push((index, remark));
            }
            Ok(())
        })?;
        let mut remarks = remarks.into_inner().unwrap_or_else(PoisonError::into_inner);
        remarks.sort_by_key(|(index, _)| *index);
        Ok(remarks.into_iter().map(|(_, remark)| remark).collect())
    }
}

/// Whether an error is damage of a codestream, rather than something that is not read.
fn is_of_codestream(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidFrame { .. })
}

/// Whether a Transfer Syntax says nothing about how fragments are written, as it has none.
fn is_silent(coding: Coding) -> bool {
    matches!(coding, Coding::Native | Coding::Referenced | Coding::NoPixels)
}

#[cfg(test)]
mod tests;
