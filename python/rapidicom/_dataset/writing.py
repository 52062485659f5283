"""What pydicom's data sets do besides reading: pydicom does it, or `Dataset` refuses it."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NoReturn

from rapidicom._common.extras import required
from rapidicom._common.not_offered import not_offered

__all__ = ["Writing", "dcmwrite", "validate_file_meta", "write_file_meta_info"]


def _pydicom() -> ModuleType:
    """Return the module that hands data sets to pydicom.

    Raises:
        ImportError: pydicom is not installed.
    """
    required("pydicom", "writing files")
    from rapidicom.integrations import pydicom_writing

    return pydicom_writing


def dcmwrite(
    filename: Any,
    dataset: Any,
    /,
    __write_like_original: bool | None = None,
    *,
    implicit_vr: bool | None = None,
    little_endian: bool | None = None,
    enforce_file_format: bool = False,
    force_encoding: bool = False,
    overwrite: bool = True,
    **keywords: Any,
) -> None:
    """Write a data set to a file by pydicom.

    What nobody has changed is written byte for byte, unless the encoding changes.

    Args:
        filename: A path, or a file object opened for writing bytes.
        dataset: The data set, of Rapidicom or of pydicom.
        __write_like_original: As for `Dataset.save_as`.
        implicit_vr: As for `Dataset.save_as`.
        little_endian: As for `Dataset.save_as`.
        enforce_file_format: As for `Dataset.save_as`.
        force_encoding: Whether `implicit_vr` and `little_endian` count although the Transfer Syntax
            UID says otherwise.
        overwrite: As for `Dataset.save_as`.
        keywords: As for `Dataset.save_as`.

    Raises:
        ImportError: pydicom is not installed.
        ValueError: The encoding is not known, or pydicom refuses a value.

    Examples:
        >>> import io
        >>> ds = rd.dcmread("tests/data/files/CT_small.dcm")
        >>> ds.PatientID = "anonymous"
        >>> file = io.BytesIO()
        >>> rd.dcmwrite(file, ds)
        >>> rd.dcmread(file.getvalue()).PatientID
        'anonymous'
    """
    _pydicom().dcmwrite(
        filename,
        dataset,
        __write_like_original,
        implicit_vr=implicit_vr,
        little_endian=little_endian,
        enforce_file_format=enforce_file_format,
        force_encoding=force_encoding,
        overwrite=overwrite,
        **keywords,
    )


def write_file_meta_info(fp: Any, file_meta: Any, enforce_standard: bool = True) -> None:
    """Write File Meta Information to a file object by pydicom.

    Args:
        fp: A file object opened for writing bytes.
        file_meta: The File Meta Information, of Rapidicom or of pydicom.
        enforce_standard: Whether to write preamble and prefix too, and what is required.

    Raises:
        ImportError: pydicom is not installed.
    """
    _pydicom().write_file_meta_info(fp, file_meta, enforce_standard)


def validate_file_meta(file_meta: Any, enforce_standard: bool = True) -> None:
    """Check File Meta Information by pydicom, and add what can be added.

    Args:
        file_meta: The File Meta Information, of Rapidicom or of pydicom.
        enforce_standard: Whether to add version and implementation, and to require the rest.

    Raises:
        AttributeError: A required element is missing.
        ImportError: pydicom is not installed.
        ValueError: It has an element of another group.
    """
    _pydicom().validate_file_meta(file_meta, enforce_standard)


class Writing:
    """Methods of pydicom's data sets that do more than read."""

    __slots__ = ()

    def save_as(
        self,
        filename: Any,
        /,
        __write_like_original: bool | None = None,
        *,
        implicit_vr: bool | None = None,
        little_endian: bool | None = None,
        enforce_file_format: bool = False,
        overwrite: bool = True,
        **keywords: Any,
    ) -> None:
        """Write the data set to a file by pydicom.

        What nobody has changed is written byte for byte, unless the encoding changes.

        Args:
            filename: A path, or a file object opened for writing bytes.
            __write_like_original: The opposite of `enforce_file_format`, deprecated in pydicom.
            implicit_vr: Whether elements are written without their VRs; as they were read, or as
                the Transfer Syntax UID says, by default.
            little_endian: The same of the order of bytes.
            enforce_file_format: Whether to write what a file must have (PS3.10 §7): preamble,
                prefix and File Meta Information.
            overwrite: Whether to replace a file of that name; `FileExistsError` otherwise.
            keywords: `write_like_original`, deprecated in pydicom.

        Raises:
            ImportError: pydicom is not installed.
            ValueError: The encoding is not known, or pydicom refuses a value.

        Examples:
            >>> import io
            >>> ds = rd.dcmread("tests/data/files/CT_small.dcm")
            >>> file = io.BytesIO()
            >>> ds.save_as(file)
            >>> with open("tests/data/files/CT_small.dcm", "rb") as original:
            ...     original.read() == file.getvalue()
            True
        """
        _pydicom().dcmwrite(
            filename,
            self,
            __write_like_original,
            implicit_vr=implicit_vr,
            little_endian=little_endian,
            enforce_file_format=enforce_file_format,
            overwrite=overwrite,
            **keywords,
        )

    def compress(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise `UnsupportedError`: `to_pydicom()` gives a data set that can be compressed."""
        not_offered("compress pixels", "ds.to_pydicom().compress(...) does")

    def set_pixel_data(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise `UnsupportedError`: `to_pydicom()` gives a data set that takes new pixels."""
        not_offered("describe new pixels", "ds.to_pydicom().set_pixel_data(...) does")

    def set_original_encoding(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise `UnsupportedError`: `to_pydicom()` gives a data set with another encoding."""
        not_offered(
            "choose how files are encoded", "ds.to_pydicom().set_original_encoding(...) does"
        )
