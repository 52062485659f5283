"""A volume: an array, its place in the patient, and where it came from."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from rapidicom import _core
from rapidicom._common.errors import DicomError
from rapidicom._dataset.dataset import Dataset
from rapidicom.sources.item import Item
from rapidicom.volumes.for_others import ForOthers
from rapidicom.volumes.geometry import is_on_affine, off_affine
from rapidicom.volumes.images import Datasets, Images
from rapidicom.volumes.part import Part, slice_of
from rapidicom.volumes.report import Report
from rapidicom.volumes.resampling import check_findings, resampled_array

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom.volumes.report import Issue
    from rapidicom.volumes.resampling import OnGrid
    from rapidicom.volumes.scaling import Scaling
    from rapidicom.volumes.selection import Damage

__all__ = ["Described", "Volume"]

# The names in pickles of earlier versions.
_Images = Images
_Datasets = Datasets


class Described(Protocol):
    """What a volume needs of its series: what the headers say, and reading once more."""

    @property
    def uid(self) -> str: ...
    @property
    def modality(self) -> str: ...
    @property
    def axes(self) -> tuple[str, ...]: ...
    @property
    def coords(self) -> dict[str, npt.NDArray[Any]]: ...
    @property
    def _weighting(self) -> tuple[float, list[float] | None] | None: ...
    @property
    def spacing(self) -> tuple[float, float, float]: ...
    @property
    def affine(self) -> npt.NDArray[np.float64]: ...
    @property
    def report(self) -> Report: ...

    def read(
        self,
        *,
        values: Literal["modality", "stored"] = ...,
        irregular: Literal["raise", "keep"] = ...,
        slices: slice | None = ...,
        rows: slice | None = ...,
        columns: slice | None = ...,
    ) -> Volume:
        """Read it, or a part of it: see `Series.read`."""


class Volume(ForOthers):
    """Slices as one array, with their geometry, their data sets and a report of what is irregular.

    Attributes:
        array: Axes (slice, row, column), with a last one for colour samples, and a leading one
            where positions have several images.
        axes: The names of the axes: `("slice", "row", "column")`, or `("time", "slice", "row",
            "column")` and the like. The leading one has the name of the first attribute that
            distinguishes the images of one position: `segment`, `time`, `trigger_time`,
            `cardiac_phase`, `echo`, `b_value`, `gradient_direction`, `inversion_time`,
            `flip_angle`, `image_type`, `data_type`, `acquisition` or `stack`. If none does, it has
            the name of what the vectors of nuclear medicine count (`energy_window`, `detector`,
            `phase`, `rotation`, `rr_interval`, `time_slot`, `angular_view`, `time_slice`; PS3.3
            §C.8.4.8), or of a dimension of the file (PS3.3 §C.7.6.17): the keyword of its Dimension
            Index Pointer in lower case, or `dimension` where that is private; failing all of these,
            `instance`.
        coords: What changes along the leading axis, by name: one value a step, the sorting key
            first. Times are in ms, but those of acquisition in seconds. A dimension of the file has
            its index, which counts values: `effective_echo_time_index`, or `dimension_2_index` of
            the second if it is private. See below for diffusion weighting.
        affine: Shape (4, 4), float64. Takes (slice, row, column, 1) to patient millimetres, LPS
            (PS3.3 §C.7.6.2.1.1): the first three columns are the steps from neighbour to neighbour
            along each axis. Where the report has `volume_coordinates`, the millimetres are those of
            an ultrasound volume's own frame of reference (PS3.3 §C.8.24.2), and so are `origin` and
            `direction`.
        spacing: (slice, row, column) in mm: the lengths of these steps.

    Where images have diffusion weighting, the same or another at each step of the axis, `coords`
    has it as a table, one row a step: `coords["b_value"]`, shape (steps,), in s/mm2, and
    `coords["gradient_direction"]`, shape (steps, 3), unit vectors in the patient's coordinates,
    LPS, like `affine` (PS3.3 §C.8.13.5.9). They come from the standard's attributes, or from
    private elements of Siemens, GE, Philips and UIH (these last count over the standard's), or from
    Image Comments of Canon. A direction is NaN in images without weighting and in those weighted in
    all directions (b-value above 0: they are steps of their own), and where the file does not give
    it, or not in a known form; if no image has one, `"gradient_direction"` is absent.

    The files that FSL needs beside that of `to_nibabel()`: directions along the axes of that image,
    the first one reversed if the image is right-handed, and 0 where there is none.

        bvals = vol.coords["b_value"]
        bvecs = np.nan_to_num(vol.coords["gradient_direction"] @ vol.direction)[:, ::-1]
        if np.linalg.det(vol.to_nibabel().affine) > 0:
            bvecs = bvecs * [-1, 1, 1]
        np.savetxt("dwi.bval", bvals[np.newaxis], fmt="%g")
        np.savetxt("dwi.bvec", bvecs.T, fmt="%.6f")

    Examples:
        >>> volume = rd.read_series("tests/data/brain-mr")
        >>> volume.array.shape, [round(length) for length in volume.spacing]
        ((40, 80, 80), [3, 3, 3])
        >>> volume.origin.round().tolist()
        [-120.0, -120.0, -60.0]
        >>> volume.datasets[0].SeriesDescription
        'DTI_PA-ortho'

        As an image of nibabel, SimpleITK or xarray:

        >>> volume.to_nibabel().shape
        (80, 80, 40)
        >>> volume.to_sitk().GetSize()
        (80, 80, 40)
        >>> volume.to_xarray().dims
        ('slice', 'row', 'column')
    """

    __module__ = "rapidicom"

    # Pickles of earlier versions have none of these.
    _force = False
    _damage: Sequence[Issue] = ()
    _damaged: Sequence[int] = ()
    _is_resampled = False
    # Which axis of the files (slice, row, column) each of these axes is.
    _order = (0, 1, 2)
    # That of the grid that it was resampled to, if it is another.
    _frame_of_reference_uid: str | None = None
    # How far its slices lie from the affine, if that is known of the grid.
    _off_affine: npt.NDArray[np.float64] | None = None

    def __init__(
        self,
        array: npt.NDArray[Any],
        series: Described,
        slices: _core.Slices,
        part: Part,
        *,
        files: Sequence[str | Item] | None = None,
        force: bool = False,
        damage: Damage | None = None,
    ) -> None:
        self.array = array
        self._force = force
        if damage is not None and damage.issues:
            self._damage, self._damaged = damage.issues, damage.slices
        self.affine = part.affine(series.affine)
        self.spacing = part.spacing(series.spacing)
        self.axes = series.axes
        self.coords = {name: values.copy() for name, values in series.coords.items()}
        self._images = Images(slices, files)
        self._series = series
        self._part = part
        self.series_uid = series.uid
        self.modality = series.modality

    @property
    def paths(self) -> list[str]:
        """One file an image, in the order of the array; missing images are left out."""
        return self._images.paths

    @property
    def frames(self) -> list[int]:
        """Which frame of its file each image is, or which tile of a mosaic or grid, from 0."""
        return self._images.frames

    @property
    def instance_uids(self) -> list[str]:
        """SOP Instance UID of each image, in the order of the array; missing images are left out.

        Labels say by them which images they were drawn on.
        """
        return self._images.instance_uids

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """Shape (images, 3): where the first voxel of each image lies, in millimetres, LPS.

        From its Image Position (Patient); NaN if it has none. Where slices are missing or lie
        unevenly, the affine is right for some of them only, and this for all.
        """
        found = np.array(self._images.positions, dtype=np.float64).reshape(-1, 3)
        whole = self._series.affine
        part = self._part
        first: npt.NDArray[np.float64] = (
            found + whole[:3, 1] * part.rows.start + whole[:3, 2] * part.columns.start
        )
        return first

    @property
    def frame_of_reference_uid(self) -> str:
        """Frame of Reference UID: that of the affine; empty if the files have none."""
        if self._frame_of_reference_uid is not None:
            return self._frame_of_reference_uid
        return self._images.frame_of_reference_uid

    @cached_property
    def datasets(self) -> Sequence[Dataset]:
        """One data set an image, read on access; images of one file share it.

        Access raises `OSError` if the file was changed since the volume was read.
        """
        return Datasets(self._images.sources, self._images.states, force=self._force)

    @cached_property
    def report(self) -> Report:
        """What is irregular."""
        images = self._images
        return self._series.report.of_slices(
            images.paths, images.frames, images.present, self._damage
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The array's type."""
        return self.array.dtype

    @property
    def origin(self) -> npt.NDArray[np.float64]:
        """The centre of voxel (0, 0, 0) in patient millimetres, LPS; shape (3,)."""
        return self.affine[:3, 3].copy()

    @property
    def direction(self) -> npt.NDArray[np.float64]:
        """Shape (3, 3): column k is the unit vector along axis k of the array, LPS.

        The vectors are perpendicular to each other unless the stack is tilted.
        """
        direction: npt.NDArray[np.float64] = self.affine[:3, :3] / np.asarray(self.spacing)
        return direction

    @property
    def windows(self) -> npt.NDArray[np.float64]:
        """Shape (images, 2): the first Window Center and Window Width of each, or NaN."""
        return np.array(self._images.windows, dtype=np.float64).reshape(-1, 2)

    @property
    def slice_times(self) -> npt.NDArray[np.float64]:
        """Shape (images,): when each slice was acquired, in ms, or NaN.

        Siemens mosaics (private elements `MosaicRefAcqTimes`) and UIH grids (a private sequence)
        have it for each of their slices, from the start of the image. Slices of one time were
        acquired together.
        """
        return np.array(self._images.slice_times, dtype=np.float64)

    @property
    def scaling(self) -> list[Scaling]:
        """What the files say about units and scales, one entry an image; none of it was applied.

        Real World Value Mapping, the units of PET, doses and rescaled values, and the scale factors
        of Philips scanners: see `rapidicom.scaling`.
        """
        from rapidicom.volumes.scaling import scaling_of

        return [scaling_of(ds, frame) for ds, frame in zip(self.datasets, self.frames, strict=True)]

    def padding_mask(self) -> npt.NDArray[np.bool_]:
        """Find the voxels that hold Pixel Padding Value, or lie in its range (PS3.3 §C.7.5.1.1.2).

        They are not measurements. In `array` they are rescaled like the others. The stored values
        are read once more.

        Returns:
            The shape of `array`, without samples; false without a padding value, and where an image
            is missing or damaged.

        Raises:
            OSError: A file has been deleted or changed since, or cannot be read.
        """
        from rapidicom.volumes.scaling import padding_range

        again = self._read_stored()
        stored = again.array
        if "sample" in self.axes:
            stored = stored[..., 0]
        mask = np.zeros(stored.shape, dtype=np.bool_)
        images, masks = stored.reshape(-1, *stored.shape[-2:]), mask.reshape(-1, *stored.shape[-2:])
        present = (index for index, is_there in enumerate(self._images.present) if is_there)
        for index, ds in zip(present, self.datasets, strict=True):
            limits = padding_range(ds)
            if limits is not None:
                masks[index] = (images[index] >= limits[0]) & (images[index] <= limits[1])
        masks[list(again._damaged)] = False
        first = self.axes.index("slice")
        return mask.transpose([*range(first), *(first + axis for axis in self._order)])

    def resampled(
        self,
        *,
        like: OnGrid,
        order: Literal[0, 1] = 1,
        fill: float | None = None,
        irregular: Literal["raise", "keep"] = "raise",
        workers: int | None = None,
    ) -> Volume:
        """Return the values at the voxels of another volume: a dose or a PET on the grid of a CT.

        A voxel has a value if its centre lies in a voxel of this volume. In the outer half of the
        outermost voxels that is their own value, whatever the order.

        Args:
            like: The other volume, a series, or labels.
            order: 1 interpolates linearly between the eight voxels around, as float32, or float64
                for an array of such or of integers of 32 and 64 bits, and complex numbers for one
                of such; 0 takes the nearest voxel's value, of the array's type.
            fill: The value where this volume has none; default: NaN, or 0 in arrays of integers and
                booleans.
            irregular: `"raise"` raises if the other volume has another Frame of Reference, so that
                nothing says where one lies in the other, or slices of either do not lie where the
                affine has them; `"keep"` goes by the affine, and reports it. Of the other volume,
                slices that are missing or lie unevenly are no error: each gets the values where it
                lies.
            workers: Threads; default: one a core.

        Returns:
            A volume with the other one's shape and affine, and the images, leading axis, series and
            report of this one.

        Raises:
            IrregularSeriesError: Nothing says where a volume lies in the other, and `irregular`
                is `"raise"`.
            ValueError: The volume is of colours or of other types than numbers, its type does not
                hold `fill`, its array is masked or has not the shape of its axes, an affine has no
                inverse, or an argument is none of those above.
            TypeError: `like` has no grid.

        Examples:
            >>> volume = rd.read_series("tests/data/brain-mr")
            >>> half = rd.read_series("tests/data/brain-mr", slices=slice(None, None, 2))
            >>> half.resampled(like=volume).shape
            (40, 80, 80)
        """
        if irregular not in ("raise", "keep"):
            raise ValueError(f"irregular must be 'raise' or 'keep', not {irregular!r}")
        array, findings = resampled_array(self, like, order, fill, workers)
        check_findings(findings, irregular, self.report)
        volume = self._on_grid(array, like.affine)
        volume._frame_of_reference_uid = (
            getattr(like, "frame_of_reference_uid", "") or self.frame_of_reference_uid
        )
        off = off_affine(like)
        # Where it is that of the affine, nothing needs to be known of slices.
        volume._off_affine = None if off is None or is_on_affine(off) else off
        # Its axes are those of the grid, not of its own files.
        volume._order = getattr(like, "_order", (0, 1, 2))
        volume.__dict__["report"] = self.report.with_damage(findings)
        return volume

    def part(
        self,
        *,
        slices: slice | None = None,
        rows: slice | None = None,
        columns: slice | None = None,
    ) -> Volume:
        """Return a part of the volume, with its place in the patient.

        Args:
            slices: Which slices: start, stop and step as in NumPy, also negative.
            rows: Which rows, likewise.
            columns: Which columns, likewise.

        Returns:
            A volume with the affine of the part, and the paths, data sets and report of its slices.
            Its array is a view of this one, unless a step is negative.

        Raises:
            TypeError: One is not a slice: a volume keeps all of its axes.
            ValueError: One selects nothing.

        Examples:
            >>> volume = rd.read_series("tests/data/brain-mr")
            >>> part = volume.part(slices=slice(10, 20), rows=slice(None, None, 2))
            >>> part.shape, len(part.paths), [round(length) for length in part.spacing]
            ((10, 40, 80), 10, [3, 6, 3])
        """
        from rapidicom.volumes.rearranging import part_of

        return part_of(self, slices, rows, columns)

    def reorient(self, orientation: str) -> Volume:
        """Return the volume with its axes in the order and direction that letters name.

        The letters name where columns, rows and slices count to, in this order: to the left or
        right of the patient (L, R), to the back or front (P, A), to the head or feet (S or H, I or
        F). So `vol.reorient("RAS").to_nibabel()` is closest to nibabel's canonical orientation, and
        `vol.reorient("LPS").to_sitk()` is what SimpleITK's `DICOMOrient` gives. Axes of an oblique
        volume take the nearest direction; voxels stay where they are.

        Args:
            orientation: Three letters, one of each pair: `"RAS"`, `"LPS"`, `"LAS"`.

        Returns:
            A volume with a copy of the array, unless nothing changes. `axes` keeps its names, which
            then count the new axes. Its images (`paths`, `datasets`, `windows`) are in the order of
            the axis that was that of slices.

        Raises:
            ValueError: `orientation` is not three such letters.
            TypeError: It is no text.

        Examples:
            >>> volume = rd.read_series("tests/data/brain-mr")
            >>> turned = volume.reorient("RAS")
            >>> turned.direction.astype(int).tolist()
            [[0, 0, -1], [0, -1, 0], [1, 0, 0]]
        """
        from rapidicom.volumes.rearranging import reoriented

        return reoriented(self, orientation)

    def resample(
        self,
        spacing: float | tuple[float, float, float],
        *,
        order: int = 1,
        workers: int | None = None,
    ) -> Volume:
        """Return the volume with voxels of another size, which fill the same space.

        The new voxels have the centre and the directions of the old ones. Their number along an
        axis is the nearest whole one, so that the space differs by half a voxel at most.
        Larger voxels take values at their centres, not means: smooth first against aliasing.

        Args:
            spacing: (between slices, between rows, between columns) in mm, or one for all three.
            order: 0 takes the nearest voxel's value, of the array's type; 1 interpolates linearly,
                as float32, or float64 for an array of such; 2 to 5 by splines of that order, which
                needs SciPy (`pip install "rapidicom[scipy]"`).
            workers: Threads, for orders 0 and 1; default: one a core.

        Returns:
            A volume with the images, leading axis, series and report of this one.

        Raises:
            ValueError: The volume is of colours, or an argument is none of those above.
            TypeError: `spacing` is neither one nor three numbers.
            ImportError: SciPy is not installed.

        Examples:
            >>> rd.read_series("tests/data/brain-mr").resample((6, 1.5, 1.5)).shape
            (20, 160, 160)
        """
        from rapidicom.volumes.rearranging import respaced

        return respaced(self, spacing, order, workers)

    def to_html(self, *, identifying: bool = False) -> str:
        """Return the volume as HTML, as notebooks show it: middle planes, geometry, report.

        Args:
            identifying: Whether to show the Series Instance UID and the names of files, and
                pictures of pixels with text in them (Burned In Annotation).
        """
        from rapidicom.volumes.html import volume_html

        facts = [("series", self.series_uid)] if identifying else []
        return volume_html(self, self.report, facts, has_text=self._has_text())

    def _repr_html_(self) -> str:
        return self.to_html()

    def _has_text(self) -> bool:
        """Return whether the middle image says that text is in its pixels (PS3.3 §C.7.6.1.1.1)."""
        try:
            middle = self.datasets[len(self.datasets) // 2]
            return str(middle.get("BurnedInAnnotation", "")) == "YES"
        except (OSError, IndexError, DicomError):
            return False

    def _on_grid(self, array: npt.NDArray[Any], affine: npt.NDArray[np.float64]) -> Volume:
        """Return the volume with other voxels, which are not those of its files."""
        volume = copy.copy(self)
        volume.array = array
        volume.affine = np.array(affine, dtype=np.float64)
        slices, rows, columns = np.linalg.norm(volume.affine[:3, :3], axis=0).tolist()
        volume.spacing = (slices, rows, columns)
        volume._is_resampled = True
        return volume

    def _choose(self, wanted: tuple[range, range, range]) -> None:
        """Become the part of the images that the array is, with `wanted` of each of its axes."""
        if self._is_resampled:
            return
        of_files = [self._part.slices, self._part.rows, self._part.columns]
        chosen = range(0)
        for axis, indices in zip(self._order, wanted, strict=True):
            if axis == 0:
                chosen = indices
            of_files[axis] = of_files[axis][slice_of(indices)]
        slices, rows, columns = of_files
        count = len(self._part.slices)
        self._part = Part(slices, rows, columns, self._part.axis_count)
        self.__dict__.pop("datasets", None)
        self.__dict__.pop("report", None)
        if chosen == range(count):
            return
        steps = range(0, len(self._images.present), count)
        images = [step + place for step in steps for place in chosen]
        self._damaged = [new for new, old in enumerate(images) if old in self._damaged]
        self._images = self._images.select(images)
        paths = set(self._images.paths)
        self._damage = [issue for issue in self._damage if paths.intersection(issue.paths)]

    def _read_stored(self) -> Volume:
        """Read the same slices, rows and columns once more, as stored values."""
        if self._is_resampled:
            raise ValueError("the volume was resampled: its voxels are not those of the files")
        part = self._part
        return self._series.read(
            values="stored", irregular="keep",
            slices=slice_of(part.slices), rows=slice_of(part.rows), columns=slice_of(part.columns),
        )  # fmt: skip

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        if copy:
            return np.array(self.array, dtype=dtype)
        if dtype is not None and np.dtype(dtype) != self.array.dtype:
            if copy is False:
                raise ValueError(
                    f"an array of {np.dtype(dtype)} needs a copy: this one is of {self.array.dtype}"
                )
            return np.asarray(self.array).astype(dtype)
        return np.asarray(self.array)

    def __dlpack__(self, **arguments: Any) -> Any:
        """Return the array as DLPack, not copied: `torch.from_dlpack(volume)`."""
        return np.asarray(self.array).__dlpack__(**arguments)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return DLPack's device of the array, the CPU."""
        device, number = np.asarray(self.array[:0]).__dlpack_device__()
        return int(device), number

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.array.shape))
        spacing = " x ".join(f"{length:g}" for length in self.spacing)
        return f"<Volume {shape} {self.array.dtype}, spacing {spacing} mm, {self.report!r}>"
