"""The examples of docs/sources.md that need servers, run against servers that are started here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from test_readme import SERVED, examples_of, run

from data_paths import REPOSITORY
from series_builder import Stack, series
from servers import orthanc, orthanc_missing, s3_server

PAGE = REPOSITORY / "docs" / "sources.md"


def examples_under(heading: str) -> list[str]:
    """Return the examples below a heading, up to the next of its level."""
    level = SERVED[heading]
    text = PAGE.read_text(encoding="utf-8")
    section = text.split(f"\n{level} {heading}\n", 1)[1]
    section = re.split(rf"^#{{1,{len(level)}}} ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return examples_of(section)


def check(heading: str, places: dict[str, str]) -> None:
    names: dict[str, Any] = {}
    checked = 0
    for example in examples_under(heading):
        for shown, here in places.items():
            assert shown in example
            example = example.replace(shown, here)
        checked += run(example, names, heading)
    assert checked > 0


def test_from_a_bucket(tmp_path: Path) -> None:
    s3fs = pytest.importorskip("s3fs")
    pytest.importorskip("moto")
    with s3_server() as (url, _):
        fs = s3fs.S3FileSystem(key="reader", secret="…", endpoint_url=url)
        fs.mkdir("images")
        for path in series(tmp_path, Stack(count=8)).paths:
            fs.pipe(f"images/ct/{path.name}", path.read_bytes())
        check("From a bucket", {"http://localhost:9000": url})


def test_from_a_pacs(tmp_path: Path) -> None:
    pytest.importorskip("dicomweb_client")
    pytest.importorskip("pynetdicom")
    if why_not := orthanc_missing():
        pytest.skip(why_not)
    (tmp_path / "orthanc").mkdir()
    with orthanc(tmp_path / "orthanc") as server:
        server.upload(series(tmp_path / "ct", Stack(count=8)).paths)
        check("By DICOMweb", {"http://localhost:8042/dicom-web": server.url})
        check("By DIMSE", {'"pacs.host", 4242': f'"127.0.0.1", {server.dicom_port}'})
