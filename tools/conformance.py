#!/usr/bin/env python3
"""Write `docs/conformance.md`: every public name of pydicom, and whether it means the same here.

    python tools/conformance.py            writes the table
    python tools/conformance.py --check    compares it instead; exits 1 where it differs

Inspection finds the names. The tables below hold what differs, and why something is not offered. A
name without a reason is an error, so that nothing goes missing unseen.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import inspect
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType

import pydicom

TABLE = Path(__file__).resolve().parent.parent / "docs" / "conformance.md"

# Modules of pydicom whose names are in another one of ours.
PLACES = {
    "pydicom.overlays.numpy_handler": "rapidicom.overlays",
    "pydicom.waveforms.numpy_handler": "rapidicom.waveforms",
}

WRITES = "only for writing: use `ds.to_pydicom()`"
CHECKS = "checks values against limits, which only writing needs"
SETTING = "behaviour is an argument here, not a setting"
PLUGIN = "nothing to choose: the decoders are built in"
MACHINERY = "internal to pydicom, and not used here"
BUFFERS = "values are never file objects"
DICTIONARY = "all programs in a process share the dictionary"

# Whole modules that are not offered, and why.
MODULES = {
    "pydicom.cli": "the command line is `rapidicom`",
    "pydicom.data": "pydicom's own test files",
    "pydicom.encoders": WRITES,
    "pydicom.env_info": "describes pydicom's installation",
    "pydicom.examples": "pydicom's own test files",
    "pydicom.filebase": MACHINERY,
    "pydicom.fileutil": MACHINERY,
    "pydicom.hooks": SETTING,
    "pydicom.pixel_data_handlers.gdcm_handler": PLUGIN,
    "pydicom.pixel_data_handlers.jpeg_ls_handler": PLUGIN,
    "pydicom.pixel_data_handlers.numpy_handler": PLUGIN,
    "pydicom.pixel_data_handlers.pillow_handler": PLUGIN,
    "pydicom.pixel_data_handlers.pylibjpeg_handler": PLUGIN,
    "pydicom.pixel_data_handlers.rle_handler": PLUGIN,
    "pydicom.pixels.encoders": WRITES,
    "pydicom.sr": "codes for writing structured reports",
    "pydicom.util": "tools, not part of the library",
}

# Names that are not offered, in modules that are; `*` stands for any text.
NOT_OFFERED = {
    "pydicom.charset.ENCODINGS_TO_CODES": MACHINERY,
    "pydicom.charset.CODES_TO_ENCODINGS": MACHINERY,
    "pydicom.charset.*enco*": WRITES,
    "pydicom.charset.ESC": MACHINERY,
    "pydicom.config.*": SETTING,
    "pydicom.datadict.*": MACHINERY,
    "pydicom.dataelem.DataElement.buffered*": BUFFERS,
    "pydicom.dataelem.DataElement.validate": CHECKS,
    "pydicom.dataelem.*": MACHINERY,
    "pydicom.dataset.Dataset.fix_meta_info": WRITES,
    "pydicom.dataset.Dataset.parent_seq": "an item does not know its parent",
    "pydicom.dataset.Dataset.set_original_encoding": WRITES,
    "pydicom.dataset.Dataset.update_raw_element": MACHINERY,
    "pydicom.dataset.FileDataset.*": MACHINERY,
    "pydicom.dataset.FileMetaDataset.*": WRITES,
    "pydicom.dataset.validate_file_meta": WRITES,
    "pydicom.dataset.PIXEL_KEYWORDS": MACHINERY,
    "pydicom.encaps.EncapsulatedBuffer": WRITES,
    "pydicom.filereader.read_sequence*": "items are read on demand",
    "pydicom.filereader.*": MACHINERY,
    "pydicom.fileset.FileSet.*": WRITES,
    "pydicom.fileset.FileInstance.for_*": WRITES,
    "pydicom.fileset.RecordNode.add": WRITES,
    "pydicom.fileset.RecordNode.remove": WRITES,
    "pydicom.fileset.RecordNode.*": "use `parent`, `children` and `instance`",
    "pydicom.fileset.*": WRITES,
    "pydicom.filewriter.*": WRITES,
    "pydicom.jsonrep.*": MACHINERY,
    "pydicom.misc.*": MACHINERY,
    "pydicom.multival.*": MACHINERY,
    "pydicom.overlays.numpy_handler.*": MACHINERY,
    "pydicom.pixel_data_handlers.*": PLUGIN,
    "pydicom.pixels.utils.*": MACHINERY,
    "pydicom.pixels.get_encoder": WRITES,
    "pydicom.pixels.*": PLUGIN,
    "pydicom.sequence.Sequence.parent_dataset": "an item does not know its parent",
    "pydicom.sequence.Sequence.is_undefined_length": "use `is_undefined_length` of the element",
    "pydicom.uid.UID_dictionary": "use the attributes of a `UID`",
    "pydicom.uid.RE_VALID_UID*": CHECKS,
    "pydicom.uid.*": MACHINERY,
    "pydicom.valuerep.DSdecimal*": "DS is a `float` here",
    "pydicom.valuerep.DSclass": SETTING,
    "pydicom.valuerep.*valid*": CHECKS,
    "pydicom.valuerep.*VALID*": CHECKS,
    "pydicom.valuerep.*LEN*": CHECKS,
    "pydicom.valuerep.*REGEX*": CHECKS,
    "pydicom.valuerep.format_number_as_ds": WRITES,
    "pydicom.valuerep.DSfloat.auto_format": WRITES,
    "pydicom.valuerep.BUFFERABLE_VRS": BUFFERS,
    "pydicom.valuerep.*_DELIMS": MACHINERY,
    "pydicom.valuerep.*": MACHINERY,
    "pydicom.values.*": MACHINERY,
    "pydicom.waveforms.numpy_handler.*": MACHINERY,
    "pydicom.tag.*": MACHINERY,
}

# Attributes of instances, which classes do not show.
OF_INSTANCES = frozenset(
    (
        "pydicom.fileset.FileInstance.SOPClassUID",
        "pydicom.fileset.FileInstance.SOPInstanceUID",
        "pydicom.fileset.FileInstance.TransferSyntaxUID",
        "pydicom.fileset.FileInstance.file_set",
        "pydicom.fileset.RecordNode.parent",
        "pydicom.config.Settings.writing_validation_mode",
    )
)

# Names with another meaning, on purpose.
DIFFERS = {
    "pydicom.dcmread": "takes bytes, URLs and archives; keeps no file open; reads on demand",
    "pydicom.filereader.dcmread": "as `dcmread`",
    "pydicom.FileDataset": "is `Dataset`",
    "pydicom.dataset.FileDataset": "is `Dataset`",
    "pydicom.dataset.Dataset.compress": "raises, and names `to_pydicom()`",
    "pydicom.dataset.Dataset.set_original_encoding": "raises, and names `to_pydicom()`",
    "pydicom.dataset.Dataset.set_pixel_data": "raises, and names `to_pydicom()`",
    "pydicom.dataset.Dataset.get_item": "returns elements, never raw ones",
    "pydicom.dataset.Dataset.decode": "does nothing: text is decoded on demand",
    "pydicom.dataelem.DataElement.value": "a value that you set is converted, not checked",
    "pydicom.datadict.add_dict_entry": f"raises: {DICTIONARY}",
    "pydicom.datadict.add_dict_entries": f"raises: {DICTIONARY}",
    "pydicom.datadict.add_private_dict_entry": f"raises: {DICTIONARY}",
    "pydicom.datadict.add_private_dict_entries": f"raises: {DICTIONARY}",
    **{
        f"pydicom.{place}.{name}": "raises, and names `to_pydicom()`"
        for place in ("pixels", "pixels.utils")
        for name in ("compress", "set_pixel_data")
    },
    **{
        f"pydicom.encaps.{name}": "raises, and names `to_pydicom()`"
        for name in (
            "encapsulate",
            "encapsulate_buffer",
            "encapsulate_extended",
            "encapsulate_extended_buffer",
            "fragment_frame",
            "itemize_fragment",
            "itemize_frame",
        )
    },
    "pydicom.pixels.decoders.base.Decoder": "no plugins, and none to add",
    "pydicom.pixels.utils.pixel_array": "takes bytes, `reduce`, `workers` too; ignores the plugin",
    "pydicom.pixels.utils.iter_pixels": "as `pixel_array`",
    "pydicom.errors.BytesLengthException": "is `InvalidDicomError`",
    "pydicom.errors.InvalidDicomError": "also a `ValueError`; has `path`, `tag`, `offset`, `hint`",
    "pydicom.fileset.FileInstance.FileID": "that in the DICOMDIR, not what pydicom would write",
    "pydicom.fileset.FileSet": "only reads; changing it raises",
    "pydicom.multival.MultiValue": "is a `list`",
    "pydicom.sequence.Sequence": "is a `list`",
    "pydicom.Sequence": "is a `list`",
    "pydicom.config.settings": "takes only the values that hold anyway; others raise",
    "pydicom.valuerep.DSfloat": "`original_string` cannot be set",
}


def public_names(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Yield the public names that a module of pydicom defines, or says are its own."""
    said = getattr(module, "__all__", None)
    # A package's names are those that it imports; a module imports what it needs.
    imported = set() if hasattr(module, "__path__") else imported_names(module)
    for name, value in sorted(vars(module).items()):
        if name.startswith("_") or inspect.ismodule(value) or type(value).__module__ == "typing":
            continue
        if name in said if said is not None else name not in imported and len(name) > 1:
            yield name, value


def imported_names(module: ModuleType) -> set[str]:
    """Return the names that a module imports."""
    statements = ast.walk(ast.parse(inspect.getsource(module)))
    imports = [each for each in statements if isinstance(each, (ast.Import, ast.ImportFrom))]
    return {alias.asname or alias.name for each in imports for alias in each.names}


def members(cls: type) -> Iterator[str]:
    """Yield the public attributes that a class of pydicom has of its own."""
    for name in sorted(vars(cls)):
        if not name.startswith("_"):
            yield name


def modules() -> Iterator[ModuleType]:
    """Yield pydicom and its public modules."""
    yield pydicom
    for found in pkgutil.walk_packages(pydicom.__path__, "pydicom."):
        parts = found.name.split(".")
        if any(part.startswith("_") for part in parts) or "test_files" in parts:
            continue
        if not any(found.name.startswith(f"{skipped}.") for skipped in MODULES):
            yield importlib.import_module(found.name)


def counterpart(name: str) -> ModuleType | None:
    """Return our module for one of pydicom's, if there is one."""
    ours = PLACES.get(name, name.replace("pydicom", "rapidicom", 1))
    try:
        return importlib.import_module(ours) if importlib.util.find_spec(ours) else None
    except ModuleNotFoundError:
        return None


def reason(name: str) -> str:
    """Return why a name is not offered.

    Raises:
        KeyError: Nothing says why.
    """
    if name in NOT_OFFERED:
        return NOT_OFFERED[name]
    for pattern, why in NOT_OFFERED.items():
        if fnmatchcase(name, pattern):
            return why
    raise KeyError(f"{name} is not offered, and {Path(__file__).name} does not say why")


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield module, row of the table, and verdict for each name."""
    for module in modules():
        name = module.__name__
        if name in MODULES:
            yield name, f"| all of `{name}` | not offered | {MODULES[name]} |", "not offered"
            continue
        ours = counterpart(name)
        for attribute, value in public_names(module):
            yield name, *row(f"{name}.{attribute}", attribute, ours, value)
            our_value = getattr(ours, attribute, None)
            if inspect.isclass(value) and inspect.isclass(our_value) and value.__module__ == name:
                if issubclass(value, Exception):
                    continue
                for member in members(value):
                    full = f"{name}.{attribute}.{member}"
                    their_own = getattr(value, member)
                    yield name, *row(full, f"{attribute}.{member}", our_value, their_own, member)


def parameters(value: object) -> dict[str, inspect.Parameter] | None:
    """Return the parameters of a function or class, without those that nobody passes by name."""
    if not callable(value):
        return None
    try:
        found = inspect.signature(value).parameters
    except (TypeError, ValueError):  # it is native, and does not say
        return None
    return {name: each for name, each in found.items() if name != "self" and "__" not in name}


def difference(theirs: object, ours: object) -> tuple[str, bool]:
    """Compare what two functions or classes take.

    Returns:
        In words how ours differs, nothing if it does not; and whether a call that is right for
        theirs may be wrong for ours.
    """
    one, other = parameters(theirs), parameters(ours)
    if one is None or other is None:
        return "", False
    kinds = {each.kind for each in other.values()}
    takes_names = inspect.Parameter.VAR_KEYWORD in kinds
    takes_more = inspect.Parameter.VAR_POSITIONAL in kinds
    rest = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    named = {name for name, each in one.items() if each.kind not in rest}
    first = [name for name, each in one.items() if each.kind in positional]
    own_first = [name for name, each in other.items() if each.kind in positional]
    lost, found = [], []
    missing = sorted(named - other.keys())
    by_place = [name for name in missing if name in first and first.index(name) < len(own_first)]
    if by_place:
        lost.append(f"calls {listed(by_place)} something else")
    if not takes_names and (gone := [name for name in missing if name not in by_place]):
        lost.append(f"without {listed(gone)}")
    only_named = [
        name for place, name in enumerate(first)
        if name in other and name not in own_first[place : place + 1] and not takes_more
    ]  # fmt: skip
    if only_named:
        lost.append(f"{listed(only_named)} by name alone")
    defaults = [name for name in named & other.keys() if not same_default(one[name], other[name])]
    if defaults:
        lost.append(f"another default of {listed(sorted(defaults))}")
    if more := sorted(name for name in other.keys() - one.keys() if other[name].kind not in rest):
        more = [name for name in more if name not in own_first[: len(first)]]
        found += [f"also takes {listed(more)}"] if more else []
    return "; ".join(lost + found), bool(lost)


def same_default(one: inspect.Parameter, other: inspect.Parameter) -> bool:
    """Return whether leaving a parameter out means the same; also if only theirs needs it."""
    empty = inspect.Parameter.empty
    return one.default is empty or repr(one.default) == repr(other.default)


def listed(names: list[str]) -> str:
    """Return names as they stand in a table."""
    return ", ".join(f"`{name}`" for name in names)


def row(
    full: str, shown: str, owner: object, theirs: object, attribute: str | None = None
) -> tuple[str, str]:
    """Return the row for one name, and its verdict."""
    name = attribute or shown
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        is_there = owner is not None and (
            hasattr(owner, name) or name in getattr(owner, "__slots__", ())
        )
        how, is_other = difference(theirs, getattr(owner, name, None)) if is_there else ("", False)
    if full in DIFFERS:
        why = f"{DIFFERS[full]}; {how}" if how else DIFFERS[full]
        return f"| `{shown}` | differs | {why} |", "differs"
    if is_there or full in OF_INSTANCES:
        verdict = "differs" if is_other else "same"
        return f"| `{shown}` | {verdict} | {f'{how} ' if how else ''}|", verdict
    return f"| `{shown}` | not offered | {reason(full)} |", "not offered"


def table() -> str:
    """Return the page."""
    sections: dict[str, list[str]] = {}
    counts = {"same": 0, "differs": 0, "not offered": 0}
    for module, line, verdict in rows():
        sections.setdefault(module, []).append(line)
        counts[verdict] += 1
    lines = [
        f"# pydicom {pydicom.__version__}, name by name",
        "",
        "`tools/conformance.py` writes this page from the installed pydicom. *Same*: the name in",
        "our module of that path (`rapidicom.dataset` for `pydicom.dataset`) reads the same, and",
        "takes what pydicom's takes. *Differs*: it means something else, on purpose, or a call",
        "that is right for pydicom's may be wrong for it. Results of pydicom's own tests are in",
        "[results.md](../tests/python/pydicom_suite/results.md).",
        "",
        "{same} names are the same, {differs} differ, {not offered} are not offered.".format(
            **counts
        ),
    ]
    whole = [line for name, found in sections.items() if name in MODULES for line in found]
    for name, found in sections.items():
        if name not in MODULES:
            lines += ["", f"## `{name}`", "", "| | | |", "|---|---|---|", *found]
    lines += ["", "## Modules that are not offered", "", "| | | |", "|---|---|---|", *whole]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check the page; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="compare, write nothing; exit 1 on a difference"
    )
    if not parser.parse_args().check:
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(table(), encoding="utf-8", newline="\n")
        return 0
    if TABLE.exists() and TABLE.read_text(encoding="utf-8") == table():
        return 0
    print(f"{TABLE.name} is out of date: run python tools/conformance.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
