//! Reading one file.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use rapidicom_core::value::CharacterSet;
use rapidicom_core::{
    ByteOrder, Dataset, DicomFile, Encoding, Error, ErrorKind, Leniencies, ParseOptions, Prefix,
    ReadAt, Result, Rules, Sources, Stop, Tag, watched,
};

use crate::dataset::PyDataset;
use crate::error::to_python;
use crate::given::PySources;
use crate::warning::warn_of;

fn options(stop_before_pixels: bool, force: bool) -> ParseOptions {
    let prefix = if force { Prefix::Ignored } else { Prefix::Needed };
    let rules = Rules { leniencies: leniencies(force), ..Rules::default() };
    let stop = if stop_before_pixels { Stop::BeforePixels } else { Stop::AtEnd };
    ParseOptions { stop, prefix, rules }
}

/// Which files without a prefix are read among many.
pub(crate) fn prefix_of_many(force: bool) -> Prefix {
    if force { Prefix::OrElements } else { Prefix::Needed }
}

/// What is tolerated: with `force` also that the rest of a file, or of an item, is damaged.
pub(crate) fn leniencies(force: bool) -> Leniencies {
    if force { Leniencies::ALL } else { Leniencies::DEFAULT }
}

fn tags(numbers: Option<Vec<u32>>) -> Option<Vec<Tag>> {
    numbers.map(|numbers| numbers.into_iter().map(Tag).collect())
}

fn finish<'py>(
    py: Python<'py>,
    file: Result<DicomFile>,
    specific_tags: Option<Vec<Tag>>,
    charset: Option<Vec<String>>,
    mmap: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let mut file = file.map_err(to_python)?;
    // Of a path nobody asks where its reading stopped.
    let end = if mmap == "never" { end_of(&file) } else { None };
    warn_of(py, &file.dataset, charset.is_some())?;
    if let Some(terms) = charset {
        Arc::make_mut(&mut file.dataset).fix_character_set(characters(&terms)?);
    }
    if let Some(tags) = specific_tags {
        Arc::make_mut(&mut file.dataset).retain(&tags);
    }
    PyDataset::from_file(py, file, mmap, end)
}

/// Where the last element ends that was read; `None` of a deflated data set, whose bytes lie
/// elsewhere.
fn end_of(file: &DicomFile) -> Option<u64> {
    // The delimiter after a value of undefined length (PS3.5 §7.5).
    const DELIMITER_LENGTH: u64 = 8;
    if file.transfer_syntax.is_some_and(|syntax| syntax.is_deflated) {
        return None;
    }
    let all = file.meta.elements().iter().chain(file.dataset.elements());
    all.map(|element| {
        let delimiter = if element.is_undefined_length { DELIMITER_LENGTH } else { 0 };
        element.value_end().saturating_add(delimiter)
    })
    .max()
}

/// Reads the file at `path`.
#[pyfunction]
pub(crate) fn read_path<'py>(
    py: Python<'py>,
    path: PathBuf,
    stop_before_pixels: bool,
    specific_tags: Option<Vec<u32>>,
    charset: Option<Vec<String>>,
    force: bool,
    mmap: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let specific_tags = tags(specific_tags);
    let options = options(stop_before_pixels, force);
    let file = py.detach(|| {
        watched(|| DicomFile::open(&path, &options)).map_err(|error| error.in_file(&path))
    });
    finish(py, file, specific_tags, charset, mmap)
}

/// Reads the only one of `sources`, which is no path.
#[pyfunction]
pub(crate) fn read_item<'py>(
    py: Python<'py>,
    sources: PySources,
    stop_before_pixels: bool,
    specific_tags: Option<Vec<u32>>,
    charset: Option<Vec<String>>,
    force: bool,
    mmap: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let specific_tags = tags(specific_tags);
    let options = options(stop_before_pixels, force);
    let Sources { names, given } = sources.sources;
    let (path, given) = (names.into_iter().next().unwrap_or_default(), given.into_iter().next());
    let file = py.detach(|| {
        watched(|| DicomFile::open_given(&path, given.flatten().as_ref(), &options))
            .map_err(|error| error.in_file(&path))
    });
    finish(py, file, specific_tags, charset, mmap)
}

/// Reads a file that is in memory, which is not copied.
#[pyfunction]
pub(crate) fn read_bytes<'py>(
    py: Python<'py>,
    bytes: PyBackedBytes,
    stop_before_pixels: bool,
    specific_tags: Option<Vec<u32>>,
    charset: Option<Vec<String>>,
    force: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let specific_tags = tags(specific_tags);
    let options = options(stop_before_pixels, force);
    finish(py, DicomFile::from_memory(Arc::new(bytes), &options), specific_tags, charset, "never")
}

/// Reads a data set that stands alone in `bytes`, written as the caller says.
#[pyfunction]
pub(crate) fn read_elements<'py>(
    py: Python<'py>,
    bytes: PyBackedBytes,
    is_implicit: bool,
    is_little_endian: bool,
    stop_before_pixels: bool,
    charset: Option<Vec<String>>,
    force: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let order = if is_little_endian { ByteOrder::Little } else { ByteOrder::Big };
    let options = options(stop_before_pixels, force);
    let encoding = Encoding { order, is_implicit };
    let dataset = Dataset::from_memory(Arc::new(bytes), encoding, options.stop, &options.rules);
    let mut dataset = dataset.map_err(to_python)?;
    warn_of(py, &dataset, charset.is_some())?;
    if let Some(terms) = charset {
        dataset.fix_character_set(characters(&terms)?);
    }
    PyDataset::from_elements(py, dataset)
}

/// The text of bytes in the character set that these terms name.
#[pyfunction]
pub(crate) fn decode_text(bytes: &[u8], terms: Vec<String>) -> PyResult<String> {
    Ok(characters(&terms)?.decode(bytes).text.into_owned())
}

/// The character set that these terms name.
///
/// # Errors
///
/// If one is no defined term.
pub(crate) fn characters(terms: &[String]) -> PyResult<CharacterSet> {
    let unknown = || {
        PyValueError::new_err("charset is no defined term of (0008,0005) Specific Character Set")
    };
    CharacterSet::from_terms(terms).ok_or_else(unknown)
}

/// Reads through `read_at(offset, length) -> bytes`, no more than is wanted.
#[pyfunction]
pub(crate) fn read_stream<'py>(
    py: Python<'py>,
    read_at: Py<PyAny>,
    length: u64,
    stop_before_pixels: bool,
    specific_tags: Option<Vec<u32>>,
    charset: Option<Vec<String>>,
    force: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let specific_tags = tags(specific_tags);
    let options = options(stop_before_pixels, force);
    let stream = Stream { read_at, length, raised: std::sync::Mutex::new(None) };
    let file = DicomFile::from_reader(&stream, &options, specific_tags.as_deref());
    if let Some(raised) =
        stream.raised.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    {
        return Err(raised);
    }
    finish(py, file, specific_tags, charset, "never")
}

struct Stream {
    read_at: Py<PyAny>,
    length: u64,
    raised: std::sync::Mutex<Option<PyErr>>,
}

impl ReadAt for Stream {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        Python::attach(|py| {
            let mut read = || -> PyResult<usize> {
                let bytes =
                    self.read_at.bind(py).call1((offset, buffer.len()))?.cast_into::<PyBytes>()?;
                let bytes = bytes.as_bytes();
                let count = bytes.len().min(buffer.len());
                for (target, byte) in buffer.iter_mut().zip(bytes) {
                    *target = *byte;
                }
                Ok(count)
            };
            read().map_err(|error| {
                *self.raised.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                    Some(error);
                Error::from(ErrorKind::Cancelled)
            })
        })
    }
}
