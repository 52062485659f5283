"""A volume: an array, its place in the patient, and where it came from."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, overload

import numpy as np

from rapidicom import _core
from rapidicom._dataset.dataset import Dataset
from rapidicom.sources.item import Item
from rapidicom.sources.opening import open_dataset
from rapidicom.volumes.for_others import ForOthers
from rapidicom.volumes.irregular import IrregularSeriesError
from rapidicom.volumes.report import Report
from rapidicom.volumes.resampling import resampled_array

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom.volumes.part import Part
    from rapidicom.volumes.report import Issue
    from rapidicom.volumes.resampling import OnGrid
    from rapidicom.volumes.scaling import Scaling
    from rapidicom.volumes.slices import Damage

__all__ = ["Described", "Volume"]


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

    Where diffusion weighting changes along the axis, `coords` has it as a table, one row a step:
    `coords["b_value"]`, shape (steps,), in s/mm2, and `coords["gradient_direction"]`, shape (steps,
    3), unit vectors in the patient's coordinates, LPS, like `affine` (PS3.3 §C.8.13.5.9). They come
    from the standard's attributes, or from private elements of Siemens, GE, Philips and UIH (these
    last count over the standard's). A direction is NaN in images without weighting and in those
    weighted in all directions (b-value above 0: they are steps of their own), and where the file
    does not give it, or not in a known form; if no image has one, `"gradient_direction"` is absent.

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
        if damage is not None and damage.slices:
            self._damage, self._damaged = damage.issues, damage.slices
        self.affine = part.affine(series.affine)
        self.spacing = part.spacing(series.spacing)
        self.axes = series.axes
        self.coords = {name: values.copy() for name, values in series.coords.items()}
        self._images = _Images(slices, files)
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
    def frame_of_reference_uid(self) -> str:
        """Frame of Reference UID: that of the affine; empty if the files have none."""
        return self._images.frame_of_reference_uid

    @cached_property
    def datasets(self) -> Sequence[Dataset]:
        """One data set an image, read on access; images of one file share it.

        Access raises `OSError` if the file was changed since the volume was read.
        """
        return _Datasets(self._images.sources, self._images.states, force=self._force)

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
        return mask

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
                for an array of such; 0 takes the nearest voxel's value, of the array's type.
            fill: The value where this volume has none; default: NaN, or 0 in arrays of integers.
            irregular: `"raise"` raises if the other volume has another Frame of Reference, so that
                nothing says where one lies in the other; `"keep"` takes it for the same.
            workers: Threads; default: one a core.

        Returns:
            A volume with the other one's shape and affine, and the images, leading axis, series and
            report of this one.

        Raises:
            IrregularSeriesError: The Frames of Reference differ, and `irregular` is `"raise"`.
            ValueError: The volume is of colours, its type does not hold `fill`, or an argument is
                none of those above.
            TypeError: `like` has no grid.

        Examples:
            >>> volume = rd.read_series("tests/data/brain-mr")
            >>> half = rd.read_series("tests/data/brain-mr", slices=slice(None, None, 2))
            >>> half.resampled(like=volume).shape
            (40, 80, 80)
        """
        if irregular not in ("raise", "keep"):
            raise ValueError(f"irregular must be 'raise' or 'keep', not {irregular!r}")
        other = getattr(like, "frame_of_reference_uid", "")
        own = self.frame_of_reference_uid
        if irregular == "raise" and own and other and own != other:
            hint = 'Pass irregular="keep" if they are known to be the same.'
            raise IrregularSeriesError(
                "the volumes have different Frames of Reference: nothing says where one lies in "
                f"the other. {hint}",
                hint=hint,
            )
        array, finding = resampled_array(self, like, order, fill, workers)
        volume = copy.copy(self)
        volume.array = array
        volume.affine = np.array(like.affine, dtype=np.float64)
        slices, rows, columns = np.linalg.norm(volume.affine[:3, :3], axis=0).tolist()
        volume.spacing = (slices, rows, columns)
        volume._is_resampled = True
        if finding is not None:
            volume.__dict__["report"] = self.report.with_damage([finding])
        return volume

    def _read_stored(self) -> Volume:
        """Read the same slices, rows and columns once more, as stored values."""
        if self._is_resampled:
            raise ValueError("the volume was resampled: its voxels are not those of the files")
        part = self._part
        return self._series.read(
            values="stored", irregular="keep",
            slices=_slice(part.slices), rows=_slice(part.rows), columns=_slice(part.columns),
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
            return self.array.astype(dtype)
        return self.array

    def __dlpack__(self, **arguments: Any) -> Any:
        """Return the array as DLPack, not copied: `torch.from_dlpack(volume)`."""
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return DLPack's device of the array, the CPU."""
        device, number = self.array.__dlpack_device__()
        return int(device), number

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.array.shape))
        spacing = " x ".join(f"{length:g}" for length in self.spacing)
        return f"<Volume {shape} {self.array.dtype}, spacing {spacing} mm, {self.report!r}>"


def _slice(indices: range) -> slice:
    """Return the slice that selects `indices`."""
    # Counting down past index 0 leaves no number to stop at.
    return slice(indices.start, indices.stop if indices.stop >= 0 else None, indices.step)


class _Images:
    """What the headers say of the images of a volume, listed on access.

    The lists of ten thousand frames take as long to make as the frames to read.
    """

    def __init__(self, slices: _core.Slices, files: Sequence[str | Item] | None) -> None:
        self._slices = slices
        # What each file is read from; None if all are paths.
        self._files = files

    @cached_property
    def present(self) -> list[bool]:
        return [place is not None for place in self._places]

    @cached_property
    def paths(self) -> list[str]:
        files = self._slices.file_paths
        return [files[place[0]] for place in self._places if place is not None]

    @cached_property
    def sources(self) -> list[str | Item]:
        """What the file of each image is read from."""
        if self._files is None:
            return [*self.paths]
        return [self._files[place[0]] for place in self._places if place is not None]

    @cached_property
    def frames(self) -> list[int]:
        return [place[1] for place in self._places if place is not None]

    @cached_property
    def instance_uids(self) -> list[str]:
        return [uid for uid in self._slices.instance_uids if uid is not None]

    @cached_property
    def frame_of_reference_uid(self) -> str:
        return self._slices.frame_of_reference_uid

    @cached_property
    def windows(self) -> list[list[float]]:
        none = [np.nan, np.nan]
        windows = zip(self._slices.windows, self.present, strict=True)
        return [none if window is None else window for window, is_there in windows if is_there]

    @cached_property
    def slice_times(self) -> list[float]:
        times = zip(self._slices.slice_times, self.present, strict=True)
        return [np.nan if time is None else time for time, is_there in times if is_there]

    @cached_property
    def states(self) -> dict[str, tuple[int, ...]]:
        """What each file was when its header was read."""
        found = zip(self._slices.file_paths, self._slices.file_states, strict=True)
        return {path: state for path, state in found if state is not None}

    @cached_property
    def _places(self) -> list[tuple[int, int] | None]:
        return self._slices.places

    def __getstate__(self) -> dict[str, Any]:
        # The headers themselves cannot be pickled.
        names = (
            "present", "paths", "sources", "frames", "windows", "slice_times", "states",
            "instance_uids", "frame_of_reference_uid",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"_files": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Pickles of earlier versions do not say what files and images were.
        missing: dict[str, Any] = {
            "states": {}, "_files": None, "instance_uids": [], "frame_of_reference_uid": ""
        }  # fmt: skip
        self.__dict__.update(missing | state)


class _Datasets(Sequence[Dataset]):
    """One data set a path, read on first access and then kept; a path may occur several times."""

    # Pickles of earlier versions have none of these.
    _states: Mapping[str, tuple[int, ...]] = {}
    _force = False

    def __init__(
        self, paths: list[str | Item], states: Mapping[str, tuple[int, ...]], *, force: bool
    ) -> None:
        self._paths = paths
        self._states = states
        self._force = force
        self._read: dict[str | Item, Dataset] = {}

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Dataset: ...
    @overload
    def __getitem__(self, index: slice) -> list[Dataset]: ...
    def __getitem__(self, index: int | slice) -> Dataset | list[Dataset]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        path = self._paths[range(len(self))[index]]
        if path not in self._read:
            ds = cast("Dataset", open_dataset(path, force=self._force))
            name = path if isinstance(path, str) else path.name
            before = self._states.get(name)
            if before is not None and _core.file_state(ds) != before:
                raise OSError(
                    f"{name}: the file was changed since the volume was read. Read it again."
                )
            self._read[path] = ds
        return self._read[path]

    def __repr__(self) -> str:
        return f"<{len(self)} data sets, {len(self._read)} of them read>"
