"""Long work: progress, Ctrl-C, threads and forked processes."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from rapidicom._common.progress import Progress
from series_builder import Stack, Written, series

CALLS = {
    "scan": lambda folder: len(rd.scan(folder)),
    "find_series": lambda folder: len(rd.find_series(folder)),
    "read_series": lambda folder: float(rd.read_series(folder).array.sum()),
    "read_batch": lambda folder: float(rd.read_batch(sorted(Path(folder).iterdir())).sum()),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return series(tmp_path_factory.mktemp("series"), Stack(count=40))


def folder_of(written: Written) -> Path:
    return written.paths[0].parent


@pytest.mark.parametrize("call", ["scan", "find_series", "read_series"])
def test_progress_reaches_the_end(
    written: Written, call: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm", reason="tqdm draws the bar")
    getattr(rd, call)(folder_of(written), progress=True)
    bar = capsys.readouterr().err
    assert "headers" in bar
    if call == "read_series":
        assert "slices: 100%" in bar


def test_progress_counts_what_folders_have_before_headers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("tqdm", reason="tqdm draws the bar")
    with Progress(True, "headers") as bar:
        assert bar.callback is not None
        bar.callback(1234)
        assert "listing" in capsys.readouterr().err
        bar.callback(0, 8)
        bar.callback(8)
    assert "headers: 100%" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["nowhere", "empty"])
def test_no_bar_stays_of_what_failed_and_of_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    pytest.importorskip("tqdm", reason="tqdm draws the bar")
    (tmp_path / "empty").mkdir()
    with suppress(FileNotFoundError):
        rd.scan(tmp_path / what, ["Rows"], progress=True)
    # A terminal shows what comes after the last carriage return.
    last = capsys.readouterr().err.rpartition("\r")[2]
    assert last == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("call", CALLS)
def test_a_forked_child_can_call_in(written: Written, call: str) -> None:
    folder = folder_of(written)
    expected = CALLS[call](folder)  # The parent has used threads before it forks.
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        found = None
        try:
            found = CALLS[call](folder)
        finally:
            os.write(writing, pickle.dumps(found))
            os._exit(0)
    os.close(writing)
    deadline = time.monotonic() + 60
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the child hangs")
        time.sleep(0.01)
    with os.fdopen(reading, "rb") as pipe:
        assert pickle.loads(pipe.read()) == expected


@pytest.mark.parametrize("call", CALLS)
def test_threads_of_the_caller_do_not_disturb_each_other(written: Written, call: str) -> None:
    folder = folder_of(written)
    expected = CALLS[call](folder)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: CALLS[call](folder), range(24))) == [expected] * 24


def test_one_data_set_can_be_read_from_many_threads(written: Written) -> None:
    for path in written.paths[:10]:
        ds = rd.dcmread(path)
        start = threading.Barrier(8)

        def look(ds: rd.Dataset = ds, start: threading.Barrier = start) -> tuple[object, ...]:
            start.wait()
            return (
                str(ds),
                ds.PixelSpacing,
                [element.value for element in ds],
                ds.pixel_array.sum(),
            )

        with ThreadPoolExecutor(8) as pool:
            found = [future.result() for future in [pool.submit(look) for _ in range(8)]]
        assert all(
            one[0] == found[0][0] and one[1] == found[0][1] and one[3] == found[0][3]
            for one in found
        )


INTERRUPTED = """
import signal, sys, threading, time
import rapidicom as rd
call, folder = sys.argv[1:]
# A shell starts background jobs with the signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
names = [folder]
if call == "read_batch":
    names = sorted(str(path) for path in __import__("pathlib").Path(folder).iterdir()) * 4000
def interrupt():
    time.sleep(0.3)
    sent.append(time.monotonic())
    signal.raise_signal(signal.SIGINT)
sent = []
threading.Thread(target=interrupt, daemon=True).start()
try:
    while True:
        getattr(rd, call)(names)
except KeyboardInterrupt:
    print("stopped", time.monotonic() - sent[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("call", CALLS)
def test_ctrl_c_stops_the_work(written: Written, call: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, call, str(folder_of(written))]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout.startswith("stopped"), result.stderr


def test_a_progress_callback_that_raises_ends_the_work(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    tqdm = pytest.importorskip("tqdm.auto", reason="tqdm draws the bar")

    def refuse(*_: object) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr(tqdm.tqdm, "update", refuse)
    with pytest.raises(RuntimeError, match="no more"):
        rd.find_series(folder_of(written), progress=True)


def test_what_workers_exchange_can_be_pickled(written: Written) -> None:
    folder = folder_of(written)
    (found,) = pickle.loads(pickle.dumps(rd.find_series(folder)))
    volume = found.read()
    np.testing.assert_array_equal(volume.array, written.modality_volume)
    again = pickle.loads(pickle.dumps(volume))
    np.testing.assert_array_equal(again.array, volume.array)
    np.testing.assert_array_equal(again.affine, volume.affine)
    assert again.report == volume.report
    ds = pickle.loads(pickle.dumps(rd.dcmread(written.paths[0])))
    assert ds == rd.dcmread(written.paths[0])
    assert np.array_equal(ds.pixel_array, rd.dcmread(written.paths[0]).pixel_array)
