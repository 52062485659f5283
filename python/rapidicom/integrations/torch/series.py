"""Volumes as a data set of torch: an item a series, or a patch of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.utils.data import Dataset

from rapidicom.integrations.torch.crops import Along, chosen, cropping
from rapidicom.integrations.torch.labels import label_tensor, labels_of
from rapidicom.integrations.torch.reading import (
    Wanted,
    channels_first,
    narrowed,
    padded,
    series_of,
)
from rapidicom.volumes.series import Series

if TYPE_CHECKING:
    from rapidicom.volumes.selection import Values
    from rapidicom.volumes.volume import Volume

__all__ = ["SeriesDataset"]


class SeriesDataset(Dataset):  # type: ignore[misc]
    """Series as a data set of torch: an item is a volume, or a patch of it, with its geometry.

    The headers are read once, when the series are found; an item reads the pixels that it has and
    no others. In the workers of a `DataLoader` each reads with its share of the cores. With
    `prefetch`, threads read ahead, and no workers are needed.

    An item is a dictionary that `default_collate` makes batches of:

    - `image`: shape (1, slice, row, column); (T, slice, row, column) where positions have T images;
      (samples, slice, row, column) for colour, after T.
    - `label`: with `labels=`, the same part of the labels, (1, slice, row, column), or an entry a
      segment in front.
    - `affine`: shape (4, 4), float64. Takes (slice, row, column, 1) of this image, of the patch if
      it is one, to patient millimetres, LPS (PS3.3 §C.7.6.2.1.1), as `Volume.affine`.
    - `spacing`: shape (3,), float64, in mm, along (slice, row, column).
    - `start`: shape (3,), int64: where in the series' volume the image begins.
    - `series_uid`, `study_uid`, `modality`: text.
    - `index`: the item's number.

    Args:
        series: Series of `find_series`, or what `find_series` takes: folders, files, tables.
        transform: Called with each item; what it returns is the item.
        values: As for `Series.read`.
        dtype: The type of the image, of torch or NumPy; default as for `Series.read`. Where
            float16 and bfloat16 would have infinity for a finite value, it is an error.
        irregular: `"raise"` and `"keep"` as for `Series.read`, when an item is read; `"skip"`
            leaves out series whose reports have errors, lists them in `skipped`, and raises for
            damage that shows when pixels are read.
        crop: Which part an item has: `(64, 128, 128)` is a patch of so many slices, rows and
            columns, anywhere and elsewhere each time; `CenterCrop((64, 128, 128))` the middle;
            three `slice`s are a fixed part; or a function that takes the shape and returns slices.
            `None` for a size takes the whole axis.
        slices: Which slices crops are taken from; default: all.
        pad: The value around images that are smaller than the crop; without it, they are errors.
        fill: As for `Series.read`.
        labels: Segmentations and structure sets: what `find_labels` takes, or a dictionary with
            the sources of each series, by UID. Those that were drawn on a series are its labels;
            segmentations among `series` are no items.
        segments: As for `read_labels`.
        combine: As for `read_labels`.
        workers: Threads an item is read with; default: one a core.

    Attributes:
        series: The series, in the order of the items.
        skipped: The series that were left out.

    Raises:
        ValueError: An option is not known, or a series has no labels.
        TypeError: Series are mixed with other sources.
        DicomError: As for `find_series`.
        OSError: Likewise.
        ImportError: torch is not installed.

    Examples:
        >>> from rapidicom.integrations.torch import SeriesDataset
        >>> data = SeriesDataset("tests/data/brain-mr", dtype="float16", crop=(16, 32, 32))
        >>> data[0]["image"].shape, data[0]["image"].dtype
        (torch.Size([1, 16, 32, 32]), torch.float16)
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
        workers: int | None = None,
    ) -> None:
        self._wanted = Wanted.of(values, dtype, irregular, fill, pad, workers)
        self._crop = cropping(crop, 3)
        if slices is not None and not isinstance(slices, slice):
            raise TypeError(f"slices must be a slice, not {type(slices).__name__}")
        self._slices = slices
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

    def __len__(self) -> int:
        return len(self.series)

    def __getitem__(self, index: int) -> Any:
        return self.read(index)

    def read(self, index: int, *, pin_memory: bool = False) -> Any:
        """Read an item.

        Args:
            index: Its number.
            pin_memory: Read the pixels into pinned memory, which is copied to a GPU faster.

        Returns:
            The item: see the class.

        Raises:
            IndexError: There is no such item.
            ValueError: The image is smaller than the crop, `dtype` does not hold every value, or
                an option of `Series.read` does not fit.
            DicomError: As for `Series.read`, and `read_labels`.
            OSError: Likewise.
        """
        number = range(len(self.series))[index]
        series = self.series[number]
        first = series.axes.index("slice")
        slices, rows, columns = map(range, series.shape[first : first + 3])
        allowed = (slices if self._slices is None else slices[self._slices], rows, columns)
        if not allowed[0]:
            raise ValueError(f"slices={self._slices} selects nothing of {len(slices)}")
        parts = chosen(self._crop, allowed, may_pad=self._wanted.pad is not None)
        volume, item = self._image(series, parts, pinned=pin_memory)
        if self._labels is not None:
            label = label_tensor(volume, self._labels[number], self._segments, self._combine)
            label = padded(label, parts, 0)
            item["label"] = label.pin_memory() if pin_memory else label
        item |= {
            "series_uid": series.uid,
            "study_uid": series.study_uid,
            "modality": series.modality,
            "index": number,
        }
        return item if self.transform is None else self.transform(item)

    def _image(
        self, series: Series, parts: Sequence[Along], *, pinned: bool
    ) -> tuple[Volume, dict[str, Any]]:
        """Read a part of a series: as a volume, and as a padded tensor with its geometry."""
        wanted = self._wanted
        slices, rows, columns = parts
        sizes = [len(part.indices) for part in parts]
        is_final = sizes == [part.size for part in parts]
        first = series.axes.index("slice")
        shape = None if "sample" in series.axes else (*series.shape[:first], *sizes)
        volume = series.read(
            slices=slices.slice, rows=rows.slice, columns=columns.slice,
            **wanted.options(shape, pinned=pinned and is_final),
        )  # fmt: skip
        image = channels_first(torch.from_numpy(volume.array), series.axes)
        image = padded(image, parts, wanted.pad or 0)
        affine = volume.affine.copy()
        affine[:3, 3] -= affine[:3, :3] @ [part.before for part in parts]
        return volume, {
            "image": narrowed(image, wanted, pinned=pinned),
            "affine": torch.from_numpy(affine),
            "spacing": torch.tensor(volume.spacing, dtype=torch.float64),
            "start": torch.tensor([part.start for part in parts]),
        }

    def __repr__(self) -> str:
        return f"<SeriesDataset of {len(self)} series>"
