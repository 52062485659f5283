"""Draw `record/training.svg` from the newest record of `training.py`: samples a second, a loop."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

RECORD = Path(__file__).resolve().parent / "record"
TITLES = {"crop": "random crops of 96 x 96 x 96", "whole": "whole volumes"}
OURS, THEIRS, INK = "#c2410c", "#64748b", "#1e293b"


def bars_of(rows: list[dict[str, str]], codec: str, what: str) -> list[tuple[str, float]]:
    """Choose the bars of one panel: (loop, samples a second), the fastest first."""
    own = [row for row in rows if (row["codec"], row["what"]) == (codec, what) and row["samples"]]
    bars = [(row["loop"], float(row["samples"]) / float(row["wall"])) for row in own]
    return sorted(bars, key=lambda bar: -bar[1])


def main() -> None:
    """Draw the chart: a row of panels a coding."""
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
            colours = [OURS if label.startswith("rapidicom") else THEIRS for label in labels]
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
    print(RECORD / "training.svg")


if __name__ == "__main__":
    main()
