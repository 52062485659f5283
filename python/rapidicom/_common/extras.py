"""Libraries that some functions need: an extra installs them, `pip install "rapidicom[cache]"`.

This is the one place that words their absence.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

__all__ = ["missing", "required"]

# The extra of each library; `pyproject.toml` lists the same.
_EXTRAS: Final = {
    "tqdm": "progress",
    "nibabel": "nibabel",
    "pydicom": "pydicom",
    "pyarrow": "cache",
    "fsspec": "remote",
    "s3fs": "remote",
    "dicomweb_client": "dicomweb",
    "pynetdicom": "dimse",
    "scipy": "scipy",
    "torch": "torch",
    "monai": "monai",
    "ray": "ray",
    "dask": "dask",
    "xarray": "dask",
    "zarr": "zarr",
    "PIL": "image",
}

# Packages that are named otherwise than what they install.
_PACKAGES: Final = {"PIL": "pillow"}


def required(module: str, what: str) -> ModuleType:
    """Import a library, or a module of it, that is not always there.

    Args:
        module: Its name, such as `"tqdm.auto"`.
        what: What needs it: the start of the message.

    Raises:
        ImportError: It is not installed; the message names the extra that installs it, or the
            package where no extra does.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise missing(module, what) from error


def missing(module: str, what: str) -> ImportError:
    """Return the error that names the extra or the package of a library that is not installed.

    Args:
        module: The name of the library, or of a module of it.
        what: What needs it: the start of the message.
    """
    library = module.partition(".")[0]
    name = _PACKAGES.get(library, library.replace("_", "-"))
    extra = _EXTRAS.get(library)
    hint = f"pip install {name}" if extra is None else f'pip install "rapidicom[{extra}]"'
    return ImportError(f"{what} needs {name}: {hint}", name=library)
