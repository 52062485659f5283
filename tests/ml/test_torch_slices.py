"""Slices of many series as a data set of torch: one frame an item."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import torch
from torch.utils.data import DataLoader

import rapidicom as rd
from builder import Identity, Layout
from enhanced_builder import enhanced, stack_frames
from labels_builder import Images, save, segmentation
from rapidicom.integrations.torch import CenterCrop, SliceDataset, prefetch
from series_builder import Flaws, Numbering, Stack, series, write_slices


def test_items_are_the_slices_in_the_order_of_the_volumes(tmp_path: Path) -> None:
    series(tmp_path / "a", Stack(plane="oblique"))
    series(tmp_path / "b", Stack(count=3), numbering=Numbering(series=2))
    found = rd.find_series(tmp_path)
    data = SliceDataset(found)
    assert len(data) == 11
    volumes = [one.read() for one in found]
    for index, item in enumerate(DataLoader(data, batch_size=None)):
        at, number = (0, index) if index < 8 else (1, index - 8)
        volume = volumes[at]
        np.testing.assert_array_equal(item["image"], volume.array[number : number + 1])
        part = found[at].read(slices=slice(number, number + 1))
        np.testing.assert_allclose(item["affine"], part.affine)
        np.testing.assert_allclose(item["spacing"], part.spacing)
        assert (item["series_uid"], item["slice"], item["step"]) == (found[at].uid, number, 0)
        assert (item["path"], item["frame"]) == (volume.paths[number], 0)
        assert item["index"] == index
    assert data[-1]["index"] == 10
    with pytest.raises(IndexError):
        data[11]
    (batch,) = DataLoader(data, batch_size=11)
    assert batch["image"].shape == (11, 1, 5, 7)


def test_steps_of_a_leading_axis_are_items_of_their_own(tmp_path: Path) -> None:
    series(tmp_path, Stack(phases=3))
    (found,) = rd.find_series(tmp_path)
    volume = found.read()
    data = SliceDataset(found, slices=slice(1, None, 3))
    places = [(item["step"], item["slice"]) for item in DataLoader(data, batch_size=None)]
    assert places == [(step, number) for step in range(3) for number in (1, 4, 7)]
    for item in DataLoader(data, batch_size=None):
        expected = volume.array[item["step"], item["slice"]]
        np.testing.assert_array_equal(item["image"][0], expected)


def test_missing_images_are_no_items(tmp_path: Path) -> None:
    written = series(tmp_path, Stack(phases=3))
    written.odd_paths[2].unlink()
    (found,) = rd.find_series(tmp_path)
    volume = found.read(irregular="keep")
    data = SliceDataset(found, irregular="keep")
    assert len(data) == 23
    for item in DataLoader(data, batch_size=None):
        np.testing.assert_array_equal(item["image"][0], volume.array[item["step"], item["slice"]])
        assert rd.dcmread(item["path"]).pixel_array[0, 0] == item["image"][0, 0, 0] + 1024
    with pytest.raises(rd.IrregularSeriesError):
        SliceDataset(found)[0]
    assert len(SliceDataset(found, irregular="skip")) == 0


@pytest.mark.parametrize("is_compressed", [False, True], ids=["native", "RLE"])
def test_frames_of_one_file_are_read_alone(tmp_path: Path, is_compressed: bool) -> None:
    frames = stack_frames()
    path = tmp_path / "one.dcm"
    enhanced(path, [*frames[4:], *frames[:4]])
    if is_compressed:
        ds = pydicom.dcmread(path)
        ds.compress(pydicom.uid.RLELossless, encoding_plugin="pydicom")
        ds.save_as(path)
    data = SliceDataset(tmp_path, values="stored")
    for index in (7, 0, 3):
        np.testing.assert_array_equal(data[index]["image"][0], frames[index].stored)
    assert [data[index]["frame"] for index in (0, 7)] == [4, 3]


def test_colour_and_crops(tmp_path: Path) -> None:
    pixels = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    write_slices(tmp_path, pixels, layout=Layout(samples=3), identity=Identity(modality="OT"))
    item = SliceDataset(tmp_path, crop=CenterCrop((2, 3)))[1]
    np.testing.assert_array_equal(item["image"], pixels[1, 1:3, 1:4].transpose(2, 0, 1))
    assert item["start"].tolist() == [1, 1]
    padded = SliceDataset(tmp_path, crop=CenterCrop((6, 3)), pad=7)[1]
    expected = np.pad(pixels[1, :, 1:4], ((1, 1), (0, 0), (0, 0)), constant_values=7)
    np.testing.assert_array_equal(padded["image"], expected.transpose(2, 0, 1))
    np.testing.assert_allclose(padded["affine"] @ torch.tensor([0, 1, 0, 1.0]).double(),
                               item["affine"] @ torch.tensor([0, -1, 0, 1.0]).double())  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "uint8", torch.bfloat16])
def test_large_colour_images_are_read_ahead(tmp_path: Path, dtype: Any) -> None:
    generator = np.random.default_rng(1)
    pixels = generator.integers(0, 256, (3, 1024, 2048, 3)).astype(np.uint8)
    write_slices(tmp_path, pixels, layout=Layout(samples=3), identity=Identity(modality="OT"))
    data = SliceDataset(tmp_path, dtype=dtype)
    for item in prefetch(data, ahead=1):
        assert torch.equal(item["image"], data[int(item["index"])]["image"])


def test_labels_have_the_part_of_the_image(tmp_path: Path) -> None:
    images = Images()
    images.save(tmp_path / "images")
    masks = np.random.default_rng(2).integers(0, 2, (1, *images.shape)).astype(np.uint8)
    save(segmentation(images, masks), tmp_path / "seg.dcm")
    data = SliceDataset(tmp_path, labels=tmp_path, crop=(4, 5))
    assert len(data) == len(masks[0])
    for index, item in enumerate(DataLoader(data, batch_size=None)):
        row, column = item["start"].tolist()
        expected = masks[:, index, row : row + 4, column : column + 5]
        np.testing.assert_array_equal(item["label"], expected)
        assert (item["image"] == index).all()
    padded = SliceDataset(tmp_path, labels=tmp_path, crop=CenterCrop((22, 30)), pad=-1)[2]
    np.testing.assert_array_equal(padded["label"][:, 1:-1], masks[:, 2])
    assert not padded["label"][:, [0, -1]].any()


def test_one_item_opens_one_file(tmp_path: Path) -> None:
    written = series(tmp_path)
    data = SliceDataset(tmp_path, dtype=torch.float16)
    for path in (*written.paths[:2], *written.paths[3:]):
        path.unlink()
    np.testing.assert_array_equal(data[2]["image"][0], written.modality_volume[2])
    with pytest.raises(FileNotFoundError):
        data[3]


def test_damage_is_an_error_of_its_item(tmp_path: Path) -> None:
    series(tmp_path, flaws=Flaws(truncated=4))
    with pytest.raises(rd.IrregularSeriesError):
        SliceDataset(tmp_path)[0]
    data = SliceDataset(tmp_path, irregular="keep")
    assert [item["slice"] for item in DataLoader(data, batch_size=None)] == list(range(7))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_give_the_same(tmp_path: Path, method: str) -> None:
    series(tmp_path)
    data = SliceDataset(tmp_path)
    expected = rd.read_series(tmp_path).array
    loader = DataLoader(
        data,
        batch_size=3,
        num_workers=1 + (method == "fork"),
        multiprocessing_context=method,
        shuffle=True,
    )
    seen = []
    for batch in loader:
        for number, image in zip(batch["slice"].tolist(), batch["image"], strict=True):
            np.testing.assert_array_equal(image[0], expected[number])
            seen.append(number)
    assert sorted(seen) == list(range(8))
    assert len(pickle.dumps(data)) < 8 * 300 + 4000
