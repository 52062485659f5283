//! Private elements of scanners of United Imaging (UIH), and the diffusion weighting in them.
//!
//! Directions (0065,xx37) lie along the axes of the image: its rows, its columns and their normal.
//! Where such an image has Diffusion Gradient Orientation too, that has the same numbers, which are
//! not in the patient's coordinates.

use super::block::private_tag;
use super::diffusion::{Diffusion, is_unit};
use crate::dataset::Dataset;
use crate::geometry::{COSINE_TOLERANCE, Orientation, Vector, add_scaled, scale};
use crate::series::header::{decimals, exactly};
use crate::tag::Tag;
use crate::vr::Vr;

const IMAGE_ORIENTATION_PATIENT: Tag = Tag::new(0x0020, 0x0037);

/// An element of the block `Image Private Header`, by its low 8 bits.
pub(crate) fn united_imaging_tag(dataset: &Dataset, number: u8) -> Option<Tag> {
    private_tag(dataset, 0x0065, "Image Private Header", number)
}

/// What the private elements say. A direction takes the place of the standard's even where there is
/// none: of an image without weighting, or one whose plane is not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct UnitedImaging {
    pub b_value: Option<f64>,
    pub gradient: Option<Option<Vector>>,
}

impl UnitedImaging {
    pub(crate) fn new(dataset: &Dataset) -> UnitedImaging {
        let b_value = united_imaging_tag(dataset, 0x09).and_then(|tag| {
            let [b_value] = doubles(dataset, tag).try_into().ok()?;
            Some(Diffusion::new(b_value, None)?.b_value)
        });
        let gradient = united_imaging_tag(dataset, 0x37).map(|tag| {
            let along_axes: Vector = doubles(dataset, tag).try_into().ok()?;
            to_patient(dataset, along_axes).filter(is_unit)
        });
        UnitedImaging { b_value, gradient }
    }
}

/// Numbers of an element that is FD where its VR is known: it is not in Implicit VR, nor after a
/// program that wrote what it does not know as UN.
fn doubles(dataset: &Dataset, tag: Tag) -> Vec<f64> {
    let numbers = || {
        let element = dataset.find(tag)?;
        let is_unknown = dataset.vr(element).vr == Vr::UN;
        is_unknown.then(|| dataset.numbers(element, Vr::FD).ok())?
    };
    match numbers() {
        Some(numbers) => numbers.into_iter().map(crate::value::Number::to_f64).collect(),
        None => decimals(dataset, tag),
    }
}

fn to_patient(
    dataset: &Dataset,
    [along_row, along_column, along_normal]: Vector,
) -> Option<Vector> {
    let cosines = exactly(dataset, IMAGE_ORIENTATION_PATIENT)?;
    let plane = Orientation::of_written(cosines, COSINE_TOLERANCE)?;
    let in_plane =
        add_scaled(scale(along_row, plane.along_row()), along_column, plane.along_column());
    // Zero has one sign, so that equal directions are.
    Some(add_scaled(in_plane, along_normal, plane.normal()).map(|part| part + 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::dataset_of;

    type Value<'a> = (u16, u16, &'a str, &'a [u8]);

    const OWNER: Value<'_> = (0x0065, 0x0020, "LO", b"Image Private Header");
    const CORONAL: Value<'_> = (0x0020, 0x0037, "DS", b"1\\0\\0\\0\\0\\-1");

    #[test]
    fn directions_are_turned_into_the_patient() {
        let doubles = |values: &[f64]| -> Vec<u8> {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        };
        let (along, zero, short) =
            (doubles(&[0.6, 0.0, 0.8]), doubles(&[0.0; 3]), doubles(&[1.0, 0.0]));
        let (b_value, too_large) = (doubles(&[700.0]), doubles(&[1e7]));
        fn direction(value: &[u8]) -> Value<'_> {
            (0x0065, 0x2037, "FD", value)
        }
        fn weight(value: &[u8]) -> Value<'_> {
            (0x0065, 0x2009, "FD", value)
        }
        for (name, elements, b_value, gradient) in [
            (
                "both",
                &[CORONAL, OWNER, weight(&b_value), direction(&along)][..],
                Some(700.0),
                // Right and then to the back, which is the normal of coronal images.
                Some(Some([0.6, 0.8, 0.0])),
            ),
            ("no weighting", &[CORONAL, OWNER, direction(&zero)], None, Some(None)),
            ("no plane", &[OWNER, direction(&along)], None, Some(None)),
            ("two numbers", &[CORONAL, OWNER, direction(&short)], None, Some(None)),
            ("too large", &[CORONAL, OWNER, weight(&too_large)], None, None),
            ("no owner", &[CORONAL, weight(&b_value), direction(&along)], None, None),
        ] {
            let found = UnitedImaging::new(&dataset_of(elements));
            assert_eq!(found, UnitedImaging { b_value, gradient }, "{name}");
        }
    }
}
