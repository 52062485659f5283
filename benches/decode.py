"""Time decoders of compressed frames against each other, and a series on one and two threads.

    python benches/decode.py [CT.dcm ...]    uncompressed CT images; default: generated slices
    python benches/decode.py --no-record     a look; otherwise rows are added under benches/record
    python benches/decode.py --threads       only what two threads gain: 200 slices of each codec

imagecodecs compresses the frames. Every decoder decodes them once, to compare the answers, and then
on one thread in turns: the time of a round is the median of its repetitions, a ratio the median of
those within a round. imagecodecs carries libjpeg-turbo, CharLS, OpenJPEG, OpenJPH and libjxl.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rapidicom as rd
from rapidicom import _core

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from builder import Element, Fragments, Identity, Plane, file_bytes, image

RECORD = Path(__file__).resolve().parent / "record"
COLUMNS = [
    "date",
    "machine",
    "frames",
    "syntax",
    "decoder",
    "version",
    "median_ms",
    "ratio_to_rapidicom",
    "n",
]

Array = NDArray[Any]
Decode = Callable[[bytes], Array]

LOSSLESS_JPEG = "1.2.840.10008.1.2.4.70"


@dataclass(frozen=True)
class Case:
    """One way to compress frames, and who decodes it.

    Attributes:
        name: What tables call it.
        uid: The Transfer Syntax.
        bits: Of the samples that are compressed.
        encode: Makes a frame of an image.
        rivals: Decoders by library.
        tolerance: By how much results may differ.
    """

    name: str
    uid: str
    bits: int
    encode: Callable[[Array], bytes]
    rivals: dict[str, Decode]
    tolerance: int = 0


def cases() -> list[Case]:
    """List the cases, without rivals that are not installed."""
    import imagecodecs as ic

    rle_rivals: dict[str, Decode] = {"imagecodecs": lambda frame: ic.dicomrle_decode(frame, "<u2")}
    try:
        from rle.rle import decode_frame

        rle_rivals["pylibjpeg-rle"] = lambda frame: decode_frame(frame, 512 * 512, 16, "<")
    except ImportError:
        pass

    def lossless(array: Array) -> bytes:
        return ic.jpeg_encode(array, lossless=True, predictor=1, bitspersample=16)

    return [
        Case("RLE", "1.2.840.10008.1.2.5", 16, rle_encode, rle_rivals),
        Case("JPEG Lossless", LOSSLESS_JPEG, 16, lossless, {"libjpeg-turbo": ic.jpeg_decode}),
        Case(
            "JPEG-LS", "1.2.840.10008.1.2.4.80", 16, ic.jpegls_encode, {"CharLS": ic.jpegls_decode}
        ),
        Case(
            "JPEG Baseline",
            "1.2.840.10008.1.2.4.50",
            8,
            lambda array: ic.jpeg_encode(array, level=90),
            {"libjpeg-turbo": ic.jpeg_decode},
            tolerance=1,
        ),
        Case(
            "JPEG Extended, 12 bits",
            "1.2.840.10008.1.2.4.51",
            12,
            lambda array: ic.jpeg_encode(array, level=90, bitspersample=12),
            {"libjpeg-turbo": ic.jpeg_decode},
            tolerance=1,
        ),
        Case(
            "JPEG 2000",
            "1.2.840.10008.1.2.4.90",
            16,
            lambda array: ic.jpeg2k_encode(array, level=0, codecformat="J2K", reversible=True),
            {"OpenJPEG": ic.jpeg2k_decode},
        ),
        Case(
            "JPEG 2000, lossy",
            "1.2.840.10008.1.2.4.91",
            16,
            lambda array: ic.jpeg2k_encode(array, level=60, codecformat="J2K", reversible=False),
            {"OpenJPEG": ic.jpeg2k_decode},
            tolerance=1,
        ),
        Case(
            "HTJ2K",
            "1.2.840.10008.1.2.4.201",
            16,
            ic.htj2k_encode,
            {"OpenJPEG": ic.jpeg2k_decode, "OpenJPH": ic.htj2k_decode},
        ),
        Case("JPEG XL", "1.2.840.10008.1.2.4.110", 16, ic.jpegxl_encode, {"libjxl": jpegxl(ic)}),
    ]


def jpegxl(ic: Any) -> Decode:
    """Decode on one thread, as all others do."""
    return lambda frame: ic.jpegxl_decode(frame, numthreads=1)


def rle_encode(array: Array) -> bytes:
    """Encode as PS3.5 §G: a segment for the high bytes, one for the low ones, row by row."""
    from pydicom.pixels.encoders.native import _encode_segment

    segments = []
    for shift in (8, 0):
        plane = (array >> shift).astype(np.uint8)
        segments.append(bytes(_encode_segment(plane.tobytes(), columns=array.shape[1])))
    header = np.zeros(16, "<u4")
    header[:3] = (2, 64, 64 + len(segments[0]))
    return header.tobytes() + b"".join(segments)


def our_decode(case: Case, shape: tuple[int, int]) -> Decode:
    """Decode into fresh memory, as the others do."""
    allocated = 8 if case.bits == 8 else 16
    dtype = np.dtype(f"u{allocated // 8}")

    def decode(frame: bytes) -> Array:
        out = np.empty(shape, dtype)
        memory = out.reshape(-1).view(np.uint8)
        _core.decode_frame(
            case.uid, frame, *shape, 1, allocated, allocated, False, "MONOCHROME2", False, 0, memory
        )
        return out

    return decode


def frames(paths: list[Path]) -> list[Array]:
    """Return the images in 12 bits, from 0 on."""
    if paths:
        arrays = [rd.dcmread(path).pixel_array.astype(np.int32) for path in paths]
    else:
        from make_series import ensure_series

        series = sorted(ensure_series(count=8).iterdir())
        arrays = [rd.dcmread(path).pixel_array.astype(np.int32) for path in series[:8]]
    return [np.clip(array - array.min(), 0, 4095).astype(np.uint16) for array in arrays]


def timed(decode: Decode, coded: list[bytes]) -> float:
    """Return the seconds of one frame."""
    runs = []
    for frame in coded:
        start = time.perf_counter()
        decode(frame)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs)


def run_case(case: Case, arrays: list[Array], rounds: int) -> list[list[Any]]:
    """Compare the answers, then let the decoders take turns."""
    if case.bits == 8:
        arrays = [(array >> 4).astype(np.uint8) for array in arrays]
    coded = [bytes(case.encode(array)) for array in arrays]
    decoders = {"rapidicom": our_decode(case, arrays[0].shape)} | case.rivals  # type: ignore[arg-type]
    expected = [np.asarray(next(iter(case.rivals.values()))(frame)).reshape(-1) for frame in coded]
    if case.name == "RLE":
        expected = [array.reshape(-1) for array in arrays]
    for frame, want in zip(coded, expected, strict=True):
        found = decoders["rapidicom"](frame).reshape(-1).astype(np.int64)
        difference = np.abs(found - want.astype(np.int64)).max()
        assert difference <= case.tolerance, f"{case.name} differs by {difference}"
    times: dict[str, list[float]] = {name: [] for name in decoders}
    for _ in range(rounds):
        for name, decode in decoders.items():
            times[name].append(timed(decode, coded))
    rows = []
    for name, seconds in times.items():
        ratios = [theirs / ours for theirs, ours in zip(seconds, times["rapidicom"], strict=True)]
        rows.append(
            [case.name, name, 1e3 * statistics.median(seconds), statistics.median(ratios), rounds]
        )
    return rows


def series_on_threads(case: Case, arrays: list[Array], count: int, rounds: int) -> float:
    """Return how many times as fast two threads read slices of one codec as one does."""
    if case.bits == 8:
        arrays = [(array >> 4).astype(np.uint8) for array in arrays]
    coded = [bytes(case.encode(array)) for array in arrays]
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            array = arrays[index % len(arrays)]
            identity = Identity(instance_number=index, sop_instance=f"2.25.{index}")
            elements = image(array, plane=Plane(position=(0, 0, index)), identity=identity)
            elements[-1] = Element(0x7FE00010, "OB", Fragments([coded[index % len(coded)]]))
            path = Path(folder) / f"{index:04}.dcm"
            path.write_bytes(file_bytes(elements, transfer_syntax=case.uid))
        (series,) = rd.find_series(folder)
        out = np.empty(series.shape, np.float32)
        ratios = []
        for _ in range(rounds):
            seconds = []
            for workers in (1, 2):
                start = time.perf_counter()
                series.read(out=out, workers=workers)
                seconds.append(time.perf_counter() - start)
            ratios.append(seconds[0] / seconds[1])
        return statistics.median(ratios)


def all_series(arrays: list[Array], only: str, rounds: int) -> list[list[Any]]:
    """Print and return what two threads gain for 200 slices of each codec."""
    rows = []
    for case in cases():
        if only.lower() not in case.name.lower():
            continue
        gain = series_on_threads(case, arrays, 200, rounds)
        print(f"200 slices of {case.name} on two threads: {gain:.2f}x one thread", flush=True)
        today, machine = datetime.date.today().isoformat(), f"{os.cpu_count()} cores"
        row = [today, machine, "200 slices", f"{case.name}, two threads", "rapidicom"]
        rows.append([*row, version("rapidicom"), "", f"{1 / gain:.3g}", rounds])
    return rows


def frame_on_threads(encode: Callable[[Array], bytes], syntax: str, rounds: int) -> float:
    """Return how many times as fast two threads decode a frame of 2048 x 2048 as one does."""
    row, column = np.mgrid[:2048, :2048]
    noise = np.random.default_rng(1).normal(0, 20, row.shape)
    array = (2000 + 1000 * np.sin(column / 90 + row / 110) + noise).astype(np.uint16)
    elements = image(array)
    elements[-1] = Element(0x7FE00010, "OB", Fragments([encode(array)]))
    file = file_bytes(elements, transfer_syntax=syntax)
    ratios = []
    for _ in range(rounds):
        seconds = []
        for workers in (1, 2):
            start = time.perf_counter()
            found = rd.pixel_array(file, workers=workers)
            seconds.append(time.perf_counter() - start)
            assert np.array_equal(found, array)
        ratios.append(seconds[0] / seconds[1])
    return statistics.median(ratios)


def large_frames(rounds: int) -> list[list[Any]]:
    """Print and return how a frame alone uses two threads."""
    import imagecodecs as ic

    rows = []
    for name, syntax, encode in (
        (
            "JPEG 2000",
            "1.2.840.10008.1.2.4.90",
            lambda array: ic.jpeg2k_encode(array, level=0, reversible=True, codecformat="J2K"),
        ),
        ("HTJ2K", "1.2.840.10008.1.2.4.201", lambda array: ic.htj2k_encode(array, reversible=True)),
    ):
        gain = frame_on_threads(encode, syntax, rounds)
        print(f"a frame of 2048 x 2048 of {name} on two threads: {gain:.2f}x one thread")
        today, machine = datetime.date.today().isoformat(), f"{os.cpu_count()} cores"
        row = [today, machine, "1 of 2048 x 2048", f"{name}, two threads", "rapidicom"]
        rows.append([*row, version("rapidicom"), "", f"{1 / gain:.3g}", rounds])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", help="the cases whose names contain this")
    parser.add_argument("--no-record", action="store_true")
    parser.add_argument("--threads", action="store_true", help="only series and frames on two")
    args = parser.parse_args()
    arrays = frames(args.paths)
    what = f"{len(arrays)} of {arrays[0].shape[0]} x {arrays[0].shape[1]}"
    machine = f"{os.cpu_count()} cores"
    rows = []
    if not args.threads:
        print(f"{'':24}{'decoder':16}{'ms a frame':>12}{'x ours':>8}")
    for case in () if args.threads else cases():
        if args.only and args.only.lower() not in case.name.lower():
            continue
        for name, decoder, milliseconds, ratio, count in run_case(case, arrays, args.rounds):
            print(f"{name:24}{decoder:16}{milliseconds:12.3f}{ratio:8.2f}", flush=True)
            package = {"rapidicom": "rapidicom", "pylibjpeg-rle": "pylibjpeg-rle"}.get(
                decoder, "imagecodecs"
            )
            today = datetime.date.today().isoformat()
            row = [
                today,
                machine,
                what,
                name,
                decoder,
                version(package),
                f"{milliseconds:.4g}",
                f"{ratio:.3g}",
            ]
            rows.append([*row, count])
    if (args.threads or not args.only) and (os.cpu_count() or 1) > 1:
        rows.extend(all_series(arrays, args.only or "", 5))
        if not args.only:
            rows.extend(large_frames(9))
    if not args.no_record:
        path = RECORD / f"{datetime.date.today().isoformat()}-decode.csv"
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if file.tell() == 0:
                writer.writerow(COLUMNS)
            writer.writerows(rows)
        print(f"recorded in {path.relative_to(RECORD.parent.parent)}")


if __name__ == "__main__":
    main()
