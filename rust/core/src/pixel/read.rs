//! Reading native frames: from a file or from memory, as stored values or as those of a volume.

use super::cells::{arrange, swap_bytes, unpack_frame};
use super::colour;
use super::native::{FrameBytes, NativePixels};
use super::rescale::{Rescale, convert};
use crate::codec::DecodeOptions;
use crate::dataset::{FileBytes, OpenBytes};
use crate::error::{Error, RequestFault, Result};
use crate::image_description::{ImageDescription, SampleType};
use crate::source::{AlignedBuffer, Source};

/// How the values of an image are wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Slope and intercept to apply.
    pub rescale: Rescale,
    /// The type of the result.
    pub sample_type: SampleType,
}

/// How frames become an array.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameOptions {
    /// Which values; `None` for those that are stored.
    pub wanted: Option<Wanted>,
    /// Whether luminance and chrominance stay as they are, rather than become RGB.
    pub is_raw: bool,
    /// What a codec is asked for.
    pub decode: DecodeOptions,
}

/// Memory that one frame leaves to the next, so that it stays in the processor's cache.
#[derive(Debug, Default)]
pub struct FrameScratch {
    /// The bytes of the frame as they are in the file.
    pub(super) stored: AlignedBuffer,
    /// Its cells in the order of the array.
    pub(super) arranged: AlignedBuffer,
    /// Rows that were decoded.
    pub(super) rows: Vec<u8>,
    /// What a decoder had to say about a frame whose pixels are all there, until it is taken.
    pub(crate) oddity: Option<Error>,
    /// Threads that may decode the frame together, the one that has this among them.
    pub(super) threads: usize,
}

impl FrameScratch {
    /// For frames that so many threads may decode together.
    pub fn for_threads(threads: usize) -> FrameScratch {
        FrameScratch { threads, ..FrameScratch::default() }
    }
}

/// Opens the file of `bytes`, if it is one, and reads `count` frames from `first` on into `out`, as
/// stored values in the machine's byte order; YBR_FULL becomes RGB unless `raw`.
///
/// # Errors
///
/// If there are no such frames, `out` has another length, the colours cannot be turned into RGB, or
/// the file is gone, has been changed or cannot be read.
pub fn read_frames(
    pixels: &NativePixels,
    bytes: &FileBytes,
    first: u64,
    count: u64,
    raw: bool,
    out: &mut [u8],
) -> Result<()> {
    let options = FrameOptions { is_raw: raw, ..FrameOptions::default() };
    let mut scratch = FrameScratch::default();
    pixels.check_request(first, count, &options, out)?;
    match bytes.source() {
        Source::File(file) => {
            let open = OpenBytes::File(file.reopen()?);
            let found = pixels.read(&open, first, count, &options, &mut scratch, out);
            if let OpenBytes::File(open) = &open {
                file.check_unchanged(open)?;
            }
            found.map_err(|error| error.in_file(&file.path))
        }
        Source::Memory(_) | Source::Fetched(_) => {
            pixels.read(&OpenBytes::new(bytes)?, first, count, &options, &mut scratch, out)
        }
    }
}

impl NativePixels {
    /// Reads `count` frames from `first` on into `out`, in the machine's byte order.
    ///
    /// Stored values whose order in the file is that of the array go straight into `out`. All
    /// others (planes, shared chrominance, packed bits, values to convert) go through `scratch`.
    ///
    /// # Errors
    ///
    /// If there are no such frames, `out` has another length, the colours cannot be turned into
    /// RGB, the file ends before the frames or cannot be read, or the wanted type does not hold
    /// every value exactly.
    pub fn read(
        &self,
        bytes: &OpenBytes<'_>,
        first: u64,
        count: u64,
        options: &FrameOptions,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<()> {
        let place = self.check_request(first, count, options, out)?;
        if options.wanted.is_none() && self.is_in_order() {
            bytes.read_exact_at(out, place.range.start)?;
            swap_bytes(out, self.swapped_unit());
            finish_stored(&self.description, options.is_raw, out);
            return Ok(());
        }
        let FrameScratch { stored, arranged, .. } = scratch;
        let cells = self.cells(&place, bytes, stored)?;
        finish_cells(&cells, &self.description, options, arranged, out)
    }

    /// Checks, before anything is read, that there are such frames, that they can become what
    /// `options` ask for, and that `out` has their length. Returns where they are.
    fn check_request(
        &self,
        first: u64,
        count: u64,
        options: &FrameOptions,
        out: &[u8],
    ) -> Result<FrameBytes> {
        let description = &self.description;
        if !options.is_raw {
            description.check_colour()?;
        }
        let place = self.frames(first, count)?;
        let size =
            options.wanted.map_or(description.sample_type(), |wanted| wanted.sample_type).size();
        check_room(out, (description.frame_samples() * size) as u64, count)?;
        Ok(place)
    }

    /// The little-endian cells of frames: as they are in memory where nothing has to be done to
    /// them, else in `buffer`.
    pub(super) fn cells<'b>(
        &self,
        place: &FrameBytes,
        bytes: &'b OpenBytes<'_>,
        buffer: &'b mut AlignedBuffer,
    ) -> Result<Cells<'b>> {
        let (start, length) = (place.range.start, place.length());
        let cells = match self.swapped_unit() {
            1 => bytes.get(start, length as u64, buffer)?,
            unit => {
                buffer.resize(length)?;
                bytes.read_exact_at(buffer.as_mut_slice(), start)?;
                swap_bytes(buffer.as_mut_slice(), unit);
                buffer.as_slice()
            }
        };
        let (skipped_bits, is_in_order) = (place.skipped_bits, self.is_in_order());
        Ok(Cells { bytes: cells, skipped_bits, is_in_order })
    }

    /// Whether rows, and frames, follow each other in the file as in the array, and differ in
    /// nothing but byte order and unused bits.
    pub fn has_plain_runs(&self) -> bool {
        self.is_in_order() && !self.description.is_ybr_full()
    }
}

/// Checks that `out` holds `count` times `frame_length` bytes.
pub(super) fn check_room(out: &[u8], frame_length: u64, count: u64) -> Result<()> {
    if out.len() as u64 == frame_length.saturating_mul(count) {
        return Ok(());
    }
    let length = out.len();
    Err(RequestFault::ArrayLength { length, frame_count: count, frame_length }.into())
}

/// The little-endian cells of frames.
pub(super) struct Cells<'a> {
    pub bytes: &'a [u8],
    /// Bits of the first bytes that belong to what is before.
    pub skipped_bits: u32,
    /// Whether they are in the order of the array.
    pub is_in_order: bool,
}

/// Brings the cells of whole frames into `out`: in the order of the array, without what their
/// unused bits hold, as the colours and values that are wanted. `out` has the right length, and the
/// colours can become RGB, if they have to: the caller has checked both.
///
/// # Errors
///
/// If the wanted type does not hold every value exactly.
pub(super) fn finish_cells(
    cells: &Cells<'_>,
    description: &ImageDescription,
    options: &FrameOptions,
    arranged: &mut AlignedBuffer,
    out: &mut [u8],
) -> Result<()> {
    let Some(wanted) = options.wanted else {
        arrange(cells.bytes, cells.skipped_bits, description, out)?;
        finish_stored(description, options.is_raw, out);
        return Ok(());
    };
    let is_ybr = description.is_ybr_full() && !options.is_raw;
    if cells.is_in_order && !is_ybr {
        return convert(cells.bytes, description, wanted, out);
    }
    let samples = out.len() / wanted.sample_type.size();
    arranged.resize(samples * description.sample_type().size())?;
    arrange(cells.bytes, cells.skipped_bits, description, arranged.as_mut_slice())?;
    if !is_ybr {
        return convert(arranged.as_slice(), description, wanted, out);
    }
    finish_stored(description, options.is_raw, arranged.as_mut_slice());
    convert(arranged.as_slice(), &description.as_rgb(), wanted, out)
}

/// Turns cells, in the order of the array, into stored values in place; luminance and chrominance
/// into RGB unless `is_raw`.
fn finish_stored(description: &ImageDescription, is_raw: bool, cells: &mut [u8]) {
    unpack_frame(description, cells);
    if description.is_ybr_full() && !is_raw {
        colour::to_rgb(
            description.sample_type(),
            description.bits_stored,
            colour::YbrRange::Full,
            cells,
        );
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cursor::ByteOrder;
    use crate::error::ErrorKind;
    use crate::pixel::native::ValueField;
    use crate::pixel::synthetic::{TemporaryFile, colour, description, in_memory};
    use crate::vr::Vr;

    /// Bytes before the value field.
    const OFFSET: usize = 3;

    fn image(
        description: ImageDescription,
        frame_count: u64,
        vr: Vr,
        order: ByteOrder,
        stored: &[u8],
    ) -> (NativePixels, Vec<u8>) {
        let description = ImageDescription { frame_count, ..description };
        let field = ValueField { offset: OFFSET as u64, length: stored.len() as u64, vr, order };
        let file: Vec<u8> = [9; OFFSET].iter().chain(stored).copied().collect();
        (NativePixels { description, field }, file)
    }

    fn wanted(sample_type: SampleType, slope: f64, intercept: f64) -> FrameOptions {
        let rescale = Rescale { slope, intercept };
        FrameOptions { wanted: Some(Wanted { rescale, sample_type }), ..FrameOptions::default() }
    }

    /// Two frames of one row of two pixels, how they are wanted, and what they become.
    type Case =
        (&'static str, ImageDescription, Vr, ByteOrder, &'static [u8], FrameOptions, &'static [u8]);

    #[rustfmt::skip]
    fn cases() -> [Case; 14] {
        use ByteOrder::{Big, Little};
        let (signed, bits) = (description(16, 12, true), description(1, 1, false));
        let stored = FrameOptions::default();
        let raw = FrameOptions { is_raw: true, ..stored };
        let doubled = wanted(SampleType::I16, 2.0, 1.0);
        let raw_doubled = FrameOptions { is_raw: true, ..doubled };
        [
            ("12 of 16 bits", signed.clone(), Vr::OW, Little,
             &[0xFE, 0x0F, 1, 0xF0, 2, 0, 3, 0], stored, &[0xFE, 0xFF, 1, 0, 2, 0, 3, 0]),
            ("12 of 16 bits, big endian", signed.clone(), Vr::OW, Big,
             &[0x0F, 0xFE, 0xF0, 1, 0, 2, 0, 3], stored, &[0xFE, 0xFF, 1, 0, 2, 0, 3, 0]),
            ("8 bits in big-endian words", description(8, 8, false), Vr::OW, Big,
             &[2, 1, 4, 3], stored, &[1, 2, 3, 4]),
            ("bits, the second frame inside a byte", bits, Vr::OB, Little,
             &[0b1001], stored, &[1, 0, 0, 1]),
            ("planes", colour("RGB", true), Vr::OB, Little,
             &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], stored,
             &[1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12]),
            ("red, as luminance and chrominance", colour("YBR_FULL", false), Vr::OB, Little,
             &[76, 85, 255, 128, 128, 128, 76, 85, 255, 0, 128, 128], stored,
             &[254, 0, 0, 128, 128, 128, 254, 0, 0, 0, 0, 0]),
            ("luminance and chrominance, raw", colour("YBR_FULL", false), Vr::OB, Little,
             &[76, 85, 255, 128, 128, 128, 76, 85, 255, 0, 128, 128], raw,
             &[76, 85, 255, 128, 128, 128, 76, 85, 255, 0, 128, 128]),
            ("shared chrominance", colour("YBR_FULL_422", false), Vr::OB, Little,
             &[76, 76, 85, 255, 1, 2, 128, 128], stored, &[254, 0, 0, 254, 0, 0, 1, 1, 1, 2, 2, 2]),
            ("shared chrominance, raw", colour("YBR_FULL_422", false), Vr::OB, Little,
             &[76, 76, 85, 255, 1, 2, 128, 128], raw,
             &[76, 85, 255, 76, 85, 255, 1, 128, 128, 2, 128, 128]),
            ("rescaled", signed.clone(), Vr::OW, Little,
             &[0xFE, 0x0F, 1, 0xF0, 2, 0, 3, 0], doubled, &[0xFD, 0xFF, 3, 0, 5, 0, 7, 0]),
            ("rescaled, big endian", signed, Vr::OW, Big,
             &[0x0F, 0xFE, 0xF0, 1, 0, 2, 0, 3], doubled, &[0xFD, 0xFF, 3, 0, 5, 0, 7, 0]),
            ("rescaled planes", colour("RGB", true), Vr::OB, Little,
             &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], doubled,
             &[3, 0, 7, 0, 11, 0, 5, 0, 9, 0, 13, 0, 15, 0, 19, 0, 23, 0, 17, 0, 21, 0, 25, 0]),
            ("rescaled red", colour("YBR_FULL", false), Vr::OB, Little,
             &[76, 85, 255, 128, 128, 128, 76, 85, 255, 0, 128, 128], doubled,
             &[253, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 253, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]),
            ("rescaled luminance, raw", colour("YBR_FULL", false), Vr::OB, Little,
             &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], raw_doubled,
             &[3, 0, 5, 0, 7, 0, 9, 0, 11, 0, 13, 0, 15, 0, 17, 0, 19, 0, 21, 0, 23, 0, 25, 0]),
        ]
    }

    #[test]
    fn frames_are_the_same_from_a_file_and_from_memory() {
        for (name, description, vr, order, stored, options, expected) in cases() {
            let (pixels, file) = image(description, 2, vr, order, stored);
            let on_disk = TemporaryFile::new(&file);
            for bytes in [on_disk.bytes(), in_memory(&file)] {
                let open = OpenBytes::new(&bytes).unwrap();
                let mut scratch = FrameScratch::default();
                let mut read = |first, count, out: &mut [u8]| {
                    pixels.read(&open, first, count, &options, &mut scratch, out).unwrap();
                };
                let mut out = vec![7; expected.len()];
                read(0, 2, &mut out);
                assert_eq!(out, expected, "{name}");
                let second = &expected[expected.len() / 2..];
                let mut out = vec![7; second.len()];
                read(1, 1, &mut out);
                assert_eq!(out, second, "{name}, second frame");
                if options.wanted.is_none() {
                    let mut out = vec![7; second.len()];
                    read_frames(&pixels, &bytes, 1, 1, options.is_raw, &mut out).unwrap();
                    assert_eq!(out, second, "{name}, opened for it");
                }
            }
        }
    }

    #[test]
    fn requests_that_do_not_fit_are_refused_before_the_file_is_opened() {
        let grey = description(16, 16, false);
        let four = ImageDescription { samples_per_pixel: 4, ..colour("YBR_FULL", false) };
        let mistaken = "Request(ArrayLength { length: 7, frame_count: 2, frame_length: 4 })";
        for (name, description, first, count, raw, length, expected) in [
            ("past the end", grey.clone(), 1, 2, false, 8, "FrameIndex { index: 2, count: 2 }"),
            ("wrong length", grey.clone(), 0, 2, false, 7, mistaken),
            (
                "a fourth colour",
                four.clone(),
                0,
                1,
                false,
                8,
                "Unsupported { what: \"luminance and chrominance that are not three samples of 8 \
                 to 16 bits without a sign\", coded: \"YBR_FULL\" }",
            ),
        ] {
            let (pixels, file) = image(description, 2, Vr::OW, ByteOrder::Little, &[0; 16]);
            let on_disk = TemporaryFile::new(&file);
            let bytes = on_disk.bytes();
            drop(on_disk);
            let error =
                read_frames(&pixels, &bytes, first, count, raw, &mut vec![0; length]).unwrap_err();
            assert_eq!((format!("{:?}", error.kind()).as_str(), error.path()), (expected, None));
            let mut frame = vec![0; pixels.description.frame_length()];
            let gone = read_frames(&pixels, &bytes, 0, 1, true, &mut frame).unwrap_err();
            assert!(gone.path().is_some(), "{name}: {gone}");
        }
        let (pixels, file) = image(four, 1, Vr::OB, ByteOrder::Little, &[1; 8]);
        assert!(read_frames(&pixels, &in_memory(&file), 0, 1, true, &mut [0; 8]).is_ok());
    }

    #[test]
    fn files_that_are_cut_short_or_changed_are_noticed() {
        let grey = description(16, 16, false);
        let (mut pixels, file) = image(grey, 2, Vr::OW, ByteOrder::Little, &[1; 7]);
        pixels.field.length = 8;
        let on_disk = TemporaryFile::new(&file);
        let bytes = on_disk.bytes();
        let error = read_frames(&pixels, &bytes, 0, 2, false, &mut [0; 8]).unwrap_err();
        assert_eq!(
            (format!("{:?}", error.kind()).as_str(), error.path(), error.offset()),
            ("ValueCutShort { needed: 8, available: 7 }", Some(on_disk.0.as_path()), Some(3))
        );
        fs::write(&on_disk.0, b"shorter").unwrap();
        let error = read_frames(&pixels, &bytes, 0, 1, false, &mut [0; 4]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::FileChanged), "{error}");
    }

    #[test]
    fn runs_are_plain_where_only_byte_order_and_unused_bits_differ() {
        let packed = description(1, 1, false);
        for (name, description, vr, expected) in [
            ("grey", description(16, 12, true), Vr::OW, true),
            ("8 bits in big-endian words", description(8, 8, false), Vr::OW, false),
            ("8 bits in bytes", description(8, 8, false), Vr::OB, true),
            ("packed", packed, Vr::OB, false),
            ("colours together", colour("RGB", false), Vr::OB, true),
            ("planes", colour("RGB", true), Vr::OB, false),
            ("luminance and chrominance", colour("YBR_FULL", false), Vr::OB, false),
        ] {
            let (pixels, _) = image(description, 1, vr, ByteOrder::Big, &[]);
            assert_eq!(pixels.has_plain_runs(), expected, "{name}");
        }
    }
}
