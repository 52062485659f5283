//! What the frames of a segmentation are (PS3.3 §C.8.20, §C.7.6.16): where each lies, which
//! segment it shows, and which images it was drawn on.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::contours::{identifier, items};
use crate::dataset::{Dataset, Item};
use crate::error::{LabelFault, Result};
use crate::functional_groups::{FrameAttributes, read_functional_groups};
use crate::limits::Limits;
use crate::memory::{filled, push, reserve};
use crate::tag::Tag;
use crate::workers::{Tick, Workers, for_each};

const SHARED: Tag = Tag::new(0x5200, 0x9229);
const PER_FRAME: Tag = Tag::new(0x5200, 0x9230);
const DERIVATION_IMAGE_SEQUENCE: Tag = Tag::new(0x0008, 0x9124);
const SOURCE_IMAGE_SEQUENCE: Tag = Tag::new(0x0008, 0x2112);
const REFERENCED_SOP_INSTANCE_UID: Tag = Tag::new(0x0008, 0x1155);

/// What the frames of a segmentation are, in their order. Numbers that are absent are NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentationFrames {
    /// Items of Per-Frame Functional Groups, which may be more than frames.
    pub item_count: usize,
    /// Image Position (Patient).
    pub positions: Vec<[f64; 3]>,
    /// Image Orientation (Patient).
    pub orientations: Vec<[f64; 6]>,
    /// Pixel Spacing: between rows, between columns.
    pub spacings: Vec<[f64; 2]>,
    /// Spacing Between Slices.
    pub slice_spacings: Vec<f64>,
    /// Slice Thickness.
    pub slice_thicknesses: Vec<f64>,
    /// Referenced Segment Number.
    pub segment_numbers: Vec<f64>,
    /// Source images of each frame (Derivation Image Sequence), by their numbers in `uids`.
    pub images: Vec<Vec<usize>>,
    /// SOP Instance UIDs of source images, each once.
    pub uids: Vec<Arc<str>>,
}

impl SegmentationFrames {
    /// Reads what a data set says of its `frame_count` frames.
    ///
    /// # Errors
    ///
    /// If there are items of fewer frames, sequences cannot be parsed, a limit is exceeded,
    /// or the file is gone or has been changed.
    pub fn read(
        dataset: &Dataset,
        frame_count: usize,
        workers: Workers,
        tick: Tick<'_>,
    ) -> Result<SegmentationFrames> {
        let per_frame = items(dataset, PER_FRAME)?;
        if dataset.find(PER_FRAME).is_some() && per_frame.len() < frame_count {
            let fault = LabelFault::FrameCount { expected: frame_count, found: per_frame.len() };
            return Err(dataset.locate(fault.into(), PER_FRAME));
        }
        let groups = read_functional_groups(dataset, frame_count)?;
        let mut frames = SegmentationFrames { item_count: per_frame.len(), ..Default::default() };
        for frame in groups.iter().flat_map(|groups| &groups.frames) {
            frames.add(frame)?;
        }
        let mut common = Vec::new();
        for item in items(dataset, SHARED)?.iter().take(1) {
            common = sources(item)?;
        }
        frames.add_sources(&per_frame, &common, frame_count, workers, tick)?;
        Ok(frames)
    }

    fn add(&mut self, frame: &FrameAttributes) -> Result<()> {
        push(&mut self.positions, frame.image_position.unwrap_or([f64::NAN; 3]))?;
        push(&mut self.orientations, frame.image_orientation.unwrap_or([f64::NAN; 6]))?;
        push(&mut self.spacings, frame.pixel_spacing.unwrap_or([f64::NAN; 2]))?;
        push(&mut self.slice_spacings, frame.spacing_between_slices.unwrap_or(f64::NAN))?;
        push(&mut self.slice_thicknesses, frame.slice_thickness.unwrap_or(f64::NAN))?;
        push(&mut self.segment_numbers, frame.segment_number.unwrap_or(f64::NAN))
    }

    /// Reads the source images of each frame; those of all for the frames that have none.
    fn add_sources(
        &mut self,
        items: &[Item],
        common: &[Arc<str>],
        frame_count: usize,
        workers: Workers,
        tick: Tick<'_>,
    ) -> Result<()> {
        let mut found: Vec<OnceLock<Result<Vec<Arc<str>>>>> = Vec::new();
        reserve(&mut found, items.len())?;
        found.extend(items.iter().map(|_| OnceLock::new()));
        for_each(
            items.len(),
            workers,
            tick,
            || (),
            |(), index| {
                if let (Some(slot), Some(item)) = (found.get(index), items.get(index)) {
                    drop(slot.set(sources(item)));
                }
            },
        )?;
        let mut numbers: HashMap<Arc<str>, usize> = HashMap::new();
        self.images = filled(frame_count)?;
        let mut found = found.into_iter().map(OnceLock::into_inner);
        for images in &mut self.images {
            let own = found.next().flatten().transpose()?.unwrap_or_default();
            for uid in if own.is_empty() { common } else { &own } {
                let next = numbers.len();
                let number = *numbers.entry(Arc::clone(uid)).or_insert(next);
                if number == next {
                    push(&mut self.uids, Arc::clone(uid))?;
                }
                push(images, number)?;
            }
        }
        Ok(())
    }
}

/// SOP Instance UIDs of the images that a frame, or all frames, were drawn on.
fn sources(groups: &Item) -> Result<Vec<Arc<str>>> {
    let mut uids = Vec::new();
    for derivation in items(&groups.parse(&Limits::DEFAULT)?, DERIVATION_IMAGE_SEQUENCE)? {
        for source in items(&derivation.parse(&Limits::DEFAULT)?, SOURCE_IMAGE_SEQUENCE)? {
            let image = source.parse(&Limits::DEFAULT)?;
            if let Some(uid) = identifier(&image, REFERENCED_SOP_INSTANCE_UID)? {
                push(&mut uids, uid)?;
            }
        }
    }
    Ok(uids)
}
