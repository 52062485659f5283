//! What can be wrong with a structure set or a segmentation, beyond their elements.

use super::frame::faults;
use super::kind::ErrorKind;
use super::located::Error;

faults! {
    /// What is wrong with what was drawn on images.
    LabelFault {
        CoordinateCount { count: usize } =>
            "the contour has {count} coordinates, which are no points of three";
        Coordinate { index: usize } =>
            "coordinate {index} of the contour, counted from 0, is no finite number";
        ContourRoom { count: usize } =>
            "an array that is not as long as the {count} contours need";
        ArrayRoom { length: usize } =>
            "an array of {length} bytes, which is not as long as its shape needs";
        FrameCount { expected: usize, found: usize } =>
            "Number of Frames says {expected}, but the Per-Frame Functional Groups have {found}";
        FrameLarger { rows: usize, columns: usize } =>
            "a frame of {rows} rows and {columns} columns does not fit its place in the array";
    }
}

impl From<LabelFault> for Error {
    fn from(fault: LabelFault) -> Self {
        ErrorKind::Label(fault).into()
    }
}
