//! What Python gives where files are meant: paths, and items with bytes of their own.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use pyo3::exceptions::{PyException, PyMemoryError, PyOSError, PyTypeError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList, PyString, PyType};
use rapidicom_core::{
    Cushion, Error, ErrorKind, Fetch, FetchFault, Fetched, FileRange, FileState, Given, Place,
    Region, Result, SharedBytes, Sources,
};

use crate::arrived::PyArrived;
use crate::classes::classes;

/// A list of paths, each a `str`, and of items, each what `Item.native` returns.
pub(crate) struct PySources {
    pub sources: Sources,
    fetcher: Arc<Fetcher>,
}

/// A part of a file: its path, offset, length and checksum, and what the file was: its size in
/// bytes, times of modification and change in nanoseconds, and inode.
type RegionParts = (PathBuf, u64, u64, Option<u32>, Option<StateParts>);
type StateParts = (u64, i64, i64, u64);

/// Name; bytes, if they are in memory; a part of a file, if it is one; whether the caller named it;
/// what fetches its bytes: the item itself, its length, whether it has a checksum, and what has
/// come of it by itself; and what tells it from what it is after a change.
type ItemParts<'py> = (
    PathBuf,
    Option<PyBackedBytes>,
    Option<RegionParts>,
    bool,
    Option<FetchParts<'py>>,
    Option<StateParts>,
);

type FetchParts<'py> = (Bound<'py, PyAny>, Option<u64>, bool, Option<Bound<'py, PyArrived>>);

impl<'py> FromPyObject<'_, 'py> for PySources {
    type Error = PyErr;

    fn extract(list: Borrowed<'_, 'py, PyAny>) -> PyResult<PySources> {
        let mut sources = Sources::default();
        let fetcher = Arc::new(Fetcher::default());
        let mut items = Vec::new();
        let count = list.len()?;
        let _cushion = Cushion::for_list(count);
        sources.names.reserve(count);
        for (number, object) in list.try_iter()?.enumerate() {
            let object = object?;
            if object.is_instance_of::<PyString>() {
                sources.names.push(object.extract()?);
                continue;
            }
            let (name, bytes, region, is_named, fetched, state): ItemParts<'py> =
                object.extract()?;
            let state = state.map(to_state);
            let has_sum = fetched.as_ref().is_some_and(|(_, _, has_sum, _)| *has_sum);
            let place = match (bytes, region, fetched) {
                (_, Some(region), _) => Place::Region(to_region(region)),
                (Some(bytes), None, _) => Place::Memory(Arc::new(bytes)),
                (None, None, Some((item, length, _, whole))) => {
                    let fetch: Arc<dyn Fetch> = Arc::clone(&fetcher) as Arc<dyn Fetch>;
                    items.push(item.unbind());
                    let number = items.len() - 1;
                    Place::Fetched(Arc::new(match whole {
                        Some(whole) => Fetched::arrived(fetch, number, whole.get().arrived()),
                        None => Fetched::new(fetch, number, length),
                    }))
                }
                (None, None, None) => return Err(PyTypeError::new_err("an item without bytes")),
            };
            sources.given.resize_with(number, || None);
            sources.given.push(Some(Given { place, number, is_named, state, has_sum }));
            sources.names.push(name);
        }
        fetcher.items.set(items).ok();
        Ok(PySources { sources, fetcher })
    }
}

impl PySources {
    /// Says how many requests may be under way.
    pub(crate) fn set_workers(&self, workers: Option<usize>) {
        self.fetcher.workers.set(workers).ok();
    }
}

fn to_region((container, offset, length, crc, state): RegionParts) -> Region {
    Region { container, offset, length, crc, state: state.map(to_state) }
}

fn to_state((length, modified_ns, changed_ns, file_id): StateParts) -> FileState {
    FileState { length, modified_ns, changed_ns, file_id }
}

/// The CRC-32 of bytes that follow others with the CRC-32 `start`.
#[pyfunction]
pub(crate) fn crc32(py: Python<'_>, data: PyBackedBytes, start: u32) -> u32 {
    py.detach(|| rapidicom_core::crc32(start, &data))
}

/// Fetches bytes of items by their stores, in Python.
#[derive(Default)]
struct Fetcher {
    items: OnceLock<Vec<Py<PyAny>>>,
    workers: OnceLock<Option<usize>>,
}

impl Fetch for Fetcher {
    fn fetch(&self, ranges: &[FileRange]) -> Result<Vec<Result<SharedBytes>>> {
        Python::attach(|py| self.call(py, ranges).map_err(|error| fault(py, error, true)))
    }

    fn may_run_ahead(&self, ranges: &[FileRange]) -> bool {
        let items = self.items.get().map(Vec::as_slice).unwrap_or_default();
        Python::attach(|py| {
            ranges.iter().all(|range| {
                let item = items.get(range.number).map(|item| item.bind(py));
                let found = item.and_then(|item| item.getattr("runs_ahead").ok());
                found.and_then(|found| found.extract().ok()).unwrap_or(false)
            })
        })
    }

    fn length(&self, number: usize) -> Option<u64> {
        let item = self.items.get()?.get(number)?;
        Python::attach(|py| item.getattr(py, "known_length").ok()?.extract(py).ok()?)
    }
}

impl Fetcher {
    fn call(&self, py: Python<'_>, ranges: &[FileRange]) -> PyResult<Vec<Result<SharedBytes>>> {
        let items = self.items.get().map(Vec::as_slice).unwrap_or_default();
        let Some(first) = items.first() else { return Ok(Vec::new()) };
        let wanted = PyList::empty(py);
        for range in ranges {
            wanted.append((items.get(range.number), range.bytes.start, range.bytes.end))?;
        }
        let workers = self.workers.get().copied().flatten();
        let found = first.bind(py).get_type().call_method1("fetch_many", (wanted, workers))?;
        let mut results = Vec::with_capacity(ranges.len());
        for one in found.try_iter()? {
            let one = one?;
            if one.is_instance_of::<PyBytes>() {
                results.push(Ok(Arc::new(one.extract::<PyBackedBytes>()?) as SharedBytes));
                continue;
            }
            let error = PyErr::from_value(one);
            if !error.is_instance_of::<PyException>(py) || error.is_instance_of::<PyMemoryError>(py)
            {
                return Err(error);
            }
            results.push(Err(fault(py, error, false)));
        }
        if results.len() != ranges.len() {
            return Err(PyTypeError::new_err("a store must return one result for each range"));
        }
        Ok(results)
    }
}

/// What a store raised, for the core.
fn fault(py: Python<'_>, error: PyErr, is_end: bool) -> Error {
    let is = |class: &Py<PyType>| error.is_instance(py, class.bind(py));
    let (is_invalid, is_limit) = classes(py).map_or((false, false), |own| {
        (is(&own.invalid_error) || is(&own.unsupported_error), is(&own.limit_error))
    });
    let is_ours = is_invalid || is_limit;
    let what = words(py, &error, is_ours);
    ErrorKind::Fetch(FetchFault { what, cause: Arc::new(error), is_invalid, is_end }).into()
}

/// Why something cannot be fetched, in words. Those of other classes than ours and `OSError`, in
/// which stores say what is wrong, may be content: only their class is named.
fn words(py: Python<'_>, error: &PyErr, is_ours: bool) -> String {
    let value = error.value(py);
    let is_os = error.is_instance_of::<PyOSError>(py);
    let own = value.getattr("strerror").ok().and_then(|text| text.extract::<String>().ok());
    let text = || value.str().ok()?.extract::<String>().ok();
    let found = own.filter(|_| is_os).or_else(|| text().filter(|_| is_os || is_ours));
    let Some(what) = found.filter(|text| !text.is_empty()) else {
        let name = error.get_type(py).name();
        return name.map(|name| name.to_string()).unwrap_or_default();
    };
    // Our own say in which file, which the core says as well.
    let place = value.getattr("path").ok().and_then(|path| path.extract::<String>().ok());
    let place = place.map(|path| path + ": ").unwrap_or_default();
    what.strip_prefix(&place).map(str::to_owned).unwrap_or(what)
}
