"""Series as a data set of torch: items are parts of volumes, with their geometry."""

from __future__ import annotations

import os
import pickle
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, default_collate

import rapidicom as rd
from builder import Identity, Layout, file_bytes, image
from labels_builder import Images, save, segmentation
from rapidicom.integrations.torch import (
    CenterCrop,
    RandomCrop,
    SeriesDataset,
    SliceDataset,
    prefetch,
)
from series_builder import Flaws, Numbering, Pixels, Stack, series, write_slices

SHAPE = (8, 5, 7)


def several(folder: Path, count: int = 3, **options: Any) -> list[rd.Series]:
    for number in range(1, count + 1):
        series(folder / str(number), numbering=Numbering(series=number), **options)
    return rd.find_series(folder)


def first(item: dict[str, Any]) -> tuple[int, ...]:
    return tuple(item["start"].tolist())


def test_an_item_is_the_volume_with_its_geometry(tmp_path: Path) -> None:
    found = several(tmp_path, stack=Stack(plane="oblique"))
    data = SeriesDataset(found)
    assert len(data) == 3
    for number, one in enumerate(found):
        item, volume = data[number], one.read()
        np.testing.assert_array_equal(item["image"], volume.array[np.newaxis])
        assert item["image"].dtype == torch.float32
        np.testing.assert_array_equal(item["affine"], volume.affine)
        np.testing.assert_array_equal(item["spacing"], volume.spacing)
        assert (item["series_uid"], item["study_uid"], item["modality"], item["index"]) == (
            one.uid, one.study_uid, "CT", number,
        )  # fmt: skip
        assert first(item) == (0, 0, 0)
    assert data[-1]["index"] == 2
    with pytest.raises(IndexError):
        data[3]


def test_items_collate(tmp_path: Path) -> None:
    data = SeriesDataset(several(tmp_path))
    (batch,) = DataLoader(data, batch_size=3)
    assert batch["image"].shape == (3, 1, *SHAPE)
    assert batch["affine"].shape == (3, 4, 4)
    assert batch["spacing"].shape == (3, 3)
    assert batch["series_uid"] == [one.uid for one in data.series]


def test_series_may_be_named_by_their_folder(tmp_path: Path) -> None:
    several(tmp_path)
    assert [item["index"] for item in SeriesDataset(tmp_path)] == [0, 1, 2]
    folders = [tmp_path / "1", tmp_path / "3"]
    assert len(SeriesDataset(folders)) == len(SeriesDataset(iter(folders))) == 2
    (one, *_) = rd.find_series(tmp_path)
    assert len(SeriesDataset(one)) == 1
    assert len(SeriesDataset([])) == 0
    with pytest.raises(TypeError, match="all of type Series"):
        SeriesDataset([one, tmp_path])
    (tmp_path / "empty").mkdir()
    with pytest.raises(rd.InvalidDicomError):
        SeriesDataset(tmp_path / "empty")


def test_positions_with_several_images_have_them_in_front(tmp_path: Path) -> None:
    series(tmp_path, Stack(phases=3))
    volume = rd.read_series(tmp_path)
    item = SeriesDataset(tmp_path, crop=np.s_[2:4, :, 1:])[0]
    np.testing.assert_array_equal(item["image"], volume.array[:, 2:4, :, 1:])


def test_one_slice_is_a_volume(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=1))
    assert SeriesDataset(tmp_path)[0]["image"].shape == (1, 1, 5, 7)


def test_colour_has_its_samples_in_front(tmp_path: Path) -> None:
    pixels = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    write_slices(tmp_path, pixels, layout=Layout(samples=3), identity=Identity(modality="OT"))
    item = SeriesDataset(tmp_path, crop=(2, 4, 3))[0]
    slices, _, columns = first(item)
    expected = pixels[slices : slices + 2, :, columns : columns + 3].transpose(3, 0, 1, 2)
    np.testing.assert_array_equal(item["image"], expected)
    assert item["image"].is_contiguous()


def test_series_of_other_shapes_do_not_collate_unless_cropped(tmp_path: Path) -> None:
    series(tmp_path / "a")
    series(tmp_path / "b", Stack(count=6), numbering=Numbering(series=2))
    with pytest.raises(RuntimeError):
        next(iter(DataLoader(SeriesDataset(tmp_path), batch_size=2)))
    (batch,) = DataLoader(SeriesDataset(tmp_path, crop=(6, 4, 4)), batch_size=2)
    assert batch["image"].shape == (2, 1, 6, 4, 4)


# Types.


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.int16, torch.int32, "int16", np.int32, "float32"]
)
def test_types_hold_the_values(tmp_path: Path, dtype: Any) -> None:
    series(tmp_path)
    tensor = SeriesDataset(tmp_path, dtype=dtype)[0]["image"]
    name = str(dtype).removeprefix("torch.") if isinstance(dtype, torch.dtype) else np.dtype(dtype)
    assert tensor.numpy().dtype == np.dtype(name)
    np.testing.assert_array_equal(tensor[0], rd.read_series(tmp_path).array)


@pytest.mark.parametrize(
    "dtype", [torch.float16, "float16", np.float16, torch.bfloat16, "bfloat16"]
)
def test_half_precision_is_rounded_as_by_torch(tmp_path: Path, dtype: Any) -> None:
    series(tmp_path)
    tensor = SeriesDataset(tmp_path, dtype=dtype)[0]["image"]
    whole = rd.read_series(tmp_path).to_torch()
    assert tensor.dtype == (torch.bfloat16 if "bfloat" in str(dtype) else torch.float16)
    assert torch.equal(tensor[0], whole.to(tensor.dtype))


def test_bfloat16_never_makes_infinity(tmp_path: Path) -> None:
    pixels = np.zeros((5, 7), np.int16)
    pixels[4, 6] = 1
    for slope, fits in ((3.395e38, True), (3.4e38, False)):
        (tmp_path / "one").write_bytes(file_bytes(image(pixels, rescale=(slope, 0.0))))
        data = SeriesDataset(tmp_path, dtype="bfloat16")
        if fits:
            expected = torch.from_numpy(pixels * np.float32(slope)).to(torch.bfloat16)
            assert torch.isfinite(expected).all() and expected.max() > 3e38
            assert torch.equal(data[0]["image"][0, 0], expected)
        else:
            with pytest.raises(ValueError, match="bfloat16 does not hold every value"):
                data[0]


def test_half_precision_never_makes_infinity(tmp_path: Path) -> None:
    pixels = np.zeros((5, 7), np.int16)
    for highest, fits in ((65519 - 32768, True), (65520 - 32768, False)):
        pixels[4, 6] = highest
        (tmp_path / "one").write_bytes(file_bytes(image(pixels, rescale=(1.0, 32768.0))))
        data = SeriesDataset(tmp_path, dtype=torch.float16)
        if fits:
            assert data[0]["image"].max() == 65504
        else:
            with pytest.raises(ValueError, match="float16 does not hold every value"):
                data[0]
            # A part without that value fits.
            assert torch.isfinite(
                SeriesDataset(tmp_path, dtype="float16", crop=np.s_[:, :4, :])[0]["image"]
            ).all()
    assert SeriesDataset(tmp_path, dtype=torch.bfloat16)[0]["image"].max() == 65536


def test_types_that_hold_no_pixels_are_refused(tmp_path: Path) -> None:
    series(tmp_path)
    for dtype in (torch.complex64, torch.bool, "complex64", "M8[s]"):
        with pytest.raises((ValueError, TypeError)):
            SeriesDataset(tmp_path, dtype=dtype)
    with pytest.raises(ValueError, match="uint8"):
        SeriesDataset(tmp_path, dtype=torch.uint8)[0]


# Crops.


def test_a_random_crop_is_a_part_of_the_volume(tmp_path: Path) -> None:
    series(tmp_path, Stack(plane="oblique"))
    volume = rd.read_series(tmp_path)
    data = SeriesDataset(tmp_path, crop=(3, 2, None))
    seen = set()
    for _ in range(40):
        item = data[0]
        at = first(item)
        seen.add(at)
        expected = volume.array[at[0] : at[0] + 3, at[1] : at[1] + 2]
        np.testing.assert_array_equal(item["image"][0], expected)
        np.testing.assert_allclose(item["affine"][:, 3], volume.affine @ [*at, 1])
        np.testing.assert_array_equal(item["affine"][:, :3], volume.affine[:, :3])
    assert {at[0] for at in seen} == set(range(6)) and {at[1] for at in seen} == set(range(4))


def test_random_crops_repeat_with_the_seed(tmp_path: Path) -> None:
    several(tmp_path)

    def starts(data: SeriesDataset, **options: Any) -> list[tuple[int, ...]]:
        return [first(item) for item in DataLoader(data, batch_size=None, **options)]

    data = SeriesDataset(tmp_path, crop=(2, 2, 2))
    for options in ({}, {"num_workers": 2}):
        torch.manual_seed(5)
        once = starts(data, **options)
        torch.manual_seed(5)
        assert starts(data, **options) == once
        assert starts(data, **options) != once
    torch.manual_seed(5)
    once = [first(item) for item in prefetch(data, ahead=3, threads=3)]
    for threads in (1, 2):
        torch.manual_seed(5)
        assert [first(item) for item in prefetch(data, ahead=2, threads=threads)] == once
    generator = torch.Generator()
    own = SeriesDataset(tmp_path, crop=RandomCrop((2, 2, 2), generator=generator))
    generator.manual_seed(9)
    drawn = starts(own)
    generator.manual_seed(9)
    assert starts(own) == drawn
    generator.manual_seed(9)
    copy = pickle.loads(pickle.dumps(own))
    assert starts(copy) == drawn


def test_workers_with_a_generator_draw_other_numbers(tmp_path: Path) -> None:
    """Each has a copy of it: without care all of them would crop alike."""
    (one,) = several(tmp_path, 1)
    crop = RandomCrop((1, 1, 1), generator=torch.Generator().manual_seed(3))
    data = SeriesDataset([one] * 16, crop=crop)
    starts = [first(item) for item in DataLoader(data, batch_size=None, num_workers=2)]
    assert starts[::2] != starts[1::2]


def test_central_and_fixed_and_own_crops(tmp_path: Path) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    for crop, index in (
        (CenterCrop((4, 3, 3)), np.s_[2:6, 1:4, 2:5]),
        (CenterCrop((None, 5, 2)), np.s_[:, :, 2:4]),
        (np.s_[1:4, ::2, 5:1:-2], np.s_[1:4, ::2, 5:1:-2]),
        ((None, slice(2, 4), None), np.s_[:, 2:4]),
        (lambda shape: (slice(0, shape[0] // 2), slice(None), slice(-2, None)), np.s_[:4, :, -2:]),
    ):
        item = SeriesDataset(tmp_path, crop=crop)[0]
        expected = volume.array[index]
        np.testing.assert_array_equal(item["image"][0], expected)
        part = rd.read_series(
            tmp_path, **dict(zip(("slices", "rows", "columns"), index, strict=False))
        )  # type: ignore[arg-type]
        np.testing.assert_allclose(item["affine"], part.affine)
        np.testing.assert_allclose(item["spacing"], part.spacing)


def test_slices_are_what_crops_are_taken_from(tmp_path: Path) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    item = SeriesDataset(tmp_path, slices=slice(6, 1, -2))[0]
    np.testing.assert_array_equal(item["image"][0], volume.array[6:1:-2])
    data = SeriesDataset(tmp_path, slices=slice(3, 6), crop=(2, None, None))
    assert {first(data[0])[0] for _ in range(40)} == {3, 4}
    every_other = SeriesDataset(tmp_path, slices=slice(0, None, 2), crop=CenterCrop((2, 5, 7)))[0]
    np.testing.assert_array_equal(every_other["image"][0], volume.array[[2, 4]])
    with pytest.raises(ValueError, match="selects nothing"):
        SeriesDataset(tmp_path, slices=slice(9, 12))[0]


def test_smaller_images_are_padded_on_request(tmp_path: Path) -> None:
    series(tmp_path, Stack(plane="oblique"))
    volume = rd.read_series(tmp_path)
    data = SeriesDataset(tmp_path, crop=(12, 3, 8))
    with pytest.raises(ValueError, match="pad="):
        data[0]
    item = SeriesDataset(tmp_path, crop=(12, 3, 8), pad=-1024)[0]
    at = first(item)
    assert (at[0], at[2]) == (-2, -1)
    expected = np.pad(
        volume.array[:, at[1] : at[1] + 3], ((2, 2), (0, 0), (1, 0)), constant_values=-1024
    )
    np.testing.assert_array_equal(item["image"][0], expected)
    np.testing.assert_allclose(item["affine"][:, 3], volume.affine @ [*at, 1])
    for value in (0.5, 70000, float("nan")):
        with pytest.raises(ValueError, match="pad"):
            SeriesDataset(tmp_path, crop=(12, 3, 8), pad=value, dtype="int16")[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_unsigned_images_are_not_padded_with_numbers_below_0(dtype: Any, tmp_path: Path) -> None:
    write_slices(tmp_path, np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
    for value in (-1, -100):
        with pytest.raises(ValueError, match="does not hold the value to pad with"):
            SeriesDataset(tmp_path, crop=(5, 4, 5), pad=value, dtype=dtype)[0]
        with pytest.raises(ValueError, match="does not hold the value to pad with"):
            SliceDataset(tmp_path, crop=(6, 6), pad=value, dtype=dtype)[0]
    image = SeriesDataset(tmp_path, crop=(5, 4, 5), pad=0, dtype=dtype)[0]["image"]
    assert image.dtype == torch.from_numpy(np.empty(0, dtype)).dtype and not image[0, 0].any()


@pytest.mark.parametrize(
    ("crop", "error"),
    [
        ((2, 2), ValueError),
        ((0, 2, 2), ValueError),
        ("all", TypeError),
        (5, TypeError),
        ((slice(0, 1), 2, 3), TypeError),
        (RandomCrop((2, 2)), ValueError),
    ],
)
def test_crops_that_do_not_fit_are_refused(tmp_path: Path, crop: Any, error: type) -> None:
    series(tmp_path)
    with pytest.raises(error):
        SeriesDataset(tmp_path, crop=crop)


def test_a_crop_reads_no_other_files_and_rows(tmp_path: Path) -> None:
    written = series(tmp_path)
    data = SeriesDataset(tmp_path, crop=np.s_[2:4, :, :])
    for path in (*written.paths[:2], *written.paths[4:]):
        path.unlink()
    np.testing.assert_array_equal(data[0]["image"][0], written.modality_volume[2:4])


def test_a_crop_reads_no_more_bytes_than_its_rows(tmp_path: Path) -> None:
    """The kernel counts the bytes that a process reads."""
    counts = Path("/proc/self/io")
    if not counts.exists():
        pytest.skip("this system does not count the bytes that are read")
    pixels = np.zeros((12, 512, 512), np.int16)
    write_slices(tmp_path, pixels)
    data = SeriesDataset(tmp_path, crop=(4, 32, 32))
    before = int(counts.read_text().split()[1])
    data[0]
    # Of each of four files, 32 rows of 512 pixels of 2 bytes; the rest is the table's own text.
    assert int(counts.read_text().split()[1]) - before < 4 * 32 * 512 * 2 + 4096


# Labels.


def test_labels_have_the_crop_of_the_image(tmp_path: Path) -> None:
    images = Images()
    images.save(tmp_path / "images")
    random = np.random.default_rng(2)
    masks = random.integers(0, 2, (1, *images.shape)).astype(np.uint8)
    save(segmentation(images, masks), tmp_path / "seg.dcm")
    found = rd.find_series(tmp_path / "images")
    uid = found[0].uid
    for sources, labels in (
        (found, tmp_path / "seg.dcm"),
        (found, {uid: tmp_path / "seg.dcm"}),
        (tmp_path, tmp_path),
        (tmp_path, rd.find_labels(tmp_path)),
    ):
        (item,) = SeriesDataset(sources, crop=(2, 4, 5), labels=labels)
        at = first(item)
        index = tuple(slice(begin, begin + size) for begin, size in zip(at, (2, 4, 5), strict=True))
        np.testing.assert_array_equal(item["label"], masks[(slice(None), *index)])
        assert item["label"].dtype == torch.uint8
    padded = SeriesDataset(found, crop=(9, 4, 5), pad=-1, labels=tmp_path / "seg.dcm")[0]
    assert padded["label"].shape == padded["image"].shape
    assert not padded["label"][0, 0].any() and (padded["image"][0, 0] == -1).all()
    whole = SeriesDataset(found, labels=tmp_path, combine="channels")[0]
    np.testing.assert_array_equal(whole["label"], masks)


def test_a_series_without_labels_is_named_before_reading(tmp_path: Path) -> None:
    several(tmp_path / "other")
    images = Images()
    images.save(tmp_path / "images")
    save(segmentation(images, np.ones((1, *images.shape), np.uint8)), tmp_path / "seg.dcm")
    with pytest.raises(ValueError, match="3 of 4 series have no labels"):
        SeriesDataset(rd.find_series(tmp_path), labels=tmp_path / "seg.dcm")


# Irregular series.


def test_irregular_series(tmp_path: Path) -> None:
    series(tmp_path / "a")
    series(tmp_path / "b", numbering=Numbering(series=2), flaws=Flaws(missing={3}))
    data = SeriesDataset(tmp_path)
    assert data[0]["image"].shape == (1, *SHAPE)
    with pytest.raises(rd.IrregularSeriesError):
        data[1]
    assert len(SeriesDataset(tmp_path, irregular="keep")[1]["image"][0]) == 7
    skipping = SeriesDataset(tmp_path, irregular="skip")
    assert (len(skipping), [one.uid for one in skipping.skipped]) == (1, ["2.25.200"])
    with pytest.raises(ValueError, match="irregular"):
        SeriesDataset(tmp_path, irregular="ignore")  # type: ignore[arg-type]


def test_transform_makes_the_item(tmp_path: Path) -> None:
    several(tmp_path)
    data = SeriesDataset(tmp_path, transform=lambda item: item["image"] * 2)
    assert torch.equal(data[0][0], rd.read_series(tmp_path / "1").to_torch() * 2)


# Other processes.


def test_pickles_are_small(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=200), pixels=Pixels(shape=(64, 64)))
    data = SeriesDataset(tmp_path)
    # Path, place and state of each file.
    assert len(pickle.dumps(data)) < 200 * 300
    data[0]
    assert len(pickle.dumps(data)) < 200 * 300


@pytest.mark.parametrize(
    ("method", "persistent"), [("fork", False), ("fork", True), ("spawn", True)]
)
def test_workers_give_the_same(tmp_path: Path, method: str, persistent: bool) -> None:
    found = several(tmp_path)
    expected = [one.read().array for one in found]
    loader = DataLoader(
        SeriesDataset(found), batch_size=None, num_workers=1 + (method == "fork"),
        multiprocessing_context=method, persistent_workers=persistent,
    )  # fmt: skip
    for _ in range(2):
        for item, array in zip(loader, expected, strict=True):
            np.testing.assert_array_equal(item["image"][0], array)


def test_a_file_that_changed_is_noticed_in_a_worker(tmp_path: Path) -> None:
    written = series(tmp_path)
    loader = DataLoader(
        SeriesDataset(tmp_path), batch_size=None, num_workers=1, multiprocessing_context="spawn"
    )
    written.paths[0].write_bytes(written.paths[0].read_bytes() + b"\0\0")
    with pytest.raises(OSError, match="changed"):
        next(iter(loader))


def killed(item: dict[str, Any]) -> Any:
    """End the process as the system does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)
    return item


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_that_is_killed_is_an_error(tmp_path: Path, method: str) -> None:
    series(tmp_path)
    loader = DataLoader(
        SeriesDataset(tmp_path, transform=killed), batch_size=None, num_workers=1,
        multiprocessing_context=method,
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="worker"):
        next(iter(loader))


# Volumes.


def test_volumes_and_labels_collate(tmp_path: Path) -> None:
    several(tmp_path)
    volumes = [one.read() for one in rd.find_series(tmp_path)]
    batch = default_collate(volumes)
    assert torch.equal(batch, torch.stack([volume.to_torch() for volume in volumes]))
    (batch,) = DataLoader(volumes, batch_size=3)  # type: ignore[arg-type]
    assert batch.shape == (3, *SHAPE)
    with_name = default_collate([{"vol": volume, "name": "x"} for volume in volumes])
    assert with_name["vol"].shape == (3, *SHAPE)
    for batch in DataLoader(volumes, batch_size=3, num_workers=1):  # type: ignore[arg-type]
        assert batch.shape == (3, *SHAPE)
