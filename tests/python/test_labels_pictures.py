"""Labels over the images in the contact sheet, and in other libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from labels_builder import Images, segmentation
from rapidicom.contact_sheet import contact_sheet

IMAGES = Images(shape=(3, 20, 30), spacing=(3.0, 1.0, 1.0))


@pytest.fixture
def vol(tmp_path: Path) -> rd.Volume:
    return rd.read_series(IMAGES.save(tmp_path / "images"))


def boxes() -> np.ndarray:
    """Return two masks, the second beside the first."""
    found = np.zeros((2, *IMAGES.shape), np.uint8)
    found[0, 1, 8:16, 8:16], found[1, 1, 8:16, 18:26] = 1, 1
    return found


def test_an_array_a_label_gives_the_same_picture(vol: rd.Volume) -> None:
    ds = segmentation(IMAGES, boxes())
    one, other = (
        contact_sheet(vol, labels=rd.read_labels(ds, like=vol, combine=combine), width=94)
        for combine in ("labelmap", "channels")
    )
    np.testing.assert_array_equal(one, other)
    plain = contact_sheet(vol, width=94)
    is_drawn = (one != plain[..., np.newaxis]).any(axis=2)
    # Slice 1 of 3, in tiles of 30 pixels with two between them.
    np.testing.assert_array_equal(is_drawn[8:, 32:62], boxes()[:, 1].any(axis=0)[8:])
    assert not is_drawn[:, :30].any()


def test_labels_of_another_grid_are_refused(vol: rd.Volume) -> None:
    labels = rd.read_labels(segmentation(IMAGES, boxes()), like=vol)
    for like in (vol.part(slices=slice(1, None)), vol.part(rows=slice(None, None, -1))):
        with pytest.raises(ValueError, match="another grid"):
            contact_sheet(like, labels=labels)


def test_labels_are_tensors_and_images_like_any_volume(vol: rd.Volume) -> None:
    for combine in ("labelmap", "channels"):
        labels = rd.read_labels(segmentation(IMAGES, boxes()), like=vol, combine=combine)
        torch = pytest.importorskip("torch")
        tensor = labels.to_torch()
        assert tensor.dtype == torch.uint8
        np.testing.assert_array_equal(tensor.numpy(), labels.array)
        tensor[...] = 0
        assert not labels.array.any()
        labels = rd.read_labels(segmentation(IMAGES, boxes()), like=vol, combine=combine)
        pytest.importorskip("nibabel")
        image = labels.to_nibabel()
        data = np.asarray(image.dataobj)
        found = np.moveaxis(data, -1, 0) if combine == "channels" else data
        np.testing.assert_array_equal(np.swapaxes(found, -1, -3), labels.array)
        assert data.dtype == labels.dtype
        np.testing.assert_allclose(image.affine, vol.to_nibabel().affine)
        sitk = pytest.importorskip("SimpleITK")
        picture = labels.to_sitk()
        np.testing.assert_array_equal(sitk.GetArrayFromImage(picture), labels.array)
        pytest.importorskip("xarray")
        array = labels.to_xarray()
        assert array.dims == labels.axes
        if combine == "channels":
            assert array.coords["segment"].values.tolist() == [1, 2]
