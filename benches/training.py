"""One epoch of a real training loop: ours beside what people use, answers checked first.

Series of CT are made in a folder, 60 of 96 to 200 slices of 512 x 512, native, JPEG Lossless and
JPEG 2000, and as NIfTI. Each loop goes through them in random order: random crops of 96 x 96 x 96
in batches of 2, then whole volumes in batches of 1, whose means over every 16th row and column must
be those of the pixels that were written. Every rival has a `DataLoader` with a worker a core, as
people write it, and its own order of axes.

A loop is a process of its own, so that its memory is its own. It goes through three epochs, and the
median counts: a virtual machine asks its host for memory that was free for two seconds, at a
twentieth of the speed, so that a first epoch can take ten times as long. Slow loops go through the
first few series alone (`MOST`), for a rate that is as good as that of all.

    python benches/training.py                 the table, and rows in benches/record; needs 20 GB
    python benches/training.py --series 24     the same of fewer series; needs 8 GB
    python benches/training.py --all           every loop through all of them; takes hours
    python benches/training.py --short         6 small series; a quick look that proves nothing
    python benches/training.py --folder DIR    keeps the files for the next time

It runs in the environment that `make test-ml` builds, with imagecodecs beside it to encode.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import make_series
from builder import PIXEL_DATA, Element, Fragments, Identity, Layout, Plane, file_bytes, image

RECORD = Path(__file__).resolve().parent / "record"
CODECS = {
    "native": "1.2.840.10008.1.2.1",
    "JPEG Lossless": "1.2.840.10008.1.2.4.70",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
}
# How many series each loop goes through: ours and that over NIfTI, and the others.
MOST = {"native": (60, 10), "JPEG Lossless": (60, 8), "JPEG 2000": (8, 4)}
INTERCEPT = -1024.0
STEP = 1.25
SPACING = (0.703125, 0.703125)


# The data.


def make(folder: Path, counts: list[int], size: int, codecs: list[str]) -> None:
    """Write series of so many slices, each in every coding and as NIfTI, and what their means are.

    Neighbours among the series have slices in common, so that few need to be made and encoded.
    """
    import nibabel

    done = folder / "-".join(["done", *map(str, (len(counts), sum(counts), size)), *codecs])
    if done.exists():
        return
    fields = make_series.smooth_fields(4)
    noise = np.random.default_rng(1).normal(0, 12, fields.shape[1:]).astype(np.float32)
    slices: dict[int, tuple[np.ndarray, dict[str, bytes]]] = {}
    means = []
    for number, count in enumerate(counts):
        first = number * 31
        wanted = range(first, first + count)
        slices = {key: own for key, own in slices.items() if key >= first}
        for key in set(wanted).difference(slices):
            whole = make_series.slice_pixels(key, fields, noise)
            pixels = np.ascontiguousarray(whole[:size, :size])
            slices[key] = pixels, {codec: encoded(pixels, codec) for codec in codecs}
        for index, key in enumerate(wanted):
            pixels, coded = slices[key]
            for codec, data in coded.items():
                path = folder / codec / f"{number:03}" / f"{index:04}.dcm"
                write(path, number, index, pixels, codec, data)
        affine = np.diag([-SPACING[1], -SPACING[0], STEP, 1.0])
        stored = np.stack([slices[key][0] for key in wanted]).astype(np.int16) + np.int16(INTERCEPT)
        means.append(float(stored[:, ::16, ::16].mean()))
        path = folder / "NIfTI" / f"{number:03}.nii"
        path.parent.mkdir(exist_ok=True, parents=True)
        nibabel.Nifti1Image(stored.T, affine).to_filename(path)
    (folder / "means.json").write_text(json.dumps(means))
    done.touch()


def encoded(pixels: np.ndarray, codec: str) -> bytes:
    """Return pixels as a frame of a coding; nothing for native ones."""
    if codec == "native":
        return b""
    import imagecodecs

    data: bytes
    if codec == "JPEG Lossless":
        data = imagecodecs.ljpeg_encode(pixels)
    else:
        data = imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k", reversible=True)
    return data + b"\0" * (len(data) % 2)


def write(path: Path, number: int, index: int, pixels: np.ndarray, codec: str, data: bytes) -> None:
    """Write one slice."""
    identity = Identity(
        modality="CT", instance_number=index + 1, series=f"2.25.7{number}",
        sop_instance=f"2.25.7{number}.{index + 1}",
    )  # fmt: skip
    elements = image(
        pixels,
        plane=Plane((0.0, 0.0, STEP * index), pixel_spacing=SPACING),
        identity=identity,
        rescale=(1.0, INTERCEPT),
        layout=Layout(bits_stored=12),
    )
    if data:
        elements[-1] = Element(PIXEL_DATA, "OB", Fragments([data]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_bytes(elements, transfer_syntax=CODECS[codec]))


# The loops: each gives an iterable of batches.


def folders_of(folder: Path, codec: str) -> list[str]:
    return sorted(str(path) for path in (folder / codec).iterdir() if path.is_dir())


def cropped(array: Any, crop: tuple[int, ...] | None) -> Any:
    """Cut a random part out of an array."""
    if crop is None:
        return array
    starts = [random.randint(0, size - one) for size, one in zip(array.shape, crop, strict=True)]
    parts = (slice(at, at + one) for at, one in zip(starts, crop, strict=True))
    return array[tuple(parts)]


class Plain:
    """A data set of what a function reads, cropped after it was read."""

    def __init__(
        self, read: Callable[[str], Any], names: list[str], crop: tuple[int, ...] | None
    ) -> None:
        self.read, self.names, self.crop = read, names, crop

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, number: int) -> Any:
        import torch

        array = cropped(self.read(self.names[number]), self.crop)
        array = array if torch.is_tensor(array) else np.asarray(array)
        return torch.as_tensor(array, dtype=torch.float32)[np.newaxis]


def by_pydicom(folder: str) -> np.ndarray:
    """Read a series as people write it: a loop, sorted, stacked, rescaled."""
    import pydicom

    slices = [pydicom.dcmread(entry.path) for entry in os.scandir(folder)]
    slices.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
    volume = np.stack([ds.pixel_array for ds in slices]).astype(np.float32)
    for array, ds in zip(volume, slices, strict=True):
        array *= float(ds.RescaleSlope)
        array += float(ds.RescaleIntercept)
    return volume


class Nifti:
    """A NIfTI file, of which only the part that is asked for is read."""

    def __init__(self, path: str) -> None:
        import nibabel

        self.proxy = nibabel.load(path).dataobj
        self.shape = self.proxy.shape[::-1]

    def __getitem__(self, part: Any) -> np.ndarray:
        return np.asarray(self.proxy[part[::-1]]).T

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.proxy).T.astype(dtype)


def by_torchio(folder: str) -> Any:
    import torchio

    return torchio.ScalarImage(folder).data[0]


def by_monai(reader: str) -> Callable[[str], Any]:
    from monai.transforms import LoadImage

    if reader == "RapidicomReader":
        from rapidicom.integrations.monai import RapidicomReader

        load = LoadImage(reader=RapidicomReader())
    else:
        load = LoadImage(reader=reader)
    return lambda folder: load(folder).as_tensor()


LOOPS = {
    "rapidicom, prefetch": None,
    "rapidicom, DataLoader": None,
    "MONAI, RapidicomReader": lambda: by_monai("RapidicomReader"),
    "MONAI, ITKReader": lambda: by_monai("ITKReader"),
    "MONAI, PydicomReader": lambda: by_monai("PydicomReader"),
    "torchio": lambda: by_torchio,
    "pydicom, a loop": lambda: by_pydicom,
    "nibabel, NIfTI": lambda: Nifti,
}


def data_set(loop: str, folder: Path, codec: str, crop: tuple[int, ...] | None) -> Any:
    """Return what a loop goes through."""
    if LOOPS[loop] is None:
        from rapidicom.integrations.torch import SeriesDataset

        # Headers are read once, before the first epoch; here their time counts in each.
        return SeriesDataset(str(folder / codec), dtype="float32", crop=crop)
    if "NIfTI" in loop:
        names = sorted(str(path) for path in (folder / "NIfTI").iterdir())
    else:
        names = folders_of(folder, codec)
    return Plain(LOOPS[loop](), names, crop)


def batches_of(loop: str, data: Any, batch_size: int, workers: int) -> Iterable[Any]:
    from torch.utils.data import DataLoader

    if loop == "rapidicom, prefetch":
        from rapidicom.integrations.torch import prefetch

        return prefetch(data, ahead=4, shuffle=True, batch_size=batch_size)
    return DataLoader(data, batch_size=batch_size, shuffle=True, num_workers=workers)


# One process a loop.


def run(options: argparse.Namespace) -> None:
    """Go through epochs, or a part of each; print times of the median one, and memory, as JSON."""
    import torch

    torch.manual_seed(1)
    random.seed(1)
    crop = None if options.whole else (options.crop,) * 3
    # Once without a clock, for the imports, some of which come with the first read.
    data = data_set(options.loop, options.folder, options.codec, crop)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    data[0]
    epochs = sorted(epoch(options, crop) for _ in range(options.epochs))
    wall, cpu, samples = epochs[len(epochs) // 2]
    peak = max(resource.getrusage(who).ru_maxrss for who in
               (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024  # fmt: skip
    print(json.dumps({"samples": samples, "wall": wall, "cpu": cpu, "peak": peak, "base": base}))


def epoch(options: argparse.Namespace, crop: tuple[int, ...] | None) -> tuple[float, float, int]:
    """Go through an epoch; return the seconds it took, those of all processors, and its samples."""
    from torch.utils.data import Subset

    wall, cpu = time.perf_counter(), cpu_seconds()
    data = data_set(options.loop, options.folder, options.codec, crop)
    if options.most:
        data = Subset(data, range(min(options.most, len(data))))
    samples, means = 0, []
    for batch in batches_of(options.loop, data, 1 if options.whole else 2, options.workers):
        images = batch["image"] if isinstance(batch, dict) else batch
        samples += len(images)
        # What a step of training at least does with its batch.
        means.append(float(sampled(images, options.loop).mean()))
    found = time.perf_counter() - wall, cpu_seconds() - cpu, samples
    if options.whole:
        check(options.folder, means)
    return found


def sampled(images: Any, loop: str) -> Any:
    """Take every 16th row and column, which of some loops are the first axes of an image."""
    if "MONAI" in loop or "torchio" in loop:
        return images[..., ::16, ::16, :]
    return images[..., ::16, ::16]


def check(folder: Path, means: list[float]) -> None:
    """Hold the means of volumes against those of the pixels that were written."""
    written = np.array(json.loads((folder / "means.json").read_text()))
    for mean in means:
        if np.abs(written - mean).min() > 1e-3:
            raise SystemExit(f"no volume has the mean {mean}")


def cpu_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def in_process(options: argparse.Namespace, loop: str, codec: str, *more: str) -> Any:
    """Run a loop in a process of its own; return what it prints, or the end of its error."""
    command = [
        sys.executable, __file__, "--folder", str(options.folder), "--loop", loop,
        "--codec", codec, "--crop", str(options.crop), "--workers", str(options.workers),
        "--most", str(most_of(options, loop, codec)), "--epochs", str(options.epochs), *more,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"exit {done.returncode}: " + done.stderr.strip().rpartition("\n")[2][:90]
    return json.loads(done.stdout.strip().rpartition("\n")[2])


def most_of(options: argparse.Namespace, loop: str, codec: str) -> int:
    """Return how many series a loop goes through; 0 for all."""
    is_quick = LOOPS[loop] is None or "NIfTI" in loop or "Rapidicom" in loop
    return 0 if options.all else MOST[codec][0 if is_quick else 1]


def measured(options: argparse.Namespace) -> Iterable[dict[str, Any]]:
    """Run each loop over each coding: a row for crops, and one for whole volumes."""
    for codec in options.codecs:
        for loop in options.loops:
            if "NIfTI" in loop and codec != "native":
                continue
            for what, more in (("crop", []), ("whole", ["--whole"])):
                row = {"codec": codec, "what": what, "loop": loop}
                found = in_process(options, loop, codec, *more)
                yield row | ({"note": found} if isinstance(found, str) else found)


def main() -> None:
    """Make the data, and print and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="6 small series")
    parser.add_argument("--folder", type=Path, help="keep the files here")
    parser.add_argument("--series", type=int, default=60)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--crop", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=3, help="the median counts")
    parser.add_argument("--all", action="store_true", help="every loop through all series")
    parser.add_argument("--most", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--codecs", nargs="*", default=list(CODECS), choices=list(CODECS))
    parser.add_argument("--loops", nargs="*", default=list(LOOPS), choices=list(LOOPS))
    parser.add_argument("--no-record", action="store_true")
    for name in ("--loop", "--codec"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--whole", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop:
        run(options)
        return
    random.seed(60)
    if options.short:
        options.series, options.size, options.crop = 6, 128, 16
    counts = [random.randint(*((20, 30) if options.short else (96, 200)))
              for _ in range(options.series)]  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        options.folder = options.folder or Path(temporary)
        make(options.folder, counts, options.size, options.codecs)
        rows = []
        print(f"{'coding':14} {'what':6} {'loop':24} {'samples/s':>10} {'CPU s/sample':>13} "
              f"{'peak MB':>8}  of imports")  # fmt: skip
        for row in measured(options):
            rows.append(row)
            place = f"{row['codec']:14} {row.get('what', ''):6} {row['loop']:24}"
            if "note" in row:
                print(f"{place} {row['note']}", flush=True)
                continue
            rate, cost = row["samples"] / row["wall"], row["cpu"] / row["samples"]
            print(f"{place} {rate:10.2f} {cost:13.4f} {row['peak']:8.0f}  {row['base']:10.0f}",
                  flush=True)  # fmt: skip
    if not (options.short or options.no_record):
        record(rows)


def record(rows: list[dict[str, Any]]) -> None:
    """Keep the table beside the others."""
    path = RECORD / f"{datetime.date.today()}-training.csv"
    names = ["codec", "what", "loop", "samples", "wall", "cpu", "peak", "base", "note"]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
