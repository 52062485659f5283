"""The readers that are compared, behind one small interface.

Each does its work the way its own documentation shows. `normalised` brings their answers to one
form, outside the measured time, so that they can be checked against each other.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

# The 20 elements that header benchmarks ask for: what sorting, grouping and display need.
TAGS = {
    "SOPClassUID": 0x00080016,
    "SOPInstanceUID": 0x00080018,
    "StudyDate": 0x00080020,
    "Modality": 0x00080060,
    "Manufacturer": 0x00080070,
    "SeriesDescription": 0x0008103E,
    "PatientID": 0x00100020,
    "SliceThickness": 0x00180050,
    "KVP": 0x00180060,
    "StudyInstanceUID": 0x0020000D,
    "SeriesInstanceUID": 0x0020000E,
    "InstanceNumber": 0x00200013,
    "ImagePositionPatient": 0x00200032,
    "ImageOrientationPatient": 0x00200037,
    "FrameOfReferenceUID": 0x00200052,
    "Rows": 0x00280010,
    "Columns": 0x00280011,
    "PixelSpacing": 0x00280030,
    "RescaleIntercept": 0x00281052,
    "RescaleSlope": 0x00281053,
}
KEYWORDS = list(TAGS)
NUMBERS = {
    "SliceThickness", "KVP", "InstanceNumber", "ImagePositionPatient", "ImageOrientationPatient",
    "Rows", "Columns", "PixelSpacing", "RescaleIntercept", "RescaleSlope",
}  # fmt: skip

Header = list[dict[str, Any]]
Volume = NDArray[np.float32]


class Rival:
    """One reader.

    Attributes:
        name: In tables and charts.
        module: What is imported.
        distribution: Whose version is recorded.
    """

    name: ClassVar[str]
    module: ClassVar[str]
    distribution: ClassVar[str]

    def __init__(self) -> None:
        self.api: Any = importlib.import_module(self.module)
        self.version = importlib.metadata.version(self.distribution)

    def header(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        """Read the elements of each file: one mapping from keyword to value a file."""
        raise NotImplementedError

    def volume(self, paths: Sequence[Path]) -> Volume:
        """Read slices that are given in order into Hounsfield units, shape (slice, row, column)."""
        raise NotImplementedError

    def scan(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        """Read the elements of many files in the fastest way that the reader offers."""
        return self.header(paths, keywords)

    def rows(self, answer: Any) -> Header:
        """Turn the answer of `header` or `scan` into one dict a file."""
        return list(answer)


class Rapidicom(Rival):
    """Ours."""

    name, module, distribution = "rapidicom", "rapidicom", "rapidicom"

    def header(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        rows = []
        for path in paths:
            ds = self.api.dcmread(path, stop_before_pixels=True)
            rows.append({keyword: getattr(ds, keyword) for keyword in keywords})
        return rows

    def scan(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        return self.api.scan(paths, keywords)

    def rows(self, answer: Any) -> Header:
        return list(answer) if isinstance(answer, list) else answer.to_dicts()

    def volume(self, paths: Sequence[Path]) -> Volume:
        return np.asarray(self.api.read_series(paths).array)


class Pydicom(Rival):
    """pydicom; its own advice for few elements is `specific_tags`."""

    name, module, distribution = "pydicom", "pydicom", "pydicom"

    def header(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        rows = []
        for path in paths:
            ds = self.api.dcmread(path, stop_before_pixels=True, specific_tags=list(keywords))
            rows.append({keyword: getattr(ds, keyword) for keyword in keywords})
        return rows

    def volume(self, paths: Sequence[Path]) -> Volume:
        out = None
        for index, path in enumerate(paths):
            ds = self.api.dcmread(path)
            stored = ds.pixel_array
            if out is None:
                out = np.empty((len(paths), *stored.shape), np.float32)
            np.multiply(stored, np.float32(ds.RescaleSlope), out=out[index])
            out[index] += np.float32(ds.RescaleIntercept)
        assert out is not None
        return out


class Fastdicom(Rival):
    """fastdicom."""

    name, module, distribution = "fastdicom", "fastdicom", "fastdicom"

    def header(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        rows = []
        for path in paths:
            ds = self.api.dcmread(str(path), stop_before_pixels=True)
            rows.append({keyword: ds[keyword] for keyword in keywords})
        return rows

    def volume(self, paths: Sequence[Path]) -> Volume:
        out = None
        for index, path in enumerate(paths):
            ds = self.api.dcmread(str(path))
            stored = ds.pixel_array
            if out is None:
                out = np.empty((len(paths), *stored.shape), np.float32)
            np.multiply(stored, np.float32(ds["RescaleSlope"]), out=out[index])
            out[index] += np.float32(ds["RescaleIntercept"])
        assert out is not None
        return out


class Dicomsdl(Rival):
    """dicomsdl; `copyFrameData` into a buffer that is used again is its fastest way to pixels."""

    name, module, distribution = "dicomsdl", "dicomsdl", "dicomsdl"

    def header(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        rows = []
        for path in paths:
            # Stops loading at the first tag that is past the wanted ones.
            ds = self.api.open_file(str(path), load_until=0x00290000)
            rows.append({keyword: getattr(ds, keyword) for keyword in keywords})
        return rows

    def volume(self, paths: Sequence[Path]) -> Volume:
        out, stored = None, None
        for index, path in enumerate(paths):
            ds = self.api.open(str(path))
            info = ds.getPixelDataInfo()
            if out is None or stored is None:
                shape = (info["Rows"], info["Cols"])
                stored = np.empty(shape, info["dtype"])
                out = np.empty((len(paths), *shape), np.float32)
            ds.copyFrameData(0, stored)
            np.multiply(stored, np.float32(info["RescaleSlope"]), out=out[index])
            out[index] += np.float32(info["RescaleIntercept"])
        assert out is not None
        return out


class SimpleItk(Rival):
    """SimpleITK."""

    name, module, distribution = "SimpleITK", "SimpleITK", "SimpleITK"

    def header(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        keys = {
            keyword: f"{TAGS[keyword] >> 16:04x}|{TAGS[keyword] & 0xFFFF:04x}"
            for keyword in keywords
        }
        reader = self.api.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        rows = []
        for path in paths:
            reader.SetFileName(str(path))
            reader.ReadImageInformation()
            rows.append({keyword: reader.GetMetaData(key) for keyword, key in keys.items()})
        return rows

    def volume(self, paths: Sequence[Path]) -> Volume:
        reader = self.api.ImageSeriesReader()
        reader.SetFileNames([str(path) for path in paths])
        reader.SetOutputPixelType(self.api.sitkFloat32)
        return np.asarray(self.api.GetArrayFromImage(reader.Execute()))


class Gdcm(Rival):
    """GDCM by itself: its scanner for headers, its image reader for pixels."""

    name, module, distribution = "GDCM", "gdcm", "python-gdcm"

    def header(self, paths: Sequence[Path], keywords: Sequence[str]) -> Any:
        tags = {key: self.api.Tag(TAGS[key] >> 16, TAGS[key] & 0xFFFF) for key in keywords}
        scanner = self.api.Scanner()
        for tag in tags.values():
            scanner.AddTag(tag)
        names = [str(path) for path in paths]
        if not scanner.Scan(names):
            raise RuntimeError("GDCM's scanner failed")
        return [{key: scanner.GetValue(name, tag) for key, tag in tags.items()} for name in names]

    def volume(self, paths: Sequence[Path]) -> Volume:
        out = None
        for index, path in enumerate(paths):
            reader = self.api.ImageReader()
            reader.SetFileName(str(path))
            if not reader.Read():
                raise RuntimeError(f"GDCM cannot read {path}")
            img = reader.GetImage()
            columns, rows = img.GetDimension(0), img.GetDimension(1)
            # The wrapper hands bytes over as text with surrogates.
            content = img.GetBuffer().encode("utf-8", errors="surrogateescape")
            stored = np.frombuffer(content, np.uint16).reshape(rows, columns)
            if out is None:
                out = np.empty((len(paths), rows, columns), np.float32)
            np.multiply(stored, np.float32(img.GetSlope()), out=out[index])
            out[index] += np.float32(img.GetIntercept())
        assert out is not None
        return out


RIVALS: list[type[Rival]] = [Rapidicom, Fastdicom, Dicomsdl, Gdcm, SimpleItk, Pydicom]


def installed() -> tuple[list[Rival], list[str]]:
    """Load every reader that this environment has.

    Returns:
        The readers, and a sentence on each that is absent.
    """
    readers, absent = [], []
    for kind in RIVALS:
        try:
            readers.append(kind())
        except (ImportError, importlib.metadata.PackageNotFoundError) as error:
            absent.append(f"{kind.name} is not installed ({type(error).__name__})")
    return readers, absent


def normalised(rows: Header, keywords: Sequence[str]) -> list[tuple[Any, ...]]:
    """Bring the values of every reader to one form: floats, text, and tuples of them."""
    return [tuple(_normalised(keyword, row[keyword]) for keyword in keywords) for row in rows]


def _normalised(keyword: str, value: Any) -> Any:
    if isinstance(value, bytes):
        value = value.decode("ascii")
    if isinstance(value, str):
        value = value.strip(" \0")
        if keyword not in NUMBERS:
            return value
        value = value.split("\\")
    elif keyword not in NUMBERS:
        return str(value)
    numbers = np.asarray(value, np.float64).ravel()
    return float(numbers[0]) if numbers.size == 1 else tuple(numbers.tolist())
