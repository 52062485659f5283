//! What can be wrong with a JPEG-LS frame (ISO/IEC 14495-1, T.87).

use super::frame::faults;

faults! {
    /// What is wrong with a JPEG-LS frame. Components are counted from 0.
    JpegLsFault {
        // The order of marker segments.
        NoStartOfImage => "no marker SOI at the start";
        MarkerExpected { found: u8 } => "expected a marker, found 0x{found:02X}";
        SegmentCutShort { marker: u8, length: usize, available: usize } =>
            "marker 0xFF{marker:02X} has a segment of {length} bytes, but {available} follow";
        SegmentLength { marker: u8, length: usize } =>
            "marker 0xFF{marker:02X} cannot have a segment of {length} bytes";
        NoFrameHeader => "a scan before the frame header";
        SecondFrameHeader => "a second frame header";
        OtherProcess { marker: u8 } =>
            "no JPEG-LS: the frame header has marker 0xFF{marker:02X} (SOF{})", marker & 0x0F;
        SizeBeforeFrameHeader => "a size of the frame before the frame header";
        MissingComponents => "the frame ends before all its components are coded";

        // Frame and scan headers.
        Precision { bits: u8 } => "samples of {bits} bits, expected 2 to 16";
        NoLineCount => "neither the frame header nor the first scan gives a number of lines";
        UnknownComponent { id: u8 } =>
            "a scan of the component with identifier {id}, which the frame lacks";
        Interleave { mode: u8, components: u8 } =>
            "interleave mode {mode} in a scan of {components} components";
        RepeatedScan { component: usize } => "a second scan of component {component}";

        // Parameters of a scan.
        LargestSample { max_value: i32, precision: u32 } =>
            "the largest sample, {max_value}, has more than {precision} bits";
        Near { near: i32, max_value: i32 } =>
            "NEAR is {near}, too much for samples up to {max_value}";
        Thresholds { t1: i32, t2: i32, t3: i32, near: i32, max_value: i32 } =>
            "thresholds {t1}, {t2} and {t3}, with NEAR {near} and samples up to {max_value}";
        Reset { reset: u32 } => "RESET is {reset}";

        // Entropy-coded data.
        Ends { lines: usize, expected: usize } =>
            "the frame ends after {lines} of {expected} lines";
        ScanEnds { lines: usize, expected: usize } =>
            "a marker ends the scan after {lines} of {expected} lines";
        NoCode { lines: usize, expected: usize } =>
            "bits that are no code after {lines} of {expected} lines";
        UnusedBytes { count: usize, lines: usize, expected: usize } =>
            "{count} bytes remain after {lines} of {expected} lines: the data is damaged";
        NotRestarted { lines: usize, expected: usize } =>
            "no restart marker after {lines} of {expected} lines";
    }
}
