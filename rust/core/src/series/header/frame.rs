//! One image of an instance: where it lies, what its values mean, and what tells it from others.

use std::sync::Arc;

use super::acquisition::{Acquisition, AxisNumber};
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
        FrameHeader {
            index,
            plane: plane_of_groups(&header.plane, &frame),
            transform: transform_of_groups(&header.transform, &frame),
            acquisition: acquisition_of_groups(header.acquisition, &frame),
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
    own.gradient = frame.diffusion_gradient.or(header.gradient);
    own
}
