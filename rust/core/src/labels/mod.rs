//! What was drawn on images: contours of structure sets (PS3.3 §C.8.8.6) and segmentations (PS3.3
//! §C.8.20), as numbers and as arrays.
//!
//! [`contours`] reads the points of contours, [`placed`] takes them to the coordinates of an array,
//! and [`drawing`] makes masks of them, a plane at a time by [`outline`]; [`covering`] finds those
//! that are there twice, and [`between`] fills planes between others. [`segmentation`] says what
//! the frames of a segmentation are, and [`frames`] puts their pixels where they belong.
//! [`resampling`] takes any array to the voxels of another.

mod between;
mod contours;
mod covering;
mod drawing;
mod frames;
mod outline;
mod placed;
mod resampling;
mod segmentation;

pub use between::{Between, fill_between};
pub use contours::{Contour, Contours};
pub use covering::same_contours;
pub use drawing::{Canvas, Drawing, Drawn, Noticed, Voxels, draw};
pub use frames::{
    DamagedFrame, FramePlace, Meaning, ReadFrames, SegmentationPixels, UNKNOWN, place_frames,
};
pub use placed::{PlacedContours, ToIndex};
pub use resampling::{Interpolation, Resampling, resample};
pub use segmentation::SegmentationFrames;
