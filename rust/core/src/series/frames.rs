//! The frames of a multi-frame instance, each with its place.
//!
//! Functional groups say it frame by frame (PS3.3 §C.7.6.16). Doses have offsets along the normal instead (PS3.3
//! §C.8.8.3.2), reconstructed tomograms of nuclear medicine a slice vector and one spacing (PS3.3 §C.8.4.8, §C.8.4.15).
//! Frames of other objects follow each other in time or nothing is known of them: they have no place.

use super::frame_header::FrameHeader;
use super::header::{InstanceHeader, decimals, exactly};
use super::image_state::ImageState;
use crate::dataset::{Dataset, Item};
use crate::error::{Error, ErrorKind, Result};
use crate::functional_groups::read_functional_groups;
use crate::geometry::{COSINE_TOLERANCE, Orientation, Vector, add_scaled};
use crate::image_description::ImageDescription;
use crate::limits::Limits;
use crate::tag::Tag;

const GRID_FRAME_OFFSET_VECTOR: Tag = Tag::new(0x3004, 0x000C);
const PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE: Tag = Tag::new(0x5200, 0x9230);
const DETECTOR_INFORMATION_SEQUENCE: Tag = Tag::new(0x0054, 0x0022);
const SLICE_VECTOR: Tag = Tag::new(0x0054, 0x0080);
const IMAGE_POSITION_PATIENT: Tag = Tag::new(0x0020, 0x0032);
const IMAGE_ORIENTATION_PATIENT: Tag = Tag::new(0x0020, 0x0037);

/// Frames of one file: a tiled slide has 180,000.
const MOST_FRAMES: usize = 1 << 18;

/// What the frames of an instance without functional groups share.
#[derive(Clone, Copy, Debug)]
pub struct FrameGeometry {
    /// Image Orientation (Patient).
    pub orientation: Option<[f64; 6]>,
    /// Spacing Between Slices.
    pub spacing_between_slices: Option<f64>,
}

/// The frames of `header`, whose image has several or functional groups; none if it is a single-frame image.
///
/// # Errors
///
/// If the functional groups cannot be read, or there are more frames than the limit.
pub(super) fn frames(dataset: &Dataset, header: &InstanceHeader) -> Result<Vec<FrameHeader>> {
    let image = match &header.image {
        ImageState::Readable(pixels) => pixels.description(),
        ImageState::Unsupported { description: Some(description), .. } => description,
        // None of its frames is read without all of its pixels, but they have their places.
        ImageState::Truncated { description, .. } if has_groups_of(dataset, description.frame_count) => description,
        _ => return Ok(Vec::new()),
    };
    let count = usize::try_from(image.frame_count).ok().filter(|count| *count <= MOST_FRAMES);
    let count = count.ok_or_else(|| Error::from(ErrorKind::TooMany { limit: MOST_FRAMES }))?;
    if !matches!(header.image, ImageState::Truncated { .. }) {
        check_count(dataset, image)?;
    }
    if let Some(frames) = read_functional_groups(dataset, count)? {
        let frames = frames.into_iter().enumerate();
        let mut frames: Vec<FrameHeader> =
            frames.map(|(index, frame)| FrameHeader::of_functional_groups(index, header, frame)).collect();
        if let [only] = frames.as_mut_slice() {
            only.position = only.position.or(header.position);
        }
        return Ok(frames);
    }
    if count == 1 {
        return Ok(Vec::new());
    }
    let own = FrameGeometry { orientation: header.orientation, spacing_between_slices: header.spacing_between_slices };
    let (geometry, places) = dose_places(dataset, header, count)
        .map(|places| (own, places))
        .or_else(|| tomogram_places(dataset, header, count))
        .unwrap_or_else(|| (own, Vec::new()));
    let frame = |index| FrameHeader::of_geometry(index, header, &geometry, places.get(index).copied());
    Ok((0..count).map(frame).collect())
}

/// Checks, before memory is asked for, that there can be as many frames as Number of Frames says: one in fragments takes
/// 8 bytes at least.
fn check_count(dataset: &Dataset, image: &ImageDescription) -> Result<()> {
    let Some(element) = dataset.find(image.pixel_element.tag()) else { return Ok(()) };
    let most =
        if element.is_undefined_length { element.value_length / 8 } else { element.value_length.saturating_mul(8) };
    if image.frame_count <= most.max(1) {
        return Ok(());
    }
    let why = format!("Number of Frames says {}, but the pixel data have room for {most} at most", image.frame_count);
    Err(ErrorKind::InvalidImage { why }.into())
}

/// Whether there can be an item of so many frames: each takes 8 bytes at least.
fn has_groups_of(dataset: &Dataset, count: u64) -> bool {
    dataset.find(PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).is_some_and(|element| count <= element.value_length / 8)
}

/// The place of each frame of a dose (PS3.3 §C.8.8.3.2).
fn dose_places(dataset: &Dataset, header: &InstanceHeader, count: usize) -> Option<Vec<Vector>> {
    let offsets = decimals(dataset, GRID_FRAME_OFFSET_VECTOR);
    if header.modality != "RTDOSE" || offsets.len() != count || !offsets.iter().all(|offset| offset.is_finite()) {
        return None;
    }
    let position = header.position?;
    let normal = Orientation::new(header.orientation?, COSINE_TOLERANCE)?.normal();
    let ([x, y, z], [.., upward]) = (position, normal);
    // Offsets from the first plane start with zero. Others are z coordinates, of which the first is that of the position
    // and which only axial planes have; what is neither says nothing.
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

/// The place of each frame of a reconstructed tomogram, of which the first detector has the first slice.
fn tomogram_places(dataset: &Dataset, header: &InstanceHeader, count: usize) -> Option<(FrameGeometry, Vec<Vector>)> {
    let slices = decimals(dataset, SLICE_VECTOR);
    if header.modality != "NM" || !header.image_type.contains("RECON") || slices.len() != count {
        return None;
    }
    let limits = Limits::DEFAULT;
    let detectors = dataset.items(dataset.find(DETECTOR_INFORMATION_SEQUENCE)?, &limits).ok()?;
    let detector: Dataset = detectors.first().map(|item: &Item| item.parse(&limits))?.ok()?;
    let position: Vector = exactly(&detector, IMAGE_POSITION_PATIENT).or(header.position)?;
    let orientation = exactly(&detector, IMAGE_ORIENTATION_PATIENT).or(header.orientation)?;
    let normal = Orientation::new(orientation, 1e-3)?.normal();
    let spacing = header.spacing_between_slices.or(header.slice_thickness)?;
    let geometry = FrameGeometry { orientation: Some(orientation), spacing_between_slices: Some(spacing) };
    let place = |slice: &f64| add_scaled(position, (slice - 1.0) * spacing, normal);
    Some((geometry, slices.iter().map(place).collect()))
}
