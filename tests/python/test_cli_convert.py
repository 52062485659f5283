"""`rapidicom convert`: the files of each kind against other readers, and names in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Identity, Layout, file_bytes, image, noise, write_image
from data_paths import BRAIN_MR
from diffusion_builder import siemens, standard, write_series
from diffusion_tables import bvals_and_directions, in_patient
from nifti_references import run_dcm2niix
from rapidicom.cli import main
from rapidicom.cli.exits import UsageError
from rapidicom.cli.naming import Names, checked_template
from rapidicom.cli.volume_files import Wanted, write_volume
from series_builder import PLANES, Stack, series, two_stacks

Capture = pytest.CaptureFixture[str]

SHELLS: list[tuple[float, tuple[float, float, float] | None]] = [
    (0, None),
    (1000, (1.0, 0.0, 0.0)),
    (700, (0.0, 1.0, 0.0)),
    (1000, (0.0, 0.0, 1.0)),
    (2000, (0.6, -0.48, 0.64)),
]


def converted(folder: Path, output: Path, *options: str) -> Path:
    assert main(["convert", str(folder), str(output), *options]) == 0
    return output


@pytest.mark.parametrize(
    ("shells", "endings"),
    [
        ([(1000, (0.6, -0.48, 0.64))], {"bval", "bvec"}),
        ([(1000, None)], {"bval"}),
        ([(0, None)], set()),
        ([(1000, (0.6, -0.48, 0.64))] * 2, {"bval", "bvec"}),
        ([(1000, None)] * 2, {"bval"}),
    ],
    ids=["one step", "a trace", "none", "one step twice", "a trace twice"],
)
@pytest.mark.parametrize("of", [standard, lambda *step: siemens(*step, 0x10)])
def test_weighting_that_does_not_change_is_that_of_dcm2niix(
    tmp_path: Path, of: Any, shells: Any, endings: set[str]
) -> None:
    nibabel = pytest.importorskip("nibabel")
    (source := tmp_path / "in").mkdir()
    write_series(source, of, shells)
    output = converted(source, tmp_path / "dwi.nii.gz", "--keep")
    assert {path.suffix[1:] for path in tmp_path.glob("*.bv*")} == endings
    if not endings:
        (tmp_path / "out").mkdir()
        run_dcm2niix(source, tmp_path / "out")
        assert not [*(tmp_path / "out").glob("*.bv*")]
        return
    b_values, directions = bvals_and_directions(source, tmp_path / "out")
    np.testing.assert_allclose(np.loadtxt(tmp_path / "dwi.bval"), b_values)
    # It writes directions of zero for images that have none.
    if "bvec" in endings:
        own = np.loadtxt(tmp_path / "dwi.bvec", ndmin=2).reshape(3, -1)
        own = in_patient(own, nibabel.load(output).affine)
        np.testing.assert_allclose(own, directions, atol=1e-4)


def test_nrrd_has_the_weighting_of_slicer(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    write_series(source, standard, SHELLS)
    header = converted(source, tmp_path / "dwi.nrrd").read_bytes().split(b"\n\n")[0].decode()
    fields = dict(line.split(":=") for line in header.splitlines() if ":=" in line)
    assert (fields["modality"], fields["DWMRI_b-value"]) == ("DWMRI", "2000")
    volume = rd.read_series(source)
    for index, b_value in enumerate(volume.coords["b_value"]):
        direction = np.array(fields[f"DWMRI_gradient_{index:04}"].split(), float)
        assert np.linalg.norm(direction) ** 2 * 2000 == pytest.approx(b_value, abs=0.1)


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
@pytest.mark.parametrize("plane", PLANES)
def test_itk_reads_the_same_volume(tmp_path: Path, ending: str, plane: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    (source := tmp_path / "in").mkdir()
    series(source, Stack(count=4, plane=plane, pixel_spacing=(0.7, 0.9)))
    volume = rd.read_series(source)
    output = tmp_path / f"volume{ending}"
    for dtype in ("float32", "int16", "float64", "int64", "uint8"):
        volume.array = (volume.array % 100).astype(dtype)
        write_volume(volume, tmp_path / "volume", Wanted(ending), output)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in", f"volume{ending}"]
        found, expected = sitk.ReadImage(str(output)), volume.to_sitk()
        np.testing.assert_array_equal(sitk.GetArrayFromImage(found), volume.array)
        assert found.GetPixelIDTypeAsString() == expected.GetPixelIDTypeAsString()
        for what in ("GetSpacing", "GetOrigin", "GetDirection"):
            ours, theirs = getattr(found, what)(), getattr(expected, what)()
            np.testing.assert_allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_itk_reads_colours_and_a_leading_axis(tmp_path: Path, ending: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    (colours := tmp_path / "colours").mkdir()
    pixels = noise((5, 7, 3), np.uint8)
    elements = image(pixels, layout=Layout(samples=3))
    (colours / "a").write_bytes(file_bytes(elements))
    found = sitk.ReadImage(str(converted(colours, tmp_path / f"colours{ending}", "--keep")))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(found)[0], pixels)
    (phases := tmp_path / "phases").mkdir()
    series(phases, Stack(count=3, phases=2))
    volume = rd.read_series(phases)
    found = sitk.ReadImage(str(converted(phases, tmp_path / f"phases{ending}")))
    array = sitk.GetArrayFromImage(found)
    if ending == ".nrrd":
        # ITK takes a list of volumes for the components of a vector.
        array = np.moveaxis(array, -1, 0)
    np.testing.assert_array_equal(array, volume.array)


def test_a_tilted_stack_keeps_its_shear_or_is_an_error(tmp_path: Path, capsys: Capture) -> None:
    (source := tmp_path / "in").mkdir()
    series(source, Stack(count=4, tilt=15.0))
    header = converted(source, tmp_path / "volume.nrrd").read_bytes().split(b"\n\n")[0].decode()
    (line,) = (line for line in header.splitlines() if line.startswith("space directions"))
    steps = np.array([part.strip("()").split(",") for part in line.split()[2:]], float)
    np.testing.assert_allclose(steps, rd.read_series(source).affine[:3, 2::-1].T)
    assert main(["convert", str(source), str(tmp_path / "volume.mha")]) == 1
    assert "tilted" in capsys.readouterr().err
    assert not (tmp_path / "volume.mha").exists()


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_a_type_without_a_name_is_an_error(tmp_path: Path, capsys: Capture, ending: str) -> None:
    output = tmp_path / f"volume{ending}"
    assert main(["convert", str(BRAIN_MR), str(output), "--dtype", "float16"]) == 1
    assert "dtype" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_sidecar_has_what_bids_has(tmp_path: Path) -> None:
    pytest.importorskip("nibabel")
    converted(BRAIN_MR, tmp_path / "brain.nii.gz")
    ds = rd.dcmread(BRAIN_MR / "0001.dcm")
    found = json.loads((tmp_path / "brain.json").read_text(encoding="utf-8"))
    # As dcm2niix writes them: times in seconds.
    expected = {
        "Modality": "MR",
        "Manufacturer": ds["Manufacturer"].value,
        "ManufacturersModelName": ds["ManufacturerModelName"].value,
        "SeriesDescription": "DTI_PA-ortho",
        "EchoTime": 0.079,
        "RepetitionTime": float(ds["RepetitionTime"].value) / 1000,
        "FlipAngle": 90,
        "SliceThickness": 3,
        "ImageType": ["ORIGINAL", "PRIMARY", "GDC"],
        "ImageOrientationPatientDICOM": [1, 0, 0, 0, 1, 0],
        "PhaseEncodingAxis": "j",
        "InPlanePhaseEncodingDirectionDICOM": "COL",
    }
    assert {name: found.get(name) for name in expected} == expected
    # What names a patient has no place in it.
    assert not {"PatientName", "PatientID", "PatientBirthDate"} & found.keys()


def test_a_sidecar_can_be_private_wanted_and_left_out(tmp_path: Path) -> None:
    converted(BRAIN_MR, tmp_path / "a.npy")
    assert not (tmp_path / "a.json").exists()
    converted(BRAIN_MR, tmp_path / "a.npy", "--sidecar", "--private")
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert found["EchoTime"] == 0.079
    assert not {"SeriesDescription", "AcquisitionTime", "InstitutionName"} & found.keys()
    pytest.importorskip("nibabel")
    converted(BRAIN_MR, tmp_path / "b.nii", "--no-sidecar")
    assert not (tmp_path / "b.json").exists()


def test_a_folder_gets_every_series_and_every_stack(tmp_path: Path, capsys: Capture) -> None:
    (source := tmp_path / "in").mkdir()
    (stacks := source / "stacks").mkdir()
    two_stacks(stacks)
    for number in (1, 2):
        write_image(
            source / str(number),
            Element(0x00200011, "IS", number),
            Element(0x0008103E, "LO", "a/../b: c"),
            identity=Identity(series=f"2.25.9.{number}"),
        )
    arguments = ["convert", str(source), str(tmp_path / "out"), "--format", "npy"]
    assert main([*arguments, "--name", "{SeriesNumber:03}_{SeriesDescription}"]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 4
    assert {"001_a_.._b_c.npy", "002_a_.._b_c.npy"} <= set(names)
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_series_that_cannot_be_written_does_not_stop_the_others(
    tmp_path: Path, capsys: Capture
) -> None:
    (source := tmp_path / "in").mkdir()
    for number in (1, 2, 3, 5, 6, 7):
        name = f"{number:04}.dcm"
        (source / name).write_bytes((BRAIN_MR / name).read_bytes())
    write_image(source / "other", identity=Identity(series="2.25.9"))
    arguments = ["convert", str(source), str(tmp_path / "out") + "/", "--format", "npy"]
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == 1
    assert "Pass --keep" in captured.err
    assert len(list((tmp_path / "out").iterdir())) == 1
    assert main([*arguments, "--keep"]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_files_of_a_volume_come_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nibabel")
    (source := tmp_path / "in").mkdir()
    write_series(source, standard, SHELLS)
    (out := tmp_path / "out").mkdir()

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rapidicom.cli.volume_files._write", fails)
    assert main(["convert", str(source), str(out / "dwi.nii.gz")]) == 1
    assert list(out.iterdir()) == []
    monkeypatch.undo()
    converted(source, out / "dwi.nii.gz")
    assert sorted(path.name for path in out.iterdir()) == [
        "dwi.bval", "dwi.bvec", "dwi.json", "dwi.nii.gz",
    ]  # fmt: skip


def test_all_files_of_a_volume_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    # Paths are not broken, whatever spaces they have.
    monkeypatch.setenv("COLUMNS", "40")
    pytest.importorskip("nibabel")
    (source := tmp_path / "in").mkdir()
    write_series(source, standard, SHELLS)
    stem = tmp_path / "one  that is named at length" / "dwi"
    stem.parent.mkdir()
    converted(source, stem.with_suffix(".nii.gz"))
    written = capsys.readouterr().out.partition("written  ")[2].splitlines()
    assert [line.removeprefix(" " * 9) for line in written] == [
        f"{stem}.{ending}" for ending in ("nii.gz", "json", "bval", "bvec")
    ]


def test_gradients_of_another_image_are_not_left_beside_one(
    tmp_path: Path, capsys: Capture
) -> None:
    pytest.importorskip("nibabel")
    (source := tmp_path / "in").mkdir()
    write_series(source, standard, SHELLS)
    converted(source, tmp_path / "out" / "", "--name", "a")
    image = (tmp_path / "out" / "a.nii.gz").read_bytes()
    capsys.readouterr()
    for output in (tmp_path / "out", tmp_path / "out" / "a.nii.gz"):
        assert main(["convert", str(BRAIN_MR), str(output), "--name", "a"]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert "a.bval is of another image" in line
    assert (tmp_path / "out" / "a.nii.gz").read_bytes() == image
    for ending in ("bval", "bvec"):
        (tmp_path / "out" / f"a.{ending}").unlink()
    converted(BRAIN_MR, tmp_path / "out" / "a.nii.gz")
    converted(source, tmp_path / "out" / "a.nii.gz")
    # Other formats hold their own.
    converted(BRAIN_MR, tmp_path / "out" / "a.nrrd")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{SeriesNumber}", "7"),
        ("{SeriesNumber:03}", "007"),
        ("{SeriesDescription}_{Modality}", "a_b_.._c_MR"),
        ("{Modality}/{SeriesNumber}", "MR/7"),
        ("{PatientName}", "series_2"),
        ("{number}-{EchoTime}", "2-30.5"),
        ("scan {{1}}", "scan_1"),
        ("{ProtocolName}", "con_"),
        ("{StudyID}", "series_2"),
    ],
)
def test_names_are_made_of_headers(template: str, expected: str) -> None:
    values = {
        "SeriesNumber": 7, "SeriesDescription": "a b/../c", "Modality": "MR", "EchoTime": 30.5,
        "ProtocolName": "con", "StudyID": "../..",
    }  # fmt: skip
    assert Names(checked_template(template)).of(values, "2") == expected


@pytest.mark.parametrize("dtype", ["nonsense", "bool", "complex64", "O", "S3", "i2,i2", ">i2"])
def test_other_types_are_a_wrong_command_line(tmp_path: Path, capsys: Capture, dtype: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["convert", str(BRAIN_MR), str(tmp_path / "a.npy"), "--dtype", dtype])
    assert caught.value.code == 2
    assert "--dtype" in capsys.readouterr().err


def test_names_differ_and_are_not_too_long() -> None:
    names = Names("{SeriesDescription}")
    found = [names.of({"SeriesDescription": text}, "1") for text in ("a", "A", "a", "ü" * 300)]
    assert found[:3] == ["a", "A_2", "a_3"]
    assert len(found[3].encode()) <= 200


@pytest.mark.parametrize(
    "template",
    ["{Nonsense}", "{", "{}", "{0}", "{Modality.__class__}", "{Modality!r}", "{Modality:>9}",
     "../{Modality}", "/{Modality}", "a//b", "", "a\\b"],
)  # fmt: skip
def test_other_templates_are_a_wrong_command_line(
    tmp_path: Path, capsys: Capture, template: str
) -> None:
    with pytest.raises(UsageError):
        checked_template(template)
    assert main(["convert", str(BRAIN_MR), str(tmp_path), "--name", template]) == 2
    assert "--name" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["volume.dcm"], ["volume.nii", "--format", "npy"], [".nii.gz"], ["file"]],
    ids=["ending", "format", "no name", "a file for a folder"],
)
def test_other_outputs_are_a_wrong_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main(["convert", str(BRAIN_MR), *arguments]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
