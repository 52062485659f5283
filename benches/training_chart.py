"""Draw `record/training.svg` from the newest record of `training.py`: samples a second, a loop.

It also writes the picture and a table of the same figures into docs/training.md, between the two
comments there.
"""

from __future__ import annotations

import csv
import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

RECORD = Path(__file__).resolve().parent / "record"
TITLES = {"crop": "random crops of 96 x 96 x 96", "whole": "whole volumes"}
PAGE = Path(__file__).resolve().parent.parent / "docs" / "training.md"
FIRST, LAST = "<!-- written by benches/training_chart.py -->", "<!-- end -->"
BEST = "rapidicom, prefetch"
OTHERS = ("MONAI, ITKReader", "MONAI, PydicomReader")
OURS, THEIRS, INK = "#c2410c", "#64748b", "#1e293b"


def bars_of(rows: list[dict[str, str]], codec: str, what: str) -> list[tuple[str, float]]:
    """Choose the bars of one panel: (loop, samples a second), the fastest first."""
    own = [row for row in rows if (row["codec"], row["what"]) == (codec, what) and row["samples"]]
    bars = [(row["loop"], rate(row)) for row in own]
    return sorted(bars, key=lambda bar: -bar[1])


def rate(row: dict[str, str]) -> float:
    """Return the samples a second of a row; 0 if its loop failed."""
    return float(row["samples"]) / float(row["wall"]) if row["samples"] else 0.0


def text_of(rows: list[dict[str, str]], record: str) -> str:
    """Return picture and table of a record as Markdown."""
    panels = list(dict.fromkeys((row["codec"], row["what"]) for row in rows if row["what"]))
    rates = {(row["loop"], row["codec"], row["what"]): rate(row) for row in rows}
    lines = [
        "![Samples a second of each loop](../benches/record/training.svg)", "",
        f"Samples a second, from `benches/record/{record}`. MB: with whole native volumes,",
        "the most memory of the largest process of a loop, beyond what the imports take; a loop of",
        "a `DataLoader` has such a process a worker.", "",
        "| | " + " | ".join(f"{codec}, {what}" for codec, what in panels) + " | MB |",
        "|---" * (len(panels) + 2) + "|",
    ]  # fmt: skip
    for loop in dict.fromkeys(row["loop"] for row in rows):
        cells = [rates.get((loop, *panel), 0.0) for panel in panels]
        memory = next(
            (
                f"{float(row['peak']) - float(row['base']):,.0f}"
                for row in rows
                if (row["loop"], row["codec"], row["what"]) == (loop, "native", "whole")
                and row["samples"]
            ),
            "",
        )
        shown = [f"{cell:.3g}" if cell else "" for cell in cells]
        lines.append(" | ".join([f"| {loop}", *shown, memory]) + " |")
    times = []
    for codec, what in panels:
        others = max(rates.get((loop, codec, what), 0.0) for loop in OTHERS)
        if others and (own := rates.get((BEST, codec, what), 0.0)):
            times.append(f"{own / others:.3g} times, {codec}, {what}")
    if times:
        found = "Times the samples a second of the faster of MONAI's own readers: " + "; ".join(
            times
        )
        lines += ["", *textwrap.wrap(found + ".", 100)]
    return "\n".join(lines)


def write_page(text: str) -> None:
    """Put a text between the comments of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(FIRST)
    _, _, after = rest.partition(LAST)
    PAGE.write_text(f"{before}{FIRST}\n\n{text}\n\n{LAST}{after}", encoding="utf-8")


def main() -> None:
    """Draw the chart, a row of panels a coding, and bring the page up to date."""
    records = sorted(RECORD.glob("*-training.csv"))
    if not records:
        raise SystemExit("no record yet: python benches/training.py makes one")
    with records[-1].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    codecs = list(dict.fromkeys(row["codec"] for row in rows))
    pyplot.rcParams.update({"svg.hashsalt": "rapidicom", "font.size": 8, "text.color": INK})
    figure, axes = pyplot.subplots(
        len(codecs), len(TITLES), figsize=(10, 2.3 * len(codecs)), squeeze=False,
        layout="constrained", sharex=True,
    )  # fmt: skip
    for codec, row_of_axes in zip(codecs, axes, strict=True):
        for what, axis in zip(TITLES, row_of_axes, strict=True):
            bars = bars_of(rows, codec, what)
            labels, rates = [loop for loop, _ in bars], [rate for _, rate in bars]
            colours = [OURS if "apidicom" in label else THEIRS for label in labels]
            axis.bar_label(
                axis.barh(labels, rates, color=colours), [f"{rate:.3g}" for rate in rates],
                padding=3,
            )  # fmt: skip
            axis.set_title(f"{codec}, {TITLES[what]}", loc="left", fontsize=9)
            axis.set_xscale("log")
            axis.invert_yaxis()
            axis.margins(x=0.15)
            axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("samples a second, logarithmic")
    # No date in the file: the same record gives the same bytes.
    figure.savefig(RECORD / "training.svg", metadata={"Date": None})
    write_page(text_of(rows, records[-1].name))
    print(RECORD / "training.svg", PAGE)


if __name__ == "__main__":
    main()
