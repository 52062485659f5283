"""pydicom's `dcmread` replaced by ours, for programs that cannot be edited.

Programs do not only ask for attributes, but whether an object is an instance of pydicom's classes.
While the patch is on, our classes have a base that says so (`pydicom_claims`). There is still one
`Dataset`, which reads as lazily and as fast as ever, and copies and pickles to itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pydicom.errors
import pydicom.filereader
import pydicom.filewriter
import pydicom.multival

from rapidicom._common.errors import InvalidDicomError
from rapidicom._dataset.dataset import Dataset
from rapidicom._dataset.file_reading import dcmread
from rapidicom._values.multi_value import MultiValueType
from rapidicom.integrations.pydicom_claims import CLAIMS

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Patch", "patch", "unpatch"]

# This one needs both; pydicom's file sets write the files that they read; and highdicom turns what
# it reads itself into instances of its own classes, which only objects of pydicom can become.
_LEFT_ALONE = re.compile(rf"({re.escape(__name__)}|pydicom\.fileset|highdicom\b.*)$")

# The names under which modules import these functions. Under another name somebody keeps pydicom's
# on purpose.
_NAMES = ("dcmread", "read_file", "dcmwrite", "write_file")


class Patch:
    """The result of `patch`: as a context manager, it takes the patch back at the end."""

    def __init__(self, plain_calls_taken_back: int) -> None:
        """Note when it was made.

        Args:
            plain_calls_taken_back: How often `unpatch` had been called by then.
        """
        self._made_at = plain_calls_taken_back
        self._is_plain = True

    def __enter__(self) -> None:
        _STATE.enter(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _STATE.leave()


def patch() -> Patch:
    """Make `pydicom.dcmread` ours, in the whole process, until `unpatch` or the block's end.

    - `dcmread` is replaced in every module that has a global name `dcmread` or `read_file` for it,
      also where it was imported before. Under another name, as a function's default, or in an
      object, it stays pydicom's; so it does in `pydicom.fileset`, which writes what it reads, and
      in highdicom, which turns what it reads into objects of its own classes.
    - While the patch is on, our data sets, elements, sequences and values pass `isinstance` for
      pydicom's classes, and `pydicom.pixels` and other functions that check for these accept them.
      `type(ds)` is ours; only `type(value) == pydicom.multival.MultiValue`, which programs write,
      holds too.
    - `except pydicom.errors.InvalidDicomError` catches ours.
    - Pixel functions of pydicom decode with its decoders; `pydicom_decoders.register()` adds our
      codecs.
    - `pydicom.dcmwrite` takes our data sets, by way of `to_pydicom()`. Their own `save_as`,
      `compress` and the like raise `UnsupportedError`, which names `to_pydicom()`.
    - Elements and File Meta Information of pydicom that are put into a data set of ours are copied.
      Items and sequences are not copied: later changes to them are seen.
    - What only writing needs (`preamble`, `is_little_endian`, `is_implicit_VR`) can be set to what
      holds, and nothing of ours becomes an instance of another class (`ds.__class__ = ...`, as in
      highdicom's `from_dataset`): `UnsupportedError` names `to_pydicom()`.

    It may be called again while it is on, and from several threads: it ends when every `with` block
    has ended, and `unpatch` was called if there were calls without `with`.

    Returns:
        A context manager: `with patch(): ...`.

    Examples:
        >>> import pydicom
        >>> from rapidicom.integrations.pydicom_patch import patch
        >>> with patch():
        ...     ds = pydicom.dcmread("tests/data/files/CT_small.dcm")
        ...     type(ds).__module__, isinstance(ds, pydicom.Dataset)
        ('rapidicom.dataset', True)
    """
    return _STATE.add()


def unpatch() -> None:
    """Take back every `patch` that was called without `with`.

    Data sets that were read meanwhile stay as they are, and are ours alone again.
    """
    _STATE.take_back()


class _State:
    """The calls and blocks that keep the patch on."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._plain = 0
        self._blocks = 0
        self._taken_back = 0
        self._is_on = False

    def add(self) -> Patch:
        with self._lock:
            self._plain += 1
            self._update()
            return Patch(self._taken_back)

    def enter(self, one: Patch) -> None:
        with self._lock:
            # So far, the call has counted as one without `with`.
            if one._is_plain and one._made_at == self._taken_back:
                self._plain -= 1
            one._is_plain = False
            self._blocks += 1
            self._update()

    def leave(self) -> None:
        with self._lock:
            self._blocks -= 1
            self._update()

    def take_back(self) -> None:
        with self._lock:
            self._plain = 0
            self._taken_back += 1
            self._update()

    def _update(self) -> None:
        wanted = self._plain > 0 or self._blocks > 0
        if wanted == self._is_on:
            return
        for theirs, ours in _FUNCTIONS:
            if wanted:
                _replace_everywhere(theirs, ours)
            else:
                _replace_everywhere(ours, theirs)
        for cls, claim in CLAIMS:
            if wanted:
                cls.__bases__ = (claim, *cls.__bases__)
            else:
                cls.__bases__ = tuple(base for base in cls.__bases__ if base is not claim)
        # `except` looks at the exception's type alone, so this base has to be a real one.
        theirs_error = pydicom.errors.InvalidDicomError
        bases = tuple(base for base in InvalidDicomError.__bases__ if base is not theirs_error)
        InvalidDicomError.__bases__ = (*bases, theirs_error) if wanted else bases
        MultiValueType.stands_for = pydicom.multival.MultiValue if wanted else None
        self._is_on = wanted


def _replace_everywhere(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    for module in list(sys.modules.values()):
        if not isinstance(module, ModuleType) or _LEFT_ALONE.match(getattr(module, "__name__", "")):
            continue
        # The dictionary, not `getattr`: modules may load what they are asked for.
        names = vars(module)
        for name in _NAMES:
            if names.get(name) is old:
                names[name] = new


# The functions that replace pydicom's.


def _dcmread(
    fp: Any,
    defer_size: str | int | float | None = None,
    stop_before_pixels: bool = False,
    force: bool = False,
    specific_tags: list[Any] | None = None,
) -> Dataset:
    """Read a file with `rapidicom.dcmread`: replaces `pydicom.dcmread` while it is patched."""
    return dcmread(
        fp,
        stop_before_pixels=stop_before_pixels,
        force=force,
        specific_tags=specific_tags,
        defer_size=defer_size,
    )


_pydicom_dcmwrite = pydicom.filewriter.dcmwrite


def _dcmwrite(filename: Any, dataset: Any, *arguments: Any, **keywords: Any) -> None:
    """Write a data set with pydicom: replaces `pydicom.dcmwrite` while it is patched."""
    written = dataset.to_pydicom() if isinstance(dataset, Dataset) else dataset
    _pydicom_dcmwrite(filename, written, *arguments, **keywords)


_FUNCTIONS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (pydicom.filereader.dcmread, _dcmread),
    (_pydicom_dcmwrite, _dcmwrite),
]


_STATE = _State()
