//! What the stored values of an image mean: slope, intercept, and the window to show them in (PS3.3
//! §C.11.1, §C.11.2).

use super::identity::Identity;
use super::values::{is_empty, number};
use crate::dataset::Dataset;
use crate::pixel::Rescale;
use crate::tag::Tag;

const WINDOW_CENTER: Tag = Tag::new(0x0028, 0x1050);
const WINDOW_WIDTH: Tag = Tag::new(0x0028, 0x1051);
const RESCALE_INTERCEPT: Tag = Tag::new(0x0028, 0x1052);
const RESCALE_SLOPE: Tag = Tag::new(0x0028, 0x1053);
const DOSE_GRID_SCALING: Tag = Tag::new(0x3004, 0x000E);

/// What the stored values of an image mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueTransform {
    /// Slope 1 and intercept 0 where they are absent.
    pub rescale: Rescale,
    /// Slope or intercept is present and is no number, or the slope is zero.
    pub has_bad_rescale: bool,
    /// The first Window Center and Window Width.
    pub window: Option<[f64; 2]>,
}

impl ValueTransform {
    /// Reads that of an instance. Dose Grid Scaling takes the place of slope and intercept in doses
    /// (PS3.3 §C.8.8.3).
    pub(super) fn new(dataset: &Dataset, identity: &Identity) -> ValueTransform {
        let number = |tag| number(dataset, tag);
        let scaling = number(DOSE_GRID_SCALING).filter(|_| identity.modality == "RTDOSE");
        let slope = scaling.or(number(RESCALE_SLOPE));
        let intercept = number(RESCALE_INTERCEPT).filter(|_| scaling.is_none());
        let has_bad_rescale = (slope.is_none() && !is_empty(dataset, RESCALE_SLOPE))
            || (intercept.is_none() && !is_empty(dataset, RESCALE_INTERCEPT))
            || slope == Some(0.0);
        let window = number(WINDOW_CENTER).zip(number(WINDOW_WIDTH));
        ValueTransform {
            rescale: Rescale { slope: slope.unwrap_or(1.0), intercept: intercept.unwrap_or(0.0) },
            has_bad_rescale,
            window: window.map(|(center, width)| [center, width]),
        }
    }

    /// Marks a rescale that is not finite, whoever made the header.
    pub(super) fn mark_unusable(&mut self) {
        let Rescale { slope, intercept } = self.rescale;
        self.has_bad_rescale |= !slope.is_finite() || !intercept.is_finite();
    }
}
