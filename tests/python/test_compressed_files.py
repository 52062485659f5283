"""Each compressed reference image against its uncompressed twin, or another decoder."""

from __future__ import annotations

import functools
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_reference_files import FOLDERS

import rapidicom as rd
from data_paths import PYDICOM_FILES, REFERENCE_DATA

pydicom = pytest.importorskip("pydicom", reason="pydicom is a reference")
imagecodecs = pytest.importorskip("imagecodecs", reason="imagecodecs is a reference")
pytest.importorskip("openjpeg", reason="pydicom needs its plugins")

JPEG_DCT = {"1.2.840.10008.1.2.4." + number for number in ("50", "51", "53", "55")}
JPEG_2000_LOSSY = {"1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"}
JPEG_XL = {"1.2.840.10008.1.2.4.11" + digit for digit in "012"}

# Baseline JPEG under a lossless syntax.
LOSSY_IN_SPITE_OF_SYNTAX = {"sample-op.dcm"}

# Files whose pixels are not decoded: why, and how the error says so.
NO_CODESTREAM = "made to test how fragments are joined: they hold bytes of no codestream"
NO_START = "neither a codestream nor a JP2 file"
UNREADABLE: dict[str, tuple[str, type[Exception], str]] = {
    "genFile.dcm": (
        "its only fragment is zeros",
        rd.InvalidDicomError,
        "no marker SOI at the start",
    ),
    "multiframe.dcm": (
        "the frames from 13 on are smaller than Rows and Columns say",
        rd.InvalidDicomError,
        "frame 13.*it has 240 rows, 55 columns .* but the data set says 240, 240",
    ),
} | {
    f"generated_encapsulated_{kind}.dcm": (
        NO_CODESTREAM,
        rd.InvalidDicomError,
        "neither a codestream nor a JP2 file",
    )
    for kind in (
        "defined_bot_1_to_1",
        "defined_bot_2_to_1",
        "defined_bot_2_to_2",
        "empty_bot_1_to_1",
        "empty_bot_2_to_1",
    )
}
# The data end without a delimiter, and pydicom takes that for an empty data set.
NO_PIXELS_FOR_PYDICOM = {"GH1339.dcm"}
# The codestream contains a delimiter tag, which no other decoder reads: the same image without.
LIKE_ANOTHER = {"JPEG2000-embedded-sequence-delimiter.dcm": "JPEG2000.dcm"}

# The same image without compression: pattern of the compressed file's name, and the other file.
UNCOMPRESSED = "chafey__DICOMHTJ2K/test/fixtures/dicomp10"
TEST_IMAGES = "cornerstonejs__cornerstone3D/packages/dicomImageLoader/testImages"
LOSSLESS_TWINS = {
    r"(CT1|CT2|MR1|NM1|US1)_(JPLL|JLSL|J2KR|RLE|JPH)": rf"{UNCOMPRESSED}/\1_UNC",
    r"CT1_UNC\..*": rf"{UNCOMPRESSED}/CT1_UNC",
    r"CT0012\..*(57|70|80|rle)\.dcm": (
        "cornerstonejs__dicomParser/testImages/encapsulated/multi-frame/"
        "CT0012.explicit_little_endian.dcm"
    ),
    r"CTImage\.dcm_.*\.(57|70|80|90|5)\.dcm": f"{TEST_IMAGES}/CTImage.dcm",
    r"[4-9]\.dcm": "neurolabusc__dcm_qa_ts/In/1.dcm",
    r"SC_rgb_rle(.*)\.dcm": rf"{PYDICOM_FILES}/SC_rgb\1.dcm",
    r"rtdose_rle(.*)\.dcm": rf"{PYDICOM_FILES}/rtdose\1.dcm",
    r"(MR_small|emri_small)_(RLE|jpeg_ls_lossless|jp2klossless|jpeg_2k_lossless)\.dcm": (
        rf"{PYDICOM_FILES}/\1.dcm"
    ),
    r"OBXXXX1A_rle(.*)\.dcm": rf"{PYDICOM_FILES}/OBXXXX1A\1.dcm",
    r"liver_(rle|deflate)\.dcm": "pydicom__pydicom-data/data_store/data/liver.dcm",
    r"(emri_small)_jpeg_2k_lossless_too_short\.dcm": rf"{PYDICOM_FILES}/\1.dcm",
}


def compressed_files(folder: Path) -> Iterator[tuple[Path, Any]]:
    """The files with compressed pixels, and their data sets without them."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        try:
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            syntax = ds.file_meta.TransferSyntaxUID
        except Exception:
            continue
        if syntax.startswith("1.2.840.10008.1.2.") and _is_compressed(syntax) and "Rows" in ds:
            yield path, ds


def _is_compressed(syntax: str) -> bool:
    return any(row.is_encapsulated for row in rd.transfer_syntaxes() if row.uid == syntax)


@functools.cache
def _frames(path: Path) -> list[bytes]:
    ds = pydicom.dcmread(path)
    count = int(ds.get("NumberOfFrames") or 1)
    return list(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=count))


def twin(path: Path) -> np.ndarray[Any, Any] | None:
    """The same image from a file without compression."""
    for pattern, other in LOSSLESS_TWINS.items():
        match = re.fullmatch(pattern, path.name)
        candidate = REFERENCE_DATA / match.expand(other) if match else None
        if candidate is not None and candidate.is_file():
            return pydicom.dcmread(candidate).pixel_array
    return None


def stack(frames: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    return np.stack(frames) if len(frames) > 1 else frames[0]


def by_other_decoders(path: Path, ds: Any) -> np.ndarray[Any, Any]:
    """The raw samples by another decoder."""
    syntax = ds.file_meta.TransferSyntaxUID
    if syntax in JPEG_DCT or path.name in LOSSY_IN_SPITE_OF_SYNTAX:
        # Colours as they are coded.
        space = "YCBCR" if ds.SamplesPerPixel == 3 else None
        decode = functools.partial(imagecodecs.jpeg_decode, colorspace=space, outcolorspace=space)
        return stack([decode(frame) for frame in _frames(path)])
    if syntax in JPEG_XL:
        return stack([imagecodecs.jpegxl_decode(frame) for frame in _frames(path)])
    if path.name in NO_PIXELS_FOR_PYDICOM:
        return imagecodecs.imread(rd.dcmread(path).frame_bytes(0))
    if path.name in LIKE_ANOTHER:
        path = path.with_name(LIKE_ANOTHER[path.name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.pixels.pixel_array(path, raw=True)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """pydicom logs whatever its plugins cannot do."""
    caplog.set_level(logging.CRITICAL)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_compressed_pixels(folder: Path) -> None:
    wrong = []
    for path, ds in compressed_files(folder):
        name = path.name
        if name in UNREADABLE:
            _, error, message = UNREADABLE[name]
            with pytest.raises(error, match=message):
                rd.pixel_array(path)
            continue
        found = rd.pixel_array(path, raw=True)
        expected = twin(path)
        is_lossy = (
            expected is None
            and ds.file_meta.TransferSyntaxUID in JPEG_DCT | JPEG_2000_LOSSY | JPEG_XL
        )
        if expected is None:
            expected = by_other_decoders(path, ds)
        if found.shape != expected.shape:
            wrong.append(f"{name}: {found.shape} instead of {expected.shape}")
            continue
        difference = np.abs(found.astype(np.int64) - expected.astype(np.int64))
        # Transforms round differently; samples of lossless ones must be the same.
        share = np.mean(difference > (1 if is_lossy else 0))
        if share > (0.001 if is_lossy else 0):
            wrong.append(f"{name}: {share:.4%} of the samples differ, by up to {difference.max()}")
    assert not wrong, "\n".join(wrong)
