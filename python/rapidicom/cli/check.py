"""`rapidicom check`: what is wrong in a folder, by kind."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import rapidicom as rd
from rapidicom._common.text_table import printable
from rapidicom.cli import terminal
from rapidicom.cli.common import folder_of, given_sources, takes_folders, wants_progress
from rapidicom.cli.exits import DONE, FAILED, CommandError
from rapidicom.cli.rows import utf8_name
from rapidicom.cli.series import described_issue

SUMMARY = "Say what is wrong in a folder, by kind; exit with 1 if there are errors."

DESCRIPTION = f"""{SUMMARY}

Errors are files that cannot be read, values that are none of their kind, and what makes the volume
of a series a lie; notes are what else deviates from the standard. docs/report.md explains the kinds
of series.
"""

# Files of a finding that a terminal names.
_PATHS_SHOWN = 4
_INDENT = " " * 7
# A terminal of fewer columns wraps the lines itself.
_NARROWEST = 40
# What makes values wrong that a program would sort, group and place images by.
_COLUMNS = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
    "SeriesNumber", "AcquisitionNumber", "InstanceNumber", "StudyDate", "StudyTime",
    "ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "PixelSpacing",
    "SliceThickness", "NumberOfFrames", "Rows", "Columns", "RescaleIntercept", "RescaleSlope",
    "WindowCenter", "WindowWidth",
)  # fmt: skip


@dataclass
class Finding:
    """What is wrong in one or several files.

    Attributes:
        kind: A word.
        is_error: Whether it is more than a note.
        sentence: All of it in words.
        paths: The files.
        numbers: What was measured.
        series: The number of the series that `rapidicom series` prints, or that of a stack.
    """

    kind: str
    is_error: bool
    sentence: str
    paths: list[str]
    numbers: dict[str, Any] = field(default_factory=dict)
    series: str | None = None

    def described(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "kind": self.kind,
            "is_error": self.is_error,
            "series": self.series,
            "sentence": self.sentence,
            "numbers": self.numbers,
            "paths": list(map(utf8_name, self.paths)),
        }


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_folders(sub)
    sub.add_argument(
        "--pixels", action="store_true", help="also decode every image, to find damaged ones"
    )
    sub.add_argument("--json", action="store_true", help="print all of it as a JSON object")


def run(options: argparse.Namespace) -> int:
    """Print what is wrong in a folder."""
    sources = given_sources(options.paths)
    how = {"force": options.force, "workers": options.workers, "progress": wants_progress()}
    table = rd.scan(sources, _COLUMNS, **how)
    if not len(table) and not table.errors:
        raise CommandError(f"no DICOM files in {', '.join(options.paths)}")
    series = _series(sources, how)
    findings = [*_of_table(table), *_of_files(table, options.force)]
    findings += _of_series(series, {one.paths[0] for one in findings if one.kind == "unreadable"})
    if options.pixels:
        findings += _of_pixels(series, options.workers)
    findings.sort(key=lambda one: (not one.is_error, one.kind))
    error_count = sum(one.is_error for one in findings)
    if options.json:
        print(
            json.dumps(
                {
                    "files": len(table),
                    "series": len(series),
                    "not_dicom": dict(table.skipped),
                    "errors": error_count,
                    "notes": len(findings) - error_count,
                    "findings": [one.described() for one in findings],
                },
                indent=2,
            )
        )
    else:
        terminal.print_lines(_lines(findings, folder_of(options.paths)))
        counts = [
            terminal.table_summary(table),
            f"{len(series):,} series",
            terminal.counted(error_count, "error"),
            terminal.counted(len(findings) - error_count, "note"),
        ]
        summary = ", ".join(counts) if findings else f"nothing wrong: {', '.join(counts[:2])}"
        terminal.print_lines([""] if findings else [])
        terminal.print_lines(terminal.summary_lines(table, summary))
    return FAILED if error_count else DONE


def _series(sources: Any, how: dict[str, Any]) -> list[rd.Series]:
    try:
        return rd.find_series(sources, **how)
    except rd.InvalidDicomError:
        # No file has an image: the table says what is wrong with each.
        return []


def _of_table(table: rd.Table) -> Iterator[Finding]:
    for error in table.errors:
        yield Finding("unreadable", True, error.reason, [error.path])
    values: dict[str, list[str]] = {}
    for value in table.invalid:
        values.setdefault(value.column, []).append(value.path)
    for column, paths in values.items():
        sentence = f"{column} is not a value of its kind: no number or date, or too many"
        yield Finding("invalid_value", True, sentence, paths)
    instances: dict[str, list[str]] = {}
    for path, uid in zip(table["path"], table["SOPInstanceUID"], strict=True):
        instances.setdefault(uid, []).append(str(path))
    for uid, paths in instances.items():
        if uid is None:
            yield Finding("no_instance_uid", True, "SOPInstanceUID is missing", paths)
        elif len(paths) > 1:
            sentence = f"{len(paths)} files have one SOP Instance UID"
            yield Finding("duplicate_instance", False, sentence, paths)


def _of_files(table: rd.Table, force: bool) -> Iterator[Finding]:
    """Yield the ways in which files deviate from the standard and are read all the same."""
    found: dict[str, list[str]] = {}
    for path in map(str, table["path"]):
        try:
            deviations = rd.dcmread(table.items.get(path, path), force=force).deviations
        except (OSError, rd.DicomError) as error:
            yield Finding("unreadable", True, str(error), [path])
            continue
        for name in dict.fromkeys(name for name, _ in deviations):
            found.setdefault(name, []).append(path)
    for name, paths in found.items():
        yield Finding(f"deviation: {name}", False, "tolerated: docs/files.md explains it", paths)


def _of_series(series: Sequence[rd.Series], known: set[str]) -> Iterator[Finding]:
    said: set[int] = set()
    # Reports share what may belong to several series.
    counts = Counter(id(issue) for one in series for issue in one.report)
    for number, one in enumerate(series, start=1):
        stacks = one.stacks if len(one.stacks) > 1 else []
        labelled = [(str(number), one)]
        labelled += [(f"{number}.{k}", stack) for k, stack in enumerate(stacks, start=1)]
        for label, part in labelled:
            for issue in part.report:
                if id(issue) in said or (
                    issue.kind == "unreadable" and known.issuperset(issue.paths)
                ):
                    continue
                said.add(id(issue))
                yield _finding(issue, label if counts[id(issue)] < 2 else None)


def _of_pixels(series: Sequence[rd.Series], workers: int | None) -> Iterator[Finding]:
    for number, one in enumerate(series, start=1):
        for k, stack in enumerate(one.stacks, start=1):
            label = f"{number}.{k}" if len(one.stacks) > 1 else str(number)
            before = {(issue.kind, issue.sentence) for issue in (*one.report, *stack.report)}
            report: Iterable[rd.Issue] = ()
            try:
                report = stack.read(values="stored", irregular="keep", workers=workers).report
            except rd.IrregularSeriesError as error:
                report = error.report or ()
            except (rd.DicomError, OSError, ValueError) as error:
                yield Finding("not_read", True, str(error), list(dict.fromkeys(stack.paths)))
            for issue in report:
                if (issue.kind, issue.sentence) not in before:
                    yield _finding(issue, label)


def _finding(issue: rd.Issue, label: str | None) -> Finding:
    described = described_issue(issue)
    return Finding(
        issue.kind, issue.is_error, issue.sentence, issue.paths, described["numbers"], label
    )


def _lines(findings: Sequence[Finding], root: str | None) -> Iterator[str]:
    shown = _PATHS_SHOWN if terminal.is_for_people() else None
    root = root if terminal.is_for_people() else None
    for index, one in enumerate(findings):
        if index:
            yield ""
        place = "" if one.series is None else f" (series {one.series})"
        yield f"{'error' if one.is_error else 'note'}  {one.kind}{place}"
        yield from textwrap.wrap(
            terminal.one_line(one.sentence), max(terminal.width_of_lines(), _NARROWEST),
            initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False,
        )  # fmt: skip
        yield from (
            f"       {printable(terminal.short_path(path, root))}" for path in one.paths[:shown]
        )
        if shown is not None and len(one.paths) > shown:
            yield f"{_INDENT}and {terminal.counted(len(one.paths) - shown, 'more file')}"
