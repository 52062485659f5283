//! Pixels of one data set into arrays of NumPy's.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::PyArray1;
use pyo3::exceptions::PyAttributeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use rapidicom_core::codec::DecodeOptions;
use rapidicom_core::labels::SegmentationPixels;
use rapidicom_core::pixel::{
    EncapsulatedPixels, FrameOptions, ImagePixels, NativePixels, PixelValue, Remark, ValueField,
    read_frames, read_overlay_bits,
};
use rapidicom_core::{
    AlignedBuffer, ByteOrder, Dataset, Error, ErrorKind, FileBytes, Frames, ImageDescription,
    ImageFault, OpenBytes, PixelElement, Segment, SharedBytes, Source, Tag, Vr, Workers,
    transfer_syntax, watched,
};

use crate::array::{fill, from_kept, new_bytes};
use crate::current::{Current, set_bytes};
use crate::dataset::PyDataset;
use crate::error::to_python;
use crate::slot::Slot;
use crate::work::run;

/// The pixels of a data set: what they are and where they lie.
#[pyclass(name = "PixelReader", module = "rapidicom._core", frozen)]
pub struct PyPixelReader {
    /// As the data set describes them.
    described: ImagePixels,
    pixels: Pixels,
    bytes: Arc<FileBytes>,
    path: Option<PathBuf>,
    mmap: String,
    kept: Slot<PyAny>,
}

#[derive(Clone)]
enum Pixels {
    Native(NativePixels),
    Encapsulated(Box<EncapsulatedPixels>, Frames),
}

#[pymethods]
impl PyPixelReader {
    /// The pixels of a data set as it describes them now: the same object, with the frames that
    /// were found and what is kept there, as long as that does not change. The last frames of
    /// native pixels may be missing if the caller says so.
    #[staticmethod]
    #[pyo3(signature = (dataset, *, may_be_cut=false))]
    fn of(dataset: &Bound<'_, PyDataset>, may_be_cut: bool) -> PyResult<Py<PyPixelReader>> {
        let (py, this) = (dataset.py(), dataset.get());
        let class = dataset.get_type().name()?;
        let path =
            this.file().and_then(|file| file.file_source()).map(|source| source.path.clone());
        let in_file = |error: Error| to_python(in_file(error, &path));
        let mut found = None;
        for element in PixelElement::ALL {
            let Some(value) = FoundValue::new(dataset, element.tag())? else { continue };
            if found.replace((element, value)).is_some() {
                return Err(in_file(ImageFault::SeveralPixelElements.into()));
            }
        }
        let Some((element, value)) = found else {
            let message =
                format!("'{class}' object has no attribute 'PixelData': it has no pixels to show");
            return Err(PyAttributeError::new_err(message));
        };
        let uid = transfer_syntax_uid(dataset)?;
        let describe = || {
            let description = ImageDescription::new(&Current(dataset), element)?;
            let value = value.as_core(&uid);
            match may_be_cut {
                true => ImagePixels::allowing_missing_frames(description, &value),
                false => ImagePixels::new(description, &value),
            }
        };
        let described = watched(describe).map_err(in_file)?;
        if let Some(reader) = this.pixel_reader.get(py)
            && reader.get().described == described
            && reader.get().bytes.is_same(&value.bytes)
        {
            return Ok(reader);
        }
        let pixels = match described.clone() {
            ImagePixels::Native(mut pixels) => {
                pixels.description.frame_count = pixels.whole_frame_count();
                Pixels::Native(pixels)
            }
            ImagePixels::Encapsulated(mut pixels) => {
                let find = || pixels.frames(&OpenBytes::new(&value.bytes)?);
                let frames = py.detach(|| watched(find)).map_err(in_file)?;
                pixels.description.frame_count = frames.count().max(pixels.description.frame_count);
                Pixels::Encapsulated(pixels, frames)
            }
        };
        let mmap = this.mmap.get().cloned().unwrap_or_else(|| "never".to_owned());
        let kept = Slot::new(None);
        let reader =
            PyPixelReader { described, pixels, bytes: value.bytes, path: path.clone(), mmap, kept };
        let reader = Py::new(py, reader)?;
        this.pixel_reader.put(reader.clone_ref(py));
        Ok(reader)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.kept.traverse(&visit)
    }

    fn __clear__(&self) {
        self.kept.clear();
    }

    /// What somebody wants to find here again.
    #[getter]
    fn kept(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.kept.get(py)
    }

    #[setter]
    fn set_kept(&self, kept: Py<PyAny>) {
        self.kept.put(kept);
    }

    /// The lowest and the highest bit of a stored sample's value, counted from 0.
    #[getter]
    fn value_bits(&self) -> (u32, u32) {
        let description = self.description();
        ((description.high_bit + 1).saturating_sub(description.bits_stored), description.high_bit)
    }

    /// Whether the pixels are in fragments.
    #[getter]
    fn is_encapsulated(&self) -> bool {
        matches!(self.pixels, Pixels::Encapsulated(..))
    }

    /// What was tolerated in finding the frames: sentences.
    #[getter]
    fn irregularities(&self) -> Vec<&'static str> {
        match &self.pixels {
            Pixels::Native(_) => Vec::new(),
            Pixels::Encapsulated(_, frames) => {
                frames.irregularities.iter().map(|found| found.sentence()).collect()
            }
        }
    }

    /// Bytes behind the last frame that are none of an image.
    #[getter]
    fn excess_length(&self) -> u64 {
        match &self.pixels {
            Pixels::Native(pixels) => pixels.excess_length(),
            Pixels::Encapsulated(..) => 0,
        }
    }

    /// Frames of the image by its Number of Frames.
    #[getter]
    fn said_frame_count(&self) -> u64 {
        self.described.description().frame_count
    }

    /// Frames of the image: as many as there are bytes for, where that is more than is said.
    #[getter]
    fn frame_count(&self) -> u64 {
        self.description().frame_count
    }

    /// `(rows, columns)`, with the number of samples behind it for colour, halved `reduce` times.
    fn frame_shape(&self, reduce: u32) -> Vec<usize> {
        self.description().reduced(reduce).frame_shape()
    }

    /// NumPy's name for the type of stored samples.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.description().sample_type().name()
    }

    /// The `mmap` argument that the data set was read with.
    #[getter]
    fn mmap(&self) -> &str {
        &self.mmap
    }

    /// Raises, before memory is asked for, if there are not such frames.
    fn check_frames(&self, first: u64, count: u64) -> PyResult<()> {
        let Pixels::Encapsulated(pixels, frames) = &self.pixels else { return Ok(()) };
        let checked = pixels.check_frames(frames, &(first..first.saturating_add(count)));
        checked.map_err(|error| to_python(in_file(error, &self.path)))
    }

    /// Fills `out`, a one-dimensional array of bytes, with `count` frames from `first` on. Returns
    /// sentences about its frames, each with whether it says that pixels are missing, which happens
    /// in a damaged file that was forced.
    #[pyo3(signature = (first, count, raw, reduce, workers, out))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the function that calls it")]
    fn read_into(
        &self,
        py: Python<'_>,
        first: u64,
        count: u64,
        raw: bool,
        reduce: u32,
        workers: Option<usize>,
        out: &Bound<'_, PyArray1<u8>>,
    ) -> PyResult<Vec<(bool, String)>> {
        let mut remarks = Vec::new();
        fill(out, |out| {
            let decode = DecodeOptions { reduce, area: None };
            let (pixels, frames) = match &self.pixels {
                Pixels::Native(pixels) => {
                    decode.check(transfer_syntax::Coding::Native).map_err(to_python)?;
                    let read = || read_frames(pixels, &self.bytes, first, count, raw, out);
                    return py.detach(|| watched(read)).map_err(to_python);
                }
                Pixels::Encapsulated(pixels, frames) => (pixels, frames),
            };
            let options = FrameOptions { wanted: None, is_raw: raw, decode };
            let workers = Workers::for_computing(workers);
            let range = first..first.saturating_add(count);
            let fetched = py.detach(|| fetched_frames(&self.bytes, frames, &range));
            let fetched = fetched.map_err(|error| to_python(in_file(error, &self.path)))?;
            let found = run(py, None, |tick| {
                let bytes = OpenBytes::new(fetched.as_ref().unwrap_or(&self.bytes))?;
                let decoded =
                    pixels.decode_frames(frames, range, &bytes, &options, out, workers, tick);
                bytes.unless_changed(decoded).map_err(|error| in_file(error, &self.path))
            })?;
            remarks = found
                .iter()
                .map(|remark| match remark {
                    Remark::Damaged(error) => (true, error.what()),
                    Remark::Odd(error) => (false, error.what()),
                })
                .collect();
            Ok(())
        })?;
        Ok(remarks)
    }

    /// The bytes of a frame as they are in the file: compressed ones of an encapsulated image.
    fn frame_bytes<'py>(&self, py: Python<'py>, index: u64) -> PyResult<Bound<'py, PyBytes>> {
        let to_python = |error| to_python(in_file(error, &self.path));
        match &self.pixels {
            Pixels::Native(pixels) => {
                let (offset, length) = pixels.frame_field(index).map_err(to_python)?;
                new_bytes(py, &self.bytes.get(offset, length).map_err(to_python)?)
            }
            Pixels::Encapsulated(_, frames) => {
                frames.check_whole(index).map_err(|error| to_python(error.in_frame(index)))?;
                let open = OpenBytes::new(&self.bytes).map_err(to_python)?;
                let mut buffer = AlignedBuffer::default();
                let found = open.unless_changed(frames.read(index, &open, &mut buffer));
                new_bytes(py, found.map_err(to_python)?)
            }
        }
    }

    /// The bytes of all frames as they are in the file, as a read-only array: not copied where they
    /// are one fragment that is in memory.
    fn stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let to_python = |error| to_python(in_file(error, &self.path));
        let fragments = self.fragments()?;
        if let [(offset, length)] = fragments[..] {
            return Ok(from_kept(py, &self.bytes, offset, length, to_python)?.into_any());
        }
        let stream = self.bytes.joined(&fragments).map_err(to_python)?;
        let array = PyArray1::from_vec(py, stream);
        array.call_method1("setflags", (false,))?;
        Ok(array.into_any())
    }

    /// Where in the file the bytes of all fragments are, `(offset, length)` of each.
    fn fragments(&self) -> PyResult<Vec<(u64, u64)>> {
        let Pixels::Encapsulated(pixels, frames) = &self.pixels else { return Ok(Vec::new()) };
        let seen;
        let frames = match frames.is_unseen() {
            false => frames,
            true => {
                let found = OpenBytes::new(&self.bytes).and_then(|it| pixels.seen_frames(&it));
                seen = found.map_err(|error| to_python(in_file(error, &self.path)))?;
                &seen
            }
        };
        let all = (0..frames.count()).flat_map(|index| frames.fragments(index));
        Ok(all.map(|fragment| (fragment.offset, fragment.length)).collect())
    }

    /// Fills `out`, a one-dimensional array of bytes, with one bit of each pixel of `count` frames
    /// from `first` on.
    fn read_overlay_bits(
        &self,
        py: Python<'_>,
        first: u64,
        count: u64,
        bit: u32,
        out: &Bound<'_, PyArray1<u8>>,
    ) -> PyResult<()> {
        let Pixels::Native(pixels) = &self.pixels else {
            return Err(to_python(
                ErrorKind::unsupported("an overlay in the bits of compressed pixels", "").into(),
            ));
        };
        let read = |out: &mut [u8]| read_overlay_bits(pixels, &self.bytes, first, count, bit, out);
        fill(out, |out| py.detach(|| watched(|| read(out))).map_err(to_python))
    }

    /// The same frames as a private map of the file, or `None` where their bytes are not the array
    /// as it is.
    fn map<'py>(
        &self,
        py: Python<'py>,
        first: u64,
        count: u64,
        raw: bool,
    ) -> PyResult<Option<Bound<'py, PyArray1<u8>>>> {
        let Pixels::Native(pixels) = &self.pixels else { return Ok(None) };
        let map = pixels.map(&self.bytes, first, count, raw).map_err(to_python)?;
        map.map(|map| crate::array::from_map(py, map)).transpose()
    }
}

impl PyPixelReader {
    /// The same pixels for the copy of a data set, with a copy of what is kept.
    ///
    /// # Errors
    ///
    /// Those of `duplicate`.
    pub fn copied<'py>(
        &self,
        py: Python<'py>,
        duplicate: &impl Fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Py<PyPixelReader>> {
        let kept = self.kept.get(py).map(|kept| duplicate(kept.bind(py))).transpose()?;
        let copy = PyPixelReader {
            described: self.described.clone(),
            pixels: self.pixels.clone(),
            bytes: Arc::clone(&self.bytes),
            path: self.path.clone(),
            mmap: self.mmap.clone(),
            kept: Slot::new(kept.map(Bound::unbind)),
        };
        Py::new(py, copy)
    }

    /// The pixels of a segmentation.
    pub(crate) fn segmentation(&self) -> SegmentationPixels<'_> {
        match &self.pixels {
            Pixels::Native(pixels) => SegmentationPixels::Native(pixels),
            Pixels::Encapsulated(pixels, frames) => {
                SegmentationPixels::Encapsulated(pixels, frames)
            }
        }
    }

    /// The bytes that they are read from.
    pub(crate) fn bytes(&self) -> &FileBytes {
        &self.bytes
    }

    /// Says in which file an error is.
    pub(crate) fn in_file(&self, error: Error) -> Error {
        in_file(error, &self.path)
    }

    fn description(&self) -> &ImageDescription {
        match &self.pixels {
            Pixels::Native(pixels) => &pixels.description,
            Pixels::Encapsulated(pixels, _) => &pixels.description,
        }
    }
}

/// Compressed frames that are fetched together: decoding asks for them one by one.
const MOST_FETCHED: u64 = 256 << 20;

/// The bytes of several frames if they are fetched, all at once; `None` if they are at hand, or too
/// many.
fn fetched_frames(
    bytes: &FileBytes,
    frames: &Frames,
    range: &std::ops::Range<u64>,
) -> rapidicom_core::Result<Option<FileBytes>> {
    let Source::Fetched(file) = bytes.source() else { return Ok(None) };
    let fragments = || range.clone().flat_map(|index| frames.fragments(index));
    let start = fragments().map(|fragment| fragment.offset).min().unwrap_or(0);
    let end = fragments().map(|fragment| fragment.offset + fragment.length).max().unwrap_or(0);
    let length = end.saturating_sub(start);
    if range.end.saturating_sub(range.start) < 2 || length > MOST_FETCHED {
        return Ok(None);
    }
    let found = bytes.get(start, length)?.into_owned().into_boxed_slice();
    let source = Source::Fetched(Arc::clone(file));
    Ok(Some(FileBytes::new(source, vec![Segment { offset: start, bytes: found }])))
}

fn in_file(error: Error, path: &Option<PathBuf>) -> Error {
    match path {
        Some(path) => error.in_file(path),
        None => error,
    }
}

/// The value of an element that can have pixels, as it is now.
struct FoundValue {
    bytes: Arc<FileBytes>,
    field: ValueField,
    is_undefined_length: bool,
    /// The data set that it was read from.
    dataset: Option<Arc<Dataset>>,
}

impl FoundValue {
    fn new(dataset: &Bound<'_, PyDataset>, tag: Tag) -> PyResult<Option<FoundValue>> {
        let this = dataset.get();
        if let Some((parsed, element)) = this.stored(dataset.py(), tag)? {
            return Ok(Some(FoundValue {
                bytes: Arc::clone(parsed.bytes()),
                field: ValueField::new(parsed, &element),
                is_undefined_length: element.is_undefined_length,
                dataset: Some(Arc::clone(parsed)),
            }));
        }
        let Some(value) = set_bytes(dataset, tag)? else { return Ok(None) };
        // The byte order stays that of the file, as what is read from the file and set again must
        // mean the same. What was made in memory has that of its Transfer Syntax.
        let order = match this.parsed()? {
            Some(parsed) => parsed.order(),
            None => transfer_syntax::find(&transfer_syntax_uid(dataset)?)
                .map_or(ByteOrder::Little, |syntax| syntax.order),
        };
        let vr: String = dataset.as_any().get_item(tag.0)?.getattr("VR")?.extract()?;
        let vr = vr.as_bytes().first_chunk().map_or(Vr::UN, |letters| Vr(*letters));
        let bytes: SharedBytes = Arc::new(value.extract::<PyBackedBytes>()?);
        let length = (*bytes).as_ref().len() as u64;
        let field = ValueField { offset: 0, length, vr, order };
        let bytes = Arc::new(FileBytes::new(Source::Memory(bytes), Vec::new()));
        Ok(Some(FoundValue { bytes, field, is_undefined_length: false, dataset: None }))
    }

    fn as_core<'a>(&'a self, transfer_syntax_uid: &'a str) -> PixelValue<'a> {
        let FoundValue { bytes, field, is_undefined_length, dataset } = self;
        PixelValue {
            bytes,
            field: *field,
            is_undefined_length: *is_undefined_length,
            transfer_syntax_uid,
            dataset: dataset.as_deref(),
        }
    }
}

/// The Transfer Syntax UID as it is now; empty if there is none.
fn transfer_syntax_uid(dataset: &Bound<'_, PyDataset>) -> PyResult<String> {
    let py = dataset.py();
    Ok(match dataset.get().touched_meta(py) {
        Some(meta) if meta.is_none(py) => String::new(),
        Some(meta) => meta
            .bind(py)
            .call_method1("get", ("TransferSyntaxUID", ""))?
            .extract()
            .unwrap_or_default(),
        None => match dataset.get().file() {
            Some(file) => file.transfer_syntax_uid(),
            // Of an item, that of its file.
            None => dataset
                .get()
                .parsed()?
                .map(|it| it.transfer_syntax_uid())
                .unwrap_or_default()
                .to_owned(),
        },
    })
}
