"""Data sets as text: one line an element, the items of sequences indented."""

from __future__ import annotations

from collections.abc import Iterator

from rapidicom._core import DataElement, Dataset

__all__ = ["ELEMENT_FORMAT", "ElementFields", "dataset_text"]

ELEMENT_FORMAT = "%(tag)s %(name)-35.35s %(VR)s: %(repval)s"

# As wide as the lines between them in most files, and pydicom's width.
_RULE_WIDTH = 49


def dataset_text(dataset: Dataset, depth: int = 0, *, top_level_only: bool = False) -> str:
    """Return what `print` shows of a data set.

    Args:
        dataset: The data set.
        depth: How many sequences it is nested in; each indents it once.
        top_level_only: Whether to leave out the items of sequences.
    """
    return "\n".join(_lines(dataset, depth, top_level_only))


def _lines(dataset: Dataset, depth: int, top_level_only: bool) -> Iterator[str]:
    indent = dataset.indent_chars * depth
    meta = getattr(dataset, "file_meta", None)
    if meta:
        yield f"{'Dataset.file_meta ':-<{_RULE_WIDTH}}"
        for element in meta:
            yield f"{indent}{element!r}"
        yield "-" * _RULE_WIDTH
    for element in dataset:
        if element.VR != "SQ" or isinstance(element._value_or_bytes(), bytes):
            yield f"{indent}{element!r}"
            continue
        items = element._items()
        yield f"{indent}{element.tag}  {element.name}  {len(items)} item(s) ---- "
        if not top_level_only:
            for item in items:
                yield "\n".join(_lines(item, depth + 1, False))
                yield f"{indent}{dataset.indent_chars}---------"


class ElementFields:
    """The attributes of an element as the fields of a `%` format; methods are called."""

    def __init__(self, element: DataElement) -> None:
        """Look up fields in `element`."""
        self._element = element

    def __getitem__(self, name: str) -> object:
        try:
            field = getattr(self._element, name)
        except AttributeError:
            raise KeyError(name) from None
        return field() if callable(field) else field
