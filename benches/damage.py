"""Print how much damage each codec notices.

    python benches/damage.py              200 places of each kind, images of 256 x 256
    python benches/damage.py --count 50 --size 128 --codec "JPEG-LS"

`tests/damaged_streams.py` says what is tried; `tests/python/test_damage_noticed.py` holds a shorter
form to what must be noticed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from damaged_streams import KINDS, Found, streams, survey


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="places of each kind and image")
    parser.add_argument("--size", type=int, default=256, help="rows and columns of the images")
    parser.add_argument("--codec", help="this one alone")
    parser.add_argument("--places", action="store_true", help="list what passes unnoticed")
    options = parser.parse_args()
    table: dict[tuple[str, str], Found] = {}
    for stream in streams(options.size):
        if options.codec not in (None, stream.codec):
            continue
        for kind, result in survey(stream, options.count).items():
            table.setdefault((stream.codec, kind), Found()).add(result)
    print("| codec | damage | tried | error | warning | same pixels | up to 1 % differ | more |")
    print("|---|---|---|---|---|---|---|---|")
    for (codec, kind), found in sorted(table.items(), key=lambda row: KINDS.index(row[0][1])):
        numbers = [found.tried, found.noticed, found.warned, found.harmless, found.small]
        row = [codec, kind, *map(str, numbers), str(len(found.large))]
        print("|", " | ".join(row), "|", flush=True)
        for picture, place, share in found.large if options.places else []:
            print(f"    {picture}, from byte {place} on: {share:.0%} of the pixels differ")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
