"""Values by their Value Representation under pydicom's path; the code is in `rapidicom._values`."""

from rapidicom._common.tag import (
    BaseTag,
    Tag,
)
from rapidicom._values.constructors import (  # noqa: F401  # what pickles of lists name
    _decimal,
    _integer,
    _name,
    _tag,
    _text,
    _uid,
    empty_value_for_VR,
)
from rapidicom._values.constructors import (
    unchanged as _unchanged,  # noqa: F401  # the same, of version 0.1
)
from rapidicom._values.conversion import (
    convert_value,
)
from rapidicom._values.dates_and_times import (
    DA,
    DT,
    TM,
)
from rapidicom._values.multi_value import (
    MultiValue,
)
from rapidicom._values.number_text import (
    DS,
    IS,
    DSfloat,
    ISfloat,
)
from rapidicom._values.person_name import (
    PersonName,
)
from rapidicom._values.sequence import (
    Sequence,
)
from rapidicom._values.uid import (
    UID,
)
from rapidicom._values.vr import (
    ALLOW_BACKSLASH,
    AMBIGUOUS_VR,
    BYTES_VR,
    CUSTOMIZABLE_CHARSET_VR,
    DEFAULT_CHARSET_VR,
    FLOAT_VR,
    INT_VR,
    LIST_VR,
    LONG_VALUE_VR,
    STANDARD_VR,
    STR_VR,
    VR,
)

__all__ = [
    "ALLOW_BACKSLASH",
    "AMBIGUOUS_VR",
    "BYTES_VR",
    "CUSTOMIZABLE_CHARSET_VR",
    "DA",
    "DEFAULT_CHARSET_VR",
    "DS",
    "DT",
    "FLOAT_VR",
    "INT_VR",
    "IS",
    "LIST_VR",
    "LONG_VALUE_VR",
    "STANDARD_VR",
    "STR_VR",
    "TM",
    "UID",
    "VR",
    "BaseTag",
    "DSfloat",
    "ISfloat",
    "MultiValue",
    "PersonName",
    "Sequence",
    "Tag",
    "convert_value",
    "empty_value_for_VR",
]
