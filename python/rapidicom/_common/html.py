"""What notebooks show: HTML that follows the colours of the page around it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from rapidicom._common.png import encode_png

__all__ = ["box", "cells", "facts", "note", "picture", "text"]

# Text and lines take the colour of the page, so that it fits light and dark ones.
_STYLE = """<style>
.rapidicom{font:13px/1.45 system-ui,sans-serif;color:inherit;max-width:100%;overflow-x:auto}
.rapidicom .rd-title{font-weight:600;margin:0 0 6px}
.rapidicom .rd-pictures{display:flex;flex-wrap:wrap;gap:10px;margin:6px 0}
.rapidicom figure{margin:0;padding:0}
.rapidicom figure img{display:block;background:#000;border-radius:3px;max-width:100%}
.rapidicom figcaption{font-size:11px;opacity:.75;margin-top:2px}
.rapidicom table{border-collapse:collapse;margin:4px 0;font-size:12px;color:inherit;
background:transparent}
.rapidicom th,.rapidicom td{padding:2px 10px 2px 0;text-align:left;vertical-align:top;
border:0;border-bottom:1px solid rgba(128,128,128,.3);background:transparent;
font-variant-numeric:tabular-nums}
.rapidicom .rd-cells td{white-space:nowrap}
.rapidicom th{font-weight:500;opacity:.75;white-space:nowrap}
.rapidicom .rd-error{border-left:3px solid #d33;padding-left:8px;margin:4px 0}
.rapidicom .rd-note{border-left:3px solid rgba(128,128,128,.5);padding-left:8px;margin:4px 0}
.rapidicom .rd-small{font-size:11px;opacity:.75;margin:4px 0}
</style>"""


def text(value: object) -> str:
    """Return a value as HTML; bytes of a name that are no text show as they do in messages."""
    return escape(str(value).encode("utf-8", "backslashreplace").decode())


def box(title: str, *parts: str) -> str:
    """Return all of it: a title, which is text, and parts, which are HTML."""
    body = "".join(part for part in parts if part)
    return f'{_STYLE}<div class="rapidicom"><p class="rd-title">{text(title)}</p>{body}</div>'


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Return a table of names and values."""
    rows = (f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>" for name, value in pairs)
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def cells(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with names above its columns."""
    head = "".join(f"<th>{text(name)}</th>" for name in names)
    body = ("".join(f"<td>{text(value)}</td>" for value in row) for row in rows)
    lines = "".join(f"<tr>{row}</tr>" for row in body)
    return f'<table class="rd-cells"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'


def note(sentence: str, *, is_error: bool = False, is_small: bool = False) -> str:
    """Return a sentence as a paragraph of its own."""
    kind = "rd-small" if is_small else "rd-error" if is_error else "rd-note"
    return f'<p class="{kind}">{text(sentence)}</p>'


def picture(image: NDArray[np.uint8], size: tuple[int, int], caption: str) -> str:
    """Return an image with a caption.

    Args:
        image: As for `encode_png`.
        size: Width and height on the page, in its pixels.
        caption: What it shows.
    """
    encoded = base64.b64encode(encode_png(image)).decode()
    width, height = size
    return (
        f'<figure><img alt="{text(caption)}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{encoded}"><figcaption>{text(caption)}</figcaption></figure>'
    )
