"""Labels beside the libraries that people use for them: the same files, answers checked first.

A structure set of 30 structures over 200 slices of 512 x 512, and a segmentation of 100 segments
over 300 slices, are made in a temporary folder. `python benches/labels.py` prints a table of the
best of several runs. Rivals that are not installed are left out; plastimatch is a command, which
has its masks in files.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import rapidicom as rd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from labels_builder import (
    FRAME_OF_REFERENCE,
    SERIES,
    Contour,
    Images,
    save,
    segmentation,
    structure_set,
)
from volume_builder import item

CONTOUR_POINTS = 180


def images_of(slices: int, size: int) -> Images:
    """Return images of a CT of the head."""
    return Images((slices, size, size), "axial", (1.0, 0.5, 0.5), (-128.0, -128.0, -100.0))


def structures_of(images: Images, count: int) -> dict[str, list[Contour]]:
    """Return organs of several sizes: each an ellipse a slice, over a part of the slices."""
    random = np.random.default_rng(1)
    slices, rows, columns = images.shape
    found: dict[str, list[Contour]] = {}
    angles = np.linspace(0, 2 * np.pi, CONTOUR_POINTS, endpoint=False)
    for number in range(count):
        length = int(slices * random.uniform(0.3, 1))
        first = random.integers(0, slices - length + 1)
        radius = random.uniform(0.03, 0.35) * rows / 2
        middle = random.uniform(0.35, 0.65, 2) * (rows, columns)
        contours = []
        for index in range(first, first + length):
            wave = radius * (1 + 0.1 * np.sin(5 * angles + index))
            row, column = middle[0] + wave * np.sin(angles), middle[1] + wave * np.cos(angles)
            places = np.column_stack([np.full(len(row), float(index)), row, column])
            contours.append(Contour(images.millimetres(places), image=images.uid(index)))
        found[f"organ {number}"] = contours
    return found


def with_references(ds: Any, images: Images) -> Any:
    """Add to a structure set what rt-utils checks: which images its Frame of Reference has."""
    uids = (images.uid(index) for index in range(images.shape[0]))
    contour_images = [item(ReferencedSOPInstanceUID=uid) for uid in uids]
    series = item(SeriesInstanceUID=SERIES, ContourImageSequence=contour_images)
    study = item(RTReferencedSeriesSequence=[series])
    frame = item(FrameOfReferenceUID=FRAME_OF_REFERENCE, RTReferencedStudySequence=[study])
    ds.ReferencedFrameOfReferenceSequence = [frame]
    return ds


def masks_of(images: Images, count: int) -> np.ndarray:
    """Return boxes of several sizes, one a segment."""
    random = np.random.default_rng(2)
    found = np.zeros((count, *images.shape), np.uint8)
    for one in found:
        size = [int(length * random.uniform(0.1, 0.5)) for length in images.shape]
        first = [random.integers(0, n - m + 1) for n, m in zip(images.shape, size, strict=True)]
        one[tuple(slice(a, a + m) for a, m in zip(first, size, strict=True))] = 1
    return found


def best(call: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Return the shortest wall time of some runs, in seconds, and what the call returned."""
    times = []
    result = None
    for _ in range(runs):
        started = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - started)
    return min(times), result


def contours_by_pydicom(path: Path) -> list[np.ndarray]:
    import pydicom

    ds = pydicom.dcmread(path)
    return [
        np.array(contour.ContourData, dtype=np.float64).reshape(-1, 3)
        for roi in ds.ROIContourSequence
        for contour in roi.ContourSequence
    ]


def contours_by_us(path: Path) -> list[np.ndarray]:
    return [points for one in rd.read_structures(path) for points in one.contours]


def masks_by_rt_utils(folder: Path, path: Path) -> np.ndarray:
    from rt_utils import RTStructBuilder

    structures = RTStructBuilder.create_from(
        dicom_series_path=str(folder), rt_struct_path=str(path)
    )
    names = structures.get_roi_names()
    return np.stack([structures.get_roi_mask_by_name(name) for name in names])


def masks_by_plastimatch(folder: Path, path: Path) -> np.ndarray:
    """Run its command, which writes an image a structure, and read these."""
    import SimpleITK

    command = shutil.which("plastimatch", path=Path(sys.executable).parent)
    if command is None:
        raise ImportError("no plastimatch", name="plastimatch")
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [command, "convert", "--input", path, "--referenced-ct", folder,
             "--output-prefix", out, "--prefix-format", "mha"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        names = [one.name for one in rd.read_structures(path)]
        images = (SimpleITK.ReadImage(str(Path(out) / f"{name}.mha")) for name in names)
        return np.stack([SimpleITK.GetArrayFromImage(image) for image in images])


def masks_by_skimage(vol: rd.Volume, path: Path) -> np.ndarray:
    from skimage.draw import polygon

    inverse = np.linalg.inv(vol.affine)
    structures = rd.read_structures(path)
    found = np.zeros((len(structures), *vol.shape), np.uint8)
    for mask, one in zip(found, structures, strict=True):
        for points in one.contours:
            places = points @ inverse[:3, :3].T + inverse[:3, 3]
            row, column = polygon(places[:, 1], places[:, 2], vol.shape[1:])
            mask[round(places[0, 0]), row, column] ^= 1
    return found


def segments_by_highdicom(path: Path) -> np.ndarray:
    import highdicom

    found = highdicom.seg.segread(path).get_volume(
        combine_segments=True, relabel=False, skip_overlap_checks=True,
        allow_missing_positions=True,
    )  # fmt: skip
    array: np.ndarray = found.array
    return array if found.affine[2, 0] > 0 else array[::-1]


def compare(
    title: str,
    ours: Callable[[], Any],
    rivals: dict[str, Callable[[], Any]],
    runs: int,
    is_same: Callable[[Any, Any], float],
) -> None:
    """Print the times of all, and how far the others' answers are from ours."""
    seconds, answer = best(ours, runs)
    print(f"{title:34} {'rapidicom':14} {seconds:9.3f} s")
    for name, rival in rivals.items():
        try:
            taken, other = best(rival, 1)
        except ImportError as error:
            print(f"{'':34} {name:14} not installed ({error.name})")
            continue
        print(f"{'':34} {name:14} {taken:9.3f} s  {taken / seconds:7.1f} x"
              f"  differs in {is_same(answer, other):.4%}")  # fmt: skip


def share_of_points(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    assert len(one) == len(other)
    return float(np.mean([not np.array_equal(a, b) for a, b in zip(one, other, strict=True)]))


def share_of_voxels(one: Any, other: Any) -> float:
    """Return the share of voxels that differ, of those that one of them has."""
    one, other = np.asarray(one) != 0, np.asarray(other) != 0
    if other.shape != one.shape:  # rt-utils: (structure, row, column, slice)
        other = np.moveaxis(other, -1, 1)
    return float((one != other).sum() / max((one | other).sum(), 1))


def peak_of(code: str) -> float:
    """Return the most memory that a program had, in MB."""
    # Not that of `getrusage`, which has what this process had when it forked.
    code += """
with open("/proc/self/status") as status:
    print(*(line.split()[1] for line in status if line.startswith("VmHWM")))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE)
    return int(done.stdout) / 1024


def main() -> None:
    """Make the files, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--structures", type=int, default=30)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--segment-slices", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the files here")
    parser.add_argument("--without-rivals", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        images = images_of(options.slices, options.size)
        ct, rtstruct, seg = folder / "ct", folder / "rtstruct.dcm", folder / "seg.dcm"
        if not ct.is_dir():
            images.save(ct)
            save(with_references(structure_set(structures_of(images, options.structures)), images),
                 rtstruct)  # fmt: skip
            grid = images_of(options.segment_slices, options.size)
            save(segmentation(grid, masks_of(grid, options.segments), keep_empty=True), seg)
        vol = rd.read_series(ct)
        rivals = not options.without_rivals
        print(f"{rtstruct.stat().st_size / 1e6:.0f} MB of contours, "
              f"{seg.stat().st_size / 1e6:.0f} MB of segments")  # fmt: skip
        compare(
            "contours as arrays", lambda: contours_by_us(rtstruct),
            {"pydicom": lambda: contours_by_pydicom(rtstruct)} if rivals else {},
            options.runs, share_of_points,
        )  # fmt: skip
        compare(
            "contours as masks",
            lambda: rd.read_labels(rtstruct, like=vol, combine="channels"),
            {
                "rt-utils": lambda: masks_by_rt_utils(ct, rtstruct),
                "plastimatch": lambda: masks_by_plastimatch(ct, rtstruct),
                "scikit-image": lambda: masks_by_skimage(vol, rtstruct),
            } if rivals else {},
            options.runs, share_of_voxels,
        )  # fmt: skip
        compare(
            "segments as a label map", lambda: rd.read_labels(seg),
            {"highdicom": lambda: segments_by_highdicom(seg)} if rivals else {},
            options.runs, share_of_voxels,
        )  # fmt: skip
        peak = peak_of(f"import rapidicom as rd; rd.read_labels({str(seg)!r})")
        size = rd.read_labels(seg).array.nbytes / 2**20
        print(f"segments as a label map: {peak:.0f} MB at most, of which the array has {size:.0f}")


if __name__ == "__main__":
    main()
