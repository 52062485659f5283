"""Time what programs written for pydicom do with headers, under pydicom and under us.

    python benches/dropin.py               the table, and a file under benches/record
    python benches/dropin.py --no-record

The programs are those of tests/python/dropin. Of each, its reading part is timed: every `dcmread`
of a file that it calls, with the same arguments, and the value of each element, pixels apart; and
the whole of it, what it computes included. Then, of a CT slice: its file and twenty attributes read
by pydicom, patched or not; attributes that have been read before, all elements of data sets that
nobody has looked at, and pickling there and back. Answers are held against each other first; the
readers take turns, and ratios are those within a turn, of which the median is taken.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import datetime
import os
import pickle
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

import rapidicom as rd
from rapidicom.integrations.pydicom import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "python"))

from test_dropin import OTHERS, loaded

from comparison import assert_same
from data_paths import DATA, DROP_IN_PROGRAMS

RECORD = Path(__file__).resolve().parent / "record"
READERS = {"rapidicom": rd, "pydicom": pydicom}
ROUNDS, RUNS = 9, 5
CT = DATA / "files" / "CT_small.dcm"
PIXEL_DATA = 0x7FE00010
KEYWORDS = ("Rows", "PixelSpacing", "ImagePositionPatient", "PatientName", "SOPInstanceUID")
# What programs ask an image for, of those that the file has.
TWENTY = (
    *KEYWORDS, "Modality", "Columns", "ImageOrientationPatient", "InstanceNumber", "StudyDate",
    "SeriesInstanceUID", "StudyInstanceUID", "SliceThickness", "RescaleSlope", "RescaleIntercept",
    "BitsStored", "PixelRepresentation", "PatientID", "SOPClassUID", "PhotometricInterpretation",
)  # fmt: skip
REPEATS, MANY = 200, 1000

Calls = list[tuple[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Case:
    """Work that both readers do.

    Attributes:
        name: What the table calls it.
        goal: How many times as fast as pydicom it is to be, or None.
        prepare: Makes, for a reader, what the work is done on; not timed.
        work: The work.
        count: How often a run does it; times are of one.
        answer: What both must agree on, of what `work` gives.
    """

    name: str
    goal: float | None
    prepare: Callable[[Any], Any]
    work: Callable[[Any], Any]
    count: int = 1
    answer: Callable[[Any], Any] = lambda given: given


def values(ds: Any) -> list[Any]:
    """Return the value of each element, those of items too."""
    return [element.value for element in ds.iterall() if element.tag != PIXEL_DATA]


def without_sequences(answer: Any) -> Any:
    """Drop sequences: the list has their items, and the two libraries' classes differ."""
    if isinstance(answer, list) and type(answer).__name__ != "MultiValue":
        return [without_sequences(one) for one in answer if type(one).__name__ != "Sequence"]
    return answer


def calls_of(program: Path, folder: Path) -> Calls:
    """Return the arguments of each `dcmread` of a file that a program calls."""
    calls: Calls = []
    read = pydicom.dcmread

    def remember(*arguments: Any, **keywords: Any) -> Any:
        if isinstance(arguments[0], (str, os.PathLike)) and DATA in Path(arguments[0]).parents:
            calls.append((arguments, keywords))
        return read(*arguments, **keywords)

    pydicom.dcmread = remember
    try:
        loaded(program, "pydicom", folder).run(DATA)
    finally:
        pydicom.dcmread = read
    return calls


def cases(folder: Path) -> list[Case]:
    """Return all work that is compared."""
    found = []
    for program in DROP_IN_PROGRAMS:
        if OTHERS.search(program.read_text(encoding="utf-8")):
            continue
        modules = {reader: loaded(program, name, folder) for name, reader in READERS.items()}
        calls = calls_of(program, folder)
        if calls:
            found.append(
                Case(
                    f"{program.stem}: reading",
                    10,
                    lambda reader: reader.dcmread,
                    lambda read, calls=calls: [
                        values(read(*args, **keywords)) for args, keywords in calls
                    ],
                    len(calls),
                )
            )
        if program.stem != "process_pool":
            found.append(
                Case(
                    f"{program.stem}: all",
                    None,
                    modules.__getitem__,
                    lambda module: module.run(DATA),
                )
            )

    def header(reader: Any, **keywords: Any) -> Any:
        ds = reader.dcmread(CT, **keywords)
        values(ds)
        return ds

    def attributes(ds: Any) -> list[Any]:
        for _ in range(REPEATS):
            answer = [
                ds.Rows,
                ds.PixelSpacing,
                ds.ImagePositionPatient,
                ds.PatientName,
                ds.SOPInstanceUID,
            ]
        return answer

    def twenty(reader: Any) -> list[Any]:
        # Patching itself looks through all modules, once for many files.
        with patch() if reader is rd else contextlib.nullcontext():
            for _ in range(MANY):
                ds = pydicom.dcmread(CT)
                answer = [getattr(ds, keyword) for keyword in TWENTY]
        return answer

    return [
        *found,
        Case("20 attributes under patch()", 20, lambda reader: reader, twenty, MANY),
        Case("an attribute, read before", None, header, attributes, REPEATS * len(KEYWORDS)),
        Case(
            "all elements of a CT header",
            20,
            lambda reader: [reader.dcmread(CT, stop_before_pixels=True) for _ in range(20)],
            lambda many: [[element.value for element in ds] for ds in many],
            20,
        ),
        *(
            Case(
                f"pickling a data set{what}",
                5,
                lambda reader, keywords=keywords: header(reader, **keywords),
                lambda ds: pickle.loads(pickle.dumps(ds)),
                answer=values,
            )
            for what, keywords in ((" without pixels", {"stop_before_pixels": True}), ("", {}))
        ),
    ]


def timed(case: Case, reader: Any) -> float:
    """Return the least seconds of several runs."""
    times = []
    for _ in range(RUNS):
        prepared = case.prepare(reader)
        start = time.perf_counter()
        case.work(prepared)
        times.append(time.perf_counter() - start)
    return min(times) / case.count


def main() -> None:
    """Measure, print the table, and record it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--no-record", action="store_true", help="print only")
    chosen = arguments.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder)):
            answers = [
                without_sequences(case.answer(case.work(case.prepare(reader))))
                for reader in READERS.values()
            ]
            assert_same(*answers, where=case.name)
            taken = [[timed(case, reader) for reader in READERS.values()] for _ in range(ROUNDS)]
            ours, theirs = (statistics.median(column) for column in zip(*taken, strict=True))
            ratio = statistics.median(their / our for our, their in taken)
            goal = "" if case.goal is None else f"{case.goal:g}"
            rows.append([case.name, f"{ours:.3g}", f"{theirs:.3g}", f"{ratio:.1f}", goal])
            times = f"{ours * 1e6:10.2f} us {theirs * 1e6:10.2f} us {ratio:7.1f} x"
            print(f"{case.name:36} {times}  (goal {goal or 'none'})")
    if not chosen.no_record:
        target = RECORD / f"{datetime.date.today().isoformat()}-dropin.csv"
        with target.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ["what", "rapidicom_s", f"pydicom_{pydicom.__version__}_s", "ratio", "goal"]
            )
            writer.writerows(rows)
        print(f"recorded in {target.name}")


if __name__ == "__main__":
    main()
