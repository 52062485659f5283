//! What can be wrong with an RLE Lossless frame (PS3.5 Annex G).

use super::frame::faults;

faults! {
    /// What is wrong with an RLE Lossless frame. Segments are counted from 1.
    RleFault {
        HeaderLength { needed: usize, found: usize } =>
            "its header has {needed} bytes, but there are {found}";
        SegmentCount { found: usize, needed: usize, samples: usize, bytes: usize } =>
            "it has {found} segments, but {samples} samples a pixel of {bytes} bytes \
             need {needed}";
        TooManySegments { most: usize, needed: usize, samples: usize, bytes: usize } =>
            "a header has room for {most} segments, but {samples} samples a pixel of \
             {bytes} bytes need {needed}";
        SegmentPlace { segment: usize, count: usize, start: usize, end: usize, length: usize } =>
            "segment {segment} of {count} has the bytes {start} to {end} of {length}";
        SegmentEnd { segment: usize, rows_done: usize, rows: usize } =>
            "segment {segment} ends after {rows_done} of {rows} rows";
        SegmentSurplus { segment: usize } => "segment {segment} goes on after the last row";
        SegmentPadding { segment: usize, bytes: usize } =>
            "segment {segment} has {bytes} bytes after the last row, which are ignored";
    }
}
