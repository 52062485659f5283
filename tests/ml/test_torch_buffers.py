"""Memory of volumes that were dropped is read into again, and of no others."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rapidicom.integrations.torch import SeriesDataset, prefetch
from rapidicom.integrations.torch.buffers import Buffers, buffer_for, reading_into
from series_builder import Flaws, Numbering, Pixels, Stack, series

FLOAT = np.dtype("float32")
# Arrays of fewer bytes than this do not come from buffers.
LEAST = 1 << 22


def array(buffers: Buffers, count: int = LEAST) -> Any:
    found = buffers.array((count,), FLOAT)
    assert found is not None
    return found


def address(tensor: torch.Tensor) -> int:
    return tensor.data_ptr()


def test_arrays_are_as_asked_for_and_aligned() -> None:
    buffers = Buffers(2)
    for shape, dtype in (
        ((3, 512, 1024), "float32"),
        ((1 << 22,), "float16"),
        ((9, 1 << 20), "i2"),
    ):
        found = buffers.array(shape, np.dtype(dtype))
        assert found is not None
        assert (found.shape, found.dtype) == (shape, np.dtype(dtype))
        assert found.flags.c_contiguous and found.flags.writeable
        assert found.ctypes.data % 64 == 0


def test_small_arrays_are_left_to_the_allocator() -> None:
    assert Buffers(2).array((LEAST // 4 - 1,), FLOAT) is None
    assert buffer_for((LEAST,), "float32") is None
    with reading_into(Buffers(1)):
        assert buffer_for((LEAST,), "float32") is not None
        assert buffer_for((3,), "float32") is None
    assert buffer_for((LEAST,), "float32") is None


def test_memory_comes_back_when_the_last_view_is_gone() -> None:
    buffers = Buffers(2)
    first = array(buffers)
    place = first.ctypes.data
    views = [first[5:], torch.from_numpy(first)[None, 3:].view(torch.int32), memoryview(first)]
    del first
    while views:
        assert array(buffers).ctypes.data != place, "somebody still has it"
        views.pop()
    assert place in {one.ctypes.data for one in [array(buffers), array(buffers)]}


def test_an_array_in_a_circle_is_collected() -> None:
    buffers = Buffers(1)
    held: list[Any] = [array(buffers)]
    place = held[0].ctypes.data
    held.append(held)
    del held
    gc.collect()
    assert array(buffers).ctypes.data == place


def test_the_smallest_buffer_that_fits_is_taken() -> None:
    buffers = Buffers(3)
    places = {}
    arrays = {count: array(buffers, count * LEAST) for count in (1, 4, 20)}
    for count in list(arrays):
        places[count] = arrays.pop(count).ctypes.data
    for count, expected in ((1, 1), (2, 4), (4, 4), (6, 20), (20, 20)):
        assert array(buffers, count * LEAST).ctypes.data == places[expected], count


def test_a_small_array_holds_no_large_buffer() -> None:
    buffers = Buffers(3)
    large = array(buffers, 20 * LEAST)
    place = large.ctypes.data
    del large
    kept = [array(buffers, count * LEAST) for count in (1, 2, 4)]
    assert place not in {one.ctypes.data for one in kept}


def test_what_is_free_is_let_go_where_memory_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    buffers = Buffers(3)
    arrays = [array(buffers), array(buffers, 2 * LEAST)]
    arrays.clear()
    assert len(buffers._free) == 2
    assert buffers.array((1 << 60,), FLOAT) is None
    assert not buffers._free


def test_no_more_buffers_are_kept_than_asked_for() -> None:
    buffers = Buffers(2)
    arrays = [array(buffers) for _ in range(5)]
    arrays.clear()
    assert len(buffers._free) == 2
    # None of them is large enough: one goes for the new one.
    large = array(buffers, 9 * LEAST)
    assert len(buffers._free) == 1
    buffers.close()
    del large
    assert not buffers._free
    assert buffers.array((LEAST,), FLOAT) is None


def test_no_memory_is_left_to_the_reader() -> None:
    assert Buffers(1).array((1 << 60,), FLOAT) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Series of several sizes: whole ones, and one with a gap."""
    for number, count in enumerate((24, 30, 20, 26, 24), start=1):
        series(
            tmp_path / str(number),
            Stack(count=count),
            numbering=Numbering(series=number),
            pixels=Pixels((256, 256)),
            flaws=Flaws(missing=(7,)) if number == 3 else Flaws(),
        )
    return tmp_path


@pytest.mark.parametrize("dtype", ["float32", "int16", "float16", torch.bfloat16])
@pytest.mark.parametrize("options", [{}, {"pad": -5, "crop": (30, 256, 256)}], ids=["whole", "pad"])
def test_items_are_the_same_in_used_memory(
    folder: Path, dtype: Any, options: dict[str, Any]
) -> None:
    data = SeriesDataset(folder, dtype=dtype, irregular="keep", fill=-3, **options)
    expected = [data[number]["image"] for number in range(len(data))]
    order = [0, 1, 2, 3, 4] * 5
    for batch_size in (None, 1):
        places = set()
        for item in prefetch(data, ahead=2, sampler=order, batch_size=batch_size):
            number = int(item["index"])
            image = item["image"] if batch_size is None else item["image"][0]
            assert torch.equal(image, expected[number])
            places.add(address(item["image"]))
            # What is done to an item shows in no other.
            image.fill_(99)
        if not options and dtype == "float32":
            assert len(places) < len(order) // 2, "memory is used again"


def test_items_that_are_kept_stay_as_they_are(folder: Path) -> None:
    data = SeriesDataset(folder, dtype="float32", irregular="keep", fill=0)
    kept = list(prefetch(data, ahead=2, sampler=[0, 1, 3, 4] * 3))
    parts = [item["image"][0, 3:5] for item in prefetch(data, ahead=2, sampler=[0, 1, 3, 4] * 3)]
    assert len({address(item["image"]) for item in kept}) == len(kept)
    for item, part in zip(kept, parts, strict=True):
        expected = data[item["index"]]["image"]
        assert torch.equal(item["image"], expected)
        assert torch.equal(part, expected[0, 3:5])
