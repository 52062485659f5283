"""Time series and tables that lie elsewhere: in a PACS, and where each request takes 20 ms.

    python benches/sources.py             the table, and a file under benches/record
    python benches/sources.py --no-record

200 CT images of 530 KB in an Orthanc on this machine, one volume by each way, which take turns: by
ours (WADO-RS, C-GET, C-MOVE), and by `dicomweb_client` with pydicom. The volumes are the same. The
floor is what the server takes: the same answers, received by a socket and dropped, in one request
for the series, and in one for each instance, eight at a time. Then a table of 500 objects of a file
system whose every answer takes 20 ms. The goals are a fifth of the client's time, and three times
the waiting: latency x requests / workers.
"""

from __future__ import annotations

import argparse
import base64
import csv
import datetime
import platform
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import rapidicom as rd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from counted_file_system import Counted
from series_builder import Pixels, Stack, Written, series
from servers import AE_TITLE, PASSWORD, RECEIVER, USER, Orthanc, orthanc, orthanc_missing

RECORD = Path(__file__).resolve().parent / "record"
SLICES, SIDE = 200, 512
OBJECTS, LATENCY, WORKERS = 500, 0.020, 32
ROUNDS = 5


def ways_to_read(server: Orthanc, study: str, uid: str) -> dict[str, Callable[[], Any]]:
    """Return the ways to get the stored values of a series, in the order of its slices."""
    import requests
    from dicomweb_client import DICOMwebClient

    from rapidicom.integrations.dicomweb import DicomWeb
    from rapidicom.integrations.dimse import Archive

    def session() -> requests.Session:
        found = requests.Session()
        found.auth = (USER, PASSWORD)
        return found

    client = DICOMwebClient(server.url, session=session())
    web = DicomWeb(server.url, session=session())
    archive = Archive("127.0.0.1", server.dicom_port, ae_title=AE_TITLE)
    receiver = (RECEIVER, server.move_port, "127.0.0.1")

    def by_client() -> Any:
        found = client.retrieve_series(study, uid)
        found.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
        return np.stack([ds.pixel_array for ds in found])

    def ours(read: Callable[..., rd.Volume], **options: Any) -> Callable[[], Any]:
        return lambda: read(uid, study, values="stored", **options).array

    return {
        "dicomweb_client, pydicom": by_client,
        "DicomWeb.read_series": ours(web.read_series),
        "Archive.read_series": ours(archive.read_series),
        "Archive.read_series, C-MOVE": ours(archive.read_series, move_to=receiver),
    }


def floors(server: Orthanc, study: str, written: Written) -> dict[str, Callable[[], Any]]:
    """Return the cheapest ways to have a server send a series."""
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    path = f"/dicom-web/studies/{study}/series/{written.uid}"
    instances = [f"{path}/instances/{rd.dcmread(one).SOPInstanceUID}" for one in written.paths]

    def received(path: str) -> int:
        with socket.create_connection(("127.0.0.1", server.http_port)) as connection:
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {token}\r\n"
                'Accept: multipart/related; type="application/dicom"; transfer-syntax=*\r\n'
                "Connection: close\r\n\r\n".encode()
            )
            buffer, length = bytearray(1 << 20), 0
            while count := connection.recv_into(buffer):
                length += count
        return length

    def one_by_one() -> int:
        with ThreadPoolExecutor(8) as pool:
            return sum(pool.map(received, instances))

    return {
        "the server, one request": lambda: received(path),
        "the server, one an instance": one_by_one,
    }


def measured(ways: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Return the seconds of each way, which take turns."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, work in ways.items():
            start = time.perf_counter()
            work()
            times[way].append(time.perf_counter() - start)
    return times


def from_a_pacs(folder: Path) -> list[list[str]]:
    """Return rows of way, least and median seconds, and how often the client takes as long."""
    if why_not := orthanc_missing():
        print(f"no PACS: {why_not}")
        return []
    (folder / "orthanc").mkdir()
    written = series(folder / "ct", Stack(count=SLICES), pixels=Pixels(shape=(SIDE, SIDE)))
    study = str(rd.dcmread(written.paths[0]).StudyInstanceUID)
    with orthanc(folder / "orthanc") as server:
        server.upload(written.paths)
        ways = ways_to_read(server, study, written.uid)
        expected = rd.read_series(written.folder, values="stored").array
        for way, work in ways.items():
            assert (work() == expected).all(), way
        cheapest = floors(server, study, written)
        for way, work in cheapest.items():
            assert work() > expected.nbytes, way
        times = measured(ways | cheapest)
    theirs = statistics.median(times["dicomweb_client, pydicom"])
    return [row(way, found, theirs / statistics.median(found)) for way, found in times.items()]


def with_latency() -> list[list[str]]:
    """Return the row of a table where requests take their time, and how long it is of waiting."""
    import fsspec

    fsspec.register_implementation("counted", Counted, clobber=True)
    with tempfile.TemporaryDirectory() as folder:
        written = series(Path(folder), Stack(count=OBJECTS), pixels=Pixels(shape=(128, 128)))
        Counted.objects.update({f"ct/{path.name}": path.read_bytes() for path in written.paths})
    Counted.latency = LATENCY
    work = lambda: rd.scan("counted://ct", workers=WORKERS)  # noqa: E731
    assert len(work()) == OBJECTS
    Counted.forget()
    found = measured({"scan": work})["scan"]
    waiting = LATENCY * len(Counted.requests) / ROUNDS / WORKERS
    return [row("scan, 20 ms a request", found, statistics.median(found) / waiting)]


def row(way: str, times: list[float], ratio: float) -> list[str]:
    """Return a row of the table."""
    return [way, f"{min(times):.6f}", f"{statistics.median(times):.6f}", f"{ratio:.2f}"]


def main() -> None:
    """Measure, print the table, and record it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--no-record", action="store_true", help="print only")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [*from_a_pacs(Path(folder)), *with_latency()]
    for way, least, median, ratio in rows:
        of = "of the waiting" if way.startswith("scan") else "times as fast as the client"
        print(f"{way:28} least {least} s  median {median} s  {ratio:>6} {of}")
    if not chosen.no_record:
        target = RECORD / f"{datetime.date.today().isoformat()}-sources.csv"
        with target.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["way", "least_s", "median_s", "ratio", platform.processor()])
            writer.writerows(rows)
        print(f"recorded in {target.name}")


if __name__ == "__main__":
    main()
