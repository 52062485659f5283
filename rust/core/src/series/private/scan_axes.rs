//! How the axes of a scan lie in the patient: frequency, phase and slice, along which some scanners
//! write gradient directions.
//!
//! How the axes lie in images of each plane comes from phantoms that the authors of dcm2niix
//! compared. It is not known for patients who lie otherwise than head first and supine.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::dataset::Dataset;
use crate::geometry::{Orientation, Vector, add_scaled, dot, scale};
use crate::image_description::Attributes;
use crate::series::header::exactly;
use crate::tag::Tag;

const IN_PLANE_PHASE_ENCODING_DIRECTION: Tag = Tag::new(0x0018, 0x1312);
const PATIENT_POSITION: Tag = Tag::new(0x0018, 0x5100);
const IMAGE_ORIENTATION_PATIENT: Tag = Tag::new(0x0020, 0x0037);

/// Where the axes of a scan point in the patient's coordinates.
pub(super) struct Axes {
    frequency: Vector,
    phase: Vector,
    slice: Vector,
}

impl Axes {
    /// `None` where it is not known.
    pub(super) fn of(dataset: &Dataset) -> Option<Axes> {
        let text = |tag| dataset.text(tag).map(|text| text.trim().to_owned());
        if text(PATIENT_POSITION)? != "HFS" {
            return None;
        }
        let plane = Orientation::new(exactly(dataset, IMAGE_ORIENTATION_PATIENT)?, 1e-3)?;
        let (row, column) = (plane.along_row(), plane.along_column());
        let [frequency, phase, slice] = PLANES.iter().find(|known| known.is_of(row, column))?.signs;
        let slice = scale(slice, plane.normal());
        match text(IN_PLANE_PHASE_ENCODING_DIRECTION)?.as_str() {
            "COL" => {
                Some(Axes { frequency: scale(frequency, row), phase: scale(phase, column), slice })
            }
            // A quarter turn.
            "ROW" => {
                Some(Axes { frequency: scale(-frequency, column), phase: scale(phase, row), slice })
            }
            _ => None,
        }
    }

    /// Turns parts along frequency, phase and slice direction into the patient's coordinates.
    pub(super) fn to_patient(&self, [frequency, phase, slice]: Vector) -> Vector {
        let in_plane = add_scaled(scale(frequency, self.frequency), phase, self.phase);
        // Zero has one sign, so that equal directions are.
        add_scaled(in_plane, slice, self.slice).map(|part| part + 0.0)
    }
}

/// How images of a plane lie, and the axes of the scan in them.
struct Plane {
    row: Vector,
    column: Vector,
    /// Of frequency along rows, phase along columns, and slices along their normal.
    signs: Vector,
}

const PLANES: [Plane; 3] = [
    Plane { row: [1.0, 0.0, 0.0], column: [0.0, 1.0, 0.0], signs: [-1.0, -1.0, 1.0] },
    Plane { row: [0.0, 1.0, 0.0], column: [0.0, 0.0, -1.0], signs: [1.0, 1.0, -1.0] },
    Plane { row: [1.0, 0.0, 0.0], column: [0.0, 0.0, -1.0], signs: [-1.0, 1.0, 1.0] },
];

impl Plane {
    /// Whether rows and columns are less than 45 degrees from where images of the plane have them.
    fn is_of(&self, row: Vector, column: Vector) -> bool {
        dot(self.row, row) > FRAC_1_SQRT_2 && dot(self.column, column) > FRAC_1_SQRT_2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_no_other() {
        for plane in &PLANES {
            assert_eq!(
                PLANES.iter().filter(|other| other.is_of(plane.row, plane.column)).count(),
                1
            );
            assert!(!PLANES.iter().any(|other| other.is_of(scale(-1.0, plane.row), plane.column)));
        }
    }

    #[test]
    fn directions_stay_unit_vectors_without_negative_zeros() {
        let axes =
            Axes { frequency: [-1.0, 0.0, 0.0], phase: [0.0, -1.0, 0.0], slice: [0.0, 0.0, 1.0] };
        let found = axes.to_patient([0.6, 0.0, 0.8]);
        assert_eq!(found, [-0.6, 0.0, 0.8]);
        assert!(found.iter().all(|part| part.is_sign_positive() || *part < 0.0));
    }

    #[test]
    fn images_of_a_plane_lie_less_than_45_degrees_from_it() {
        let turned = |degrees: f64| {
            let (sine, cosine) = degrees.to_radians().sin_cos();
            ([cosine, sine, 0.0], [-sine, cosine, 0.0])
        };
        for (degrees, expected) in [(0.0, true), (44.9, true), (45.1, false), (-45.1, false)] {
            let (row, column) = turned(degrees);
            assert_eq!(PLANES[0].is_of(row, column), expected, "{degrees}");
            assert!(!PLANES[0].is_of(row, scale(-1.0, column)), "{degrees}");
        }
        let edge = [FRAC_1_SQRT_2, FRAC_1_SQRT_2, 0.0];
        assert!(!PLANES[0].is_of(edge, [0.0, 1.0, 0.0]) && !PLANES[0].is_of([1.0, 0.0, 0.0], edge));
    }
}
