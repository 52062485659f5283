"""The table of pydicom's public names is that of this version, and says why each is missing that is."""

import importlib.util
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "conformance.py"


@pytest.fixture(scope="module")
def conformance():
    spec = importlib.util.spec_from_file_location("conformance", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_is_up_to_date(conformance):
    expected = conformance.TABLE.read_text(encoding="utf-8")
    assert conformance.table() == expected, "run python tools/conformance.py"


def test_what_differs_is_a_name_of_pydicom(conformance):
    table = conformance.table()
    for name in conformance.DIFFERS:
        shown = ".".join(name.split(".")[-2:]) if name.split(".")[-2][0].isupper() else name.split(".")[-1]
        assert f"| `{shown}` | differs |" in table, name


def test_what_is_not_offered_says_where_it_is():
    import rapidicom as rd
    from rapidicom.filewriter import dcmwrite

    for refuse in (rd.Dataset().save_as, rd.Dataset().compress, rd.Dataset().set_pixel_data, dcmwrite):
        with pytest.raises(NotImplementedError, match=r"to_pydicom\(\)"):
            refuse("file.dcm")
