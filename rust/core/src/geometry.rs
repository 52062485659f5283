//! Planes and stacks of planes in patient space (PS3.3 §C.7.6.2.1.1): millimetres, +x left, +y
//! posterior, +z superior.

/// A place or a direction in patient space.
pub type Vector = [f64; 3];

/// Direction cosines are written with at least three decimals, so that lengths and angles are off
/// by no more than this. At 200 mm from the first pixel it moves a pixel by 0.2 mm.
pub const COSINE_TOLERANCE: f64 = 1e-3;

/// Decimals that are looked for: rounding to more of them is within any tolerance.
const MOST_DECIMALS: i32 = 3;
/// Numbers in binary are off by less than this.
const NOISE: f64 = 1e-9;
/// A number times a power of ten that is this near a whole one is that: binary numbers are not
/// exact.
const WHOLE: f64 = 1e-6;

/// By how much numbers that were rounded may be off: half a unit of the last decimal that one of
/// them has. Zero for whole numbers, which show no rounding, and for those with many decimals.
pub(crate) fn half_unit(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut most = 0;
    for value in values {
        let is_written_with = |decimals: &i32| {
            let scaled = value * 10_f64.powi(*decimals);
            (scaled - scaled.round()).abs() <= WHOLE
        };
        let Some(decimals) = (0..=MOST_DECIMALS).find(is_written_with) else { return 0.0 };
        most = most.max(decimals);
    }
    if most == 0 { 0.0 } else { 0.5 * 10_f64.powi(-most) }
}

/// Sum of products.
pub fn dot(a: Vector, b: Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The vector across `a` and `b`, right-handed.
pub fn cross([ax, ay, az]: Vector, [bx, by, bz]: Vector) -> Vector {
    [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
}

/// `a + factor * b`.
pub fn add_scaled([ax, ay, az]: Vector, factor: f64, [bx, by, bz]: Vector) -> Vector {
    [ax + factor * bx, ay + factor * by, az + factor * bz]
}

/// `a - b`.
pub fn subtract(a: Vector, b: Vector) -> Vector {
    add_scaled(a, -1.0, b)
}

/// `factor * a`.
pub fn scale(factor: f64, a: Vector) -> Vector {
    a.map(|value| factor * value)
}

/// Length.
pub fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// `a` with length 1, if it has a length.
fn unit(a: Vector) -> Option<Vector> {
    let length = norm(a);
    (length.is_finite() && length > 0.0).then(|| scale(1.0 / length, a))
}

/// Image Orientation (Patient), checked: two perpendicular unit vectors, and the normal across
/// them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orientation {
    along_row: Vector,
    along_column: Vector,
    normal: Vector,
    is_rounded: bool,
}

impl Orientation {
    /// From the six direction cosines: the way of increasing column index, then that of increasing
    /// row index.
    ///
    /// `None` if the vectors' lengths differ from 1, or the cosine of their angle from 0, by more
    /// than `tolerance`. Within it they are brought to length 1, so that pixels are as far apart as
    /// Pixel Spacing says.
    pub fn new([rx, ry, rz, cx, cy, cz]: [f64; 6], tolerance: f64) -> Option<Orientation> {
        let (row, column) = ([rx, ry, rz], [cx, cy, cz]);
        let is_unit = |a| (norm(a) - 1.0).abs() <= tolerance;
        // A comparison with NaN is false, so that such cosines are refused too.
        if !is_unit(row)
            || !is_unit(column)
            || dot(row, column).is_nan()
            || dot(row, column).abs() > tolerance
        {
            return None;
        }
        let (along_row, along_column) = (unit(row)?, unit(column)?);
        Orientation::along(along_row, along_column, false)
    }

    /// Like [`Orientation::new`], but vectors that are off because they were rounded to a few
    /// decimals are taken too: the perpendicular unit vectors that are nearest to them.
    pub fn of_written(cosines: [f64; 6], tolerance: f64) -> Option<Orientation> {
        Orientation::new(cosines, tolerance).or_else(|| Orientation::of_rounded(cosines))
    }

    fn of_rounded([rx, ry, rz, cx, cy, cz]: [f64; 6]) -> Option<Orientation> {
        let (row, column) = ([rx, ry, rz], [cx, cy, cz]);
        let (half_row, half_column) = (half_unit(row), half_unit(column));
        // Whether one of the vectors that are written so has length 1.
        let can_be_unit = |vector: Vector, half: f64| {
            let shortest = vector.map(|value| (value.abs() - half).max(0.0));
            let longest = vector.map(|value| value.abs() + half);
            norm(shortest) <= 1.0 + NOISE && norm(longest) >= 1.0 - NOISE
        };
        let sum = |vector: Vector| vector.iter().map(|value| value.abs()).sum::<f64>();
        let explained = half_row * sum(column) + half_column * sum(row) + NOISE;
        let is_explained = can_be_unit(row, half_row)
            && can_be_unit(column, half_column)
            && dot(row, column).abs() <= explained;
        if !is_explained {
            return None;
        }
        let (row, column) = (unit(row)?, unit(column)?);
        let across =
            |vector: Vector, from: Vector| unit(add_scaled(vector, -dot(vector, from), from));
        // The coarser of the two gives way; equals do so by the same angle.
        if half_row > half_column {
            return Orientation::along(across(row, column)?, column, true);
        }
        if half_row < half_column {
            return Orientation::along(row, across(column, row)?, true);
        }
        let between = unit(add_scaled(row, 1.0, column))?;
        let beside = unit(subtract(row, column))?;
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let row = scale(half, add_scaled(between, 1.0, beside));
        Orientation::along(row, scale(half, subtract(between, beside)), true)
    }

    /// `None` if the directions have no normal.
    fn along(along_row: Vector, along_column: Vector, is_rounded: bool) -> Option<Orientation> {
        let normal = unit(cross(along_row, along_column))?;
        Some(Orientation { along_row, along_column, normal, is_rounded })
    }

    /// Whether the cosines were rounded to fewer decimals than the tolerance takes.
    pub fn is_rounded(&self) -> bool {
        self.is_rounded
    }

    /// The way of increasing column index.
    pub fn along_row(&self) -> Vector {
        self.along_row
    }

    /// The way of increasing row index.
    pub fn along_column(&self) -> Vector {
        self.along_column
    }

    /// Row cross column; slices are ordered along it.
    pub fn normal(&self) -> Vector {
        self.normal
    }

    /// How far along the normal a position lies, in mm.
    pub fn along_normal(&self, position: Vector) -> f64 {
        dot(self.normal, position)
    }

    /// Whether no direction cosine differs by more than `tolerance`.
    pub fn is_near(&self, other: &Orientation, tolerance: f64) -> bool {
        let near = |a: Vector, b: Vector| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance);
        near(self.along_row, other.along_row) && near(self.along_column, other.along_column)
    }

    /// The cosine of the angle between the planes: 1 for parallel ones, 0 for perpendicular ones.
    pub fn plane_cosine(&self, other: &Orientation) -> f64 {
        dot(self.normal, other.normal).abs()
    }
}

/// Takes (slice, row, column, 1) of an array to patient millimetres.
///
/// The columns are those of PS3.3 equation C.7.6.2.1-1 in the array's order: the step from slice to
/// slice; the step from row to row, along the second direction of Image Orientation by the first
/// value of Pixel Spacing; the step from column to column, along the first direction by the second
/// value; and the first voxel's centre. The step from slice to slice is the one between the slices'
/// positions. It leans from the normal if the gantry is tilted, and the matrix carries the shear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine(pub [[f64; 4]; 4]);

impl Affine {
    /// The matrix of a stack. `pixel_spacing` is (between rows, between columns) in mm, as in the
    /// attribute.
    pub fn new(
        step: Vector,
        orientation: &Orientation,
        pixel_spacing: [f64; 2],
        origin: Vector,
    ) -> Affine {
        let [between_rows, between_columns] = pixel_spacing;
        let [sx, sy, sz] = step;
        let [rx, ry, rz] = scale(between_rows, orientation.along_column);
        let [cx, cy, cz] = scale(between_columns, orientation.along_row);
        let [ox, oy, oz] = origin;
        Affine([[sx, rx, cx, ox], [sy, ry, cy, oy], [sz, rz, cz, oz], [0.0, 0.0, 0.0, 1.0]])
    }

    /// The place of the voxel (slice, row, column).
    pub fn apply(&self, [slice, row, column]: [f64; 3]) -> Vector {
        let Affine([x, y, z, _]) = self;
        [x, y, z].map(|[s, r, c, o]| s * slice + r * row + c * column + o)
    }

    /// The steps of one along slice, row and column.
    pub fn steps(&self) -> [Vector; 3] {
        let Affine([[xs, xr, xc, _], [ys, yr, yc, _], [zs, zr, zc, _], _]) = *self;
        [[xs, ys, zs], [xr, yr, zr], [xc, yc, zc]]
    }

    /// The lengths of the steps (slice, row, column) in mm.
    ///
    /// That is what `direction * spacing` must be in NIfTI's and ITK's tools. In a tilted stack the
    /// slice's is longer than the distance of the planes; see [`Affine::plane_distance`].
    pub fn spacing(&self) -> [f64; 3] {
        self.steps().map(norm)
    }

    /// The distance of neighbouring planes along their normal, in mm.
    pub fn plane_distance(&self) -> f64 {
        let [slice, row, column] = self.steps();
        unit(cross(column, row)).map_or(0.0, |normal| dot(slice, normal).abs())
    }

    /// The steps with length 1, as the columns of a matrix; zero where a step is.
    pub fn direction(&self) -> [[f64; 3]; 3] {
        let [[sx, sy, sz], [rx, ry, rz], [cx, cy, cz]] =
            self.steps().map(|step| unit(step).unwrap_or_default());
        [[sx, rx, cx], [sy, ry, cy], [sz, rz, cz]]
    }

    /// The centre of the voxel (0, 0, 0).
    pub fn origin(&self) -> Vector {
        self.apply([0.0; 3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn normals_are_row_cross_column() {
        for (name, cosines, normal) in [
            ("axial", [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0]),
            ("sagittal", [0.0, 1.0, 0.0, 0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]),
            ("coronal", [1.0, 0.0, 0.0, 0.0, 0.0, -1.0], [0.0, 1.0, 0.0]),
            ("oblique", [0.8, 0.6, 0.0, 0.0, 0.0, 1.0], [0.6, -0.8, 0.0]),
        ] {
            let orientation = Orientation::new(cosines, COSINE_TOLERANCE).unwrap();
            assert!(close(&orientation.normal(), &normal), "{name}: {:?}", orientation.normal());
        }
    }

    #[test]
    fn what_is_no_pair_of_perpendicular_unit_vectors_is_refused() {
        for (name, cosines, is_taken) in [
            ("rounded to three decimals", [0.707, 0.707, 0.0, -0.707, 0.707, 0.0], true),
            ("zeros", [0.0; 6], false),
            ("too long", [1.01, 0.0, 0.0, 0.0, 1.0, 0.0], false),
            ("skew", [1.0, 0.0, 0.0, 0.01, 1.0, 0.0], false),
            ("parallel", [1.0, 0.0, 0.0, 1.0, 0.0, 0.0], false),
            ("not a number", [f64::NAN, 0.0, 0.0, 0.0, 1.0, 0.0], false),
            ("infinite", [f64::INFINITY, 0.0, 0.0, 0.0, 1.0, 0.0], false),
        ] {
            assert_eq!(Orientation::new(cosines, COSINE_TOLERANCE).is_some(), is_taken, "{name}");
        }
    }

    #[test]
    fn rounded_cosines_are_brought_to_perpendicular_unit_vectors() {
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let turned = |degrees: f64, decimals: i32| {
            let unit = 10_f64.powi(decimals);
            let (sin, cos) = degrees.to_radians().sin_cos();
            [cos, sin, 0.0, -sin, cos, 0.0].map(|value| (value * unit).round() / unit)
        };
        for (name, cosines, expected) in [
            ("two decimals", [0.71, 0.71, 0.0, -0.71, 0.71, 0.0], Some((half, half))),
            ("one decimal", [0.7, 0.7, 0.0, -0.7, 0.7, 0.0], Some((half, half))),
            ("one axis", [0.71, 0.71, 0.0, -half, half, 0.0], Some((half, half))),
            ("the other axis", [half, half, 0.0, -0.71, 0.71, 0.0], Some((half, half))),
            ("another angle", turned(20.0, 2), Some((0.94, 0.342))),
            ("a small one", turned(3.0, 2), Some((0.9986, 0.05))),
            ("too long", [1.01, 0.0, 0.0, 0.0, 1.0, 0.0], None),
            ("skew", [1.0, 0.0, 0.0, 0.01, 1.0, 0.0], None),
            ("skew and rounded", [0.71, 0.71, 0.0, -0.68, 0.73, 0.0], None),
            ("whole numbers", [1.0, 1.0, 0.0, -1.0, 1.0, 0.0], None),
            ("unrounded", [0.712_345, 0.71, 0.0, -0.71, 0.712_345, 0.0], None),
            ("parallel", [0.71, 0.71, 0.0, 0.71, 0.71, 0.0], None),
            ("not a number", [f64::NAN, 0.7, 0.0, -0.7, 0.7, 0.0], None),
            ("infinite", [f64::INFINITY, 0.7, 0.0, -0.7, 0.7, 0.0], None),
            ("zeros", [0.0; 6], None),
        ] {
            let found = Orientation::of_written(cosines, COSINE_TOLERANCE);
            assert_eq!(found.is_some(), expected.is_some(), "{name}");
            let (Some(found), Some((x, y))) = (found, expected) else { continue };
            assert!(dot(found.along_row(), found.along_column()).abs() < 1e-12, "{name}");
            let [a, b, _] = found.along_row();
            assert!((a - x).abs() < 3e-3 && (b - y).abs() < 3e-3, "{name}: {a} {b}");
            assert!(close(&[norm(found.along_row()), norm(found.along_column())], &[1.0; 2]));
            assert!(close(&found.normal(), &[0.0, 0.0, 1.0]), "{name}");
            let is_near = Orientation::new(cosines, COSINE_TOLERANCE).is_some();
            assert_eq!(found.is_rounded(), !is_near, "{name}");
        }
    }

    #[test]
    fn roundings_are_seen_by_their_decimals() {
        for (name, values, expected) in [
            ("whole", &[0.0, 4.0, -9.0][..], 0.0),
            ("one decimal", &[0.0, 0.7, 1.3, -250.5], 0.05),
            ("two", &[0.1, 0.25], 0.005),
            ("three", &[0.125, 4.0], 0.0005),
            ("many", &[0.1, 1.0 / 3.0], 0.0),
            ("none", &[], 0.0),
        ] {
            assert!((half_unit(values.iter().copied()) - expected).abs() < 1e-12, "{name}");
        }
    }

    #[test]
    fn an_affine_by_hand() {
        // Rows run to posterior, columns to inferior; rows lie 1.5 mm apart, columns 0.5 mm.
        let sagittal = Orientation::new([0.0, 1.0, 0.0, 0.0, 0.0, -1.0], COSINE_TOLERANCE).unwrap();
        let affine = Affine::new([-3.0, 0.0, 4.0], &sagittal, [1.5, 0.5], [10.0, 20.0, 30.0]);
        #[rustfmt::skip]
        assert_eq!(affine.0, [
            [-3.0,  0.0, 0.0, 10.0],
            [ 0.0,  0.0, 0.5, 20.0],
            [ 4.0, -1.5, 0.0, 30.0],
            [ 0.0,  0.0, 0.0,  1.0],
        ]);
        assert_eq!(affine.apply([2.0, 1.0, 4.0]), [4.0, 22.0, 36.5]);
        assert_eq!(affine.origin(), [10.0, 20.0, 30.0]);
        assert_eq!(affine.spacing(), [5.0, 1.5, 0.5]);
        assert!((affine.plane_distance() - 3.0).abs() < 1e-12, "the step leans from the normal");
        let [x, y, z] = affine.direction();
        assert!(
            close(&x, &[-0.6, 0.0, 0.0])
                && close(&y, &[0.0, 0.0, 1.0])
                && close(&z, &[0.8, -1.0, 0.0])
        );
    }
}
