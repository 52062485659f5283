"""Slices of many series as a data set of torch: an item an image."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch.utils.data import Dataset

from rapidicom.integrations.torch.crops import Along, chosen, cropping
from rapidicom.integrations.torch.labels import label_tensor, labels_of
from rapidicom.integrations.torch.reading import Wanted, narrowed, padded, series_of
from rapidicom.volumes.series import Series

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom.volumes.selection import Values

__all__ = ["SliceDataset"]


class SliceDataset(Dataset):  # type: ignore[misc]
    """The images of series as a data set of torch: one item a frame, in the order of the volumes.

    An item reads one frame, of a multi-frame object at its offset, so that shuffled access costs
    no more than one in order.

    An item is a dictionary that `default_collate` makes batches of:

    - `image`: shape (1, row, column); (samples, row, column) for colour.
    - `label`: with `labels=`, the same part of the labels, (1, row, column), or an entry a segment
      in front.
    - `affine`: shape (4, 4), float64. Takes (0, row, column, 1) to patient millimetres, LPS, as
      `Volume.affine` does for a volume of this slice.
    - `spacing`: shape (3,), float64, in mm, along (slice, row, column).
    - `start`: shape (2,), int64: the row and the column where the image begins.
    - `slice`, `step`: its place in the volume, along the slices and along the leading axis, or 0.
    - `path`, `frame`: its file, and which frame of that it is, from 0.
    - `series_uid`, `study_uid`, `modality`: text.
    - `index`: the item's number.

    Args:
        series: Series of `find_series`, or what `find_series` takes: folders, files, tables.
        transform: Called with each item; what it returns is the item.
        values: As for `Series.read`.
        dtype: As for `SeriesDataset`.
        irregular: As for `SeriesDataset`.
        crop: As for `SeriesDataset`, with rows and columns alone.
        slices: Which slices of each series; default: all.
        pad: As for `SeriesDataset`.
        fill: As for `Series.read`.
        labels: As for `SeriesDataset`; each item reads its slice of them anew.
        segments: As for `read_labels`.
        combine: Likewise.
        workers: Threads an item is read with; default: 1, which is best for one frame.

    Attributes:
        series: The series.
        skipped: The series that were left out.

    Raises:
        ValueError: An option is not known.
        TypeError: Series are mixed with other sources.
        DicomError: As for `find_series`.
        OSError: Likewise.
        ImportError: torch is not installed.

    Examples:
        >>> from rapidicom.integrations.torch import SliceDataset
        >>> data = SliceDataset("tests/data/brain-mr")
        >>> len(data), data[25]["image"].shape, data[25]["slice"]
        (40, torch.Size([1, 80, 80]), 25)
    """

    __module__ = "rapidicom.integrations.torch"

    def __init__(
        self,
        series: Any,
        transform: Callable[[dict[str, Any]], Any] | None = None,
        values: Values = "modality",
        dtype: Any = None,
        irregular: Literal["raise", "keep", "skip"] = "raise",
        *,
        crop: Any = None,
        slices: slice | None = None,
        pad: float | None = None,
        fill: float | None = None,
        labels: Any = None,
        segments: int | str | Sequence[int | str] | None = None,
        combine: Literal["labelmap", "channels"] = "labelmap",
        workers: int | None = 1,
    ) -> None:
        self._wanted = Wanted.of(values, dtype, irregular, fill, pad, workers)
        self._crop = cropping(crop, 2)
        if slices is not None and not isinstance(slices, slice):
            raise TypeError(f"slices must be a slice, not {type(slices).__name__}")
        self.transform = transform
        found = series_of(series)
        is_skipped = [irregular == "skip" and bool(one.report.errors) for one in found]
        pairs = list(zip(found, is_skipped, strict=True))
        self.series: list[Series] = [one for one, skip in pairs if not skip]
        self.skipped: list[Series] = [one for one, skip in pairs if skip]
        self._segments, self._combine = segments, combine
        self._labels: list[Any] | None = None
        if labels is not None:
            self.series, self._labels = labels_of(self.series, labels)
        self._places = [_places(one, slices) for one in self.series]
        self._ends = list(accumulate(map(len, self._places)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> Any:
        return self.read(index)

    def read(self, index: int, *, pin_memory: bool = False) -> Any:
        """Read an item: as `SeriesDataset.read`."""
        number = range(len(self))[index]
        at = bisect_right(self._ends, number)
        series = self.series[at]
        first = self._ends[at - 1] if at else 0
        image, ordinal = self._places[at][number - first].tolist()
        leading = series.axes.index("slice")
        slice_count, *sizes = series.shape[leading : leading + 3]
        parts = chosen(self._crop, list(map(range, sizes)), may_pad=self._wanted.pad is not None)
        item = self._image(series, image, parts, pinned=pin_memory)
        if self._labels is not None:
            label = self._label(series, image % slice_count, parts, self._labels[at])
            item["label"] = label.pin_memory() if pin_memory else label
        item |= {
            "slice": image % slice_count,
            "step": image // slice_count,
            "path": series.paths[ordinal],
            "frame": series.frames[ordinal],
            "series_uid": series.uid,
            "study_uid": series.study_uid,
            "modality": series.modality,
            "index": number,
        }
        return item if self.transform is None else self.transform(item)

    def _image(
        self, series: Series, number: int, parts: Sequence[Along], *, pinned: bool
    ) -> dict[str, Any]:
        wanted = self._wanted
        rows, columns = parts
        sizes = [len(part.indices) for part in parts]
        # Samples are put in front of the rows, which makes a copy.
        shape = None if "sample" in series.axes else (1, *sizes)
        is_final = sizes == [part.size for part in parts]
        array, affine = series.read_image(
            number, rows=rows.slice, columns=columns.slice,
            **wanted.options(shape, pinned=pinned and is_final),
        )  # fmt: skip
        image = torch.from_numpy(array)
        if "sample" in series.axes:
            image = image[0].movedim(-1, 0).contiguous()
        image = padded(image, parts, wanted.pad or 0)
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        affine[:3, 3] -= affine[:3, 1:3] @ [part.before for part in parts]
        return {
            "image": narrowed(image, wanted, pinned=pinned),
            "affine": torch.from_numpy(affine),
            "spacing": torch.from_numpy(spacing),
            "start": torch.tensor([part.start for part in parts]),
        }

    def _label(
        self, series: Series, number: int, parts: Sequence[Along], sources: Any
    ) -> torch.Tensor:
        # Labels are put on a volume: that of the slice.
        rows, columns = parts
        volume = series.read(
            slices=slice(number, number + 1), rows=rows.slice, columns=columns.slice,
            values="stored", irregular=self._wanted.irregular, workers=self._wanted.workers,
        )  # fmt: skip
        label = label_tensor(volume, sources, self._segments, self._combine)
        return padded(label[:, 0], parts, 0)

    def __repr__(self) -> str:
        return f"<SliceDataset of {len(self)} images, {len(self.series)} series>"


def _places(series: Series, slices: slice | None) -> npt.NDArray[np.int32]:
    """Return the images of a series that are there.

    Returns:
        Shape (images, 2): which image of the array it is, and which of `series.paths`.
    """
    first = series.axes.index("slice")
    slice_count = series.shape[first]
    is_there = np.array([slot is not None for slot in series.report.slices], dtype=bool)
    ordinals = np.cumsum(is_there) - 1
    images = np.arange(len(is_there))
    if slices is not None:
        wanted = list(range(slice_count)[slices])
        steps = len(is_there) // slice_count
        images = np.concatenate(
            [step * slice_count + np.array(wanted, int) for step in range(steps)]
        )
    images = images[is_there[images]]
    return np.stack([images, ordinals[images]], axis=1).astype(np.int32)
