//! One image of an instance: where it lies, what its values mean, and what tells it from others.

use std::sync::Arc;

use super::acquisition::{Acquisition, AxisNumber};
use super::content::Content;
use super::instance::InstanceHeader;
use super::plane::ImagePlane;
use super::transform::ValueTransform;
use crate::functional_groups::FrameAttributes;
use crate::pixel::Rescale;

/// What counts the places of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlaceSource {
    /// In-Stack Position Number.
    InStackPosition,
    /// The index of a dimension of positions.
    DimensionIndex,
    /// Slice Vector, of nuclear medicine.
    SliceVector,
}

impl PlaceSource {
    /// Its name in a sentence.
    pub(in crate::series) fn name(self) -> &'static str {
        match self {
            PlaceSource::InStackPosition => "In-Stack Position Number",
            PlaceSource::DimensionIndex => "Dimension Index Values",
            PlaceSource::SliceVector => "Slice Vector",
        }
    }
}

/// A place in a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceNumber {
    /// Numbers of several sources are not compared.
    pub source: PlaceSource,
    /// Mostly from 1.
    pub number: u32,
}

/// One frame of an instance, or one tile of a mosaic.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameHeader {
    /// Which of the file's frames, or of a mosaic's tiles, from 0.
    pub index: usize,
    /// Where it lies.
    pub plane: ImagePlane,
    /// What its values mean.
    pub transform: ValueTransform,
    /// What tells it from other images of its place.
    pub acquisition: Acquisition,
    /// What it shares with the others of its volume; `None` if that is the instance's.
    pub content: Option<Arc<Content>>,
    /// Frame Type, where it is not the file's Image Type.
    pub frame_type: Option<Arc<str>>,
    /// Stack ID.
    pub stack_id: Option<Arc<str>>,
    /// Data Type.
    pub data_type: Option<Arc<str>>,
    /// Which place of its stack it has; serves where positions are missing.
    pub place_number: Option<PlaceNumber>,
    /// When a tile of a mosaic was acquired, in ms from the start of the mosaic.
    pub slice_time: Option<f64>,
}

impl FrameHeader {
    /// The only frame of an instance.
    pub(in crate::series) fn of_instance(header: &InstanceHeader) -> FrameHeader {
        FrameHeader {
            index: 0,
            plane: header.plane,
            transform: header.transform,
            acquisition: header.acquisition,
            content: None,
            frame_type: None,
            stack_id: None,
            data_type: None,
            place_number: None,
            slice_time: None,
        }
    }

    /// A frame of an instance that has functional groups: what they lack is taken from the
    /// instance, but for its place, which belongs to no frame.
    pub(in crate::series) fn of_functional_groups(
        index: usize,
        header: &InstanceHeader,
        frame: FrameAttributes,
    ) -> FrameHeader {
        let place = |number| PlaceNumber { source: PlaceSource::InStackPosition, number };
        let content = header.content.of_frame(&frame, &header.identity.modality);
        FrameHeader {
            index,
            plane: plane_of_groups(&header.plane, &frame),
            transform: transform_of_groups(&header.transform, &frame),
            acquisition: acquisition_of_groups(header.acquisition, &frame),
            content: (content != header.content).then(|| Arc::new(content)),
            place_number: frame.in_stack_position_number.map(place),
            frame_type: frame.frame_type,
            stack_id: frame.stack_id,
            data_type: frame.data_type,
            slice_time: None,
        }
    }

    /// Removes numbers that no image can have, whoever made the header.
    pub(super) fn drop_unusable(&mut self) {
        self.plane.drop_unusable();
        self.transform.mark_unusable();
        self.acquisition.drop_unusable();
    }
}

fn plane_of_groups(header: &ImagePlane, frame: &FrameAttributes) -> ImagePlane {
    ImagePlane {
        position: frame.image_position,
        orientation: frame.image_orientation.or(header.orientation),
        pixel_spacing: frame.pixel_spacing.or(header.pixel_spacing),
        slice_thickness: frame.slice_thickness.or(header.slice_thickness),
        spacing_between_slices: frame.spacing_between_slices.or(header.spacing_between_slices),
    }
}

fn transform_of_groups(header: &ValueTransform, frame: &FrameAttributes) -> ValueTransform {
    let rescale = Rescale {
        slope: frame.rescale_slope.unwrap_or(header.rescale.slope),
        intercept: frame.rescale_intercept.unwrap_or(header.rescale.intercept),
    };
    let is_finite = |window: &[f64; 2]| window.iter().all(|value| value.is_finite());
    ValueTransform {
        rescale,
        has_bad_rescale: header.has_bad_rescale || frame.has_bad_rescale || rescale.slope == 0.0,
        window: frame.window.filter(is_finite).or(header.window),
    }
}

fn acquisition_of_groups(header: Acquisition, frame: &FrameAttributes) -> Acquisition {
    let milliseconds = |seconds: f64| seconds * 1000.0;
    let mut own = header;
    for (number, value) in [
        (AxisNumber::SegmentNumber, frame.segment_number),
        (AxisNumber::TemporalPosition, frame.temporal_position_index),
        (AxisNumber::TriggerTime, frame.cardiac_trigger_delay),
        (AxisNumber::CardiacPhase, frame.cardiac_phase_percentage),
        (AxisNumber::FrameReferenceTime, frame.temporal_position_offset.map(milliseconds)),
        (AxisNumber::EchoTime, frame.effective_echo_time),
        (AxisNumber::DiffusionBValue, frame.diffusion_b_value),
        (AxisNumber::InversionTime, frame.inversion_time),
        (AxisNumber::FlipAngle, frame.flip_angle),
        (AxisNumber::AcquisitionNumber, frame.frame_acquisition_number),
        (AxisNumber::AcquisitionTime, frame.frame_acquisition_time),
    ] {
        own.set(number, value.or(own.number(number)));
    }
    own.acquired = frame.frame_acquisition_time.or(own.acquired);
    own.gradient = frame.diffusion_gradient.or(header.gradient);
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::header::content;
    use crate::series::tests::synthetic::{AXIAL, CORONAL, with};

    #[test]
    fn what_functional_groups_lack_is_that_of_the_instance_but_for_the_place() {
        let header = with("a", |one| {
            one.plane.slice_thickness = Some(3.0);
            one.plane.spacing_between_slices = Some(4.0);
            one.transform.window = Some([40.0, 400.0]);
            one.acquisition.set(AxisNumber::EchoNumber, Some(2.0));
            one.acquisition.gradient = Some([1.0, 0.0, 0.0]);
        });
        let lacking = FrameHeader::of_functional_groups(3, &header, FrameAttributes::default());
        let plane = ImagePlane { position: None, ..header.plane };
        let expected = FrameHeader { index: 3, plane, ..FrameHeader::of_instance(&header) };
        assert_eq!(lacking, expected);
        assert_eq!(lacking.plane.orientation, Some(AXIAL));

        let own = FrameHeader::of_functional_groups(
            5,
            &header,
            FrameAttributes {
                image_position: Some([1.0, 2.0, 3.0]),
                image_orientation: Some(CORONAL),
                pixel_spacing: Some([6.0, 7.0]),
                slice_thickness: Some(8.0),
                spacing_between_slices: Some(9.0),
                rescale_slope: Some(2.0),
                rescale_intercept: Some(-5.0),
                window: Some([1.0, 2.0]),
                frame_type: Some("TYPE".into()),
                stack_id: Some("STACK".into()),
                data_type: Some("DATA".into()),
                in_stack_position_number: Some(11),
                diffusion_gradient: Some([0.0, 1.0, 0.0]),
                convolution_kernel: Some("BONE".into()),
                ..FrameAttributes::default()
            },
        );
        let kernel = content(&[(0x0018, 0x1210, "SH", b"BONE")]);
        let mut acquisition = header.acquisition;
        acquisition.gradient = Some([0.0, 1.0, 0.0]);
        let expected = FrameHeader {
            index: 5,
            plane: ImagePlane {
                position: Some([1.0, 2.0, 3.0]),
                orientation: Some(CORONAL),
                pixel_spacing: Some([6.0, 7.0]),
                slice_thickness: Some(8.0),
                spacing_between_slices: Some(9.0),
            },
            transform: ValueTransform {
                rescale: Rescale { slope: 2.0, intercept: -5.0 },
                has_bad_rescale: false,
                window: Some([1.0, 2.0]),
            },
            acquisition,
            content: Some(Arc::new(kernel)),
            frame_type: Some("TYPE".into()),
            stack_id: Some("STACK".into()),
            data_type: Some("DATA".into()),
            place_number: Some(PlaceNumber { source: PlaceSource::InStackPosition, number: 11 }),
            slice_time: None,
        };
        assert_eq!(own, expected);
    }

    #[test]
    fn a_rescale_is_bad_in_the_instance_or_in_the_frame() {
        for (name, is_bad_in_instance, is_bad_in_frame, slope, expected) in [
            ("neither", false, false, 1.0, false),
            ("instance", true, false, 1.0, true),
            ("frame", false, true, 1.0, true),
            ("a slope of zero", false, false, 0.0, true),
        ] {
            let header = with("a", |one| one.transform.has_bad_rescale = is_bad_in_instance);
            let frame = FrameAttributes {
                has_bad_rescale: is_bad_in_frame,
                rescale_slope: Some(slope),
                ..FrameAttributes::default()
            };
            let found = FrameHeader::of_functional_groups(0, &header, frame).transform;
            assert_eq!(found.has_bad_rescale, expected, "{name}");
            assert_eq!(found.rescale, Rescale { slope, intercept: -1024.0 }, "{name}");
        }
        let header = with("a", |one| one.transform.window = Some([40.0, 400.0]));
        let window = Some([f64::INFINITY, 1.0]);
        let frame = FrameAttributes { window, ..FrameAttributes::default() };
        let found = FrameHeader::of_functional_groups(0, &header, frame).transform;
        assert_eq!(found.window, Some([40.0, 400.0]), "infinite windows are none");
    }

    #[test]
    fn numbers_of_a_frame_are_those_of_an_instance_in_other_units() {
        let frame = FrameAttributes {
            segment_number: Some(1.0),
            temporal_position_index: Some(2.0),
            cardiac_trigger_delay: Some(3.0),
            cardiac_phase_percentage: Some(4.0),
            temporal_position_offset: Some(5.5), // s
            effective_echo_time: Some(6.0),
            diffusion_b_value: Some(7.0),
            inversion_time: Some(8.0),
            flip_angle: Some(9.0),
            frame_acquisition_number: Some(10.0),
            frame_acquisition_time: Some(11.0),
            ..FrameAttributes::default()
        };
        let header = with("a", |one| one.acquisition.set(AxisNumber::FlipAngle, Some(1.0)));
        let found = FrameHeader::of_functional_groups(0, &header, frame).acquisition;
        for (number, expected) in [
            (AxisNumber::SegmentNumber, Some(1.0)),
            (AxisNumber::TemporalPosition, Some(2.0)),
            (AxisNumber::TriggerTime, Some(3.0)),
            (AxisNumber::CardiacPhase, Some(4.0)),
            (AxisNumber::FrameReferenceTime, Some(5500.0)), // ms
            (AxisNumber::EchoNumber, None),
            (AxisNumber::EchoTime, Some(6.0)),
            (AxisNumber::DiffusionBValue, Some(7.0)),
            (AxisNumber::InversionTime, Some(8.0)),
            (AxisNumber::FlipAngle, Some(9.0)),
            (AxisNumber::AcquisitionNumber, Some(10.0)),
            (AxisNumber::AcquisitionTime, Some(11.0)),
        ] {
            assert_eq!(found.number(number), expected, "{number:?}");
        }
    }

    #[test]
    fn sources_of_places_have_the_names_of_their_attributes() {
        for (source, expected) in [
            (PlaceSource::InStackPosition, "In-Stack Position Number"),
            (PlaceSource::DimensionIndex, "Dimension Index Values"),
            (PlaceSource::SliceVector, "Slice Vector"),
        ] {
            assert_eq!(source.name(), expected);
        }
    }
}
