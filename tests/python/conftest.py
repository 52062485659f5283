"""What several test files share: fixtures, and assertions in helpers that explain themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import servers
from pacs_builder import Pacs

pytest.register_assert_rewrite("comparison", "diffusion_tables", "nifti_references")


@pytest.fixture
def patched() -> Iterator[None]:
    """Let pydicom read with Rapidicom during a test."""
    from rapidicom.integrations.pydicom import patch, unpatch

    with patch():
        yield
    unpatch()


@pytest.fixture(scope="session")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    """Run an Orthanc that has some series for the tests of a session."""
    if why_not := servers.orthanc_missing():
        pytest.skip(why_not)
    folder = tmp_path_factory.mktemp("orthanc")
    with servers.orthanc(folder) as server:
        found = Pacs(server, tmp_path_factory.mktemp("stored"))
        server.upload(path for one in found.series.values() for path in one)
        yield found
