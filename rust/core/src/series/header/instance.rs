//! The header of one instance, as far as a volume depends on it.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use super::acquisition::Acquisition;
use super::content::Content;
use super::frame::FrameHeader;
use super::identity::{Identity, has_value};
use super::plane::{Coordinates, ImagePlane, read_plane};
use super::transform::ValueTransform;
use super::values::{is_empty, number, text};
use crate::dataset::{Dataset, DicomFile};
use crate::error::{ErrorKind, Family, Result, SeriesFault};
use crate::functional_groups::Dimensions;
use crate::pixel::ModalityLut;
use crate::series::frames::{frames, has_functional_groups};
use crate::series::image_state::ImageState;
use crate::series::mosaic::{FindTiles, Mosaic, tiles_by_image_type};
use crate::series::private::add_private_diffusion;
use crate::source::{Fetched, FileSource, Source};
use crate::tag::Tag;

const PIXEL_PADDING_VALUE: Tag = Tag::new(0x0028, 0x0120);
const PIXEL_INTENSITY_RELATIONSHIP: Tag = Tag::new(0x0028, 0x1040);

/// The header of one instance.
#[derive(Clone, Debug)]
pub struct InstanceHeader {
    /// Where the file is.
    pub path: PathBuf,
    /// Where its bytes are: the file as it was when its header was read, or memory. `None` in
    /// tests.
    pub source: Option<Source>,
    /// The number of the source among what the caller passed, if it is no path.
    pub given_number: Option<usize>,
    /// What the instance is, and what it belongs to.
    pub identity: Identity,
    /// What it shares with the other images of its volume.
    pub content: Content,
    /// Where a single-frame image lies, and what frames share.
    pub plane: ImagePlane,
    /// What positions and spacings refer to.
    pub coordinates: Coordinates,
    /// The image, and how its pixels are stored.
    pub image: StoredImage,
    /// What the stored values of a single-frame image mean, and of frames that do not say it.
    pub transform: ValueTransform,
    /// Its Modality LUT, or what is wrong with it; `None` if it has none.
    pub modality_lut: Option<Result<Arc<ModalityLut>>>,
    /// The Modality LUT leads back to the intensity of the beam, and is no part of what is shown
    /// (PS3.3 §C.8.7.1.1.2, §C.11.1.1.2).
    pub is_lut_of_intensity: bool,
    /// What tells a single-frame image from others of its position.
    pub acquisition: Acquisition,
    /// Its frames, or the tiles of a mosaic, in the order of the file. Empty for a single-frame
    /// image, which the parts above describe.
    pub frames: Vec<FrameHeader>,
    /// What counts its frames; `None` if nothing does.
    pub dimensions: Option<Box<Dimensions>>,
}

/// The image of an instance, and how its pixels are stored.
#[derive(Clone, Debug)]
pub struct StoredImage {
    /// Whether and how it can be read.
    pub state: ImageState,
    /// The data set is compressed as a whole (PS3.5 §A.5): its pixels lie in what it inflates to.
    pub is_deflated: bool,
    /// It has a Pixel Padding Value.
    pub has_padding: bool,
    /// What a label map has where nothing is segmented: Pixel Padding Value.
    pub background: Option<f64>,
    /// How slices lie in it as tiles, if they do.
    pub mosaic: Option<Mosaic>,
}

impl InstanceHeader {
    /// The file as it was when its header was read; `None` if it was in memory.
    pub fn file(&self) -> Option<&FileSource> {
        match &self.source {
            Some(Source::File(file)) => Some(file),
            _ => None,
        }
    }

    /// The file, if its bytes are fetched.
    pub(in crate::series) fn fetched(&self) -> Option<&Arc<Fetched>> {
        match &self.source {
            Some(Source::Fetched(file)) => Some(file),
            _ => None,
        }
    }

    /// Takes what a volume depends on from `file`, which was read up to and including its pixel
    /// data.
    pub(in crate::series) fn from_dataset(path: PathBuf, file: &DicomFile) -> InstanceHeader {
        let dataset: &Dataset = &file.dataset;
        let identity = Identity::from_file(file);
        let (plane, coordinates) = read_plane(dataset, &identity);
        let mut header = InstanceHeader {
            path,
            source: Some(file.source().clone()),
            given_number: None,
            content: Content::new(dataset, &identity.modality),
            plane,
            coordinates,
            image: StoredImage {
                state: ImageState::from_file(file, &identity.sop_class_uid),
                is_deflated: file.transfer_syntax.is_some_and(|syntax| syntax.is_deflated),
                has_padding: !is_empty(dataset, PIXEL_PADDING_VALUE),
                background: number(dataset, PIXEL_PADDING_VALUE)
                    .filter(|_| identity.is_label_map()),
                mosaic: None,
            },
            transform: ValueTransform::new(dataset, &identity),
            modality_lut: ModalityLut::from_dataset(dataset)
                .transpose()
                .map(|lut| lut.map(Arc::new)),
            is_lut_of_intensity: ModalityLut::is_in(dataset)
                && is_logarithmic(dataset, &identity.modality),
            acquisition: Acquisition::new(dataset),
            frames: Vec::new(),
            dimensions: None,
            identity,
        };
        match header.said_mosaic(dataset) {
            Some(tiles) if header.find_tiles(dataset, tiles) => {}
            _ => header.find_frames(dataset),
        }
        header
    }

    /// What finds the tiles of the only frame, if Image Type says that slices are such.
    fn said_mosaic(&self, dataset: &Dataset) -> Option<FindTiles> {
        let is_single = self.image.state.description().is_none_or(|image| image.frame_count == 1);
        tiles_by_image_type(dataset, self).filter(|_| is_single && self.has_image())
    }

    /// Fills in the tiles of a mosaic, or marks the image as one that cannot be read without them.
    /// `false` of a frame that has a place of its own.
    fn find_tiles(&mut self, dataset: &Dataset, tiles: FindTiles) -> bool {
        add_private_diffusion(self, dataset);
        match tiles(dataset, self) {
            Some((mosaic, frames)) => (self.image.mosaic, self.frames) = (Some(mosaic), frames),
            None if has_functional_groups(dataset) => return false,
            None => {
                self.image.state = ImageState::Unsupported {
                    error: ErrorKind::Series(SeriesFault::UncountedMosaic).into(),
                    description: self.image.state.description().cloned(),
                    has_own_geometry: true,
                };
            }
        }
        true
    }

    /// Fills in the frames, or marks the image as one that cannot be read without them.
    fn find_frames(&mut self, dataset: &Dataset) {
        match frames(dataset, self) {
            Ok(frames) if frames.all.is_empty() => add_private_diffusion(self, dataset),
            Ok(frames) => {
                (self.frames, self.dimensions) = (frames.all, frames.dimensions);
                self.coordinates.assumed = frames.assumed;
                if frames.is_in_volume {
                    self.coordinates.move_to_volume(dataset, &self.identity);
                }
            }
            Err(error) if error.family() == Family::Limit => {
                self.image.state = ImageState::Unsupported {
                    error,
                    description: self.image.state.description().cloned(),
                    has_own_geometry: true,
                };
            }
            Err(error) => self.image.state = ImageState::Invalid(error),
        }
    }

    /// Whether it has a Modality LUT, damaged or not.
    pub fn has_modality_lut(&self) -> bool {
        self.modality_lut.is_some()
    }

    /// (rows, columns) of a slice.
    pub(in crate::series) fn slice_size(&self) -> Option<(usize, usize)> {
        match self.image.mosaic {
            Some(mosaic) => Some((mosaic.rows, mosaic.columns)),
            None => self.image.state.description().map(|image| (image.rows, image.columns)),
        }
    }

    /// Its frames; the only one of a single-frame image.
    pub(in crate::series) fn all_frames(&self) -> Cow<'_, [FrameHeader]> {
        match self.frames.as_slice() {
            [] => Cow::Owned(vec![FrameHeader::of_instance(self)]),
            frames => Cow::Borrowed(frames),
        }
    }

    /// Whether it has an image, readable or not.
    pub(in crate::series) fn has_image(&self) -> bool {
        !matches!(self.image.state, ImageState::None)
    }

    /// Removes numbers that no image can have, whoever made the header.
    pub(in crate::series) fn drop_unusable(&mut self) {
        self.frames.iter_mut().for_each(FrameHeader::drop_unusable);
        if self.frames.is_empty() {
            self.plane.drop_unusable();
            self.transform.mark_unusable();
            self.acquisition.drop_unusable();
        }
    }

    /// Whether Image Type says that this is no slice of a volume but shows where its slices are.
    pub(in crate::series) fn is_localizer(&self) -> bool {
        has_value(&self.identity.image_type, "LOCALIZER")
    }
}

/// Whether stored values of an angiogram or a fluoroscopy go with the logarithm of the beam's
/// intensity.
fn is_logarithmic(dataset: &Dataset, modality: &str) -> bool {
    matches!(modality, "XA" | "RF") && text(dataset, PIXEL_INTENSITY_RELATIONSHIP) == "LOG"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{ImagePixels, Rescale};
    use crate::series::header::acquisition::AxisNumber;
    use crate::series::mosaic::TilePlaces;
    use crate::series::tests::bytes::{NATIVE, file_of, file_with_meta, header_of};

    #[test]
    fn a_slice_is_read() {
        let header = header_of(NATIVE, &[(0x0020, 0x0012, "IS", b"4 ")]);
        assert_eq!(
            (header.identity.series_instance_uid.as_str(), header.identity.modality.as_str()),
            ("1.2.3", "CT")
        );
        assert_eq!(
            (header.identity.instance_number, header.plane.position),
            (Some(7), Some([-1.5, 2.0, 30.0]))
        );
        assert_eq!(header.plane.orientation, Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
        assert_eq!(
            (header.plane.pixel_spacing, header.plane.slice_thickness),
            (Some([0.5, 0.75]), None)
        );
        assert_eq!(header.transform.rescale, Rescale { slope: 1.0, intercept: -1024.0 });
        assert!(
            !header.transform.has_bad_rescale
                && !header.has_modality_lut()
                && !header.is_localizer()
        );
        assert_eq!(header.acquisition.number(AxisNumber::AcquisitionNumber), Some(4.0));
        let ImageState::Readable(ImagePixels::Native(pixels)) = header.image.state else {
            panic!("{:?}", header.image.state)
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
                header_of(NATIVE, &[(0x0020, 0x0032, "DS", value)]).plane.position,
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
                (header.transform.has_bad_rescale, header.transform.rescale.slope),
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
            assert_eq!(
                (header.plane.pixel_spacing, header.coordinates.is_spacing_at_detector),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn doses_are_scaled_by_their_own_element() {
        let scaling = (0x3004, 0x000E, "DS", &b"0.5 "[..]);
        let dose = (0x0008, 0x0060, "CS", &b"RTDOSE"[..]);
        let slope = Rescale { slope: 1.0, intercept: -1024.0 };
        for (name, changes, expected) in [
            ("a dose", &[dose, scaling][..], Rescale { slope: 0.5, intercept: 0.0 }),
            ("a dose without", &[dose], slope),
            ("a CT", &[scaling], slope),
        ] {
            let header = header_of(NATIVE, changes);
            assert_eq!(header.transform.rescale, expected, "{name}");
        }
        let bad = (0x0028, 0x1052, "DS", &b"1,5 "[..]);
        let transform = header_of(NATIVE, &[bad]).transform;
        assert_eq!((transform.has_bad_rescale, transform.rescale.intercept), (true, 0.0));
        // What a dose does not use is marked all the same.
        assert!(header_of(NATIVE, &[dose, scaling, bad]).transform.has_bad_rescale);
    }

    #[test]
    fn the_first_window_is_taken() {
        let center = (0x0028, 0x1050, "DS", &b"40\\50 "[..]);
        let width = (0x0028, 0x1051, "DS", &b"400 "[..]);
        let window = |changes: &[_]| header_of(NATIVE, changes).transform.window;
        assert_eq!(window(&[center, width]), Some([40.0, 400.0]));
        assert_eq!(window(&[center]), None);
        assert_eq!(window(&[center, (0x0028, 0x1051, "DS", b"inf ")]), None);
    }

    #[test]
    fn identity_is_that_of_the_data_set_or_else_of_the_file_meta_information() {
        let identity = header_of(
            NATIVE,
            &[
                (0x0008, 0x0016, "UI", b"1.2.840.10008.5.1.4.1.1.2\0"),
                (0x0008, 0x0018, "UI", b"1.5\0"),
                (0x0008, 0x103E, "LO", b" words "),
                (0x0020, 0x000D, "UI", b"1.6\0"),
                (0x0020, 0x0011, "IS", b"12"),
            ],
        )
        .identity;
        let expected = Identity {
            study_instance_uid: "1.6".to_owned(),
            series_instance_uid: "1.2.3".to_owned(),
            sop_instance_uid: "1.5".to_owned(),
            sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            modality: "CT".to_owned(),
            series_description: "words".to_owned(),
            series_number: Some(12),
            instance_number: Some(7),
            image_type: "ORIGINAL\\PRIMARY\\AXIAL".to_owned(),
        };
        assert_eq!(identity, expected);
        assert_eq!(header_of(NATIVE, &[]).identity.sop_class_uid, "");
        let meta = (0x0002, 0x0002, "UI", &b"1.9\0"[..]);
        let file = file_of(b"1.2.840.10008.1.2.1\0", &[(0x0008, 0x0060, "CS", b"CT")]);
        assert_eq!(Identity::from_file(&file).sop_class_uid, "");
        assert_eq!(Identity::from_file(&file_with_meta(meta)).sop_class_uid, "1.9");
    }

    #[test]
    fn numbers_tell_images_of_one_position_apart() {
        let acquisition = header_of(
            NATIVE,
            &[
                (0x0018, 0x0081, "DS", b"5.5 "),
                (0x0008, 0x0032, "TM", b"010203.5"),
                (0x0018, 0x9087, "FD", &800.0_f64.to_le_bytes()),
                (0x0018, 0x9089, "FD", &[0.0_f64, 0.0, 1.0].map(f64::to_le_bytes).concat()),
            ],
        )
        .acquisition;
        assert_eq!(acquisition.number(AxisNumber::EchoTime), Some(5.5));
        assert_eq!(acquisition.number(AxisNumber::AcquisitionTime), Some(3723.5));
        assert_eq!(acquisition.number(AxisNumber::DiffusionBValue), Some(800.0));
        assert_eq!(acquisition.number(AxisNumber::FlipAngle), None);
        assert_eq!(acquisition.gradient, Some([0.0, 0.0, 1.0]));
    }

    #[test]
    fn what_no_image_can_have_is_dropped() {
        let mut header = header_of(NATIVE, &[]);
        header.plane.position = Some([1e6, -1e6, 0.0]);
        header.acquisition.set(AxisNumber::EchoTime, Some(f64::NAN));
        header.acquisition.gradient = Some([0.0, 1.0, 0.0]);
        header.drop_unusable();
        assert_eq!(header.plane.position, Some([1e6, -1e6, 0.0]));
        assert_eq!(header.acquisition.number(AxisNumber::EchoTime), None);
        assert_eq!(header.acquisition.gradient, Some([0.0, 1.0, 0.0]));
        assert!(!header.transform.has_bad_rescale);
        type Change = fn(&mut InstanceHeader);
        type Check = fn(&InstanceHeader) -> bool;
        for (name, change, check) in [
            (
                "a far position",
                (|one| one.plane.position = Some([0.0, 1e6 + 1.0, 0.0])) as Change,
                (|one| one.plane.position.is_none()) as Check,
            ),
            (
                "a spacing of zero",
                |one| one.plane.pixel_spacing = Some([1.0, 0.0]),
                |one| one.plane.pixel_spacing.is_none(),
            ),
            (
                "an infinite spacing",
                |one| one.plane.pixel_spacing = Some([f64::INFINITY, 1.0]),
                |one| one.plane.pixel_spacing.is_none(),
            ),
            (
                "an infinite slope",
                |one| one.transform.rescale.slope = f64::INFINITY,
                |one| one.transform.has_bad_rescale,
            ),
            (
                "an infinite intercept",
                |one| one.transform.rescale.intercept = f64::NAN,
                |one| one.transform.has_bad_rescale,
            ),
            (
                "a direction of no length",
                |one| one.acquisition.gradient = Some([0.0; 3]),
                |one| one.acquisition.gradient.is_none(),
            ),
            (
                "a direction without weighting",
                |one| one.acquisition.set(AxisNumber::DiffusionBValue, Some(0.0)),
                |one| one.acquisition.gradient.is_none(),
            ),
        ] {
            let mut single = header.clone();
            change(&mut single);
            single.drop_unusable();
            assert!(check(&single), "{name}");
            // Of a multi-frame file the frames count.
            let mut several = header.clone();
            several.frames = vec![FrameHeader::of_instance(&several)];
            change(&mut several);
            several.drop_unusable();
            assert!(!check(&several), "{name}");
        }
    }

    #[test]
    fn localizers_and_slices() {
        let localizer = (0x0008, 0x0008, "CS", &b"ORIGINAL\\PRIMARY\\LOCALIZER "[..]);
        let header = header_of(NATIVE, &[localizer, (0x0028, 0x0120, "US", &[1, 0])]);
        assert!(header.is_localizer() && header.image.has_padding && header.has_image());
        assert_eq!(header.slice_size(), Some((2, 2)));
        let mut header = header_of(NATIVE, &[]);
        assert!(!header.is_localizer() && !header.image.has_padding && !header.image.is_deflated);
        assert_eq!(header.all_frames().len(), 1);
        header.image.mosaic =
            Some(Mosaic { across: 2, count: 3, rows: 8, columns: 9, places: TilePlaces::Counted });
        assert_eq!(header.slice_size(), Some((8, 9)));
        header.image.state = ImageState::None;
        assert!(!header.has_image());
    }
}
