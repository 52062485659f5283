"""A damaged frame of a series costs its slice: an error of the report, with the rest read."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from builder import (
    DEFLATED_FRAMES,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    RLE,
    Element,
    Fragments,
    Identity,
    Layout,
    Plane,
    file_bytes,
    image,
)

SHAPE = (5, 7)
JPEG_LS = "1.2.840.10008.1.2.4.80"
HTJ2K = "1.2.840.10008.1.2.4.201"
JPEG_XL = "1.2.840.10008.1.2.4.110"


def _rle(stored: NDArray[np.uint8]) -> bytes:
    """One segment of one literal run (PS3.5 §G)."""
    data = stored.tobytes()
    segment = bytes([len(data) - 1]) + data
    return struct.pack("<16I", 1, 64, *[0] * 14) + segment + b"\0" * (len(segment) % 2)


def _pixels(index: int) -> NDArray[np.uint8]:
    rows, columns = np.indices(SHAPE)
    return (index * 40 + rows * 7 + columns).astype(np.uint8)


def _write(
    folder: Path,
    bad: dict[int, bytes],
    *,
    count: int = 6,
    phases: int = 1,
    syntaxes: dict[int, str] | None = None,
) -> list[Path]:
    """Write a series of RLE slices; `bad` has frames by the number of their file."""
    folder.mkdir(exist_ok=True, parents=True)
    paths = []
    for number in range(count * phases):
        phase, index = divmod(number, count)
        stored = _pixels(number)
        elements = image(
            stored,
            layout=Layout(bits_stored=8),
            plane=Plane((0.0, 0.0, 2.0 * index)),
            identity=Identity(
                modality="MR",
                instance_number=number + 1,
                sop_instance=f"2.25.7.{number + 1}",
                series="2.25.7",
                study="2.25.9",
            ),
            rescale=(2.0, 10.0),
            extra=[Element(0x00180081, "DS", f"{10 * (phase + 1)}")] if phases > 1 else [],
        )
        fragments = Fragments([bad.get(number, _rle(stored))])
        elements = [
            Element(one.tag, "OB", fragments) if one.tag == 0x7FE00010 else one for one in elements
        ]
        path = folder / f"{number:02}.dcm"
        path.write_bytes(file_bytes(elements, transfer_syntax=(syntaxes or {}).get(number, RLE)))
        paths.append(path)
    return paths


def _check(path: Path, issue: rd.Issue, index: int, frame: int = 0) -> None:
    assert (issue.kind, issue.is_error) == ("damaged_frame", True)
    assert issue.paths == [str(path)]
    assert issue.numbers["slice_index"] == index
    assert issue.numbers["frame_index"] == frame
    assert f"frame {frame}" in issue.sentence


def test_the_series_is_irregular_and_the_error_has_the_report(tmp_path: Path) -> None:
    paths = _write(tmp_path, {3: b"\x07" * 64})
    (series,) = rd.find_series(tmp_path)
    assert len(series.report) == 0, "it shows when the pixels are read"
    with pytest.raises(rd.IrregularSeriesError) as caught:
        series.read()
    error = caught.value
    assert (error.path, error.frame) == (str(paths[3]), 0)
    assert str(paths[3]) in str(error) and "frame 0" in str(error)
    assert 'irregular="keep"' in str(error)
    assert isinstance(error.__cause__, rd.InvalidDicomError)
    assert error.report is not None
    (issue,) = error.report.errors
    _check(paths[3], issue, 3)
    assert len(series.report) == 0
    copy = pickle.loads(pickle.dumps(error))
    assert copy.report == error.report


@pytest.mark.parametrize("bad", [[0], [3], [5], [1, 4]], ids=str)
@pytest.mark.parametrize("fill", [0, 99])
def test_the_rest_is_read_in_its_place(tmp_path: Path, bad: list[int], fill: int) -> None:
    whole = tmp_path / "whole"
    _write(whole, {})
    expected = rd.read_series(whole)
    paths = _write(tmp_path / "bad", dict.fromkeys(bad, b"\x07" * 64))
    volume = rd.read_series(tmp_path / "bad", irregular="keep", fill=fill)
    np.testing.assert_array_equal(volume.affine, expected.affine)
    assert volume.spacing == expected.spacing
    for index in range(6):
        if index in bad:
            assert (volume.array[index] == fill).all()
        else:
            np.testing.assert_array_equal(volume.array[index], expected.array[index])
    assert [issue.kind for issue in volume.report] == ["damaged_frame"] * len(bad)
    for index, issue in zip(bad, volume.report, strict=True):
        _check(paths[index], issue, index)
        assert issue.cells == [(0, index)]
    assert volume.report.slices == [(str(path), 0) for path in paths]
    assert [ds.InstanceNumber for ds in volume.datasets] == [1, 2, 3, 4, 5, 6]
    copy = pickle.loads(pickle.dumps(volume))
    assert copy.report == volume.report
    assert not volume.padding_mask().any()


def test_padding_is_not_found_in_a_damaged_slice(tmp_path: Path) -> None:
    paths = _write(tmp_path, {3: b"\x07" * 64})
    for path in paths:
        content = path.read_bytes()
        place = content.index(b"\x28\x00\x52\x10DS")
        padding = b"\x28\x00\x20\x01US\x02\x00\x00\x00"
        path.write_bytes(content[:place] + padding + content[place:])
    volume = rd.read_series(tmp_path, irregular="keep")
    mask = volume.padding_mask()
    assert mask[0, 0, 0] and mask.sum() == 1


def test_parts_name_slices_of_the_whole(tmp_path: Path) -> None:
    paths = _write(tmp_path, {3: b"\x07" * 64})
    (series,) = rd.find_series(tmp_path)
    assert len(series.read(slices=slice(0, 3)).report) == 0
    for part in (slice(2, 5), slice(5, 1, -1), slice(1, None, 2)):
        for options in ({}, {"rows": slice(1, 3), "columns": slice(2, 5)}):
            volume = series.read(slices=part, irregular="keep", **options)  # type: ignore[arg-type]
            (issue,) = volume.report
            _check(paths[3], issue, 3)
            place = list(range(6)[part]).index(3)
            assert (volume.array[place] == 0).all()
            assert (np.delete(volume.array, place, 0) != 0).all()
            with pytest.raises(rd.IrregularSeriesError):
                series.read(slices=part, **options)  # type: ignore[arg-type]


def test_out_and_types(tmp_path: Path) -> None:
    _write(tmp_path, {3: b"\x07" * 64})
    out = np.full((6, *SHAPE), 77, np.int16)
    volume = rd.read_series(tmp_path, irregular="keep", out=out, values="stored", fill=-5)
    assert volume.array is out
    assert (out[3] == -5).all()
    np.testing.assert_array_equal(out[4], _pixels(4))
    with pytest.raises(ValueError, match="value to fill"):
        rd.read_series(tmp_path, irregular="keep", values="stored", dtype="uint8", fill=300)


def test_torch_memory(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is large: make test-ml installs it")
    _write(tmp_path, {3: b"\x07" * 64})
    out = torch.zeros((6, *SHAPE), dtype=torch.float32)
    rd.read_series(tmp_path, irregular="keep", out=out, fill=9)
    assert bool((out[3] == 9).all()) and not bool((out[2] == 9).any())


def test_one_of_many_phases(tmp_path: Path) -> None:
    paths = _write(tmp_path, {7: b"\x07" * 64, 8: b"\x07" * 64}, count=3, phases=4)
    volume = rd.read_series(tmp_path, irregular="keep", values="stored")
    assert volume.shape == (4, 3, *SHAPE)
    kinds = [(issue.kind, issue.paths, issue.cells) for issue in volume.report]
    assert kinds == [
        ("damaged_frame", [str(paths[7])], [(2, 1)]),
        ("damaged_frame", [str(paths[8])], [(2, 2)]),
    ]
    for number in range(12):
        expected = _pixels(number) if number not in (7, 8) else np.zeros(SHAPE)
        np.testing.assert_array_equal(volume.array[divmod(number, 3)], expected)


def test_frames_of_a_multi_frame_file(tmp_path: Path) -> None:
    stored = np.stack([_pixels(index) for index in range(6)])
    frames = [_rle(frame) for frame in stored]
    frames[2] = frames[4] = b"\x07" * 64
    elements = [
        Element(one.tag, "OB", Fragments(frames)) if one.tag == 0x7FE00010 else one
        for one in image(stored, layout=Layout(bits_stored=8), plane=Plane((0.0, 0.0, 0.0)))
    ]
    path = tmp_path / "frames.dcm"
    path.write_bytes(file_bytes(elements, transfer_syntax=RLE))
    (series,) = rd.find_series(path)
    volume = series.read(irregular="keep", values="stored")
    (issue,) = (issue for issue in volume.report if issue.kind == "damaged_frame")
    _check(path, issue, 2, 2)
    assert issue.cells == [(0, 2), (0, 4)]
    assert issue.numbers["image_count"] == 2
    for index in range(6):
        expected = np.zeros(SHAPE) if index in (2, 4) else stored[index]
        np.testing.assert_array_equal(volume.array[index], expected)


@pytest.mark.parametrize(
    "syntax",
    [JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS, HTJ2K, JPEG_XL, DEFLATED_FRAMES],
)
@pytest.mark.parametrize("content", [b"\x07" * 64, b"\xff" * 64, b"\0" * 64, b""], ids=repr)
def test_frames_of_every_codec(tmp_path: Path, syntax: str, content: bytes) -> None:
    """A frame that is none of its codec costs one slice, whatever the codec."""
    _write(tmp_path, {3: content}, syntaxes={3: syntax})
    with pytest.raises(rd.IrregularSeriesError) as caught:
        rd.read_series(tmp_path)
    assert caught.value.report is not None
    (found,) = caught.value.report.errors
    assert found.kind in ("damaged_frame", "unsupported", "truncated", "unreadable", "gap")
    volume = rd.read_series(tmp_path, irregular="keep", values="stored")
    np.testing.assert_array_equal(volume.array[-1], _pixels(5))


def test_a_series_of_damaged_frames_alone(tmp_path: Path) -> None:
    _write(tmp_path, dict.fromkeys(range(6), b"\x07" * 64))
    for irregular in ("raise", "keep"):
        with pytest.raises(rd.IrregularSeriesError) as caught:
            rd.read_series(tmp_path, irregular=irregular)  # type: ignore[arg-type]
        assert caught.value.report is not None
        assert [issue.kind for issue in caught.value.report] == ["damaged_frame"] * 6


def test_a_batch_names_the_first(tmp_path: Path) -> None:
    paths = _write(tmp_path, {2: b"\x07" * 64, 4: b"\x07" * 64})
    for _ in range(3):
        with pytest.raises(rd.InvalidDicomError) as caught:
            rd.read_batch(paths)
        assert (caught.value.path, caught.value.frame) == (str(paths[2]), 0)


def test_a_cut_slice_is_left_out_as_before(tmp_path: Path) -> None:
    """What the header shows is known before pixels are read: `truncated`."""
    paths = _write(tmp_path, {})
    paths[5].write_bytes(paths[5].read_bytes()[:-40])
    (series,) = rd.find_series(tmp_path)
    assert [issue.kind for issue in series.report.errors] == ["truncated"]
    assert series.read(irregular="keep").shape[0] == 5


def test_an_error_of_the_machine_is_no_damage(tmp_path: Path) -> None:
    paths = _write(tmp_path, {3: b"\x07" * 64})
    (series,) = rd.find_series(tmp_path)
    paths[4].unlink()
    for irregular in ("raise", "keep"):
        with pytest.raises(FileNotFoundError):
            series.read(irregular=irregular)  # type: ignore[arg-type]


def test_the_command_line_keeps_the_rest(tmp_path: Path, capsys: Any) -> None:
    from rapidicom.cli.command_line import main

    _write(tmp_path / "bad", {3: b"\x07" * 64})
    output = tmp_path / "volume.npy"
    assert main(["convert", str(tmp_path / "bad"), str(output)]) == 1
    error = capsys.readouterr().err
    assert "damaged_frame" in error and "pass --keep" in error.lower()
    assert main(["convert", str(tmp_path / "bad"), str(output), "--keep"]) == 0
    assert "damaged_frame" in capsys.readouterr().out
    assert np.load(output).shape == (6, *SHAPE)
