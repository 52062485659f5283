//! Whether and how the image of an instance can be read.

use crate::dataset::{Dataset, DicomFile, OpenBytes};
use crate::dictionary;
use crate::error::{Error, ErrorKind, Family, SeriesFault};
use crate::image_description::{ImageDescription, PixelElement};
use crate::parse::Element;
use crate::pixel::{EncapsulatedPixels, ImagePixels, PixelValue, ValueField};

/// The image of an instance, as far as it can be read.
#[derive(Clone, Debug)]
pub enum ImageState {
    /// It has none and is not meant to: a report, a structure set.
    None,
    /// All of it is there as far as can be seen without decoding it.
    Readable(ImagePixels),
    /// Written in a way that this version does not read.
    Unsupported {
        /// What is not read.
        error: Error,
        /// The image, if its attributes are read.
        description: Option<ImageDescription>,
        /// Whether the place of its pixels is written elsewhere than in Image Position (Patient):
        /// several frames, or slices as tiles of one.
        has_own_geometry: bool,
    },
    /// Its attributes are missing, or contradict themselves.
    Invalid(Error),
    /// Fewer pixels than the attributes call for.
    Truncated {
        /// The image as it should be.
        description: ImageDescription,
        /// Bytes.
        needed: u64,
        /// Bytes; 0 where Pixel Data is absent.
        available: u64,
        /// Native pixels whose last frames are missing, and the first are there.
        whole_frames: Option<ImagePixels>,
    },
}

impl ImageState {
    /// The image's attributes, if they are known.
    pub(super) fn description(&self) -> Option<&ImageDescription> {
        match self {
            ImageState::Readable(pixels) => Some(pixels.description()),
            ImageState::Unsupported { description, .. } => description.as_ref(),
            ImageState::Truncated { description, .. } => Some(description),
            ImageState::None | ImageState::Invalid(_) => None,
        }
    }

    /// How many of its frames are there, if they end before the last; `None` if none is.
    pub(super) fn present_frame_count(&self) -> Option<u64> {
        match self {
            ImageState::Truncated { whole_frames: Some(ImagePixels::Native(pixels)), .. } => {
                Some(pixels.present_frame_count())
            }
            _ => None,
        }
    }

    /// Whether where its slices lie is written elsewhere than in Image Position (Patient), and not
    /// read.
    pub(super) fn has_own_geometry(&self) -> bool {
        matches!(self, ImageState::Unsupported { has_own_geometry: true, .. })
    }

    /// From a header that was read at least up to the last of the pixel data elements.
    pub(super) fn from_file(file: &DicomFile, sop_class_uid: &str) -> ImageState {
        let dataset = &*file.dataset;
        let mut all =
            PixelElement::ALL.into_iter().filter(|kind| dataset.find(kind.tag()).is_some());
        let kind = all.next().unwrap_or(PixelElement::PixelData);
        if all.next().is_some() {
            return ImageState::Invalid(
                ErrorKind::Series(SeriesFault::SeveralPixelElements).into(),
            );
        }
        let element = dataset.find(kind.tag());
        match (ImageDescription::new(dataset, kind), element) {
            (Ok(description), Some(element)) => {
                ImageState::from_element(file, kind, description, element)
            }
            // An image's attributes without its pixels: the file ends before they start.
            (Ok(description), None) => {
                let needed = description.total_length().unwrap_or(u64::MAX);
                ImageState::Truncated { description, needed, available: 0, whole_frames: None }
            }
            (Err(error), None) if dictionary::is_image_class(sop_class_uid) => {
                ImageState::Invalid(error)
            }
            (Err(_), None) => without_image(dataset, sop_class_uid),
            (Err(error), Some(_)) => ImageState::of_error(error, None),
        }
    }

    fn from_element(
        file: &DicomFile,
        kind: PixelElement,
        description: ImageDescription,
        element: &Element,
    ) -> ImageState {
        // Rescaling is `f64` arithmetic, which holds no whole number of 64 bits exactly.
        if description.sample_type().size() > 4 && kind == PixelElement::PixelData {
            let error = ErrorKind::unsupported("64-bit pixel data", "").into();
            return ImageState::of_error(error, Some(description));
        }
        let dataset = &*file.dataset;
        let value = PixelValue {
            bytes: dataset.bytes(),
            field: ValueField::new(dataset, element),
            is_undefined_length: element.is_undefined_length,
            transfer_syntax_uid: &file.transfer_syntax_uid(),
            dataset: Some(dataset),
        };
        let pixels = ImagePixels::new(description.clone(), &value);
        match pixels.and_then(|pixels| pixels.check_readable().map(|()| pixels)) {
            Ok(ImagePixels::Encapsulated(pixels)) if element.is_cut_short => {
                truncated(pixels, dataset)
            }
            Ok(pixels) => ImageState::Readable(pixels),
            Err(error) => match *error.kind() {
                ErrorKind::PixelsCutShort { needed, available } => {
                    let rest = ImagePixels::allowing_missing_frames(description.clone(), &value);
                    let whole_frames = rest.ok().filter(|pixels| pixels.check_readable().is_ok());
                    ImageState::Truncated { description, needed, available, whole_frames }
                }
                _ => ImageState::of_error(error, Some(description)),
            },
        }
    }

    fn of_error(error: Error, description: Option<ImageDescription>) -> ImageState {
        match error.family() {
            Family::Unsupported => {
                ImageState::Unsupported { error, description, has_own_geometry: false }
            }
            _ => ImageState::Invalid(error),
        }
    }
}

/// An image whose fragments are not followed by the delimiter: the last of them may be cut short.
fn truncated(pixels: Box<EncapsulatedPixels>, dataset: &Dataset) -> ImageState {
    let frames = OpenBytes::new(dataset.bytes());
    let frames = frames.and_then(|bytes| pixels.seen_frames(&bytes));
    let last = pixels.description.frame_count.saturating_sub(1);
    let missing = frames.as_ref().map_or(0, |frames| frames.missing_length(last));
    match frames {
        Ok(frames) if missing > 0 => {
            let available = frames.length(last);
            let needed = available.saturating_add(missing);
            let description = pixels.description;
            ImageState::Truncated { description, needed, available, whole_frames: None }
        }
        Ok(_) => ImageState::Readable(ImagePixels::Encapsulated(pixels)),
        Err(error) => ImageState::Invalid(error),
    }
}

/// What has no image, unless it is a file that ends before its image would start.
fn without_image(dataset: &Dataset, sop_class_uid: &str) -> ImageState {
    match dataset.elements().iter().find(|element| element.is_cut_short) {
        Some(cut) if may_be_image_class(sop_class_uid) => {
            let fault = SeriesFault::EndsBeforeImage { tag: cut.tag };
            ImageState::Invalid(ErrorKind::Series(fault).into())
        }
        _ => ImageState::None,
    }
}

/// Whether instances of this SOP Class can be images: a dose need not be one, and of private ones
/// nobody knows.
fn may_be_image_class(uid: &str) -> bool {
    dictionary::uid_entry(uid).is_none_or(|entry| entry.keyword == "RTDoseStorage")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::{NATIVE, header_of};

    type Change = (u16, u16, &'static str, &'static [u8]);

    const JPEG: &[u8] = b"1.2.840.10008.1.2.4.70";
    const SHORT: Change = (0x7FE0, 0x0010, "OW", &[0; 6]);
    const NO_PIXELS: Change = (0x7FE0, 0x0010, "--", &[]);
    const CT: Change = (0x0008, 0x0016, "UI", b"1.2.840.10008.5.1.4.1.1.2\0");
    const NO_ROWS: Change = (0x0028, 0x0010, "--", &[]);
    const REPORT: Change = (0x0008, 0x0016, "UI", b"1.2.840.10008.5.1.4.1.1.88.11\0");
    const DOSE: Change = (0x0008, 0x0016, "UI", b"1.2.840.10008.5.1.4.1.1.481.2\0");
    const SEGMENTATION: Change = (0x0008, 0x0016, "UI", b"1.2.840.10008.5.1.4.1.1.66.4");
    /// A sequence whose length goes on after the end of the file.
    const CUT: Change = (0x7FE0, 0x0001, "SQ", b"cut");
    const FRAMES: Change = (0x0028, 0x0008, "IS", b"3 ");
    const MOSAIC: Change = (0x0008, 0x0008, "CS", b"ORIGINAL\\PRIMARY\\M\\MOSAIC");
    const FLOAT: Change = (0x7FE0, 0x0008, "OW", &[0; 16]);

    const fn width(bits: &'static [u8]) -> Change {
        (0x0028, 0x0100, "US", bits)
    }

    /// The Transfer Syntax, the changes to a slice, and what its image is in words.
    const CASES: &[(&str, &[u8], &[Change], &str)] = &[
        ("native", NATIVE, &[], "readable"),
        ("cut short", NATIVE, &[SHORT], "truncated 8 6"),
        ("without its pixels", NATIVE, &[NO_PIXELS], "truncated 8 0"),
        ("no image", NATIVE, &[NO_PIXELS, NO_ROWS], "none"),
        (
            "without rows",
            NATIVE,
            &[NO_ROWS],
            "invalid (0028,0010) Rows: Rows is missing, which Pixel Data needs",
        ),
        (
            "cut off within an element",
            NATIVE,
            &[NO_PIXELS, NO_ROWS, CUT],
            "invalid the file ends within (7FE0,0001), before it says whether it has an image",
        ),
        ("a report cut off within an element", NATIVE, &[NO_PIXELS, NO_ROWS, REPORT, CUT], "none"),
        (
            "a dose cut off within an element",
            NATIVE,
            &[NO_PIXELS, NO_ROWS, DOSE, CUT],
            "invalid the file ends within (7FE0,0001), before it says whether it has an image",
        ),
        (
            "a segmentation without its rows",
            NATIVE,
            &[NO_PIXELS, NO_ROWS, SEGMENTATION],
            "invalid (0028,0010) Rows: Rows is missing, which Pixel Data needs",
        ),
        (
            "cut off before its rows",
            NATIVE,
            &[NO_PIXELS, NO_ROWS, CT],
            "invalid (0028,0010) Rows: Rows is missing, which Pixel Data needs",
        ),
        ("native under a syntax for compressed pixels", JPEG, &[], "readable"),
        ("frames that are not all there", NATIVE, &[FRAMES], "truncated 24 8"),
        (
            "mosaic",
            NATIVE,
            &[MOSAIC],
            "unsupported a mosaic whose header does not say how many slices it has, or whose \
             slices do not fit its image as tiles, cannot be read, own",
        ),
        (
            "24 bits",
            NATIVE,
            &[width(&[24, 0])],
            "unsupported pixel data of this width (Bits Allocated 24) cannot be read yet",
        ),
        ("64 bits", NATIVE, &[width(&[64, 0])], "unsupported 64-bit pixel data cannot be read yet"),
        ("float", NATIVE, &[FLOAT, NO_PIXELS, width(&[32, 0])], "readable"),
        (
            "float and whole numbers",
            NATIVE,
            &[FLOAT, width(&[32, 0])],
            "invalid it has more than one of Pixel Data, Float Pixel Data and Double Float Pixel \
             Data",
        ),
        (
            "float of another width",
            NATIVE,
            &[FLOAT, NO_PIXELS],
            "invalid (0028,0100) BitsAllocated: BitsAllocated is 16, expected 32",
        ),
    ];

    #[test]
    fn images_by_what_can_be_read_of_them() {
        for (name, syntax, changes, expected) in CASES {
            let found = match header_of(syntax, changes).image.state {
                ImageState::None => "none".to_owned(),
                ImageState::Readable(_) => "readable".to_owned(),
                ImageState::Invalid(error) => format!("invalid {}", error.what()),
                ImageState::Truncated { needed, available, .. } => {
                    format!("truncated {needed} {available}")
                }
                ImageState::Unsupported { error, has_own_geometry, .. } => {
                    let own = if has_own_geometry { ", own" } else { "" };
                    format!("unsupported {}{own}", error.what())
                }
            };
            assert_eq!(found, *expected, "{name}");
        }
    }
}
