//! The dimensions of a multi-frame image, and the index of each frame in them (PS3.3 §C.7.6.17).

use super::attributes::{NO_INDEX, whole};
use crate::dataset::Dataset;
use crate::limits::Limits;
use crate::tag::Tag;
use crate::uid;
use crate::value;

const DIMENSION_INDEX_SEQUENCE: Tag = Tag::new(0x0020, 0x9222);
const DIMENSION_INDEX_POINTER: Tag = Tag::new(0x0020, 0x9165);
const DIMENSION_ORGANIZATION_UID: Tag = Tag::new(0x0020, 0x9164);
const DIMENSION_INDEX_PRIVATE_CREATOR: Tag = Tag::new(0x0020, 0x9213);

/// Dimensions of one file: four or five are many, and each takes 4 bytes a frame.
const MOST_DIMENSIONS: usize = 16;

/// What one index of each frame counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// Dimension Index Pointer: the attribute whose values are counted.
    pub pointer: Tag,
    /// Dimension Index Private Creator; empty unless the attribute is private.
    pub private_creator: String,
    /// Dimension Organization UID: the same index of files that share it means the same.
    pub organization_uid: String,
}

/// The dimensions of an instance, and the indices of its frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dimensions {
    all: Vec<Dimension>,
    /// Frame after frame those of all dimensions; [`NO_INDEX`] where one is missing.
    indices: Vec<u32>,
}

impl Dimensions {
    /// Those of the data set, without an index yet; none if it has none, or they cannot be read:
    /// they only help.
    pub(super) fn of(dataset: &Dataset) -> Dimensions {
        let read = || -> Option<Vec<Dimension>> {
            let limits = Limits::DEFAULT;
            let items = dataset.items(dataset.find(DIMENSION_INDEX_SEQUENCE)?, &limits).ok()?;
            if items.len() > MOST_DIMENSIONS {
                return None;
            }
            items.iter().map(|item| dimension(&item.parse(&limits).ok()?)).collect()
        };
        Dimensions { all: read().unwrap_or_default(), indices: Vec::new() }
    }

    /// Dimensions each of which is a vector of one number a frame, as in nuclear medicine (PS3.3
    /// §C.8.4.8).
    pub fn of_vectors(vectors: &[(Tag, Vec<f64>)]) -> Dimensions {
        let dimension = |(pointer, _): &(Tag, Vec<f64>)| Dimension {
            pointer: *pointer,
            private_creator: String::new(),
            organization_uid: String::new(),
        };
        let count = vectors.iter().map(|(_, vector)| vector.len()).max().unwrap_or_default();
        let index = |frame: usize, vector: &[f64]| {
            vector.get(frame).copied().and_then(whole).unwrap_or(NO_INDEX)
        };
        let of_frame = |frame| vectors.iter().map(move |(_, vector)| index(frame, vector));
        Dimensions {
            all: vectors.iter().map(dimension).collect(),
            indices: (0..count).flat_map(of_frame).collect(),
        }
    }

    /// What the indices count, in their order.
    pub fn all(&self) -> &[Dimension] {
        &self.all
    }

    /// The index of a frame, from 0, in a dimension; `None` if it has none.
    pub fn index(&self, frame: usize, dimension: usize) -> Option<u32> {
        let place = frame.checked_mul(self.all.len())?.checked_add(dimension)?;
        self.indices
            .get(place)
            .copied()
            .filter(|index| dimension < self.all.len() && *index != NO_INDEX)
    }

    /// Whether an index of one file means the same in the other.
    pub fn is_shared_with(&self, other: &Dimensions) -> bool {
        self.all == other.all
            && self.all.iter().all(|dimension| !dimension.organization_uid.is_empty())
    }

    /// Makes room for the next frame.
    pub(super) fn start_frame(&mut self) {
        self.indices.resize(self.indices.len().saturating_add(self.all.len()), NO_INDEX);
    }

    /// The indices of the frame that was started last.
    pub(super) fn last_frame(&mut self) -> &mut [u32] {
        let start = self.indices.len().saturating_sub(self.all.len());
        self.indices.get_mut(start..).unwrap_or_default()
    }
}

fn dimension(item: &Dataset) -> Option<Dimension> {
    let pointer = item.value(item.find(DIMENSION_INDEX_POINTER)?).ok()?;
    let organization =
        item.find(DIMENSION_ORGANIZATION_UID).and_then(|element| item.value(element).ok());
    let creator =
        item.find(DIMENSION_INDEX_PRIVATE_CREATOR).and_then(|element| item.value(element).ok());
    Some(Dimension {
        pointer: value::tags(&pointer, item.order()).next()?,
        private_creator: creator
            .map(|text| String::from_utf8_lossy(value::trim(&text)).into())
            .unwrap_or_default(),
        organization_uid: organization.map(|uid| uid::trim(&uid).to_owned()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_dimensions_of_one_file() {
        let vectors = [
            (Tag::new(0x0054, 0x0010), vec![1.0, 2.0, 1.5]),
            (Tag::new(0x0054, 0x0070), vec![4.0, 4.0, 5.0]),
        ];
        let dimensions = Dimensions::of_vectors(&vectors);
        let found: Vec<_> =
            (0..4).map(|frame| [0, 1, 2].map(|which| dimensions.index(frame, which))).collect();
        let expected = [
            [Some(1), Some(4), None],
            [Some(2), Some(4), None],
            [None, Some(5), None],
            [None, None, None],
        ];
        assert_eq!(found, expected);
        assert!(!dimensions.is_shared_with(&dimensions));
    }
}
