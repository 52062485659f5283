"""MONAI's loaders with our reader: array, affine and metadata as its own readers give them."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset, ITKReader, PydicomReader
from monai.transforms import (
    Compose,
    EnsureChannelFirstd,
    LoadImage,
    LoadImaged,
    Orientationd,
    Spacingd,
)

import rapidicom as rd
from builder import Identity, Layout
from data_paths import DICOM2NIFTI, REFERENCE_DATA, needs_reference_data
from rapidicom.integrations.monai import RapidicomReader
from series_builder import Flaws, Numbering, Pixels, Stack, series, write_slices

PLANES = ["axial", "sagittal", "coronal", "oblique"]


def read(reader: Any, data: Any) -> tuple[Any, dict[str, Any]]:
    return reader.get_data(reader.read(data))  # type: ignore[no-any-return]


def assert_geometry(own: dict[str, Any], other: dict[str, Any], keys: tuple[str, ...] = ()) -> None:
    assert set(other) - set(own) == set()
    for key in ("affine", "original_affine", *keys):
        np.testing.assert_allclose(own[key], other[key], atol=1e-3)
    assert tuple(own["spatial_shape"]) == tuple(other["spatial_shape"])
    assert str(own["space"]) == str(other["space"])
    np.testing.assert_equal(own["original_channel_dim"], other["original_channel_dim"])


@pytest.mark.parametrize("plane", PLANES)
def test_a_folder_is_as_by_itk_and_pydicom(tmp_path: Path, plane: str) -> None:
    stack = Stack(plane=plane, pixel_spacing=(0.5, 0.75))
    series(tmp_path, stack)
    for options in ({}, {"affine_lps_to_ras": False}, {"reverse_indexing": True}):
        array, meta = read(RapidicomReader(**options), tmp_path)
        expected, other = read(ITKReader(**options), tmp_path)
        np.testing.assert_array_equal(array, expected)
        assert_geometry(meta, other, ("spacing",))
    for options in ({}, {"affine_lps_to_ras": False}, {"swap_ij": False}):
        array, meta = read(RapidicomReader(**options), tmp_path)
        expected, other = read(PydicomReader(**options), tmp_path)
        np.testing.assert_array_equal(array, expected)
        assert_geometry(meta, other)
        for key in ("00200032", "00200037"):
            np.testing.assert_allclose(meta[key]["Value"], other[key]["Value"], atol=1e-4)
        np.testing.assert_allclose(
            meta["lastImagePositionPatient"], other["lastImagePositionPatient"], atol=1e-4
        )
    volume = rd.read_series(tmp_path)
    image = LoadImage(reader=RapidicomReader())(tmp_path)
    np.testing.assert_array_equal(image, volume.array.T)
    np.testing.assert_allclose(image.affine, volume.to_nibabel().affine)


def test_slices_against_their_numbers_lie_where_they_lie_by_pydicom(tmp_path: Path) -> None:
    """PydicomReader goes by Instance Number, ITKReader and we by position."""
    series(tmp_path, numbering=Numbering(reversed_instances=True))
    array, meta = read(RapidicomReader(), tmp_path)
    expected, other = read(PydicomReader(), tmp_path)
    np.testing.assert_array_equal(array[..., ::-1], expected)
    last = array.shape[-1] - 1
    for index in (0, last):
        np.testing.assert_allclose(
            meta["affine"] @ [1, 2, index, 1], other["affine"] @ [1, 2, last - index, 1], atol=1e-6
        )


def test_one_file_has_its_elements(tmp_path: Path) -> None:
    written = series(tmp_path)
    path = written.paths[0]
    array, meta = read(RapidicomReader(), path)
    expected, other = read(ITKReader(), str(path))
    np.testing.assert_array_equal(array, expected)
    # One slice has no neighbour: its distance is anyone's guess.
    np.testing.assert_allclose(meta["affine"][:, [0, 1, 3]], other["affine"][:, [0, 1, 3]])
    assert set(other) - set(meta) == set()
    for key in ("0008|0060", "0028|0010", "0020|000e"):
        assert meta[key] == other[key].strip()
    assert "0008|0060" not in read(RapidicomReader(), tmp_path)[1]
    assert read(RapidicomReader(series_meta=True), tmp_path)[1]["0008|0060"] == "CT"


def test_files_of_one_series_are_its_volume_and_folders_are_channels(tmp_path: Path) -> None:
    one = series(tmp_path / "a")
    series(tmp_path / "b", numbering=Numbering(series=2), pixels=Pixels(rescale=(2.0, 5.0)))
    whole = rd.read_series(tmp_path / "a").array.T
    for names in (one.paths, [str(path) for path in reversed(one.paths)], tuple(one.paths)):
        np.testing.assert_array_equal(read(RapidicomReader(), names)[0], whole)
    folders = [tmp_path / "b", tmp_path / "a"]
    array, meta = read(RapidicomReader(), folders)
    expected, other = read(ITKReader(), folders)
    np.testing.assert_array_equal(array, expected)
    assert_geometry(meta, other)
    other_paths = sorted((tmp_path / "b").iterdir())
    channels, _ = read(RapidicomReader(), [*other_paths, *one.paths])
    np.testing.assert_array_equal(channels, expected)


def test_several_series_are_an_error_without_a_uid(tmp_path: Path) -> None:
    series(tmp_path)
    other = series(tmp_path, numbering=Numbering(series=2, first_serial=100))
    with pytest.raises(ValueError, match="2 series: pass series_uid"):
        LoadImage(reader=RapidicomReader())(tmp_path)
    image = LoadImage(reader=RapidicomReader(series_uid=other.uid))(tmp_path)
    np.testing.assert_array_equal(image, rd.read_series(tmp_path, series_uid=other.uid).array.T)
    with pytest.raises(rd.InvalidDicomError):
        LoadImage(reader=RapidicomReader(series_uid="1.2"))(tmp_path)


def test_arrays_are_in_the_order_that_monai_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rapidicom._common.arrays._LARGE", 1)
    series(tmp_path)
    array, _ = read(RapidicomReader(), tmp_path)
    assert array.flags.c_contiguous
    np.testing.assert_array_equal(array, rd.read_series(tmp_path).array.T)


def test_a_leading_axis_is_the_channel(tmp_path: Path) -> None:
    series(tmp_path, Stack(phases=3))
    volume = rd.read_series(tmp_path)
    loaded = LoadImaged("image", reader=RapidicomReader(), ensure_channel_first=True)
    image = loaded({"image": tmp_path})["image"]
    np.testing.assert_array_equal(image, volume.array.transpose(0, 3, 2, 1))
    assert tuple(image.meta["spatial_shape"]) == volume.shape[:0:-1]
    reverse, _ = read(RapidicomReader(reverse_indexing=True), tmp_path)
    np.testing.assert_array_equal(reverse, np.moveaxis(volume.array, 0, -1))


def test_colour_is_the_channel(tmp_path: Path) -> None:
    pixels = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    write_slices(tmp_path, pixels, layout=Layout(samples=3), identity=Identity(modality="OT"))
    array, meta = read(RapidicomReader(), tmp_path)
    expected, other = read(ITKReader(), tmp_path)
    np.testing.assert_array_equal(array, expected)
    assert_geometry(meta, other)
    np.testing.assert_array_equal(array, pixels.transpose(2, 1, 0, 3))


def test_an_irregular_series_is_no_job_for_other_readers(tmp_path: Path) -> None:
    """MONAI tries its other readers after an error: these would give a wrong volume."""
    series(tmp_path, flaws=Flaws(missing={3}))
    with pytest.raises(rd.IrregularSeriesError):
        LoadImage(reader=RapidicomReader())(tmp_path)
    assert LoadImage(reader=RapidicomReader(irregular="keep"))(tmp_path).shape == (7, 5, 7)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "one.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 40)
    with pytest.raises(rd.DicomError):
        LoadImage(reader=RapidicomReader())(damaged)


def test_what_is_not_dicom_is_left_to_other_readers(tmp_path: Path) -> None:
    data = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    nibabel.Nifti1Image(data, np.eye(4)).to_filename(tmp_path / "image.nii")
    for loader in (LoadImage(reader=RapidicomReader()), LoadImage()):
        if loader.auto_select:
            loader.register(RapidicomReader())
        np.testing.assert_array_equal(loader(tmp_path / "image.nii"), data)
        written = series(tmp_path / "dicom")
        np.testing.assert_array_equal(
            loader(written.folder), rd.read_series(written.folder).array.T
        )
    with pytest.raises(RuntimeError, match="cannot find a suitable reader"):
        LoadImage(reader=RapidicomReader())(tmp_path / "absent")


def test_a_pipeline_changes_by_one_argument(tmp_path: Path) -> None:
    for number in (1, 2):
        stack = Stack(plane="sagittal", pixel_spacing=(0.5, 0.75))
        series(tmp_path / str(number), stack, numbering=Numbering(series=number))
    data = [{"image": str(tmp_path / name)} for name in ("1", "2")]
    batches = []
    for reader in (ITKReader(), RapidicomReader(), "rapidicom.integrations.monai.RapidicomReader"):
        transforms = Compose([
            LoadImaged("image", reader=reader),
            EnsureChannelFirstd("image"),
            Orientationd("image", axcodes="RAS", labels=None),
            Spacingd("image", pixdim=(1.0, 1.0, 1.0)),
        ])  # fmt: skip
        batches += list(DataLoader(Dataset(data, transforms), batch_size=2, num_workers=1))
    assert len(batches) == 3
    for batch in batches[1:]:
        torch.testing.assert_close(
            batch["image"].as_tensor(), batches[0]["image"].as_tensor(), atol=1e-2, rtol=1e-4
        )
        torch.testing.assert_close(
            batch["image"].affine, batches[0]["image"].affine, atol=1e-5, rtol=1e-5
        )


def test_options_and_pickles(tmp_path: Path) -> None:
    series(tmp_path)
    reader = pickle.loads(pickle.dumps(RapidicomReader(values="stored", dtype="int32")))
    array, _ = read(reader, tmp_path)
    assert array.dtype == np.int32
    np.testing.assert_array_equal(array, rd.read_series(tmp_path, values="stored").array.T)


# Series of other people.

FOLDERS = (
    DICOM2NIFTI, "neurolabusc__dcm_qa_canon", "neurolabusc__dcm_qa_enh", "neurolabusc__dcm_qa_me",
    "neurolabusc__dcm_qa_uih", "FNNDSC__data",
)  # fmt: skip
# Positions in the files differ by more than this from a straight line: ITK has no sheared images.
TILTED = "gantrytilting"
# Functional groups as JSON, which PydicomReader keeps for segmentations.
GROUPS = {"52009229", "52009230"}


def regular_series() -> list[tuple[str, rd.Series]]:
    found = []
    for folder in FOLDERS:
        for name, folders, files in os.walk(REFERENCE_DATA / folder):
            if folders or not files:
                continue
            try:
                series = rd.find_series(name)
            except rd.InvalidDicomError:
                continue
            if len(series) == 1 and not series[0].report.errors:
                found.append((name, series[0]))
    return found


@needs_reference_data
@pytest.mark.filterwarnings("ignore")
def test_reference_series_are_as_by_monais_readers() -> None:
    """Where these misread a series, the volume and nibabel's geometry of it are what is right.

    ITKReader stacks the images of all times, and mosaics, into one volume, and has no sheared one;
    PydicomReader does not know multi-frame objects, puts slices after the samples of colour, and
    goes by Instance Number.
    """
    counts = {"all": 0, "itk": 0, "pydicom": 0, "4D": 0}
    for name, found in regular_series():
        counts["all"] += 1
        array, meta = read(RapidicomReader(), name)
        volume = found.read()
        np.testing.assert_allclose(
            meta["affine"], np.diag([-1, -1, 1, 1]) @ volume.affine[:, [2, 1, 0, 3]]
        )
        if volume.array.ndim == 4 and "sample" not in volume.axes:
            counts["4D"] += 1
            np.testing.assert_array_equal(array, volume.array.T)
            continue
        expected, other = read(ITKReader(), name)
        np.testing.assert_allclose(array, expected, atol=1e-3)
        assert set(other) - set(meta) == set(), name
        if TILTED not in name:
            assert_geometry(meta, other, ("spacing",))
            counts["itk"] += 1
        is_multi_frame = len(set(found.paths)) != len(found.paths) or len(found.paths) == 1
        if is_multi_frame or "sample" in volume.axes:
            continue
        try:
            expected, other = read(PydicomReader(), name)
        except RuntimeError:
            # It cannot decode these without further packages.
            continue
        assert set(other) - set(meta) == set(), name
        if not np.allclose(meta["affine"], other["affine"], atol=1e-3):
            expected, last = expected[..., ::-1], array.shape[2] - 1
            np.testing.assert_allclose(
                meta["affine"] @ [0, 0, last, 1], other["affine"][:, 3], atol=1e-3
            )
        np.testing.assert_allclose(array, expected, atol=1e-3)
        counts["pydicom"] += 1
    assert counts["all"] >= 30 and counts["itk"] >= 12 and counts["pydicom"] >= 8, counts
    assert counts["4D"] >= 8
