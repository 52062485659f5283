"""Waveforms under pydicom's path; the code is in `rapidicom._dataset.waveforms`."""

from rapidicom._common.numbers import (
    as_integer,
)
from rapidicom._dataset.dataset import (
    Dataset,
)
from rapidicom._dataset.waveforms import (
    generate_multiplex,
    multiplex_array,
)

__all__ = [
    "Dataset",
    "as_integer",
    "generate_multiplex",
    "multiplex_array",
]
