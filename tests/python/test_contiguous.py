"""Copies of arrays whose axes are in another order: the same as NumPy's."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np
import pytest

from rapidicom import _core
from rapidicom._common import arrays
from rapidicom._common.arrays import contiguous

DTYPES = ["?", "u1", "<i2", ">u2", "f2", "<f4", ">f4", "f8", "i8", "c8", "c16", "S3", "u1,<i4", "O"]


@pytest.fixture(autouse=True)
def small_arrays_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_LARGE", 1)


def counting(shape: tuple[int, ...], dtype: str = "<i4") -> Any:
    numbers = np.arange(np.prod(shape))
    if "," not in dtype:
        return numbers.reshape(shape).astype(dtype)
    array = np.zeros(shape, dtype)
    array["f0"], array["f1"] = numbers.reshape(shape) % 256, numbers.reshape(shape)
    return array


def assert_as_numpy(array: Any, workers: int | None = None) -> None:
    found, expected = contiguous(array, workers), np.ascontiguousarray(array)
    assert found.flags.c_contiguous
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_items_of_any_type(dtype: str) -> None:
    array = counting((3, 40, 70), dtype)
    for order in itertools.permutations(range(3)):
        assert_as_numpy(array.transpose(order))
        assert_as_numpy(array[::-1, :, ::-1].transpose(order))


@pytest.mark.parametrize(
    "shape", [(7, 6, 5), (1, 6, 5), (7, 1, 5), (7, 6, 1), (1, 1, 5), (1, 1, 1), (0, 6, 5)]
)
def test_axes_in_any_order_and_direction(shape: tuple[int, ...]) -> None:
    array = counting(shape)
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            turned = array[tuple(slice(None, None, sign) for sign in signs)]
            assert_as_numpy(turned.transpose(order))


def test_any_number_of_axes() -> None:
    for shape in [(9,), (9, 8), (3, 2, 5, 4), (2, 3, 2, 5, 4)]:
        array = counting(shape)
        for order in itertools.permutations(range(len(shape))):
            assert_as_numpy(array.transpose(order))


def test_views_of_a_part_of_an_array() -> None:
    array = counting((6, 7, 8))
    for view in (array[1:4], array[:, 2:5], array[..., 1:7], array[::2], array[:, ::-3]):
        assert_as_numpy(view)
        assert_as_numpy(view.T)
        assert_as_numpy(view.transpose(1, 2, 0))
    assert_as_numpy(np.broadcast_to(array[0], (3, 7, 8)).T)
    assert_as_numpy(np.broadcast_to(np.int32(1), (3, 4)))
    assert_as_numpy(np.diagonal(array))


def test_native_code_copies_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    array = counting((3, 4, 5))
    expected = {
        order: array.transpose(order).tolist() for order in itertools.permutations(range(3))
    }
    monkeypatch.setattr(np, "ascontiguousarray", lambda given: pytest.fail("NumPy copies"))
    for order in ((2, 1, 0), (0, 2, 1), (2, 0, 1), (1, 2, 0)):
        assert contiguous(array.transpose(order)).tolist() == expected[order]


def test_threads_divide_a_large_array() -> None:
    array = counting((70, 80, 90))
    for workers in (1, 2, 5):
        assert_as_numpy(array.T, workers)
        assert_as_numpy(array.transpose(1, 0, 2), workers)
        assert_as_numpy(array.transpose(0, 2, 1)[::-1], workers)


def test_what_is_contiguous_is_not_copied() -> None:
    array = counting((3, 4, 5))
    assert contiguous(array) is array
    read_only = counting((3, 40, 50))
    read_only.flags.writeable = False
    assert_as_numpy(read_only.T)


def test_subclasses_become_arrays() -> None:
    array = counting((30, 40))
    for one in (np.ma.masked_less(array, 50).T, np.matrix(array).T):
        found = contiguous(one)
        assert type(found) is np.ndarray and found.flags.c_contiguous
        np.testing.assert_array_equal(found, np.ascontiguousarray(one))


def test_what_is_being_filled_is_copied() -> None:
    array = counting((30, 40))
    started, done = threading.Event(), threading.Event()

    def progress(count: int) -> None:
        started.set()
        done.wait(10)

    memory = arrays.as_bytes(array)
    to_index = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0]]
    shape = [1, 30, 40]
    arguments = (
        memory.copy(), "int32", shape, shape, to_index, 0, 0.0, [False] * 3, memory, 1, progress
    )  # fmt: skip
    thread = threading.Thread(target=_core.resample, args=arguments)
    thread.start()
    try:
        assert started.wait(10)
        np.testing.assert_array_equal(contiguous(array.T), np.ascontiguousarray(array.T))
    finally:
        done.set()
        thread.join()


def test_native_code_refuses_what_are_not_the_axes() -> None:
    memory = np.arange(6, dtype=np.uint8)
    out = np.zeros(6, np.uint8)
    assert not _core.copy_reordered(memory, 1, 0, [(3, 1), (3, 2)], out, None)
    assert not _core.copy_reordered(memory, 1, 5, [(3, 1), (2, 3)], out, None)
    assert not _core.copy_reordered(memory, 3, 0, [(2, 1)], out, None)
    assert not out.any()
    assert _core.copy_reordered(memory, 1, 0, [(3, 1), (2, 3)], out, None)
    assert out.tolist() == [0, 3, 1, 4, 2, 5]
