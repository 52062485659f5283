//! Reads DICOM (PS3): elements, pixels, header tables, series and volumes. There is no Python in
//! this crate.
//!
//! A module uses only those of lower layers, and those after it in its own row of the table in
//! STYLE.md; `tests/rust/layers.rs` checks it.

// Layer 5: many files.
pub mod index;
pub mod labels;
pub mod series;

// Layer 4: one instance's image.
pub mod geometry;
pub mod pixel;

// Layer 3: one frame.
pub mod codec;
mod encapsulation;
mod functional_groups;
mod image_description;

// Layer 2: one data set.
mod dataset;
mod parse;
pub mod value;

// Layer 1: the registries of the standard.
pub mod dictionary;
pub mod transfer_syntax;

// Layer 0: bytes.
pub mod axes;
mod cursor;
mod error;
mod inflate;
mod limits;
mod memory;
mod source;
mod tag;
mod uid;
mod vr;
mod workers;

pub use cursor::ByteOrder;
pub use dataset::{Dataset, DicomFile, FileBytes, Item, LoneValue, OpenBytes, Parts, ResolvedVr};
pub use encapsulation::{ExtendedOffsetTable, Fragment, Fragments, Frames, Irregularity};
pub use error::{
    ColumnFault, Error, ErrorKind, Family, FetchFault, FrameFault, FrameSize, Hint, ImageFault,
    ImageShape, Jpeg2000Fault, JpegFault, JpegLsFault, JpegXlFault, LabelFault, LooksLike,
    RequestFault, Result, RleFault, SeriesFault, watched,
};
pub use image_description::{Attributes, CodedFrame, ImageDescription, PixelElement, SampleType};
pub use limits::Limits;
pub use memory::{Cushion, check_room_for_text, give_up_cushion, set_memory_short};
pub use parse::{
    Deviation, Deviations, Element, Encoding, Leniencies, Leniency, ParseOptions, Prefix, Rules,
    Segment, Stop, Window, parse_elements,
};
pub use source::{
    AlignedBuffer, Arena, Arrived, Fetch, Fetched, FileRange, FileSource, FileState, Given, Place,
    PrivateMap, ReadAt, Region, SharedBytes, Source, Sources, crc32, list_files, with_files,
};
pub use tag::Tag;
pub use vr::Vr;
pub use workers::{Tick, Workers, for_each};
