"""Draw `record/chart.svg` from the newest record: how many times the floor each reader takes."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

RECORD = Path(__file__).resolve().parent / "record"
TITLES = {
    "scan": "20 elements of each file",
    "header": "open each file, ask for 20 elements",
    "volume": "the series as a float32 volume",
}
OURS, THEIRS, INK = "#c2410c", "#64748b", "#1e293b"


def newest_record() -> Path:
    """Find the record with the latest date, which its name starts with."""
    # Those of run.py alone: the other measurements are no race between readers.
    others = (
        "-cache", "-damage", "-decode", "-dropin", "-labels", "-local-sources", "-maps",
        "-million", "-patches", "-series", "-sources", "-training",
    )  # fmt: skip
    records = sorted(path for path in RECORD.glob("*.csv") if not path.stem.endswith(others))
    if not records:
        raise SystemExit("no record yet: python benches/run.py makes one")
    return records[-1]


def latest_rows(path: Path) -> list[dict[str, str]]:
    """Read a record; of runs that were repeated on that day, the last one counts."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows[row["what"], row["reader"], row["threads"]] = row
    return list(rows.values())


def bars_of(rows: list[dict[str, str]], what: str) -> list[tuple[str, float, float]]:
    """Choose the bars of one panel: (label, ratio to the floor, seconds), the fastest first."""
    best: dict[str, tuple[str, float, float]] = {}
    for row in rows:
        if row["what"] != what or row["reader"] == "floor" or not row["ratio_to_floor"]:
            continue
        label = f"{row['reader']} {row['version']}"
        bar = (label, float(row["ratio_to_floor"]), float(row["median_s"]))
        if row["reader"] not in best or bar[1] < best[row["reader"]][1]:
            best[row["reader"]] = bar
    return sorted(best.values(), key=lambda bar: bar[1])


def main() -> None:
    """Draw the chart."""
    path = newest_record()
    rows = latest_rows(path)
    panels = [(what, bars) for what in TITLES if (bars := bars_of(rows, what))]
    if not panels:
        raise SystemExit(f"{path.name} has nothing to draw")
    pyplot.rcParams.update({"svg.hashsalt": "rapidicom", "font.size": 9, "text.color": INK})
    figure, axes = pyplot.subplots(
        len(panels), 1, figsize=(7, 0.8 + sum(0.6 + 0.28 * len(bars) for _, bars in panels)),
        height_ratios=[1 + len(bars) for _, bars in panels], squeeze=False,
        layout="constrained", sharex=True,
    )  # fmt: skip
    for axis, (what, bars) in zip(axes[:, 0], panels, strict=True):
        colours = [OURS if label.startswith("rapidicom") else THEIRS for label, _, _ in bars]
        drawn = axis.barh(
            [label for label, _, _ in bars], [ratio for _, ratio, _ in bars], color=colours
        )
        texts = [f"{ratio:.1f}x   {seconds:.3g} s" for _, ratio, seconds in bars]
        axis.bar_label(drawn, texts, padding=4)
        axis.set_title(TITLES[what], loc="left", fontsize=10)
        axis.set_xscale("log")
        # Room for the labels beyond the longest bar.
        axis.set_xlim(0.8, 6 * max(ratio for _, panel in panels for _, ratio, _ in panel))
        axis.invert_yaxis()
        axis.axvline(1, color=INK, linewidth=0.8)
        axis.spines[["top", "right"]].set_visible(False)
    size = rows[0]["note"].split(";")[0]
    axes[-1, 0].set_xlabel(
        f"times the floor (1: open, read, copy once), logarithmic\n{size}, {rows[0]['cpu']}"
    )
    # No date in the file: the same record gives the same bytes.
    figure.savefig(RECORD / "chart.svg", metadata={"Date": None})
    print(RECORD / "chart.svg")


if __name__ == "__main__":
    main()
