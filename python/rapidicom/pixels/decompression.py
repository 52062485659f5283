"""Compressed pixels made native, in memory: nothing is written to a file."""

from __future__ import annotations

from typing import Any, TypeVar

from rapidicom._core import Dataset
from rapidicom._values.uid import ExplicitVRLittleEndian, generate_uid
from rapidicom.pixels.decoders.base import get_decoder
from rapidicom.pixels.native import pack_bits

__all__ = ["decompress"]

D = TypeVar("D", bound=Dataset)

# PS3.5 §7.1.2: a Value Length of 32 bits, and all ones mean something else.
_MOST_BYTES = 2**32 - 2


def decompress(
    ds: D,
    *,
    as_rgb: bool = True,
    generate_instance_uid: bool = True,
    decoding_plugin: str = "",
    **options: Any,
) -> D:
    """Replace compressed Pixel Data by native ones, and change what describes them.

    Args:
        ds: The data set. Its Transfer Syntax becomes Explicit VR Little Endian.
        as_rgb: Whether YBR_FULL and YBR_FULL_422 become RGB.
        generate_instance_uid: Whether it gets another SOP Instance UID, as it is another instance.
        decoding_plugin: Taken for pydicom's sake: what decodes is built in.
        options: As for `Decoder.as_array`; all frames are decoded in any case.

    Returns:
        `ds`.

    Raises:
        AttributeError: There is no Pixel Data, or no Transfer Syntax UID.
        ValueError: The pixels are native already, or too many for one element.
        InvalidDicomError: As `pixel_array`.
        UnsupportedError: As `pixel_array`.
    """
    del decoding_plugin
    if "PixelData" not in ds:
        raise AttributeError("there is no (7FE0,0010) Pixel Data to decompress")
    meta = getattr(ds, "file_meta", None)
    uid = None if meta is None else meta.get("TransferSyntaxUID")
    if meta is None or not uid:
        raise AttributeError(
            "there is no (0002,0010) Transfer Syntax UID, which says how pixels are compressed"
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
    if generate_instance_uid:
        ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.PhotometricInterpretation = described["photometric_interpretation"]
    if described["samples_per_pixel"] != 1:
        ds.PlanarConfiguration = described["planar_configuration"]
    if "NumberOfFrames" in ds or described["number_of_frames"] != 1:
        ds.NumberOfFrames = described["number_of_frames"]
    # They say where compressed frames are.
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in ds:
            del ds[keyword]
    return ds
