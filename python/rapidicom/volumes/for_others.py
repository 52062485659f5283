"""What volumes and labels are to other libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from rapidicom._common.extras import required

if TYPE_CHECKING:
    import nibabel
    import SimpleITK
    import torch
    import xarray

    from rapidicom._common.grid import Grid

__all__ = ["ForOthers"]


class ForOthers:
    """An array with its geometry, as other libraries have it."""

    __slots__ = ()

    def to_nibabel(self: Grid) -> nibabel.Nifti1Image:
        """Return a NIfTI image for nibabel, axes (column, row, slice), RAS; nothing is copied."""
        required("nibabel", "to_nibabel()")
        from rapidicom.integrations.nibabel import to_nibabel

        return to_nibabel(self)

    def to_sitk(self: Grid) -> SimpleITK.Image:
        """Return an image for SimpleITK, with a copy of the array.

        Raises:
            ValueError: The stack is tilted: an ITK image has perpendicular axes.
        """
        required("SimpleITK", "to_sitk()")
        from rapidicom.integrations.sitk import to_sitk

        return to_sitk(self)

    def to_torch(self: Grid) -> torch.Tensor:
        """Return a torch tensor that shares the array's memory.

        Raises:
            ImportError: torch is not installed; the message names the extra that installs it.
        """
        required("torch", "to_torch()")
        from rapidicom.integrations.torch_tensors import to_torch

        return to_torch(self)

    def to_xarray(self: Grid) -> xarray.DataArray:
        """Return an xarray with named axes; coordinates are mm from the first voxel."""
        required("xarray", "to_xarray()")
        from rapidicom.integrations.xarray import to_xarray

        return to_xarray(self)

    def to_zarr(
        self: Grid,
        store: Any,
        *,
        mode: Literal["w", "w-"] = "w-",
        zarr_format: Literal[2, 3] | None = None,
    ) -> None:
        """Write the array of `to_xarray` to a store of zarr, under the name `image`.

        `Series.to_zarr` writes a volume that does not fit in memory.

        Args:
            store: A path, or a store of zarr.
            mode: `"w-"` raises if the store has something, `"w"` replaces it.
            zarr_format: The version of the format; `None` for that of the installed zarr.
        """
        from rapidicom.integrations.xarray import to_xarray
        from rapidicom.integrations.zarr import to_zarr

        to_zarr(to_xarray(self), store, mode, zarr_format)
