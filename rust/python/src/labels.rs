//! What was drawn on images, as arrays of NumPy's.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use rapidicom_core::labels::{
    Between, Canvas, Contour, Contours, Drawing, FramePlace, Interpolation, Meaning, Noticed,
    PlacedContours, Resampling, SegmentationFrames, ToIndex, Voxels, draw,
    fill_between as fill_planes, place_frames as place, resample as resample_values,
    same_contours as find_same,
};
use rapidicom_core::{Dataset, SampleType, Tag, Tick, Workers, watched};

use crate::array::fill;
use crate::dataset::PyDataset;
use crate::error::to_python;
use crate::memory::Known;
use crate::pixels::PyPixelReader;
use crate::work::run;

const CONTOUR_SEQUENCE: Tag = Tag::new(0x3006, 0x0040);
const SHARED_FUNCTIONAL_GROUPS: Tag = Tag::new(0x5200, 0x9229);
const PER_FRAME_FUNCTIONAL_GROUPS: Tag = Tag::new(0x5200, 0x9230);

/// The contours of one item of ROI Contour Sequence.
#[pyclass(name = "Contours", module = "rapidicom._core", frozen)]
pub(crate) struct PyContours(Contours);

#[pymethods]
impl PyContours {
    /// How many points each has.
    #[getter]
    fn point_counts(&self) -> Vec<usize> {
        self.0.iter().map(|contour| contour.point_count).collect()
    }

    /// Number of Contour Points of each.
    #[getter]
    fn said_point_counts(&self) -> Vec<Option<i64>> {
        self.0.iter().map(|contour| contour.said_point_count).collect()
    }

    /// Contour Geometric Type of each; empty if it is absent.
    #[getter]
    fn geometric_types(&self) -> Vec<&str> {
        self.0.iter().map(|contour| contour.geometric_type.as_str()).collect()
    }

    /// Referenced SOP Instance UIDs of each.
    #[getter]
    fn images(&self) -> Vec<Vec<&str>> {
        fn images(contour: &Contour) -> Vec<&str> {
            contour.images.iter().map(AsRef::as_ref).collect()
        }
        self.0.iter().map(images).collect()
    }

    /// Fills `out`, a one-dimensional array of bytes, with the coordinates of all points.
    fn read_into(
        &self,
        py: Python<'_>,
        out: &Bound<'_, PyArray1<u8>>,
        workers: Option<usize>,
    ) -> PyResult<()> {
        let workers = Workers::for_computing(workers);
        fill(out, |out| run(py, None, |tick| self.0.read_into(out, workers, tick)))
    }
}

/// Whether somebody has looked at an element, and may have changed what is in it.
fn is_touched(object: &Bound<'_, PyDataset>, dataset: &Dataset, tag: Tag) -> bool {
    let known = object.get().memory.look(object.py(), tag, dataset.index(tag));
    !matches!(known, Known::Nothing)
}

fn voxels_of(name: &str) -> PyResult<Voxels> {
    match name {
        "label map 8" => Ok(Voxels::LabelMap8),
        "label map 16" => Ok(Voxels::LabelMap16),
        "masks" => Ok(Voxels::Masks),
        "fractions" => Ok(Voxels::Fractions),
        _ => Err(PyValueError::new_err("there are no such voxels")),
    }
}

/// The contours of an item of ROI Contour Sequence; `None` if somebody has looked at them, and may
/// have changed them.
#[pyfunction]
pub(crate) fn read_contours(roi: &Bound<'_, PyDataset>) -> PyResult<Option<PyContours>> {
    let (py, this) = (roi.py(), roi.get());
    let Some(dataset) = this.parsed()? else { return Ok(None) };
    if is_touched(roi, dataset, CONTOUR_SEQUENCE) {
        return Ok(None);
    }
    let found = py.detach(|| watched(|| Contours::find(dataset)));
    Ok(Some(PyContours(found.map_err(to_python)?)))
}

/// Contours in the coordinates of an array.
#[pyclass(name = "PlacedContours", module = "rapidicom._core", frozen)]
pub(crate) struct PyPlacedContours(PlacedContours);

#[pymethods]
impl PyPlacedContours {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// The least and the greatest coordinate of each along each axis; NaN without points.
    #[getter]
    fn ranges(&self) -> Vec<[[f64; 2]; 3]> {
        self.0.ranges().to_vec()
    }
}

/// Places contours that follow each other in `points`, in millimetres.
#[pyfunction]
pub(crate) fn place_contours(
    py: Python<'_>,
    points: PyReadonlyArray1<'_, f64>,
    counts: Vec<usize>,
    to_index: ToIndex,
) -> PyResult<PyPlacedContours> {
    let points = points.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?;
    let place = || PlacedContours::new(points, &counts, &to_index);
    let placed = py.detach(|| watched(place)).map_err(to_python)?;
    Ok(PyPlacedContours(placed))
}

/// Finds contours that are the same as one before them in their plane. `planes` are those of the
/// contours, and `axes` the coordinates of a plane.
#[pyfunction]
pub(crate) fn same_contours(
    contours: &Bound<'_, PyPlacedContours>,
    planes: Vec<Option<usize>>,
    axes: [usize; 2],
) -> PyResult<Vec<bool>> {
    let placed = contours.get();
    let find = || watched(|| find_same(&placed.0, &planes, axes));
    contours.py().detach(find).map_err(to_python)
}

/// A structure: its contours, the plane of each, and its value.
type Structure<'py> = (Bound<'py, PyPlacedContours>, Vec<Option<usize>>, u16);

/// Draws closed contours into `out`, a one-dimensional array of bytes that are zero: planes of
/// `shape`, whose axes are those of the contours that `axes` names. Returns how many voxels of a
/// label map several structures claim, and of each structure whether contours cross themselves, lie
/// partly in others, and cancel others, and whether there is a voxel in it.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what is drawn, where and how")]
pub(crate) fn draw_contours(
    py: Python<'_>,
    structures: Vec<Structure<'_>>,
    shape: [usize; 3],
    axes: [usize; 3],
    voxels: &str,
    out: &Bound<'_, PyArray1<u8>>,
    workers: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(u64, Vec<NoticedFlags>)> {
    let canvas = Canvas { shape, axes, voxels: voxels_of(voxels)? };
    let drawings: Vec<Drawing<'_>> = structures
        .iter()
        .map(|(contours, planes, value)| {
            let (contours, planes) = (&contours.get().0, planes.clone());
            Drawing { contours, planes, value: *value }
        })
        .collect();
    let workers = Workers::for_computing(workers);
    let mut found = (0, Vec::new());
    fill(out, |out| {
        let drawn = run(py, progress, |tick| draw(&drawings, &canvas, out, workers, tick))?;
        found = (drawn.overlap_count, drawn.structures.into_iter().map(flags).collect());
        Ok(())
    })?;
    Ok(found)
}

/// See [`draw_contours`].
type NoticedFlags = (bool, bool, bool, bool);

fn flags(noticed: Noticed) -> NoticedFlags {
    let Noticed { is_crossing_itself, is_overlapping, is_cancelling, has_voxels } = noticed;
    (is_crossing_itself, is_overlapping, is_cancelling, has_voxels)
}

/// What the frames of a segmentation are.
#[pyclass(name = "SegmentationFrames", module = "rapidicom._core", frozen)]
pub(crate) struct PySegmentationFrames(SegmentationFrames);

#[pymethods]
impl PySegmentationFrames {
    /// Items of Per-Frame Functional Groups, which may be more than frames.
    #[getter]
    fn item_count(&self) -> usize {
        self.0.item_count
    }

    /// Image Position (Patient) of each, one after the other.
    #[getter]
    fn positions<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.positions.as_flattened())
    }

    /// Image Orientation (Patient) of each, one after the other.
    #[getter]
    fn orientations<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.orientations.as_flattened())
    }

    /// Pixel Spacing of each, one after the other.
    #[getter]
    fn spacings<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.spacings.as_flattened())
    }

    /// Spacing Between Slices of each.
    #[getter]
    fn slice_spacings<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.0.slice_spacings)
    }

    /// Slice Thickness of each.
    #[getter]
    fn slice_thicknesses<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.0.slice_thicknesses)
    }

    /// Referenced Segment Number of each.
    #[getter]
    fn segment_numbers<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.0.segment_numbers)
    }

    /// Source images of each, by their numbers in `uids`.
    #[getter]
    fn images(&self) -> Vec<Vec<usize>> {
        self.0.images.clone()
    }

    /// SOP Instance UIDs of source images, each once.
    #[getter]
    fn uids(&self) -> Vec<&str> {
        self.0.uids.iter().map(AsRef::as_ref).collect()
    }
}

/// What the frames of a segmentation are; `None` if somebody has looked at its functional groups,
/// and may have changed them.
#[pyfunction]
pub(crate) fn read_segmentation_frames(
    segmentation: &Bound<'_, PyDataset>,
    frame_count: usize,
    workers: Option<usize>,
) -> PyResult<Option<PySegmentationFrames>> {
    let (py, this) = (segmentation.py(), segmentation.get());
    let Some(dataset) = this.parsed()? else { return Ok(None) };
    let groups = [SHARED_FUNCTIONAL_GROUPS, PER_FRAME_FUNCTIONAL_GROUPS];
    if groups.into_iter().any(|tag| is_touched(segmentation, dataset, tag)) {
        return Ok(None);
    }
    let workers = Workers::for_computing(workers);
    let read = |tick: Tick<'_>| SegmentationFrames::read(dataset, frame_count, workers, tick);
    run(py, None, |tick| watched(|| read(tick))).map(|frames| Some(PySegmentationFrames(frames)))
}

/// How many voxels of a label map several segments claim, pixels of segments that lie outside,
/// pixels of unknown numbers, and pixels that are neither nothing nor all; and which frames are
/// damaged, with the error of the first.
type FoundFrames = (u64, u64, u64, u64, Vec<u64>, Option<Py<PyAny>>);

/// Puts frames into `out`, a one-dimensional array of bytes that are zero. A row of `places` is
/// frame, plane, first voxel, steps from row to row and from column to column, first row, the one
/// behind the last, the same of columns, and value.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what is read, where to and how")]
pub(crate) fn place_frames(
    py: Python<'_>,
    reader: &Bound<'_, PyPixelReader>,
    places: PyReadonlyArray2<'_, i64>,
    meaning: &str,
    most: u16,
    values: Vec<u32>,
    voxels: &str,
    plane_length: usize,
    out: &Bound<'_, PyArray1<u8>>,
    workers: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<FoundFrames> {
    let places = places.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?;
    let places: Vec<FramePlace> = places.as_chunks().0.iter().map(place_of).collect();
    let meaning = match meaning {
        "BINARY" => Meaning::Binary,
        "FRACTIONAL" => Meaning::Fraction { most },
        _ => Meaning::Numbers { values },
    };
    let voxels = voxels_of(voxels)?;
    let workers = Workers::for_computing(workers);
    let reader = reader.get();
    let (pixels, bytes) = (reader.segmentation(), reader.bytes());
    let mut counts = (0, 0, 0, 0, Vec::new(), None);
    fill(out, |out| {
        let found = run(py, progress, |tick| {
            let read = || {
                let (all, work) = (&places[..], workers);
                place(pixels, bytes, all, &meaning, voxels, plane_length, out, work, tick)
            };
            watched(read).map_err(|error| reader.in_file(error))
        })?;
        let damaged = found.damaged.iter().map(|damaged| damaged.frame).collect();
        let first = found
            .damaged
            .into_iter()
            .next()
            .map(|damaged| to_python(reader.in_file(damaged.error)).into_value(py).into_any());
        counts = (
            found.overlap_count,
            found.outside_count,
            found.unknown_count,
            found.partial_count,
            damaged,
            first,
        );
        Ok(())
    })?;
    Ok(counts)
}

fn place_of(row: &[i64; 10]) -> FramePlace {
    let [frame, plane, first, by_row, by_column, top, bottom, left, right, value] = *row;
    // What is negative here is larger than any frame, and refused.
    let index = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    FramePlace {
        frame: u64::try_from(frame).unwrap_or(u64::MAX),
        plane: index(plane),
        first,
        steps: [by_row, by_column],
        rows: [index(top), index(bottom)],
        columns: [index(left), index(right)],
        value: u16::try_from(value).unwrap_or(u16::MAX),
    }
}

/// Fills `out`, a one-dimensional array of bytes, with `values`, another one of numbers of `dtype`,
/// at the places that `to_index` says; `are_later_nearer` says along each axis whether the later of
/// two values that are equally near counts.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what is resampled, where to and how")]
pub(crate) fn resample(
    py: Python<'_>,
    values: PyReadonlyArray1<'_, u8>,
    dtype: &str,
    shape: [usize; 3],
    to_shape: [usize; 3],
    to_index: ToIndex,
    order: u8,
    fill_value: f64,
    are_later_nearer: [bool; 3],
    out: &Bound<'_, PyArray1<u8>>,
    workers: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<()> {
    let values = values.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?;
    let interpolation = if order == 0 { Interpolation::Nearest } else { Interpolation::Linear };
    let Some(sample_type) = SampleType::from_name(dtype) else {
        return Err(PyValueError::new_err("such values cannot be resampled"));
    };
    let (to_index, fill_with) = (&to_index, fill_value);
    let resampling = Resampling {
        values,
        sample_type,
        shape,
        to_shape,
        to_index,
        interpolation,
        fill: fill_with,
        are_later_nearer,
    };
    let workers = Workers::for_computing(workers);
    fill(out, |out| run(py, progress, |tick| resample_values(&resampling, out, workers, tick)))
}

/// Fills `out`, planes of bytes, from `masks`: of each plane the two beside it, and how far it is
/// from the first as a part of their distance.
#[pyfunction]
pub(crate) fn fill_between(
    py: Python<'_>,
    masks: PyReadonlyArray1<'_, u8>,
    shape: [usize; 2],
    spacing: [f64; 2],
    between: Vec<(usize, usize, f64)>,
    out: &Bound<'_, PyArray1<u8>>,
    workers: Option<usize>,
) -> PyResult<()> {
    let masks = masks.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?;
    let plane = |(below, above, part)| Between { planes: [below, above], part };
    let between: Vec<Between> = between.into_iter().map(plane).collect();
    let workers = Workers::for_computing(workers);
    fill(out, |out| {
        run(py, None, |tick| fill_planes(masks, shape, spacing, &between, out, workers, tick))
    })
}
