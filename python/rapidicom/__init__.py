"""Rapidicom reads DICOM: files, header tables and volumes as NumPy arrays, from a Rust core."""

from rapidicom._core import __version__
from rapidicom.dataelem import DataElement
from rapidicom.dataset import Dataset, FileDataset, FileMetaDataset
from rapidicom.errors import DicomError, InvalidDicomError, IrregularSeriesError, LimitError, UnsupportedError
from rapidicom.filereader import dcmread, read_file
from rapidicom.pixels import (
    apply_color_lut,
    apply_modality_lut,
    apply_rescale,
    apply_voi_lut,
    apply_windowing,
    iter_pixels,
    pixel_array,
)
from rapidicom.report import Issue, Report
from rapidicom.sequence import Sequence
from rapidicom.series import Series, find_series, read_batch, read_series
from rapidicom.table import Table, scan
from rapidicom.tolerances import Tolerances
from rapidicom.transfer_syntaxes import transfer_syntaxes
from rapidicom.volume import Volume

__all__ = [
    # One file.
    "dcmread",
    "read_file",
    "Dataset",
    "FileDataset",
    "FileMetaDataset",
    "Sequence",
    "DataElement",
    # Its pixels.
    "pixel_array",
    "iter_pixels",
    "apply_modality_lut",
    "apply_rescale",
    "apply_voi_lut",
    "apply_windowing",
    "apply_color_lut",
    "transfer_syntaxes",
    # Many files: the header table.
    "scan",
    "Table",
    # Many files: volumes.
    "find_series",
    "read_series",
    "read_batch",
    "Series",
    "Volume",
    "Report",
    "Issue",
    "Tolerances",
    # What goes wrong.
    "DicomError",
    "InvalidDicomError",
    "UnsupportedError",
    "LimitError",
    "IrregularSeriesError",
    "__version__",
]
