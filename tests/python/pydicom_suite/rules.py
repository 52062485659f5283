"""Which of pydicom's tests do more than read: decided by the names in their code, never one by one.

The code of a test is its function, the fixtures that it asks for, `setup` methods and what it calls
in its own module. A test that uses a name of `REASONS` is counted under that reason, whether it
passes or not.
"""

from __future__ import annotations

import inspect
from types import CodeType
from typing import Any


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Reason, what it means, and the names that give it away; the first that fits counts.
REASONS: dict[str, tuple[str, frozenset[str]]] = {
    "writes": (
        "writes, encodes or compresses",
        _names(
            """
                dcmwrite save_as write_like_original write_dataset write_file write_data_element
                write_file_meta_info encode encode_string encode_element compress set_pixel_data
                get_encoder encapsulate encapsulate_buffer encapsulate_extended validate_file_meta
                fix_meta_info to_file_like as_file write_PN format_number_as_ds is_valid_ds
                auto_format truncate add_custom write copy_fileset ensure_file_meta_fixed
                correct_ambiguous_vr correct_ambiguous_vr_element _encode_personname
                enforce_writing_invalid_values allow_writing_invalid_values
                raise_on_writing_invalid_value dont_raise_on_writing_invalid_value __init_from_file
                buffer_length is_buffered set_original_encoding is_original_encoding
                generate_filename is_conformant_file_id prepend_escape fragment_frame itemize_frame
                EncapsulatedBuffer encapsulate_extended_buffer
            """
        ),
    ),
    "checks": (
        "checks values against the limits of their VR, which only writing needs",
        _names(
            """
                validate_value validate_type_and_length validate_regex validate_pn
                validate_date_time writing_validation_mode enforce_valid_values RAISE
                validation_mode
            """
        ),
    ),
    "settings": (
        "changes a setting, or the dictionary, for the whole process",
        _names(
            """
                private_dictionaries DSdecimal DS_decimal DS_numpy future_behavior use_future
                enable_debugging hooks strict_reading convert_retry_VR_order
            """
        ),
    ),
    "plugins": (
        "tests the plugins, runners and handlers that pydicom's decoders and encoders are made of",
        _names(
            """
                RunnerBase CoderBase DecodeRunner EncodeRunner add_plugin remove_plugin
                get_pixeldata dtype_corrected_for_endianness
            """
        ),
    ),
    "internals": (
        "uses private names of pydicom, reads its log, or checks what it says of names that it "
        "will remove",
        frozenset(("DeprecationWarning", "caplog")),
    ),
}

# What Rapidicom says when it is asked for such a thing.
REFUSALS = {
    "does not write files": "writes",
    "does not compress": "writes",
    "does not encapsulate": "writes",
    "does not take other decoders": "plugins",
    "does not describe new pixels": "writes",
    "does not make a File-set": "writes",
    "does not make data sets for new files": "writes",
    "does not take file objects as values": "writes",
    "does not change File-sets": "writes",
    "does not extend the data dictionary": "settings",
    "does not extend the private dictionary": "settings",
    "the setting ": "settings",
}


def reason_of_refusals(messages: list[str]) -> str:
    """Return the reason that one of the errors gives, or an empty text.

    Args:
        messages: Those of `UnsupportedError`.
    """
    for message in messages:
        for words, reason in REFUSALS.items():
            if words in message:
                return reason
    return ""


def reason_not_to_count(item: Any) -> str:
    """Return the reason why a test does more than read, or an empty text.

    Args:
        item: The test, as pytest has collected it.
    """
    names = _names_of(item)
    for reason, (_, telling) in REASONS.items():
        if names & telling:
            return reason
    return "internals" if any(_is_internal(name, item.module) for name in names) else ""


def _is_internal(name: str, module: Any) -> bool:
    value = getattr(module, name, None)
    if value is None:
        return _is_private(name)
    # A private name that the module has imported, or one of a private module.
    return "._" in getattr(value, "__qualname__", "") and hasattr(value, "_is_missing")


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _names_of(item: Any) -> set[str]:
    functions = [item.obj]
    names = {name for name in item.fixturenames if not _is_private(name)}
    fixtures = item._fixtureinfo.name2fixturedefs
    functions += [found.func for name in item.fixturenames for found in fixtures.get(name, ())]
    setup = ("setup_method", "setup", "teardown_method")
    functions += [getattr(item.cls, name) for name in setup if hasattr(item.cls, name)]
    seen: set[CodeType] = set()
    while functions:
        function = functions.pop()
        code = getattr(inspect.unwrap(function), "__code__", None)
        if code is None or code in seen or "pydicom" not in code.co_filename:
            continue
        names |= _names_in(code, seen)
        functions += _helpers(item, code)
    return names


def _names_in(code: CodeType, seen: set[CodeType]) -> set[str]:
    seen.add(code)
    names = {*code.co_names}
    # Texts are not names, except those of keyword arguments, which stand in a tuple.
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names_in(constant, seen)
        elif isinstance(constant, tuple):
            names |= {name for name in constant if isinstance(name, str) and not _is_private(name)}
    return names


def _helpers(item: Any, code: CodeType) -> list[Any]:
    """Return the functions of a test's module, and methods of its class, that its code names."""
    found = []
    for name in code.co_names:
        helper = vars(item.module).get(name) or getattr(item.cls, name, None)
        if inspect.isroutine(helper) and getattr(helper, "__module__", "") == item.module.__name__:
            found.append(helper)
    return found
