//! Contours in the coordinates of an array: (slice, row, column), whole numbers at the centres of
//! voxels.

use crate::error::{LabelFault, Result};
use crate::geometry::Vector;
use crate::memory::{push, reserve};

/// The last rows but one of an inverse affine: takes patient millimetres to (slice, row, column).
pub type ToIndex = [[f64; 4]; 3];

/// Contours in the coordinates of an array.
#[derive(Clone, Debug)]
pub struct PlacedContours {
    points: Vec<Vector>,
    /// Where each contour ends in `points`.
    ends: Vec<usize>,
    /// The least and the greatest coordinate of each contour along each axis; NaN without points.
    ranges: Vec<[[f64; 2]; 3]>,
}

impl PlacedContours {
    /// Places contours that follow each other in `points`, in millimetres; `counts` says how many
    /// points each has.
    ///
    /// # Errors
    ///
    /// If there are fewer points, or one comes to lie at no finite place.
    pub fn new(points: &[f64], counts: &[usize], to_index: &ToIndex) -> Result<PlacedContours> {
        let (all, _) = points.as_chunks::<3>();
        let mut placed =
            PlacedContours { points: Vec::new(), ends: Vec::new(), ranges: Vec::new() };
        reserve(&mut placed.points, all.len())?;
        reserve(&mut placed.ends, counts.len())?;
        reserve(&mut placed.ranges, counts.len())?;
        let mut rest = all;
        for count in counts {
            let (own, behind) = rest
                .split_at_checked(*count)
                .ok_or(LabelFault::ContourRoom { count: counts.len() })?;
            rest = behind;
            let mut range = [[f64::INFINITY, f64::NEG_INFINITY]; 3];
            for point in own {
                let place = to_index.map(|row| along(row, *point));
                for ([least, most], coordinate) in range.iter_mut().zip(place) {
                    *least = least.min(coordinate);
                    *most = most.max(coordinate);
                }
                if !place.iter().all(|coordinate| coordinate.is_finite()) {
                    let index = 3 * placed.points.len();
                    return Err(LabelFault::Coordinate { index }.into());
                }
                push(&mut placed.points, place)?;
            }
            placed.ends.push(placed.points.len());
            placed.ranges.push(if own.is_empty() { [[f64::NAN; 2]; 3] } else { range });
        }
        Ok(placed)
    }

    /// How many contours there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The least and the greatest coordinate of each contour along each axis; NaN without points.
    pub fn ranges(&self) -> &[[[f64; 2]; 3]] {
        &self.ranges
    }

    /// The points of a contour; none if there is no such contour.
    pub(super) fn contour(&self, index: usize) -> &[Vector] {
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let range = start.zip(self.ends.get(index).copied());
        range.and_then(|(start, end)| self.points.get(start..end)).unwrap_or_default()
    }
}

fn along([a, b, c, shift]: [f64; 4], [x, y, z]: Vector) -> f64 {
    a * x + b * y + c * z + shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_placed_and_measured() {
        #[rustfmt::skip]
        let to_index = [
            [0.0, 0.0, 0.5, -1.0],
            [0.0, 2.0, 0.0, 0.0],
            [1.0, 0.0, 0.0, 10.0],
        ];
        let points = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let placed = PlacedContours::new(&points, &[2, 0, 1], &to_index).unwrap();
        assert_eq!(placed.len(), 3);
        assert!(!placed.is_empty());
        assert_eq!(placed.contour(0), [[0.5, 4.0, 11.0], [2.0, 10.0, 14.0]]);
        assert!(placed.contour(1).is_empty());
        assert_eq!(placed.contour(2), [[3.5, 16.0, 17.0]]);
        assert!(placed.contour(3).is_empty());
        assert_eq!(placed.ranges()[0], [[0.5, 2.0], [4.0, 10.0], [11.0, 14.0]]);
        assert!(placed.ranges()[1][0][0].is_nan());
    }

    #[test]
    fn what_cannot_be_placed_is_an_error() {
        let to_index = [[1e300, 0.0, 0.0, 0.0]; 3];
        assert!(PlacedContours::new(&[1e300, 0.0, 0.0], &[1], &to_index).is_err(), "infinite");
        assert!(PlacedContours::new(&[0.0; 3], &[2], &to_index).is_err(), "too few");
    }
}
