//! The diffusion weighting of a volume whose images all have the same.

use crate::geometry::Vector;
use crate::series::header::{AxisNumber, FrameHeader};

/// How images are weighted (PS3.3 §C.8.13.5.9).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighting {
    /// In s/mm2, above 0.
    pub b_value: f64,
    /// A unit vector in the patient's coordinates; `None` if some image does not say it.
    pub gradient: Option<Vector>,
}

/// The weighting of all `frames`; `None` if some have another or none.
pub(in crate::series) fn weighting<'f>(
    frames: impl Iterator<Item = &'f FrameHeader>,
) -> Option<Weighting> {
    let mut each = frames.map(|frame| {
        let b_value = frame.acquisition.number(AxisNumber::DiffusionBValue)?;
        (b_value > 0.0).then_some(Weighting { b_value, gradient: frame.acquisition.gradient })
    });
    let first = each.next()??;
    each.all(|other| other == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::synthetic::with;

    fn frame(b_value: Option<f64>, gradient: Option<Vector>) -> FrameHeader {
        FrameHeader::of_instance(&with("a", |one| {
            one.acquisition.set(AxisNumber::DiffusionBValue, b_value);
            one.acquisition.gradient = gradient;
        }))
    }

    #[test]
    fn a_volume_has_the_weighting_of_all_its_images() {
        let along = Some([0.0, 0.6, 0.8]);
        for (name, frames, expected) in [
            ("weighted", vec![(Some(800.0), along); 3], Some((800.0, along))),
            ("in all directions", vec![(Some(800.0), None); 3], Some((800.0, None))),
            ("not weighted", vec![(Some(0.0), None); 3], None),
            ("not diffusion", vec![(None, None); 3], None),
            ("two", vec![(Some(800.0), along), (Some(700.0), along)], None),
            ("two directions", vec![(Some(800.0), along), (Some(800.0), None)], None),
            ("one without", vec![(Some(800.0), along), (None, None)], None),
            ("none", Vec::new(), None),
        ] {
            let frames: Vec<_> = frames.iter().map(|(b, g)| frame(*b, *g)).collect();
            let expected = expected.map(|(b_value, gradient)| Weighting { b_value, gradient });
            assert_eq!(weighting(frames.iter()), expected, "{name}");
        }
    }
}
