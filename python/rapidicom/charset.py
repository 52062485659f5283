"""Specific Character Set under pydicom's path; the code is in `rapidicom._values.encodings`."""

from rapidicom._values.element_text import (
    decode_element,
)
from rapidicom._values.encodings import (
    STAND_ALONE_ENCODINGS,
    convert_encodings,
    decode_bytes,
    decode_string,
    default_encoding,
    python_encoding,
)
from rapidicom.valuerep import (
    VR,
    PersonName,
)

__all__ = [
    "STAND_ALONE_ENCODINGS",
    "VR",
    "PersonName",
    "convert_encodings",
    "decode_bytes",
    "decode_element",
    "decode_string",
    "default_encoding",
    "python_encoding",
]
