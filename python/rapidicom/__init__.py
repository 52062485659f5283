"""Rapidicom reads DICOM: files, header tables and volumes as NumPy arrays, from a Rust core.

Examples in docstrings start after `import rapidicom as rd`, in the folder of the repository.
"""

from typing import TYPE_CHECKING

from rapidicom._common import interrupted as _interrupted
from rapidicom._common import late as _late
from rapidicom._common import moved as _moved
from rapidicom._common.errors import DicomError, InvalidDicomError, LimitError, UnsupportedError
from rapidicom._common.transfer_syntaxes import transfer_syntaxes
from rapidicom._core import __version__
from rapidicom._dataset import native as _native
from rapidicom._dataset.dataset import Dataset, FileDataset, FileMetaDataset
from rapidicom._dataset.element import DataElement
from rapidicom._dataset.file_reading import dcmread, read_file
from rapidicom._dataset.writing import dcmwrite
from rapidicom._values.sequence import Sequence
from rapidicom.pixels import (
    apply_color_lut,
    apply_modality_lut,
    apply_rescale,
    apply_voi_lut,
    apply_windowing,
    iter_pixels,
    pixel_array,
)
from rapidicom.tables.table import ORDER_COLUMNS, Table, scan
from rapidicom.volumes.batch import read_batch
from rapidicom.volumes.finding import find_series, read_series
from rapidicom.volumes.irregular import IrregularSeriesError
from rapidicom.volumes.report import Issue, Report
from rapidicom.volumes.series import Series
from rapidicom.volumes.tolerances import Tolerances
from rapidicom.volumes.volume import Volume

# Imported when they are used, as many programs use none: what was drawn on images, and the names of
# pydicom's modules, which `import pydicom` makes attributes of it.
if TYPE_CHECKING:
    from rapidicom import (
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
    from rapidicom.labels.finding import LabelObject, find_labels
    from rapidicom.labels.labels import Labels
    from rapidicom.labels.reading import read_labels
    from rapidicom.labels.structures import Structure, read_structures
else:
    __getattr__, __dir__ = _late.names(__name__)

__all__ = [
    # One file.
    "dcmread",
    "read_file",
    "dcmwrite",
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
    "ORDER_COLUMNS",
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
