//! How slices lie as tiles in one image, and how one is cut out.

/// How the tiles of an image lie in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mosaic {
    /// Tiles beside each other.
    pub across: usize,
    /// Slices; the tiles after them are empty.
    pub count: usize,
    /// Rows of a tile.
    pub rows: usize,
    /// Columns of a tile.
    pub columns: usize,
    /// Where the places of the tiles come from.
    pub places: TilePlaces,
}

/// Where the places of tiles come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TilePlaces {
    /// The header has a position of each.
    Stated,
    /// Counted from the position of the image, by the spacing of slices.
    Counted,
    /// Counted as well, with Slice Thickness as the spacing.
    CountedByThickness,
}

/// More slices than a mosaic has; its number of them comes from a private element.
pub(super) const MOST_TILES: usize = 4096;

impl Mosaic {
    /// That of `count` slices in an image of so many rows and columns, if they divide into tiles:
    /// as many below each other as beside each other.
    pub(super) fn square(count: usize, rows: usize, columns: usize) -> Option<Mosaic> {
        let across = side(count)?;
        Mosaic::new((across, across), count, [rows, columns], TilePlaces::Counted)
    }

    /// Likewise, but without rows of tiles that would all be empty.
    pub(super) fn full(count: usize, rows: usize, columns: usize) -> Option<Mosaic> {
        let across = side(count)?;
        let down = count.div_ceil(across);
        Mosaic::new((across, down), count, [rows, columns], TilePlaces::Stated)
    }

    fn new(
        (across, down): (usize, usize),
        count: usize,
        [rows, columns]: [usize; 2],
        places: TilePlaces,
    ) -> Option<Mosaic> {
        let is_whole = rows.is_multiple_of(down)
            && columns.is_multiple_of(across)
            && rows >= down
            && columns >= across;
        let (rows, columns) = (rows.checked_div(down)?, columns.checked_div(across)?);
        is_whole.then_some(Mosaic { across, count, rows, columns, places })
    }

    /// Copies a tile out of the image with `size` bytes a pixel, `whole`.
    pub(in crate::series) fn copy_tile(
        &self,
        whole: &[u8],
        index: usize,
        size: usize,
        tile: &mut [u8],
    ) {
        let row_length = self.columns * size;
        let (down, beside) = (index / self.across, index % self.across);
        let rows = whole.chunks_exact((row_length * self.across).max(1)).skip(down * self.rows);
        for (from, to) in rows.zip(tile.chunks_exact_mut(row_length.max(1))) {
            if let Some(run) = from.get(beside * row_length..(beside + 1) * row_length) {
                to.copy_from_slice(run);
            }
        }
    }
}

/// How many tiles lie beside each other where those of `count` slices make the smallest square.
fn side(count: usize) -> Option<usize> {
    (count <= MOST_TILES).then(|| (1..=count).find(|across| across * across >= count))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_a_square() {
        for (count, rows, expected) in [
            (1, 10, Some(1)),
            (4, 10, Some(2)),
            (5, 12, Some(3)),
            (36, 384, Some(6)),
            (5, 10, None),
            (0, 10, None),
        ] {
            assert_eq!(
                Mosaic::square(count, rows, rows).map(|mosaic| mosaic.across),
                expected,
                "{count} in {rows}"
            );
        }
    }

    #[test]
    fn grids_have_no_empty_rows() {
        for (count, size, expected) in [
            (20, (256, 320), Some((5, 64, 64))),
            (3, (4, 6), Some((2, 2, 3))),
            (2, (4, 6), Some((2, 4, 3))),
            (7, (9, 9), Some((3, 3, 3))),
            (6, (8, 9), Some((3, 4, 3))),
            (1, (8, 9), Some((1, 8, 9))),
            (6, (9, 9), None),
            (6, (8, 8), None),
            (6, (0, 9), None),
            (0, (8, 9), None),
            (MOST_TILES + 1, (8450, 8450), None),
        ] {
            let found = Mosaic::full(count, size.0, size.1);
            let found = found.map(|grid| (grid.across, grid.rows, grid.columns));
            assert_eq!(found, expected, "{count} in {size:?}");
        }
    }

    #[test]
    fn a_tile_is_cut_out() {
        let mosaic = Mosaic::square(3, 4, 6).unwrap();
        let whole: Vec<u8> = (0..48).collect();
        let mut tile = vec![0; 12];
        mosaic.copy_tile(&whole, 1, 2, &mut tile);
        assert_eq!(tile, [6, 7, 8, 9, 10, 11, 18, 19, 20, 21, 22, 23]);
        mosaic.copy_tile(&whole, 2, 2, &mut tile);
        assert_eq!(tile, [24, 25, 26, 27, 28, 29, 36, 37, 38, 39, 40, 41]);
    }

    #[test]
    fn tiles_divide_rows_and_columns() {
        let mosaic = |across, rows, columns| Mosaic {
            across,
            count: 3,
            rows,
            columns,
            places: TilePlaces::Counted,
        };
        for (rows, columns, expected) in [
            (4, 6, Some(mosaic(2, 2, 3))),
            (2, 2, Some(mosaic(2, 1, 1))),
            (3, 6, None),
            (4, 5, None),
            (0, 0, None),
        ] {
            assert_eq!(Mosaic::square(3, rows, columns), expected, "{rows} {columns}");
        }
    }
}
