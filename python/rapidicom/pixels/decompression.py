"""Decompression of the pixels of a data set in memory; no file is written."""

from __future__ import annotations

from typing import Any, TypeVar

from rapidicom._core import Dataset
from rapidicom._values.uid import ExplicitVRLittleEndian, generate_uid
from rapidicom.pixels.decoders.base import get_decoder
from rapidicom.pixels.native import pack_bits

__all__ = ["decompress"]

D = TypeVar("D", bound=Dataset)

# PS3.5 §7.1.2: a Value Length has 32 bits, and all ones mean undefined.
_MOST_BYTES = 2**32 - 2


def decompress(
    ds: D,
    *,
    as_rgb: bool = True,
    generate_instance_uid: bool = True,
    decoding_plugin: str = "",
    **options: Any,
) -> D:
    """Replace compressed Pixel Data with native, and update the attributes that describe it.

    Args:
        ds: The data set. Its Transfer Syntax becomes Explicit VR Little Endian.
        as_rgb: Whether YBR_FULL and YBR_FULL_422 become RGB.
        generate_instance_uid: Whether to make a new SOP Instance UID, as it becomes another
            instance.
        decoding_plugin: Ignored: the decoders are built in.
        options: As for `Decoder.as_array`; all frames are decoded in any case.

    Returns:
        `ds`.

    Raises:
        AttributeError: Pixel Data or Transfer Syntax UID is missing.
        ValueError: The pixels are native already, or too many for one element.
        InvalidDicomError: As `pixel_array`.
        UnsupportedError: As `pixel_array`.
    """
    del decoding_plugin
    if "PixelData" not in ds:
        raise AttributeError("no (7FE0,0010) Pixel Data to decompress")
    meta = getattr(ds, "file_meta", None)
    uid = None if meta is None else meta.get("TransferSyntaxUID")
    if meta is None or not uid:
        raise AttributeError(
            "no (0002,0010) Transfer Syntax UID, which says how the pixels are compressed"
        )
    if not uid.is_compressed:
        raise ValueError("the pixels are native already")
    options.pop("index", None)
    array, described = get_decoder(uid).as_array(ds, as_rgb=as_rgb, **options)
    if array.nbytes > _MOST_BYTES:
        raise ValueError(f"native pixels of {array.nbytes} bytes are too many for one element")
    data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    if described["bits_allocated"] == 1:
        data = pack_bits(array)
    element = ds["PixelData"]
    ds.add_new(element.tag, "OB" if ds.BitsAllocated <= 8 else "OW", data + b"\0" * (len(data) % 2))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    _describe(ds, described, generate_uid() if generate_instance_uid else None)
    return ds


def _describe(ds: Any, described: dict[str, Any], instance_uid: str | None) -> None:
    """Set the attributes that describe native pixels."""
    if instance_uid is not None:
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = instance_uid
    ds.PhotometricInterpretation = described["photometric_interpretation"]
    if described["samples_per_pixel"] != 1:
        ds.PlanarConfiguration = described["planar_configuration"]
    if "NumberOfFrames" in ds or described["number_of_frames"] != 1:
        ds.NumberOfFrames = described["number_of_frames"]
    # They locate compressed frames.
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in ds:
            del ds[keyword]
