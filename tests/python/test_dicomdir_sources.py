"""A DICOMDIR as a source: the files that it refers to, and none outside of its folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from archive_builder import dicomdir, write
from builder import write_image
from comparison import pydicom_file
from data_paths import CT_SMALL
from rapidicom.cli import main
from rapidicom.sources.resolving import resolved
from series_builder import Written, series

pydicom = pytest.importorskip("pydicom", reason="pydicom has the File-sets")

from pydicom.fileset import FileSet as Reference  # noqa: E402

EXAMPLES = pydicom_file("dicomdirtests")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A series on a disc, with a DICOMDIR that lists it and a file that it does not list."""
    made = series(tmp_path / "DISC" / "CT")
    paths = []
    for number, path in enumerate(sorted(made.folder.iterdir())):
        paths.append(path.rename(path.with_name(f"IM{number:06}")))
    write_image(tmp_path / "DISC" / "OTHER" / "IM1")
    write(tmp_path / "DISC" / "DICOMDIR", dicomdir([None, *(["CT", one.name] for one in paths)]))
    return made


def disc(written: Written) -> Path:
    return written.folder.parent


def assert_series(source: Any, written: Written) -> rd.Volume:
    volume, expected = rd.read_series(source), rd.read_series(written.folder)
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_array_equal(volume.affine, expected.affine)
    assert volume.paths == expected.paths
    assert str(volume.report) == str(expected.report)
    return volume


@pytest.mark.parametrize("name", ["DICOMDIR", "dicomdir", "DICOMDIR.", "index"])
def test_the_series_is_that_of_the_folder(written: Written, name: str) -> None:
    path = (disc(written) / "DICOMDIR").rename(disc(written) / name)
    assert_series(path, written)
    assert_series([path], written)
    (found,) = rd.find_series(str(path))
    assert len(found.paths) == 8
    table = rd.scan(path)
    assert table.to_dicts() == rd.scan(written.folder).to_dicts()
    paths = sorted(map(str, written.folder.iterdir()))
    np.testing.assert_array_equal(rd.read_batch(path), rd.read_batch(paths))


def test_paths_are_given_as_the_dicomdir_was(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(disc(written))
    assert rd.scan("DICOMDIR")["path"][0] == os.path.join("CT", "IM000000")  # noqa: PTH118
    monkeypatch.chdir(written.folder)
    assert rd.scan("../DICOMDIR")["path"][0] == "../CT/IM000000"


def test_a_folder_stays_a_folder(written: Written) -> None:
    table = rd.scan(disc(written), ["MediaStorageSOPClassUID"])
    assert len(table) == 8 + 1 + 1
    assert len(rd.find_series(disc(written))) == 2


def test_a_pattern_finds_the_files_of_a_folder(written: Written) -> None:
    assert len(rd.scan(disc(written) / "**")) == 8 + 1 + 1
    assert len(rd.scan(disc(written).parent / "*" / "DICOMDIR")) == 8


def test_one_data_set_is_the_dicomdir_itself(written: Written) -> None:
    path = disc(written) / "DICOMDIR"
    ds, expected = rd.dcmread(path), pydicom.dcmread(path)
    assert len(ds.DirectoryRecordSequence) == len(expected.DirectoryRecordSequence) == 9
    for call in (rd.pixel_array, lambda source: list(rd.iter_pixels(source))):
        with pytest.raises(AttributeError):
            call(path)


@pytest.mark.parametrize(
    "name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "TINY_ALPHA/DICOMDIR"]
)
def test_files_are_those_that_pydicom_finds(name: str) -> None:
    expected = sorted(str(instance.path) for instance in Reference(EXAMPLES / name))
    found = resolved(EXAMPLES / name, looks=True)
    assert sorted(str(path) for path in found if isinstance(path, str)) == expected


@pytest.mark.parametrize("name", ["DICOMDIR", "index"])
def test_a_disc_whose_files_are_all_listed(tmp_path: Path, name: str) -> None:
    """Each is read once, whether its DICOMDIR is listed as well or not."""
    files = [write_image(tmp_path / f"IM{number}", number=number) for number in (1, 2, 3)]
    listed = [write(tmp_path / name, dicomdir(["IM1", "IM2", "IM3"])), *files]
    expected = sorted(map(str, files))
    assert sorted(rd.scan(listed)["path"]) == expected
    assert sorted(rd.scan(reversed(listed))["path"]) == expected
    assert sorted(rd.scan(listed[0])["path"]) == expected
    assert sorted(rd.scan(listed[:2])["path"]) == expected


# Names as discs have them.


@pytest.mark.parametrize(
    ("file_id", "name"),
    [
        ("CT\\IM1", "CT/IM1"),
        ("CT\\IM1", "ct/im1"),
        ("CT\\IM1", "CT/IM1;1"),
        ("CT\\IM1", "ct/im1.;1"),
        ("CT\\IM1", "CT/IM1."),
        ("CT\\IM1.DCM", "ct/im1.dcm;1"),
        ("ct\\im1", "CT/IM1"),
        ("CT \\IM1 ", "CT/IM1"),
        ("CT\\IM1", "CT/IM1 "),
        ("CT/IM1", "CT/IM1"),
        (".\\CT\\IM1", "CT/IM1"),
        ("CT\\\\IM1", "CT/IM1"),
    ],
)
def test_names_are_compared_as_on_discs(tmp_path: Path, file_id: str, name: str) -> None:
    expected = write_image(tmp_path / name)
    path = write(tmp_path / "DICOMDIR", dicomdir([file_id]))
    assert list(rd.scan(path)["path"]) == [str(expected)]


def test_the_name_as_it_is_comes_first(tmp_path: Path) -> None:
    for name in ("im1", "Im1", "IM1"):
        write_image(tmp_path / name)
    path = write(tmp_path / "DICOMDIR", dicomdir(["Im1"]))
    assert list(rd.scan(path)["path"]) == [str(tmp_path / "Im1")]


# What cannot be found, or must not be.

OUTSIDE = {
    "upwards": "..\\OUT",
    "upwards and back": "CT\\..\\..\\OUT",
    "upwards within": "CT\\..\\IM",
    "absolute": "$/OUT",
    "absolute, two separators": "//OUT",
    "a drive": "C:\\OUT",
    "a drive alone": "c:OUT",
    "a link to a file": "LINK",
    "a link to a folder": "FOLDER\\OUT",
    "through a link": "FOLDER\\DISC\\IM",
}


@pytest.mark.parametrize("file_id", OUTSIDE.values(), ids=OUTSIDE)
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path, file_id: str) -> None:
    write_image(tmp_path / "OUT")
    write_image(tmp_path / "DISC" / "IM")
    write_image(tmp_path / "DISC" / "C:" / "OUT")
    write_image(tmp_path / "DISC" / "C:OUT")
    write_image(tmp_path / "DISC" / "CT" / "IM1")
    (tmp_path / "DISC" / "LINK").symlink_to(tmp_path / "OUT")
    (tmp_path / "DISC" / "FOLDER").symlink_to(tmp_path)
    data = dicomdir([file_id.replace("$", str(tmp_path)), "IM"])
    path = write(tmp_path / "DISC" / "DICOMDIR", data)
    outside, inside = resolved(path)
    assert inside == str(tmp_path / "DISC" / "IM")
    assert not isinstance(outside, str)
    (error,) = outside.store.fetch([(outside.key, 0, 1)], None)
    assert isinstance(error, rd.InvalidDicomError)
    assert (error.path, error.tag) == (str(path), 0x00041500)
    if "through" not in file_id:
        assert "outside of the folder" in str(error)
    assert "OUT" not in str(error).replace("outside", "").replace(str(tmp_path), "")


def test_links_within_the_folder_are_followed(tmp_path: Path) -> None:
    write_image(tmp_path / "A" / "IM")
    (tmp_path / "B").symlink_to("A")
    (tmp_path / "LINK").symlink_to("A/IM")
    path = write(tmp_path / "DICOMDIR", dicomdir(["B\\IM", "LINK"]))
    assert list(rd.scan(path)["path"]) == [str(tmp_path / "B" / "IM"), str(tmp_path / "LINK")]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "DICOMDIR").symlink_to(path)
    assert len(rd.scan(elsewhere / "DICOMDIR")) == 2


def test_records_without_files_and_files_of_two_records(tmp_path: Path) -> None:
    write_image(tmp_path / "IM")
    path = write(tmp_path / "DICOMDIR", dicomdir([None, "IM", None, "", "IM", "im"]))
    assert list(rd.scan(path)["path"]) == [str(tmp_path / "IM")]


def test_a_record_that_is_not_in_use_may_lack_its_file(tmp_path: Path) -> None:
    write_image(tmp_path / "IM")
    path = write(tmp_path / "DICOMDIR", dicomdir(["GONE", "IM"], in_use=[0, 0]))
    assert resolved(path) == [str(tmp_path / "IM")]


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "scan": rd.scan,
    "find_series": rd.find_series,
    "read_series": rd.read_series,
}


def test_a_dicomdir_beside_other_sources(written: Written) -> None:
    other = disc(written) / "OTHER" / "IM1"
    assert len(rd.scan([disc(written) / "DICOMDIR", other, CT_SMALL.read_bytes()])) == 10
    assert len(rd.scan([disc(written) / "DICOMDIR", disc(written)])) == 10


def test_the_command_line_takes_a_dicomdir(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(disc(written) / "DICOMDIR")
    assert main(["scan", path]) == 0
    assert "8 DICOM files" in capsys.readouterr().out
    assert main(["series", path]) == 0
    assert "8 x 5 x 7" in capsys.readouterr().out


def test_an_example_of_pydicom_gives_its_series(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "disc")
    found = rd.find_series(tmp_path / "disc" / "DICOMDIR")
    expected = {str(instance.SeriesInstanceUID) for instance in Reference(EXAMPLES / "DICOMDIR")}
    assert {one.uid for one in found} == expected
