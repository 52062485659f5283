//! Data sets across processes: the bytes that are kept, the element records, and what was changed.
//!
//! A data set of a file carries the file's path, size, times and inode instead of its pixels:
//! the other process reads them when they are asked for, and notices if they are gone or changed.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple, PyType};
use rapidicom_core::{
    Dataset, Deviation, Deviations, DicomFile, Element, FileSource, Leniency, Parts, Region,
    Segment, Tag, Vr,
};

use crate::as_read::is_list_as_read;
use crate::dataset::{Content, PyDataset};
use crate::element::as_element;
use crate::path_text::PickledPath;
use crate::read::leniencies;

type Source = Option<SourceState>;

/// Seconds and nanoseconds since 1970.
type Time = (i64, i64);

/// Path, offset, length and checksum of the part of a file that a file is; pickles of earlier
/// versions lack the last.
type RegionState = (PickledPath, u64, u64, Option<u32>);
type OldRegionState = (PickledPath, u64, u64);

/// A file as it was: path, size, times of modification and change, and inode; then of what file it
/// is a part, if it is one. Pickles of earlier versions have no more than a modification time.
#[derive(FromPyObject, IntoPyObject)]
pub(crate) enum SourceState {
    #[pyo3(annotation = "tuple")]
    Region((PickledPath, u64, Time, Option<Time>, Option<u64>, RegionState)),
    #[pyo3(annotation = "tuple")]
    OldRegion((PickledPath, u64, Time, Option<Time>, Option<u64>, OldRegionState)),
    #[pyo3(annotation = "tuple")]
    New((PickledPath, u64, Time, Option<Time>, Option<u64>)),
    #[pyo3(annotation = "tuple")]
    Old((PickledPath, u64, Time)),
}

/// Terms, and whether the caller has named them.
type Characters = (String, bool);
/// Names of deviations and their offsets, whether damage is one of those that are tolerated, and
/// how many sequences the data set lies in, and the Transfer Syntax of its file; pickles of earlier
/// versions lack the last two.
#[derive(FromPyObject, IntoPyObject)]
pub(crate) enum Tolerated {
    #[pyo3(annotation = "tuple")]
    New((Vec<(String, u64)>, bool, u32, String)),
    #[pyo3(annotation = "tuple")]
    Old((Vec<(String, u64)>, bool)),
}
/// A data set.
pub(crate) type State<'py> = (
    Source,
    Vec<(u64, Bound<'py, PyBytes>)>,
    Bound<'py, PyBytes>,
    (bool, bool),
    Characters,
    Option<u16>,
    Tolerated,
);
type FileState<'py> = (State<'py>, State<'py>, bool, Option<String>);

/// Tag, VR, two flags, offset, length.
const RECORD_LENGTH: usize = 4 + 2 + 2 + 8 + 8;

fn pack(elements: &[Element]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(elements.len() * RECORD_LENGTH);
    for element in elements {
        bytes.extend(element.tag.0.to_le_bytes());
        bytes.extend(element.vr.0);
        bytes.extend([u8::from(element.is_undefined_length), u8::from(element.is_cut_short)]);
        bytes.extend(element.value_offset.to_le_bytes());
        bytes.extend(element.value_length.to_le_bytes());
    }
    bytes
}

fn unpack(bytes: &[u8]) -> Vec<Element> {
    let (records, _) = bytes.as_chunks::<RECORD_LENGTH>();
    let element = |record: &[u8; RECORD_LENGTH]| {
        let [a, b, c, d, v, r, undefined, cut, rest @ ..] = record;
        let (offset, length) = rest.split_at(8);
        let number = |bytes: &[u8]| {
            bytes.iter().rev().fold(0u64, |number, byte| (number << 8) | u64::from(*byte))
        };
        Element {
            tag: Tag(u32::from_le_bytes([*a, *b, *c, *d])),
            vr: Vr([*v, *r]),
            is_undefined_length: *undefined != 0,
            is_cut_short: *cut != 0,
            value_offset: number(offset),
            value_length: number(length),
        }
    };
    records.iter().map(element).collect()
}

fn state<'py>(py: Python<'py>, dataset: &Dataset) -> State<'py> {
    let parts = dataset.to_parts();
    let source = parts.file.map(|file| {
        // The other process may have another working folder.
        let absolute = |path: PathBuf| PickledPath(std::path::absolute(&path).unwrap_or(path));
        let FileSource { path, length, modified, changed, file_id, region, .. } = file;
        match region {
            None => SourceState::New((absolute(path), length, modified, changed, file_id)),
            Some(region) => {
                let region = (absolute(region.container), region.offset, region.length, region.crc);
                let path = PickledPath(path);
                SourceState::Region((path, length, modified, changed, file_id, region))
            }
        }
    });
    let segments = parts
        .segments
        .into_iter()
        .map(|kept| (kept.offset, PyBytes::new(py, &kept.bytes)))
        .collect();
    let elements = PyBytes::new(py, &pack(&parts.elements));
    let encoding = (parts.is_implicit, parts.is_big_endian);
    let characters = (parts.character_set, parts.is_character_set_fixed);
    let deviations = parts.deviations.as_slice();
    let deviations =
        deviations.iter().map(|found| (found.leniency.name().to_owned(), found.offset)).collect();
    let is_forced = parts.leniencies.allow(Leniency::Damaged);
    let tolerated = Tolerated::New((deviations, is_forced, parts.depth, parts.transfer_syntax_uid));
    (source, segments, elements, encoding, characters, parts.pixel_representation, tolerated)
}

/// The state of a data set that has no more than this element, and what it is read with.
pub(crate) fn state_of_element<'py>(py: Python<'py>, dataset: &Dataset, tag: Tag) -> State<'py> {
    let mut alone = dataset.clone();
    let creator = tag.private_creator().unwrap_or(tag);
    alone.retain(&[tag, creator]);
    state(py, &alone)
}

/// A data set from its state.
pub(crate) fn from_state(state: State<'_>) -> Dataset {
    let (source, segments, elements, encoding, characters, pixel_representation, tolerated) = state;
    let (names, is_forced, depth, transfer_syntax_uid) = match tolerated {
        Tolerated::New(state) => state,
        Tolerated::Old((names, is_forced)) => (names, is_forced, 0, String::new()),
    };
    let ((is_implicit, is_big_endian), (character_set, is_character_set_fixed)) =
        (encoding, characters);
    let mut deviations = Deviations::default();
    for (name, offset) in names {
        if let Some(leniency) = Leniency::ALL.iter().find(|leniency| leniency.name() == name) {
            deviations.add(Deviation { leniency: *leniency, offset });
        }
    }
    let segment = |(offset, bytes): (u64, Bound<'_, PyBytes>)| Segment {
        offset,
        bytes: bytes.as_bytes().into(),
    };
    Dataset::from_parts(Parts {
        file: source.map(file_source),
        segments: segments.into_iter().map(segment).collect(),
        elements: unpack(elements.as_bytes()),
        is_implicit,
        is_big_endian,
        character_set,
        is_character_set_fixed,
        pixel_representation,
        leniencies: leniencies(is_forced),
        deviations,
        depth,
        transfer_syntax_uid,
    })
}

/// The file again. That of another machine may be on a file system of another number.
fn file_source(source: SourceState) -> FileSource {
    let mut region = None;
    let (PickledPath(path), length, modified, changed, file_id) = match source {
        SourceState::New(state) => state,
        SourceState::Old((path, length, modified)) => (path, length, modified, None, None),
        SourceState::Region((path, length, modified, changed, file_id, part)) => {
            let (PickledPath(container), offset, own_length, crc) = part;
            let state = None;
            region = Some(Box::new(Region { container, offset, length: own_length, crc, state }));
            (path, length, modified, changed, file_id)
        }
        SourceState::OldRegion((path, length, modified, changed, file_id, part)) => {
            let (container, offset, own_length) = part;
            let part = (container, offset, own_length, None);
            let state = (path, length, modified, changed, file_id, part);
            return file_source(SourceState::Region(state));
        }
    };
    FileSource { path, length, modified, changed, file_id, device: None, region }
}

/// What `pickle` calls: the class, what was read, and what was changed or may have been.
///
/// # Errors
///
/// If an item does not consist of elements.
pub(crate) fn reduce<'py>(slf: &Bound<'py, PyDataset>) -> PyResult<Bound<'py, PyTuple>> {
    let py = slf.py();
    let this = slf.get();
    let file = this.file().map(|file| -> FileState<'py> {
        let mmap = this.mmap.get().cloned();
        let mut meta = state(py, &file.meta);
        if let Ok(Some(preamble)) = file.preamble() {
            meta.1.push((0, PyBytes::new(py, &preamble)));
        }
        (state(py, &file.dataset), meta, file.has_preamble, mmap)
    });
    let read = match (&file, this.parsed()?) {
        (None, Some(dataset)) => Some(state(py, dataset)),
        _ => None,
    };
    let (changed, lists) = this.changes(py)?;
    let rebuild = py.import("rapidicom._core")?.getattr("_rebuild_dataset")?;
    let attributes = slf.as_any().getattr("__dict__")?.cast_into::<PyDict>()?.copy()?;
    // The file object that was read stays in this process.
    if attributes.contains("_buffer")? {
        attributes.del_item("_buffer")?;
    }
    let meta = this.touched_meta(py);
    let arguments = (slf.get_type(), file, read, changed, lists, meta, PyDict::new(py));
    // As the state they come after the object itself, to which they may refer.
    (rebuild, arguments, attributes).into_pyobject(py)
}

/// Elements by tag, `None` of those that were deleted; and lists of values by tag.
pub(crate) type Changes = (Vec<(u32, Option<Py<PyAny>>)>, Vec<(u32, Py<PyAny>)>);

impl PyDataset {
    /// What was changed, or may have been: elements, and values that were handed out without one.
    ///
    /// # Errors
    ///
    /// If an item does not consist of elements.
    pub(crate) fn changes(&self, py: Python<'_>) -> PyResult<Changes> {
        // Of the elements that were handed out most are as they were read, and read again where
        // they are asked for.
        let parsed = self.parsed()?.map(Arc::clone);
        let elements = self.memory.elements(py).into_iter();
        let changed = elements
            .filter(|(_, element)| {
                !element
                    .as_ref()
                    .is_some_and(|element| is_as_read(element.bind(py), parsed.as_ref()))
            })
            .map(|(tag, element)| (tag.0, element))
            .collect();
        // A list that was handed out may have been changed in place; plain values cannot be.
        let mut lists = Vec::new();
        for (tag, value) in self.kept_values(py) {
            let Ok(list) = value.bind(py).cast::<PyList>() else { continue };
            let stored = self.stored(py, tag)?;
            if !stored.is_some_and(|(dataset, element)| is_list_as_read(dataset, &element, list)) {
                lists.push((tag.0, value));
            }
        }
        Ok((changed, lists))
    }
}

fn is_as_read(object: &Bound<'_, PyAny>, parsed: Option<&Arc<Dataset>>) -> bool {
    let element = as_element(object).zip(parsed);
    element.is_some_and(|(element, parsed)| element.get().is_as_read(object.py(), parsed))
}

/// A data set from its pickled parts.
#[pyfunction]
#[pyo3(name = "_rebuild_dataset")]
pub(crate) fn rebuild_dataset<'py>(
    cls: &Bound<'py, PyType>,
    file: Option<FileState<'py>>,
    read: Option<State<'py>>,
    changed: Vec<(u32, Option<Py<PyAny>>)>,
    lists: Vec<(u32, Py<PyAny>)>,
    meta: Option<Py<PyAny>>,
    attributes: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    // Without the `__init__` that a class of a program may have.
    let object = cls.call_method1("__new__", (cls,))?;
    let Ok(native) = object.cast::<PyDataset>() else {
        return Err(PyValueError::new_err("not a Dataset class"));
    };
    let native = native.get();
    if let Some((dataset, meta, has_preamble, mmap)) = file {
        let file = DicomFile::new(has_preamble, from_state(meta), from_state(dataset));
        native.set_content(Content::File(Arc::new(file)));
        if let Some(mmap) = mmap {
            native.mmap.set(mmap).ok();
        }
    } else if let Some(read) = read {
        native.set_content(Content::Parsed(Arc::new(from_state(read))));
    }
    for (tag, element) in changed {
        native.set(Tag(tag), element);
    }
    for (tag, list) in lists {
        native.keep_value(object.py(), Tag(tag), list)?;
    }
    if let Some(meta) = meta {
        object.setattr("file_meta", meta)?;
    }
    object.getattr("__dict__")?.call_method1("update", (attributes,))?;
    Ok(object)
}
