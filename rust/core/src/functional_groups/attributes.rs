//! What is taken from the functional groups of one frame.

use std::sync::Arc;

use crate::cursor::ByteOrder;
use crate::tag::Tag;
use crate::value;
use crate::vr::Vr;

/// Attributes of one frame, those that all frames share among them. What is absent, malformed, not
/// finite or of the wrong count is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "attributes of the standard by their keywords")]
pub(crate) struct FrameAttributes {
    pub image_position: Option<[f64; 3]>,
    pub image_orientation: Option<[f64; 6]>,
    pub pixel_spacing: Option<[f64; 2]>,
    pub slice_thickness: Option<f64>,
    pub spacing_between_slices: Option<f64>,
    pub rescale_slope: Option<f64>,
    pub rescale_intercept: Option<f64>,
    /// Slope or intercept is there and is no number.
    pub has_bad_rescale: bool,
    /// The first of each.
    pub window: Option<[f64; 2]>,
    /// Frame Type, or the part of it that says magnitude, phase, real or imaginary: values with
    /// backslashes between.
    pub frame_type: Option<Arc<str>>,
    pub stack_id: Option<Arc<str>>,
    pub temporal_position_index: Option<f64>,
    /// Seconds.
    pub temporal_position_offset: Option<f64>,
    pub frame_acquisition_number: Option<f64>,
    /// Seconds, with its day.
    pub frame_acquisition_time: Option<f64>,
    pub cardiac_trigger_delay: Option<f64>,
    pub cardiac_phase_percentage: Option<f64>,
    pub effective_echo_time: Option<f64>,
    pub inversion_time: Option<f64>,
    pub flip_angle: Option<f64>,
    pub diffusion_b_value: Option<f64>,
    pub diffusion_gradient: Option<[f64; 3]>,
    pub segment_number: Option<f64>,
    pub kvp: Option<f64>,
    pub reconstruction_diameter: Option<f64>,
    pub convolution_kernel: Option<Arc<str>>,
    pub reconstruction_algorithm: Option<Arc<str>>,
    /// Data Type: what the numbers of an ultrasound volume are.
    pub data_type: Option<Arc<str>>,
    pub in_stack_position_number: Option<u32>,
    /// Of ultrasound volumes.
    pub volume_plane: Option<Box<VolumePlane>>,
}

/// Where a frame lies in the coordinates of its volume (PS3.3 §C.7.6.16.2.21, §C.7.6.16.2.22).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct VolumePlane {
    /// Image Position (Volume), in mm.
    pub position: Option<[f64; 3]>,
    /// Image Orientation (Volume).
    pub orientation: Option<[f64; 6]>,
}

/// The sequences whose first item is looked into. Others are stepped over: some writers put a whole
/// single-frame header into a private one.
pub(super) fn is_wanted_sequence(tag: Tag) -> bool {
    matches!(
        tag.0,
        0x0018_9076     // Diffusion Gradient Direction
            | 0x0018_9112 // MR Timing and Related Parameters
            | 0x0018_9114 // MR Echo
            | 0x0018_9115 // MR Modifier
            | 0x0018_9117 // MR Diffusion
            | 0x0018_9118 // Cardiac Synchronization
            | 0x0018_9226 // MR Image Frame Type
            | 0x0018_9314 // CT Reconstruction
            | 0x0018_9325 // CT X-Ray Details
            | 0x0018_9329 // CT Image Frame Type
            | 0x0018_9751 // PET Frame Type
            | 0x0018_9807 // Image Data Type
            | 0x0020_9111 // Frame Content
            | 0x0020_9113 // Plane Position
            | 0x0020_9116 // Plane Orientation
            | 0x0020_930E // Plane Position (Volume)
            | 0x0020_930F // Plane Orientation (Volume)
            | 0x0020_9310 // Temporal Position
            | 0x0028_9110 // Pixel Measures
            | 0x0028_9132 // Frame VOI LUT
            | 0x0028_9145 // Pixel Value Transformation
            | 0x0062_000A // Segment Identification
    )
}

/// One value field, and how it is written.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub bytes: &'a [u8],
    /// As it is written; implicit or unknown where it is not.
    pub vr: Vr,
    pub order: ByteOrder,
}

impl FrameAttributes {
    /// Takes an element that lies in one of the wanted sequences.
    pub(super) fn take(&mut self, tag: Tag, field: Field<'_>) {
        match tag.0 {
            0x0020_0032 => self.image_position = field.numbers(Vr::DS),
            0x0020_0037 => self.image_orientation = field.numbers(Vr::DS),
            0x0028_0030 => self.pixel_spacing = field.numbers(Vr::DS),
            0x0018_0050 => self.slice_thickness = field.number(Vr::DS),
            0x0018_0088 => self.spacing_between_slices = field.number(Vr::DS),
            0x0028_1052 => {
                self.rescale_intercept = field.number(Vr::DS);
                self.has_bad_rescale |= self.rescale_intercept.is_none() && !field.is_empty();
            }
            0x0028_1053 => {
                self.rescale_slope = field.number(Vr::DS);
                self.has_bad_rescale |= self.rescale_slope.is_none() && !field.is_empty();
            }
            0x0028_1050 => {
                self.window = field.number(Vr::DS).map(|center| [center, self.window_width()])
            }
            0x0028_1051 => {
                self.window = field.number(Vr::DS).map(|width| [self.window_center(), width])
            }
            0x0008_9007 => self.frame_type = field.text(),
            0x0020_9056 => self.stack_id = field.text(),
            0x0020_9057 => self.in_stack_position_number = field.number(Vr::UL).and_then(whole),
            0x0020_9128 => self.temporal_position_index = field.number(Vr::UL),
            0x0020_930D => self.temporal_position_offset = field.number(Vr::FD),
            0x0020_9156 => self.frame_acquisition_number = field.number(Vr::US),
            0x0018_9074 => self.frame_acquisition_time = field.date_time(),
            0x0020_9153 => self.cardiac_trigger_delay = field.number(Vr::FD),
            0x0020_9241 => self.cardiac_phase_percentage = field.number(Vr::FL),
            0x0018_9082 => self.effective_echo_time = field.number(Vr::FD),
            0x0018_9079 => self.inversion_time = field.number(Vr::FD),
            0x0018_1314 => self.flip_angle = field.number(Vr::DS),
            0x0018_9087 => self.diffusion_b_value = field.number(Vr::FD),
            0x0018_9089 => self.diffusion_gradient = field.numbers(Vr::FD),
            0x0062_000B => self.segment_number = field.number(Vr::US),
            0x0018_9808 => self.data_type = field.text(),
            0x0020_9301 => {
                self.volume_plane.get_or_insert_default().position = field.numbers(Vr::FD)
            }
            0x0020_9302 => {
                self.volume_plane.get_or_insert_default().orientation = field.numbers(Vr::FD)
            }
            // Complex Image Component belongs to the frame type: it says what the numbers are.
            0x0008_9208 => {
                let component = field.text();
                self.frame_type = match (self.frame_type.take(), component) {
                    (Some(kind), Some(component)) => Some(format!("{kind}\\{component}").into()),
                    (kind, component) => kind.or(component),
                };
            }
            _ => self.take_content(tag, field),
        }
    }

    /// Takes what a frame must share with the others of its volume.
    fn take_content(&mut self, tag: Tag, field: Field<'_>) {
        match tag.0 {
            0x0018_0060 => self.kvp = field.number(Vr::DS),
            0x0018_1100 => self.reconstruction_diameter = field.number(Vr::DS),
            0x0018_1210 => self.convolution_kernel = field.text(),
            0x0018_9315 => self.reconstruction_algorithm = field.text(),
            _ => {}
        }
    }

    /// Text that is the same as that of another frame is not kept twice.
    pub(super) fn share_text(&mut self, other: &FrameAttributes) {
        let share = |own: &mut Option<Arc<str>>, other: &Option<Arc<str>>| {
            if own == other {
                own.clone_from(other);
            }
        };
        share(&mut self.frame_type, &other.frame_type);
        share(&mut self.stack_id, &other.stack_id);
        share(&mut self.data_type, &other.data_type);
        share(&mut self.convolution_kernel, &other.convolution_kernel);
        share(&mut self.reconstruction_algorithm, &other.reconstruction_algorithm);
    }

    /// Takes from another frame what it has of the sequence `tag`, which has the same bytes in
    /// both; `false` if that is not known, and it has to be read.
    pub(super) fn take_same(&mut self, tag: Tag, other: &FrameAttributes) -> bool {
        match tag.0 {
            0x0018_9112 => self.flip_angle = other.flip_angle,
            0x0018_9114 => self.effective_echo_time = other.effective_echo_time,
            0x0018_9115 => self.inversion_time = other.inversion_time,
            0x0018_9314 => {
                self.reconstruction_diameter = other.reconstruction_diameter;
                self.convolution_kernel.clone_from(&other.convolution_kernel);
                self.reconstruction_algorithm.clone_from(&other.reconstruction_algorithm);
            }
            0x0018_9325 => self.kvp = other.kvp,
            0x0018_9807 => self.data_type.clone_from(&other.data_type),
            0x0020_9116 => self.image_orientation = other.image_orientation,
            0x0020_930F => {
                self.volume_plane.get_or_insert_default().orientation =
                    other.volume_plane.as_ref().and_then(|plane| plane.orientation);
            }
            0x0028_9110 => {
                self.pixel_spacing = other.pixel_spacing;
                self.slice_thickness = other.slice_thickness;
                self.spacing_between_slices = other.spacing_between_slices;
            }
            0x0028_9132 => self.window = other.window,
            0x0028_9145 => {
                self.rescale_slope = other.rescale_slope;
                self.rescale_intercept = other.rescale_intercept;
                self.has_bad_rescale = other.has_bad_rescale;
            }
            0x0018_9226 | 0x0018_9329 | 0x0018_9751 => {
                self.frame_type.clone_from(&other.frame_type)
            }
            _ => return false,
        }
        true
    }

    fn window_center(&self) -> f64 {
        self.window.map_or(f64::NAN, |[center, _]| center)
    }

    fn window_width(&self) -> f64 {
        self.window.map_or(f64::NAN, |[_, width]| width)
    }
}

impl Field<'_> {
    fn is_empty(&self) -> bool {
        self.bytes.iter().all(|byte| matches!(byte, b' ' | 0))
    }

    /// The first value, if it is a finite number. `vr` is the dictionary's.
    fn number(&self, vr: Vr) -> Option<f64> {
        let first = match self.binary(vr) {
            Some(vr) => value::numbers(self.bytes, vr, self.order).next()?.to_f64(),
            None => value::decimal(self.ascii()?.split('\\').next()?)?,
        };
        first.is_finite().then_some(first)
    }

    /// Puts the values into `slots`, if there is an index for each; [`NO_INDEX`] into all of them
    /// otherwise.
    pub(super) fn indices(&self, vr: Vr, slots: &mut [u32]) {
        let mut count = 0;
        let mut put = |index: Option<u32>| match (slots.get_mut(count), index) {
            (Some(slot), Some(index)) => {
                *slot = index;
                count += 1;
            }
            // More than there are slots: then none counts.
            _ => count = usize::MAX,
        };
        match self.binary(vr) {
            Some(vr) => value::numbers(self.bytes, vr, self.order)
                .for_each(|value| put(whole(value.to_f64()))),
            None => self
                .ascii()
                .into_iter()
                .flat_map(|text| text.split('\\'))
                .for_each(|text| put(value::decimal(text).and_then(whole))),
        }
        if count != slots.len() {
            slots.fill(NO_INDEX);
        }
    }

    /// All values, if there are as many as asked for and they are finite numbers.
    fn numbers<const N: usize>(&self, vr: Vr) -> Option<[f64; N]> {
        let mut found = [f64::NAN; N];
        let mut count = 0;
        let mut put = |value: Option<f64>| {
            if let (Some(slot), Some(value)) = (found.get_mut(count), value) {
                *slot = value;
            }
            count += 1;
        };
        match self.binary(vr) {
            Some(vr) => value::numbers(self.bytes, vr, self.order)
                .for_each(|value| put(Some(value.to_f64()))),
            None => self.ascii()?.split('\\').for_each(|text| put(value::decimal(text))),
        }
        (count == N && found.iter().all(|value| value.is_finite())).then_some(found)
    }

    /// The VR to read numbers with, if it is a binary one.
    fn binary(&self, standard: Vr) -> Option<Vr> {
        let vr = if self.vr.is_known() && self.vr != Vr::UN { self.vr } else { standard };
        value::number_size(vr).map(|_| vr)
    }

    /// Numbers and codes are of ASCII characters (PS3.5 §6.1.1), with blanks or a zero byte after
    /// them.
    fn ascii(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes).ok().map(|text| text.trim_end_matches(['\0', ' ']))
    }

    fn text(&self) -> Option<Arc<str>> {
        let text = self.ascii()?.trim();
        (!text.is_empty()).then(|| text.into())
    }

    /// A DT in seconds, with its day; the time zone left out.
    fn date_time(&self) -> Option<f64> {
        let text = self.ascii()?.trim();
        let (date, time) = text.split_at_checked(8)?;
        let digits = time.split(['+', '-']).next()?;
        let seconds = value::seconds_of_day(digits).unwrap_or(0.0);
        Some(value::day_number(date)? * value::SECONDS_OF_DAY + seconds)
    }
}

/// In place of an index that a frame lacks; indices count from 1.
pub(super) const NO_INDEX: u32 = u32::MAX;

/// A number that counts.
pub(super) fn whole(number: f64) -> Option<u32> {
    ((0.0..f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0).then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(bytes: &[u8], vr: Vr) -> Field<'_> {
        Field { bytes, vr, order: ByteOrder::Little }
    }

    #[test]
    fn numbers_are_read_as_they_are_written_or_as_the_standard_has_them() {
        for (name, bytes, vr, expected) in [
            ("text", &b"1\\-2.5\\3e1 "[..], Vr::DS, Some([1.0, -2.5, 30.0])),
            ("text without a VR", b"1\\2\\3 ", Vr::IMPLICIT, Some([1.0, 2.0, 3.0])),
            ("two values", b"1\\2 ", Vr::DS, None),
            ("four values", b"1\\2\\3\\4 ", Vr::DS, None),
            ("a comma", b"1,5\\2\\3 ", Vr::DS, None),
            ("not finite", b"1\\inf\\3 ", Vr::DS, None),
            ("binary", &[0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64], Vr::FL, Some([1.0, 2.0, 3.0])),
            ("empty", b"", Vr::DS, None),
        ] {
            assert_eq!(field(bytes, vr).numbers::<3>(Vr::DS), expected, "{name}");
        }
    }

    #[test]
    fn indices_are_all_there_or_none() {
        for (name, bytes, vr, expected) in [
            ("binary", &[1, 0, 0, 0, 2, 1, 0, 0][..], Vr::UL, [1, 258]),
            ("without a VR", &[1, 0, 0, 0, 2, 1, 0, 0], Vr::IMPLICIT, [1, 258]),
            ("short numbers", &[1, 0, 2, 0], Vr::US, [1, 2]),
            ("one", &[1, 0, 0, 0], Vr::UL, [NO_INDEX; 2]),
            ("three", &[1, 0, 2, 0, 3, 0], Vr::US, [NO_INDEX; 2]),
            (
                "that which stands for none",
                &[1, 0, 0, 0, 255, 255, 255, 255],
                Vr::UL,
                [NO_INDEX; 2],
            ),
            ("text", b"3\\4 ", Vr::IS, [3, 4]),
            ("text that is no number", b"3\\x ", Vr::IS, [NO_INDEX; 2]),
            ("empty", b"", Vr::UL, [NO_INDEX; 2]),
        ] {
            let mut slots = [9; 2];
            field(bytes, vr).indices(Vr::UL, &mut slots);
            assert_eq!(slots, expected, "{name}");
        }
    }

    #[test]
    fn times_rise_across_midnight_and_leap_days() {
        let at = |text: &str| field(text.as_bytes(), Vr::DT).date_time().unwrap();
        assert_eq!(at("20240229000000") - at("20240228235959.5"), 0.5);
        assert_eq!(at("20240301000000") - at("20240229000000+0100"), 86_400.0);
        assert_eq!(at("20250101") - at("20240101"), 366.0 * 86_400.0);
        assert_eq!(field(b"20241301", Vr::DT).date_time(), None);
    }
}
