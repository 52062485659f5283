"""Labels beside images in the items of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch

from rapidicom.labels.finding import LabelObject, find_labels
from rapidicom.labels.reading import read_labels
from rapidicom.volumes.series import Series

if TYPE_CHECKING:
    from rapidicom.volumes.volume import Volume

__all__ = ["label_tensor", "labels_of"]


def labels_of(series: Sequence[Series], labels: Any) -> tuple[list[Series], list[Any]]:
    """Return the sources of the labels of each series.

    Args:
        series: The series; those that are labels themselves are left out.
        labels: What `find_labels` takes or returned, or a dictionary of sources by Series Instance
            UID.

    Returns:
        The series that are images, and what was drawn on each.

    Raises:
        ValueError: Nothing was drawn on one of them.
    """
    found: dict[str, Any] = {}
    images = list(series)
    uids = {one.uid for one in series}
    if isinstance(labels, Mapping) and uids & labels.keys():
        found = {uid: labels[uid] for uid in uids & labels.keys()}
    else:
        objects = _objects(series, labels)
        for label in objects:
            for uid in label.referenced_series_uids:
                found.setdefault(uid, []).append(label.name)
        are_labels = {label.series_uid for label in objects}
        images = [one for one in series if one.uid not in are_labels]
    without = sum(one.uid not in found for one in images)
    if without:
        raise ValueError(
            f"{without} of {len(images)} series have no labels: leave them out, or pass a "
            "dictionary of label objects by Series Instance UID"
        )
    return images, [found[one.uid] for one in images]


def _objects(series: Sequence[Series], labels: Any) -> list[LabelObject]:
    """Return label objects with the series that they were drawn on."""
    objects = list(labels) if isinstance(labels, (list, tuple)) else []
    if not objects or not all(isinstance(one, LabelObject) for one in objects):
        objects = find_labels(labels)
    unknown = [one for one in objects if not one.referenced_series_uids]
    if not unknown:
        return objects
    # They name images alone: which series these are of, the images know.
    paths = dict.fromkeys(path for one in series for path in one.paths)
    known = [one for one in objects if one.referenced_series_uids]
    names = [one.name for one in unknown]
    return known + [one for one in find_labels([*names, *paths]) if one.name in names]


def label_tensor(
    volume: Volume,
    sources: Any,
    segments: int | str | Sequence[int | str] | None,
    combine: Literal["labelmap", "channels"],
) -> torch.Tensor:
    """Read labels on the grid of a volume: shape (segments or 1, slice, row, column)."""
    labels = read_labels(sources, like=volume, segments=segments, combine=combine)
    tensor = torch.from_numpy(labels.array)
    return tensor[None] if tensor.ndim == 3 else tensor
