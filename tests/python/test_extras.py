"""A library that is not installed: the error names the extra that installs it."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib

import pytest

from data_paths import REPOSITORY
from rapidicom._common import extras


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [
        ("rapidicom.integrations.dicomweb", "dicomweb_client", "dicomweb"),
        ("rapidicom.integrations.dimse", "pynetdicom", "dimse"),
        ("rapidicom.integrations.torch", "torch", "torch"),
        ("rapidicom.integrations.dask", "dask", "dask"),
        ("rapidicom.integrations.xarray", "xarray", "dask"),
        ("rapidicom.integrations.zarr", "zarr", "zarr"),
        ("rapidicom.integrations.monai", "monai", "monai"),
        ("rapidicom.integrations.ray", "ray", "ray"),
    ],
)
def test_an_integration_names_its_extra(
    module: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.startswith((f"{library}.", module)):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf'pip install "rapidicom\[{extra}\]"') as caught:
        importlib.import_module(module)
    assert caught.value.name == library


def test_every_extra_is_in_pyproject() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"]["optional-dependencies"]
    for library, extra in extras._EXTRAS.items():
        names = [re.split(r"[\[>]", requirement)[0] for requirement in declared[extra]]
        package = extras._PACKAGES.get(library, library.replace("_", "-"))
        assert package in names, library
