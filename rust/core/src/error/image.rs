//! What can contradict itself in the pixels of a data set.

use super::frame::faults;

faults! {
    /// What is wrong with an image: its attributes, its fragments or its lookup tables.
    ImageFault {
        // Attributes.
        FrameCount => "Number of Frames is no whole number";
        SeveralPixelElements =>
            "the data set has more than one of Pixel Data, Float Pixel Data and Double Float Pixel \
             Data";
        UnsharedChrominance { length: u64, unshared: u64 } =>
            "the Photometric Interpretation is YBR_FULL_422, but the pixels have {length} bytes: \
             pixels that share no chrominance need {unshared}";
        OverlayBit { bit: u32, allocated: u32, stored: u32 } =>
            "bit {bit} of the pixels, which have {allocated} bits allocated and {stored} stored, \
             is not free for an overlay";

        // Fragments (PS3.5 §A.4).
        FrameWithoutFragments => "expected fragments, found a compressed frame by itself";
        FragmentWithoutLength => "a fragment has no length";
        NoFragments => "there are no fragments with compressed pixels";
        UnassignedFragments { fragments: usize, frames: u64 } =>
            "there are {fragments} fragments for {frames} frames, and nothing says which fragments \
             make a frame";
        FramesMissing { expected: u64, found: u64 } =>
            "Number of Frames says {expected}, but the pixel data have fragments of {found} only";
        FrameLength { found: u64, expected: u64 } =>
            "the frame has {found} bytes, but Rows, Columns and so on call for {expected}";

        // What a codec hands over.
        SurplusSamples { found: usize, left: usize } =>
            "a codec decoded {found} samples, which are no whole rows or more than the {left} that \
             the image lacks";

        // Lookup tables (PS3.3 §C.11.1.1).
        LutDescriptorMissing => "LUTDescriptor is missing, or does not have three numbers";
        LutDataMissing => "LUTData is missing";
        LutDescriptor { entry_count: i64, first_mapped: i64, bits: i64 } =>
            "the LUT Descriptor is {entry_count}, {first_mapped}, {bits}, which describes no table";
        LutEntries { found: usize, expected: usize } =>
            "the LUT has {found} entries, but its descriptor says {expected}";
        LutEntryWidth { entry: u16, bits: u32 } =>
            "an entry of the LUT is {entry}, which has more bits than the {bits} that its \
             descriptor says";
    }
}
