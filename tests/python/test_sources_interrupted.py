"""Progress and Ctrl-C while sources are read that take their time."""

from __future__ import annotations

import io
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from archive_builder import tarred, write, zipped
from counted_file_system import Counted
from series_builder import Pixels, Stack, Written, series

fsspec = pytest.importorskip("fsspec")

# Files, and seconds that a read of one takes: far more than a test may.
COUNT, SLOW = 24, 0.4


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    # Longer than what is read first of a file.
    folder = tmp_path_factory.mktemp("series") / "CT"
    return series(folder, Stack(count=COUNT), pixels=Pixels(shape=(120, 90)))


class Slow(io.BytesIO):
    """A file object that takes its time."""

    seconds = SLOW

    def read(self, count: int | None = -1) -> bytes:
        time.sleep(self.seconds)
        return super().read(count)


@pytest.fixture
def bucket(written: Written) -> Iterator[list[str]]:
    fsspec.register_implementation("counted", Counted, clobber=True)
    Counted.objects = {f"/b/{path.name}": path.read_bytes() for path in written.paths}
    Counted.forget()
    yield [f"counted:///b/{path.name}" for path in written.paths]
    Counted.latency = 0.0


def contents(written: Written) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in written.paths}


KINDS: dict[str, Callable[[Written, Path], Any]] = {
    "bytes": lambda written, _: list(contents(written).values()),
    "file objects": lambda written, _: list(map(io.BytesIO, contents(written).values())),
    "file objects of others": lambda written, _: [Fast(one) for one in contents(written).values()],
    "a stored zip": lambda written, folder: write(folder / "a.zip", zipped(contents(written))),
    "a deflated zip": lambda written, folder: write(
        folder / "a.zip", zipped(contents(written), zipfile.ZIP_DEFLATED)
    ),
    "a tar": lambda written, folder: write(folder / "a.tar", tarred(contents(written))),
    "a tar.gz": lambda written, folder: write(
        folder / "a.tar.gz", tarred(contents(written), "w:gz")
    ),
    "paths": lambda written, _: list(written.paths),
}


class Fast(Slow):
    seconds = 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_bars_reach_the_end(
    written: Written, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm", reason="tqdm draws the bar")
    source = KINDS[kind](written, tmp_path)
    rd.read_series(source, progress=True)
    assert "slices: 100%" in capsys.readouterr().err
    rd.scan(KINDS[kind](written, tmp_path), progress=True)
    assert f"{COUNT}/{COUNT}" in capsys.readouterr().err


def test_bars_of_a_bucket_reach_the_end(
    bucket: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm", reason="tqdm draws the bar")
    rd.read_series(bucket, progress=True)
    assert "slices: 100%" in capsys.readouterr().err


@contextmanager
def interrupted(seconds: float) -> Iterator[None]:
    """Press Ctrl-C after some time."""
    timer = threading.Timer(seconds, signal.raise_signal, (signal.SIGINT,))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("call", [rd.scan, rd.find_series, rd.read_series, rd.read_batch])
def test_an_interrupt_ends_reading_of_slow_file_objects(written: Written, call: Any) -> None:
    sources = [Slow(data) for data in contents(written).values()]
    started = time.monotonic()
    with interrupted(0.5), pytest.raises(KeyboardInterrupt):
        call(sources)
    assert time.monotonic() - started < COUNT * SLOW / 2


@pytest.mark.parametrize("call", [rd.scan, rd.find_series, rd.read_series, rd.read_batch])
def test_an_interrupt_ends_reading_of_a_slow_bucket(bucket: list[str], call: Any) -> None:
    Counted.latency = 30.0
    started = time.monotonic()
    with interrupted(0.5), pytest.raises(KeyboardInterrupt):
        call(bucket)
    assert time.monotonic() - started < 15
