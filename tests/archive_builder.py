"""Archives for tests, in every form that programs write; and DICOMDIRs (PS3.3 §F).

Those that Python's own modules do not write are laid out by hand from PKWARE's APPNOTE.TXT.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from builder import EXPLICIT_LITTLE, Element, Items, file_bytes, file_meta

Files = Mapping[str, bytes]

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
_SELF_EXTRACTOR = b"MZ" + bytes(range(256)) * 5


class _Pipe(io.RawIOBase):
    """A file that cannot be moved in, so that sizes are written behind the data."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:  # type: ignore[override]
        self.written += memoryview(data)  # type: ignore[arg-type]
        return len(memoryview(data))  # type: ignore[arg-type]


def zipped(files: Files, method: int = zipfile.ZIP_STORED, *, zip64: bool = False) -> bytes:
    """Write a zip archive.

    Args:
        files: Contents by names, in order.
        method: How members are compressed.
        zip64: Write the lengths of members with 64 bits.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=zip64) as member:
                member.write(data)
    return buffer.getvalue()


def zipped_to_a_pipe(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Write a zip archive whose members have their lengths in data descriptors."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:  # type: ignore[arg-type]
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return bytes(pipe.written)


def zipped_with_names(files: Mapping[bytes, bytes], flags: int = 0) -> bytes:
    """Write a stored zip archive with names as they are.

    Args:
        files: Contents by the bytes of the names; a name may occur twice in a list of pairs.
        flags: The general purpose bit flag of every member.
    """
    return zipped_pairs(list(files.items()), flags)


def zipped_pairs(
    files: Sequence[tuple[bytes, bytes]], flags: int = 0, mode: int = 0, method: int = 0
) -> bytes:
    """Write a zip archive by hand, of members in order.

    Args:
        files: Name and content of each.
        flags: The general purpose bit flag.
        mode: The mode of Unix of each.
        method: Stored if 0; the content is written as it is under any other.
    """
    body, directory = bytearray(), bytearray()
    for name, data in files:
        crc = zlib.crc32(data)
        common = (flags, method, 0, 0x21, crc, len(data), len(data), len(name), 0)
        offset = len(body)
        body += struct.pack("<4s5H3I2H", b"PK\3\4", 20, *common) + name + data
        directory += (
            struct.pack("<4s6H3I2H", b"PK\1\2", 0x0314, 20, *common)
            + struct.pack("<3H2I", 0, 0, 0, mode << 16, offset)
            + name
        )
    end = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(body), 0
    )
    return bytes(body + directory + end)


def tarred(files: Files, mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    """Write a tar archive.

    Args:
        files: Contents by names, in order.
        mode: `w`, or with a compression as for `tarfile.open`.
        form: The format of the headers.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def in_two_streams(data: bytes) -> bytes:
    """Compress with gzip in two streams, one after the other, as `pigz` and `bgzip` do."""
    import gzip

    return gzip.compress(data[: len(data) // 3]) + gzip.compress(data[len(data) // 3 :])


#: The kinds of archives, each with the ending of its name.
ARCHIVES: dict[str, tuple[str, Callable[[Files], bytes]]] = {
    "stored": (".zip", zipped),
    "deflated": (".zip", lambda files: zipped(files, zipfile.ZIP_DEFLATED)),
    "zip64": (".zip", lambda files: zipped(files, zip64=True)),
    "zip64, deflated": (".zip", lambda files: zipped(files, zipfile.ZIP_DEFLATED, zip64=True)),
    "descriptors": (".zip", zipped_to_a_pipe),
    "descriptors, stored": (".zip", lambda files: zipped_to_a_pipe(files, zipfile.ZIP_STORED)),
    "self-extractor": (".exe", lambda files: _SELF_EXTRACTOR + zipped(files)),
    "prefix": (".zip", lambda files: b"some text\n" + zipped(files, zipfile.ZIP_DEFLATED)),
    "tar": (".tar", tarred),
    "tar, GNU": (".tar", lambda files: tarred(files, form=tarfile.GNU_FORMAT)),
    "tar, ustar": (".tar", lambda files: tarred(files, form=tarfile.USTAR_FORMAT)),
    "tar.gz": (".tar.gz", lambda files: tarred(files, "w:gz")),
    "tgz": (".tgz", lambda files: in_two_streams(tarred(files))),
    "tar.bz2": (".tar.bz2", lambda files: tarred(files, "w:bz2")),
    "tar.xz": (".tar.xz", lambda files: tarred(files, "w:xz")),
}


def dicomdir(
    file_ids: Sequence[Sequence[str] | str | None], *, in_use: Sequence[int] = ()
) -> bytes:
    """Encode a DICOMDIR with one record a file (PS3.3 §F.3).

    Args:
        file_ids: The components of each Referenced File ID; `None` for a record without a file.
        in_use: Record In-use Flag of each; 0xFFFF by default.
    """
    flags = [*in_use, *[0xFFFF] * (len(file_ids) - len(in_use))]
    records = []
    for file_id, flag in zip(file_ids, flags, strict=True):
        record = [
            Element(0x00041400, "UL", 0),
            Element(0x00041410, "US", flag),
            Element(0x00041420, "UL", 0),
            Element(0x00041430, "CS", "PATIENT" if file_id is None else "IMAGE"),
        ]
        if file_id is not None:
            record.append(Element(0x00041500, "CS", file_id))
        records.append(record)
    elements = [
        Element(0x00041130, "CS", "SET"),
        Element(0x00041200, "UL", 0),
        Element(0x00041202, "UL", 0),
        Element(0x00041212, "US", 0),
        Element(0x00041220, "SQ", Items(records)),
    ]
    return file_bytes(elements, meta=file_meta(EXPLICIT_LITTLE, MEDIA_STORAGE_DIRECTORY))


def write(path: Path, data: bytes) -> Path:
    """Write a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
