"""pydicom's `dcmread` replaced by ours, for programs that cannot be edited.

What programs get are pydicom's own data sets (`pydicom_reading`), so that whatever they, pydicom or
other libraries do with them works. Those that want our data sets in their place call
`rapidicom.dcmread`: while the patch is on, our classes have a base that passes them for pydicom's
(`pydicom_claims`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import update_wrapper
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pydicom.errors
import pydicom.filereader
import pydicom.filewriter
import pydicom.multival

from rapidicom._common.errors import InvalidDicomError
from rapidicom._values.multi_value import MultiValueType
from rapidicom.integrations.pydicom_claims import CLAIMS
from rapidicom.integrations.pydicom_processes import travel
from rapidicom.integrations.pydicom_reading import dcmread, replace_methods
from rapidicom.integrations.pydicom_writing import dcmwrite

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Patch", "patch", "unpatch"]

# These need both.
_LEFT_ALONE = re.compile(r"rapidicom\.integrations\.pydicom_\w+$")

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


def patch(*, as_pydicom: bool = False) -> Patch:
    """Make `pydicom.dcmread` ours, in the whole process, until `unpatch` or the block's end.

    What is read are instances of `pydicom.FileDataset`, with pydicom's elements, sequences and
    values: our reader parses the file, and decodes the values of attributes, and pixels. All else
    pydicom does itself, with the bytes that were read: it writes and compresses them, obeys its
    settings, and calls its hooks.

    - `dcmread` is replaced in every module that has a global name `dcmread` or `read_file` for it,
      also where it was imported before. Under another name, as a function's default, or in an
      object, it stays pydicom's.
    - Files that only pydicom's reader reads as asked (`pydicom.config.data_element_callback`,
      `replace_un_with_known_vr`, `assume_implicit_vr_switch`, `debugging`,
      `settings.infer_sq_for_un_vr`, `reading_validation_mode = RAISE`), it reads.
    - Damaged files raise `InvalidDicomError`, as in `rapidicom.dcmread`, where pydicom would return
      what it can make of them. `except pydicom.errors.InvalidDicomError` catches ours.
    - Pixel data, and values longer than 64 KB, stay in the file until they are used, and raise
      `OSError` if it has been deleted or changed by then.
    - `ds.pixel_array` decodes with our codecs as long as nothing was set that describes pixels.
      Other functions of pydicom decode with its own; `pydicom_decoders.register()` adds ours.
    - Processes that `multiprocessing` starts while the patch is on are patched too.
    - Data sets of `rapidicom.dcmread` pass `isinstance` for pydicom's classes, `pydicom.pixels` and
      `pydicom.dcmwrite` take them, and elements of pydicom that are put into them are copied.

    It may be called again while it is on, and from several threads: it ends when every `with` block
    has ended, and `unpatch` was called if there were calls without `with`.

    Args:
        as_pydicom: Whether data sets are instances of `pydicom.FileDataset` itself, not of a class
            derived from it that finds attributes sooner: `type(ds) is pydicom.FileDataset`. Reading
            a header and twenty attributes takes almost twice as long. While several patches are on,
            the last call decides.

    Returns:
        A context manager: `with patch(): ...`.

    Examples:
        >>> import pydicom
        >>> from rapidicom.integrations.pydicom_patch import patch
        >>> with patch():
        ...     ds = pydicom.dcmread("tests/data/files/CT_small.dcm")
        ...     type(ds).__module__, isinstance(ds, pydicom.Dataset)
        ('pydicom.dataset', True)
    """
    return _STATE.add(as_pydicom)


def unpatch() -> None:
    """Take back every `patch` that was called without `with`.

    Data sets that were read meanwhile stay as they are, and are ours alone again.
    """
    _STATE.take_back()


def _patch_here(as_pydicom: bool) -> None:
    """Do what `patch` does in a process that was started by a patched one."""
    patch(as_pydicom=as_pydicom)


class _State:
    """The calls and blocks that keep the patch on."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._plain = 0
        self._blocks = 0
        self._taken_back = 0
        self._is_on = False
        self.as_pydicom = False

    def add(self, as_pydicom: bool) -> Patch:
        with self._lock:
            self.as_pydicom = as_pydicom
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
        replace_methods(is_on=wanted)
        travel(_patch_here if wanted else None, self.as_pydicom)
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
) -> Any:
    """Read a file with our reader: replaces `pydicom.dcmread` while it is patched."""
    cls = pydicom.dataset.FileDataset if _STATE.as_pydicom else None
    return dcmread(fp, defer_size, stop_before_pixels, force, specific_tags, cls)


def _dcmwrite(filename: Any, dataset: Any, *arguments: Any, **keywords: Any) -> None:
    """Write a data set with pydicom: replaces `pydicom.dcmwrite` while it is patched."""
    dcmwrite(filename, dataset, *arguments, **keywords)


_FUNCTIONS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (pydicom.filereader.dcmread, _dcmread),
    (pydicom.filewriter.dcmwrite, _dcmwrite),
]
# Errors and pickles name pydicom's.
for _theirs, _ours in _FUNCTIONS:
    update_wrapper(_ours, _theirs)


_STATE = _State()
