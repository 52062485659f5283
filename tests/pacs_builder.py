"""What the tests store in a PACS: the files by series, and what is known of each."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

from data_paths import REPOSITORY
from series_builder import Numbering, Pixels, Stack, series
from servers import Orthanc

BRAIN = "1.2.392.200036.9116.4.2.109143.534.9001"
BRAIN_STUDY = "1.2.392.200036.9116.4.2.109143.1467.20200917072603555.1.2"
# What `series_builder` and a test file have.
CT, COMPRESSED, CT_STUDY = "2.25.100", "2.25.700", "2.25.9"
JPEG_2000 = "1.2.840.10008.1.2.4.90"


@dataclass
class Pacs:
    """A server and what was stored there.

    Attributes:
        server: The server.
        folder: Where the files are.
        series: The files of each series, by its UID: of MR, of CT, of CT in JPEG 2000, and one of
            many frames.
    """

    server: Orthanc
    folder: Path
    series: dict[str, list[Path]] = field(init=False)

    def __post_init__(self) -> None:
        plain = series(self.folder / "ct", Stack(count=4), pixels=Pixels(shape=(64, 48)))
        other = series(
            self.folder / "jpeg", Stack(count=4), pixels=Pixels(shape=(64, 48)),
            numbering=Numbering(series=7),
        )  # fmt: skip
        for path in other.paths:
            path.write_bytes(compressed(path.read_bytes()))
        self.series = {
            BRAIN: sorted((REPOSITORY / "tests/data/brain-mr").glob("*.dcm")),
            plain.uid: plain.paths,
            other.uid: other.paths,
        }


def compressed(data: bytes, transfer_syntax: str = JPEG_2000) -> bytes:
    """Return a file as pydicom compresses it."""
    import pydicom

    ds = pydicom.dcmread(io.BytesIO(data))
    uid = ds.SOPInstanceUID
    ds.compress(transfer_syntax, generate_instance_uid=False)
    assert ds.SOPInstanceUID == uid
    file = io.BytesIO()
    ds.save_as(file)
    return file.getvalue()
