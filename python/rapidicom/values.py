"""Value fields as values under pydicom's path; the code is in `rapidicom._dataset.byte_values`."""

from rapidicom._common.tag import (
    BaseTag,
)
from rapidicom._dataset.byte_values import (
    convert_AE_string,
    convert_ATvalue,
    convert_DA_string,
    convert_DS_string,
    convert_DT_string,
    convert_IS_string,
    convert_numbers,
    convert_OBvalue,
    convert_OVvalue,
    convert_OWvalue,
    convert_PN,
    convert_single_string,
    convert_SQ,
    convert_string,
    convert_tag,
    convert_text,
    convert_TM_string,
    convert_UI,
    convert_UN,
    convert_UR_string,
    convert_value,
    converters,
    multi_string,
)
from rapidicom._dataset.raw_element import (
    RawDataElement,
)
from rapidicom._values.vr import (
    VR,
)
from rapidicom.charset import (
    decode_bytes,
)
from rapidicom.dataelem import (
    empty_value_for_VR,
)
from rapidicom.errors import (
    BytesLengthException,
)
from rapidicom.multival import (
    MultiValue,
)
from rapidicom.sequence import (
    Sequence,
)
from rapidicom.tag import (
    Tag,
    TupleTag,
)
from rapidicom.valuerep import (
    DA,
    DT,
    IS,
    TM,
    PersonName,
)

__all__ = [
    "DA",
    "DT",
    "IS",
    "TM",
    "VR",
    "BaseTag",
    "BytesLengthException",
    "MultiValue",
    "PersonName",
    "RawDataElement",
    "Sequence",
    "Tag",
    "TupleTag",
    "convert_AE_string",
    "convert_ATvalue",
    "convert_DA_string",
    "convert_DS_string",
    "convert_DT_string",
    "convert_IS_string",
    "convert_OBvalue",
    "convert_OVvalue",
    "convert_OWvalue",
    "convert_PN",
    "convert_SQ",
    "convert_TM_string",
    "convert_UI",
    "convert_UN",
    "convert_UR_string",
    "convert_numbers",
    "convert_single_string",
    "convert_string",
    "convert_tag",
    "convert_text",
    "convert_value",
    "converters",
    "decode_bytes",
    "empty_value_for_VR",
    "multi_string",
]
