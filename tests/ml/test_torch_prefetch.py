"""Items read ahead on threads: order, bounds, errors, and an end at any time."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import Subset, default_collate

import rapidicom as rd
from rapidicom._common.progress import interrupted_by
from rapidicom.integrations.torch import (
    CenterCrop,
    SeriesDataset,
    SliceDataset,
    prefetch,
    reading,
)
from series_builder import Flaws, Numbering, Pixels, Stack, series


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("rapidicom-prefetch")]


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    yield
    assert not threads()


class Numbers:
    """A data set of numbers that says what is read of it."""

    def __init__(self, count: int, item: Callable[[int], Any] = lambda number: number) -> None:
        self.count, self.item = count, item
        self.read: list[int] = []

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Any:
        self.read.append(number)
        return self.item(number)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.002)


def test_items_are_those_of_the_data_set_in_order(tmp_path: Path) -> None:
    for number in range(1, 6):
        series(tmp_path / str(number), numbering=Numbering(series=number))
    data = SeriesDataset(tmp_path)
    items = list(prefetch(data, ahead=3))
    assert [item["index"] for item in items] == list(range(5))
    for item in items:
        assert torch.equal(item["image"], data[item["index"]]["image"])


def test_order_is_kept_whatever_item_is_slow() -> None:
    def item(number: int) -> int:
        time.sleep(0.03 if number % 3 == 0 else 0)
        return number

    for ahead, count in ((1, 1), (4, 2), (7, 7), (50, 3)):
        assert list(prefetch(Numbers(20, item), ahead=ahead, threads=count)) == list(range(20))


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_no_more_than_ahead_is_read_before_it_is_asked_for(ahead: int) -> None:
    data = Numbers(30)
    items = prefetch(data, ahead=ahead)
    assert not data.read and not threads()
    for taken in range(1, 31):
        assert next(items) == taken - 1
        until(lambda taken=taken: len(data.read) == min(taken + ahead, 30))  # type: ignore[misc]
        time.sleep(0.005)
        assert len(data.read) == min(taken + ahead, 30)
    assert next(items, None) is None


def test_only_ahead_and_one_exist() -> None:
    """Neither a thread that waits nor the iterator keeps what was handed out."""
    alive: weakref.WeakSet[torch.Tensor] = weakref.WeakSet()

    def item(number: int) -> torch.Tensor:
        tensor = torch.zeros(1)
        alive.add(tensor)
        return tensor

    data = Numbers(40, item)
    items = prefetch(data, ahead=3, threads=2)
    for count in range(1, 41):
        tensor = next(items)
        until(lambda count=count: len(data.read) == min(count + 3, 40))  # type: ignore[misc]
        assert len(alive) <= 4
    del tensor
    until(lambda: not alive)
    items.close()


def test_errors_come_at_their_item_and_the_next_can_be_had(tmp_path: Path) -> None:
    for number in range(1, 5):
        flaws = Flaws(missing={3} if number == 2 else set())
        series(tmp_path / str(number), numbering=Numbering(series=number), flaws=flaws)
    data = SeriesDataset(tmp_path)
    items = prefetch(data)
    assert next(items)["index"] == 0
    with pytest.raises(rd.IrregularSeriesError):
        next(items)
    assert [item["index"] for item in items] == [2, 3]
    items = prefetch(data, on_error="collect")
    assert [item["index"] for item in items] == [0, 2, 3]
    ((number, error),) = items.errors
    assert number == 1 and isinstance(error, rd.IrregularSeriesError) and error.report
    # Its frames would hold the volume.
    assert error.__traceback__ is None


def test_an_item_that_stops_iteration_does_not_end_the_loop() -> None:
    def item(number: int) -> int:
        return number if number != 2 else next(iter(()))

    items = prefetch(Numbers(5, item))
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(RuntimeError, match="StopIteration"):
        next(items)
    assert list(items) == [3, 4]
    items = prefetch(Numbers(5, item), on_error="collect")
    assert list(items) == [0, 1, 3, 4]
    assert [(number, type(error)) for number, error in items.errors] == [(2, StopIteration)]

    def collate(batch: list[int]) -> int:
        return sum(batch) if 2 not in batch else next(iter(()))

    items = prefetch(Numbers(5), batch_size=2, collate_fn=collate)
    assert next(items) == 1
    with pytest.raises(RuntimeError, match="StopIteration"):
        next(items)
    assert list(items) == [4]


def test_a_batch_loses_only_the_item_that_went_wrong() -> None:
    def item(number: int) -> int:
        if number in (1, 5):
            raise ValueError(str(number))
        return number

    items = prefetch(Numbers(7, item), batch_size=3, collate_fn=list)
    found: list[Any] = []
    while True:
        try:
            found.append(next(items))
        except ValueError as error:
            found.append(str(error))
        except StopIteration:
            break
    assert found == ["1", [0, 2, 3], "5", [4, 6]]


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_a_system_without_more_threads_hangs_nothing(
    allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = threading.Thread.start, []

    def starts(thread: threading.Thread) -> None:
        if len(started) == allowed:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starts)
    with prefetch(Numbers(9), ahead=4, threads=4) as items:
        if allowed:
            assert list(items) == list(range(9))
            return
        with pytest.raises(RuntimeError, match="thread"):
            next(items)
        monkeypatch.undo()
        assert next(items) == 1


def test_errors_that_end_programs_are_not_collected() -> None:
    def item(number: int) -> int:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        list(prefetch(Numbers(3, item), on_error="collect"))
    gc.collect()


def test_all_items_may_be_bad() -> None:
    def item(number: int) -> int:
        raise ValueError(str(number))

    items = prefetch(Numbers(9, item), on_error="collect", batch_size=2)
    assert list(items) == []
    assert [number for number, _ in items.errors] == list(range(9))


@pytest.mark.parametrize("how", ["close", "with", "garbage", "break", "raise"])
def test_it_stops_when_abandoned(how: str) -> None:
    data = Numbers(1000)

    def use() -> None:
        items = prefetch(data, ahead=3)
        if how == "with":
            with items:
                next(items)
            assert not threads()
            assert next(items, None) is None
            return
        if how in ("break", "raise"):
            for _ in items:
                if how == "break":
                    break
                raise ZeroDivisionError
        next(items)
        if how == "close":
            items.close()
            items.close()
            assert not threads()

    if how == "raise":
        with pytest.raises(ZeroDivisionError):
            use()
    else:
        use()
    gc.collect()
    until(lambda: not threads())
    assert len(data.read) <= 6


def test_a_read_under_way_stops(tmp_path: Path) -> None:
    class Enough(BaseException):
        pass

    def check() -> None:
        raise Enough

    series(tmp_path)
    (found,) = rd.find_series(tmp_path)
    with pytest.raises(Enough), interrupted_by(check):
        found.read()
    found.read()


PROGRAM = """
import signal, sys, time
from rapidicom.integrations.torch import prefetch

# A shell starts what runs in the background with the signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Slow:
    def __len__(self): return 9
    def __getitem__(self, number):
        if number == 2:
            print("waiting", flush=True)
            time.sleep({seconds})
        return number

items = prefetch(Slow(), ahead=2)
try:
    for item in items:
        if {leaves} and item == 1:
            sys.exit(7)
except KeyboardInterrupt:
    import threading
    print([one.name for one in threading.enumerate()], flush=True)
    sys.exit(5)
"""


def program(**values: Any) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(**values)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def test_ctrl_c_ends_it() -> None:
    with program(seconds=1, leaves=False) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (5, "['MainThread']\n"), errors


def test_a_program_may_end_amid_it() -> None:
    with program(seconds=0.2, leaves=True) as process:
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (7, "")


def test_batches_and_orders() -> None:
    batches = list(prefetch(Numbers(7), batch_size=3))
    assert [batch.tolist() for batch in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(prefetch(Numbers(7), batch_size=3, collate_fn=sum)) == [3, 12, 6]
    assert len(prefetch(Numbers(7), batch_size=3)) == 3 and len(prefetch(Numbers(7))) == 7
    assert list(prefetch(Numbers(7), sampler=[5, 1, 1])) == [5, 1, 1]
    assert list(prefetch(Subset(Numbers(7), [4, 2]))) == [4, 2]  # type: ignore[arg-type]
    torch.manual_seed(1)
    once = list(prefetch(Numbers(50), shuffle=True))
    assert sorted(once) == list(range(50)) != once
    torch.manual_seed(1)
    assert list(prefetch(Numbers(50), shuffle=True)) == once
    assert list(prefetch(Numbers(0))) == list(prefetch(Numbers(0), shuffle=True)) == []


def assert_same_batch(batch: dict[str, Any], expected: dict[str, Any]) -> None:
    assert batch.keys() == expected.keys()
    for key, value in expected.items():
        if isinstance(value, torch.Tensor):
            assert batch[key].dtype == value.dtype and torch.equal(batch[key], value)
        else:
            assert batch[key] == value


@pytest.mark.parametrize("labels", [False, True])
def test_a_batch_of_one_is_the_item_itself(tmp_path: Path, labels: bool) -> None:
    series(tmp_path)
    data = SeriesDataset(tmp_path, dtype="float32")
    read, places = data.read, []

    def seen(number: int, **options: Any) -> Any:
        item = read(number, **options)
        if labels:
            item["label"] = torch.zeros(3)
        places.append(item["image"].data_ptr())
        return item

    data.read = seen  # type: ignore[method-assign]
    (batch,) = prefetch(data, batch_size=1)
    assert places == [batch["image"].data_ptr()]
    expected = default_collate([data[0]])
    assert_same_batch(batch, expected)


@pytest.mark.parametrize("dtype", ["float32", "int16", "float16", "float64", torch.bfloat16])
@pytest.mark.parametrize("crop", [None, (3, 2, 4)])
def test_batches_are_those_of_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: Any, crop: Any
) -> None:
    for number in (1, 2, 3):
        series(tmp_path / str(number), numbering=Numbering(series=number))
    data = SeriesDataset(tmp_path, dtype=dtype, crop=CenterCrop(crop) if crop else None)
    expected = default_collate([data[0], data[1], data[2]])
    stack = torch.stack

    def stacked(tensors: Any, *arguments: Any, **options: Any) -> torch.Tensor:
        assert tensors[0].numel() < 100, "torch copies pixels"
        return stack(tensors, *arguments, **options)

    monkeypatch.setattr(torch, "stack", stacked)
    (batch,) = prefetch(data, batch_size=3)
    assert_same_batch(batch, expected)


def test_a_batch_of_other_shapes_is_the_error_of_torch(tmp_path: Path) -> None:
    series(tmp_path / "1", numbering=Numbering(series=1))
    series(tmp_path / "2", Stack(count=4), numbering=Numbering(series=2))
    with pytest.raises(RuntimeError, match="equal size"):
        list(prefetch(SeriesDataset(tmp_path), batch_size=2))


def test_a_batch_of_what_others_may_have_is_a_copy(tmp_path: Path) -> None:
    series(tmp_path)
    kept = torch.zeros(3)
    data = SeriesDataset(tmp_path, transform=lambda item: {"image": kept})
    (batch,) = prefetch(Subset(data, [0]), batch_size=1)
    batch["image"] += 1
    assert kept.sum() == 0


@pytest.mark.parametrize(
    ("cores", "count", "asked", "expected"), [(8, 2, None, 4), (2, 4, None, 1), (8, 2, 3, 3)]
)
def test_threads_share_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, count: int, asked: int | None,
    expected: int,
) -> None:  # fmt: skip
    series(tmp_path)
    monkeypatch.setattr(reading, "core_count", lambda: cores)
    read, used = rd.Series.read, []

    def seen(self: rd.Series, **options: Any) -> rd.Volume:
        used.append(options["workers"])
        return read(self, **options)

    monkeypatch.setattr(rd.Series, "read", seen)
    data = SeriesDataset(tmp_path, workers=asked)
    list(prefetch(data, threads=count))
    assert used == [expected]
    data[0]
    assert used[1] == asked, "nobody else reads"


MEMORY = """
import resource, sys
import rapidicom as rd
from rapidicom.integrations.torch import SeriesDataset, prefetch

def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

(found,) = rd.find_series(sys.argv[1])
ahead, batch_size = 2, int(sys.argv[2]) or None
SeriesDataset([found], crop=(2, 2, 2), dtype="float32")[0]
data = SeriesDataset([found] * 12, dtype="float32")
before = peak()
for item in prefetch(data, ahead=ahead, batch_size=batch_size):
    length = item["image"].numel() * 4
    item["image"][..., ::16, ::16].mean()
print(length, peak() - before, (ahead + 1) * length + (200 << 20))
"""


@pytest.mark.parametrize("batch_size", [0, 1])
def test_memory_is_that_of_the_items_ahead_and_one(tmp_path: Path, batch_size: int) -> None:
    series(tmp_path, Stack(count=150), pixels=Pixels((512, 512)))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path), str(batch_size)],
        capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    length, used, most = map(int, done.stdout.split())
    assert length == 150 * 512 * 512 * 4
    assert used <= most


def test_slices_are_prefetched_too(tmp_path: Path) -> None:
    series(tmp_path)
    whole = rd.read_series(tmp_path).array
    for batch in prefetch(SliceDataset(tmp_path), shuffle=True, batch_size=3):
        for number, image in zip(batch["slice"], batch["image"], strict=True):
            np.testing.assert_array_equal(image[0], whole[number])


def test_pinned_memory_without_a_gpu_is_a_warning() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.warns(UserWarning, match="no GPU"):
        assert list(prefetch(Numbers(2), pin_memory=True)) == [0, 1]


@pytest.mark.parametrize("crop", [None, (9, 5, 7), (2, 2, 2)], ids=["whole", "padded", "crop"])
@pytest.mark.parametrize("dtype", ["float32", "int16", "float16", None])
def test_pixels_are_read_into_pinned_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str | None, crop: Any
) -> None:
    """A stand-in for what a GPU's driver pins; what is asked for tells what is copied."""
    empty, pinned = torch.empty, []

    def pinning(*arguments: Any, pin_memory: bool = False, **options: Any) -> torch.Tensor:
        tensor = empty(*arguments, **options)
        if pin_memory:
            pinned.append(tensor.data_ptr())
        return tensor

    def copied(tensor: torch.Tensor) -> torch.Tensor:
        copy = tensor.clone()
        pinned.append(copy.data_ptr())
        return copy

    monkeypatch.setattr(torch, "empty", pinning)
    monkeypatch.setattr(torch.Tensor, "pin_memory", copied)
    monkeypatch.setattr(
        torch.Tensor, "is_pinned", lambda tensor: tensor.data_ptr() in pinned, raising=False
    )
    series(tmp_path)
    data = SeriesDataset(tmp_path, dtype=dtype, crop=crop, pad=0)
    torch.manual_seed(2)
    item = data.read(0, pin_memory=True)
    assert item["image"].data_ptr() in pinned
    is_read_into = dtype in ("float32", "int16", "float16") and crop != (9, 5, 7)
    assert len(pinned) == 1 or not is_read_into
    torch.manual_seed(2)
    assert torch.equal(item["image"], data[0]["image"])


def test_a_fork_is_noticed() -> None:
    items = prefetch(Numbers(9))
    next(items)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            next(items)
        except RuntimeError as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert b"forked" in os.read(read, 200)
    assert list(items) == list(range(1, 9))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"ahead": 0}, ValueError),
        ({"ahead": 1.5}, ValueError),
        ({"threads": 0}, ValueError),
        ({"batch_size": 0}, ValueError),
        ({"on_error": "ignore"}, ValueError),
        ({"shuffle": True, "sampler": [1]}, ValueError),
        ({"dataset": iter([1])}, TypeError),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], error: type) -> None:
    with pytest.raises(error):
        prefetch(**{"dataset": Numbers(3), **options})
