//! Which voxels of a plane lie in closed outlines, by the even-odd rule: a voxel's centre decides.
//!
//! A centre on an outline, within [`ON_OUTLINE`], counts as inside, on whichever side of it: then
//! nothing changes when rows or columns are reversed, and outlines that were drawn through the
//! centres of the outermost voxels, as programs do that trace masks, give the same masks again.

use crate::error::Result;
use crate::geometry::Vector;
use crate::memory::resize;

/// How far, in voxels, a centre may be from an outline that it lies on: coordinates are written
/// with few decimals, and rounded ones must not decide.
const ON_OUTLINE: f64 = 1e-3;
/// The bit of a voxel that an odd number of outlines is around.
const INSIDE: u8 = 1;
/// The bit of a voxel whose centre an outline goes through.
const ON: u8 = 2;

/// Rows and columns, first and behind the last, that an outline may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Area {
    rows: [usize; 2],
    columns: [usize; 2],
}

impl Area {
    fn row_count(&self) -> usize {
        self.rows[1].saturating_sub(self.rows[0])
    }

    fn column_count(&self) -> usize {
        self.columns[1].saturating_sub(self.columns[0])
    }

    fn union(self, other: Area) -> Area {
        if self.row_count() == 0 || self.column_count() == 0 {
            return other;
        }
        let join = |[a, b]: [usize; 2], [c, d]: [usize; 2]| [a.min(c), b.max(d)];
        Area { rows: join(self.rows, other.rows), columns: join(self.columns, other.columns) }
    }
}

/// What was noticed of an outline while it was added to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// Whether it is seen to cross itself.
    pub(super) is_crossing_itself: bool,
    /// Voxels whose centres it is around an odd number of times.
    pub(super) inside_count: u64,
    /// Those of them that an odd number of the outlines before are around too.
    pub(super) shared_count: u64,
    /// The sums of their rows and of their columns: with their number they tell sets apart.
    pub(super) sums: [u64; 2],
}

impl Added {
    /// The same of several parts of an outline.
    pub(super) fn join(&mut self, other: Added) {
        self.is_crossing_itself |= other.is_crossing_itself;
        self.inside_count = self.inside_count.saturating_add(other.inside_count);
        self.shared_count = self.shared_count.saturating_add(other.shared_count);
        for (sum, other) in self.sums.iter_mut().zip(other.sums) {
            *sum = sum.saturating_add(other);
        }
    }
}

/// The outlines of one structure in one plane, as they are added.
#[derive(Debug, Default)]
pub(super) struct Plane {
    rows: usize,
    columns: usize,
    area: Area,
    /// Bits of each voxel of the plane.
    mask: Vec<u8>,
    /// What each crossing to the left of a voxel adds to its winding number; of one outline.
    turns: Vec<i32>,
}

/// A line from one point of an outline to the next: (row, column) of its ends, the upper one first.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: [f64; 2],
    to: [f64; 2],
    /// 1 for a line that goes down, -1 for one that goes up.
    turn: i32,
}

impl Edge {
    /// The upper end comes first, so that a line there and back gives the same crossings.
    fn new(a: [f64; 2], b: [f64; 2]) -> Edge {
        if a.first() <= b.first() {
            Edge { from: a, to: b, turn: 1 }
        } else {
            Edge { from: b, to: a, turn: -1 }
        }
    }

    /// The column where it crosses a row.
    fn column_at(&self, row: f64) -> f64 {
        let ([row_0, column_0], [row_1, column_1]) = (self.from, self.to);
        if row_1 <= row_0 {
            return column_0;
        }
        column_0 + (row - row_0) * ((column_1 - column_0) / (row_1 - row_0))
    }
}

impl Plane {
    /// Starts with an empty plane.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub(super) fn start(&mut self, rows: usize, columns: usize) -> Result<()> {
        if (rows, columns) == (self.rows, self.columns) {
            // Only what was drawn before: organs are small, and the plane is not.
            let [first, end] = self.area.columns;
            let rows = self.mask.chunks_exact_mut(columns.max(1));
            for row in rows.take(self.area.rows[1]).skip(self.area.rows[0]) {
                row.get_mut(first..end).unwrap_or_default().fill(0);
            }
            self.area = Area::default();
            return Ok(());
        }
        self.mask.clear();
        resize(&mut self.mask, rows.saturating_mul(columns))?;
        (self.rows, self.columns, self.area) = (rows, columns, Area::default());
        Ok(())
    }

    /// Adds a closed outline; `axes` says which coordinates of its points are row and column.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub(super) fn add(
        &mut self,
        outline: &[Vector],
        axes: [usize; 2],
        scale: Scale,
    ) -> Result<Added> {
        let area = self.reach(outline, axes, scale);
        let width = area.column_count();
        if width == 0 || area.row_count() == 0 {
            return Ok(Added::default());
        }
        self.turns.clear();
        // One more a row, for crossings behind its last column.
        resize(&mut self.turns, (width + 1).saturating_mul(area.row_count()))?;
        // Before anything is drawn, so that an error leaves nothing that nobody clears.
        self.area = self.area.union(area);
        for edge in edges(outline, axes, scale) {
            self.cross(&edge, area);
            if scale.are_outlines_inside {
                self.mark(&edge, area);
            }
        }
        Ok(self.wind(area, scale.first_row as usize))
    }

    /// Calls `each` with a row, its first column, and for each column from there on whether it is
    /// inside.
    pub(super) fn rows(&self, mut each: impl FnMut(usize, usize, &[u8])) {
        let [first, end] = self.area.columns;
        let rows = self.mask.chunks_exact(self.columns.max(1)).enumerate();
        let [first_row, end_row] = self.area.rows;
        for (row, mask) in rows.take(end_row).skip(first_row) {
            each(row, first, mask.get(first..end).unwrap_or_default());
        }
    }

    /// The voxels that an outline may reach.
    fn reach(&self, outline: &[Vector], axes: [usize; 2], scale: Scale) -> Area {
        let mut least = [f64::INFINITY; 2];
        let mut most = [f64::NEG_INFINITY; 2];
        for point in outline {
            for (axis, coordinate) in scale.of(*point, axes).into_iter().enumerate() {
                if let (Some(least), Some(most)) = (least.get_mut(axis), most.get_mut(axis)) {
                    *least = least.min(coordinate);
                    *most = most.max(coordinate);
                }
            }
        }
        let range = |axis: usize, count: usize| {
            let end = count as f64;
            let least = least.get(axis).map_or(0.0, |least| least - ON_OUTLINE);
            let most = most.get(axis).map_or(0.0, |most| most + ON_OUTLINE);
            let first = least.ceil().clamp(0.0, end);
            [first as usize, (most.floor() + 1.0).clamp(first, end) as usize]
        };
        Area { rows: range(0, self.rows), columns: range(1, self.columns) }
    }

    /// Notes where an edge crosses the rows of `area`.
    fn cross(&mut self, edge: &Edge, area: Area) {
        let [first, end] = rows_between(edge.from[0], edge.to[0], area);
        let (left, width) = (area.columns[0] as f64, area.column_count() as f64);
        for row in first..end {
            let column = edge.column_at(row as f64).ceil() - left;
            let start = (row - area.rows[0]) * (area.column_count() + 1);
            if let Some(turn) = self.turns.get_mut(start + column.clamp(0.0, width) as usize) {
                *turn = turn.saturating_add(edge.turn);
            }
        }
    }

    /// Marks the voxels of `area` whose centres lie on an edge.
    fn mark(&mut self, edge: &Edge, area: Area) {
        let ([top, from], [bottom, to]) = (edge.from, edge.to);
        let [first, end] = rows_between(top - ON_OUTLINE, bottom + ON_OUTLINE, area);
        for row in first..end.saturating_add(1).min(area.rows[1]) {
            let (above, below) = (row as f64 - ON_OUTLINE, row as f64 + ON_OUTLINE);
            let a = if above <= top { from } else { edge.column_at(above) };
            let b = if below >= bottom { to } else { edge.column_at(below) };
            let first = (a.min(b) - ON_OUTLINE).ceil().max(area.columns[0] as f64);
            let last = (a.max(b) + ON_OUTLINE).floor().min(area.columns[1] as f64 - 1.0);
            if above > bottom || below < top || first > last {
                continue;
            }
            let start = row * self.columns;
            let voxels = self.mask.get_mut(start + first as usize..=start + last as usize);
            voxels.into_iter().flatten().for_each(|voxel| *voxel |= ON);
        }
    }

    /// Turns over what is inside the outline whose crossings were noted. Its winding numbers are
    /// those of a simple one if they are 0 outside, and all 1 or all -1 inside.
    fn wind(&mut self, area: Area, first_row: usize) -> Added {
        let width = area.column_count();
        let (mut least, mut most) = (0, 0);
        let mut added = Added::default();
        let masks = self.mask.chunks_exact_mut(self.columns.max(1)).skip(area.rows[0]);
        for (row, (mask, turns)) in masks.zip(self.turns.chunks_exact(width + 1)).enumerate() {
            let mut winding = 0;
            let (mut inside, mut shared, mut columns) = (0_u64, 0_u64, 0_u64);
            let voxels = mask.get_mut(area.columns[0]..area.columns[1]).into_iter().flatten();
            for (column, (voxel, turn)) in voxels.zip(turns).enumerate() {
                winding += turn;
                (least, most) = (least.min(winding), most.max(winding));
                let is_inside = (winding & 1) as u8 * INSIDE;
                inside += u64::from(is_inside);
                shared += u64::from(is_inside & *voxel);
                columns += u64::from(is_inside) * column as u64;
                *voxel ^= is_inside;
            }
            let row = (first_row + area.rows[0] + row) as u64;
            added.inside_count += inside;
            added.shared_count += shared;
            added.sums[0] = added.sums[0].saturating_add(row.saturating_mul(inside));
            let left = inside.saturating_mul(area.columns[0] as u64);
            added.sums[1] = added.sums[1].saturating_add(columns.saturating_add(left));
        }
        added.is_crossing_itself = !((least == 0 && most <= 1) || (most == 0 && least >= -1));
        added
    }
}

/// The rows of `area` from `from` on to before `to`.
fn rows_between(from: f64, to: f64, area: Area) -> [usize; 2] {
    let [first, end] = area.rows.map(|row| row as f64);
    let start = from.ceil().clamp(first, end);
    [start as usize, to.ceil().clamp(start, end) as usize]
}

/// The edges of a closed outline.
fn edges(outline: &[Vector], axes: [usize; 2], scale: Scale) -> impl Iterator<Item = Edge> + '_ {
    let last = outline.last().map(|point| scale.of(*point, axes));
    outline.iter().scan(last, move |before, point| {
        let own = scale.of(*point, axes);
        let edge = Edge::new((*before)?, own);
        *before = Some(own);
        Some(edge)
    })
}

/// How the coordinates of an array become those of a plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// Voxels of the plane for one of the array, along rows and along columns.
    factor: f64,
    /// The row of the plane that is row 0.
    first_row: f64,
    are_outlines_inside: bool,
}

impl Scale {
    /// One voxel for one, and centres on an outline are inside.
    pub(super) const SAME: Scale = Scale { factor: 1.0, first_row: 0.0, are_outlines_inside: true };

    /// `count` times `count` voxels for one, from the array's row `row` on.
    pub(super) fn finer(count: usize, row: usize) -> Scale {
        let factor = count as f64;
        Scale { factor, first_row: row as f64 * factor, are_outlines_inside: false }
    }

    fn of(self, point: Vector, [row, column]: [usize; 2]) -> [f64; 2] {
        let along = |axis: usize| {
            let coordinate = point.get(axis).copied().unwrap_or_default();
            (coordinate + 0.5) * self.factor - 0.5
        };
        [along(row) - self.first_row, along(column)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: usize, columns: usize, outlines: &[&[[f64; 2]]]) -> (Vec<String>, Vec<bool>) {
        let mut plane = Plane::default();
        plane.start(rows, columns).unwrap();
        let simple = outlines
            .iter()
            .map(|outline| {
                let points: Vec<Vector> = outline.iter().map(|[v, u]| [7.0, *v, *u]).collect();
                !plane.add(&points, [1, 2], Scale::SAME).unwrap().is_crossing_itself
            })
            .collect();
        let mut picture = vec![vec!['.'; columns]; rows];
        plane.rows(|row, first, mask| {
            for (distance, voxel) in mask.iter().enumerate() {
                if *voxel != 0 {
                    picture[row][first + distance] = '#';
                }
            }
        });
        (picture.into_iter().map(|row| row.into_iter().collect()).collect(), simple)
    }

    const SQUARE: &[[f64; 2]] = &[[0.5, 0.5], [0.5, 3.5], [3.5, 3.5], [3.5, 0.5]];
    const HOLE: &[[f64; 2]] = &[[1.5, 1.5], [2.5, 1.5], [2.5, 2.5], [1.5, 2.5]];

    type Outline = [[f64; 2]];

    #[test]
    fn centres_inside_are_drawn() {
        #[rustfmt::skip]
        let keyhole: &Outline = &[
            [0.5, 0.5], [0.5, 3.5], [3.5, 3.5], [3.5, 0.5], [2.2, 0.5],
            [2.2, 1.5], [2.5, 1.5], [2.5, 2.5], [1.5, 2.5], [1.5, 1.5], [2.2, 1.5], [2.2, 0.5],
        ];
        let far: &Outline = &[[-1e12, -1e12], [-1e12, 1.5], [1e12, 1.5], [1e12, -1e12]];
        let corner: &Outline = &[[-0.5, -0.5], [-0.5, 0.5], [1.5, 0.5], [1.5, -0.5]];
        let centres: &Outline = &[[1.0, 1.0], [1.0, 3.0], [3.0, 3.0], [3.0, 1.0]];
        #[rustfmt::skip]
        let table: [(&str, &[&Outline], [&str; 5]); 8] = [
            ("a square", &[SQUARE], [".....", ".###.", ".###.", ".###.", "....."]),
            ("a hole", &[SQUARE, HOLE], [".....", ".###.", ".#.#.", ".###.", "....."]),
            ("the hole first", &[HOLE, SQUARE], [".....", ".###.", ".#.#.", ".###.", "....."]),
            ("a keyhole", &[keyhole], [".....", ".###.", ".#.#.", ".###.", "....."]),
            ("two pieces", &[corner, HOLE], ["#....", "#....", "..#..", ".....", "....."]),
            ("through centres", &[centres], [".....", ".###.", ".###.", ".###.", "....."]),
            ("a line of centres", &[&[[1.0, 1.0], [1.0, 3.0]]],
             [".....", ".###.", ".....", ".....", "....."]),
            ("beyond the plane", &[far], ["##...", "##...", "##...", "##...", "##..."]),
        ];
        for (name, outlines, expected) in table {
            let (picture, simple) = drawn(5, 5, outlines);
            assert_eq!(picture, expected, "{name}");
            assert!(simple.iter().all(|one| *one), "{name}");
        }
    }

    #[test]
    fn outlines_that_cross_themselves_are_noticed() {
        let bow: &Outline = &[[0.2, 0.2], [3.8, 3.8], [3.8, 0.2], [0.2, 3.8]];
        let twice = [SQUARE, SQUARE].concat();
        #[rustfmt::skip]
        let table: [(&str, &Outline, [&str; 5]); 2] = [
            ("a bow", bow, [".....", ".###.", "..#..", ".###.", "....."]),
            ("twice around", &twice, [".....", ".....", ".....", ".....", "....."]),
        ];
        for (name, outline, expected) in table {
            let (picture, simple) = drawn(5, 5, &[outline]);
            assert_eq!(picture, expected, "{name}");
            assert_eq!(simple, [false], "{name}");
        }
    }

    #[test]
    fn what_outlines_share_with_those_before_is_counted() {
        let beside: &Outline = &[[0.5, 2.5], [0.5, 4.5], [2.5, 4.5], [2.5, 2.5]];
        let around: &Outline = &[[-0.5, -0.5], [-0.5, 4.5], [4.5, 4.5], [4.5, -0.5]];
        #[rustfmt::skip]
        let table: [(&str, &Outline, [u64; 4]); 4] = [
            ("a hole", HOLE, [1, 1, 2, 2]),
            ("the same", SQUARE, [9, 9, 18, 18]),
            ("partly", beside, [4, 2, 6, 14]),
            ("around", around, [25, 9, 50, 50]),
        ];
        for (name, outline, expected) in table {
            let mut plane = Plane::default();
            plane.start(5, 5).unwrap();
            let added = [SQUARE, outline].map(|outline| {
                let points: Vec<Vector> = outline.iter().map(|[v, u]| [0.0, *v, *u]).collect();
                plane.add(&points, [1, 2], Scale::SAME).unwrap()
            });
            let [first, found] = added;
            assert_eq!((first.inside_count, first.shared_count, first.sums), (9, 0, [18, 18]));
            let [rows, columns] = found.sums;
            assert_eq!([found.inside_count, found.shared_count, rows, columns], expected, "{name}");
            let mut both = first;
            both.join(found);
            assert_eq!(both.inside_count, 9 + expected[0]);
            assert_eq!(both.sums, [18 + rows, 18 + columns]);
        }
    }

    #[test]
    fn a_plane_is_empty_when_it_starts_again() {
        let mut plane = Plane::default();
        let points: Vec<Vector> = SQUARE.iter().map(|[v, u]| [0.0, *v, *u]).collect();
        for (rows, columns) in [(5, 5), (5, 5), (4, 6), (4, 6)] {
            plane.start(rows, columns).unwrap();
            plane.rows(|_, _, mask| assert!(mask.is_empty()));
            assert!(plane.mask.iter().all(|voxel| *voxel == 0));
            plane.add(&points, [1, 2], Scale::SAME).unwrap();
            assert_eq!(plane.mask.iter().filter(|voxel| **voxel != 0).count(), 9);
        }
    }

    #[test]
    fn reversing_rows_or_columns_reverses_the_picture() {
        let outline: Vec<[f64; 2]> = (0..40)
            .map(|step| {
                let angle = f64::from(step) * std::f64::consts::TAU / 40.0;
                // Rounded, so that many points lie on centres.
                [(4.0 + 3.0 * angle.sin()).round(), (4.0 + 3.5 * angle.cos() * 2.0).round() / 2.0]
            })
            .collect();
        let (picture, _) = drawn(9, 9, &[&outline]);
        let turned: Vec<[f64; 2]> = outline.iter().map(|[v, u]| [8.0 - v, 8.0 - u]).collect();
        let (other, _) = drawn(9, 9, &[&turned]);
        let back: Vec<String> = other.iter().rev().map(|row| row.chars().rev().collect()).collect();
        assert_eq!(picture, back);
    }

    #[test]
    fn outlines_of_no_points_draw_nothing() {
        assert_eq!(drawn(1, 3, &[&[]]).0, ["..."]);
        assert_eq!(drawn(1, 3, &[&[[0.2, 1.2]]]).0, ["..."]);
        assert_eq!(drawn(0, 0, &[SQUARE]).0, Vec::<String>::new());
    }
}
