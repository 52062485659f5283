//! What the order, the geometry and the content of a volume depend on, out of one instance's
//! header.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use super::frame_header::{AxisNumber, FrameHeader, NUMBER_COUNT};
use super::frames::frames;
use super::image_state::ImageState;
use super::mosaic::{Mosaic, tiles};
use super::private::{DIFFUSION_GRADIENT_ORIENTATION, add_private_diffusion};
use crate::dataset::{Dataset, DicomFile};
use crate::error::Family;
use crate::functional_groups::Dimensions;
use crate::geometry::Vector;
use crate::image_description::Attributes;
use crate::parse::Element;
use crate::pixel::{ModalityLut, Rescale};
use crate::source::FileSource;
use crate::tag::Tag;
use crate::uid;
use crate::value::{self, Number};
use crate::vr::Vr;

const MEDIA_STORAGE_SOP_CLASS_UID: Tag = Tag::new(0x0002, 0x0002);
const IMAGE_TYPE: Tag = Tag::new(0x0008, 0x0008);
const SOP_CLASS_UID: Tag = Tag::new(0x0008, 0x0016);
const SOP_INSTANCE_UID: Tag = Tag::new(0x0008, 0x0018);
const MODALITY: Tag = Tag::new(0x0008, 0x0060);
const SERIES_DESCRIPTION: Tag = Tag::new(0x0008, 0x103E);
const SLICE_THICKNESS: Tag = Tag::new(0x0018, 0x0050);
const SPACING_BETWEEN_SLICES: Tag = Tag::new(0x0018, 0x0088);
const IMAGER_PIXEL_SPACING: Tag = Tag::new(0x0018, 0x1164);
const STUDY_INSTANCE_UID: Tag = Tag::new(0x0020, 0x000D);
pub(super) const SERIES_INSTANCE_UID: Tag = Tag::new(0x0020, 0x000E);
const SERIES_NUMBER: Tag = Tag::new(0x0020, 0x0011);
const INSTANCE_NUMBER: Tag = Tag::new(0x0020, 0x0013);
const IMAGE_POSITION_PATIENT: Tag = Tag::new(0x0020, 0x0032);
const IMAGE_ORIENTATION_PATIENT: Tag = Tag::new(0x0020, 0x0037);
const FRAME_OF_REFERENCE_UID: Tag = Tag::new(0x0020, 0x0052);
const VOLUME_FRAME_OF_REFERENCE_UID: Tag = Tag::new(0x0020, 0x9312);
const PIXEL_PADDING_VALUE: Tag = Tag::new(0x0028, 0x0120);
const PIXEL_SPACING: Tag = Tag::new(0x0028, 0x0030);
const WINDOW_CENTER: Tag = Tag::new(0x0028, 0x1050);
const WINDOW_WIDTH: Tag = Tag::new(0x0028, 0x1051);
const RESCALE_INTERCEPT: Tag = Tag::new(0x0028, 0x1052);
const RESCALE_SLOPE: Tag = Tag::new(0x0028, 0x1053);
const DOSE_GRID_SCALING: Tag = Tag::new(0x3004, 0x000E);
const ACQUISITION_TIME: Tag = Tag::new(0x0008, 0x0032);

/// One instance. Text that is absent or cannot be decoded is empty; numbers that are absent,
/// malformed, not finite or of the wrong count are `None`.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "attributes of the standard by their keywords")]
pub struct InstanceHeader {
    pub path: PathBuf,
    /// The file as it was when its header was read; `None` if it was in memory.
    pub file: Option<FileSource>,
    pub series_instance_uid: String,
    pub study_instance_uid: String,
    pub sop_instance_uid: String,
    pub sop_class_uid: String,
    pub modality: String,
    pub series_description: String,
    pub series_number: Option<i64>,
    pub instance_number: Option<i64>,
    /// Its values with backslashes between them.
    pub image_type: String,
    /// Image Position (Patient): the centre of the first voxel, in mm.
    pub position: Option<[f64; 3]>,
    /// Image Orientation (Patient), as it is written.
    pub orientation: Option<[f64; 6]>,
    /// (between rows, between columns) in mm, both positive.
    pub pixel_spacing: Option<[f64; 2]>,
    /// `pixel_spacing` is Imager Pixel Spacing, which is larger than the body's.
    pub is_spacing_at_detector: bool,
    pub slice_thickness: Option<f64>,
    pub spacing_between_slices: Option<f64>,
    /// Of the coordinates that its places are in: Volume Frame of Reference UID where those are the
    /// volume's.
    pub frame_of_reference_uid: String,
    /// The places of its frames are in coordinates of the volume, not of the patient.
    pub is_in_volume: bool,
    pub image: ImageState,
    /// Slope 1 and intercept 0 where they are absent.
    pub rescale: Rescale,
    /// Slope or intercept is there and is no number, or the slope is zero.
    pub has_bad_rescale: bool,
    pub has_modality_lut: bool,
    /// `None` if it is damaged too.
    pub modality_lut: Option<Arc<ModalityLut>>,
    /// The data set is compressed as a whole: the pixels lie in what it is inflated to.
    pub is_deflated: bool,
    /// The first Window Center and Window Width.
    pub window: Option<[f64; 2]>,
    /// What tells images of one position from each other, by [`AxisNumber`].
    pub numbers: [Option<f64>; NUMBER_COUNT],
    /// Diffusion Gradient Orientation, or what scanners write in its place.
    pub gradient: Option<Vector>,
    /// Pixel Padding Value is there.
    pub has_padding: bool,
    /// The tiles of the image, if its slices are that.
    pub mosaic: Option<Mosaic>,
    /// Its frames, or the tiles of a mosaic, in the order of the file; none of a single-frame
    /// image, whose attributes are those above.
    pub frames: Vec<FrameHeader>,
    /// What its frames are counted by; none of a file without.
    pub dimensions: Option<Box<Dimensions>>,
}

impl InstanceHeader {
    /// Takes from `file`, which was read as far as its pixel data, what a volume depends on.
    pub fn from_dataset(path: PathBuf, file: &DicomFile) -> InstanceHeader {
        let dataset: &Dataset = &file.dataset;
        let text = |tag| dataset.text(tag).map(|text| text.trim().to_owned()).unwrap_or_default();
        let identifier = |tag| identifier(dataset, tag);
        let (image_type, sop_class_uid) = (text(IMAGE_TYPE), identifier(SOP_CLASS_UID));
        // A file that ends before its own has that of its File Meta Information.
        let of_meta = || {
            file.meta
                .find(MEDIA_STORAGE_SOP_CLASS_UID)
                .and_then(|element| file.meta.value(element).ok())
        };
        let sop_class_uid = match sop_class_uid.is_empty() {
            true => of_meta().map(|value| uid::trim(&value).to_owned()).unwrap_or_default(),
            false => sop_class_uid,
        };
        let modality = text(MODALITY);
        let positive = |spacing: &[f64; 2]| spacing.iter().all(|value| *value > 0.0);
        let in_patient = exactly(dataset, PIXEL_SPACING).filter(positive);
        let at_detector = match in_patient {
            None if is_projection(&modality) => {
                exactly(dataset, IMAGER_PIXEL_SPACING).filter(positive)
            }
            _ => None,
        };
        let (slope, intercept) = (dataset.find(RESCALE_SLOPE), dataset.find(RESCALE_INTERCEPT));
        let is_empty =
            |element: Option<&Element>| element.is_none_or(|found| found.value_length == 0);
        let number =
            |tag| decimals(dataset, tag).first().copied().filter(|value: &f64| value.is_finite());
        let (read_slope, read_intercept) = (number(RESCALE_SLOPE), number(RESCALE_INTERCEPT));
        let scaling = number(DOSE_GRID_SCALING).filter(|_| modality == "RTDOSE");
        let (read_slope, read_intercept) =
            (scaling.or(read_slope), read_intercept.filter(|_| scaling.is_none()));
        let has_bad_rescale = (read_slope.is_none() && !is_empty(slope))
            || (read_intercept.is_none() && !is_empty(intercept))
            || read_slope == Some(0.0);
        let window =
            |tag| decimals(dataset, tag).first().copied().filter(|value: &f64| value.is_finite());
        let mut header = InstanceHeader {
            file: file.file_source().cloned(),
            series_instance_uid: identifier(SERIES_INSTANCE_UID),
            study_instance_uid: identifier(STUDY_INSTANCE_UID),
            sop_instance_uid: identifier(SOP_INSTANCE_UID),
            series_description: text(SERIES_DESCRIPTION),
            series_number: dataset.integer(SERIES_NUMBER),
            instance_number: dataset.integer(INSTANCE_NUMBER),
            position: exactly(dataset, IMAGE_POSITION_PATIENT),
            orientation: exactly(dataset, IMAGE_ORIENTATION_PATIENT),
            pixel_spacing: in_patient.or(at_detector),
            is_spacing_at_detector: at_detector.is_some(),
            slice_thickness: number(SLICE_THICKNESS),
            spacing_between_slices: number(SPACING_BETWEEN_SLICES),
            frame_of_reference_uid: identifier(FRAME_OF_REFERENCE_UID),
            is_in_volume: false,
            image: ImageState::from_file(file, &sop_class_uid),
            sop_class_uid,
            rescale: Rescale {
                slope: read_slope.unwrap_or(1.0),
                intercept: read_intercept.unwrap_or(0.0),
            },
            has_bad_rescale,
            is_deflated: file.transfer_syntax.is_some_and(|syntax| syntax.is_deflated),
            has_modality_lut: ModalityLut::is_in(dataset),
            modality_lut: ModalityLut::from_dataset(dataset).map(Arc::new),
            window: window(WINDOW_CENTER)
                .zip(window(WINDOW_WIDTH))
                .map(|(center, width)| [center, width]),
            numbers: AxisNumber::ALL.map(|(_, tag)| {
                if tag == ACQUISITION_TIME { time(dataset, tag) } else { number(tag) }
            }),
            gradient: exactly(dataset, DIFFUSION_GRADIENT_ORIENTATION),
            has_padding: !is_empty(dataset.find(PIXEL_PADDING_VALUE)),
            mosaic: None,
            frames: Vec::new(),
            dimensions: None,
            image_type,
            modality,
            path,
        };
        header.find_frames(dataset);
        header
    }

    /// Fills in the frames, or says why the image cannot be read without them.
    fn find_frames(&mut self, dataset: &Dataset) {
        if has_value(&self.image_type, "MOSAIC") && self.has_image() {
            add_private_diffusion(self, dataset);
            match tiles(dataset, self) {
                Some((mosaic, frames)) => (self.mosaic, self.frames) = (Some(mosaic), frames),
                None => {
                    let why =
                        "a mosaic whose header does not say how many slices it has cannot be read"
                            .to_owned();
                    let description = self.image.description().cloned();
                    self.image =
                        ImageState::Unsupported { why, description, has_own_geometry: true };
                }
            }
            return;
        }
        match frames(dataset, self) {
            Ok(frames) if frames.all.is_empty() => add_private_diffusion(self, dataset),
            Ok(frames) => {
                (self.frames, self.dimensions, self.is_in_volume) =
                    (frames.all, frames.dimensions, frames.is_in_volume);
                if self.is_in_volume {
                    self.frame_of_reference_uid =
                        identifier(dataset, VOLUME_FRAME_OF_REFERENCE_UID);
                    // Coordinates that no UID names are those of this volume alone.
                    if self.frame_of_reference_uid.is_empty() {
                        self.frame_of_reference_uid.clone_from(&self.sop_instance_uid);
                    }
                }
            }
            Err(error) if error.family() == Family::Limit => {
                let description = self.image.description().cloned();
                self.image = ImageState::Unsupported {
                    why: error.what(),
                    description,
                    has_own_geometry: true,
                };
            }
            Err(error) => self.image = ImageState::Invalid { why: error.what() },
        }
    }

    /// Rows and columns of a slice.
    pub fn slice_size(&self) -> Option<(usize, usize)> {
        match self.mosaic {
            Some(mosaic) => Some((mosaic.rows, mosaic.columns)),
            None => self.image.description().map(|image| (image.rows, image.columns)),
        }
    }

    /// Its frames; of a single-frame image its only one.
    pub fn all_frames(&self) -> Cow<'_, [FrameHeader]> {
        match self.frames.as_slice() {
            [] => Cow::Owned(vec![FrameHeader::of_instance(self)]),
            frames => Cow::Borrowed(frames),
        }
    }

    /// Whether there is an image in it, readable or not.
    pub fn has_image(&self) -> bool {
        !matches!(self.image, ImageState::None)
    }

    /// Takes out numbers that no image can have, whoever made the header.
    pub(super) fn drop_unusable(&mut self) {
        self.frames.iter_mut().for_each(FrameHeader::drop_unusable);
        if self.frames.is_empty() {
            let mut frame = FrameHeader::of_instance(self);
            frame.drop_unusable();
            (self.position, self.pixel_spacing) = (frame.position, frame.pixel_spacing);
            (self.has_bad_rescale, self.numbers, self.gradient) =
                (frame.has_bad_rescale, frame.numbers, frame.gradient);
        }
    }

    /// Whether Image Type says that this is no slice of a volume but shows where its slices are.
    pub fn is_localizer(&self) -> bool {
        has_value(&self.image_type, "LOCALIZER")
    }
}

fn identifier(dataset: &Dataset, tag: Tag) -> String {
    let value = dataset.find(tag).and_then(|element| dataset.value(element).ok());
    value.map(|value| uid::trim(&value).to_owned()).unwrap_or_default()
}

pub(super) fn has_value(image_type: &str, wanted: &str) -> bool {
    image_type.split('\\').any(|value| value.trim() == wanted)
}

/// Whether images of this modality are shadows on a detector, which may lack Pixel Spacing (PS3.3
/// §C.8.7.1, §10.7).
fn is_projection(modality: &str) -> bool {
    matches!(modality, "CR" | "DX" | "IO" | "MG" | "PX" | "RF" | "RG" | "XA")
}

/// Every value of an element as a number; none if one is not.
pub(super) fn decimals(dataset: &Dataset, tag: Tag) -> Vec<f64> {
    let read = || {
        let element = dataset.find(tag)?;
        let vr = dataset.vr(element).vr;
        let bytes = dataset.value(element).ok()?;
        if value::number_size(vr).is_some() {
            return Some(value::numbers(&bytes, vr, dataset.order()).map(Number::to_f64).collect());
        }
        let text = value::text(&bytes, Vr::DS, dataset.character_set());
        text.split('\\').map(value::decimal).collect()
    };
    read().unwrap_or_default()
}

/// A TM as seconds since midnight.
fn time(dataset: &Dataset, tag: Tag) -> Option<f64> {
    dataset.text(tag).and_then(|text| value::seconds_of_day(&text))
}

/// The values of an element that must have `N` numbers.
pub(super) fn exactly<const N: usize>(dataset: &Dataset, tag: Tag) -> Option<[f64; N]> {
    let values: [f64; N] = decimals(dataset, tag).try_into().ok()?;
    values.iter().all(|value| value.is_finite()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::ParseOptions;
    use crate::pixel::ImagePixels;

    /// An element in Explicit VR Little Endian; values of the short VRs only, but for OW and SQ.
    fn element(group: u16, number: u16, vr: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
        bytes.extend(vr.as_bytes());
        match vr {
            "SQ" if value == b"cut" => bytes.extend([&[0, 0], &1000u32.to_le_bytes()[..]].concat()),
            "OW" | "SQ" => {
                bytes.extend([&[0, 0], &(value.len() as u32).to_le_bytes()[..]].concat())
            }
            _ => bytes.extend((value.len() as u16).to_le_bytes()),
        }
        bytes.extend(value);
        bytes
    }

    /// A CT slice of 2 by 2 pixels, with `changes` in the place of the elements of the same tag, in
    /// tag order.
    fn header_of(syntax: &[u8], changes: &[(u16, u16, &str, &[u8])]) -> InstanceHeader {
        let mut elements: Vec<(u16, u16, &str, &[u8])> = vec![
            (0x0008, 0x0008, "CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
            (0x0008, 0x0060, "CS", b"CT"),
            (0x0020, 0x000E, "UI", b"1.2.3\0"),
            (0x0020, 0x0013, "IS", b" 7"),
            (0x0020, 0x0032, "DS", b"-1.5\\2\\3e1 "),
            (0x0020, 0x0037, "DS", b"1\\0\\0\\0\\1\\0 "),
            (0x0028, 0x0002, "US", &[1, 0]),
            (0x0028, 0x0010, "US", &[2, 0]),
            (0x0028, 0x0011, "US", &[2, 0]),
            (0x0028, 0x0030, "DS", b"0.5\\0.75"),
            (0x0028, 0x0100, "US", &[16, 0]),
            (0x0028, 0x0101, "US", &[16, 0]),
            (0x0028, 0x0103, "US", &[0, 0]),
            (0x0028, 0x1052, "DS", b"-1024 "),
            (0x0028, 0x1053, "DS", b"1 "),
            (0x7FE0, 0x0010, "OW", &[0; 8]),
        ];
        for change in changes {
            elements.retain(|element| (element.0, element.1) != (change.0, change.1));
            elements.push(*change);
        }
        elements.retain(|element| element.2 != "--");
        elements.sort_by_key(|element| (element.0, element.1));
        let mut bytes = [&[0; 128][..], b"DICM", &element(0x0002, 0x0010, "UI", syntax)].concat();
        bytes.extend(
            elements
                .iter()
                .flat_map(|(group, number, vr, value)| element(*group, *number, vr, value)),
        );
        let file = DicomFile::from_memory(Arc::new(bytes), &ParseOptions::default()).unwrap();
        InstanceHeader::from_dataset(PathBuf::from("a"), &file)
    }

    const NATIVE: &[u8] = b"1.2.840.10008.1.2.1\0";

    #[test]
    fn a_slice_is_read() {
        let header = header_of(NATIVE, &[(0x0020, 0x0012, "IS", b"4 ")]);
        assert_eq!(
            (header.series_instance_uid.as_str(), header.modality.as_str()),
            ("1.2.3", "CT")
        );
        assert_eq!((header.instance_number, header.position), (Some(7), Some([-1.5, 2.0, 30.0])));
        assert_eq!(header.orientation, Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
        assert_eq!((header.pixel_spacing, header.slice_thickness), (Some([0.5, 0.75]), None));
        assert_eq!(header.rescale, Rescale { slope: 1.0, intercept: -1024.0 });
        assert!(!header.has_bad_rescale && !header.has_modality_lut && !header.is_localizer());
        assert_eq!(
            header.numbers.iter().flatten().collect::<Vec<_>>(),
            [&4.0],
            "Acquisition Number"
        );
        let ImageState::Readable(ImagePixels::Native(pixels)) = header.image else {
            panic!("{:?}", header.image)
        };
        assert_eq!((pixels.description.rows, pixels.description.columns), (2, 2));
    }

    #[test]
    fn what_is_malformed_is_missing_and_never_guessed() {
        for (name, value) in [
            ("two", &b"1\\2 "[..]),
            ("a comma", b"1,5\\2\\3 "),
            ("not finite", b"1\\2\\nan "),
            ("empty", b""),
        ] {
            assert_eq!(
                header_of(NATIVE, &[(0x0020, 0x0032, "DS", value)]).position,
                None,
                "{name}"
            );
        }
        for (name, slope, is_bad, expected) in [
            ("absent", None, false, 1.0),
            ("empty", Some(&b""[..]), false, 1.0),
            ("zero", Some(b"0 "), true, 0.0),
            ("text", Some(b"1,5 "), true, 1.0),
            ("two", Some(b"2 "), false, 2.0),
        ] {
            let vr = if slope.is_some() { "DS" } else { "--" };
            let header = header_of(NATIVE, &[(0x0028, 0x1053, vr, slope.unwrap_or_default())]);
            assert_eq!(
                (header.has_bad_rescale, header.rescale.slope),
                (is_bad, expected),
                "{name}"
            );
        }
    }

    #[test]
    fn spacing_at_the_detector_serves_where_there_is_no_other() {
        let none = (0x0028, 0x0030, "--", &b""[..]);
        let imager = (0x0018, 0x1164, "DS", &b"0.1\\0.2 "[..]);
        for (name, modality, changes, expected) in [
            ("a radiograph", b"DX", &[none, imager][..], (Some([0.1, 0.2]), true)),
            ("one with both", b"DX", &[imager], (Some([0.5, 0.75]), false)),
            ("a CT", b"CT", &[none, imager], (None, false)),
            ("zero", b"DX", &[(0x0028, 0x0030, "DS", b"0\\0 "), imager], (Some([0.1, 0.2]), true)),
        ] {
            let header =
                header_of(NATIVE, &[changes, &[(0x0008, 0x0060, "CS", &modality[..])]].concat());
            assert_eq!((header.pixel_spacing, header.is_spacing_at_detector), expected, "{name}");
        }
    }

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
            let found = match header_of(syntax, &changes).image {
                ImageState::None => "none".to_owned(),
                ImageState::Readable(_) => "native".to_owned(),
                ImageState::Invalid { .. } => "invalid".to_owned(),
                ImageState::Truncated { needed, available, .. } => {
                    format!("truncated {needed} {available}")
                }
                ImageState::Unsupported { why, has_own_geometry, .. } => {
                    format!("unsupported {why}{}", if has_own_geometry { ", own" } else { "" })
                }
            };
            assert_eq!(found, expected, "{name}");
        }
    }
}
