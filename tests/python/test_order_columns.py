"""The columns by which images join with orders: what is in images and in their requests."""

from __future__ import annotations

from pathlib import Path

import rapidicom as rd
from builder import Element, Items, write_image


def test_every_column_is_one_of_the_standard(tmp_path: Path) -> None:
    table = rd.scan([], rd.ORDER_COLUMNS)
    assert table.columns == ["path", *rd.ORDER_COLUMNS]
    assert len(set(rd.ORDER_COLUMNS)) == len(rd.ORDER_COLUMNS)
    # All of them lead to a patient.
    assert set(table.identifying) >= {
        name for name in rd.ORDER_COLUMNS if name.endswith(("Number", "ID", "UID"))
    } - {name for name in rd.ORDER_COLUMNS if "Issuer" in name or "EntityID" in name}


def test_requests_are_read_from_images_and_their_sequences(tmp_path: Path) -> None:
    request = [
        Element(0x00080050, "SH", "ACC-2"),
        Element(0x00400009, "SH", "SPS-9"),
        Element(0x00401001, "SH", "RP-5"),
    ]
    referenced = [
        Element(0x00080050, "SH", "ACC-3"),
        Element(0x00401001, "SH", "RP-6"),
        Element(0x00402016, "LO", "PL-77"),
        Element(0x00402017, "LO", "FI-1001"),
    ]
    write_image(
        tmp_path / "0",
        Element(0x00080050, "SH", "ACC-1"),
        Element(0x00080051, "SQ", Items([[Element(0x00400031, "UT", "RIS")]])),
        Element(0x00100020, "LO", "4711"),
        Element(0x00100021, "LO", "HOSPITAL"),
        Element(0x00380010, "LO", "V-1"),
        Element(0x00400275, "SQ", Items([request])),
        Element(0x00402016, "LO", "PL-1"),
        Element(0x00402017, "LO", "FI-1"),
        Element(0x0040A370, "SQ", Items([referenced])),
    )
    (row,) = rd.scan(tmp_path, rd.ORDER_COLUMNS).to_dicts()
    expected = {
        "PatientID": "4711",
        "IssuerOfPatientID": "HOSPITAL",
        "AdmissionID": "V-1",
        "AccessionNumber": "ACC-1",
        "IssuerOfAccessionNumberSequence.LocalNamespaceEntityID": "RIS",
        "PlacerOrderNumberImagingServiceRequest": "PL-1",
        "FillerOrderNumberImagingServiceRequest": "FI-1",
        "RequestAttributesSequence.AccessionNumber": "ACC-2",
        "RequestAttributesSequence.RequestedProcedureID": "RP-5",
        "RequestAttributesSequence.ScheduledProcedureStepID": "SPS-9",
        "ReferencedRequestSequence.AccessionNumber": "ACC-3",
        "ReferencedRequestSequence.PlacerOrderNumberImagingServiceRequest": "PL-77",
        "ReferencedRequestSequence.FillerOrderNumberImagingServiceRequest": "FI-1001",
        "ReferencedRequestSequence.RequestedProcedureID": "RP-6",
    }
    assert {name: row[name] for name in expected} == expected
