//! RLE Lossless (PS3.5 Annex G): the bytes of all samples, most significant ones first, a segment
//! for each of them.
//!
//! Segments are decoded side by side, a few rows at a time, so that the bytes are put together
//! while they are in cache.

use std::{array, iter};

use super::{Codec, CodedColour, CodedImage, Decoded, Samples, Target, invalid};
use crate::error::{ErrorKind, Result, RleFault};
use crate::image_description::ImageDescription;

const NAME: &str = "RLE Lossless";
/// Sixteen words of 32 bits (PS3.5 §G.5): the number of segments, and where each of up to fifteen
/// starts.
const HEADER_LENGTH: usize = 64;
const WORD_LENGTH: usize = 4;
const MAX_SEGMENTS: usize = 15;
/// The most bytes that a run stands for (PS3.5 §G.3.2).
const LONGEST_RUN: usize = 128;
/// Bytes that are copied at once, whether all of them belong to the run or not. Most runs are
/// shorter: with blocks of 16 it is harder to foresee how many a run takes, and a CT frame takes a
/// fifth longer.
const BLOCK_LENGTH: usize = 64;
/// Stands for no run.
const NO_RUN: u8 = 128;
/// Bytes of a segment, decoded, that are wanted at a time: those of a few segments and the samples
/// that they give fit a first-level cache.
const PIECE_LENGTH: usize = 4096;

/// RLE Lossless: 1.2.840.10008.1.2.5.
pub struct RleLossless;

impl Codec for RleLossless {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
        let image = target.image();
        let width = Width::of(image)?;
        target.begin(
            NAME,
            &CodedImage {
                rows: image.rows,
                columns: image.columns,
                samples_per_pixel: image.samples_per_pixel,
                precision: image.bits_allocated,
                is_signed: false,
                colour: CodedColour::AsDescribed,
                has_unused_bits: true,
            },
        )?;
        let mut segments = segments(frame, width, image.samples_per_pixel, target)?;

        let mut room = Room::default();
        let mut done = 0;
        while done < image.rows {
            let rows = width.rows_of_piece(image.columns).min(image.rows - done);
            let wanted = width.segment_length(rows * image.columns);
            segments.iter_mut().for_each(|segment| segment.decode_to(wanted));
            let shortest = segments.iter().min_by_key(|segment| segment.length);
            let length = shortest.map_or(0, |segment| segment.length);
            let whole_rows = rows.min(width.pixels_in(length) / image.columns.max(1));
            if whole_rows > 0 {
                target.rows(room.join(width, &segments, whole_rows * image.columns))?;
            }
            done += whole_rows;
            if let Some(shortest) = shortest
                && length < wanted
            {
                let segment = shortest.number;
                let fault = RleFault::SegmentEnd { segment, rows_done: done, rows: image.rows };
                let error = invalid(NAME, shortest.end, fault);
                return if done == 0 { Err(error) } else { Ok(Decoded::Partial(error)) };
            }
            segments.iter_mut().for_each(|segment| segment.take(wanted));
        }
        let row = width.segment_length(image.columns);
        for segment in &segments {
            let Some(surplus) = segment.surplus() else { continue };
            let offset = segment.end.saturating_sub(segment.coded.len());
            // Rows and columns are those of the frame where less than a row follows, or one run,
            // which some encoders end with.
            let (is_padding, segment) = (surplus < row || segment.is_a_run(), segment.number);
            if !is_padding {
                let fault = RleFault::SegmentSurplus { segment };
                return Ok(Decoded::Partial(invalid(NAME, offset, fault)));
            }
            let fault = RleFault::SegmentPadding { segment, bytes: surplus };
            target.remark(invalid(NAME, offset, fault));
        }
        Ok(Decoded::Whole)
    }
}

/// Whether a frame starts with a header that no other bytes would look like: with the segments that
/// it counts, one after the other from its end on, and with zeros for the others.
pub(super) fn is_rle_header(frame: &[u8]) -> bool {
    let Some((count, starts)) = header(frame) else { return false };
    (1..=MAX_SEGMENTS).contains(&count)
        && starts.first() == Some(&HEADER_LENGTH)
        && has_segments(&starts, count, frame.len())
}

/// The number of segments by the header of a frame, and where they start by it; `None` if the frame
/// is shorter than a header.
fn header(frame: &[u8]) -> Option<(usize, [usize; MAX_SEGMENTS])> {
    let (words, _) = frame.first_chunk::<HEADER_LENGTH>()?.as_chunks::<WORD_LENGTH>();
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word) as usize);
    let count = words.next()?;
    let mut starts = [0; MAX_SEGMENTS];
    iter::zip(&mut starts, words).for_each(|(start, word)| *start = word);
    Some((count, starts))
}

/// Whether exactly so many segments start where a frame of this length can have them.
fn has_segments(starts: &[usize; MAX_SEGMENTS], count: usize, length: usize) -> bool {
    let (used, unused) = starts.split_at_checked(count).unwrap_or((starts, &[]));
    used.first().is_some_and(|first| *first >= HEADER_LENGTH)
        && used.is_sorted_by(|start, next| start < next)
        && used.last().is_some_and(|last| *last < length)
        && unused.iter().all(|start| *start == 0)
}

/// How wide samples are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    /// Eight samples to a byte, the first in its lowest bit (PS3.5 §8.1.1), rows without a gap
    /// between them.
    Bit,
    /// One, two or four bytes.
    Bytes(usize),
}

impl Width {
    fn of(image: &ImageDescription) -> Result<Width> {
        match image.bits_allocated {
            1 if image.samples_per_pixel == 1 => Ok(Width::Bit),
            8 => Ok(Width::Bytes(1)),
            16 => Ok(Width::Bytes(2)),
            32 => Ok(Width::Bytes(4)),
            other => {
                let coded = format!("Bits Allocated {other}");
                Err(ErrorKind::Unsupported { what: "RLE Lossless of this width", coded }.into())
            }
        }
    }

    /// Segments that the bytes of a sample are divided among.
    fn segments_of_sample(self) -> usize {
        match self {
            Width::Bit => 1,
            Width::Bytes(bytes) => bytes,
        }
    }

    /// Bytes of a segment in which so many pixels are.
    fn segment_length(self, pixels: usize) -> usize {
        match self {
            Width::Bit => pixels.div_ceil(8),
            Width::Bytes(_) => pixels,
        }
    }

    /// Pixels in so many bytes of a segment.
    fn pixels_in(self, length: usize) -> usize {
        match self {
            Width::Bit => length * 8,
            Width::Bytes(_) => length,
        }
    }

    /// Rows that are decoded at a time: in bits eight at least, so that each piece starts with a
    /// byte.
    fn rows_of_piece(self, columns: usize) -> usize {
        match self {
            Width::Bit => (PIECE_LENGTH / columns.max(1)).max(1) * 8,
            Width::Bytes(_) => (PIECE_LENGTH / columns.max(1)).max(1),
        }
    }
}

/// Finds the segments of a frame (PS3.5 §G.5): of each sample the most significant byte first.
///
/// Offsets that belong to no segment should be zero, but are of no use and not looked at.
///
/// A number of segments that is wrong beside the right number of good offsets is remarked upon.
fn segments<'f>(
    frame: &'f [u8],
    width: Width,
    samples_per_pixel: usize,
    target: &mut Target<'_>,
) -> Result<Vec<Segment<'f>>> {
    let Some((count, starts)) = header(frame) else {
        let fault = RleFault::HeaderLength { needed: HEADER_LENGTH, found: frame.len() };
        return Err(invalid(NAME, 0, fault));
    };
    let (samples, bytes) = (samples_per_pixel, width.segments_of_sample());
    let needed = samples * bytes;
    let wrong_count =
        || invalid(NAME, 0, RleFault::SegmentCount { found: count, needed, samples, bytes });
    if needed > MAX_SEGMENTS && count == needed {
        let fault = RleFault::TooManySegments { most: MAX_SEGMENTS, needed, samples, bytes };
        return Err(invalid(NAME, 0, fault));
    }
    if count != needed {
        if needed > MAX_SEGMENTS || !has_segments(&starts, needed, frame.len()) {
            return Err(wrong_count());
        }
        target.remark(wrong_count());
    }

    let count = needed;
    let starts = starts.get(..count).unwrap_or_default();
    // A segment ends where the next one starts; the last ends with the frame.
    let ends = starts.iter().copied().skip(1).chain(iter::once(frame.len()));
    let mut segments = Vec::with_capacity(count);
    for (index, (start, end)) in iter::zip(starts.iter().copied(), ends).enumerate() {
        let coded = frame.get(start..end).filter(|_| start >= HEADER_LENGTH);
        let Some(coded) = coded else {
            let (segment, length) = (index + 1, frame.len());
            let fault = RleFault::SegmentPlace { segment, count, start, end, length };
            return Err(invalid(NAME, WORD_LENGTH * segment, fault));
        };
        segments.push(Segment { number: index + 1, coded, end, bytes: Vec::new(), length: 0 });
    }
    Ok(segments)
}

/// One segment, and those of its bytes that are decoded and not used yet.
struct Segment<'f> {
    /// Counted from 1.
    number: usize,
    /// What is left to decode.
    coded: &'f [u8],
    /// Where it ends in the frame.
    end: usize,
    /// The first `length` of these are decoded; there is room for a run more than is wanted, so
    /// that no run is ever cut in two.
    bytes: Vec<u8>,
    length: usize,
}

impl Segment<'_> {
    /// How many bytes there are, decoded, after those that were taken; `None` if there are none but
    /// padding: one, or coded ones that are zero or no runs.
    fn surplus(&self) -> Option<usize> {
        let is_padding = |byte: &u8| *byte == 0 || *byte == NO_RUN;
        if self.length <= 1 && (self.coded.len() <= 1 || self.coded.iter().all(is_padding)) {
            return None;
        }
        let (mut coded, mut surplus) = (self.coded, self.length);
        let mut room = [0; LONGEST_RUN];
        while let Some((run, rest)) = decode_run(coded, &mut room) {
            (coded, surplus) = (rest, surplus + run);
        }
        Some(surplus)
    }

    /// Whether nothing is left but one run of equal bytes, and padding.
    fn is_a_run(&self) -> bool {
        let [control, _, rest @ ..] = self.coded else { return false };
        *control > NO_RUN && self.length == 0 && rest.iter().all(|byte| *byte == 0)
    }

    /// Decodes runs (PS3.5 §G.3.2) until there are `wanted` bytes or more, or fewer because the
    /// segment ends.
    fn decode_to(&mut self, wanted: usize) {
        if self.bytes.len() < wanted + LONGEST_RUN {
            self.bytes.resize(wanted + LONGEST_RUN, 0);
        }
        let (mut coded, mut length) = (self.coded, self.length);
        // As long as the longest run could follow, what is read and written needs one check a run.
        while length < wanted
            && let Some([control, bytes @ ..]) = coded.first_chunk::<{ 1 + LONGEST_RUN }>()
            && let Some(room) =
                self.bytes.get_mut(length..).and_then(|room| room.first_chunk_mut::<LONGEST_RUN>())
            && *control != NO_RUN
        {
            let (blocks, _) = bytes.as_chunks::<BLOCK_LENGTH>();
            let (places, _) = room.as_chunks_mut::<BLOCK_LENGTH>();
            let control = usize::from(*control);
            let (run, used) = if control < usize::from(NO_RUN) {
                let run = control + 1;
                for (place, block) in iter::zip(places, blocks).take(run.div_ceil(BLOCK_LENGTH)) {
                    *place = *block;
                }
                (run, 1 + run)
            } else {
                let run = 257 - control;
                let [first, ..] = *bytes;
                for place in places.iter_mut().take(run.div_ceil(BLOCK_LENGTH)) {
                    *place = [first; BLOCK_LENGTH];
                }
                (run, 2)
            };
            coded = coded.get(used..).unwrap_or_default();
            length += run;
        }
        while length < wanted
            && let Some((run, rest)) =
                decode_run(coded, self.bytes.get_mut(length..).unwrap_or_default())
        {
            (coded, length) = (rest, length + run);
        }
        (self.coded, self.length) = (coded, length);
    }

    /// Gives up the first `count` decoded bytes.
    fn take(&mut self, count: usize) {
        self.bytes.copy_within(count..self.length, 0);
        self.length -= count;
    }
}

/// Decodes one run, of any kind, to the start of `room`: its length, and what is left to decode. A
/// run that is cut short is as long as it can be.
///
/// `None` if there is no run any more.
fn decode_run<'c>(coded: &'c [u8], room: &mut [u8]) -> Option<(usize, &'c [u8])> {
    let (control, rest) = coded.split_first()?;
    match usize::from(*control) {
        // It stands for nothing.
        128 => Some((0, rest)),
        literal @ 0..128 => {
            let (bytes, rest) = rest.split_at_checked(literal + 1).unwrap_or((rest, &[]));
            room.get_mut(..bytes.len())?.copy_from_slice(bytes);
            Some((bytes.len(), rest))
        }
        repeated => {
            let (byte, rest) = rest.split_first()?;
            room.get_mut(..257 - repeated)?.fill(*byte);
            Some((257 - repeated, rest))
        }
    }
}

/// Room for the samples that the bytes of segments are put together to; one kind is in use.
#[derive(Default)]
struct Room {
    bytes: Vec<u8>,
    words: Vec<u16>,
    longs: Vec<i32>,
}

impl Room {
    /// The first `pixels` of what is decoded of `segments`.
    fn join<'r>(
        &'r mut self,
        width: Width,
        segments: &'r [Segment<'_>],
        pixels: usize,
    ) -> Samples<'r> {
        match (width, segments) {
            (Width::Bit, [bits, ..]) => {
                self.bytes.resize(pixels.next_multiple_of(8), 0);
                let (eights, _) = self.bytes.as_chunks_mut::<8>();
                for (eight, byte) in iter::zip(eights, &bits.bytes) {
                    *eight = array::from_fn(|bit| byte >> bit & 1);
                }
                Samples::U8(self.bytes.get(..pixels).unwrap_or_default())
            }
            (Width::Bytes(1), [only]) => Samples::U8(only.bytes.get(..pixels).unwrap_or_default()),
            (Width::Bit | Width::Bytes(1), _) => {
                Samples::U8(join_as(&mut self.bytes, segments, pixels, |[bytes]: &[_; 1]| {
                    bytes.bytes.iter().copied()
                }))
            }
            (Width::Bytes(2), _) => {
                Samples::U16(join_as(&mut self.words, segments, pixels, |[high, low]: &[_; 2]| {
                    iter::zip(&high.bytes, &low.bytes)
                        .map(|(high, low)| u16::from_be_bytes([*high, *low]))
                }))
            }
            (Width::Bytes(_), _) => {
                Samples::I32(join_as(&mut self.longs, segments, pixels, |[a, b, c, d]: &[_; 4]| {
                    let (high, low) =
                        (iter::zip(&a.bytes, &b.bytes), iter::zip(&c.bytes, &d.bytes));
                    iter::zip(high, low)
                        .map(|((a, b), (c, d))| i32::from_be_bytes([*a, *b, *c, *d]))
                }))
            }
        }
    }
}

/// Puts samples together, each of them of the bytes of `N` segments.
fn join_as<'r, 's, 'f: 's, const N: usize, T: Copy + Default, I: Iterator<Item = T>>(
    room: &'r mut Vec<T>,
    segments: &'s [Segment<'f>],
    pixels: usize,
    values: impl Fn(&'s [Segment<'f>; N]) -> I,
) -> &'r [T] {
    let (samples, _) = segments.as_chunks::<N>();
    room.resize(pixels * samples.len(), T::default());
    match samples {
        [only] => {
            iter::zip(room.iter_mut(), values(only)).for_each(|(sample, value)| *sample = value)
        }
        // Three times as fast as one after the other.
        [red, green, blue] => {
            let colours = iter::zip(iter::zip(values(red), values(green)), values(blue));
            let (pixels, _) = room.as_chunks_mut::<3>();
            iter::zip(pixels, colours)
                .for_each(|(pixel, ((red, green), blue))| *pixel = [red, green, blue]);
        }
        _ => {
            for (index, segments) in samples.iter().enumerate() {
                let places = room.iter_mut().skip(index).step_by(samples.len());
                iter::zip(places, values(segments)).for_each(|(sample, value)| *sample = value);
            }
        }
    }
    room
}

#[cfg(test)]
mod tests;
