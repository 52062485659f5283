"""The DICOM JSON Model under pydicom's path; the code is in `rapidicom._dataset.json_model`."""

from rapidicom._dataset.json_model import (
    dataset_from_json,
    dataset_to_json,
    dump,
    element_to_json,
    value_from_json,
    vr_from_json,
)
from rapidicom._values.constructors import (
    empty_value_for_VR,
)
from rapidicom._values.vr import (
    AMBIGUOUS_VR,
    BYTES_VR,
    FLOAT_VR,
    INT_VR,
)
from rapidicom.valuerep import (
    VR,
)

__all__ = [
    "AMBIGUOUS_VR",
    "BYTES_VR",
    "FLOAT_VR",
    "INT_VR",
    "VR",
    "dataset_from_json",
    "dataset_to_json",
    "dump",
    "element_to_json",
    "empty_value_for_VR",
    "value_from_json",
    "vr_from_json",
]
