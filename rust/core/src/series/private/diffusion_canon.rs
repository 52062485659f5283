//! Gradient directions as scanners of Canon write them: in Image Comments (0020,4000), such as
//! `b=1500(0.445,-0.895,0.000)`, beside the standard's b-value.
//!
//! The parts are along the phase, the frequency and the slice direction of the scan, whose axes lie
//! as those of GE's ([`super::scan_axes`]): dcm2niix reads them so in images of every plane.

use super::diffusion::Diffusion;
use super::scan_axes::Axes;
use crate::dataset::Dataset;
use crate::geometry::Vector;
use crate::image_description::Attributes;
use crate::tag::Tag;
use crate::value;

const MANUFACTURER: Tag = Tag::new(0x0008, 0x0070);
const IMAGE_COMMENTS: Tag = Tag::new(0x0020, 0x4000);

/// What the comment of an image says.
pub(crate) fn of_canon(dataset: &Dataset) -> Option<Diffusion> {
    if !dataset.text(MANUFACTURER)?.trim().to_ascii_uppercase().starts_with("CANON") {
        return None;
    }
    let comment = dataset.text(IMAGE_COMMENTS)?;
    let (b_value, [phase, frequency, slice]) = parsed(comment.trim())?;
    let axes = Axes::of(dataset);
    Diffusion::new(b_value, axes.map(|axes| axes.to_patient([frequency, phase, slice])))
}

/// A b-value and three numbers: `b=1500(0.445,-0.895,0.000)`.
fn parsed(comment: &str) -> Option<(f64, Vector)> {
    let (b_value, vector) = comment.strip_prefix("b=")?.strip_suffix(')')?.split_once('(')?;
    let parts: Option<Vec<f64>> = vector.split(',').map(value::decimal).collect();
    Some((value::decimal(b_value)?, parts?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Value<'a> = (u16, u16, &'a str, &'a [u8]);

    fn found(changes: &[Value<'_>]) -> Option<Diffusion> {
        let mut elements: Vec<Value<'_>> = vec![
            (0x0008, 0x0070, "LO", b"CANON_MEC "),
            (0x0018, 0x1312, "CS", b"COL "),
            (0x0018, 0x5100, "CS", b"HFS "),
            (0x0020, 0x0037, "DS", b"1\\0\\0\\0\\1\\0 "),
            (0x0020, 0x4000, "LT", b"b=1500(0.6,0.000,-0.8)"),
        ];
        for change in changes {
            elements.retain(|element| (element.0, element.1) != (change.0, change.1));
            elements.push(*change);
        }
        elements.sort_by_key(|element| (element.0, element.1));
        of_canon(&crate::series::tests::bytes::dataset_of(&elements))
    }

    #[test]
    fn directions_are_turned_into_the_patient() {
        let found = found(&[]).unwrap();
        assert_eq!((found.b_value, found.gradient), (1500.0, Some([0.0, -0.6, -0.8])));
        assert!(found.gradient.unwrap()[0].is_sign_positive());
    }

    #[test]
    fn what_is_not_known_is_not_taken() {
        for (name, change) in [
            ("no phase direction", (0x0018, 0x1312, "CS", &b"OTHER "[..])),
            ("feet first", (0x0018, 0x5100, "CS", b"FFS ")),
            ("a vector of another length", (0x0020, 0x4000, "LT", b"b=1500(1,0,1)")),
        ] {
            let found = found(&[change]).unwrap();
            assert_eq!((found.b_value, found.gradient), (1500.0, None), "{name}");
        }
    }

    #[test]
    fn other_comments_say_nothing() {
        for (name, change) in [
            ("another manufacturer", (0x0008, 0x0070, "LO", &b"SIEMENS "[..])),
            ("a comment of the user", (0x0020, 0x4000, "LT", b"motion")),
            ("two numbers", (0x0020, 0x4000, "LT", b"b=1500(0.6,0.8)")),
            ("no number", (0x0020, 0x4000, "LT", b"b=1500(0.6,x,0.8)")),
            ("cut short", (0x0020, 0x4000, "LT", b"b=1500(0.6,0,0.8")),
            ("a negative b-value", (0x0020, 0x4000, "LT", b"b=-5(0.6,0,0.8)")),
        ] {
            assert_eq!(found(&[change]), None, "{name}");
        }
    }
}
