//! Pixels of one data set into arrays of NumPy's.

use std::sync::Arc;

use numpy::PyArray1;
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use rapidicom_core::pixel::{NativePixels, ValueField, is_encapsulated, read_frames, read_overlay_bits};
use rapidicom_core::{
    ByteOrder, Error, ErrorKind, FileBytes, ImageDescription, PixelElement, SharedBytes, Source, Tag, Vr,
    transfer_syntax,
};

use crate::array::fill;
use crate::current::{Current, set_bytes};
use crate::dataset::PyDataset;
use crate::error::to_python;

/// The pixels of a data set: what they are and where they lie.
#[pyclass(name = "PixelReader", module = "rapidicom._core", frozen)]
pub struct PyPixelReader {
    pixels: NativePixels,
    said_frame_count: u64,
    bytes: Arc<FileBytes>,
    mmap: String,
}

#[pymethods]
impl PyPixelReader {
    #[new]
    fn new(dataset: &Bound<'_, PyDataset>) -> PyResult<PyPixelReader> {
        let this = dataset.get();
        let class = dataset.get_type().name()?;
        if let Some(syntax) = encapsulated(dataset)? {
            return Err(to_python(ErrorKind::unsupported("compressed pixel data", &syntax).into()));
        }
        let in_file = |error: Error| match this.file().and_then(|file| file.file_source()) {
            Some(source) => to_python(error.in_file(&source.path)),
            None => to_python(error),
        };
        let mut found = None;
        for element in PixelElement::ALL {
            let Some((bytes, field)) = pixel_bytes(dataset, element.tag())? else { continue };
            if found.replace((element, bytes, field)).is_some() {
                let why = "the data set has more than one of Pixel Data, Float Pixel Data and Double Float Pixel Data";
                return Err(in_file(ErrorKind::InvalidImage { why: why.to_owned() }.into()));
            }
        }
        let Some((element, bytes, field)) = found else {
            let message = format!("'{class}' object has no attribute 'PixelData': it has no pixels to show");
            return Err(PyAttributeError::new_err(message));
        };
        let description = ImageDescription::new(&Current(dataset), element).map_err(in_file)?;
        let said_frame_count = description.frame_count;
        let mut pixels = NativePixels::new(description, field).map_err(in_file)?;
        pixels.description.frame_count = pixels.whole_frame_count();
        let mmap = this.mmap.get().cloned().unwrap_or_else(|| "never".to_owned());
        Ok(PyPixelReader { pixels, said_frame_count, bytes, mmap })
    }

    /// The lowest and the highest bit of a stored sample's value, counted from 0.
    #[getter]
    fn value_bits(&self) -> (u32, u32) {
        let description = &self.pixels.description;
        ((description.high_bit + 1).saturating_sub(description.bits_stored), description.high_bit)
    }

    /// Frames of the image by its Number of Frames.
    #[getter]
    fn said_frame_count(&self) -> u64 {
        self.said_frame_count
    }

    /// Frames of the image: as many as there are bytes for, where that is more than is said.
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
        let read = |out: &mut [u8]| read_frames(&self.pixels, &self.bytes, first, count, raw, out);
        fill(out, |out| py.detach(|| read(out)).map_err(to_python))
    }

    /// Fills `out`, a one-dimensional array of bytes, with one bit of each pixel of `count` frames from `first` on.
    fn read_overlay_bits(
        &self,
        py: Python<'_>,
        first: u64,
        count: u64,
        bit: u32,
        out: &Bound<'_, PyArray1<u8>>,
    ) -> PyResult<()> {
        let read = |out: &mut [u8]| read_overlay_bits(&self.pixels, &self.bytes, first, count, bit, out);
        fill(out, |out| py.detach(|| read(out)).map_err(to_python))
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

/// The bytes of an element that can have pixels, as it is now, and where among them its value is.
fn pixel_bytes(dataset: &Bound<'_, PyDataset>, tag: Tag) -> PyResult<Option<(Arc<FileBytes>, ValueField)>> {
    let this = dataset.get();
    if let Some((parsed, element)) = this.stored(dataset.py(), tag)? {
        return Ok(Some((Arc::clone(parsed.bytes()), ValueField::new(parsed, &element))));
    }
    let Some(value) = set_bytes(dataset, tag)? else { return Ok(None) };
    // The byte order stays that of the file, as what is read from the file and set again must mean the same.
    let order = this.parsed()?.map_or(ByteOrder::Little, |parsed| parsed.order());
    let vr: String = dataset.as_any().get_item(tag.0)?.getattr("VR")?.extract()?;
    let vr = vr.as_bytes().first_chunk().map_or(Vr::UN, |letters| Vr(*letters));
    let bytes: SharedBytes = Arc::new(value.extract::<PyBackedBytes>()?);
    let length = (*bytes).as_ref().len() as u64;
    let field = ValueField { offset: 0, length, vr, order };
    Ok(Some((Arc::new(FileBytes::new(Source::Memory(bytes), Vec::new())), field)))
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
