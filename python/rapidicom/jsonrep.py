"""The DICOM JSON Model (PS3.18 §F)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rapidicom.valuerep import AMBIGUOUS_VR, BYTES_VR, FLOAT_VR, INT_VR

if TYPE_CHECKING:
    from typing import TypeAlias

    from rapidicom.dataelem import DataElement
    from rapidicom.dataset import Dataset
    from rapidicom.personname import PersonName

    BulkDataHandler: TypeAlias = Callable[[DataElement], str]

__all__ = ["dataset_to_json", "dump", "element_to_json"]

_BINARY_VR = (BYTES_VR | AMBIGUOUS_VR) - {"US or SS"}
_INTEGER_VR = (INT_VR - {"AT"}) | {"US or SS"}

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def dataset_to_json(
    dataset: Dataset, handler: BulkDataHandler | None, threshold: int, *, skip_invalid: bool = False
) -> dict[str, Any]:
    """Return a data set as a dictionary of elements.

    Args:
        dataset: The data set.
        handler: Returns the URI under which the bytes of a large element can be had.
        threshold: From more characters of base64 than this on the handler is asked, if there is one.
        skip_invalid: Whether elements whose values cannot be read are left out, with a line in the log.
    """
    model = {}
    for element in dataset:
        try:
            model[element.tag.json_key] = element_to_json(element, handler, threshold)
        except Exception as error:
            if not skip_invalid:
                raise
            import logging

            kind = type(error).__name__
            logging.getLogger("rapidicom").warning("%s is left out of the JSON: %s", element.tag, kind)
    return model


def element_to_json(element: DataElement, handler: BulkDataHandler | None, threshold: int) -> dict[str, Any]:
    """Return an element as a dictionary of its VR and its values.

    Args:
        element: The element.
        handler: As for `dataset_to_json`.
        threshold: As for `dataset_to_json`.
    """
    vr = element.VR
    model: dict[str, Any] = {"vr": vr}
    if vr == "SQ":
        model["Value"] = [dataset_to_json(item, handler, threshold) for item in element.value]
    elif element.is_empty:
        pass
    elif vr in _BINARY_VR:
        # Four characters of base64 stand for three bytes.
        if handler is not None and len(element.value) > threshold // 4 * 3:
            model["BulkDataURI"] = handler(element)
        else:
            model["InlineBinary"] = base64.b64encode(element.value).decode("ascii")
    else:
        values = element.value if element.VM > 1 else [element.value]
        model["Value"] = [_value(value, vr) for value in values]
    return model


def _value(value: Any, vr: str) -> Any:
    # One of several values can be empty (PS3.18 §F.2.5).
    if vr == "PN":
        return _name(value) if value else None
    if value is None:
        return None
    if vr == "AT":
        return f"{value:08X}"
    if vr in _INTEGER_VR:
        return _number(value, int)
    if vr in FLOAT_VR:
        return _number(value, float)
    return value


def _number(value: Any, kind: type[int] | type[float]) -> Any:
    try:
        return kind(value)
    except ValueError:
        # Text where a number should be stays text, which the model allows for DS and IS.
        return value if value.strip() else None


def _name(name: PersonName) -> dict[str, str]:
    return dict(zip(_GROUPS, name.components, strict=False))


def dump(model: dict[str, Any]) -> str:
    """Return the text of a model, its tags in order."""
    return json.dumps(model, sort_keys=True)
