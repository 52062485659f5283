"""When the slices of a mosaic were acquired: `Volume.slice_times`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Identity, file_bytes, image
from data_paths import REFERENCE_DATA, needs_reference_data
from series_builder import series, stored_pixels
from siemens_builder import mosaic_elements, mosaic_entries

TIMES = [0.0, 70.0, 35.5]


def timed_mosaic(path: Path, *extra: Element, times: list[float] | None = None) -> None:
    """Write three tiles of 4 by 4 pixels; `times` are those in its CSA header."""
    entries = mosaic_entries(3)
    if times is not None:
        entries.append(("MosaicRefAcqTimes", [str(time) for time in times]))
    elements = image(
        stored_pixels(0, (8, 8)),
        identity=Identity(modality="MR"),
        extra=[*mosaic_elements(entries), *extra],
    )
    path.write_bytes(file_bytes(elements))


def private(block: int, values: list[float], creator: str = "SIEMENS MR HEADER") -> list[Element]:
    """Lay out times in a block of their own."""
    return [
        Element(0x00190000 | block, "LO", creator),
        Element(0x00190029 | block << 8, "FD", values),
    ]


@pytest.mark.parametrize(
    ("extra", "of_csa", "expected"),
    [
        (private(0x10, TIMES), None, TIMES),
        (private(0x3F, TIMES), [9.0, 9.0, 9.0], TIMES),
        ([], TIMES, TIMES),
        (private(0x10, TIMES[:2]), TIMES, TIMES),
        (private(0x10, [0.0, np.nan, 1.0]), None, None),
        (private(0x10, TIMES, "SOMEBODY ELSE"), None, None),
        (private(0x10, [*TIMES, 1.0]), [*TIMES, 1.0], None),
        ([], None, None),
    ],
    ids=[
        "element",
        "another block",
        "CSA header",
        "too few in the element",
        "not a number",
        "another creator",
        "too many",
        "none",
    ],
)
def test_times_are_found(
    tmp_path: Path, extra: list[Element], of_csa: list[float] | None, expected: list[float] | None
) -> None:
    timed_mosaic(tmp_path / "a.dcm", *extra, times=of_csa)
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.slice_times, [np.nan] * 3 if expected is None else expected)


def test_slices_without_times_have_none(tmp_path: Path) -> None:
    series(tmp_path)
    times = rd.read_series(tmp_path).slice_times
    assert times.shape == (8,)
    assert np.isnan(times).all()


@needs_reference_data
@pytest.mark.parametrize(
    "name",
    ["dcm_qa_ts/In/1.dcm", "dcm_qa_ts/In/2.dcm", "dcm_qa_ts/In/3.dcm", "dcm_qa_me/In/4_me_fMRI"],
    ids=["one mosaic", "implicit VR", "big endian", "two echoes"],
)
def test_times_are_those_of_dcm2niix(tmp_path: Path, name: str) -> None:
    dcm2niix = pytest.importorskip("dcm2niix")
    source = REFERENCE_DATA / f"neurolabusc__{name}"
    one = "y" if source.is_file() else "n"
    arguments = ["-f", "%e", "-z", "n", "-b", "o", "-s", one, "-o", str(tmp_path), str(source)]
    subprocess.run([dcm2niix.bin, *arguments], check=True, capture_output=True, timeout=120)
    sidecar = json.loads(min(tmp_path.glob("*.json")).read_text())
    vol = rd.read_series(source)
    times = vol.slice_times.reshape(-1, vol.shape[-3])
    np.testing.assert_allclose(times[0] / 1000, sidecar["SliceTiming"], atol=1e-4)
    assert not np.isnan(times).any()
    part = rd.read_series(source, slices=slice(20, 4, -3))
    np.testing.assert_array_equal(part.slice_times.reshape(len(times), -1), times[:, 20:4:-3])
