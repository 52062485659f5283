"""Make `pydicom.X` mean `rapidicom.X`, for pydicom's own tests.

A module of pydicom that Rapidicom has too becomes a stand-in whose names are Rapidicom's. A name
that Rapidicom does not have becomes a class that raises when it is used, so that a test of it fails
and its neighbours run. The modules in `TOOLS` stay pydicom's: tests find their files with them, or
build their input.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

# What tests take their input from. None of it reads a data set.
TOOLS = (
    "pydicom.data",
    "pydicom.encoders",
    "pydicom.env_info",
    "pydicom.examples",
    "pydicom.filebase",
    "pydicom.fileutil",
    "pydicom.filewriter",
    "pydicom.hooks",
    "pydicom.pixel_data_handlers",
    "pydicom.pixels.encoders",
    "pydicom.sr",
    "pydicom.util",
    "pydicom.cli",
)

NO_TOOLS = ("pydicom.pixel_data_handlers.util",)

# Names of modules that Rapidicom has, which tests build their input with.
TOOL_NAMES = {
    "pydicom": ("dcmwrite", "__version_info__", "__dicom_version__", "__concepts_version__"),
    "pydicom.encaps": ("encapsulate", "encapsulate_extended", "fragment_frame", "itemize_frame"),
    "pydicom.uid": ("generate_uid",),
}

# pydicom's packages, and the one module of ours that has their names.
SAME_AS = {
    "pydicom.overlays.numpy_handler": ("rapidicom.overlays",),
    "pydicom.waveforms.numpy_handler": ("rapidicom.waveforms",),
}

# The folder in the paths of files that pydicom would download.
MISSING_FILES = "/not-among-the-files-that-come-with-pydicom"


class NotOffered(Exception):
    """A test has used what Rapidicom does not have."""


class _MissingClass(type):
    """Raises when something is done with the name, but lets tests that mention it be collected."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        raise NotOffered(f"{cls.__qualname__} is not offered")

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return missing(f"{cls.__qualname__}.{name}")

    def __iter__(cls) -> Any:
        return iter(())

    def __getitem__(cls, key: Any) -> Any:
        return missing(f"{cls.__qualname__}[{key!r}]")

    def __setitem__(cls, key: Any, value: Any) -> None:
        raise NotOffered(f"{cls.__qualname__} is not offered")


def missing(name: str) -> Any:
    """Return what stands for a name that Rapidicom does not have."""
    return _MissingClass(name, (), {"__qualname__": name, "_is_missing": True})


class Substitute(ModuleType):
    """A module of pydicom with the names of one of Rapidicom's."""

    def __init__(self, name: str, real: ModuleType, ours: list[ModuleType]) -> None:
        super().__init__(name, real.__doc__)
        self.__dict__.update(__file__=real.__file__, __spec__=real.__spec__, _real=real, _ours=ours)
        if hasattr(real, "__path__"):
            self.__dict__["__path__"] = real.__path__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        for module in self._ours:
            if hasattr(module, name):
                return getattr(module, name)
        real = getattr(self._real, name)
        if name in TOOL_NAMES.get(self.__name__, ()):
            return real
        if isinstance(real, ModuleType):
            return sys.modules.get(real.__name__, real)
        if not getattr(real, "__module__", "pydicom").startswith("pydicom"):
            return real  # something of the standard library that the module has imported
        if isinstance(real, bool):
            return real  # whether NumPy or a plugin is installed
        return missing(f"{self.__name__}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        # A setting is to reach the module that has it.
        for module in self.__dict__.get("_ours", ()):
            if (
                not name.startswith("_")
                and hasattr(module, name)
                and not isinstance(value, ModuleType)
            ):
                setattr(module, name, value)
                return
        super().__setattr__(name, value)


def install() -> None:
    """Put the stand-ins in the place of pydicom's modules."""
    import pydicom
    from pydicom.data import data_manager

    data_manager.data_path_with_download = _refuse_download
    # A test whose file is not there fails for that reason and no other.
    data_manager._get_testdata_file = _or_missing_file(data_manager._get_testdata_file)
    for module in pkgutil.walk_packages(pydicom.__path__, "pydicom."):
        if not module.name.startswith("pydicom.sr._") and "test_files" not in module.name:
            try:
                importlib.import_module(module.name)
            except ImportError:  # of a library that is not installed
                continue
    real = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "pydicom"}
    for name, module in real.items():
        if not _is_tool(name):
            sys.modules[name] = Substitute(name, module, _ours(name))
    for name in real:
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, sys.modules[name])


def _or_missing_file(find: Any) -> Any:
    folder = os.environ.get("PYDICOM_SUITE_DATA")
    others = {path.name: str(path) for path in Path(folder).rglob("*")} if folder else {}

    def find_or_name(name: str, *arguments: Any, **keywords: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return (
                find(name, *arguments, **keywords) or others.get(name) or f"{MISSING_FILES}/{name}"
            )

    return find_or_name


def _is_tool(name: str) -> bool:
    return name not in NO_TOOLS and any(
        name == tool or name.startswith(f"{tool}.") for tool in TOOLS
    )


def _refuse_download(filename: str, *_arguments: Any, **_keywords: Any) -> Any:
    raise OSError(
        f"{filename} is not among the files that come with pydicom, and nothing is downloaded here"
    )


def _ours(name: str) -> list[ModuleType]:
    modules = SAME_AS.get(name, (name.replace("pydicom", "rapidicom", 1),))
    # A module that we do not have has no names that we have.
    return [importlib.import_module(module) for module in modules if _exists(module)]


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
