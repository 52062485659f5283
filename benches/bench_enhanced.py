"""Find the series of an object of 10,000 frames of 64 x 64 x 16 bit, and read its values."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from builder import Identity
from enhanced_builder import Encoding, Frame, enhanced, stack_frames

TIMES = SLICES = 100
# Warm page cache; every reader has to read 4 MB of functional groups and visit 10,000 items.
FIND_LIMIT = 0.05


def frames() -> list[Frame]:
    """Return the slices of one time after those of another, with the macros of MR scanners."""
    stack = stack_frames(
        SLICES, shape=(64, 64), echo_time=3.0, stack_id="1", window=(40.0, 400.0),
        frame_type=["ORIGINAL", "PRIMARY", "M", "NONE"],
    )  # fmt: skip
    return [replace(frame, temporal_position=time + 1) for time in range(TIMES) for frame in stack]


@pytest.fixture(scope="module", params=[False, True], ids=["lengths", "delimiters"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the file, its sequences with lengths or with delimiters."""
    file = tmp_path_factory.mktemp("enhanced") / "a.dcm"
    encoding = Encoding(undefined_lengths=request.param)
    return enhanced(file, frames(), identity=Identity(modality="MR"), encoding=encoding)


def test_series_is_found(benchmark: Any, path: Path) -> None:
    (found,) = benchmark.pedantic(rd.find_series, (path,), rounds=9, warmup_rounds=1)
    assert found.shape == (TIMES, SLICES, 64, 64)
    assert list(found.report.issues) == []
    assert benchmark.stats.stats.min < FIND_LIMIT


def test_frames_are_read(benchmark: Any, path: Path) -> None:
    (found,) = rd.find_series(path)
    out = np.empty(found.shape, np.int16)
    benchmark.pedantic(
        found.read, kwargs={"values": "stored", "out": out}, rounds=9, warmup_rounds=1
    )
    np.testing.assert_array_equal(out[-1], [frame.stored for frame in frames()[-SLICES:]])
