//! What tells images of one position from each other: phases, echoes, weightings and the like.

use super::values::{date_and_time, exactly, moment, number};
use crate::dataset::Dataset;
use crate::geometry::Vector;
use crate::series::private::{DIFFUSION_GRADIENT_ORIENTATION, is_unit};
use crate::tag::Tag;
use crate::value::has_date;

const ACQUISITION_DATE: Tag = Tag::new(0x0008, 0x0022);
const CONTENT_DATE: Tag = Tag::new(0x0008, 0x0023);
const ACQUISITION_DATE_TIME: Tag = Tag::new(0x0008, 0x002A);
const ACQUISITION_TIME: Tag = Tag::new(0x0008, 0x0032);
const CONTENT_TIME: Tag = Tag::new(0x0008, 0x0033);

/// Numbers that can tell images of one position from each other.
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
const NUMBER_COUNT: usize = 12;

impl AxisNumber {
    /// All of them, each with the attribute that a single-frame image has it in.
    const ALL: [(AxisNumber, Tag); NUMBER_COUNT] = [
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

/// What tells an image from others of its position.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Acquisition {
    /// By [`AxisNumber`]. Times are in ms, but Acquisition Time is in seconds, as `acquired`.
    numbers: [Option<f64>; NUMBER_COUNT],
    /// When it was acquired, in seconds: Acquisition DateTime, or Acquisition Date and Time. From
    /// midnight, or with its day where a date is known.
    pub acquired: Option<f64>,
    /// When its content was made: Content Date and Time, likewise.
    pub content_made: Option<f64>,
    /// Diffusion Gradient Orientation: a unit vector in the patient's coordinates.
    pub gradient: Option<Vector>,
}

impl Acquisition {
    pub(in crate::series) fn new(dataset: &Dataset) -> Acquisition {
        let date_and_time = date_and_time(dataset, ACQUISITION_DATE_TIME);
        // A time of day alone does not say what comes first across midnight.
        let acquired = moment(dataset, ACQUISITION_DATE, ACQUISITION_TIME)
            .map(|time| date_and_time.filter(|_| !has_date(time)).unwrap_or(time));
        let read = |(which, tag)| match which {
            AxisNumber::AcquisitionTime => acquired,
            _ => number(dataset, tag),
        };
        Acquisition {
            numbers: AxisNumber::ALL.map(read),
            acquired: date_and_time.or(acquired),
            content_made: moment(dataset, CONTENT_DATE, CONTENT_TIME),
            gradient: exactly(dataset, DIFFUSION_GRADIENT_ORIENTATION),
        }
    }

    /// One of its numbers; `None` if it has no such number.
    pub fn number(&self, which: AxisNumber) -> Option<f64> {
        self.numbers.get(which as usize).copied().flatten()
    }

    pub(in crate::series) fn set(&mut self, which: AxisNumber, value: Option<f64>) {
        if let Some(slot) = self.numbers.get_mut(which as usize) {
            *slot = value;
        }
    }

    /// Removes infinite numbers, and directions that are none: some images without weighting have
    /// the direction of others, or one of length zero.
    pub(super) fn drop_unusable(&mut self) {
        self.numbers = self.numbers.map(|number| number.filter(|value| value.is_finite()));
        let is_unweighted = self.number(AxisNumber::DiffusionBValue) == Some(0.0);
        self.gradient = self.gradient.filter(is_unit).filter(|_| !is_unweighted);
    }
}
