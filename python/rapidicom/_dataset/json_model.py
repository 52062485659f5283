"""The DICOM JSON Model (PS3.18 §F)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rapidicom import _core
from rapidicom._common.errors import UndecodableValueError
from rapidicom._common.parsing import parsed
from rapidicom._common.tag import BaseTag, Tag
from rapidicom._values.constructors import empty_value_for_VR
from rapidicom._values.dictionary import dictionary_has_tag, dictionary_VR
from rapidicom._values.person_name import PersonName
from rapidicom._values.vr import AMBIGUOUS_VR, BYTES_VR, FLOAT_VR, INT_VR

if TYPE_CHECKING:
    from typing import TypeAlias

    from rapidicom._core import Dataset

    # The package's `DataElement`, which uses this module.
    DataElement: TypeAlias = Any
    BulkDataHandler: TypeAlias = Callable[[Any], str]

    BulkDataReader: TypeAlias = Callable[..., Any]

__all__ = [
    "dataset_from_json",
    "dataset_to_json",
    "dump",
    "element_to_json",
    "value_from_json",
    "vr_from_json",
]

_BINARY_VR = (BYTES_VR | AMBIGUOUS_VR) - {"US or SS"}
_INTEGER_VR = (INT_VR - {"AT"}) | {"US or SS"}

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def dataset_to_json(
    dataset: Dataset, handler: BulkDataHandler | None, threshold: int, *, skip_invalid: bool = False
) -> dict[str, Any]:
    """Return a data set as a dictionary of elements.

    Args:
        dataset: The data set.
        handler: Returns the URI at which the bytes of a large element can be fetched.
        threshold: Values of more base64 characters than this go to the handler, if one is given.
        skip_invalid: Whether to leave out, and log, elements whose values cannot be read.
    """
    model = {}
    for element in dataset:
        try:
            # The method, not the function: programs override it.
            model[element.tag.json_key] = element.to_json_dict(handler, threshold)
        except Exception as error:
            if not skip_invalid:
                raise
            import logging

            kind = type(error).__name__
            logging.getLogger("rapidicom").warning(
                "%s is left out of the JSON: %s", element.tag, kind
            )
    return model


def element_to_json(
    element: DataElement, handler: BulkDataHandler | None, threshold: int
) -> dict[str, Any]:
    """Return an element as a dictionary of its VR and its values.

    Args:
        element: The element.
        handler: As for `dataset_to_json`.
        threshold: As for `dataset_to_json`.

    Raises:
        TypeError: A value that was set is not of the type of its VR.
    """
    value = element._value_or_bytes()
    # Bytes that are no value of their VR: the model has bytes of few VRs (PS3.18 §F.2.7).
    vr = "UN" if isinstance(value, bytes) and element.VR not in _BINARY_VR else element.VR
    model: dict[str, Any] = {"vr": vr}
    if vr == "SQ":
        model["Value"] = [dataset_to_json(item, handler, threshold) for item in element._items()]
    elif element.is_empty:
        pass
    elif vr in _BINARY_VR:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            kind = type(value).__name__
            raise TypeError(f"{element.tag} has the VR {vr}, which needs bytes, not {kind}")
        # Four characters of base64 encode three bytes.
        if handler is not None and len(value) > threshold // 4 * 3:
            model["BulkDataURI"] = handler(element)
        else:
            import base64

            model["InlineBinary"] = base64.b64encode(value).decode("ascii")
    else:
        values = value if element.VM > 1 else [value]
        model["Value"] = [_value(each, vr) for each in values]
    return model


def dataset_from_json(
    cls: type[Dataset], model: dict[str, Any], reader: BulkDataReader | None
) -> Dataset:
    """Return the data set of a dictionary of elements.

    Args:
        cls: The class of data sets.
        model: The elements by tag.
        reader: Returns the value at a URI, given tag, VR and URI, or the URI alone.

    Raises:
        KeyError: An element has no VR.
        ValueError: A value does not fit its VR.
    """
    if not isinstance(model, dict):
        raise TypeError(f"a data set of the model must be a dict, not {type(model).__name__}")
    dataset = cls()
    for key, element in model.items():
        if not isinstance(element, dict):
            raise TypeError(f"an element of the model must be a dict, not {type(element).__name__}")
        vr = element["vr"]
        name = next(
            (name for name in ("Value", "InlineBinary", "BulkDataURI") if name in element), None
        )
        value = None if name is None else element[name]
        number = parsed(int, key, 16)
        if number is None:
            raise ValueError("the model has a key that is no tag in hexadecimal digits")
        tag = Tag(number)
        read = value_from_json(cls, tag, vr, value, name, reader)
        dataset.add_new(tag, vr_from_json(tag, vr, name, read), read)
    return dataset


def vr_from_json(tag: BaseTag, vr: str, name: str | None, value: Any) -> str:
    """Return the VR of an element; if the model says UN, that of the dictionary.

    Args:
        tag: Its tag.
        vr: The VR in the model.
        name: The name that the model has the value under.
        value: What `value_from_json` has made of the value.
    """
    if vr != "UN" or name != "InlineBinary" or not dictionary_has_tag(tag):
        return vr
    known = dictionary_VR(tag)
    # Bytes that are no value of the dictionary's VR.
    return vr if isinstance(value, bytes) and known not in _BINARY_VR else known


def value_from_json(
    cls: type[Dataset],
    tag: BaseTag,
    vr: str,
    value: Any,
    name: str | None,
    reader: BulkDataReader | None,
) -> Any:
    """Return the value of an element, as it can be set.

    Args:
        cls: The class of data sets.
        tag: Its tag.
        vr: Its VR.
        value: The value in the model.
        name: The name that the model has it under: `Value`, `InlineBinary`, `BulkDataURI`.
        reader: As for `dataset_from_json`.

    Raises:
        TypeError: The value is not of the type that belongs under that name.
        ValueError: The name is unknown, or a value does not fit its VR.
    """
    if name not in (None, "Value", "InlineBinary", "BulkDataURI"):
        raise ValueError(f"{tag} has its value under a name that the model does not know")
    if name is None:
        return empty_value_for_VR(vr)
    if name == "Value":
        if not isinstance(value, list):
            raise TypeError(f"the Value of {tag} must be a list, not {type(value).__name__}")
        values = [_from_json(cls, each, vr, reader) for each in value]
        if vr == "SQ":
            return values
        return empty_value_for_VR(vr) if not values else values[0] if len(values) == 1 else values
    # The standard's own example has the text in a list.
    text = value[0] if isinstance(value, list) and value else value
    if not isinstance(text, str):
        raise TypeError(f"the {name} of {tag} must be a str, not {type(text).__name__}")
    if name == "InlineBinary":
        import base64

        data = parsed(base64.b64decode, text)
        if data is None:
            raise ValueError(f"the InlineBinary of {tag} is not written in base64")
        return _known_value(tag, data) if vr == "UN" else data
    if reader is None:
        warnings.warn(
            f"{tag} is left empty: its value is elsewhere, and nothing reads it", stacklevel=4
        )
        return empty_value_for_VR(vr)
    return reader(tag, vr, text) if _takes_three(reader) else reader(text)


def _known_value(tag: BaseTag, data: bytes) -> Any:
    """Return the value of an element that the model says is UN, by the dictionary's VR."""
    if not dictionary_has_tag(tag):
        return data
    # Items of an element of unknown VR have no VRs inside (PS3.5 §6.2.2).
    try:
        _, value = _core.decode_value(dictionary_VR(tag), data, tag=tag, is_implicit=True)
    except UndecodableValueError:
        return data
    return value


def _from_json(cls: type[Dataset], value: Any, vr: str, reader: BulkDataReader | None) -> Any:
    if vr == "SQ":
        return dataset_from_json(cls, value or {}, reader)
    if value is None:
        return empty_value_for_VR(vr)
    if vr == "PN" and isinstance(value, dict):
        return "=".join(value.get(group, "") for group in _GROUPS).rstrip("=")
    if vr == "AT":
        try:
            return int(value, 16)
        except ValueError:
            warnings.warn("a value with VR AT is not a tag, and is left out", stacklevel=6)
            return None
    kind: type[int] | type[float] | None = int if vr in _INTEGER_VR and vr != "IS" else None
    kind = float if vr in FLOAT_VR and vr != "DS" else kind
    if kind is None:
        return value
    number = parsed(kind, value, errors=(TypeError, ValueError))
    if number is None:
        raise ValueError(f"a value with VR {vr} must be a number")
    return number


def _takes_three(reader: BulkDataReader) -> bool:
    """Return whether a reader wants tag and VR besides the URI."""
    from inspect import signature

    return len(signature(reader).parameters) >= 3


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
    import json

    return json.dumps(model, sort_keys=True)
