//! Where an image lies (PS3.3 §C.7.6.2, the Image Plane Module), and which coordinates say so.

use super::identity::Identity;
use super::values::{exactly, identifier, number};
use crate::dataset::Dataset;
use crate::geometry::Vector;
use crate::tag::Tag;

const SLICE_THICKNESS: Tag = Tag::new(0x0018, 0x0050);
const SPACING_BETWEEN_SLICES: Tag = Tag::new(0x0018, 0x0088);
const IMAGER_PIXEL_SPACING: Tag = Tag::new(0x0018, 0x1164);
const IMAGE_POSITION_PATIENT: Tag = Tag::new(0x0020, 0x0032);
const IMAGE_ORIENTATION_PATIENT: Tag = Tag::new(0x0020, 0x0037);
const FRAME_OF_REFERENCE_UID: Tag = Tag::new(0x0020, 0x0052);
const VOLUME_FRAME_OF_REFERENCE_UID: Tag = Tag::new(0x0020, 0x9312);
const PIXEL_SPACING: Tag = Tag::new(0x0028, 0x0030);

/// A kilometre away, in mm: no scanner's coordinates reach it, and sums of such numbers are finite.
const FARTHEST: f64 = 1e6;
/// In mm, far less than an atom. The squares of lengths between the two are numbers above zero, so
/// that an affine made of them has lengths and an inverse.
const SHORTEST: f64 = 1e-9;

/// Where an image lies. What is absent, malformed or not finite is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImagePlane {
    /// Image Position (Patient): the centre of the first voxel, in mm.
    pub position: Option<Vector>,
    /// Image Orientation (Patient), as it is written.
    pub orientation: Option<[f64; 6]>,
    /// (between rows, between columns) in mm, both positive.
    pub pixel_spacing: Option<[f64; 2]>,
    /// Slice Thickness in mm.
    pub slice_thickness: Option<f64>,
    /// Spacing Between Slices in mm.
    pub spacing_between_slices: Option<f64>,
}

impl ImagePlane {
    /// Removes positions and spacings that no image can have.
    pub(super) fn drop_unusable(&mut self) {
        let is_near = |value: &f64| value.abs() <= FARTHEST;
        let is_length = |value: &f64| (SHORTEST..=FARTHEST).contains(value);
        // A spacing may have a sign, and what is 0 is none.
        let is_step = |value: &f64| is_length(&value.abs()) || *value == 0.0;
        self.position = self.position.filter(|position| position.iter().all(is_near));
        self.pixel_spacing = self.pixel_spacing.filter(|spacing| spacing.iter().all(is_length));
        self.slice_thickness = self.slice_thickness.filter(is_step);
        self.spacing_between_slices = self.spacing_between_slices.filter(is_step);
    }
}

/// What the places of frames rest on, where the file does not give each its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssumedPlaces {
    /// The file has one position, taken as that of the first frame: the others follow along the
    /// normal, Spacing Between Slices apart.
    OnePosition,
    /// Slice Thickness stands in for Spacing Between Slices.
    SliceThickness,
}

/// What the positions and spacings of an instance refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coordinates {
    /// Frame of Reference UID, or Volume Frame of Reference UID where positions are in coordinates
    /// of the volume.
    pub frame_of_reference_uid: String,
    /// Positions are in coordinates of the volume, not of the patient.
    pub is_in_volume: bool,
    /// Pixel spacings are Imager Pixel Spacing, which is larger than the spacing in the body.
    pub is_spacing_at_detector: bool,
    /// What the places of its frames rest on besides what the file says of each.
    pub assumed: Option<AssumedPlaces>,
}

impl Coordinates {
    /// Changes to the coordinates of the volume. Without a UID they belong to this volume alone.
    pub(super) fn move_to_volume(&mut self, dataset: &Dataset, identity: &Identity) {
        self.is_in_volume = true;
        self.frame_of_reference_uid = identifier(dataset, VOLUME_FRAME_OF_REFERENCE_UID);
        if self.frame_of_reference_uid.is_empty() {
            self.frame_of_reference_uid.clone_from(&identity.sop_instance_uid);
        }
    }
}

/// Reads where an instance lies. Imager Pixel Spacing serves only projections that lack a usable
/// Pixel Spacing.
pub(super) fn read_plane(dataset: &Dataset, identity: &Identity) -> (ImagePlane, Coordinates) {
    let is_positive = |spacing: &[f64; 2]| spacing.iter().all(|value| *value > 0.0);
    let in_patient = exactly(dataset, PIXEL_SPACING).filter(is_positive);
    let is_at_detector = in_patient.is_none() && identity.is_projection();
    let at_detector = match is_at_detector {
        true => exactly(dataset, IMAGER_PIXEL_SPACING).filter(is_positive),
        false => None,
    };
    let plane = ImagePlane {
        position: exactly(dataset, IMAGE_POSITION_PATIENT),
        orientation: exactly(dataset, IMAGE_ORIENTATION_PATIENT),
        pixel_spacing: in_patient.or(at_detector),
        slice_thickness: number(dataset, SLICE_THICKNESS),
        spacing_between_slices: number(dataset, SPACING_BETWEEN_SLICES),
    };
    let coordinates = Coordinates {
        frame_of_reference_uid: identifier(dataset, FRAME_OF_REFERENCE_UID),
        is_in_volume: false,
        is_spacing_at_detector: at_detector.is_some(),
        assumed: None,
    };
    (plane, coordinates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::dataset_of;

    #[test]
    fn coordinates_of_a_volume_without_a_uid_are_those_of_its_instance() {
        let identity = Identity { sop_instance_uid: "1.5".to_owned(), ..Identity::default() };
        for (name, value, expected) in [("a UID", &b"1.7\0"[..], "1.7"), ("none", b"", "1.5")] {
            let mut found = Coordinates {
                frame_of_reference_uid: "1.6".to_owned(),
                is_in_volume: false,
                is_spacing_at_detector: true,
                assumed: None,
            };
            found.move_to_volume(&dataset_of(&[(0x0020, 0x9312, "UI", value)]), &identity);
            let expected = Coordinates {
                frame_of_reference_uid: expected.to_owned(),
                is_in_volume: true,
                is_spacing_at_detector: true,
                assumed: None,
            };
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn lengths_that_no_image_has_are_none() {
        for (name, length, is_spacing, is_step) in [
            ("a length", 0.5, true, true),
            ("that of a kilometre", FARTHEST, true, true),
            ("that of an electron microscope", 1e-7, true, true),
            ("its square is infinite", 1e300, false, false),
            ("its square is zero", 1e-300, false, false),
            ("zero", 0.0, false, true),
            ("negative", -4.0, false, true),
            ("infinite", f64::INFINITY, false, false),
            ("no number", f64::NAN, false, false),
        ] {
            let mut plane = ImagePlane {
                pixel_spacing: Some([1.0, length]),
                slice_thickness: Some(length),
                spacing_between_slices: Some(length),
                ..ImagePlane::default()
            };
            plane.drop_unusable();
            assert_eq!(plane.pixel_spacing.is_some(), is_spacing, "{name}");
            assert_eq!(plane.slice_thickness.is_some(), is_step, "{name}");
            assert_eq!(plane.spacing_between_slices.is_some(), is_step, "{name}");
        }
    }

    #[test]
    fn a_plane_is_read_from_its_attributes() {
        let dataset = dataset_of(&[
            (0x0018, 0x0050, "DS", b"3 "),
            (0x0018, 0x0088, "DS", b"-4"),
            (0x0020, 0x0032, "DS", b"1\\2\\3 "),
            (0x0020, 0x0037, "DS", b"1\\0\\0\\0\\1\\0 "),
            (0x0020, 0x0052, "UI", b"1.9\0"),
            (0x0028, 0x0030, "DS", b"5\\6 "),
        ]);
        let expected = ImagePlane {
            position: Some([1.0, 2.0, 3.0]),
            orientation: Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
            pixel_spacing: Some([5.0, 6.0]),
            slice_thickness: Some(3.0),
            spacing_between_slices: Some(-4.0),
        };
        let coordinates =
            Coordinates { frame_of_reference_uid: "1.9".to_owned(), ..Coordinates::default() };
        assert_eq!(read_plane(&dataset, &Identity::default()), (expected, coordinates));
    }
}
