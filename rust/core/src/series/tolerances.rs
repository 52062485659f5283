//! How far slices may be from the ideal stack before a report says so.

use crate::geometry::COSINE_TOLERANCE;

/// What counts as the same, and as regular. Lengths are in mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    /// Two planes are parallel, and a plane's two directions perpendicular unit vectors, if no
    /// direction cosine is off by more. Default: [`COSINE_TOLERANCE`].
    pub cosine: f64,
    /// Positions that are no further apart along the normal are the same. Default 0.001 mm: less
    /// than any slice spacing, more than the rounding of two writers of one position.
    pub same_position: f64,
    /// A slice may be this far from where the affine puts it, in mm, and by `position_relative` of
    /// the spacing more. Default 0.01 mm: positions are often written with two decimals, and both
    /// ends of a step are rounded.
    pub position_absolute: f64,
    /// The part of the slice spacing that a slice may be off as well. Default 0.01.
    pub position_relative: f64,
    /// Pixel Spacings that differ by no more than this part are the same. Default 0.001: half a
    /// pixel in 512.
    pub pixel_spacing_relative: f64,
    /// A step from slice to slice that leans from the normal by more is called a tilt, in degrees.
    /// Default 0.1; the affine has the shear in either case.
    pub tilt_degrees: f64,
}

impl Tolerances {
    /// The tolerances that hold unless a caller sets others.
    pub const DEFAULT: Tolerances = Tolerances {
        cosine: COSINE_TOLERANCE,
        same_position: 1e-3,
        position_absolute: 0.01,
        position_relative: 0.01,
        pixel_spacing_relative: 1e-3,
        tilt_degrees: 0.1,
    };

    /// How far a slice may be from its place in a stack of this spacing: never more than a tenth of
    /// it, so that the absolute part does not swallow the steps of a microscope.
    pub(crate) fn position(&self, spacing: f64) -> f64 {
        let spacing = spacing.abs();
        (self.position_absolute + self.position_relative * spacing).min(spacing / 10.0)
    }

    /// Whether two Pixel Spacings are the same.
    pub(crate) fn is_same_pixel_spacing(&self, a: Option<[f64; 2]>, b: Option<[f64; 2]>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => a
                .iter()
                .zip(b)
                .all(|(a, b)| (a - b).abs() <= self.pixel_spacing_relative * a.abs().max(b.abs())),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Default for Tolerances {
    fn default() -> Self {
        Tolerances::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_may_be_off_by_a_part_of_the_spacing() {
        let tolerances = Tolerances {
            position_absolute: 0.25,
            position_relative: 0.0625,
            ..Tolerances::DEFAULT
        };
        for (spacing, expected) in
            [(16.0, 1.25), (-16.0, 1.25), (8.0, 0.75), (1.0, 0.1), (0.0, 0.0)]
        {
            assert_eq!(tolerances.position(spacing), expected, "{spacing}");
        }
        assert_eq!(Tolerances::default(), Tolerances::DEFAULT);
    }

    #[test]
    fn pixel_spacings_are_the_same_up_to_a_part_of_the_larger_one() {
        let tolerances = Tolerances { pixel_spacing_relative: 0.125, ..Tolerances::DEFAULT };
        for (name, a, b, expected) in [
            ("equal", Some([1.0, 2.0]), Some([1.0, 2.0]), true),
            ("just as near", Some([8.0, 2.0]), Some([7.0, 2.0]), true),
            ("just as near, exchanged", Some([7.0, 2.0]), Some([8.0, 2.0]), true),
            ("too far", Some([8.0, 2.0]), Some([6.9375, 2.0]), false),
            ("columns too far", Some([2.0, 8.0]), Some([2.0, 6.9375]), false),
            ("one unknown", Some([1.0, 1.0]), None, false),
            ("both unknown", None, None, true),
        ] {
            assert_eq!(tolerances.is_same_pixel_spacing(a, b), expected, "{name}");
        }
    }
}
