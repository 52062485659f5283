"""`rapidicom view`: what is shown, and where it goes."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, write_image
from data_paths import BRAIN_MR, FILES
from labels_builder import Images, save, segmentation
from rapidicom.cli import main
from rapidicom.cli.contact_sheet import contact_sheet, labelled
from rapidicom.cli.terminal_picture import drawn, protocol_of
from series_builder import Stack, series

Image = pytest.importorskip("PIL.Image")

Capture = pytest.CaptureFixture[str]
Bytes = pytest.CaptureFixture[bytes]


@pytest.mark.parametrize("name", ["sheet.png", "sheet.jpg", "sheet.JPEG", "sheet.PNG"])
def test_the_name_says_the_format(tmp_path: Path, name: str) -> None:
    output = tmp_path / name
    assert main(["view", str(BRAIN_MR), "-o", str(output), "--width", "400"]) == 0
    with Image.open(output) as picture:
        assert picture.format == ("PNG" if name.lower().endswith("png") else "JPEG")
        page = contact_sheet(rd.read_series(BRAIN_MR), width=400)
        assert picture.size == page.shape[1::-1]
        assert np.abs(np.asarray(picture).astype(int) - page).mean() < 4


@pytest.mark.parametrize("name", ["sheet", "sheet.gif", "sheet.dcm"])
def test_other_formats_are_a_wrong_command_line(tmp_path: Path, capsys: Capture, name: str) -> None:
    assert main(["view", str(BRAIN_MR), "-o", str(tmp_path / name)]) == 2
    assert "--output" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_png_goes_to_stdout(capfdbinary: Bytes) -> None:
    assert main(["view", str(BRAIN_MR), "-o", "-", "--slice", "3"]) == 0
    with Image.open(io.BytesIO(capfdbinary.readouterr().out)) as picture:
        assert picture.format == "PNG"


def test_one_slice_is_shown(tmp_path: Path) -> None:
    output = tmp_path / "slice.png"
    arguments = ["view", str(BRAIN_MR), "-o", str(output), "--slice", "17", "--window", "300,600"]
    assert main(arguments) == 0
    part = rd.read_series(BRAIN_MR, slices=slice(17, 18))
    page = contact_sheet(part, window=(300, 600), first_slice=17)
    with Image.open(output) as picture:
        np.testing.assert_array_equal(np.asarray(picture), page)
    assert page.shape == (400, 400)


def test_a_step_is_shown(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    series(source, Stack(count=3, phases=2))
    volume = rd.read_series(source)
    pages = []
    for option in ("--step", "--time", "--phase"):
        output = tmp_path / "page.png"
        arguments = [option, "1", "--window", "100,500"]
        assert main(["view", str(source), "-o", str(output), *arguments]) == 0
        with Image.open(output) as picture:
            pages.append(np.asarray(picture))
    first = contact_sheet(volume, window=(100, 500))
    volume.array = volume.array[1:]
    expected = contact_sheet(volume, window=(100, 500))
    for page in pages:
        np.testing.assert_array_equal(page, expected)
    assert (first != expected).any()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--slice", "40"], "--slice 40: the slices are 0 to 39"),
        (["--step", "1"], "--step 1: the steps of time are 0 to 0"),
    ],
)
def test_what_is_not_there_is_an_error(
    tmp_path: Path, capsys: Capture, arguments: list[str], words: str
) -> None:
    assert main(["view", str(BRAIN_MR), "-o", str(tmp_path / "a.png"), *arguments]) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["SC_rgb_16bit.dcm", "color-pl.dcm", "dx_image.dcm"])
def test_images_without_a_position_are_shown(tmp_path: Path, capsys: Capture, name: str) -> None:
    output = tmp_path / "image.png"
    assert main(["view", str(FILES / name), "-o", str(output)]) == 0
    assert "missing_position: " in capsys.readouterr().out
    with Image.open(output) as picture:
        assert len(np.unique(np.asarray(picture))) > 2


def test_an_irregular_series_is_shown(tmp_path: Path, capsys: Capture) -> None:
    (source := tmp_path / "in").mkdir()
    for number in (1, 2, 3, 5):
        write_image(
            source / str(number),
            Element(0x00200032, "DS", [0, 0, 2.0 * number]),
            number=number,
        )
    assert main(["view", str(source), "-o", str(tmp_path / "a.png")]) == 0
    assert "gap: " in capsys.readouterr().out


def test_labels_are_blended_in_their_colours() -> None:
    class Two:
        numbers = (1, 7)
        colors = ((255, 0, 0), None)

    images = np.full((1, 2, 3), 100, np.uint8)
    numbers = np.array([[[0, 1, 7], [0, 0, 1]]])
    found = labelled(images, numbers, Two())  # type: ignore[arg-type]
    assert found.shape == (1, 2, 3, 3)
    assert found[0, 0, 0].tolist() == [100, 100, 100]
    assert found[0, 0, 1].tolist() == [170, 55, 55]
    assert found[0, 0, 2].tolist() not in ([100] * 3, [170, 55, 55])


def test_labels_are_drawn_over_or_beside(tmp_path: Path, capsys: Capture) -> None:
    images = Images()
    (source := tmp_path / "images").mkdir()
    images.save(source)
    masks = np.zeros((2, *images.shape), np.uint8)
    masks[0, :, 1:3, 1:3] = masks[1, 0, 0, 0] = 1
    drawn_on = str(save(segmentation(images, masks), tmp_path / "seg.dcm"))
    shapes = []
    for more in ([], ["--labels", drawn_on], ["--labels", drawn_on, "--beside"]):
        output = tmp_path / "page.png"
        assert main(["view", str(source), "-o", str(output), *more]) == 0
        with Image.open(output) as picture:
            shapes.append(np.asarray(picture).shape)
    assert [len(shape) for shape in shapes] == [2, 3, 3]
    assert "labels   1 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM_PROGRAM": "WezTerm"}, "iterm"),
        ({"LC_TERMINAL": "iTerm2"}, "iterm"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-sixel"}, "sixel"),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "dumb"}, None),
        ({}, None),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"}, None),
        ({"TERM_PROGRAM": "iTerm.app", "STY": "1"}, None),
    ],
)
def test_a_terminal_says_what_it_shows(environment: dict[str, str], expected: str | None) -> None:
    assert protocol_of(environment) == expected


RANDOM = np.random.default_rng(0).integers(0, 256, (50, 83), np.uint8)
COLOURED = np.stack([RANDOM, RANDOM.T.reshape(50, 83), 255 - RANDOM], axis=-1)


@pytest.mark.parametrize("image", [RANDOM, COLOURED], ids=["grey", "colour"])
def test_kitty_and_iterm_get_png(image: Any) -> None:
    codes = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", drawn(image, "kitty"))
    assert codes[0][0] == b"a=T,f=100,m=" + (b"1" if len(codes) > 1 else b"0")
    assert all(len(content) <= 4096 for _, content in codes)
    assert [keys[-1:] for keys, _ in codes] == [b"1"] * (len(codes) - 1) + [b"0"]
    iterm = re.fullmatch(rb"\x1b\]1337;File=inline=1;size=(\d+):(.*)\x07\n", drawn(image, "iterm"))
    assert iterm is not None
    for content in (b"".join(content for _, content in codes), iterm[2]):
        with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
            np.testing.assert_array_equal(np.asarray(picture), image)
    assert int(iterm[1]) == len(base64.b64decode(iterm[2]))


@pytest.mark.parametrize("image", [RANDOM, COLOURED], ids=["grey", "colour"])
def test_sixels_are_the_image(image: Any) -> None:
    shown = decoded_sixels(drawn(image, "sixel"))
    full = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=-1)
    # Greys in percent, colours in six levels.
    limit = 3 if image.ndim == 2 else 27
    assert np.abs(shown.astype(int) - full).max() <= limit


def decoded_sixels(code: bytes) -> np.ndarray[Any, Any]:
    """A reader of the little of DEC's sixels that is written."""
    matched = re.fullmatch(rb'\x1bPq"1;1;(\d+);(\d+)(.*)\x1b\\\n', code, re.DOTALL)
    assert matched is not None
    columns, rows = int(matched[1]), int(matched[2])
    image = np.zeros((rows + 6, columns, 3), np.uint8)
    palette: dict[int, np.ndarray[Any, Any]] = {}
    top = left = colour = 0
    pattern = rb"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)"
    for token in re.finditer(pattern, matched[3]):
        if token[1]:
            palette[int(token[1])] = np.round(np.array(token.group(2, 3, 4), float) * 2.55)
        elif token[5]:
            colour = int(token[5])
        elif token[9]:
            left = 0
        elif token[10]:
            top, left = top + 6, 0
        else:
            count = int(token[6] or 1)
            bits = (token[7] or token[8])[0] - 63
            for row in range(6):
                if bits >> row & 1:
                    image[top + row, left : left + count] = palette[colour]
            left += count
    return image[:rows]


def test_a_terminal_that_can_is_drawn_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-kitty")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("STY", raising=False)
    assert main(["view", str(BRAIN_MR)]) == 0
    assert b"\x1b_Ga=T" in capfdbinary.readouterr().out
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    assert main(["view", str(BRAIN_MR), "--show", "never"]) == 0
    assert b"\x1b_G" not in capfdbinary.readouterr().out
    assert (tmp_path / "contact-sheet.png").exists()


def test_what_is_piped_gets_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm-kitty")
    assert main(["view", str(BRAIN_MR)]) == 0
    assert b"\x1b" not in capfdbinary.readouterr().out
    assert (tmp_path / "contact-sheet.png").exists()


def test_jpeg_without_pillow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("rapidicom.cli.view.find_spec", lambda name: None)
    assert main(["view", str(BRAIN_MR), "-o", str(tmp_path / "a.jpg")]) == 1
    assert 'needs pillow: pip install "rapidicom[image]"' in capsys.readouterr().err
