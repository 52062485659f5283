"""Rapidicom reads DICOM: files, header tables and volumes as NumPy arrays, from a Rust core."""

from rapidicom._core import __version__
from rapidicom.dataelem import DataElement
from rapidicom.dataset import Dataset, FileDataset
from rapidicom.errors import DicomError, InvalidDicomError, IrregularSeriesError, LimitError, UnsupportedError
from rapidicom.filereader import dcmread, read_file
from rapidicom.pixels import (
    apply_modality_lut,
    apply_rescale,
    apply_voi_lut,
    apply_windowing,
    iter_pixels,
    pixel_array,
)
from rapidicom.report import Issue, Report
from rapidicom.series import Series, find_series, read_batch, read_series
from rapidicom.table import Table, scan
from rapidicom.volume import Volume

__all__ = [
    "DataElement",
    "Dataset",
    "DicomError",
    "FileDataset",
    "InvalidDicomError",
    "IrregularSeriesError",
    "Issue",
    "LimitError",
    "Report",
    "Series",
    "Table",
    "UnsupportedError",
    "Volume",
    "__version__",
    "apply_modality_lut",
    "apply_rescale",
    "apply_voi_lut",
    "apply_windowing",
    "dcmread",
    "find_series",
    "iter_pixels",
    "pixel_array",
    "read_batch",
    "read_file",
    "read_series",
    "scan",
]
