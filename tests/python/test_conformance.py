"""The table of pydicom's public names is current and gives a reason for each missing name."""

import pytest

from data_paths import REPOSITORY
from module_loading import load_module

TOOL = REPOSITORY / "tools" / "conformance.py"


@pytest.fixture(scope="module")
def conformance():
    return load_module(TOOL, "conformance")


def test_table_is_up_to_date(conformance):
    expected = conformance.TABLE.read_text(encoding="utf-8")
    assert conformance.table() == expected, "run python tools/conformance.py"


def test_what_differs_is_a_name_of_pydicom(conformance):
    table = conformance.table()
    for name in conformance.DIFFERS:
        shown = (
            ".".join(name.split(".")[-2:])
            if name.split(".")[-2][0].isupper()
            else name.split(".")[-1]
        )
        assert f"| `{shown}` | differs |" in table, name


def test_missing_functions_name_their_replacement():
    import rapidicom as rd

    for refuse in (
        rd.Dataset().compress,
        rd.Dataset().set_pixel_data,
    ):
        with pytest.raises(NotImplementedError, match=r"to_pydicom\(\)"):
            refuse("file.dcm")
