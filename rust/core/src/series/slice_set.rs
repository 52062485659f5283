//! What is read into one array: frames of files, in order.

use std::collections::HashMap;
use std::sync::Arc;

use super::header::FrameHeader;
use super::header::InstanceHeader;
use crate::image_description::SampleType;

/// One image of the array.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Which of the files it is in.
    pub file: usize,
    /// Which frame it is, where it lies, and what its values mean.
    pub frame: FrameHeader,
}

/// Files, and the images of them that make an array.
#[derive(Clone, Debug, Default)]
pub struct SliceSet {
    /// The files, each once.
    pub files: Vec<Arc<InstanceHeader>>,
    /// In the order of the array; `None` where there is no image.
    pub slices: Vec<Option<Slice>>,
}

impl SliceSet {
    /// Each slice that is there, with its file.
    pub fn present(&self) -> impl Iterator<Item = (&InstanceHeader, &Slice)> {
        self.slices
            .iter()
            .flatten()
            .filter_map(|slice| Some((&**self.files.get(slice.file)?, slice)))
    }

    /// The slices with these indices, in this order, and the files that they are in; `None` if
    /// there is no such slice.
    pub fn select(&self, indices: &[usize]) -> Option<SliceSet> {
        let mut chosen = SliceSet::default();
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        for index in indices {
            let mut slice = self.slices.get(*index)?.clone();
            if let Some(slice) = &mut slice {
                let file = self.files.get(slice.file)?;
                slice.file = *numbers.entry(slice.file).or_insert_with(|| {
                    chosen.files.push(Arc::clone(file));
                    chosen.files.len() - 1
                });
            }
            chosen.slices.push(slice);
        }
        Some(chosen)
    }

    /// Rows, columns, and samples where there are several, of the first slice.
    pub fn image_shape(&self) -> Option<Vec<usize>> {
        let (file, _) = self.present().next()?;
        let (rows, columns) = file.slice_size()?;
        let samples = file.image.state.description()?.samples_per_pixel;
        Some([rows, columns].into_iter().chain((samples > 1).then_some(samples)).collect())
    }

    /// The narrowest type that holds the stored values of every slice: their own where they agree.
    /// `None` if there is none of whole numbers, or no slice that can be read.
    pub fn stored_type(&self) -> Option<SampleType> {
        let descriptions: Option<Vec<_>> =
            self.files.iter().map(|file| file.image.state.description()).collect();
        let descriptions = descriptions?;
        let first = descriptions.first()?.sample_type();
        if descriptions.iter().all(|image| image.sample_type() == first) {
            return Some(first);
        }
        let is_float = |kind: SampleType| matches!(kind, SampleType::F32 | SampleType::F64);
        if descriptions.iter().any(|image| is_float(image.sample_type())) {
            return None;
        }
        let is_signed = descriptions.iter().any(|image| image.is_signed);
        // An unsigned value among signed ones needs a bit for the sign.
        let bits = |image: &&crate::ImageDescription| {
            image.bits_stored + u32::from(is_signed && !image.is_signed)
        };
        let bits = descriptions.iter().map(bits).max()?;
        Some(match (bits, is_signed) {
            (..=8, false) => SampleType::U8,
            (..=8, true) => SampleType::I8,
            (..=16, false) => SampleType::U16,
            (..=16, true) => SampleType::I16,
            (..=32, false) => SampleType::U32,
            (..=32, true) => SampleType::I32,
            _ => return None,
        })
    }
}
