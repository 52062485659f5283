//! What of an instance is of each of its frames its own.

use std::sync::Arc;

use super::frames::FrameGeometry;
use super::header::InstanceHeader;
use super::private::is_unit;
use crate::functional_groups::FrameAttributes;
use crate::geometry::Vector;
use crate::pixel::Rescale;
use crate::tag::Tag;

/// Numbers that can tell images of one position from each other, by their place in
/// [`FrameHeader::numbers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "attributes of the standard by their keywords")]
pub enum AxisNumber {
    SegmentNumber,
    TemporalPosition,
    TriggerTime,
    CardiacPhase,
    FrameReferenceTime,
    EchoNumber,
    EchoTime,
    DiffusionBValue,
    InversionTime,
    FlipAngle,
    AcquisitionNumber,
    AcquisitionTime,
}

/// How many there are.
pub const NUMBER_COUNT: usize = 12;

impl AxisNumber {
    /// All of them, each with the attribute that a single-frame image has it in.
    pub const ALL: [(AxisNumber, Tag); NUMBER_COUNT] = [
        (AxisNumber::SegmentNumber, Tag::new(0x0062, 0x000B)),
        (AxisNumber::TemporalPosition, Tag::new(0x0020, 0x0100)),
        (AxisNumber::TriggerTime, Tag::new(0x0018, 0x1060)),
        (AxisNumber::CardiacPhase, Tag::new(0x0020, 0x9241)),
        (AxisNumber::FrameReferenceTime, Tag::new(0x0054, 0x1300)),
        (AxisNumber::EchoNumber, Tag::new(0x0018, 0x0086)),
        (AxisNumber::EchoTime, Tag::new(0x0018, 0x0081)),
        (AxisNumber::DiffusionBValue, Tag::new(0x0018, 0x9087)),
        (AxisNumber::InversionTime, Tag::new(0x0018, 0x0082)),
        (AxisNumber::FlipAngle, Tag::new(0x0018, 0x1314)),
        (AxisNumber::AcquisitionNumber, Tag::new(0x0020, 0x0012)),
        (AxisNumber::AcquisitionTime, Tag::new(0x0008, 0x0032)),
    ];
}

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
    pub fn name(self) -> &'static str {
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

/// One frame: its place, its values, and what tells it from others of the same place. What is
/// absent, malformed or not finite is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameHeader {
    /// Which of the file's frames, or of a mosaic's tiles, from 0.
    pub index: usize,
    /// Image Position (Patient): the centre of the first voxel, in mm.
    pub position: Option<Vector>,
    /// Image Orientation (Patient), as it is written.
    pub orientation: Option<[f64; 6]>,
    /// (between rows, between columns) in mm, both positive.
    pub pixel_spacing: Option<[f64; 2]>,
    /// Slice Thickness.
    pub slice_thickness: Option<f64>,
    /// Spacing Between Slices.
    pub spacing_between_slices: Option<f64>,
    /// Slope 1 and intercept 0 where they are absent.
    pub rescale: Rescale,
    /// Slope or intercept is there and is no number, or the slope is zero.
    pub has_bad_rescale: bool,
    /// The first Window Center and Window Width.
    pub window: Option<[f64; 2]>,
    /// Frame Type, where it is not the file's Image Type.
    pub frame_type: Option<Arc<str>>,
    /// Stack ID.
    pub stack_id: Option<Arc<str>>,
    /// Data Type.
    pub data_type: Option<Arc<str>>,
    /// Which of its stack's places it has; of use where positions are not told.
    pub place_number: Option<PlaceNumber>,
    /// By [`AxisNumber`]. Times are in ms, but those of acquisition in seconds.
    pub numbers: [Option<f64>; NUMBER_COUNT],
    /// Diffusion Gradient Orientation: a unit vector in the patient's coordinates.
    pub gradient: Option<Vector>,
    /// When a tile of a mosaic was acquired, in ms from the start of the mosaic.
    pub slice_time: Option<f64>,
}

impl FrameHeader {
    /// The only frame of an instance.
    pub fn of_instance(header: &InstanceHeader) -> FrameHeader {
        FrameHeader {
            index: 0,
            position: header.position,
            orientation: header.orientation,
            pixel_spacing: header.pixel_spacing,
            slice_thickness: header.slice_thickness,
            spacing_between_slices: header.spacing_between_slices,
            rescale: header.rescale,
            has_bad_rescale: header.has_bad_rescale,
            window: header.window,
            frame_type: None,
            stack_id: None,
            data_type: None,
            place_number: None,
            numbers: header.numbers,
            gradient: header.gradient,
            slice_time: None,
        }
    }

    /// A frame of an instance that has functional groups: what they lack is taken from the
    /// instance, but for its place, which belongs to no frame.
    pub fn of_functional_groups(
        index: usize,
        header: &InstanceHeader,
        frame: FrameAttributes,
    ) -> FrameHeader {
        let mut numbers = header.numbers;
        let mut set = |number: AxisNumber, value: Option<f64>| {
            if let (Some(slot), Some(value)) = (numbers.get_mut(number as usize), value) {
                *slot = Some(value);
            }
        };
        set(AxisNumber::SegmentNumber, frame.segment_number);
        set(AxisNumber::TemporalPosition, frame.temporal_position_index);
        set(AxisNumber::TriggerTime, frame.cardiac_trigger_delay);
        set(AxisNumber::CardiacPhase, frame.cardiac_phase_percentage);
        set(
            AxisNumber::FrameReferenceTime,
            frame.temporal_position_offset.map(|seconds| seconds * 1000.0),
        );
        set(AxisNumber::EchoTime, frame.effective_echo_time);
        set(AxisNumber::DiffusionBValue, frame.diffusion_b_value);
        set(AxisNumber::InversionTime, frame.inversion_time);
        set(AxisNumber::FlipAngle, frame.flip_angle);
        set(AxisNumber::AcquisitionNumber, frame.frame_acquisition_number);
        set(AxisNumber::AcquisitionTime, frame.frame_acquisition_time);
        let own = Rescale {
            slope: frame.rescale_slope.unwrap_or(header.rescale.slope),
            intercept: frame.rescale_intercept.unwrap_or(header.rescale.intercept),
        };
        FrameHeader {
            index,
            position: frame.image_position,
            orientation: frame.image_orientation.or(header.orientation),
            pixel_spacing: frame.pixel_spacing.or(header.pixel_spacing),
            slice_thickness: frame.slice_thickness.or(header.slice_thickness),
            spacing_between_slices: frame.spacing_between_slices.or(header.spacing_between_slices),
            rescale: own,
            has_bad_rescale: header.has_bad_rescale || frame.has_bad_rescale || own.slope == 0.0,
            window: frame
                .window
                .filter(|window| window.iter().all(|value| value.is_finite()))
                .or(header.window),
            frame_type: frame.frame_type,
            stack_id: frame.stack_id,
            data_type: frame.data_type,
            place_number: frame
                .in_stack_position_number
                .map(|number| PlaceNumber { source: PlaceSource::InStackPosition, number }),
            numbers,
            gradient: frame.diffusion_gradient.or(header.gradient),
            slice_time: None,
        }
    }

    /// A frame whose place is told for all of the instance.
    pub fn of_geometry(
        index: usize,
        header: &InstanceHeader,
        geometry: &FrameGeometry,
        place: Option<Vector>,
    ) -> Self {
        FrameHeader {
            index,
            position: place,
            orientation: geometry.orientation,
            spacing_between_slices: geometry.spacing_between_slices,
            ..FrameHeader::of_instance(header)
        }
    }

    /// Takes out numbers that no image can have, whoever made the header.
    pub(super) fn drop_unusable(&mut self) {
        self.position =
            self.position.filter(|position| position.iter().all(|value| value.abs() <= FARTHEST));
        let is_length = |value: &f64| value.is_finite() && *value > 0.0;
        self.pixel_spacing = self.pixel_spacing.filter(|spacing| spacing.iter().all(is_length));
        self.has_bad_rescale |=
            !self.rescale.slope.is_finite() || !self.rescale.intercept.is_finite();
        let is_finite = |value: &f64| value.is_finite();
        self.numbers = self.numbers.map(|number| number.filter(is_finite));
        let b_value = self.numbers.get(AxisNumber::DiffusionBValue as usize).copied().flatten();
        // Some images without weighting have the direction of others, or one of length zero.
        self.gradient = self.gradient.filter(is_unit).filter(|_| b_value != Some(0.0));
    }
}

/// A kilometre away, in mm: no scanner's coordinates reach it, and sums of such numbers are finite.
const FARTHEST: f64 = 1e6;
