"""Pixels of a data set: the part of `Dataset` that calls `rapidicom.pixels`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rapidicom import _core
from rapidicom._common.settings import check_handlers, refuse_syntax

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["PixelAccess"]


_NATIVE = frozenset(
    ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
)
_JPEG_LS = frozenset(("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"))

# The Transfer Syntaxes that pydicom's older readers take; `None` for all compressed ones.
_HANDLERS = {
    "gdcm": None,
    "jpeg_ls": _JPEG_LS,
    "numpy": _NATIVE,
    "pillow": None,
    "pylibjpeg": None,
    "rle": frozenset(("1.2.840.10008.1.2.5",)),
}


class PixelAccess(_core.Dataset):
    """The pixels of a data set. `rapidicom.pixels` is imported when they are first needed."""

    @property
    def pixel_array(self) -> npt.NDArray[Any]:
        """The pixels of all frames, as the attributes describe them now.

        See `rapidicom.pixel_array` for shape, type and errors. Each access returns the same array,
        which the data set keeps in memory, so changes to it last until an element that describes
        the pixels changes. `rapidicom.pixel_array(ds)` reads the pixels anew and keeps nothing.

        Examples:
            >>> ds = rd.dcmread("tests/data/brain-mr/0001.dcm")
            >>> ds.pixel_array.shape, ds.pixel_array.dtype.name
            ((80, 80), 'int16')
        """
        from rapidicom.pixels.reading import kept_pixel_array

        if "_uses_handlers" in self.__dict__:
            check_handlers(self.file_meta.TransferSyntaxUID)
        return kept_pixel_array(self, **self.__dict__.get("_pixel_array_options", {}))

    @property
    def _pixel_array(self) -> npt.NDArray[Any] | None:
        """What `pixel_array` has kept, or `None`: programs ask pydicom's data sets for it."""
        kept = _core.PixelReader.of(self).kept
        return None if kept is None else cast("npt.NDArray[Any]", kept[1])

    @_pixel_array.setter
    def _pixel_array(self, array: npt.NDArray[Any] | None) -> None:
        options = self.__dict__.get("_pixel_array_options", {})
        _core.PixelReader.of(self).kept = None if array is None else (options, array)

    def pixel_array_options(
        self,
        *,
        index: int | None = None,
        raw: bool = False,
        use_v2_backend: bool = False,
        decoding_plugin: str = "",
        **options: Any,
    ) -> None:
        """Choose the options of `pixel_array` from now on.

        Args:
            index: As for `rapidicom.pixel_array`.
            raw: As for `rapidicom.pixel_array`.
            use_v2_backend: Whether to leave YBR as it is, as pydicom's older readers do, and to
                refuse what none of `config.pixel_data_handlers` takes, if a program has set them.
            decoding_plugin: Ignored: the decoders are built in.
            options: As for `rapidicom.pixel_array`.
        """
        del decoding_plugin
        is_raw = raw or use_v2_backend
        self.__dict__.pop("_uses_handlers", None)
        if use_v2_backend:
            self.__dict__["_uses_handlers"] = True
        self.__dict__["_pixel_array_options"] = {"index": index, "raw": is_raw, **options}

    def convert_pixel_data(self, handler_name: str = "") -> None:
        """Read `pixel_array` now, for code that wants to know whether it can be read.

        Args:
            handler_name: One of pydicom's older readers; the decoders are built in, but what it
                does not take is refused.

        Raises:
            ValueError: The name is none of theirs.
            UnsupportedError: That reader takes no pixels of this Transfer Syntax.
        """
        self._check_handler(handler_name)
        self.pixel_array  # noqa: B018  # kept from now on

    def decompress(
        self,
        handler_name: str = "",
        *,
        as_rgb: bool = True,
        generate_instance_uid: bool = True,
        decoding_plugin: str = "",
        **options: Any,
    ) -> None:
        """Replace compressed pixels with native ones, in memory: see `rapidicom.pixels.decompress`.

        Args:
            handler_name: As for `convert_pixel_data`.
            as_rgb: As there.
            generate_instance_uid: As there.
            decoding_plugin: Ignored: the decoders are built in.
            options: As there.
        """
        from rapidicom.pixels import decompress

        del decoding_plugin
        self._check_handler(handler_name)
        uid = generate_instance_uid
        decompress(self, as_rgb=as_rgb, generate_instance_uid=uid, **options)

    def _check_handler(self, name: str) -> None:
        """Refuse what pydicom's older reader of this name would."""
        if not name:
            return
        if name not in _HANDLERS:
            raise ValueError(f"{name!r} is not a known handler name")
        syntax = self.file_meta.TransferSyntaxUID
        taken = _HANDLERS[name]
        if not (syntax.is_compressed if taken is None else syntax in taken):
            refuse_syntax(syntax)

    def frame_bytes(self, index: int) -> bytes:
        """Read the bytes of one frame as stored: still compressed if the image is encapsulated.

        The fragments of the frame are joined. The Extended or the Basic Offset Table locates them
        or, where these are absent or wrong, the fragments themselves do (PS3.5 §A.4).

        Args:
            index: The frame, from 0.

        Raises:
            AttributeError: The data set has no pixels.
            InvalidDicomError: The fragments cannot be assigned to frames, or items are damaged.
            ValueError: No frame has this index, or frames are not of whole bytes.
            OSError: The file has been deleted or changed, or cannot be read.

        Examples:
            >>> ds = rd.dcmread("tests/data/files/sm_image.dcm")
            >>> len(ds.frame_bytes(0)), ds.Rows * ds.Columns * ds.SamplesPerPixel
            (300, 300)
        """
        from rapidicom.pixels import frame_bytes

        return frame_bytes(self, index)

    def video_stream(self) -> memoryview:
        """Return the stream of MPEG-2, MPEG-4 or HEVC video, for a program that decodes it.

        With PyAV: `av.open(io.BytesIO(ds.video_stream()))`. Bytes that are in memory as one
        fragment are not copied.

        Returns:
            A read-only view of the bytes of all fragments, joined.

        Raises:
            AttributeError: The data set has no pixels.
            UnsupportedError: The pixels are native.
            OSError: The file has been deleted or changed, or cannot be read.
        """
        from rapidicom.pixels import video_stream

        return video_stream(self)
