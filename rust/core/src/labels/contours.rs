//! The contours of one region of interest (PS3.3 §C.8.8.6): their points in millimetres, straight
//! from the bytes of Contour Data.

use std::borrow::Cow;
use std::sync::Arc;

use crate::dataset::{Dataset, Item};
use crate::error::{Error, LabelFault, Result};
use crate::image_description::Attributes;
use crate::limits::Limits;
use crate::memory::reserve;
use crate::tag::Tag;
use crate::uid;
use crate::value;
use crate::workers::{Tick, Workers, fill_each};

const CONTOUR_SEQUENCE: Tag = Tag::new(0x3006, 0x0040);
const CONTOUR_IMAGE_SEQUENCE: Tag = Tag::new(0x3006, 0x0016);
const CONTOUR_GEOMETRIC_TYPE: Tag = Tag::new(0x3006, 0x0042);
const NUMBER_OF_CONTOUR_POINTS: Tag = Tag::new(0x3006, 0x0046);
const CONTOUR_DATA: Tag = Tag::new(0x3006, 0x0050);
const REFERENCED_SOP_INSTANCE_UID: Tag = Tag::new(0x0008, 0x1155);

/// Bytes of the coordinates of a point: three 64-bit floats.
const POINT_LENGTH: usize = 24;

/// What an item of Contour Sequence says beside its points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contour {
    /// Contour Geometric Type; empty if it is absent.
    pub geometric_type: String,
    /// Number of Contour Points, which may contradict Contour Data.
    pub said_point_count: Option<i64>,
    /// Referenced SOP Instance UIDs of Contour Image Sequence.
    pub images: Vec<Arc<str>>,
    /// How many points Contour Data have.
    pub point_count: usize,
}

/// The contours of an item of ROI Contour Sequence, whose points are read when they are wanted.
pub struct Contours {
    contours: Vec<(Contour, Dataset)>,
}

impl Contours {
    /// Finds the contours of an item of ROI Contour Sequence.
    ///
    /// # Errors
    ///
    /// If Contour Sequence does not consist of items of elements, a contour has coordinates that
    /// are no points of three, or the file is gone or has been changed.
    pub fn find(roi: &Dataset) -> Result<Contours> {
        let items = items(roi, CONTOUR_SEQUENCE)?;
        let mut contours: Vec<(Contour, Dataset)> = Vec::new();
        reserve(&mut contours, items.len())?;
        for item in items {
            let dataset = item.parse(&Limits::DEFAULT)?;
            let before = contours.last().map_or(&[][..], |(before, _)| &before.images);
            let contour = read(&dataset, before)?;
            contours.push((contour, dataset));
        }
        Ok(Contours { contours })
    }

    /// What the contours are, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Contour> {
        self.contours.iter().map(|(contour, _)| contour)
    }

    /// Fills `out` with the coordinates of all points, contour after contour, as 64-bit floats.
    ///
    /// # Errors
    ///
    /// If `out` has another length than all points need, a coordinate is no finite number, or the
    /// file is gone or has been changed.
    pub fn read_into(&self, out: &mut [u8], workers: Workers, tick: Tick<'_>) -> Result<()> {
        let count = self.contours.len();
        let mut rest = out;
        let mut targets = Vec::new();
        reserve(&mut targets, count)?;
        for contour in self.iter() {
            let length = contour.point_count.saturating_mul(POINT_LENGTH);
            let room = || Error::from(LabelFault::ContourRoom { count });
            let (target, behind) = rest.split_at_mut_checked(length).ok_or_else(room)?;
            targets.push(target);
            rest = behind;
        }
        if !rest.is_empty() {
            return Err(LabelFault::ContourRoom { count }.into());
        }
        fill_each(
            targets,
            workers,
            tick,
            || (),
            |(), index, target| {
                let Some((_, dataset)) = self.contours.get(index) else { return Ok(()) };
                let text = data(dataset)?;
                let (slots, _) = target.as_chunks_mut();
                value::decimals_into(&text, slots).map_err(|index| {
                    dataset.locate(LabelFault::Coordinate { index }.into(), CONTOUR_DATA)
                })
            },
        )
    }
}

/// The items of a sequence; none if it is absent.
pub(super) fn items(dataset: &Dataset, sequence: Tag) -> Result<Vec<Item>> {
    match dataset.find(sequence) {
        Some(element) => dataset.items(element, &Limits::DEFAULT),
        None => Ok(Vec::new()),
    }
}

/// A UID of a data set; `None` if it is absent or empty.
pub(super) fn identifier(dataset: &Dataset, tag: Tag) -> Result<Option<Arc<str>>> {
    let Some(element) = dataset.find(tag) else { return Ok(None) };
    let value = dataset.value(element)?;
    let text = uid::trim(&value);
    Ok((!text.is_empty()).then(|| text.into()))
}

fn data(dataset: &Dataset) -> Result<Cow<'_, [u8]>> {
    match dataset.find(CONTOUR_DATA) {
        Some(element) => dataset.value(element),
        None => Ok(Cow::Borrowed(&[])),
    }
}

/// Reads all but the points. Text that the contour `before` has too is not kept twice.
fn read(dataset: &Dataset, before: &[Arc<str>]) -> Result<Contour> {
    let count = value::decimal_count(&data(dataset)?);
    if !count.is_multiple_of(3) {
        return Err(dataset.locate(LabelFault::CoordinateCount { count }.into(), CONTOUR_DATA));
    }
    let mut images = Vec::new();
    for item in items(dataset, CONTOUR_IMAGE_SEQUENCE)? {
        let image = item.parse(&Limits::DEFAULT)?;
        if let Some(own) = identifier(&image, REFERENCED_SOP_INSTANCE_UID)? {
            images.push(before.iter().find(|other| **other == own).cloned().unwrap_or(own));
        }
    }
    let geometric_type = dataset.text(CONTOUR_GEOMETRIC_TYPE).unwrap_or_default();
    Ok(Contour {
        geometric_type: geometric_type.trim().to_owned(),
        said_point_count: dataset.integer(NUMBER_OF_CONTOUR_POINTS),
        images,
        point_count: count / 3,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Encoding, Rules, Stop};

    /// An element of explicit VR, little endian.
    fn element(tag: Tag, vr: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend((tag.0 >> 16).to_le_bytes().get(..2).unwrap());
        bytes.extend(tag.0.to_le_bytes().get(..2).unwrap());
        bytes.extend(vr.as_bytes());
        match vr {
            "SQ" | "UN" => {
                bytes.extend([0, 0]);
                bytes.extend((value.len() as u32).to_le_bytes());
            }
            _ => bytes.extend((value.len() as u16).to_le_bytes()),
        }
        bytes.extend(value);
        bytes
    }

    fn item(elements: &[Vec<u8>]) -> Vec<u8> {
        let content = elements.concat();
        let mut bytes = vec![0xFE, 0xFF, 0x00, 0xE0];
        bytes.extend((content.len() as u32).to_le_bytes());
        bytes.extend(content);
        bytes
    }

    fn contour(kind: &str, vr: &str, data: &str) -> Vec<u8> {
        let image = item(&[element(REFERENCED_SOP_INSTANCE_UID, "UI", b"1.2\0")]);
        item(&[
            element(CONTOUR_IMAGE_SEQUENCE, "SQ", &image),
            element(CONTOUR_GEOMETRIC_TYPE, "CS", kind.as_bytes()),
            element(NUMBER_OF_CONTOUR_POINTS, "IS", b"2 "),
            element(CONTOUR_DATA, vr, data.as_bytes()),
        ])
    }

    fn roi(contours: &[Vec<u8>]) -> Dataset {
        let bytes = element(CONTOUR_SEQUENCE, "SQ", &contours.concat());
        let rules = Rules::default();
        Dataset::from_memory(Arc::new(bytes), Encoding::EXPLICIT_LITTLE, Stop::AtEnd, &rules)
            .unwrap()
    }

    fn points(contours: &Contours) -> Result<Vec<f64>> {
        let count: usize = contours.iter().map(|contour| contour.point_count).sum();
        let mut out = vec![0; count * POINT_LENGTH];
        contours.read_into(&mut out, Workers::for_computing(Some(2)), &mut |_| true)?;
        let numbers = out.as_chunks::<8>().0.iter();
        Ok(numbers.map(|number| f64::from_ne_bytes(*number)).collect())
    }

    #[test]
    fn points_of_all_contours_in_their_order() {
        let found = Contours::find(&roi(&[
            contour("CLOSED_PLANAR ", "DS", "1\\2\\3\\4\\5\\6.5 "),
            contour("POINT ", "UN", "-1\\-2\\-3e1"),
            contour("OPEN_PLANAR ", "DS", ""),
        ]))
        .unwrap();
        let kinds: Vec<_> = found.iter().map(|contour| contour.geometric_type.as_str()).collect();
        assert_eq!(kinds, ["CLOSED_PLANAR", "POINT", "OPEN_PLANAR"]);
        let counts: Vec<_> = found.iter().map(|contour| contour.point_count).collect();
        assert_eq!(counts, [2, 1, 0]);
        assert!(found.iter().all(|contour| contour.said_point_count == Some(2)));
        assert!(found.iter().all(|contour| *contour.images == ["1.2".into()]));
        assert_eq!(points(&found).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.5, -1.0, -2.0, -30.0]);
        assert!(Contours::find(&roi(&[])).unwrap().iter().next().is_none());
    }

    #[test]
    fn coordinates_that_are_no_points_are_errors() {
        let odd = Contours::find(&roi(&[contour("POINT ", "DS", "1\\2\\3\\4 ")])).err().unwrap();
        assert!(odd.to_string().contains("4 coordinates"), "{odd}");
        assert!(odd.to_string().contains("(3006,0040)[0] > (3006,0050)"), "{odd}");
        for data in ["1\\2\\nan ", "1\\2\\", "1\\2\\inf ", "1\\2\\3x"] {
            let found = Contours::find(&roi(&[contour("POINT ", "DS", data)])).unwrap();
            let error = points(&found).unwrap_err();
            assert!(error.to_string().contains("coordinate 2"), "{error}");
        }
        let found = Contours::find(&roi(&[contour("POINT ", "DS", "1\\2\\3")])).unwrap();
        for length in [0, 23, 25, 48] {
            let workers = Workers::for_computing(Some(1));
            assert!(found.read_into(&mut vec![0; length], workers, &mut |_| true).is_err());
        }
    }
}
