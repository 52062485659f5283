//! Where the rows of a decoded frame go, and what is checked on the way.

use super::invalid;
use crate::error::{Error, FrameFault, FrameSize, ImageFault, RequestFault, Result};
use crate::image_description::{ImageDescription, halved};
use crate::transfer_syntax::Coding;

/// Samples of whole rows, those of a pixel together: (row, column, sample).
#[derive(Clone, Copy, Debug)]
pub enum Samples<'a> {
    /// Of 8 bits or fewer, without a sign or as their lowest bits.
    U8(&'a [u8]),
    /// Of 16 bits or fewer, without a sign or as their lowest bits.
    U16(&'a [u16]),
    /// Of 32 bits or fewer, with their sign where the codestream says that they have one.
    I32(&'a [i32]),
}

impl Samples<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Samples::U8(samples) => samples.len(),
            Samples::U16(samples) => samples.len(),
            Samples::I32(samples) => samples.len(),
        }
    }
}

/// What colours the three samples of a coded pixel are, by its codestream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodedColour {
    /// It does not say: those of the image's Photometric Interpretation.
    #[default]
    AsDescribed,
    /// Red, green and blue.
    Rgb,
    /// Luminance and chrominance, as YBR_FULL.
    YbrFull,
    /// Luminance and chrominance of a smaller range, as YBR_PARTIAL_420.
    YbrPartial,
}

/// What a codestream says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodedImage {
    /// Rows of the frame.
    pub rows: usize,
    /// Columns of the frame.
    pub columns: usize,
    /// Samples of a pixel.
    pub samples_per_pixel: usize,
    /// Bits of a sample.
    pub precision: u32,
    /// Whether samples are two's complement; `false` where the codestream cannot say.
    pub is_signed: bool,
    /// What its colours are.
    pub colour: CodedColour,
    /// Whether samples are pixel cells as native ones (PS3.5 §8.1.1), coded with the bits that
    /// belong to no value: these can be anything. Otherwise samples are values.
    pub has_unused_bits: bool,
}

/// Rows and columns of a frame that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedArea {
    /// The first row, and the one after the last.
    pub rows: [usize; 2],
    /// The first column, and the one after the last.
    pub columns: [usize; 2],
    /// From a row that is wanted to the next, and from a column: at least 1.
    pub steps: [usize; 2],
}

/// How a caller wants frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeOptions {
    /// How often rows and columns are halved, rounding up: the resolution levels to leave out (JPEG
    /// 2000, HTJ2K).
    pub reduce: u32,
    /// What is wanted of frames that are not reduced, if it is not all: nobody looks at other
    /// samples, so that a codec may give any for them.
    pub area: Option<WantedArea>,
}

impl DecodeOptions {
    /// Checks that frames of this coding can be decoded like this.
    ///
    /// # Errors
    ///
    /// If they have one resolution only.
    pub fn check(self, coding: Coding) -> Result<()> {
        if self.reduce == 0 || coding == Coding::Jpeg2000 {
            return Ok(());
        }
        Err(RequestFault::Resolution { reduce: self.reduce }.into())
    }
}

/// Takes the rows of a frame, from the top down.
pub trait RowSink {
    /// Takes, once and before the first row, what the codestream says of itself.
    ///
    /// # Errors
    ///
    /// If the image cannot have such samples.
    fn begin(&mut self, coded: &CodedImage) -> Result<()>;

    /// Takes the next rows.
    ///
    /// # Errors
    ///
    /// If a value has no place in what they are made.
    fn rows(&mut self, samples: Samples<'_>) -> Result<()>;
}

/// Where a codec puts a frame: knows the image that it must be, and lets no other through.
pub struct Target<'a> {
    image: &'a ImageDescription,
    options: DecodeOptions,
    sink: &'a mut dyn RowSink,
    /// Threads that may decode the frame together.
    threads: usize,
    /// Samples that are still to come; `None` before the codestream was checked.
    left: Option<usize>,
    /// What is odd about the frame and does its pixels no harm: the first such thing.
    oddity: Option<Error>,
    /// Whether the codestream says that it is compressed with loss.
    is_lossy: bool,
}

impl<'a> Target<'a> {
    /// Gives the rows of a frame of `image` to `sink`.
    pub fn new(
        image: &'a ImageDescription,
        options: DecodeOptions,
        sink: &'a mut dyn RowSink,
    ) -> Target<'a> {
        Target { image, options, sink, threads: 1, left: None, oddity: None, is_lossy: false }
    }

    /// Takes a remark on a frame that is not as the standard wants it, though all of its pixels
    /// are there. Users see the first one, as a warning.
    pub fn remark(&mut self, oddity: Error) {
        self.oddity.get_or_insert(oddity);
    }

    /// Takes it that the codestream says that it is compressed with loss.
    pub fn says_lossy(&mut self) {
        self.is_lossy = true;
    }

    /// Whether it does.
    pub(crate) fn is_lossy(&self) -> bool {
        self.is_lossy
    }

    /// The remark that was made.
    pub(crate) fn take_oddity(&mut self) -> Option<Error> {
        self.oddity.take()
    }

    /// The same, of a frame that so many threads may decode together.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Target<'a> {
        Target { threads: threads.max(1), ..self }
    }

    /// Threads that may decode the frame together, the calling one among them.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The image that the frame must be one of.
    pub fn image(&self) -> &'a ImageDescription {
        self.image
    }

    /// How the caller wants the frame.
    pub fn options(&self) -> DecodeOptions {
        self.options
    }

    /// Rows of the decoded frame: those of the image, halved as often as the options say.
    pub fn rows_expected(&self) -> usize {
        halved(self.image.rows, self.options.reduce)
    }

    /// Columns of the decoded frame: those of the image, halved as often as the options say.
    pub fn columns_expected(&self) -> usize {
        halved(self.image.columns, self.options.reduce)
    }

    /// Checks what the codestream says, in full size, against the image. To be called before memory
    /// is asked for, or anything is decoded.
    ///
    /// # Errors
    ///
    /// If rows, columns or samples differ, or a sample has more bits than are allocated.
    pub fn begin(&mut self, codec: &'static str, coded: &CodedImage) -> Result<()> {
        let image = self.image;
        let &CodedImage { rows, columns, samples_per_pixel, precision, .. } = coded;
        let found = FrameSize { rows, columns, samples_per_pixel };
        let &ImageDescription { rows, columns, samples_per_pixel, bits_allocated, .. } = image;
        let expected = FrameSize { rows, columns, samples_per_pixel };
        if found != expected {
            return Err(invalid(codec, None, FrameFault::Size { found, expected }));
        }
        if precision == 0 || precision > bits_allocated {
            let fault = FrameFault::Precision { found: precision, allocated: bits_allocated };
            return Err(invalid(codec, None, fault));
        }
        self.left = Some(self.rows_expected() * self.columns_expected() * image.samples_per_pixel);
        self.sink.begin(coded)
    }

    /// Takes the next rows: at least one, and whole ones.
    ///
    /// # Errors
    ///
    /// If they are not whole or more than there are, or the sink has no place for a value.
    pub fn rows(&mut self, samples: Samples<'_>) -> Result<()> {
        let row = (self.columns_expected() * self.image.samples_per_pixel).max(1);
        let (found, left) = (samples.count(), self.left.unwrap_or(0));
        let rest = left.checked_sub(found).filter(|_| found.is_multiple_of(row));
        if self.left.is_none() || rest.is_none() {
            return Err(ImageFault::SurplusSamples { found, left }.into());
        }
        self.left = rest;
        self.sink.rows(samples)
    }

    /// Whether the codestream said what it is, and that is right.
    pub(crate) fn has_begun(&self) -> bool {
        self.left.is_some()
    }

    /// Whether all rows are there.
    pub fn is_full(&self) -> bool {
        self.left == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_description::PixelElement;

    /// Counts rows, and the calls before them.
    #[derive(Default)]
    struct Counts {
        begun: usize,
        samples: usize,
    }

    impl RowSink for Counts {
        fn begin(&mut self, _: &CodedImage) -> Result<()> {
            self.begun += 1;
            Ok(())
        }

        fn rows(&mut self, samples: Samples<'_>) -> Result<()> {
            self.samples += samples.count();
            Ok(())
        }
    }

    /// 5 rows of 3 pixels of 2 samples.
    fn image() -> ImageDescription {
        ImageDescription {
            rows: 5,
            columns: 3,
            samples_per_pixel: 2,
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

    const CODED: CodedImage = CodedImage {
        rows: 5,
        columns: 3,
        samples_per_pixel: 2,
        precision: 16,
        is_signed: false,
        colour: CodedColour::AsDescribed,
        has_unused_bits: false,
    };

    fn kind(result: Result<()>) -> String {
        format!("{:?}", result.unwrap_err().kind())
    }

    #[test]
    fn codestreams_of_other_images_are_refused() {
        let size = |rows, columns, samples_per_pixel| {
            let found = FrameSize { rows, columns, samples_per_pixel };
            let expected = FrameSize { rows: 5, columns: 3, samples_per_pixel: 2 };
            format!("{:?}", FrameFault::Size { found, expected })
        };
        for (coded, fault) in [
            (CodedImage { rows: 4, ..CODED }, size(4, 3, 2)),
            (CodedImage { columns: 4, ..CODED }, size(5, 4, 2)),
            (CodedImage { samples_per_pixel: 3, ..CODED }, size(5, 3, 3)),
            (
                CodedImage { precision: 0, ..CODED },
                "Precision { found: 0, allocated: 16 }".to_owned(),
            ),
            (
                CodedImage { precision: 17, ..CODED },
                "Precision { found: 17, allocated: 16 }".to_owned(),
            ),
        ] {
            let (image, mut counts) = (image(), Counts::default());
            let mut target = Target::new(&image, DecodeOptions::default(), &mut counts);
            let expected =
                format!("InvalidFrame {{ codec: \"plain\", offset: None, fault: {fault} }}");
            assert_eq!(kind(target.begin("plain", &coded)), expected);
            assert_eq!(counts.begun, 0);
        }
        let (image, mut counts) = (image(), Counts::default());
        let mut target = Target::new(&image, DecodeOptions::default(), &mut counts);
        target.begin("plain", &CodedImage { precision: 1, ..CODED }).unwrap();
        assert_eq!(counts.begun, 1);
    }

    #[test]
    fn whole_rows_are_taken_until_the_frame_is_full() {
        let (image, mut counts) = (image(), Counts::default());
        let mut target = Target::new(&image, DecodeOptions::default(), &mut counts);
        let surplus =
            |found, left| format!("Image(SurplusSamples {{ found: {found}, left: {left} }})");
        assert_eq!(kind(target.rows(Samples::U8(&[0; 6]))), surplus(6, 0), "nothing began");
        target.begin("plain", &CODED).unwrap();
        assert_eq!(kind(target.rows(Samples::U8(&[0; 7]))), surplus(7, 30));
        target.rows(Samples::U8(&[0; 12])).unwrap();
        assert!(!target.is_full());
        assert_eq!(kind(target.rows(Samples::I32(&[0; 24]))), surplus(24, 18));
        target.rows(Samples::U16(&[0; 18])).unwrap();
        assert!(target.is_full());
        assert_eq!(kind(target.rows(Samples::U8(&[0; 6]))), surplus(6, 0));
        assert_eq!(counts.samples, 30);
    }

    #[test]
    fn reduced_frames_have_halves_of_rows_and_columns() {
        let (image, mut counts) = (image(), Counts::default());
        let options = DecodeOptions { reduce: 1, area: None };
        let mut target = Target::new(&image, options, &mut counts);
        assert_eq!((target.rows_expected(), target.columns_expected()), (3, 2));
        assert_eq!((target.image(), target.options()), (&image, options));
        target.begin("plain", &CODED).unwrap();
        target.rows(Samples::U8(&[0; 12])).unwrap();
        assert!(target.is_full());
    }

    #[test]
    fn only_jpeg_2000_has_several_resolutions() {
        for (reduce, coding, is_read) in [
            (0, Coding::Rle, true),
            (1, Coding::Jpeg2000, true),
            (1, Coding::Rle, false),
            (2, Coding::Native, false),
        ] {
            let checked = DecodeOptions { reduce, area: None }.check(coding);
            assert_eq!(checked.is_ok(), is_read, "{reduce} {coding:?}");
            if !is_read {
                assert_eq!(kind(checked), format!("Request(Resolution {{ reduce: {reduce} }})"));
            }
        }
    }
}
