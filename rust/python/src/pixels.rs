//! Pixels of one data set into arrays of NumPy's.

use std::sync::Arc;

use numpy::{PyArray1, PyArrayMethods, PyReadwriteArray1};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use rapidicom_core::pixel::{NativePixels, is_encapsulated, read_frames};
use rapidicom_core::{
    ByteOrder, Error, ErrorKind, FileBytes, ImageDescription, SharedBytes, Source, Tag, transfer_syntax,
};

use crate::current::{Current, set_bytes};
use crate::dataset::PyDataset;
use crate::error::to_python;

/// The pixels of a data set: what they are and where they lie.
#[pyclass(name = "PixelReader", module = "rapidicom._core", frozen)]
pub struct PyPixelReader {
    pixels: NativePixels,
    bytes: Arc<FileBytes>,
    mmap: String,
}

#[pymethods]
impl PyPixelReader {
    #[new]
    fn new(dataset: &Bound<'_, PyDataset>) -> PyResult<PyPixelReader> {
        let py = dataset.py();
        let this = dataset.get();
        let class = dataset.get_type().name()?;
        if let Some(syntax) = encapsulated(dataset)? {
            return Err(to_python(ErrorKind::unsupported("compressed pixel data", &syntax).into()));
        }
        for (tag, name) in
            [(Tag::FLOAT_PIXEL_DATA, "Float Pixel Data"), (Tag::DOUBLE_FLOAT_PIXEL_DATA, "Double Float Pixel Data")]
        {
            if this.stored(py, tag)?.is_some() {
                return Err(to_python(ErrorKind::Unsupported { what: name, coded: String::new() }.into()));
            }
        }
        let stored = this.stored(py, Tag::PIXEL_DATA)?;
        let in_file = |error: Error| match this.file().and_then(|file| file.file_source()) {
            Some(source) => to_python(error.in_file(&source.path)),
            None => to_python(error),
        };
        let (bytes, offset, length, order) = match stored {
            Some((parsed, element)) => {
                let bytes = Arc::clone(parsed.bytes());
                (bytes, element.value_offset, element.value_length, parsed.order())
            }
            None => {
                let Some(value) = set_bytes(dataset, Tag::PIXEL_DATA)? else {
                    let message = format!("'{class}' object has no attribute 'PixelData': it has no pixels to show");
                    return Err(PyAttributeError::new_err(message));
                };
                let bytes: SharedBytes = Arc::new(value.extract::<PyBackedBytes>()?);
                let length = (*bytes).as_ref().len() as u64;
                (Arc::new(FileBytes::new(Source::Memory(bytes), Vec::new())), 0, length, ByteOrder::Little)
            }
        };
        let description = ImageDescription::new(&Current(dataset)).map_err(in_file)?;
        let pixels = NativePixels::new(description, offset, length, order).map_err(in_file)?;
        let mmap = this.mmap.get().cloned().unwrap_or_else(|| "never".to_owned());
        Ok(PyPixelReader { pixels, bytes, mmap })
    }

    /// Frames of the image.
    #[getter]
    fn frame_count(&self) -> u64 {
        self.pixels.description.frame_count
    }

    /// Bytes of one frame.
    #[getter]
    fn frame_length(&self) -> usize {
        self.pixels.description.frame_length()
    }

    /// `(rows, columns)`, with the number of samples behind it for colour.
    #[getter]
    fn frame_shape(&self) -> Vec<usize> {
        self.pixels.description.frame_shape()
    }

    /// NumPy's name for the type of stored samples.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.pixels.description.sample_type().name()
    }

    /// The `mmap` argument that the data set was read with.
    #[getter]
    fn mmap(&self) -> &str {
        &self.mmap
    }

    /// Fills `out`, a one-dimensional array of bytes, with `count` frames from `first` on.
    fn read_into(
        &self,
        py: Python<'_>,
        first: u64,
        count: u64,
        raw: bool,
        out: &Bound<'_, PyArray1<u8>>,
    ) -> PyResult<()> {
        let mut out: PyReadwriteArray1<'_, u8> =
            out.try_readwrite().map_err(|error| PyTypeError::new_err(error.to_string()))?;
        let out = out.as_slice_mut().map_err(|error| PyTypeError::new_err(error.to_string()))?;
        py.detach(|| read_frames(&self.pixels, &self.bytes, first, count, raw, out)).map_err(to_python)
    }

    /// The same frames as a private map of the file, or `None` where their bytes are not the array as it is.
    fn map<'py>(
        &self,
        py: Python<'py>,
        first: u64,
        count: u64,
        raw: bool,
    ) -> PyResult<Option<Bound<'py, PyArray1<u8>>>> {
        let map = self.pixels.map(&self.bytes, first, count, raw).map_err(to_python)?;
        map.map(|map| crate::array::from_map(py, map)).transpose()
    }
}

/// The Transfer Syntax UID, if it says that pixels are compressed or they are.
fn encapsulated(dataset: &Bound<'_, PyDataset>) -> PyResult<Option<String>> {
    let py = dataset.py();
    let uid = match dataset.get().touched_meta(py) {
        Some(meta) if meta.is_none(py) => String::new(),
        Some(meta) => meta.bind(py).call_method1("get", ("TransferSyntaxUID", ""))?.extract().unwrap_or_default(),
        None => dataset.get().file().map(|file| file.transfer_syntax_uid()).unwrap_or_default(),
    };
    let stored = dataset.get().stored(py, Tag::PIXEL_DATA)?;
    Ok(is_encapsulated(transfer_syntax::find(&uid), stored.as_ref().map(|(_, element)| element)).then_some(uid))
}
