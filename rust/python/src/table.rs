//! The header table for Python: columns as NumPy arrays, as lists, and as an Arrow stream.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use arrow_array::ArrayRef;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_schema::ArrowError;
use numpy::{Element, PyArray1, PyArrayMethods};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList, PyString};
use rapidicom_core::index::{ColumnSpec, InvalidValue, OnError, Table, Wanted, scan as scan_files};
use rapidicom_core::{Cushion, Error, Tag, Workers, with_files};

use crate::arrow::{self, View};
use crate::arrow_stream::to_stream;
use crate::error::{reason, to_python};
use crate::given::PySources;
use crate::read::prefix_of_many;
use crate::work::{announce, run};

const PATH: &str = "path";

/// A header table. Its buffers are Arrow's, so that consumers share them.
#[pyclass(name = "Table", module = "rapidicom._core", frozen)]
pub struct PyTable {
    paths: Vec<PathBuf>,
    columns: Vec<(String, ArrayRef)>,
    errors: Vec<(PathBuf, String)>,
    /// Files of folders that are no DICOM files: how many, by what they are.
    skipped: BTreeMap<String, usize>,
    /// Paths that were named whose files may have others in them.
    may_hold: Vec<PathBuf>,
    invalid: Vec<(usize, usize)>,
}

/// A column as a caller names it.
#[derive(FromPyObject)]
pub(crate) enum Column {
    #[pyo3(annotation = "int")]
    Tag(u32),
    #[pyo3(annotation = "str")]
    Path(String),
}

/// The columns that are wanted.
///
/// # Errors
///
/// If one names no element, or one that has neither text nor numbers.
pub(crate) fn specs(columns: Vec<Column>) -> PyResult<Vec<ColumnSpec>> {
    let wanted = columns.into_iter().map(|column| match column {
        Column::Tag(tag) => Wanted::Tag(Tag(tag)),
        Column::Path(path) => Wanted::Path(path),
    });
    ColumnSpec::of_all(wanted).map_err(to_python)
}

/// Reads the headers of files and folders into a table. With `raise_first` the first file that
/// cannot be read raises.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what is wanted, and how")]
pub(crate) fn scan(
    py: Python<'_>,
    sources: PySources,
    columns: Vec<Column>,
    recursive: bool,
    force: bool,
    workers: Option<usize>,
    raise_first: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<PyTable> {
    sources.set_workers(workers);
    let _cushion = Cushion::if_there_is_room();
    let columns = specs(columns)?;
    let on_error = if raise_first { OnError::Stop } else { OnError::Collect };
    let workers = Workers::for_headers(workers);
    let bar = progress.as_ref().map(|progress| progress.clone_ref(py));
    let table = run(py, progress, |tick| {
        with_files(&sources.sources, recursive, workers.count(), tick, |files, tick| {
            announce(bar.as_ref(), files.files.len());
            scan_files(files, &columns, prefix_of_many(force), workers, on_error, tick)
        })
    })?;
    PyTable::new(table).map_err(wrong_shape)
}

/// What Arrow says of arrays that contradict each other: a mistake of ours, or a pickle that was
/// changed.
pub(crate) fn wrong_shape(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

impl PyTable {
    pub fn new(table: Table) -> Result<PyTable, ArrowError> {
        let columns = table
            .columns
            .into_iter()
            .map(|column| Ok((column.name, arrow::from_values(column.values)?)));
        let columns = columns.collect::<Result<_, ArrowError>>()?;
        let Table { paths, errors, skipped, may_hold, invalid, .. } = table;
        Ok(PyTable { may_hold, ..PyTable::from_parts(paths, columns, &errors, skipped, &invalid) })
    }

    /// A table of columns that are Arrow's already.
    pub fn from_parts(
        paths: Vec<PathBuf>,
        columns: Vec<(String, ArrayRef)>,
        errors: &[Error],
        skipped: BTreeMap<String, usize>,
        invalid: &[InvalidValue],
    ) -> PyTable {
        let place =
            |error: &Error| (error.path().map(PathBuf::from).unwrap_or_default(), reason(error));
        let errors = errors.iter().map(place).collect();
        // The table's first column is the path, which the core does not count.
        let invalid = invalid.iter().map(|entry| (entry.row, entry.column + 1)).collect();
        PyTable { paths, columns, errors, skipped, may_hold: Vec::new(), invalid }
    }

    /// The columns but for the paths.
    pub fn value_columns(&self) -> &[(String, ArrayRef)] {
        &self.columns
    }

    /// The values that do not fit, as the core counts columns.
    pub fn invalid_values(&self) -> impl Iterator<Item = InvalidValue> {
        self.invalid.iter().map(|(row, column)| InvalidValue { row: *row, column: column - 1 })
    }

    fn column(&self, name: &str) -> PyResult<View<'_>> {
        let column = self.columns.iter().find(|(own, _)| own == name);
        column
            .and_then(|(_, array)| View::of(array))
            .ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }
}

#[pymethods]
impl PyTable {
    fn __len__(&self) -> usize {
        self.paths.len()
    }

    #[getter]
    fn columns(&self) -> Vec<&str> {
        std::iter::once(PATH).chain(self.columns.iter().map(|(name, _)| name.as_str())).collect()
    }

    #[getter]
    fn errors(&self) -> Vec<(OsString, String)> {
        let _cushion = Cushion::for_list(self.errors.len());
        let errors = self.errors.iter();
        errors.map(|(path, reason)| (path.clone().into_os_string(), reason.clone())).collect()
    }

    #[getter]
    fn skipped(&self) -> BTreeMap<String, usize> {
        self.skipped.clone()
    }

    #[getter]
    fn may_hold(&self) -> Vec<&OsStr> {
        let _cushion = Cushion::for_list(self.may_hold.len());
        self.may_hold.iter().map(|path| path.as_os_str()).collect()
    }

    #[getter]
    fn invalid(&self) -> Vec<(usize, usize)> {
        let _cushion = Cushion::for_list(self.invalid.len());
        self.invalid.clone()
    }

    /// A column as a NumPy array.
    fn array<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let _cushion = Cushion::for_list(self.paths.len());
        if name == PATH {
            return objects(py, self.paths.iter().map(|path| path_string(py, path)));
        }
        match self.column(name)? {
            View::Int(values) if !values.has_gaps() => {
                numbers(py, values.all().to_vec(), values.width())
            }
            View::Int(values) => {
                numbers(py, values.filled(|value| value as f64, f64::NAN), values.width())
            }
            View::Float(values) => {
                numbers(py, values.filled(|value| value, f64::NAN), values.width())
            }
            View::Text(texts) => {
                let mut strings = Strings::new(py);
                objects(py, texts.iter().map(|text| Ok(strings.get(text))))
            }
        }
    }

    /// A column as a list: numbers, lists of numbers or strings, and None where there is none.
    fn values<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        if name == PATH {
            let paths: PyResult<Vec<_>> =
                self.paths.iter().map(|path| path_string(py, path)).collect();
            return PyList::new(py, paths?);
        }
        match self.column(name)? {
            View::Int(values) if values.width().is_none() => PyList::new(py, values.singles()),
            View::Int(values) => PyList::new(py, values.rows()),
            View::Float(values) if values.width().is_none() => PyList::new(py, values.singles()),
            View::Float(values) => PyList::new(py, values.rows()),
            View::Text(texts) => {
                let mut strings = Strings::new(py);
                PyList::new(py, texts.iter().map(|text| strings.get(text)).collect::<Vec<_>>())
            }
        }
    }

    /// All columns, as a capsule that holds an `ArrowArrayStream`.
    fn arrow_stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let batch = arrow::batch(PATH, &self.paths, &self.columns).map_err(wrong_shape)?;
        to_stream(py, batch)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, State<'py>)> {
        let (py, table) = (slf.py(), slf.get());
        let columns = table.columns.iter().map(|(name, array)| {
            let (kind, width) = match View::of(array) {
                Some(View::Int(values)) => ("int", values.width()),
                Some(View::Float(values)) => ("float", values.width()),
                _ => ("text", None),
            };
            Ok((name.clone(), kind.to_owned(), width, table.values(py, name)?))
        });
        let columns = columns.collect::<PyResult<_>>()?;
        // A `Path` would take the names of URLs for those of files: one slash for two.
        let errors = table.errors.iter().map(|(path, reason)| (path.into(), reason.clone()));
        let state = (
            table.paths.iter().map(OsString::from).collect(),
            columns,
            errors.collect(),
            table.skipped.clone(),
            table.invalid.clone(),
        );
        Ok((py.import("rapidicom._core")?.getattr("_rebuild_table")?, state))
    }
}

type State<'py> = (
    Vec<OsString>,
    Vec<(String, String, Option<usize>, Bound<'py, PyList>)>,
    Vec<(OsString, String)>,
    BTreeMap<String, usize>,
    Vec<(usize, usize)>,
);

/// A table from what `Table.__reduce__` gave.
#[pyfunction(name = "_rebuild_table")]
pub(crate) fn rebuild_table(
    paths: Vec<PathBuf>,
    columns: Vec<(String, String, Option<usize>, Bound<'_, PyList>)>,
    errors: Vec<(PathBuf, String)>,
    skipped: Skipped,
    invalid: Vec<(usize, usize)>,
) -> PyResult<PyTable> {
    let rebuilt = columns.into_iter().map(|(name, kind, width, values)| {
        let array = match (kind.as_str(), width) {
            ("int", None) => Ok(arrow::from_singles::<Int64Type>(values.extract()?)),
            ("int", Some(width)) => {
                arrow::from_rows::<Int64Type>(&values.extract::<Vec<_>>()?, width)
            }
            ("float", None) => Ok(arrow::from_singles::<Float64Type>(values.extract()?)),
            ("float", Some(width)) => {
                arrow::from_rows::<Float64Type>(&values.extract::<Vec<_>>()?, width)
            }
            _ => Ok(arrow::from_texts(&values.extract::<Vec<_>>()?)),
        };
        Ok((name, array.map_err(wrong_shape)?))
    });
    let columns = rebuilt.collect::<PyResult<_>>()?;
    let skipped = match skipped {
        Skipped::ByKind(skipped) => skipped,
        Skipped::Count(0) => BTreeMap::new(),
        Skipped::Count(count) => BTreeMap::from([("not a DICOM file".to_owned(), count)]),
    };
    Ok(PyTable { paths, columns, errors, skipped, may_hold: Vec::new(), invalid })
}

/// What a pickle says of skipped files; those of earlier versions have their number alone.
#[derive(FromPyObject)]
pub(crate) enum Skipped {
    #[pyo3(annotation = "dict")]
    ByKind(BTreeMap<String, usize>),
    #[pyo3(annotation = "int")]
    Count(usize),
}

/// Strings that were made already: most columns repeat a few.
struct Strings<'py, 's> {
    py: Python<'py>,
    made: HashMap<&'s str, Bound<'py, PyAny>>,
}

impl<'py, 's> Strings<'py, 's> {
    fn new(py: Python<'py>) -> Self {
        Strings { py, made: HashMap::new() }
    }

    fn get(&mut self, text: Option<&'s str>) -> Bound<'py, PyAny> {
        let py = self.py;
        match text {
            None => py.None().into_bound(py),
            Some(text) => {
                self.made.entry(text).or_insert_with(|| PyString::new(py, text).into_any()).clone()
            }
        }
    }
}

/// As `os.fsdecode` gives it, so that it opens the file again.
fn path_string<'py>(py: Python<'py>, path: &std::path::Path) -> PyResult<Bound<'py, PyAny>> {
    Ok(path.as_os_str().into_pyobject(py)?.into_any())
}

fn objects<'py>(
    py: Python<'py>,
    values: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
) -> PyResult<Bound<'py, PyAny>> {
    let values: PyResult<Vec<Py<PyAny>>> = values.map(|value| Ok(value?.unbind())).collect();
    Ok(PyArray1::from_vec(py, values?).into_any())
}

fn numbers<T: Element>(
    py: Python<'_>,
    values: Vec<T>,
    width: Option<usize>,
) -> PyResult<Bound<'_, PyAny>> {
    let count = values.len();
    let array = PyArray1::from_vec(py, values);
    Ok(match width {
        None => array.into_any(),
        Some(width) => array.reshape([count / width.max(1), width])?.into_any(),
    })
}
