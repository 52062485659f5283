//! Whether and how the image of an instance can be read.

use crate::dataset::{Dataset, DicomFile, OpenBytes};
use crate::dictionary;
use crate::error::{Error, ErrorKind, Family, SeriesFault};
use crate::image_description::{ImageDescription, PixelElement};
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
    },
}

impl ImageState {
    /// The image's attributes, if they are known.
    pub fn description(&self) -> Option<&ImageDescription> {
        match self {
            ImageState::Readable(pixels) => Some(pixels.description()),
            ImageState::Unsupported { description, .. } => description.as_ref(),
            ImageState::Truncated { description, .. } => Some(description),
            ImageState::None | ImageState::Invalid(_) => None,
        }
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
        let description = match (ImageDescription::new(dataset, kind), element) {
            (Ok(description), _) => description,
            (Err(error), None) if is_image_class(sop_class_uid) => {
                return ImageState::Invalid(error);
            }
            (Err(_), None) => return without_image(dataset, sop_class_uid),
            (Err(error), Some(_)) if error.family() == Family::Unsupported => {
                return ImageState::Unsupported {
                    error,
                    description: None,
                    has_own_geometry: false,
                };
            }
            (Err(error), Some(_)) => return ImageState::Invalid(error),
        };
        // An image's attributes without its pixels: the file ends before they start.
        let Some(element) = element else {
            let needed = description.total_length().unwrap_or(u64::MAX);
            return ImageState::Truncated { description, needed, available: 0 };
        };
        let unsupported =
            |what: &'static str, coded: &str, has_own_geometry: bool| ImageState::Unsupported {
                error: ErrorKind::unsupported(what, coded).into(),
                description: ImageDescription::new(dataset, kind).ok(),
                has_own_geometry,
            };
        // Rescaling is `f64` arithmetic, which holds no whole number of 64 bits exactly.
        if description.sample_type().size() > 4 && kind == PixelElement::PixelData {
            return unsupported("64-bit pixel data", "", false);
        }
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
                    ImageState::Truncated { description, needed, available }
                }
                ErrorKind::Unsupported { .. } => ImageState::Unsupported {
                    error,
                    description: Some(description),
                    has_own_geometry: false,
                },
                _ => ImageState::Invalid(error),
            },
        }
    }
}

/// An image whose fragments are not followed by the delimiter: the last of them may be cut short.
fn truncated(pixels: Box<EncapsulatedPixels>, dataset: &Dataset) -> ImageState {
    let frames = OpenBytes::new(dataset.bytes()).and_then(|bytes| pixels.frames(&bytes));
    let last = pixels.description.frame_count.saturating_sub(1);
    let missing = frames.as_ref().map_or(0, |frames| frames.missing_length(last));
    match frames {
        Ok(frames) if missing > 0 => {
            let available = frames.length(last);
            let needed = available.saturating_add(missing);
            ImageState::Truncated { description: pixels.description, needed, available }
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

/// Whether instances of this SOP Class are images, so that one without is damaged.
fn is_image_class(uid: &str) -> bool {
    const OTHERS: [&str; 3] =
        ["EnhancedUSVolumeStorage", "ParametricMapStorage", "SegmentationStorage"];
    dictionary::uid_entry(uid).is_some_and(|entry| {
        entry.keyword.contains("ImageStorage") || OTHERS.contains(&entry.keyword)
    })
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

    #[test]
    fn images_by_what_can_be_read_of_them() {
        let jpeg = b"1.2.840.10008.1.2.4.70";
        let short = (0x7FE0, 0x0010, "OW", &[0; 6][..]);
        let no_pixels = (0x7FE0, 0x0010, "--", &[][..]);
        let ct = (0x0008, 0x0016, "UI", &b"1.2.840.10008.5.1.4.1.1.2\0"[..]);
        let no_rows = (0x0028, 0x0010, "--", &[][..]);
        let report = (0x0008, 0x0016, "UI", &b"1.2.840.10008.5.1.4.1.1.88.11\0"[..]);
        let segmentation = (0x0008, 0x0016, "UI", &b"1.2.840.10008.5.1.4.1.1.66.4"[..]);
        // A sequence whose length goes on behind the end of the file.
        let cut = (0x7FE0, 0x0001, "SQ", &b"cut"[..]);
        let frames = (0x0028, 0x0008, "IS", &b"3 "[..]);
        let mosaic = (0x0008, 0x0008, "CS", &b"ORIGINAL\\PRIMARY\\M\\MOSAIC"[..]);
        let width = |bits: &'static [u8]| (0x0028, 0x0100, "US", bits);
        let float = (0x7FE0, 0x0008, "OW", &[0; 16][..]);
        for (name, syntax, changes, expected) in [
            ("native", NATIVE, vec![], "native"),
            ("cut short", NATIVE, vec![short], "truncated 8 6"),
            ("without its pixels", NATIVE, vec![no_pixels], "truncated 8 0"),
            ("no image", NATIVE, vec![no_pixels, no_rows], "none"),
            ("without rows", NATIVE, vec![no_rows], "invalid"),
            ("cut off within an element", NATIVE, vec![no_pixels, no_rows, cut], "invalid"),
            (
                "a report cut off within an element",
                NATIVE,
                vec![no_pixels, no_rows, report, cut],
                "none",
            ),
            (
                "a segmentation without its rows",
                NATIVE,
                vec![no_pixels, no_rows, segmentation],
                "invalid",
            ),
            ("cut off before its rows", NATIVE, vec![no_pixels, no_rows, ct], "invalid"),
            ("native under a syntax for compressed pixels", jpeg, vec![], "native"),
            ("frames that are not all there", NATIVE, vec![frames], "truncated 24 8"),
            (
                "mosaic",
                NATIVE,
                vec![mosaic],
                "unsupported a mosaic whose header does not say how many slices it has cannot be read, own",
            ),
            (
                "24 bits",
                NATIVE,
                vec![width(&[24, 0])],
                "unsupported pixel data of this width (Bits Allocated 24) cannot be read yet",
            ),
            (
                "64 bits",
                NATIVE,
                vec![width(&[64, 0])],
                "unsupported 64-bit pixel data cannot be read yet",
            ),
            ("float", NATIVE, vec![float, no_pixels, width(&[32, 0])], "native"),
            ("float and whole numbers", NATIVE, vec![float, width(&[32, 0])], "invalid"),
            ("float of another width", NATIVE, vec![float, no_pixels], "invalid"),
        ] {
            let found = match header_of(syntax, &changes).image.state {
                ImageState::None => "none".to_owned(),
                ImageState::Readable(_) => "native".to_owned(),
                ImageState::Invalid(_) => "invalid".to_owned(),
                ImageState::Truncated { needed, available, .. } => {
                    format!("truncated {needed} {available}")
                }
                ImageState::Unsupported { error, has_own_geometry, .. } => {
                    format!(
                        "unsupported {}{}",
                        error.what(),
                        if has_own_geometry { ", own" } else { "" }
                    )
                }
            };
            assert_eq!(found, expected, "{name}");
        }
    }
}
