"""`rapidicom dump`: the elements of files."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import rapidicom as rd
from rapidicom import _core
from rapidicom._common.text_table import printable, terminal_width
from rapidicom._values.dictionary import tag_for_keyword
from rapidicom.cli import terminal
from rapidicom.cli.common import STDIN, complain, given_sources
from rapidicom.cli.exits import DONE, FAILED, CommandError, UsageError
from rapidicom.cli.rows import utf8_name

SUMMARY = "Print the elements of files."

DESCRIPTION = f"""{SUMMARY}

  rapidicom dump file.dcm                         all elements
  rapidicom dump file.dcm Modality 0028,0010      some of them
  rapidicom dump folder PatientPosition           one of many files

Elements are keywords, tags as they are printed (0028,0010), or paths into sequences:
RequestAttributesSequence[0].ScheduledProcedureStepID
"""

# A tag as `print` and as the dictionary have it.
_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),? ?([0-9A-Fa-f]{4})\)?|0x([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})")
_STEP = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")
_INDEX = re.compile(r"\[\d*\]?$")


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    sub.add_argument("file", help="a file, folder, archive, pattern or URL; - is stdin")
    sub.add_argument(
        "more",
        nargs="*",
        metavar="file|element",
        help="more of them, and elements: keywords, tags such as 0028,0010, or paths into "
        "sequences (default: all elements). What is the name of a file is one",
    )
    sub.add_argument("--json", action="store_true", help="print DICOM JSON")
    sub.add_argument(
        "--long", action="store_true", help="print lines longer than the terminal is wide"
    )
    sub.add_argument(
        "--force",
        action="store_true",
        help="read a file without the prefix DICM, and a damaged one up to the damage",
    )


def run(options: argparse.Namespace) -> int:
    """Print the elements of files."""
    sources, elements = _told_apart([options.file, *options.more])
    files = _Files(sources, options.force)
    status = DONE
    shown: list[dict[str, Any]] = []
    for number, (name, dataset) in enumerate(files):
        heading = name if files.are_several else None
        absent = [text for text, find in elements if _is_absent(dataset, find)]
        if absent:
            status = FAILED
            complain(f"{name}: no element {', '.join(absent)}")
        if options.json:
            shown.append(_json(dataset, elements, heading))
        else:
            _print(dataset, elements, heading, is_first=number == 0, is_long=options.long)
    if options.json:
        print(json.dumps(shown if files.are_several else shown[0], indent=2, default=str))
    return FAILED if files.has_failed else status


_Find = Callable[[rd.Dataset], Any]


def _told_apart(texts: Sequence[str]) -> tuple[list[str], list[tuple[str, _Find]]]:
    """Return which of these are files, and which are elements.

    Raises:
        UsageError: One is neither.
    """
    sources, elements = [texts[0]], []
    for text in texts[1:]:
        find = None if _is_source(text) else _finder(text)
        if find is not None:
            elements.append((text, find))
        elif _is_source(text) or "/" in text or "*" in text:
            sources.append(text)
        else:
            similar = _core.similar_keyword(_INDEX.sub("", text.rpartition(".")[2]))
            hint = "" if similar is None else f"; did you mean {similar}?"
            raise UsageError(f"{text} is neither a file nor an element{hint}")
    return sources, elements


def _is_source(text: str) -> bool:
    return text == STDIN or "://" in text or Path(text).expanduser().exists()


def _finder(text: str) -> _Find | None:
    """Return what finds an element by a keyword, a tag, or a path of them; `None` if it is none."""
    steps: list[tuple[int, int | None]] = []
    for part in text.split("."):
        matched = _STEP.fullmatch(part)
        tag = None if matched is None else _tag(matched[1])
        if matched is None or tag is None:
            return None
        steps.append((tag, None if matched[2] is None else int(matched[2])))

    def find(dataset: rd.Dataset) -> Any:
        for tag, index in steps[:-1]:
            dataset = dataset[tag].value[index or 0]
        tag, index = steps[-1]
        meta = getattr(dataset, "file_meta", None)
        holder = meta if meta is not None and tag >> 16 == 2 else dataset
        return holder[tag] if index is None else _numbered(holder[tag].value, index)

    return find


def _numbered(value: Any, index: int) -> Any:
    """Return one of several values; a single one is the first, and not a row of characters."""
    values = value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else None
    if values is None:
        values = [] if value is None or value == "" else [value]
    return values[index]


def _tag(text: str) -> int | None:
    matched = _TAG.fullmatch(text)
    if matched is None:
        return tag_for_keyword(text)
    return int("".join(part for part in matched.groups() if part), 16)


def _is_absent(dataset: rd.Dataset, find: _Find) -> bool:
    try:
        find(dataset)
    except (KeyError, IndexError, TypeError):
        return True
    except rd.DicomError:
        # It is there, and printed as its bytes.
        return False
    return False


class _Files:
    """The data sets of sources, each with its name; what cannot be read is complained of.

    Attributes:
        are_several: Whether these can be more than one.
        has_failed: Whether something could not be read.
    """

    def __init__(self, sources: Sequence[str], force: bool) -> None:
        self._force = force
        self._sources = sources
        self._given = given_sources(sources)
        self._only = None if len(sources) > 1 else self._only_one(sources[0])
        self.are_several = self._only is None
        self.has_failed = False

    def _only_one(self, name: str) -> rd.Dataset | None:
        """Return the data set of a source of one file; `None` if it is a folder or an archive."""
        if name != STDIN and Path(name).expanduser().is_dir():
            return None
        try:
            return rd.dcmread(self._given[0], force=self._force)
        except rd.InvalidDicomError:
            if len(rd.scan(self._given, [], force=self._force)):
                return None
            raise

    def __iter__(self) -> Iterator[tuple[str, rd.Dataset]]:
        if self._only is not None:
            yield self._sources[0], self._only
            return
        table = rd.scan(self._given, [], force=self._force)
        for line in terminal.error_lines(table):
            complain(line)
            self.has_failed = True
        if not len(table) and not table.errors:
            raise CommandError(f"no DICOM files in {', '.join(self._sources)}")
        for path in map(str, table["path"]):
            try:
                yield path, rd.dcmread(table.items.get(path, path), force=self._force)
            except (OSError, rd.DicomError) as error:
                complain(str(error))
                self.has_failed = True


def _print(
    dataset: rd.Dataset,
    elements: Sequence[tuple[str, _Find]],
    heading: str | None,
    *,
    is_first: bool,
    is_long: bool,
) -> None:
    # A pipe or a file gets whole lines.
    width = terminal_width() if sys.stdout.isatty() and not is_long else None
    if not elements:
        lines = str(dataset).splitlines()
        if heading is not None:
            lines = [*([] if is_first else [""]), f"# {heading}", *lines]
    else:
        prefix = "" if heading is None else f"{heading}: "
        lines = [
            prefix + line
            for _, find in elements
            if not _is_absent(dataset, find)
            for line in _text(find(dataset)).splitlines()
        ]
    terminal.print_lines(map(printable, lines), width=width)


def _text(found: Any) -> str:
    if isinstance(found, rd.DataElement) and found.VR == "SQ":
        # With its items.
        around = rd.Dataset()
        around[found.tag] = found
        return str(around)
    return str(found)


def _json(
    dataset: rd.Dataset, elements: Sequence[tuple[str, _Find]], heading: str | None
) -> dict[str, Any]:
    content = {} if elements else dataset.to_json_dict()
    for text, find in elements:
        if not _is_absent(dataset, find):
            found = find(dataset)
            key = text if "." in text or "[" in text else f"{found.tag:08X}"
            content[key] = found.to_json_dict() if hasattr(found, "to_json_dict") else found
    return content if heading is None else {"path": utf8_name(heading), "dataset": content}
