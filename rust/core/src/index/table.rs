//! The header table: typed columns, in buffers as Arrow has them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::builder::{Ragged, Rows, Stretch};
use super::columns::{ColumnSpec, Width};
use crate::error::Error;

/// A list column is as wide as its widest row, so that one row of thousands of values makes all
/// others as long. Rows that would make a column of more numbers than these (512 MB) are left out,
/// as values that do not fit.
const MOST_NUMBERS: usize = 1 << 26;

/// One row a DICOM file, and what became of the other files.
#[derive(Debug, Default)]
pub struct Table {
    /// The file of each row.
    pub paths: Vec<PathBuf>,
    /// The columns, in the order in which they were asked for.
    pub columns: Vec<Column>,
    /// Files and folders that could not be read, each with its path, in the order of the rows.
    pub errors: Vec<Error>,
    /// How many files of folders were no DICOM files, by what they are in words.
    pub skipped: BTreeMap<String, usize>,
    /// Paths that the caller has named whose files may have others in them: they are no DICOM
    /// files, or have directory records.
    pub may_hold: Vec<PathBuf>,
    /// Values that are there and missing in the table, because they do not fit the column.
    pub invalid: Vec<InvalidValue>,
}

impl Table {
    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Values> {
        self.columns.iter().find(|column| column.name == name).map(|column| &column.values)
    }
}

/// Where a value could not be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvalidValue {
    /// The row, from 0.
    pub row: usize,
    /// The column, from 0.
    pub column: usize,
}

/// One column.
#[derive(Debug)]
pub struct Column {
    /// Its name; see [`ColumnSpec::name`].
    pub name: String,
    /// Its values, one entry a row.
    pub values: Values,
}

/// The values of a column.
#[derive(Debug)]
pub enum Values {
    /// Whole numbers.
    Int(Numbers<i64>),
    /// Other numbers.
    Float(Numbers<f64>),
    /// Text.
    Text(Texts),
}

/// Numbers, the same count of them in each row.
#[derive(Debug)]
pub struct Numbers<T> {
    /// Numbers of a row; `None` for a column that is no list, which has one.
    pub width: Option<usize>,
    /// Rows x width, zero where there is none.
    pub values: Vec<T>,
    /// How many of its numbers each row has: all, none if it is missing, and of columns as wide as
    /// their widest row some.
    pub lengths: Vec<usize>,
}

impl<T> Numbers<T> {
    /// The numbers of a row; `None` if it is missing.
    pub fn get(&self, row: usize) -> Option<&[T]> {
        let length = self.lengths.get(row).copied().filter(|length| *length > 0)?;
        let start = row.checked_mul(self.width.unwrap_or(1))?;
        self.values.get(start..start.checked_add(length)?)
    }
}

/// Text.
#[derive(Debug)]
pub struct Texts {
    /// The text of all rows.
    pub text: String,
    /// Where each row's text starts, and at last where the text ends. A row without text is
    /// missing.
    pub offsets: Vec<i64>,
}

impl Texts {
    /// The text of a row; `None` if it is missing.
    pub fn get(&self, row: usize) -> Option<&str> {
        let offset = |index: usize| usize::try_from(*self.offsets.get(index)?).ok();
        self.text.get(offset(row)?..offset(row.checked_add(1)?)?).filter(|text| !text.is_empty())
    }
}

/// What one thread has collected.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The number of each row's file.
    pub files: Vec<usize>,
    pub columns: Vec<Rows>,
    /// Rows are counted in this chunk.
    pub invalid: Vec<InvalidValue>,
    pub errors: Vec<(usize, Error)>,
    /// The numbers of files that are not DICOM, and what they are in words.
    pub skipped: Vec<(usize, String)>,
    /// The numbers of files that may have others in them.
    pub may_hold: Vec<usize>,
}

impl Chunk {
    pub(crate) fn new(columns: &[ColumnSpec]) -> Chunk {
        let columns = columns.iter().map(|column| Rows::new(column.kind())).collect();
        Chunk {
            files: Vec::new(),
            columns,
            invalid: Vec::new(),
            errors: Vec::new(),
            skipped: Vec::new(),
            may_hold: Vec::new(),
        }
    }
}

/// Puts the rows of all `chunks` into the order of `files`.
pub(super) fn merge(files: Vec<PathBuf>, specs: &[ColumnSpec], mut chunks: Vec<Chunk>) -> Table {
    let mut places: Vec<Option<(usize, usize)>> = vec![None; files.len()];
    for (number, chunk) in chunks.iter().enumerate() {
        for (row, file) in chunk.files.iter().enumerate() {
            if let Some(place) = places.get_mut(*file) {
                *place = Some((number, row));
            }
        }
    }
    let mut holders: Vec<usize> = chunks.iter().flat_map(|chunk| chunk.may_hold.clone()).collect();
    holders.sort_unstable();
    let may_hold = holders.iter().filter_map(|file| files.get(*file).cloned()).collect();
    let mut table = Table { may_hold, ..Table::default() };
    let mut order = Vec::with_capacity(files.len());
    for (path, place) in files.into_iter().zip(places) {
        if let Some(place) = place {
            table.paths.push(path);
            order.push(place);
        }
    }
    let runs = runs_of(&order);
    for (index, spec) in specs.iter().enumerate() {
        // Gone when their column is done: of a million files all of them are gigabytes.
        let rows = chunks.iter_mut().filter_map(|chunk| chunk.columns.get_mut(index));
        let rows: Vec<Rows> = rows.map(Rows::take).collect();
        let sources: Vec<&Rows> = rows.iter().collect();
        let mut too_wide = Vec::new();
        let values = values_of(spec, &sources, &runs, &mut too_wide);
        table.columns.push(Column { name: spec.name().to_owned(), values });
        table.invalid.extend(too_wide.into_iter().map(|row| InvalidValue { row, column: index }));
    }
    add_invalid(&mut table.invalid, &chunks, &order);
    let mut errors = Vec::new();
    for chunk in chunks {
        errors.extend(chunk.errors);
        for (_, looks_like) in chunk.skipped {
            *table.skipped.entry(looks_like).or_default() += 1;
        }
    }
    errors.sort_by_key(|(file, _)| *file);
    table.errors = errors.into_iter().map(|(_, error)| error).collect();
    table
}

/// Restates the rows of each chunk's `invalid` as rows of the table.
fn add_invalid(invalid: &mut Vec<InvalidValue>, chunks: &[Chunk], order: &[(usize, usize)]) {
    if chunks.iter().any(|chunk| !chunk.invalid.is_empty()) {
        for (row, (number, row_in_chunk)) in order.iter().enumerate() {
            let own = chunks.get(*number).map_or(&[][..], |chunk| &chunk.invalid);
            // A chunk's entries are in the order of its rows.
            let first = own.partition_point(|entry| entry.row < *row_in_chunk);
            let entries = own.iter().skip(first).take_while(|entry| entry.row == *row_in_chunk);
            invalid.extend(entries.map(|entry| InvalidValue { row, ..*entry }));
        }
    }
    invalid.sort_unstable();
}

/// Rows of one chunk that follow each other in the table as well: a thread reads some files on end.
struct Run {
    chunk: usize,
    first: usize,
    count: usize,
}

fn runs_of(order: &[(usize, usize)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (chunk, row) in order {
        match runs.last_mut() {
            Some(run) if run.chunk == *chunk && run.first + run.count == *row => run.count += 1,
            _ => runs.push(Run { chunk: *chunk, first: *row, count: 1 }),
        }
    }
    runs
}

fn values_of(
    spec: &ColumnSpec,
    sources: &[&Rows],
    runs: &[Run],
    too_wide: &mut Vec<usize>,
) -> Values {
    match sources.first() {
        Some(Rows::Int(_)) => {
            let all = stretches(sources, runs, Rows::ints);
            Values::Int(numbers(&all, spec.width(), too_wide))
        }
        Some(Rows::Float(_)) => {
            let all = stretches(sources, runs, Rows::floats);
            Values::Float(numbers(&all, spec.width(), too_wide))
        }
        _ => Values::Text(texts(&stretches(sources, runs, Rows::texts))),
    }
}

fn stretches<'a, T>(
    sources: &[&'a Rows],
    runs: &[Run],
    of_type: fn(&Rows) -> Option<&Ragged<T>>,
) -> Vec<Stretch<'a, T>> {
    let stretch = |run: &Run| {
        let rows = of_type(sources.get(run.chunk).copied()?)?;
        Some(rows.stretch(run.first, run.count))
    };
    runs.iter().filter_map(stretch).collect()
}

fn numbers<T: Copy + Default>(
    stretches: &[Stretch<'_, T>],
    width: Width,
    too_wide: &mut Vec<usize>,
) -> Numbers<T> {
    let count: usize = stretches.iter().map(Stretch::row_count).sum();
    let own_width = width.count().unwrap_or_else(|| {
        let most = (MOST_NUMBERS / count.max(1)).max(1);
        let lengths = stretches.iter().flat_map(Stretch::rows).map(<[T]>::len);
        lengths.filter(|length| *length <= most).max().unwrap_or(0).max(1)
    });
    let mut values = Vec::with_capacity(count.saturating_mul(own_width));
    let mut lengths = Vec::with_capacity(count);
    for stretch in stretches {
        if stretch.is_even(own_width) {
            values.extend_from_slice(stretch.values);
            lengths.resize(lengths.len() + stretch.row_count(), own_width);
            continue;
        }
        for mut row in stretch.rows() {
            if row.len() > own_width {
                too_wide.push(lengths.len());
                row = &[];
            }
            values.extend_from_slice(row);
            values.extend(std::iter::repeat_n(T::default(), own_width - row.len()));
            lengths.push(row.len());
        }
    }
    Numbers { width: (width != Width::One).then_some(own_width), values, lengths }
}

fn texts(stretches: &[Stretch<'_, u8>]) -> Texts {
    let mut text = Vec::with_capacity(stretches.iter().map(|stretch| stretch.values.len()).sum());
    let count: usize = stretches.iter().map(Stretch::row_count).sum();
    let mut offsets = Vec::with_capacity(count + 1);
    offsets.push(0);
    for stretch in stretches {
        let before = text.len();
        text.extend_from_slice(stretch.values);
        offsets.extend(stretch.ends().map(|end| (before + end) as i64));
    }
    match String::from_utf8(text) {
        Ok(text) => Texts { text, offsets },
        // Nothing but characters was added: no row has a value rather than a wrong one.
        Err(_) => Texts { text: String::new(), offsets: vec![0; offsets.len()] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ragged<T: Copy>(all: &[&[T]]) -> Ragged<T> {
        let mut rows = Ragged::default();
        for row in all {
            row.iter().for_each(|value| rows.push(*value));
            rows.end_row(true);
        }
        rows
    }

    #[test]
    fn rows_of_several_threads_come_in_the_order_of_the_files() {
        let specs = ["WindowCenter", "SeriesNumber", "Modality"]
            .map(|name| ColumnSpec::parse(name).unwrap());
        let mut first = Chunk::new(&specs);
        let mut second = Chunk::new(&specs);
        let add = |chunk: &mut Chunk,
                   file: usize,
                   centers: &[f64],
                   number: Option<i64>,
                   modality: &str| {
            chunk.files.push(file);
            for rows in &mut chunk.columns {
                match rows {
                    Rows::Float(rows) => centers.iter().for_each(|center| rows.push(*center)),
                    Rows::Int(rows) => number.into_iter().for_each(|number| rows.push(number)),
                    Rows::Text(rows) => modality.bytes().for_each(|byte| rows.push(byte)),
                }
                rows.end_row(true);
            }
        };
        add(&mut second, 0, &[1.0], Some(5), "CT");
        add(&mut first, 1, &[2.0, 3.0], None, "");
        add(&mut second, 3, &[], Some(0), "MR");
        first.invalid.push(InvalidValue { row: 0, column: 1 });
        let files: Vec<PathBuf> = ["a", "b", "no DICOM", "d"].map(PathBuf::from).into();
        let table = merge(files, &specs, vec![first, second]);

        assert_eq!(table.paths, ["a", "b", "d"].map(PathBuf::from));
        assert_eq!(table.invalid, [InvalidValue { row: 1, column: 1 }]);
        let Some(Values::Float(centers)) = table.column("WindowCenter") else { panic!() };
        assert_eq!(
            (centers.width, &centers.values[..]),
            (Some(2), &[1.0, 0.0, 2.0, 3.0, 0.0, 0.0][..])
        );
        assert_eq!(
            [centers.get(0), centers.get(1), centers.get(2)],
            [Some(&[1.0][..]), Some(&[2.0, 3.0]), None]
        );
        let Some(Values::Int(numbers)) = table.column("SeriesNumber") else { panic!() };
        assert_eq!((numbers.width, &numbers.lengths[..]), (None, &[1, 0, 1][..]));
        assert_eq!(
            [numbers.get(0), numbers.get(1), numbers.get(2)],
            [Some(&[5][..]), None, Some(&[0])]
        );
        let Some(Values::Text(modalities)) = table.column("Modality") else { panic!() };
        assert_eq!(
            [modalities.get(0), modalities.get(1), modalities.get(2)],
            [Some("CT"), None, Some("MR")]
        );
    }

    #[test]
    fn one_row_does_not_make_all_others_too_wide() {
        let long = vec![1; 1000];
        let rows: Vec<&[i64]> =
            std::iter::once(&long[..]).chain(std::iter::repeat_n(&[2, 3][..], 99_999)).collect();
        let mut too_wide = Vec::new();
        let rows = ragged(&rows);
        let numbers = numbers(&[rows.stretch(0, 100_000)], Width::Widest, &mut too_wide);
        assert_eq!((numbers.width, too_wide), (Some(2), vec![0]));
        assert_eq!((numbers.get(0), numbers.get(1)), (None, Some(&[2, 3][..])));
    }

    #[test]
    fn a_table_has_columns_by_name() {
        let specs = [ColumnSpec::parse("Modality").unwrap()];
        let table = merge(Vec::new(), &specs, vec![Chunk::new(&specs)]);
        assert!(table.column("Modality").is_some() && table.column("Rows").is_none());
        assert!(table.paths.is_empty() && table.errors.is_empty());
    }

    #[test]
    fn errors_come_in_the_order_of_the_files_and_skipped_files_are_counted() {
        let error = |index: u64| Error::from(crate::ErrorKind::HeaderTooLong { limit: index });
        let mut first = Chunk::new(&[]);
        let mut second = Chunk::new(&[]);
        first.errors = vec![(2, error(2)), (0, error(0))];
        second.errors = vec![(1, error(1))];
        let skipped = |file, what: &str| (file, what.to_owned());
        first.skipped = vec![skipped(3, "text"), skipped(4, "zip")];
        second.skipped = vec![skipped(5, "text")];
        let table = merge(vec![PathBuf::from("a"); 6], &[], vec![first, second]);
        let order: Vec<u64> = table
            .errors
            .iter()
            .map(|error| match error.kind() {
                crate::ErrorKind::HeaderTooLong { limit } => *limit,
                _ => panic!("{error}"),
            })
            .collect();
        assert_eq!(order, [0, 1, 2]);
        let counts = [("text".to_owned(), 2), ("zip".to_owned(), 1)];
        assert_eq!(table.skipped, BTreeMap::from(counts));
    }

    #[test]
    fn numbers_are_as_wide_as_their_column() {
        for (name, rows, width, expected_width, values, lengths, too_wide) in [
            ("one", &[&[1][..], &[]][..], Width::One, None, &[1, 0][..], &[1, 0][..], &[][..]),
            ("fixed", &[&[1, 2], &[]], Width::Fixed(2), Some(2), &[1, 2, 0, 0], &[2, 0], &[]),
            (
                "too wide",
                &[&[1, 2, 3], &[4, 5]],
                Width::Fixed(2),
                Some(2),
                &[0, 0, 4, 5],
                &[0, 2],
                &[0],
            ),
            ("the widest", &[&[1], &[2, 3]], Width::Widest, Some(2), &[1, 0, 2, 3], &[1, 2], &[]),
            ("all missing", &[&[], &[]], Width::Widest, Some(1), &[0, 0], &[0, 0], &[]),
            ("no rows", &[], Width::Widest, Some(1), &[], &[], &[]),
        ] {
            let mut found = Vec::new();
            let all = ragged(rows);
            let numbers = numbers::<i64>(&[all.stretch(0, rows.len())], width, &mut found);
            assert_eq!((numbers.width, found.as_slice()), (expected_width, too_wide), "{name}");
            assert_eq!((numbers.values.as_slice(), numbers.lengths.as_slice()), (values, lengths));
            for (row, expected) in rows.iter().enumerate() {
                let is_kept = !expected.is_empty() && !too_wide.contains(&row);
                assert_eq!(numbers.get(row), is_kept.then_some(*expected), "{name} {row}");
            }
            assert_eq!(numbers.get(rows.len()), None, "{name}");
        }
    }

    #[test]
    fn texts_lie_one_after_the_other() {
        let rows = ragged(&["é".as_bytes(), b"", b"ab"]);
        let texts = texts(&[rows.stretch(0, 1), rows.stretch(1, 2)]);
        assert_eq!((texts.text.as_str(), texts.offsets.as_slice()), ("éab", &[0, 2, 2, 4][..]));
        let all = [0, 1, 2, 3].map(|row| texts.get(row));
        assert_eq!(all, [Some("é"), None, Some("ab"), None]);
        let negative = Texts { text: "a".to_owned(), offsets: vec![-1, 1] };
        assert_eq!(negative.get(0), None);
        let broken = super::texts(&[ragged(&[&[0xFF_u8][..], b"a"]).stretch(0, 2)]);
        assert_eq!((broken.get(0), broken.get(1)), (None, None));
    }

    #[test]
    fn values_that_do_not_fit_keep_their_file() {
        let specs = [ColumnSpec::parse("Rows").unwrap()];
        let chunk = |files: &[usize], invalid: &[usize]| {
            let mut chunk = Chunk::new(&specs);
            for file in files {
                chunk.files.push(*file);
                chunk.columns[0].end_row(true);
            }
            chunk.invalid =
                invalid.iter().map(|row| InvalidValue { row: *row, column: 0 }).collect();
            chunk
        };
        let chunks = vec![chunk(&[3, 0], &[0, 1]), chunk(&[1, 2], &[1])];
        let table = merge(["a", "b", "c", "d"].map(PathBuf::from).into(), &specs, chunks);
        let rows: Vec<usize> = table.invalid.iter().map(|entry| entry.row).collect();
        assert_eq!(rows, [0, 2, 3]);
    }
}
