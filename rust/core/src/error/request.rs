//! What can be wrong with what a caller asks for.

use super::frame::faults;

faults! {
    /// What a caller asked for that this image cannot give, or gave that does not fit it.
    RequestFault {
        // The caller's array.
        ArrayLength { length: usize, frame_count: u64, frame_length: u64 } =>
            "the array has {length} bytes, but {frame_count} frames have {frame_length} each";
        ArrayFrames { length: usize, frame_count: u64 } =>
            "the array has {length} bytes, no room for {frame_count} frames";
        ArrayRows { needed: usize, left: usize } =>
            "the next rows of the frame need {needed} bytes, but the array has {left} left";

        // Its type.
        FillValue { sample_type: &'static str } =>
            "dtype {sample_type} does not hold the value to fill with";
        InexactType { sample_type: &'static str } =>
            "dtype {sample_type} does not hold every value exactly: use float32 or float64";
        OutOfRange { sample_type: &'static str, largest: &'static str, wider: &'static str } =>
            "dtype {sample_type} does not hold every value, only those up to {largest}: \
             use {wider}";

        // The description of a compressed frame.
        NoImage { rows: u16, columns: u16, samples: u16, allocated: u32, stored: u32 } =>
            "no image has {rows} rows, {columns} columns and {samples} samples a pixel of \
             {allocated} bits allocated, {stored} stored";

        // Part of a frame, and a frame at a lower resolution.
        FramePart { rows: usize, columns: usize } =>
            "the part of a frame lies beyond its {rows} rows and {columns} columns, or is empty";
        FrameInsideBytes { bits: u64 } =>
            "frames of packed samples, {bits} bits each, do not start and end with bytes";
        Resolution { reduce: u32 } =>
            "reduce={reduce}, but only JPEG 2000 and HTJ2K have frames of several resolutions";
        Levels { reduce: u32, levels: u32 } =>
            "reduce={reduce}, but the frame is coded in {levels} levels that can be left out";
    }
}
