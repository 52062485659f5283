//! The frames of a multi-frame instance, each with its place.
//!
//! Functional groups give it frame by frame (PS3.3 §C.7.6.16), those of ultrasound volumes in
//! coordinates of the volume (PS3.3 §C.8.24.2) unless they have the patient's too. Doses have
//! offsets along the normal instead (PS3.3 §C.8.8.3.2). Reconstructed tomograms of nuclear medicine
//! have a slice vector and one spacing (PS3.3 §C.8.4.8, §C.8.4.15), and further vectors for
//! whatever else tells their frames apart. Other objects may have the place of their first frame
//! and a spacing. Frames of the rest follow each other in time or in an unknown way: they have no
//! place.

use std::cmp::Ordering;

use super::header::{
    AssumedPlaces, FrameHeader, ImagePlane, InstanceHeader, PlaceNumber, PlaceSource, decimals,
    exactly,
};
use super::image_state::ImageState;
use crate::dataset::{Dataset, Item};
use crate::error::{Error, ErrorKind, Result, SeriesFault};
use crate::functional_groups::{Dimensions, FrameAttributes, read_functional_groups};
use crate::geometry::{COSINE_TOLERANCE, Orientation, Vector, add_scaled};
use crate::image_description::ImageDescription;
use crate::limits::Limits;
use crate::tag::Tag;
use crate::value::Number;
use crate::vr::Vr;

const GRID_FRAME_OFFSET_VECTOR: Tag = Tag::new(0x3004, 0x000C);
const PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE: Tag = Tag::new(0x5200, 0x9230);
const DETECTOR_INFORMATION_SEQUENCE: Tag = Tag::new(0x0054, 0x0022);
const FRAME_INCREMENT_POINTER: Tag = Tag::new(0x0028, 0x0009);
const FRAME_TIME: Tag = Tag::new(0x0018, 0x1063);
const FRAME_TIME_VECTOR: Tag = Tag::new(0x0018, 0x1065);
const SLICE_VECTOR: Tag = Tag::new(0x0054, 0x0080);
const IMAGE_POSITION_PATIENT: Tag = Tag::new(0x0020, 0x0032);
const IMAGE_ORIENTATION_PATIENT: Tag = Tag::new(0x0020, 0x0037);

/// What tells apart the frames of nuclear medicine, slices left out, in the order of the standard
/// (PS3.3 §C.8.4.8.1.1).
const VECTORS: [Tag; 8] = [
    Tag::new(0x0054, 0x0010), // Energy Window Vector
    Tag::new(0x0054, 0x0020), // Detector Vector
    Tag::new(0x0054, 0x0030), // Phase Vector
    Tag::new(0x0054, 0x0050), // Rotation Vector
    Tag::new(0x0054, 0x0060), // R-R Interval Vector
    Tag::new(0x0054, 0x0070), // Time Slot Vector
    Tag::new(0x0054, 0x0090), // Angular View Vector
    Tag::new(0x0054, 0x0100), // Time Slice Vector
];
/// The attributes that give the place of a frame in its stack, and the sequences that they are in.
const OF_PLACES: [Tag; 5] = [
    Tag::new(0x0020, 0x9057), // In-Stack Position Number
    Tag::new(0x0020, 0x0032), // Image Position (Patient)
    Tag::new(0x0020, 0x9301), // Image Position (Volume)
    Tag::new(0x0020, 0x9113), // Plane Position Sequence
    Tag::new(0x0020, 0x930E), // Plane Position (Volume) Sequence
];

/// Frames of one file: a tiled slide has 180,000.
const MOST_FRAMES: usize = 1 << 18;

/// The frames of a file.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// None of a single-frame image.
    pub all: Vec<FrameHeader>,
    /// What they are counted by; none of a file without.
    pub dimensions: Option<Box<Dimensions>>,
    /// Their places are in coordinates of the volume, not of the patient.
    pub is_in_volume: bool,
    /// What their places rest on besides what the file says of each.
    pub assumed: Option<AssumedPlaces>,
}

/// The frames of `header`, whose image has several or functional groups; none if it is a
/// single-frame image.
///
/// # Errors
///
/// If the functional groups cannot be read, or there are more frames than the limit.
pub(super) fn frames(dataset: &Dataset, header: &InstanceHeader) -> Result<Frames> {
    let image = match &header.image.state {
        ImageState::Readable(pixels) => pixels.description(),
        ImageState::Unsupported { description: Some(description), .. } => description,
        // Its frames have their places all the same.
        ImageState::Truncated { description, whole_frames, .. }
            if whole_frames.is_some() || has_groups_of(dataset, description.frame_count) =>
        {
            description
        }
        _ => return Ok(Frames::default()),
    };
    let count = usize::try_from(image.frame_count).ok().filter(|count| *count <= MOST_FRAMES);
    let count = count.ok_or_else(|| Error::from(ErrorKind::TooMany { limit: MOST_FRAMES }))?;
    if !matches!(header.image.state, ImageState::Truncated { .. }) {
        check_count(dataset, image)?;
    }
    if let Some(groups) = read_functional_groups(dataset, count)? {
        return Ok(of_functional_groups(header, groups.frames, groups.dimensions));
    }
    if count == 1 {
        return Ok(Frames::default());
    }
    let Places { shared, all: places, assumed } = places(dataset, header, count);
    let frame = |index: usize| FrameHeader {
        index,
        plane: ImagePlane { position: places.get(index).copied(), ..shared },
        ..FrameHeader::of_instance(header)
    };
    let mut all: Vec<FrameHeader> = (0..count).map(frame).collect();
    if header.identity.modality != "NM" {
        return Ok(Frames { all, assumed, ..Frames::default() });
    }
    let vector = |tag: Tag| (tag, decimals(dataset, tag));
    let is_whole = |(_, vector): &(Tag, Vec<f64>)| vector.len() == count;
    let slices: Vec<_> = [vector(SLICE_VECTOR)].into_iter().filter(is_whole).collect();
    let slices = Dimensions::of_vectors(&slices);
    number_places(&mut all, PlaceSource::SliceVector, |frame| slices.index(frame, 0));
    // One that ends before the frames do tells some of them apart, so that the rest are not to be
    // guessed at.
    let is_kept = |(_, vector): &(Tag, Vec<f64>)| match vector.len().cmp(&count) {
        Ordering::Less => vector.iter().any(|index| Some(index) != vector.first()),
        Ordering::Equal => true,
        Ordering::Greater => false,
    };
    let vectors: Vec<(Tag, Vec<f64>)> = VECTORS.into_iter().map(vector).filter(is_kept).collect();
    let dimensions = Some(Box::new(Dimensions::of_vectors(&vectors)));
    Ok(Frames { all, dimensions, is_in_volume: false, assumed })
}

fn of_functional_groups(
    header: &InstanceHeader,
    frames: Vec<FrameAttributes>,
    dimensions: Dimensions,
) -> Frames {
    let is_only = frames.len() == 1;
    let is_in_patient = |frame: &FrameAttributes| {
        let position = frame.image_position.or(header.plane.position.filter(|_| is_only));
        position.is_some() && frame.image_orientation.or(header.plane.orientation).is_some()
    };
    let has_volume = |frame: &FrameAttributes| {
        frame
            .volume_plane
            .as_ref()
            .is_some_and(|plane| plane.position.is_some() && plane.orientation.is_some())
    };
    let is_in_volume = !frames.iter().any(is_in_patient) && frames.iter().any(has_volume);
    let mut last = None;
    let frame = |(index, mut frame): (usize, FrameAttributes)| {
        let plane = frame.volume_plane.take();
        let mut made = FrameHeader::of_functional_groups(index, header, frame);
        if is_in_volume {
            let plane = plane.map(|plane| *plane).unwrap_or_default();
            (made.plane.position, made.plane.orientation) = (plane.position, plane.orientation);
        } else if is_only {
            made.plane.position = made.plane.position.or(header.plane.position);
        }
        // Frames mostly share it.
        if made.content == last {
            made.content.clone_from(&last);
        } else {
            last.clone_from(&made.content);
        }
        made
    };
    let mut all: Vec<FrameHeader> = frames.into_iter().enumerate().map(frame).collect();
    let of_places =
        |tag: &Tag| dimensions.all().iter().position(|dimension| dimension.pointer == *tag);
    if let Some(dimension) = OF_PLACES.iter().find_map(of_places)
        && all.iter().any(|frame| frame.place_number.is_none())
    {
        number_places(&mut all, PlaceSource::DimensionIndex, |frame| {
            dimensions.index(frame, dimension)
        });
    }
    let dimensions = Some(Box::new(dimensions)).filter(|dimensions| !dimensions.all().is_empty());
    Frames { all, dimensions, is_in_volume, assumed: None }
}

fn number_places(
    frames: &mut [FrameHeader],
    source: PlaceSource,
    number: impl Fn(usize) -> Option<u32>,
) {
    for frame in frames {
        frame.place_number = number(frame.index).map(|number| PlaceNumber { source, number });
    }
}

/// Whether a dimension counts places, which tell no images of one place apart.
pub(super) fn is_of_places(pointer: Tag) -> bool {
    OF_PLACES.contains(&pointer)
}

/// Checks, before memory is asked for, that there can be as many frames as Number of Frames says:
/// one in fragments takes 8 bytes at least.
fn check_count(dataset: &Dataset, image: &ImageDescription) -> Result<()> {
    let Some(element) = dataset.find(image.pixel_element.tag()) else { return Ok(()) };
    let most = if element.is_undefined_length {
        element.value_length / 8
    } else {
        element.value_length.saturating_mul(8)
    };
    if image.frame_count <= most.max(1) {
        return Ok(());
    }
    let fault = SeriesFault::FrameCount { found: image.frame_count, room: most };
    Err(ErrorKind::Series(fault).into())
}

/// Whether frames have functional groups of their own.
pub(super) fn has_functional_groups(dataset: &Dataset) -> bool {
    dataset.find(PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).is_some()
}

/// Whether there can be an item of so many frames: each takes 8 bytes at least.
fn has_groups_of(dataset: &Dataset, count: u64) -> bool {
    dataset
        .find(PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
        .is_some_and(|element| count <= element.value_length / 8)
}

/// The places of the frames of a file without functional groups.
struct Places {
    /// What its frames share, but for their position.
    shared: ImagePlane,
    /// One a frame, or none.
    all: Vec<Vector>,
    assumed: Option<AssumedPlaces>,
}

fn places(dataset: &Dataset, header: &InstanceHeader, count: usize) -> Places {
    let shared = header.plane;
    let dose = || Some(Places { shared, all: dose_places(dataset, header, count)?, assumed: None });
    let one = || {
        let all = places_after_first(dataset, header, count)?;
        Some(Places { shared, all, assumed: Some(AssumedPlaces::OnePosition) })
    };
    dose().or_else(|| tomogram_places(dataset, header, count)).or_else(one).unwrap_or(Places {
        shared,
        all: Vec::new(),
        assumed: None,
    })
}

/// The places of frames of which the file has the first alone, and the spacing: along the normal.
/// Frames that follow each other in time share theirs.
fn places_after_first(
    dataset: &Dataset,
    header: &InstanceHeader,
    count: usize,
) -> Option<Vec<Vector>> {
    let has_places_of_its_own = matches!(header.identity.modality.as_str(), "RTDOSE" | "NM");
    if has_places_of_its_own || is_timed(dataset) {
        return None;
    }
    let position = header.plane.position?;
    let normal = Orientation::of_written(header.plane.orientation?, COSINE_TOLERANCE)?.normal();
    let spacing =
        header.plane.spacing_between_slices.map(f64::abs).filter(|length| *length > 0.0)?;
    Some((0..count).map(|frame| add_scaled(position, frame as f64 * spacing, normal)).collect())
}

/// Whether frames follow each other in time: they have times, or Frame Increment Pointer names them
/// (PS3.3 §C.7.6.6.1.1).
fn is_timed(dataset: &Dataset) -> bool {
    let times = [FRAME_TIME, FRAME_TIME_VECTOR];
    let has_times =
        times.iter().any(|tag| dataset.find(*tag).is_some_and(|found| found.value_length > 0));
    let pointers = || {
        let element = dataset.find(FRAME_INCREMENT_POINTER)?;
        // A tag is two words.
        dataset.numbers(element, Vr::US).ok()
    };
    let word = |number: u16| Number::Int(i64::from(number));
    let is_time =
        |pair: &[Number]| times.iter().any(|tag| pair == [word(tag.group()), word(tag.element())]);
    has_times || pointers().is_some_and(|words| words.chunks(2).any(is_time))
}

/// The place of each frame of a dose (PS3.3 §C.8.8.3.2).
fn dose_places(dataset: &Dataset, header: &InstanceHeader, count: usize) -> Option<Vec<Vector>> {
    let offsets = decimals(dataset, GRID_FRAME_OFFSET_VECTOR);
    if header.identity.modality != "RTDOSE"
        || offsets.len() != count
        || !offsets.iter().all(|offset| offset.is_finite())
    {
        return None;
    }
    let position = header.plane.position?;
    let normal = Orientation::of_written(header.plane.orientation?, COSINE_TOLERANCE)?.normal();
    let ([x, y, z], [.., upward]) = (position, normal);
    // Offsets from the first plane start with zero. Others are z coordinates, of which the first is
    // that of the position and which only axial planes have; what is neither says nothing.
    match offsets.first()? {
        0.0 => Some(offsets.iter().map(|offset| add_scaled(position, *offset, normal)).collect()),
        first if (first - z).abs() <= SAME_Z && upward.abs() >= 1.0 - COSINE_TOLERANCE => {
            Some(offsets.iter().map(|z| [x, y, *z]).collect())
        }
        _ => None,
    }
}

/// By how many mm two numbers for one place differ, as they are rounded.
const SAME_Z: f64 = 0.01;

/// The place of each frame of a reconstructed tomogram, of which the first detector has the first
/// slice.
fn tomogram_places(dataset: &Dataset, header: &InstanceHeader, count: usize) -> Option<Places> {
    let slices = decimals(dataset, SLICE_VECTOR);
    // The detector has the place of the first slice, which is number 1.
    let is_counted = slices.len() == count && slices.iter().all(|slice| *slice >= 1.0);
    if header.identity.modality != "NM"
        || !header.identity.image_type.contains("RECON")
        || !is_counted
    {
        return None;
    }
    let limits = Limits::DEFAULT;
    let detectors = dataset.items(dataset.find(DETECTOR_INFORMATION_SEQUENCE)?, &limits).ok()?;
    let detector: Dataset = detectors.first().map(|item: &Item| item.parse(&limits))?.ok()?;
    let position: Vector = exactly(&detector, IMAGE_POSITION_PATIENT).or(header.plane.position)?;
    let orientation = exactly(&detector, IMAGE_ORIENTATION_PATIENT).or(header.plane.orientation)?;
    let normal = Orientation::of_written(orientation, COSINE_TOLERANCE)?.normal();
    let between = header.plane.spacing_between_slices;
    let spacing = between.or(header.plane.slice_thickness)?;
    let assumed = between.is_none().then_some(AssumedPlaces::SliceThickness);
    let shared = ImagePlane {
        orientation: Some(orientation),
        spacing_between_slices: Some(spacing),
        ..header.plane
    };
    let place = |slice: &f64| add_scaled(position, (slice - 1.0) * spacing, normal);
    Some(Places { shared, all: slices.iter().map(place).collect(), assumed })
}

#[cfg(test)]
mod tests;
