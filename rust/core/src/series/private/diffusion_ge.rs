//! Diffusion weighting as scanners of GE write it: a b-value that may be that of the whole scan,
//! and a vector along the axes of the scan.
//!
//! The vector (0019,xxBB..BD) of `GEMS_ACQU_01` has a part for the frequency, the phase and the
//! slice direction, which turn with the slices. Its length says how much weaker than the strongest
//! image of the scan this one is weighted: the b-value goes with its square. Releases before 29
//! have images without weighting among the others, with the b-value of the scan and a vector of
//! length zero. Some have the scan's b-value in Diffusion b-value (0018,9087) when that of the
//! image is in (0043,xx39) of `GEMS_PARM_01`.
//!
//! [`super::scan_axes`] knows how the axes lie, but not those of three-dimensional scans, and of
//! releases before 12.

use super::block::private_tag;
use super::diffusion::{Diffusion, only};
use super::scan_axes::Axes;
use crate::dataset::Dataset;
use crate::geometry::{Vector, norm, scale};
use crate::image_description::Attributes;
use crate::tag::Tag;
use crate::value;

const SOFTWARE_VERSIONS: Tag = Tag::new(0x0018, 0x1020);
const MR_ACQUISITION_TYPE: Tag = Tag::new(0x0018, 0x0023);

/// This is added to b-values of scans with several, and of calculated images.
const ADDED: f64 = 1e9;

/// Lengths between are those of unit vectors; shorter ones are of images that are weighted less.
const UNIT_LENGTHS: std::ops::RangeInclusive<f64> = 0.97..=1.03;

/// A vector that is shorter has length zero.
const SHORTEST: f64 = 0.03;

/// b-values that come of lengths with few decimals are rounded to multiples of it, in s/mm2, so
/// that images that are weighted alike have one.
const B_VALUE_STEP: f64 = 5.0;

/// The first release whose elements are documented.
const FIRST_RELEASE: u32 = 12;

/// What the private elements of an image say.
pub(crate) fn of_ge(dataset: &Dataset) -> Option<Diffusion> {
    let parm = |number| private_tag(dataset, 0x0043, "GEMS_PARM_01", number);
    let acqu = |number| only(dataset, private_tag(dataset, 0x0019, "GEMS_ACQU_01", number)?);
    // What follows it is no b-value, and may be empty.
    let number = value::decimal(dataset.text(parm(0x39)?)?.split('\\').next()?)?;
    let b_value = if number >= ADDED { number - ADDED } else { number };
    let told = Diffusion { is_more_exact: true, ..Diffusion::new(b_value, None)? };
    let vector = || Some([acqu(0xBB)?, acqu(0xBC)?, acqu(0xBD)?]);
    let Some(vector) = vector().filter(|_| b_value > 0.0) else { return Some(told) };

    // Vas collapse flag: what the image is. Without it, the number of directions of the scan.
    let kind =
        parm(0x30).and_then(|tag| only(dataset, tag)).map(|kind| kind == 14.0 || kind == 16.0);
    match kind.or_else(|| acqu(0xE0).map(|count| count > 0.0)) {
        Some(false) => Some(told),
        Some(true) if norm(vector) < SHORTEST => Some(Diffusion { b_value: 0.0, ..told }),
        _ => of_tensor(dataset, told, vector),
    }
}

/// An image that has a direction. `None` if the length of its vector says nothing: one of length
/// zero may belong to the mean of all directions too.
fn of_tensor(dataset: &Dataset, told: Diffusion, vector: Vector) -> Option<Diffusion> {
    let length = norm(vector);
    if length < SHORTEST || length > *UNIT_LENGTHS.end() {
        return None;
    }
    let in_patient = || {
        let axes = Axes::of(dataset).filter(|_| has_known_axes(dataset) == Some(true))?;
        Some(axes.to_patient(scale(1.0 / length, vector)))
    };
    let own = told.b_value * length * length;
    let rounded = ((own / B_VALUE_STEP).round() * B_VALUE_STEP).max(B_VALUE_STEP);
    let b_value = if UNIT_LENGTHS.contains(&length) { told.b_value } else { rounded };
    Some(Diffusion { b_value, gradient: in_patient(), ..told })
}

/// Whether the axes of a scan are those that are known: not of three-dimensional ones, and of early
/// releases.
fn has_known_axes(dataset: &Dataset) -> Option<bool> {
    let release = dataset.text(SOFTWARE_VERSIONS)?;
    let digits = release.trim().split(|letter: char| !letter.is_ascii_digit()).next()?;
    let is_documented = digits.parse::<u32>().ok()? >= FIRST_RELEASE;
    Some(is_documented && dataset.text(MR_ACQUISITION_TYPE)?.trim() == "2D")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Value<'a> = (u16, u16, &'a str, &'a [u8]);

    /// The private elements of an axial image that was scanned in release 25, with `vector`.
    fn found(vector: Option<[&[u8]; 3]>, changes: &[Value<'_>]) -> Option<Diffusion> {
        let mut elements: Vec<Value<'_>> = vec![
            (0x0018, 0x0023, "CS", b"2D"),
            (0x0018, 0x1020, "LO", b"25\\LX\\MR Software"),
            (0x0018, 0x1312, "CS", b"COL "),
            (0x0018, 0x5100, "CS", b"HFS "),
            (0x0019, 0x0010, "LO", b"GEMS_ACQU_01"),
            (0x0020, 0x0037, "DS", b"1\\0\\0\\0\\1\\0 "),
            (0x0043, 0x0010, "LO", b"GEMS_PARM_01"),
            (0x0043, 0x1030, "SS", &[14, 0]),
            (0x0043, 0x1039, "IS", b"1000\\8\\0\\0"),
        ];
        for (number, value) in [0x10BB, 0x10BC, 0x10BD].into_iter().zip(vector.iter().flatten()) {
            elements.push((0x0019, number, "DS", value));
        }
        for change in changes {
            elements.retain(|element| (element.0, element.1) != (change.0, change.1));
            elements.push(*change);
        }
        elements.retain(|element| element.2 != "--");
        elements.sort_by_key(|element| (element.0, element.1));
        of_ge(&crate::series::tests::bytes::dataset_of(&elements))
    }

    fn diffusion(b_value: f64, gradient: Option<Vector>) -> Option<Diffusion> {
        Some(Diffusion { b_value, gradient, is_more_exact: true })
    }

    #[test]
    fn the_length_of_a_vector_says_how_strong_the_weighting_is() {
        let row = Some([-1.0, 0.0, 0.0]);
        for (name, length, expected) in [
            ("all of it", &b"1.0 "[..], diffusion(1000.0, row)),
            ("rounded", b"0.97", diffusion(1000.0, row)),
            ("longest", b"1.03", diffusion(1000.0, row)),
            ("too long", b"1.04", None),
            ("a quarter", b"0.5 ", diffusion(250.0, row)),
            ("rounded to five", b"0.51", diffusion(260.0, row)),
            ("hardly any", b"0.03", diffusion(5.0, row)),
            ("none", b"0.02", diffusion(0.0, None)),
        ] {
            assert_eq!(found(Some([length, b"0 ", b"0 "]), &[]), expected, "{name}");
        }
    }

    #[test]
    fn the_kind_of_an_image_says_whether_it_has_a_direction() {
        let x = || Some([&b"1 "[..], b"0 ", b"0 "]);
        let kind = |value| (0x0043, 0x1030, "SS", value);
        let none = (0x0043, 0x1030, "--", &b""[..]);
        let count = |value| (0x0019, 0x10E0, "DS", value);
        let with = diffusion(1000.0, Some([-1.0, 0.0, 0.0]));
        let without = diffusion(1000.0, None);
        for (name, changes, expected) in [
            ("one direction", &[kind(&[14, 0][..])][..], with),
            ("another", &[kind(&[16, 0])], with),
            ("a mean", &[kind(&[15, 0])], without),
            ("a scan of directions", &[none, count(&b"6 "[..])], with),
            ("a scan without", &[none, count(b"0 ")], without),
            ("unknown", &[none], with),
            ("no b-value", &[(0x0043, 0x1039, "--", b"")], None),
            ("added to", &[(0x0043, 0x1039, "IS", b"1000001000")], with),
            ("just not added to", &[(0x0043, 0x1039, "IS", b"999999999 ")], None),
        ] {
            assert_eq!(found(x(), changes), expected, "{name}");
        }
        assert_eq!(found(None, &[]), without);
        let zero = (0x0043, 0x1039, "IS", &b"0 "[..]);
        assert_eq!(found(x(), &[zero]), diffusion(0.0, None));
        // Length zero, and nothing says what the image is.
        let short = Some([&b"0 "[..], b"0 ", b"0 "]);
        assert_eq!(found(short, &[none]), None);
        assert_eq!(found(short, &[]), diffusion(0.0, None));
    }

    #[test]
    fn directions_are_known_of_scans_that_were_compared() {
        let vector = || Some([&b"0.6 "[..], b"0 ", b"0.8 "]);
        let turned = Some([-0.6, 0.0, 0.8]);
        for (name, change, expected) in [
            ("as it is", (0x0018, 0x0023, "CS", &b"2D"[..]), turned),
            ("of three dimensions", (0x0018, 0x0023, "CS", b"3D"), None),
            ("feet first", (0x0018, 0x5100, "CS", b"FFS "), None),
            ("release 12", (0x0018, 0x1020, "LO", b"12.0"), turned),
            ("release 11", (0x0018, 0x1020, "LO", b"11.9"), None),
            ("no release", (0x0018, 0x1020, "LO", b"DV"), None),
            ("along rows", (0x0018, 0x1312, "CS", b"ROW "), Some([0.0, 0.6, 0.8])),
            ("along neither", (0x0018, 0x1312, "CS", b"OTHER "), None),
            ("of an unknown plane", (0x0020, 0x0037, "DS", b"0\\1\\0\\1\\0\\0 "), None),
        ] {
            assert_eq!(found(vector(), &[change]), diffusion(1000.0, expected), "{name}");
        }
    }

    #[test]
    fn axes_turn_with_the_plane() {
        let vector = || Some([&b"0.6 "[..], b"0 ", b"0.8 "]);
        let up = || Some([&b"0 "[..], b"1 ", b"0 "]);
        let phase = |value| (0x0018, 0x1312, "CS", value);
        for (name, cosines, columns, rows, in_phase) in [
            (
                "axial",
                &b"1\\0\\0\\0\\1\\0 "[..],
                [-0.6, 0.0, 0.8],
                [0.0, 0.6, 0.8],
                [0.0, -1.0, 0.0],
            ),
            ("sagittal", b"0\\1\\0\\0\\0\\-1", [0.8, 0.6, 0.0], [0.8, 0.0, 0.6], [0.0, 0.0, -1.0]),
            ("coronal", b"1\\0\\0\\0\\0\\-1", [-0.6, 0.8, 0.0], [0.0, 0.8, -0.6], [0.0, 0.0, -1.0]),
        ] {
            let plane = (0x0020, 0x0037, "DS", cosines);
            let of = |vector, phase| found(vector, &[plane, phase]);
            let expected = |gradient| diffusion(1000.0, Some(gradient));
            assert_eq!(of(vector(), phase(&b"COL "[..])), expected(columns), "{name}");
            assert_eq!(of(vector(), phase(b"ROW ")), expected(rows), "{name}");
            assert_eq!(of(up(), phase(b"COL ")), expected(in_phase), "{name}");
        }
    }
}
