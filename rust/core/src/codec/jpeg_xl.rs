//! JPEG XL (PS3.5 §8.2.15, ISO/IEC 18181), in a container or bare: lossless, lossy, and JPEG images
//! that were packed again.
//!
//! The crate `jxl` does the work, and is named in this module only. A codestream has to be whole:
//! of one that is cut short no row is certain, and what is there of it is given as damaged.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

use jxl::api::{
    Endianness, Event, JxlBasicInfo, JxlBitDepth, JxlColorType, JxlDataFormat, JxlDecoder,
    JxlDecoderOptions, JxlOutputBuffer, JxlParallelRunner, JxlParallelRunnerFun, JxlPixelFormat,
    ProfileLevel,
};
use jxl::error::Error as JxlError;

use super::{Codec, CodedColour, CodedImage, Decoded, Samples, Target, invalid};
use crate::error::{Error, ErrorKind, FrameFault, JpegXlFault, Result};
use crate::image_description::ImageDescription;
use crate::memory::{Cushion, filled, no_memory};
use crate::workers::share;

type JxlResult = std::result::Result<(), JxlError>;

const NAME: &str = "JPEG XL";
/// The widest samples that are read: wider ones would go through 32-bit floating point numbers.
const MOST_BITS: u32 = 16;
/// Samples that are given at a time: they fit a first-level cache.
const PIECE_LENGTH: usize = 8192;

/// JPEG XL: 1.2.840.10008.1.2.4.110, .111 and .112.
pub struct JpegXl;

impl Codec for JpegXl {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
        // The decoder asks for windows, tables and lists in a way that takes no refusal.
        let _cushion = Cushion::new()?;
        decode(frame, target)
    }
}

fn decode(frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
    let image = target.image();
    let (decoder, threads) = (JxlDecoder::new(options(image)), Threads(target.threads()));
    let mut reader = Reader { decoder, threads, frame, left: frame };
    reader.next(None)?;
    let decoder = &mut reader.decoder;
    let header = decoder.basic_info().zip(decoder.embedded_color_profile());
    let Some((info, profile)) = header else {
        return Err(invalid(NAME, 0, JpegXlFault::NoHeader));
    };
    let channels = profile.channels();
    let coded = coded_image(info, channels);
    target.begin(NAME, &coded)?;
    is_read(info)?;
    // XYB, into which samples do not go without loss.
    if !info.uses_original_profile {
        target.says_lossy();
    }

    let bytes = if coded.precision > 8 { 2 } else { 1 };
    let format = JxlPixelFormat {
        color_type: if channels == 1 { JxlColorType::Grayscale } else { JxlColorType::Rgb },
        color_data_format: Some(data_format(coded.precision)),
        extra_channel_format: Vec::new(),
    };
    decoder.set_pixel_format(format).map_err(|error| said(error, None))?;

    // Rows must start where a sample may. What the decoder returns is in groups of rows and
    // columns, in any order.
    let row_length = coded.columns * channels * bytes;
    let length = coded.rows * row_length;
    let mut room: Vec<u8> = filled(length + 1)?;
    let start = room.as_ptr().align_offset(bytes).min(1);
    let room = room.get_mut(start..start + length).unwrap_or_default();
    let damage = loop {
        let output = JxlOutputBuffer::new(room, coded.rows, row_length);
        match reader.next(Some(output)) {
            Ok(Event::FrameComplete { .. }) => break None,
            Ok(Event::Complete) => break Some(invalid(NAME, None, JpegXlFault::NoFrame)),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::InvalidFrame { .. }) => {
                break Some(error);
            }
            Err(error) => return Err(error),
        }
    };
    if damage.as_ref().is_some_and(is_cut_short) {
        reader.draw(JxlOutputBuffer::new(room, coded.rows, row_length));
    }

    let rows_of_piece = (PIECE_LENGTH / (coded.columns * channels).max(1)).max(1);
    let mut words = Vec::new();
    for piece in room.chunks(rows_of_piece * row_length) {
        if bytes == 1 {
            target.rows(Samples::U8(piece))?;
        } else {
            words.clear();
            words.extend(piece.as_chunks().0.iter().map(|word| u16::from_ne_bytes(*word)));
            target.rows(Samples::U16(&words))?;
        }
    }
    Ok(damage.map_or(Decoded::Whole, Decoded::Partial))
}

/// What the headers say of the image.
fn coded_image(info: &JxlBasicInfo, channels: usize) -> CodedImage {
    CodedImage {
        rows: info.size.1,
        columns: info.size.0,
        samples_per_pixel: channels + info.extra_channels.len(),
        precision: info.bit_depth.bits_per_sample(),
        is_signed: false,
        // What was YCbCr in a JPEG image is decoded as RGB, as any other colour.
        colour: if channels == 1 { CodedColour::AsDescribed } else { CodedColour::Rgb },
        has_unused_bits: false,
    }
}

/// Whether a frame ends before its image does, and nothing else is known to be wrong.
fn is_cut_short(error: &Error) -> bool {
    let fault = FrameFault::JpegXl(JpegXlFault::CutShort);
    matches!(error.kind(), ErrorKind::InvalidFrame { fault: found, .. } if *found == fault)
}

/// So many threads for the groups of a frame.
struct Threads(usize);

impl JxlParallelRunner for Threads {
    fn run(&mut self, num: usize, fun: &JxlParallelRunnerFun<'_>) -> JxlResult {
        let failed = Mutex::new(None);
        let one = |(): &mut (), index: usize| {
            if let Err(error) = fun(index) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            Ok(())
        };
        if let Err(panic) = share((0..num).collect(), self.0, || (), one) {
            // Goes on to where the decoder was called.
            resume_unwind(Box::new(panic.what()));
        }
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn num_threads(&self) -> usize {
        self.0
    }
}

fn options(image: &ImageDescription) -> JxlDecoderOptions {
    let mut options = JxlDecoderOptions::default();
    // 16 bits are of level 10.
    options.max_profile_level = ProfileLevel::Main10;
    // Twice what an image with an alpha channel takes: frames that others refer to can be larger
    // than the image. The decoder counts rows as 16 samples long or longer.
    options.sample_limit =
        Some(image.rows.max(16).saturating_mul(image.columns.max(16)).saturating_mul(8));
    options
}

/// A decoder and what it reads.
struct Reader<'f> {
    decoder: JxlDecoder,
    threads: Threads,
    frame: &'f [u8],
    /// What is left of the frame.
    left: &'f [u8],
}

impl Reader<'_> {
    /// Goes on to the next event, and fills the output on the way.
    ///
    /// The decoder checks what it reads; where it forgot to, an index out of range is a panic. Such
    /// a frame is damaged.
    fn next(&mut self, output: Option<JxlOutputBuffer<'_>>) -> Result<Event> {
        let (decoder, left) = (&mut self.decoder, &mut self.left);
        let threads = &mut self.threads;
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut outputs = output.map(|output| [output]);
            let outputs = outputs.as_mut().map(|outputs| outputs.as_mut_slice());
            decoder.process(left, outputs, Some(threads))
        }));
        let offset = self.frame.len() - self.left.len();
        match result {
            Ok(Ok(Event::NeedMoreInput { .. })) => {
                Err(invalid(NAME, offset, JpegXlFault::CutShort))
            }
            Ok(Ok(event)) => Ok(event),
            Ok(Err(error)) => Err(said(error, Some(offset))),
            Err(_) => Err(invalid(NAME, offset, JpegXlFault::DecoderPanic)),
        }
    }

    /// Puts what is known of a frame that is cut short into the output.
    fn draw(&mut self, output: JxlOutputBuffer<'_>) {
        let (decoder, threads) = (&mut self.decoder, &mut self.threads);
        // There is an error already, which says more than another one would.
        let draw = || decoder.flush_pixels(&mut [output], Some(threads));
        let _ = catch_unwind(AssertUnwindSafe(draw));
    }
}

/// # Errors
///
/// If it is of a kind that is not read.
fn is_read(info: &JxlBasicInfo) -> Result<()> {
    let coded = match info.bit_depth {
        _ if !info.extra_channels.is_empty() => {
            format!("{} extra channels", info.extra_channels.len())
        }
        _ if info.animation.is_some() => "an animation".to_owned(),
        JxlBitDepth::Int { bits_per_sample } if bits_per_sample <= MOST_BITS => return Ok(()),
        JxlBitDepth::Int { bits_per_sample } => format!("{bits_per_sample} bits"),
        JxlBitDepth::Float { bits_per_sample, .. } => {
            format!("floating point numbers of {bits_per_sample} bits")
        }
    };
    Err(ErrorKind::Unsupported { what: "JPEG XL of this kind", coded }.into())
}

/// How samples of so many bits are wanted.
fn data_format(precision: u32) -> JxlDataFormat {
    let bit_depth = precision as u8;
    match precision {
        ..=8 => JxlDataFormat::U8 { bit_depth },
        _ => JxlDataFormat::U16 { endianness: Endianness::native(), bit_depth },
    }
}

/// The decoder's own error.
fn said(error: JxlError, offset: Option<usize>) -> Error {
    match error {
        JxlError::OutOfMemory(_) | JxlError::ImageOutOfMemory(..) => no_memory(),
        error => invalid(NAME, offset, JpegXlFault::Decoder(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_description::PixelElement;

    fn image(rows: usize, columns: usize) -> ImageDescription {
        ImageDescription {
            rows,
            columns,
            samples_per_pixel: 1,
            frame_count: 1,
            pixel_element: PixelElement::PixelData,
            bits_allocated: 16,
            bits_stored: 16,
            high_bit: 15,
            is_signed: false,
            is_planar: Some(false),
            photometric_interpretation: String::new(),
        }
    }

    #[test]
    fn the_decoder_may_use_twice_what_an_image_with_alpha_takes() {
        for (rows, columns, expected) in
            [(100, 50, 40_000), (1, 1, 2048), (16, 17, 2176), (usize::MAX, 3, usize::MAX)]
        {
            let options = options(&image(rows, columns));
            assert_eq!(options.sample_limit, Some(expected), "{rows} rows, {columns} columns");
        }
    }

    #[test]
    fn up_to_8_bits_fill_a_byte_and_more_a_word() {
        assert!(matches!(data_format(1), JxlDataFormat::U8 { bit_depth: 1 }));
        assert!(matches!(data_format(8), JxlDataFormat::U8 { bit_depth: 8 }));
        assert!(matches!(data_format(9), JxlDataFormat::U16 { bit_depth: 9, .. }));
        assert!(matches!(data_format(16), JxlDataFormat::U16 { bit_depth: 16, .. }));
    }

    #[test]
    fn errors_are_in_the_words_of_the_decoder_with_their_place() {
        for offset in [None, Some(7)] {
            let error = said(JxlError::InvalidBox, offset);
            let ErrorKind::InvalidFrame { codec: "JPEG XL", offset: found, fault } = error.kind()
            else {
                panic!("{error}")
            };
            let expected = JpegXlFault::Decoder("Invalid ISOBMMF container".to_owned());
            assert_eq!(
                (*found, fault),
                (offset.map(|at| at as u64), &FrameFault::JpegXl(expected))
            );
        }
    }

    #[test]
    fn memory_that_is_not_there_is_no_damage() {
        let refused = Vec::<u8>::new().try_reserve(usize::MAX).unwrap_err();
        for error in [JxlError::OutOfMemory(refused), JxlError::ImageOutOfMemory(1, 2)] {
            assert!(matches!(said(error, Some(3)).kind(), ErrorKind::NoMemory));
        }
    }

    #[test]
    fn a_frame_of_other_bytes_or_none_is_an_error() {
        struct Nowhere;
        impl crate::codec::RowSink for Nowhere {
            fn begin(&mut self, _: &CodedImage) -> Result<()> {
                panic!("there is no image")
            }
            fn rows(&mut self, _: Samples<'_>) -> Result<()> {
                panic!("there are no rows")
            }
        }
        let image = image(2, 2);
        for (frame, is_cut_short) in [(&[][..], true), (&[0xFF, 0x0A], true), (&[1; 40], false)] {
            let mut sink = Nowhere;
            let mut target = Target::new(&image, crate::codec::DecodeOptions::default(), &mut sink);
            let error = JpegXl.decode(frame, &mut target).unwrap_err();
            let ErrorKind::InvalidFrame { fault, .. } = error.kind() else { panic!("{error}") };
            let is_end = *fault == FrameFault::JpegXl(JpegXlFault::CutShort);
            assert_eq!(is_end, is_cut_short, "{frame:?}: {fault}");
        }
        assert_eq!(JpegXl.name(), "JPEG XL");
    }
}
