//! What can be wrong with a JPEG frame (ISO/IEC 10918-1, T.81).

use std::fmt;

use super::frame::faults;

faults! {
    /// What is wrong with a JPEG frame, lossless or not. Components are counted from 0, lines
    /// from 1.
    JpegFault {
        // The order of marker segments.
        NoStartOfImage => "no marker SOI at the start";
        MarkerExpected { found: u8 } => "expected a marker, found 0x{found:02X}";
        MisplacedMarker { marker: u8 } => "marker 0xFF{marker:02X} is not allowed here";
        SegmentCutShort { marker: u8, length: usize, available: usize } =>
            "marker 0xFF{marker:02X} has a segment of {length} bytes, but {available} follow";
        RestartExpected { number: u8, found: Option<u8> } =>
            "expected marker RST{number}, found {}", Found(found);
        NoFrameHeader => "no frame header";
        SecondFrameHeader => "a second frame header";
        IsJpegLs => "a frame of JPEG-LS, which has Transfer Syntaxes of its own";
        NotLossless { marker: u8 } =>
            "a frame header with marker 0xFF{marker:02X}, expected 0xFFC3 (lossless)";
        ScanBeforeFrameHeader => "a scan before the frame header";
        LinesBeforeScan => "a number of lines before the first scan";
        NoScan => "the frame ends before its first scan";
        MissingComponents => "the frame ends before all its components are coded";
        MissingScans => "the frame ends before its last scan";

        // The frame header.
        FrameHeaderLength { length: usize, components: u8 } =>
            "a frame header of {length} bytes for {components} components, expected {}",
            6 + 3 * usize::from(components);
        Precision { bits: u32, expected: &'static str } =>
            "samples of {bits} bits, expected {expected}";
        ComponentCount { count: usize } => "{count} components, expected 1 to 4";
        SamplingFactors { horizontal: usize, vertical: usize } =>
            "sampling factors {horizontal} and {vertical}, expected 1 to 4";
        RepeatedIdentifier { id: u8 } => "two components with identifier {id}";
        NoColumns => "lines of 0 samples";
        NoLines => "0 lines";
        NoLineCount => "neither the frame header nor the first scan gives a number of lines";
        LineCountLength { length: usize } => "a number of lines of {length} bytes, expected 2";
        LineCount { lines: usize, header: usize } =>
            "{lines} lines after the scan, but {header} in the frame header";
        RestartIntervalLength { length: usize } =>
            "a restart interval of {length} bytes, expected 2";

        // Colours.
        ColoursAreRgb => "its colours are RGB, whatever Photometric Interpretation says";
        ColoursAreYbr => "its colours are YBR_FULL, whatever Photometric Interpretation says";
        ColoursContradict =>
            "Adobe's segment says RGB, Photometric Interpretation and the sampling YBR_FULL, which \
             counts";

        // Scan headers.
        ScanHeaderLength { length: usize, components: u8 } =>
            "a scan header of {length} bytes for {components} components, expected {}",
            4 + 2 * usize::from(components);
        UnknownComponent { id: u8 } =>
            "a scan of the component with identifier {id}, which the frame lacks";
        RepeatedComponent { id: u8 } => "a scan that has the component with identifier {id} twice";
        RepeatedScan { component: usize } => "a second scan of component {component}";
        Predictor { selection: u8 } => "predictor {selection}, expected 1 to 7";
        PointTransform { shift: u32, precision: u32 } =>
            "a point transform by {shift} bits, of samples of {precision} bits";
        RestartInLine { interval: usize, columns: usize } =>
            "a restart interval of {interval} pixels, which is no multiple of a line's {columns}";
        ProgressiveScan { start: u8, end: u8, high: u8, low: u8 } =>
            "no progressive scan can have the coefficients {start} to {end} and the bits \
             {high} to {low}";
        ScanOrder { component: usize } =>
            "a scan of component {component} does not continue the scans before it";

        // Huffman and quantization tables.
        HuffmanClass { class: u8 } => "a Huffman table of class {class}, expected 0 or 1";
        HuffmanDestination { destination: u8 } =>
            "a Huffman table with destination {destination}, expected 0 to 3";
        HuffmanCutShort { needed: usize, available: usize } =>
            "a Huffman table needs {needed} bytes, but its segment has {available}";
        HuffmanCodes { count: usize } => "a Huffman table of {count} codes, expected at most 256";
        HuffmanLengths { length: u32 } =>
            "a Huffman table has more codes of up to {length} bits than can be told apart";
        HuffmanCategory { category: u8 } =>
            "a Huffman table has category {category}, expected at most 16";
        HuffmanTable { table: usize } => "a scan names Huffman table {table}, expected 0 to 3";
        MissingHuffmanTable { table: usize } =>
            "a scan names Huffman table {table}, which no segment defines";
        QuantizationCutShort { needed: usize, available: usize } =>
            "a quantization table needs {needed} bytes, but its segment has {available}";
        QuantizationPrecision { code: u8 } =>
            "a quantization table of precision {code}, expected 0 or 1";
        QuantizationDestination { destination: u8 } =>
            "a quantization table with destination {destination}, expected 0 to 3";
        MissingQuantizationTable { table: usize } =>
            "a component names quantization table {table}, which no segment defines";

        // Entropy-coded data.
        TooFewBytes { length: usize, blocks: usize } =>
            "{blocks} blocks need more than {length} bytes";
        NoCode => "bits that are no code of the Huffman tables";
        EndsEarly => "the entropy-coded data ends early";
        NoPadding =>
            "the last bits of the entropy-coded data are no padding: pixels may be wrong";
        LargeCoefficient => "a block is brighter or darker than samples can be";
        EndsInZeros => "it ends in zeros, without a marker EOI";
        EqualCoefficients => "a block whose 63 coefficients are all the same, as zeros give it";
        UnusedBytes { count: usize } =>
            "{count} bytes remain when all samples are decoded: the data is damaged";
        NoCodeInLine { line: usize, lines: usize } =>
            "line {line} of {lines} has bits that are no code";
        EndsInLine { line: usize, lines: usize } =>
            "the entropy-coded data ends in line {line} of {lines}";
        SamplesTooLarge { line: usize, bits: u32 } =>
            "line {line} has samples of more than {bits} bits";
    }
}

/// What stands where a restart marker should.
struct Found(Option<u8>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(marker @ 0xD0..=0xD7) => write!(f, "RST{}", marker - 0xD0),
            Some(marker) => write!(f, "marker 0xFF{marker:02X}"),
            None => f.write_str("the end of the frame"),
        }
    }
}
