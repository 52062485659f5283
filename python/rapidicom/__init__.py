"""Rapidicom reads DICOM: files, header tables and volumes as NumPy arrays, from a Rust core.

Examples in docstrings start after `import rapidicom as rd`, in the folder of the repository.
"""

from rapidicom._common import moved as _moved
from rapidicom._common.errors import DicomError, InvalidDicomError, LimitError, UnsupportedError
from rapidicom._common.transfer_syntaxes import transfer_syntaxes
from rapidicom._core import __version__
from rapidicom._dataset import native as _native
from rapidicom._dataset.dataset import Dataset, FileDataset, FileMetaDataset
from rapidicom._dataset.element import DataElement
from rapidicom._dataset.file_reading import dcmread, read_file
from rapidicom._values.sequence import Sequence
from rapidicom.labels.finding import LabelObject, find_labels
from rapidicom.labels.labels import Labels
from rapidicom.labels.reading import read_labels
from rapidicom.labels.structures import Structure, read_structures
from rapidicom.pixels import (
    apply_color_lut,
    apply_modality_lut,
    apply_rescale,
    apply_voi_lut,
    apply_windowing,
    iter_pixels,
    pixel_array,
)
from rapidicom.tables.table import Table, scan
from rapidicom.volumes.batch import read_batch
from rapidicom.volumes.finding import find_series, read_series
from rapidicom.volumes.irregular import IrregularSeriesError
from rapidicom.volumes.report import Issue, Report
from rapidicom.volumes.series import Series
from rapidicom.volumes.tolerances import Tolerances
from rapidicom.volumes.volume import Volume

# Last, as they are names for what is above: `import pydicom` makes these attributes of it.
from rapidicom import (  # isort: skip
    charset,
    config,
    datadict,
    dataelem,
    dataset,
    encaps,
    errors,
    filereader,
    filewriter,
    jsonrep,
    misc,
    multival,
    pixel_data_handlers,
    sequence,
    tag,
    uid,
    valuerep,
    values,
    waveforms,
)

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
    # What was drawn on them.
    "read_labels",
    "read_structures",
    "find_labels",
    "Labels",
    "LabelObject",
    "Structure",
    # What goes wrong.
    "DicomError",
    "InvalidDicomError",
    "UnsupportedError",
    "LimitError",
    "IrregularSeriesError",
    "__version__",
]
