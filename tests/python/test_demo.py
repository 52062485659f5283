"""What `make demo` prints and writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from data_paths import REPOSITORY
from module_loading import load_module


def test_demo_shows_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = load_module(REPOSITORY / "tools" / "demo.py", "demo")
    sheet = tmp_path / "contact-sheet.png"
    monkeypatch.setattr(demo, "OUTPUT", sheet)
    monkeypatch.setattr(demo, "RUNS", 1)
    monkeypatch.setattr("sys.argv", ["demo.py"])
    assert demo.main() == 0
    said, complaints = capsys.readouterr()
    assert complaints == ""
    steps = [line.split()[1] for line in said.splitlines() if line.startswith("== ")]
    assert steps == ["Header", "Series", "Volume", "Time"]
    for shown in ("40 DICOM files", "40 x 80 x 80, float32", "nothing irregular", "pydicom 3"):
        assert shown in said
    with Image.open(sheet) as picture:
        assert min(picture.size) > 80


def test_demo_of_a_folder_without_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = load_module(REPOSITORY / "tools" / "demo.py", "demo")
    monkeypatch.setattr("sys.argv", ["demo.py", str(tmp_path)])
    assert demo.main() == 1
    assert capsys.readouterr().err != ""
