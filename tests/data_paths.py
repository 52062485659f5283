"""Where the files that tests read are: in this repository, and the reference data beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = REPOSITORY / "tests" / "data"
FILES = DATA / "files"
BRAIN_MR = DATA / "brain-mr"
CT_SMALL = FILES / "CT_small.dcm"
DROP_IN_PROGRAMS = sorted((REPOSITORY / "tests" / "python" / "dropin").glob("*.py"))

REFERENCE_DATA = Path(
    os.environ.get("RAPIDICOM_SHARED_DATA", REPOSITORY.parent / "shared" / "data")
)
needs_reference_data = pytest.mark.skipif(
    not REFERENCE_DATA.is_dir(), reason=f"no reference data at {REFERENCE_DATA}"
)

# Folders of the reference data, relative to it.
PYDICOM_FILES = "pydicom__pydicom/src/pydicom/data/test_files"
DICOM2NIFTI = "icometrix__dicom2nifti/tests/data"
