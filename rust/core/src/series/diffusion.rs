//! b-values and gradient directions that scanners keep in private elements, in images that lack the standard's
//! (PS3.3 §C.8.13.5.9).
//!
//! Directions of Siemens and Philips are in the patient's coordinates, as the standard's. Those of GE are along the
//! rows and columns of the scan, turned by what only its maker knows: they are not told.

use super::csa;
use super::header::{decimals, exactly};
use super::private_block::private_tag;
use crate::dataset::Dataset;
use crate::geometry::{Vector, dot};
use crate::image_description::Attributes;
use crate::tag::Tag;
use crate::value;

/// What is known of an image's diffusion weighting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Diffusion {
    /// In s/mm2.
    pub b_value: f64,
    /// A unit vector in the patient's coordinates; none of images without weighting, or weighted in all directions.
    pub gradient: Option<Vector>,
}

/// In s/mm2: more than any gradients reach (magnets for small samples: 100,000), and less than numbers that mean
/// something else.
const HIGHEST_B_VALUE: f64 = 1e6;

/// GE adds this to b-values of tensor scans and of scans with several b-values.
const ADDED_BY_GE: f64 = 1e9;

/// By how much the length of a unit vector of 32-bit numbers or few decimals differs from 1.
const LENGTH_TOLERANCE: f64 = 0.01;

impl Diffusion {
    fn new(b_value: f64, gradient: Option<Vector>) -> Option<Diffusion> {
        let is_unit = |vector: &Vector| (dot(*vector, *vector).sqrt() - 1.0).abs() <= LENGTH_TOLERANCE;
        let is_b_value = (0.0..=HIGHEST_B_VALUE).contains(&b_value);
        is_b_value.then(|| Diffusion { b_value, gradient: gradient.filter(is_unit) })
    }
}

/// What the private elements of an image say.
pub(super) fn private_diffusion(dataset: &Dataset) -> Option<Diffusion> {
    of_siemens(dataset).or_else(|| of_ge(dataset)).or_else(|| of_philips(dataset))
}

fn of_siemens(dataset: &Dataset) -> Option<Diffusion> {
    let tag = |number| private_tag(dataset, 0x0019, "SIEMENS MR HEADER", number);
    let b_value = only(dataset, tag(0x0C)?)?;
    Diffusion::new(b_value, tag(0x0E).and_then(|tag| exactly(dataset, tag)))
}

fn of_ge(dataset: &Dataset) -> Option<Diffusion> {
    let tag = private_tag(dataset, 0x0043, "GEMS_PARM_01", 0x39)?;
    // What stands behind it is no b-value, and may be empty.
    let number = value::decimal(dataset.text(tag)?.split('\\').next()?)?;
    Diffusion::new(if number >= ADDED_BY_GE { number - ADDED_BY_GE } else { number }, None)
}

fn of_philips(dataset: &Dataset) -> Option<Diffusion> {
    let b_value = only(dataset, private_tag(dataset, 0x2001, "Philips Imaging DD 001", 0x03)?)?;
    // Towards the left, the back and the head, an element each.
    let part = |number| only(dataset, private_tag(dataset, 0x2005, "Philips MR Imaging DD 001", number)?);
    let gradient = || Some([part(0xB0)?, part(0xB1)?, part(0xB2)?]);
    Diffusion::new(b_value, gradient())
}

/// What the header says that Siemens scanners keep in mosaics.
pub(super) fn diffusion_of_csa(csa: &[u8]) -> Option<Diffusion> {
    let [b_value] = csa::numbers(csa, "B_value")?.try_into().ok()?;
    let gradient = csa::numbers(csa, "DiffusionGradientDirection").and_then(|numbers| numbers.try_into().ok());
    Diffusion::new(b_value, gradient)
}

/// The only number of an element.
fn only(dataset: &Dataset, tag: Tag) -> Option<f64> {
    let [number] = decimals(dataset, tag).try_into().ok()?;
    Some(number)
}
