"""Print what CHANGELOG.md says of a version: the notes of its release.

    python tools/release_notes.py 1.2.0

Fails if that is not the version of Cargo.toml, or the changelog has nothing about it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def notes_of(changelog: str, version: str) -> str:
    """Return the section of a version, without its heading.

    Args:
        changelog: The text of the changelog, in the format of Keep a Changelog.
        version: Such as `1.2.0`.

    Raises:
        ValueError: There is no such section, or it is empty.
    """
    heading = re.compile(rf"^## \[?{re.escape(version)}\]?(\s.*)?$", re.MULTILINE)
    found = heading.search(changelog)
    if found is None:
        raise ValueError(f"CHANGELOG.md has no section {version}")
    section = re.split(r"^## ", changelog[found.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not section:
        raise ValueError(f"the section {version} of CHANGELOG.md is empty")
    return section + "\n"


def main(arguments: list[str]) -> int:
    """Print the notes of the version that was named."""
    (version,) = arguments
    own = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    try:
        if own != version:
            raise ValueError(f"Cargo.toml has version {own}, and not {version}")
        print(notes_of((REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), version), end="")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
