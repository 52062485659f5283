//! What is read into one array: frames of files, in order.

use std::collections::HashMap;
use std::sync::Arc;

use super::header::FrameHeader;
use super::header::InstanceHeader;
use crate::image_description::SampleType;
use crate::pixel::Rescale;

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

    /// Whether all of it is colour, or the numbers of palette colours, or shows segments, and no
    /// slope or table changes a value: then its stored values are what they mean.
    pub fn is_as_stored(&self) -> bool {
        let is_kind = |file: &InstanceHeader| {
            let image = file.image.state.description();
            let is_colour = image.is_some_and(|image| {
                image.samples_per_pixel > 1 || image.photometric_interpretation == "PALETTE COLOR"
            });
            (is_colour || file.identity.is_segmentation()) && !file.has_modality_lut()
        };
        self.files.iter().all(|file| is_kind(file))
            && self.present().all(|(_, slice)| slice.frame.transform.rescale == Rescale::IDENTITY)
    }

    /// What a label map has where nothing is segmented.
    pub fn background(&self) -> Option<f64> {
        self.files.first().and_then(|file| file.image.background)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::header::InstanceHeader;
    use crate::series::image_state::ImageState;
    use crate::series::tests::synthetic::{image_mut, name, regular};

    /// Files of one slice each: the first, none, and the others.
    fn set(headers: Vec<InstanceHeader>) -> SliceSet {
        let slice = |(file, header): (usize, &InstanceHeader)| {
            header.all_frames().first().map(|frame| Slice { file, frame: frame.clone() })
        };
        let mut slices: Vec<Option<Slice>> = headers.iter().enumerate().map(slice).collect();
        slices.insert(1, None);
        SliceSet { slices, files: headers.into_iter().map(Arc::new).collect() }
    }

    fn names(set: &SliceSet) -> Vec<&str> {
        set.present().map(|(file, _)| name(&file.path)).collect()
    }

    #[test]
    fn chosen_slices_have_their_files_once() {
        let all = set(regular()[..3].to_vec());
        assert_eq!(names(&all), ["00", "01", "02"]);
        let chosen = all.select(&[3, 1, 0, 3]).unwrap();
        assert_eq!(names(&chosen), ["02", "00", "02"]);
        assert!(chosen.slices[1].is_none());
        assert_eq!(chosen.files.len(), 2);
        let files = chosen.slices.iter().flatten().map(|slice| slice.file);
        assert_eq!(files.collect::<Vec<_>>(), [0, 1, 0]);
        assert!(all.select(&[4]).is_none());
    }

    #[test]
    fn images_have_samples_where_there_are_several() {
        let mut headers = regular()[..2].to_vec();
        assert_eq!(set(headers.clone()).image_shape(), Some(vec![5, 7]));
        image_mut(&mut headers[0]).samples_per_pixel = 3;
        assert_eq!(set(headers.clone()).image_shape(), Some(vec![5, 7, 3]));
        headers[0].image.state = ImageState::None;
        assert_eq!(set(headers).image_shape(), None);
        assert_eq!(SliceSet::default().image_shape(), None);
    }

    #[test]
    fn stored_values_share_the_narrowest_type_that_holds_all() {
        use SampleType::{I8, I16, I32, U8, U16, U32};
        for (images, expected) in [
            // Bits Allocated, Bits Stored, is signed; of both slices.
            ([(32, 20, false), (32, 32, false)], Some(U32)),
            ([(16, 8, false), (8, 8, false)], Some(U8)),
            ([(16, 9, false), (8, 8, false)], Some(U16)),
            ([(16, 7, false), (8, 8, true)], Some(I8)),
            ([(16, 8, false), (8, 8, true)], Some(I16)),
            ([(8, 8, false), (16, 16, false)], Some(U16)),
            ([(16, 12, false), (16, 12, true)], Some(I16)),
            ([(16, 15, false), (16, 16, true)], Some(I16)),
            ([(16, 16, false), (16, 12, true)], Some(I32)),
            ([(32, 17, false), (16, 16, false)], Some(U32)),
            ([(32, 31, false), (16, 16, true)], Some(I32)),
            ([(32, 32, false), (16, 16, true)], None),
        ] {
            let mut headers = regular()[..2].to_vec();
            for (header, (allocated, stored, is_signed)) in headers.iter_mut().zip(images) {
                let image = image_mut(header);
                (image.bits_allocated, image.bits_stored, image.is_signed) =
                    (allocated, stored, is_signed);
            }
            assert_eq!(set(headers).stored_type(), expected, "{images:?}");
        }
        assert_eq!(SliceSet::default().stored_type(), None);
        let mut headers = regular()[..2].to_vec();
        headers[1].image.state = ImageState::None;
        assert_eq!(set(headers).stored_type(), None);
    }
}
