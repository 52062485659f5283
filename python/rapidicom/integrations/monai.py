"""Series for `LoadImage(reader=RapidicomReader())` of MONAI: `pip install "rapidicom[monai]"`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rapidicom._common.extras import required

required("monai", "rapidicom.integrations.monai")

from monai.data import ImageReader  # noqa: E402
from monai.data.image_reader import _copy_compatible_dict, _stack_images  # noqa: E402

from rapidicom._common.arrays import contiguous  # noqa: E402
from rapidicom._common.errors import DicomError, InvalidDicomError  # noqa: E402
from rapidicom.integrations.torch.reading import workers_here  # noqa: E402
from rapidicom.volumes.finding import find_series  # noqa: E402

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom._dataset.dataset import Dataset
    from rapidicom.volumes.selection import Values
    from rapidicom.volumes.series import Series
    from rapidicom.volumes.volume import Volume

__all__ = ["RapidicomReader"]

_PREFIX_OFFSET = 128
_SUFFIXES = (".dcm", ".dicom", ".ima")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
# What ITKReader has as text: not sequences, pixels and other rows of bytes.
_NOT_TEXT = frozenset(("SQ", "OB", "OD", "OF", "OL", "OV", "OW", "UN"))


@dataclass(frozen=True)
class _Image:
    """A series that `get_data` reads, or why there is none.

    Attributes:
        series: The series.
        error: What `get_data` raises: an error of `read` makes MONAI try other readers.
    """

    series: Series | None = None
    error: Exception | None = None


class RapidicomReader(ImageReader):  # type: ignore[misc]
    """Read DICOM series for MONAI's `LoadImage` and `LoadImaged`, as `ITKReader` does.

    A folder, or another source of `read_series` that a text names (an archive, a URL), is one
    series, and so are several files of one series. Several folders, or files of several series, are
    channels. Arrays have the axes (column, row, slice), with a last one for what a leading axis of
    the volume has (times, b-values) or the samples of colour, which `EnsureChannelFirst` moves to
    the front; the affine takes these indices to millimetres, RAS.

    The dictionary of metadata has the keys of `ITKReader`: `affine`, `original_affine`, `space`,
    `spacing` (column, row, slice), `spatial_shape`, `original_channel_dim`, and of one file, or
    with `series_meta`, the elements of the first as `"gggg|eeee"`; and those of `PydicomReader`:
    `00200032`, `00200037`, `00280030` and `lastImagePositionPatient`, those of the array.

    An irregular or damaged series is an error, which MONAI does not hide by trying its other
    readers; those get what is not DICOM.

    Args:
        channel_dim: As for `ITKReader`: what `original_channel_dim` is.
        series_uid: Which series, if there are several.
        reverse_indexing: As for `ITKReader`: axes (slice, row, column); metadata stays.
        series_meta: As for `ITKReader`.
        affine_lps_to_ras: As for `ITKReader`; `False` leaves the affine in LPS.
        swap_ij: As for `PydicomReader`; `False` has axes (row, column, slice), of the affine too.
        values: As for `read_series`.
        dtype: As for `read_series`.
        irregular: As for `read_series`.
        fill: As for `read_series`.
        force: As for `read_series`.
        workers: As for `read_series`.
        storage_options: As for `read_series`.

    Examples:
        >>> from monai.transforms import LoadImage
        >>> from rapidicom.integrations.monai import RapidicomReader
        >>> image = LoadImage(reader=RapidicomReader())("tests/data/brain-mr")
        >>> image.shape, image.affine[:3, 3].round().tolist()
        (torch.Size([80, 80, 40]), [120.0, 120.0, -60.0])
    """

    __module__ = "rapidicom.integrations.monai"

    def __init__(
        self,
        channel_dim: str | int | None = None,
        series_uid: str | None = None,
        reverse_indexing: bool = False,
        series_meta: bool = False,
        affine_lps_to_ras: bool = True,
        swap_ij: bool = True,
        *,
        values: Values = "modality",
        dtype: npt.DTypeLike | None = None,
        irregular: Literal["raise", "keep"] = "raise",
        fill: float | None = None,
        force: bool = False,
        workers: int | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.channel_dim = float("nan") if channel_dim == "no_channel" else channel_dim
        self.series_uid = series_uid
        self.reverse_indexing, self.swap_ij = reverse_indexing, swap_ij
        self.series_meta = series_meta
        self.affine_lps_to_ras = affine_lps_to_ras
        self._finding: dict[str, Any] = {"force": force, "storage_options": storage_options}
        self._workers = workers
        self._reading: dict[str, Any] = {
            "values": values, "dtype": dtype, "irregular": irregular, "fill": fill,
        }  # fmt: skip

    def verify_suffix(self, filename: Any) -> bool:
        """Return whether all files are DICOM by their name or their prefix; folders are."""
        return all(_may_be_dicom(os.fspath(name)) for name in _each(filename))

    def read(self, data: Any, **kwargs: Any) -> Any:
        """Find the series in a folder, a file, or a list of them.

        Args:
            data: The path, or the paths.
            **kwargs: Options of `find_series`, over those of the reader.

        Returns:
            What `get_data` takes.

        Raises:
            InvalidDicomError: What is there is not DICOM. Other errors are raised by `get_data`.
            OSError: It does not exist.
        """
        names = _each(data)
        options = self._finding | {"workers": workers_here(self._workers)} | kwargs
        files = [name for name in names if not _is_folder(name)]
        images: list[_Image] = []
        for name in names:
            if name in files:
                if name == files[0]:
                    images += self._found(files, options)
            else:
                images += self._found(name, options)
        return images

    def _found(self, sources: Any, options: Mapping[str, Any]) -> list[_Image]:
        is_folder = not isinstance(sources, list)
        try:
            found = find_series(sources, **options)
        except DicomError as error:
            if not any(_has_prefix(path) for path in _files_in(sources)):
                raise
            return [_Image(error=error)]
        if self.series_uid is not None:
            found = [one for one in found if one.uid == self.series_uid]
        if not found:
            return [_Image(error=InvalidDicomError("there is no such series of images here"))]
        if is_folder and len(found) > 1:
            uids = ", ".join(one.uid for one in found)
            message = f"there are {len(found)} series: pass series_uid to choose one: {uids}"
            return [_Image(error=ValueError(message))]
        if len(found) > 1:
            # Channels come in the order in which the files were named.
            order = {os.fspath(name): number for number, name in enumerate(sources)}
            found.sort(key=lambda one: min(order.get(path, len(order)) for path in one.paths))
        return [_Image(one) for one in found]

    def get_data(self, img: Any) -> tuple[npt.NDArray[Any], dict[str, Any]]:
        """Read the pixels.

        Args:
            img: What `read` returned.

        Returns:
            The array and its metadata: see the class. Several images are stacked as channels.

        Raises:
            DicomError: As for `Series.read`, `IrregularSeriesError` among them.
            ValueError: Likewise; or there are several series, and no `series_uid`.
            OSError: Likewise.
            RuntimeError: Images that are to be channels have other affines or shapes.
        """
        arrays: list[npt.NDArray[Any]] = []
        meta: dict[str, Any] = {}
        for image in img:
            if image.error is not None:
                raise image.error
            workers = workers_here(self._workers)
            volume = image.series.read(workers=workers, **self._reading)
            array, own = self._as_monai(volume)
            # MONAI would copy it with NumPy.
            arrays.append(contiguous(array, workers))
            if self.series_meta or len(set(volume.paths)) == 1:
                own = _elements(volume.datasets[0]) | own
            _copy_compatible_dict(own, meta)
        stacked: npt.NDArray[Any] = _stack_images(arrays, meta)
        return stacked, meta

    def _as_monai(self, volume: Volume) -> tuple[npt.NDArray[Any], dict[str, Any]]:
        first = volume.axes.index("slice")
        shape = np.array(volume.shape[first : first + 3][::-1])
        array = volume.array
        if "sample" in volume.axes:
            # Samples of each step of a leading axis follow each other.
            array = np.moveaxis(array, -1, first)
            array = array.reshape(-1, *array.shape[-3:]) if first else array
        has_channels = array.ndim > 3
        if not self.reverse_indexing:
            array = array.T
        elif has_channels:
            array = np.moveaxis(array, 0, -1)
        affine = volume.affine[:, [2, 1, 0, 3]]
        if self.affine_lps_to_ras:
            affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
        if not self.swap_ij:
            array = np.swapaxes(array, 0, 1)
            affine, shape = affine[:, [1, 0, 2, 3]], shape[[1, 0, 2]]
        own = _geometry(volume) | {
            "original_affine": affine,
            "space": "RAS" if self.affine_lps_to_ras else "LPS",
            "affine": affine.copy(),
            "spatial_shape": shape,
            "original_channel_dim": self.channel_dim,
        }
        if self.channel_dim is None:
            own["original_channel_dim"] = -1 if has_channels else float("nan")
        return array, own


def _geometry(volume: Volume) -> dict[str, Any]:
    """Return where the volume lies, by the keys of MONAI's readers."""
    affine, direction = volume.affine, volume.direction
    count = volume.shape[volume.axes.index("slice")]
    last = affine @ [count - 1, 0, 0, 1]
    cosines = [*direction[:, 2], *direction[:, 1]]

    def numbers(values: Iterable[float]) -> dict[str, Any]:
        return {"vr": "DS", "Value": [float(value) for value in values]}

    found: dict[str, Any] = {
        "00200037": numbers(cosines),
        "00200032": numbers(affine[:3, 3]),
        "00280030": numbers(volume.spacing[1:]),
        "spacing": np.array(volume.spacing[::-1]),
    }
    if count > 1:
        found["lastImagePositionPatient"] = last[:3]
    return found


def _elements(ds: Dataset) -> dict[str, Any]:
    """Return the elements of a file as ITKReader has them: `{"0008|0060": "CT"}`."""
    found: dict[str, Any] = {}
    for element in ds:
        if element.VR in _NOT_TEXT:
            continue
        value = element.value
        values = value if isinstance(value, (list, tuple)) or _is_multiple(value) else [value]
        text = "\\".join("" if one is None else str(one) for one in values)
        found[f"{element.tag.group:04x}|{element.tag.elem:04x}"] = text
    return found


def _is_multiple(value: Any) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, str) and hasattr(value, "append")


def _each(data: Any) -> list[Any]:
    return [data] if isinstance(data, (str, os.PathLike)) else list(data)


def _is_folder(name: Any) -> bool:
    """Return whether a name is of many files, so that it is an image of its own."""
    text = os.fspath(name) if isinstance(name, (str, os.PathLike)) else ""
    return "://" in text or Path(text).is_dir() or text.lower().endswith(_ARCHIVES)


def _may_be_dicom(name: str) -> bool:
    if _is_folder(name) or name.lower().endswith(_SUFFIXES):
        return True
    return _has_prefix(Path(name))


def _has_prefix(path: Path) -> bool:
    """Return whether a file has the prefix of DICOM (PS3.10 §7.1)."""
    try:
        with path.open("rb") as file:
            return file.read(_PREFIX_OFFSET + 4)[_PREFIX_OFFSET:] == b"DICM"
    except OSError:
        return False


def _files_in(sources: Any) -> Iterator[Path]:
    for source in sources if isinstance(sources, list) else [sources]:
        path = Path(source)
        if path.is_dir():
            yield from (one for one in path.rglob("*") if one.is_file())
        else:
            yield path
