"""What notebooks show: pictures, geometry, what is irregular, and nothing that identifies."""

from __future__ import annotations

import base64
import html.parser
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import UNREADABLE_FILE, Element, write_image
from data_paths import BRAIN_MR
from rapidicom._common.html import cells, text
from series_builder import Flaws, Pixels, Stack, series

MARK = "QXJMARKZ"


class Parsed(html.parser.HTMLParser):
    """The elements of a page, and whether each that is opened is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def parsed(shown: Any, **options: Any) -> Parsed:
    page = Parsed(shown.to_html(**options))
    assert page.open == []
    return page


def pictures(page: Parsed) -> list[tuple[int, int, bytes]]:
    """Return width and height on the page, and the lines, of each picture."""
    found = []
    for tag, attributes in page.found:
        if tag == "img":
            source = attributes["src"] or ""
            data = base64.b64decode(source.removeprefix("data:image/png;base64,"))
            length = data.index(b"IDAT")
            size = int.from_bytes(data[length - 4 : length], "big")
            lines = zlib.decompress(data[length + 4 : length + 4 + size])
            found.append((int(attributes["width"] or 0), int(attributes["height"] or 0), lines))
    return found


def test_a_volume_shows_its_planes_and_geometry() -> None:
    volume = rd.read_series(BRAIN_MR)
    page = parsed(volume)
    sizes = [(width, height) for width, height, _ in pictures(page)]
    # 240 mm wide and deep, 120 high.
    assert sizes == [(200, 200), (200, 100), (200, 100)]
    words = " ".join(page.words)
    for expected in ("40 x 80 x 80 float32", "3 x 3 x 3 mm", "S, P, L", "Nothing is irregular"):
        assert expected in words
    assert volume._repr_html_() == volume.to_html()


def test_the_head_is_above(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=4))
    volume = rd.read_series(tmp_path)
    volume.array[:] = np.arange(4)[:, np.newaxis, np.newaxis]
    _, coronal, _ = pictures(parsed(volume))
    lines = np.frombuffer(coronal[2], np.uint8).reshape(4, -1)[:, 1:]
    assert lines[:, 0].tolist() == sorted(lines[:, 0].tolist(), reverse=True)


@pytest.mark.parametrize("shown", ["series", "volume", "report"])
def test_what_is_irregular_is_shown(tmp_path: Path, shown: str) -> None:
    folder = tmp_path / MARK
    folder.mkdir()
    series(folder, Stack(count=8), flaws=Flaws(missing=(3,), localizer=True))
    found = rd.find_series(folder)[0]
    volume = found.read(irregular="keep")
    it = {"series": found, "volume": volume, "report": volume.report}[shown]
    page = parsed(it)
    words = " ".join(page.words)
    assert "gap" in words
    assert "localizer" in words
    assert any(attributes.get("class") == "rd-error" for _, attributes in page.found)
    assert MARK not in it.to_html()
    assert found.uid not in it.to_html()
    asked = it.to_html(identifying=True)
    assert MARK in asked
    assert shown == "report" or found.uid in asked


def test_a_series_shows_its_middle_slice(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=5, phases=2))
    found = rd.find_series(tmp_path)[0]
    page = parsed(found)
    assert len(pictures(page)) == 1
    assert "10 files" in " ".join(page.words)


def test_a_series_whose_files_are_gone_is_shown_without_a_picture(tmp_path: Path) -> None:
    written = series(tmp_path)
    found = rd.find_series(tmp_path)[0]
    for path in written.paths:
        path.unlink()
    assert pictures(parsed(found)) == []


@pytest.mark.parametrize("dtype", ["bool", "int16", "float16", "float64"])
def test_odd_values_are_shown(tmp_path: Path, dtype: str) -> None:
    series(tmp_path, Stack(count=3))
    volume = rd.read_series(tmp_path)
    volume.array = np.zeros(volume.shape, dtype)
    assert len(pictures(parsed(volume))) == 3
    if np.dtype(dtype).kind == "f":
        volume.array[:] = np.nan
        volume.array[1, 1, 1] = np.inf
        assert len(pictures(parsed(volume))) == 3


def test_one_slice_and_large_planes(tmp_path: Path) -> None:
    series(tmp_path / "one", Stack(count=1))
    assert len(pictures(parsed(rd.read_series(tmp_path / "one", irregular="keep")))) == 1
    series(tmp_path / "large", Stack(count=2), pixels=Pixels(shape=(1100, 600)))
    page = parsed(rd.read_series(tmp_path / "large"))
    width, height, lines = pictures(page)[0]
    assert (width, height) == (109, 200)
    assert len(lines) == 367 * 301


def test_colours_are_shown_as_colours(tmp_path: Path) -> None:
    for number in range(2):
        pixels = np.zeros((6, 8, 3), np.uint8)
        pixels[..., 0] = 200
        write_image(tmp_path / str(number), number=number + 1)
    volume = rd.read_series(BRAIN_MR)
    volume.array = np.broadcast_to(np.array([200, 10, 0], np.uint8), (40, 80, 80, 3))
    volume.axes = (*volume.axes, "sample")
    lines = pictures(parsed(volume))[0][2]
    assert lines[1:4] == bytes([200, 10, 0])


def test_burned_in_text_is_not_shown_unless_asked() -> None:
    volume = rd.read_series(BRAIN_MR)
    volume.datasets[20].BurnedInAnnotation = "YES"
    page = parsed(volume)
    assert pictures(page) == []
    assert "Burned In Annotation" in " ".join(page.words)
    assert len(pictures(parsed(volume, identifying=True))) == 3


@pytest.fixture
def table(tmp_path: Path) -> rd.Table:
    folder = tmp_path / MARK
    folder.mkdir()
    for number in range(45):
        write_image(
            folder / f"{number:02}",
            Element(0x00080060, "CS", "<b>&"),
            Element(0x00100010, "PN", MARK),
            Element(0x00100020, "LO", MARK),
            number=number,
        )
    (folder / "bad").write_bytes(UNREADABLE_FILE)
    columns = ["PatientName", "Modality", "PatientID", "InstanceNumber", "PixelSpacing"]
    return rd.scan(folder, columns)


def test_a_table_shows_rows_and_hides_who(table: rd.Table) -> None:
    page = parsed(table)
    assert MARK not in table._repr_html_()
    words = " ".join(page.words)
    assert "45 rows, 6 columns, 1 not readable" in words
    assert "path, PatientName, PatientID" in words
    heads = re.findall(r"<th>(.*?)</th>", table.to_html())
    assert heads == ["", "Modality", "InstanceNumber", "PixelSpacing"]
    assert table.to_html().count("<tr>") == 1 + 20 + 1
    asked = table.to_html(identifying=True)
    assert asked.count(MARK) >= 60
    assert "Left out" not in asked


def test_numbers_of_a_table_are_those_of_a_terminal(tmp_path: Path) -> None:
    write_image(tmp_path / "a", Element(0x00200011, "IS", 9000), number=1)
    write_image(tmp_path / "b", number=2)
    columns = ["SeriesNumber", "PixelSpacing", "ImagePositionPatient"]
    shown = rd.scan(tmp_path, columns).to_html()
    assert "<td>9000</td><td>" in shown
    assert "nan" not in shown


def test_pseudonyms_are_hidden_too_and_paths_that_are_none_shown(table: rd.Table) -> None:
    private = table.without_identifying()
    assert "&lt;file 0&gt;" in private.to_html()
    assert "Left out" not in private.to_html()


def test_text_is_escaped(table: rd.Table) -> None:
    assert "&lt;b&gt;&amp;" in table.to_html()
    assert "<b>" not in table.to_html()
    assert text('"<\udcff>') == "&quot;&lt;\\udcff&gt;"
    assert "<i>" not in cells(["<i>"], [["<i>"]])


def test_an_empty_table_and_report() -> None:
    assert "0 rows" in rd.scan([], ["Modality"]).to_html()
    assert "Nothing is irregular" in rd.read_series(BRAIN_MR).report._repr_html_()


def test_no_page_sets_the_colour_of_its_text() -> None:
    shown = rd.read_series(BRAIN_MR).to_html()
    style = shown[: shown.index("</style>")]
    # Light and dark pages alike: what surrounds it decides.
    colours = re.findall(r"(?<![-\w])color:([^;}]+)", style)
    assert set(colours) == {"inherit"}
    assert "<script" not in shown
