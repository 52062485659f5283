//! b-values and gradient directions that scanners keep in private elements, in images that lack the
//! standard's (PS3.3 §C.8.13.5.9).
//!
//! Directions of Siemens and Philips are in the patient's coordinates, as the standard's. Those of
//! GE and Canon are turned into them where it is known how ([`super::diffusion_ge`],
//! [`super::diffusion_canon`]), and those of United Imaging always ([`super::united_imaging`]).

use super::block::private_tag;
use super::csa::{self, Csa};
use super::diffusion_canon::of_canon;
use super::diffusion_ge::of_ge;
use super::united_imaging::UnitedImaging;
use crate::dataset::Dataset;
use crate::geometry::{Vector, norm};
use crate::series::header::AxisNumber;
use crate::series::header::{InstanceHeader, decimals, exactly};
use crate::tag::Tag;

pub(crate) const DIFFUSION_GRADIENT_ORIENTATION: Tag = Tag::new(0x0018, 0x9089);
const DIFFUSION_B_VALUE: Tag = Tag::new(0x0018, 0x9087);
const SCANNING_SEQUENCE: Tag = Tag::new(0x0018, 0x0020);
const SEQUENCE_NAME: Tag = Tag::new(0x0018, 0x0024);

/// What is known of an image's diffusion weighting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Diffusion {
    /// In s/mm2.
    pub b_value: f64,
    /// A unit vector in the patient's coordinates; none of images without weighting, or weighted in
    /// all directions.
    pub gradient: Option<Vector>,
    /// Diffusion b-value, where an image has one without a direction, is that of the whole scan.
    pub is_more_exact: bool,
}

/// In s/mm2: more than any gradients reach (magnets for small samples: 100,000), and less than
/// numbers that mean something else.
const HIGHEST_B_VALUE: f64 = 1e6;

/// By how much the length of a unit vector of 32-bit numbers or few decimals differs from 1.
const LENGTH_TOLERANCE: f64 = 0.01;

impl Diffusion {
    pub(crate) fn new(b_value: f64, gradient: Option<Vector>) -> Option<Diffusion> {
        let is_b_value = (0.0..=HIGHEST_B_VALUE).contains(&b_value);
        is_b_value.then(|| Diffusion {
            b_value,
            gradient: gradient.filter(is_unit),
            is_more_exact: false,
        })
    }

    fn of_siemens(b_value: f64, gradient: Option<Vector>) -> Option<Diffusion> {
        // Software of 2004 writes the scan's b-value into images without weighting, and this as
        // their direction.
        let is_unweighted =
            gradient.is_some_and(|gradient| gradient.iter().all(|part| *part < -1.0));
        Diffusion::new(if is_unweighted { 0.0 } else { b_value }, gradient)
    }
}

/// Whether a vector is a direction; images that are weighted in none, or in all, may have one of
/// length zero.
pub(crate) fn is_unit(vector: &Vector) -> bool {
    (norm(*vector) - 1.0).abs() <= LENGTH_TOLERANCE
}

/// Takes from private elements what the standard's do not say of an image's diffusion weighting.
pub(crate) fn add_private_diffusion(header: &mut InstanceHeader, dataset: &Dataset) {
    let is_absent = |tag| dataset.find(tag).is_none_or(|element| element.value_length == 0);
    let (lacks_b_value, lacks_gradient) =
        (is_absent(DIFFUSION_B_VALUE), is_absent(DIFFUSION_GRADIENT_ORIENTATION));
    if header.identity.modality != "MR" || take_united_imaging(header, dataset) {
        return;
    }
    if !(lacks_b_value || lacks_gradient) {
        return;
    }
    let found = of_siemens(dataset).or_else(|| of_ge(dataset)).or_else(|| of_philips(dataset));
    let found = found.or_else(|| of_csa(dataset, &header.identity.image_type));
    let Some(found) = found.or_else(|| of_canon(dataset)) else { return };
    let is_taken = lacks_b_value || (lacks_gradient && found.is_more_exact);
    if is_taken {
        header.acquisition.set(AxisNumber::DiffusionBValue, Some(found.b_value));
    }
    if lacks_gradient {
        header.acquisition.gradient = found.gradient;
    }
}

/// Takes what scanners of United Imaging say, which is right where the standard's elements differ.
/// Whether they say anything.
fn take_united_imaging(header: &mut InstanceHeader, dataset: &Dataset) -> bool {
    let UnitedImaging { b_value, gradient } = UnitedImaging::new(dataset);
    if b_value.is_some() {
        header.acquisition.set(AxisNumber::DiffusionBValue, b_value);
    }
    if let Some(gradient) = gradient {
        header.acquisition.gradient = gradient;
    }
    b_value.is_some() || gradient.is_some()
}

fn of_siemens(dataset: &Dataset) -> Option<Diffusion> {
    let tag = |number| private_tag(dataset, 0x0019, "SIEMENS MR HEADER", number);
    let b_value = only(dataset, tag(0x0C)?)?;
    Diffusion::of_siemens(b_value, tag(0x0E).and_then(|tag| exactly(dataset, tag)))
}

fn of_philips(dataset: &Dataset) -> Option<Diffusion> {
    let b_value = only(dataset, private_tag(dataset, 0x2001, "Philips Imaging DD 001", 0x03)?)?;
    // Towards the left, the back and the head, an element each.
    let part =
        |number| only(dataset, private_tag(dataset, 0x2005, "Philips MR Imaging DD 001", number)?);
    let gradient = || Some([part(0xB0)?, part(0xB1)?, part(0xB2)?]);
    Diffusion::new(b_value, gradient())
}

/// What the header says that Siemens scanners keep in images whose other private elements say
/// nothing.
fn of_csa(dataset: &Dataset, image_type: &str) -> Option<Diffusion> {
    let tag = csa::csa_tag(dataset, Csa::Image)?;
    // Walking through it takes as long as reading another header: not in images that are never
    // weighted.
    if !may_be_weighted(dataset, image_type) {
        return None;
    }
    let csa = dataset.value(dataset.find(tag)?).ok()?;
    let [b_value] = csa::numbers(&csa, "B_value")?.try_into().ok()?;
    let gradient = csa::numbers(&csa, "DiffusionGradientDirection")
        .and_then(|numbers| numbers.try_into().ok());
    Diffusion::of_siemens(b_value, gradient)
}

/// Whether elements of the standard leave it open that an image of a Siemens scanner is diffusion
/// weighted: by its Image Type, by its Scanning Sequence (EP, of those with several segments too),
/// or by a Sequence Name like `*ep_b1000#4`.
fn may_be_weighted(dataset: &Dataset, image_type: &str) -> bool {
    let has = |values: &[u8], wanted: fn(&[u8]) -> bool| {
        values.split(|byte| *byte == b'\\').any(|value| wanted(value.trim_ascii()))
    };
    let value =
        |tag| dataset.find(tag).and_then(|element| dataset.value(element).ok()).unwrap_or_default();
    let is_told = |value: &[u8]| matches!(value, b"DIFFUSION" | b"MOSAIC");
    let names_b_value = |run: &[u8]| matches!(run, [b'_', b'b', digit] if digit.is_ascii_digit());
    has(image_type.as_bytes(), is_told)
        || has(&value(SCANNING_SEQUENCE), |value| value == b"EP")
        || value(SEQUENCE_NAME).windows(3).any(names_b_value)
}

/// The only number of an element.
pub(crate) fn only(dataset: &Dataset, tag: Tag) -> Option<f64> {
    let [number] = decimals(dataset, tag).try_into().ok()?;
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::private::csa;
    use crate::series::tests::bytes::{NATIVE, header_of};

    type Value<'a> = (u16, u16, &'a str, &'a [u8]);

    const MR: Value<'_> = (0x0008, 0x0060, "CS", b"MR");
    const SIEMENS: Value<'_> = (0x0019, 0x0010, "LO", b"SIEMENS MR HEADER ");
    const B_VALUE: Value<'_> = (0x0019, 0x100C, "IS", b"800 ");

    fn weighting(changes: &[Value<'_>]) -> (Option<f64>, Option<Vector>) {
        let acquisition = header_of(NATIVE, changes).acquisition;
        (acquisition.number(AxisNumber::DiffusionBValue), acquisition.gradient)
    }

    fn doubles(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn private_elements_say_what_those_of_the_standard_do_not() {
        let direction = doubles(&[0.0, 1.0, 0.0]);
        let gradient: Value<'_> = (0x0019, 0x100E, "FD", &direction);
        let unweighted = doubles(&[-2.0; 3]);
        let standard = 500.0_f64.to_le_bytes();
        let of_standard: Value<'_> = (0x0018, 0x9087, "FD", &standard);
        let other_direction = doubles(&[1.0, 0.0, 0.0]);
        let own_direction: Value<'_> = (0x0018, 0x9089, "FD", &other_direction);
        let y = Some([0.0, 1.0, 0.0]);
        let x = Some([1.0, 0.0, 0.0]);
        for (name, changes, expected) in [
            ("both", &[MR, SIEMENS, B_VALUE, gradient][..], (Some(800.0), y)),
            ("no direction", &[MR, SIEMENS, B_VALUE], (Some(800.0), None)),
            ("no MR", &[SIEMENS, B_VALUE, gradient], (None, None)),
            ("no owner", &[MR, B_VALUE, gradient], (None, None)),
            (
                "without weighting",
                &[MR, SIEMENS, B_VALUE, (0x0019, 0x100E, "FD", &unweighted)],
                (Some(0.0), None),
            ),
            (
                "a b-value of the standard",
                &[MR, of_standard, SIEMENS, B_VALUE, gradient],
                (Some(500.0), y),
            ),
            (
                "a direction of the standard",
                &[MR, own_direction, SIEMENS, B_VALUE, gradient],
                (Some(800.0), x),
            ),
            (
                "both of the standard",
                &[MR, of_standard, own_direction, SIEMENS, B_VALUE, gradient],
                (Some(500.0), x),
            ),
            ("too large", &[MR, SIEMENS, (0x0019, 0x100C, "IS", b"1000001 ")], (None, None)),
            ("the largest", &[MR, SIEMENS, (0x0019, 0x100C, "IS", b"1000000 ")], (Some(1e6), None)),
        ] {
            assert_eq!(weighting(changes), expected, "{name}");
        }
    }

    #[test]
    fn philips_has_an_element_for_each_part_of_a_direction() {
        let part = |value: f32| value.to_le_bytes();
        let (zero, one) = (part(0.0), part(1.0));
        let b_value = part(1000.0);
        let changes: &[Value<'_>] = &[
            MR,
            (0x2001, 0x0010, "LO", b"Philips Imaging DD 001"),
            (0x2001, 0x1003, "FL", &b_value),
            (0x2005, 0x0010, "LO", b"Philips MR Imaging DD 001 "),
            (0x2005, 0x10B0, "FL", &zero),
            (0x2005, 0x10B1, "FL", &zero),
            (0x2005, 0x10B2, "FL", &one),
        ];
        assert_eq!(weighting(changes), (Some(1000.0), Some([0.0, 0.0, 1.0])));
        assert_eq!(weighting(&changes[..6]), (Some(1000.0), None));
    }

    #[test]
    fn the_header_of_siemens_is_read_where_an_image_may_be_weighted() {
        let entries: &[(&str, &[&str])] =
            &[("B_value", &["700"]), ("DiffusionGradientDirection", &["0", "0", "1"])];
        let header = csa(entries, true);
        let own: Value<'_> = (0x0029, 0x1010, "OW", &header);
        let z = (Some(700.0), Some([0.0, 0.0, 1.0]));
        for (name, hint, expected) in [
            ("an echo planar image", (0x0018, 0x0020, "CS", &b"RM\\EP "[..]), z),
            ("another sequence", (0x0018, 0x0020, "CS", b"EPI "), (None, None)),
            ("a sequence with a b-value", (0x0018, 0x0024, "SH", b"*ep_b700#4"), z),
            ("one without", (0x0018, 0x0024, "SH", b"*ep_bx"), (None, None)),
            ("its type", (0x0008, 0x0008, "CS", b"ORIGINAL\\DIFFUSION"), z),
            ("another type", (0x0008, 0x0008, "CS", b"ORIGINAL\\DIFF"), (None, None)),
        ] {
            assert_eq!(weighting(&[MR, hint, own]), expected, "{name}");
        }
        // Where blocks of the group have owners, the header has one too.
        let hint = (0x0018, 0x0020, "CS", &b"EP"[..]);
        let owner = (0x0029, 0x0010, "LO", &b"SIEMENS CSA HEADER"[..]);
        let stranger = (0x0029, 0x0010, "LO", &b"SOMEBODY"[..]);
        assert_eq!(weighting(&[MR, hint, owner, own]), z);
        assert_eq!(weighting(&[MR, hint, stranger, own]), (None, None));
    }

    #[test]
    fn a_direction_has_length_one() {
        for (length, expected) in [
            (1.0, true),
            (1.0099, true),
            (0.9901, true),
            (1.011, false),
            (0.989, false),
            (0.0, false),
        ] {
            assert_eq!(is_unit(&[0.0, length, 0.0]), expected, "{length}");
        }
    }
}
