//! Growing columns, a variant for each type of column. A row without values is a missing one.

use super::columns::Kind;

/// The rows of one column, as one thread finds them.
#[derive(Debug)]
pub(super) enum Rows {
    Int(Ragged<i64>),
    Float(Ragged<f64>),
    Text(Ragged<u8>),
}

impl Rows {
    pub(crate) fn new(kind: Kind) -> Rows {
        match kind {
            Kind::Int => Rows::Int(Ragged::default()),
            Kind::Float => Rows::Float(Ragged::default()),
            Kind::Text => Rows::Text(Ragged::default()),
        }
    }

    /// The rows; none are left.
    pub(crate) fn take(&mut self) -> Rows {
        match self {
            Rows::Int(rows) => Rows::Int(std::mem::take(rows)),
            Rows::Float(rows) => Rows::Float(std::mem::take(rows)),
            Rows::Text(rows) => Rows::Text(std::mem::take(rows)),
        }
    }

    pub(crate) fn ints(&self) -> Option<&Ragged<i64>> {
        if let Rows::Int(rows) = self { Some(rows) } else { None }
    }

    pub(crate) fn floats(&self) -> Option<&Ragged<f64>> {
        if let Rows::Float(rows) = self { Some(rows) } else { None }
    }

    pub(crate) fn texts(&self) -> Option<&Ragged<u8>> {
        if let Rows::Text(rows) = self { Some(rows) } else { None }
    }

    /// Ends a row: with the values added since the last one, or with none if they are not valid.
    pub(crate) fn end_row(&mut self, is_valid: bool) {
        match self {
            Rows::Int(rows) => rows.end_row(is_valid),
            Rows::Float(rows) => rows.end_row(is_valid),
            Rows::Text(rows) => rows.end_row(is_valid),
        }
    }

    /// Forgets the rows after the first `count`, and what was added to a row that has not ended.
    pub(crate) fn truncate(&mut self, count: usize) {
        match self {
            Rows::Int(rows) => rows.truncate(count),
            Rows::Float(rows) => rows.truncate(count),
            Rows::Text(rows) => rows.truncate(count),
        }
    }
}

/// Rows of differing numbers of values, all in one list. Text is one of bytes, in UTF-8: as a
/// string it is checked once, all together.
#[derive(Debug)]
pub(super) struct Ragged<T> {
    values: Vec<T>,
    ends: Vec<usize>,
}

impl<T> Default for Ragged<T> {
    fn default() -> Self {
        Ragged { values: Vec::new(), ends: Vec::new() }
    }
}

impl<T> Ragged<T> {
    pub(crate) fn push(&mut self, value: T) {
        self.values.push(value);
    }

    /// The values of the row that has not ended.
    pub(crate) fn open(&self) -> &[T] {
        self.values.get(self.ends.last().copied().unwrap_or(0)..).unwrap_or_default()
    }

    /// All values, to add some to the row that has not ended.
    pub(crate) fn end_of_values(&mut self) -> &mut Vec<T> {
        &mut self.values
    }

    /// The `count` rows from `row` on, as far as they are there.
    pub(crate) fn stretch(&self, row: usize, count: usize) -> Stretch<'_, T> {
        let before = row.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let first = before.unwrap_or(self.values.len());
        let ends = self.ends.get(row..).unwrap_or_default();
        let ends = ends.get(..count).unwrap_or(ends);
        let end = ends.last().copied().unwrap_or(first);
        Stretch { values: self.values.get(first..end).unwrap_or_default(), ends, first }
    }

    #[cfg(test)]
    pub(crate) fn row(&self, row: usize) -> &[T] {
        self.stretch(row, 1).values
    }

    pub(crate) fn end_row(&mut self, is_valid: bool) {
        if !is_valid {
            self.values.truncate(self.ends.last().copied().unwrap_or(0));
        }
        self.ends.push(self.values.len());
    }

    fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
        self.values.truncate(self.ends.last().copied().unwrap_or(0));
    }
}

/// Rows that follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch<'a, T> {
    /// The values of all of them.
    pub values: &'a [T],
    ends: &'a [usize],
    first: usize,
}

impl<'a, T> Stretch<'a, T> {
    pub(crate) fn row_count(&self) -> usize {
        self.ends.len()
    }

    /// Where each row ends in the values.
    pub(crate) fn ends(&self) -> impl Iterator<Item = usize> + use<'a, T> {
        let first = self.first;
        self.ends.iter().map(move |end| end - first)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &'a [T]> + use<'a, T> {
        let (values, mut start) = (self.values, 0);
        self.ends().map(move |end| {
            let row = values.get(start..end).unwrap_or_default();
            start = end;
            row
        })
    }

    /// Whether each row has `width` values.
    pub(crate) fn is_even(&self, width: usize) -> bool {
        self.ends().zip(1..).all(|(end, row): (usize, usize)| end == row.saturating_mul(width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_dropped_and_forgotten() {
        let mut rows = Ragged::default();
        for (values, is_valid) in [(&[1, 2][..], true), (&[3], false), (&[], true), (&[4], true)] {
            values.iter().for_each(|value| rows.push(*value));
            assert_eq!(rows.open(), values);
            rows.end_row(is_valid);
        }
        assert_eq!(
            [rows.row(0), rows.row(1), rows.row(2), rows.row(3), rows.row(4)],
            [&[1, 2][..], &[], &[], &[4], &[]]
        );
        rows.push(5);
        rows.truncate(1);
        assert_eq!((rows.row(0), rows.row(1), rows.open()), (&[1, 2][..], &[][..], &[][..]));

        let mut text = Ragged::default();
        for (value, is_valid) in [("é", true), ("b", false), ("cd", true)] {
            text.end_of_values().extend_from_slice(value.as_bytes());
            text.end_row(is_valid);
        }
        let rows = [0, 1, 2, 3].map(|row| std::str::from_utf8(text.row(row)).unwrap());
        assert_eq!(rows, ["é", "", "cd", ""]);
    }

    #[test]
    fn stretches_are_rows_that_follow_each_other() {
        let mut rows = Ragged::default();
        for values in [&[1, 2][..], &[3, 4], &[], &[5]] {
            values.iter().for_each(|value| rows.push(*value));
            rows.end_row(true);
        }
        type Row<'a> = ((usize, usize), &'a [&'a [i32]], bool);
        let table: [Row<'_>; 6] = [
            ((0, 2), &[&[1, 2], &[3, 4]], true),
            ((1, 2), &[&[3, 4], &[]], false),
            ((1, 9), &[&[3, 4], &[], &[5]], false),
            ((3, 1), &[&[5]], false),
            ((3, 0), &[], true),
            ((4, 1), &[], true),
        ];
        for ((row, count), expected, is_even) in table {
            let found = rows.stretch(row, count);
            assert_eq!(found.rows().collect::<Vec<_>>(), expected, "{row} {count}");
            assert_eq!((found.row_count(), found.is_even(2)), (expected.len(), is_even));
            assert_eq!(found.values, expected.concat());
        }
    }

    #[test]
    fn rows_have_the_type_of_their_column() {
        for kind in [Kind::Int, Kind::Float, Kind::Text] {
            let mut rows = Rows::new(kind);
            for is_valid in [true, false, true, true] {
                match &mut rows {
                    Rows::Int(rows) => rows.push(7),
                    Rows::Float(rows) => rows.push(7.0),
                    Rows::Text(rows) => rows.push(b'7'),
                }
                rows.end_row(is_valid);
            }
            rows.truncate(3);
            let (own, found) = match &rows {
                Rows::Int(rows) => (Kind::Int, [0, 1, 2, 3].map(|row| rows.row(row) == [7])),
                Rows::Float(rows) => (Kind::Float, [0, 1, 2, 3].map(|row| rows.row(row) == [7.0])),
                Rows::Text(rows) => (Kind::Text, [0, 1, 2, 3].map(|row| rows.row(row) == b"7")),
            };
            assert_eq!((own, found), (kind, [true, false, true, false]));
        }
    }
}
