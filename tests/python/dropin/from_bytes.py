"""Read from memory: BytesIO, a ZIP member, no prefix, selected elements, and no DICOM."""

import io
import zipfile

from pydicom import dcmread
from pydicom.errors import InvalidDicomError


def run(data):
    content = (data / "files" / "CT_small.dcm").read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("a/b.dcm", content)
    with zipfile.ZipFile(archive) as reader, reader.open("a/b.dcm") as member:
        zipped = dcmread(io.BytesIO(member.read()))
    plain = dcmread(io.BytesIO(content))
    with open(data / "files" / "CT_small.dcm", "rb") as file:
        opened = dcmread(file, stop_before_pixels=True)
    some = dcmread(io.BytesIO(content), specific_tags=["PatientID", "Rows", (0x0008, 0x0060)])
    bare = dcmread(io.BytesIO(content[132:]), force=True)
    refused = []
    for damaged in (content[132:], b"", b"no DICOM at all" * 20):
        try:
            dcmread(io.BytesIO(damaged))
        except (InvalidDicomError, EOFError):
            refused.append(len(damaged))
    return (
        zipped.pixel_array,
        plain == zipped,
        "PixelData" in opened,
        [str(element.tag) for element in some],
        some.Rows,
        bare.PatientID == plain.PatientID,
        str(bare.PatientName),
        refused,
    )
