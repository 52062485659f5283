//! What can be wrong with a JPEG 2000 or HTJ2K frame (ISO/IEC 15444-1 and -15).

use super::frame::faults;

faults! {
    /// What is wrong with a JPEG 2000 or HTJ2K frame. Components, tiles and resolutions are
    /// counted from 0.
    Jpeg2000Fault {
        // The file around the codestream.
        NoCodestream => "neither a codestream nor a JP2 file";
        NoCodestreamBox => "a JP2 file without a codestream";
        NoCodestreamInBox => "a JP2 file whose codestream box holds no codestream";

        // SIZ.
        NoSize => "no marker segment SIZ after SOC";
        ImageArea { x0: u32, y0: u32, x1: u32, y1: u32 } =>
            "an empty image area: columns {x0} to {x1}, rows {y0} to {y1}";
        TileGrid { x0: u32, y0: u32, width: u32, height: u32 } =>
            "tiles of {width} by {height} from column {x0} and row {y0} on do not hold the first \
             sample";
        Coordinate { found: u32 } => "coordinate {found}, expected less than 2^31";
        ComponentCount { count: usize } => "{count} components, expected 1 to 16384";
        Precision { bits: u32 } => "samples of {bits} bits, expected at most 38";
        SampleStep { x_step: u8, y_step: u8 } =>
            "samples {x_step} columns and {y_step} rows apart, expected at least 1";
        TileCount { tiles: u64, pixels: u64 } => "{tiles} tiles for {pixels} pixels";

        // Marker segments.
        SegmentCutShort { needed: usize, available: usize } =>
            "a marker segment needs {needed} more bytes, but has {available}";
        MarkerExpected { found: u16 } => "expected a marker, found 0x{found:04X}";
        EndsInMainHeader => "the codestream ends in its main header";
        NoCodingStyle => "a main header without COD or QCD";
        UnknownComponent { component: usize, count: usize } =>
            "a marker segment for component {component} of {count}";
        Progression { code: u8 } => "unknown progression order {code}";
        ProgressionChanges { limit: usize } => "more than {limit} progression order changes";
        NoLayers => "0 layers";
        LevelCount { levels: u8 } => "{levels} decomposition levels, expected at most 32";
        BlockExponents { width: u8, height: u8 } =>
            "code-block exponents {width} and {height}, expected at most 8 together";
        Wavelet { code: u8 } => "unknown wavelet {code}";
        EmptyPrecinct { resolution: usize } =>
            "a precinct exponent of 0 at resolution {resolution}";
        QuantizationStyle { code: u8 } => "unknown quantization style {code}";
        RegionStyle { style: u8 } => "unknown style {style} of a region of interest";
        RegionShift { shift: u8 } => "a region of interest shifted by {shift}, expected at most 37";
        PackedHeadersCutShort { needed: usize, available: usize } =>
            "packed packet headers need {needed} bytes, but PPM has {available}";

        // Tiles and their parts.
        UnknownTile { tile: usize, count: usize } => "a tile-part of tile {tile} of {count}";
        EndsInPartHeader => "the codestream ends in the header of a tile-part";
        EndsInPart => "the codestream ends inside a tile-part";
        MissingParts => "the codestream ends before its last tile-part";
        NoPackets => "no packets";
        Uncoded { component: usize } =>
            "neither COD and QCD nor COC and QCC describe component {component}";
        QuantizedReversible { component: usize } =>
            "component {component} is quantized, but its wavelet is reversible";
        UnquantizedBand { band: usize } => "no quantization step for band {band}";
        TooManyPieces => "more precincts or code-blocks than such an image needs";

        // Packets and code-blocks.
        EndsInPackets => "the tile ends before its last packet";
        ZeroPlanes { limit: u32 } => "a code-block with more than {limit} empty bit-planes";
        LengthBits { limit: u32 } => "a code-block with a length of more than {limit} bits";
        HtSets => "an HTJ2K code-block with more than one set of passes";
        BlockSize { width: usize, height: usize } =>
            "a code-block of {width} by {height} samples, expected at most 4096";
        BlockDamaged => "a damaged code-block";

        // Transforms and colours.
        ColoursAreYbr => "its colours are YBR_FULL, whatever Photometric Interpretation says";
        TransformSizes => "a component transform of components of different sizes";
        TransformWavelets => "a component transform of components with different wavelets";
    }
}
