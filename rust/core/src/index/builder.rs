//! Growing columns, a variant for each type of column. A row without values is a missing one.

use super::columns::Kind;

/// The rows of one column, as one thread finds them.
#[derive(Debug)]
pub(super) enum Rows {
    Int(Ragged<i64>),
    Float(Ragged<f64>),
    Text(RaggedText),
}

impl Rows {
    pub(crate) fn new(kind: Kind) -> Rows {
        match kind {
            Kind::Int => Rows::Int(Ragged::default()),
            Kind::Float => Rows::Float(Ragged::default()),
            Kind::Text => Rows::Text(RaggedText::default()),
        }
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

/// Rows of differing numbers of values, all in one list.
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

    pub(crate) fn row(&self, row: usize) -> &[T] {
        let start =
            row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(row).and_then(|end| self.values.get(start..*end)).unwrap_or_default()
    }

    fn end_row(&mut self, is_valid: bool) {
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

/// Rows of text, all in one string.
#[derive(Debug, Default)]
pub(super) struct RaggedText {
    text: String,
    ends: Vec<usize>,
}

impl RaggedText {
    /// The text, to add to its end.
    pub(crate) fn open(&mut self) -> &mut String {
        &mut self.text
    }

    pub(crate) fn row(&self, row: usize) -> &str {
        let start =
            row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(row).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
    }

    fn end_row(&mut self, is_valid: bool) {
        if !is_valid {
            self.text.truncate(self.ends.last().copied().unwrap_or(0));
        }
        self.ends.push(self.text.len());
    }

    fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
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

        let mut text = RaggedText::default();
        for (value, is_valid) in [("é", true), ("b", false), ("cd", true)] {
            text.open().push_str(value);
            text.end_row(is_valid);
        }
        assert_eq!([text.row(0), text.row(1), text.row(2), text.row(3)], ["é", "", "cd", ""]);
    }

    #[test]
    fn rows_have_the_type_of_their_column() {
        for kind in [Kind::Int, Kind::Float, Kind::Text] {
            let mut rows = Rows::new(kind);
            for is_valid in [true, false, true, true] {
                match &mut rows {
                    Rows::Int(rows) => rows.push(7),
                    Rows::Float(rows) => rows.push(7.0),
                    Rows::Text(rows) => rows.open().push('7'),
                }
                rows.end_row(is_valid);
            }
            rows.truncate(3);
            let (own, found) = match &rows {
                Rows::Int(rows) => (Kind::Int, [0, 1, 2, 3].map(|row| rows.row(row) == [7])),
                Rows::Float(rows) => (Kind::Float, [0, 1, 2, 3].map(|row| rows.row(row) == [7.0])),
                Rows::Text(rows) => (Kind::Text, [0, 1, 2, 3].map(|row| rows.row(row) == "7")),
            };
            assert_eq!((own, found), (kind, [true, false, true, false]));
        }
    }
}
