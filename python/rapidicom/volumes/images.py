"""The images of a volume: what their headers say, and their data sets, read on access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast, overload

import numpy as np

from rapidicom import _core
from rapidicom._dataset.dataset import Dataset
from rapidicom.sources.item import Item
from rapidicom.sources.opening import open_dataset

__all__ = ["Datasets", "Images"]

# What has one entry an image.
_OF_IMAGES = (
    "paths", "sources", "frames", "windows", "slice_times", "instance_uids", "positions",
)  # fmt: skip


class Images:
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
    def positions(self) -> list[list[float]]:
        none = [np.nan] * 3
        positions = zip(self._slices.positions, self.present, strict=True)
        return [none if found is None else found for found, is_there in positions if is_there]

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

    def select(self, places: list[int]) -> Images:
        """Return the images at some places of the array, `present` or not."""
        numbers: list[int | None] = []
        count = 0
        for is_there in self.present:
            numbers.append(count if is_there else None)
            count += is_there
        images = [number for place in places if (number := numbers[place]) is not None]
        state = self.__getstate__()
        for name in _OF_IMAGES:
            state[name] = [state[name][number] for number in images]
        state["present"] = [self.present[place] for place in places]
        selected = Images.__new__(Images)
        selected.__setstate__(state)
        return selected

    def __getstate__(self) -> dict[str, Any]:
        # The headers themselves cannot be pickled.
        names = ("present", *_OF_IMAGES, "states", "frame_of_reference_uid")
        return {name: getattr(self, name) for name in names} | {"_files": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Pickles of earlier versions do not say what files and images were.
        missing: dict[str, Any] = {
            "states": {}, "_files": None, "instance_uids": [], "frame_of_reference_uid": "",
            "positions": [],
        }  # fmt: skip
        self.__dict__.update(missing | state)


class Datasets(Sequence[Dataset]):
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
