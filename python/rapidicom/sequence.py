"""Sequences of Items under pydicom's path; the code is in `rapidicom._values.sequence`."""

from rapidicom._values.multi_value import (
    ConvertingList,
)
from rapidicom._values.sequence import (
    Sequence,
)
from rapidicom.dataset import (
    Dataset,
)
from rapidicom.multival import (
    ConstrainedList,
)

__all__ = [
    "ConstrainedList",
    "ConvertingList",
    "Dataset",
    "Sequence",
]
