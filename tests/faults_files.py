"""The files that `calls.py` reads: a series, and a file of each kind."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import builder
import series_builder
from data_paths import REPOSITORY

SLICES = 24
_DATA = REPOSITORY / "tests" / "data"
_HTJ2K = "1.2.840.10008.1.2.4.201"
_JPEG_2000 = "1.2.840.10008.1.2.4.90"
_RLE = "1.2.840.10008.1.2.5"
_JPEG_XL = "1.2.840.10008.1.2.4.112"
# Bytes before a frame in the fuzz targets' corpus: rows - 1, columns - 1, samples - 1, and a width.
_IN_CORPUS = 4
# Files of pydicom: a codec each.
_OF_PYDICOM = {
    "pixels_jpeg.dcm": "SC_rgb_small_odd_jpeg.dcm",
    "pixels_jpeg_lossless.dcm": "SC_rgb_jpeg_gdcm.dcm",
    "pixels_jpeg_ls.dcm": "MR_small_jpeg_ls_lossless.dcm",
    "pixels_rle.dcm": "SC_rgb_rle.dcm",
    "pixels_jpeg_2000.dcm": "MR_small_jp2klossless.dcm",
    "pixels_deflated.dcm": "image_dfl.dcm",
    "waveform_ecg.dcm": "waveform_ecg.dcm",
}


def make(root: Path) -> Path:
    """Write the folders `slices`, `labels` and `files`, and an archive of slices, into `root`."""
    (root / "slices").mkdir(parents=True)
    series_builder.series(root / "slices", series_builder.Stack(count=SLICES))
    with zipfile.ZipFile(root / "slices.zip", "w") as archive:
        for path in sorted((root / "slices").iterdir()):
            archive.write(path, path.name)
    labels = root / "labels"
    labels.mkdir()
    shutil.copy(_DATA / "files" / "seg_image_ct_true_fractional.dcm", labels / "seg.dcm")
    shutil.copy(_DATA / "files" / "rtstruct.dcm", labels / "rtstruct.dcm")
    files = root / "files"
    files.mkdir()
    for name in ("reportsi.dcm", "nested_priv_SQ.dcm", "chrFrenMulti.dcm", "test-SR.dcm"):
        shutil.copy(_DATA / "files" / name, files / f"text_{name}")
    for name, syntax in (("ht_rgb", _HTJ2K), ("rgb_rct", _JPEG_2000)):
        frame = (_DATA / "codecs" / f"jpeg_2000_{name}.j2k").read_bytes()
        (files / f"pixels_{name}.dcm").write_bytes(_coded(frame, syntax, 40, 33, 3, 8))
    for name, bits in (("grey_trees", 16), ("lossy", 8), ("jpeg", 8)):
        data = (REPOSITORY / "tests" / "fuzz" / "corpus" / "jpeg_xl" / name).read_bytes()
        rows, columns, samples = (one + 1 for one in data[: _IN_CORPUS - 1])
        file = _coded(data[_IN_CORPUS:], _JPEG_XL, rows, columns, samples, bits)
        (files / f"pixels_jpeg_xl_{name}.dcm").write_bytes(file)
    for name in ("sm_image.dcm", "dx_image.dcm", "rtdose.dcm", "color-pl.dcm"):
        shutil.copy(_DATA / "files" / name, files / f"pixels_{name}")
    folder = _pydicom()
    for name, theirs in _OF_PYDICOM.items():
        if folder is not None and (folder / theirs).exists():
            shutil.copy(folder / theirs, files / name)
    return root


def _pydicom() -> Path | None:
    """Return the folder of pydicom's test files."""
    try:
        import pydicom
    except ImportError:
        return None
    return Path(pydicom.__file__).parent / "data" / "test_files"


def _coded(frame: bytes, syntax: str, rows: int, columns: int, samples: int, bits: int) -> bytes:
    """Put a compressed image into a file."""
    image = [
        builder.Element(0x00080016, "UI", builder.SECONDARY_CAPTURE),
        builder.Element(0x00080018, "UI", "2.25.1"),
        builder.Element(0x00280002, "US", samples),
        builder.Element(0x00280004, "CS", "RGB" if samples > 1 else "MONOCHROME2"),
        *([builder.Element(0x00280006, "US", 0)] if samples > 1 else []),
        builder.Element(0x00280010, "US", rows),
        builder.Element(0x00280011, "US", columns),
        builder.Element(0x00280100, "US", bits),
        builder.Element(0x00280101, "US", bits),
        builder.Element(0x00280102, "US", bits - 1),
        builder.Element(0x00280103, "US", 0),
        builder.Element(0x7FE00010, "OB", builder.Fragments([frame])),
    ]
    return builder.file_bytes(image, transfer_syntax=syntax)
