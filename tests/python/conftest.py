"""What several test files share: fixtures, and assertions in helpers that explain themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("comparison", "diffusion_tables", "nifti_references")


@pytest.fixture
def patched() -> Iterator[None]:
    """Let pydicom read with Rapidicom during a test."""
    from rapidicom.integrations.pydicom import patch, unpatch

    with patch():
        yield
    unpatch()
