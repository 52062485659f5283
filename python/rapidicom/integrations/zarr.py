"""Volumes in stores of zarr."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

from rapidicom._common.extras import missing

try:
    import zarr  # noqa: F401
except ImportError as error:
    raise missing("zarr", "to_zarr") from error

if TYPE_CHECKING:
    import xarray

__all__ = ["to_zarr"]

# The name of the array beside its coordinates.
_NAME = "image"


def to_zarr(
    named: xarray.DataArray, store: Any, mode: Literal["w", "w-"], zarr_format: Literal[2, 3] | None
) -> None:
    """Write an array with its coordinates and attributes, as `xarray.open_dataarray` reads them.

    Args:
        named: The array; one of dask is written chunk by chunk, a chunk of zarr each.
        store: A path, or a store of zarr.
        mode: `"w"` replaces what is there, `"w-"` raises.
        zarr_format: The version of the format; `None` for that of the installed zarr.
    """
    options: dict[str, Any] = {} if zarr_format is None else {"zarr_format": zarr_format}
    with warnings.catch_warnings():
        # Version 3 of the format does not define what xarray writes so that it opens fast.
        warnings.filterwarnings("ignore", message="Consolidated metadata")
        named.rename(_NAME).to_zarr(store, mode=mode, **options)
