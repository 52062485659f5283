"""Write LICENSE-THIRD-PARTY.txt: the licences of the crates that a wheel has in it.

    python tools/third_party.py             write it
    python tools/third_party.py --check     fail if it is not what would be written

The texts are those in the sources that cargo has fetched. Of a crate with a choice of licences the
MIT licence is taken, if it is one of them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "LICENSE-THIRD-PARTY.txt"
CRATE = "rapidicom-python"
# Those that wheels are built for; what musl needs is what glibc does.
SYSTEMS = (
    "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-apple-darwin",
    "aarch64-apple-darwin", "x86_64-pc-windows-msvc",
)  # fmt: skip
_LICENCE = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|UNLICENSE)", re.IGNORECASE)
_HEAD = """The extension module of Rapidicom's wheels has in it, beside its own code (LICENSE),
these crates, and the standard library of Rust (MIT OR Apache-2.0).
tools/third_party.py writes this file.
"""
_LINE = "-" * 100


def _cargo(*arguments: str) -> str:
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def crates() -> list[tuple[str, str]]:
    """Return name and version of each crate of the module, for whatever system it is built."""
    how = ("--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    lines = [
        line
        for system in SYSTEMS
        for line in _cargo("tree", "--package", CRATE, "--target", system, *how).splitlines()
    ]
    found = {tuple(line.split()[:2]) for line in lines if line and "(/" not in line}
    return sorted((name, version.removeprefix("v")) for name, version in found)


def texts(licence: str, folder: Path) -> Iterator[str]:
    """Yield the texts that go with a crate.

    Args:
        licence: What its manifest says.
        folder: Its sources.
    """
    files = sorted(path for path in folder.iterdir() if _LICENCE.match(path.name))
    is_choice = "MIT" in licence and " AND " not in licence
    chosen = [path for path in files if "MIT" in path.name.upper()] if is_choice else []
    notices = [path for path in files if path.name.upper().startswith("NOTICE")]
    for path in dict.fromkeys([*(chosen or files), *notices]):
        text = path.read_text(encoding="utf-8").strip()
        yield "\n".join(line.rstrip() for line in text.splitlines())


def written() -> str:
    """Return the whole file: every text once, below the crates that have it."""
    packages = json.loads(_cargo("metadata", "--format-version", "1"))["packages"]
    by_name = {(one["name"], one["version"]): one for one in packages}
    owners: dict[str, list[str]] = {}
    for name, version in crates():
        package = by_name[name, version]
        licence = (package["license"] or "").replace("/", " OR ")
        found = list(texts(licence, Path(package["manifest_path"]).parent))
        for text in found or [f"Its sources have no text of the licence: {package['repository']}"]:
            owners.setdefault(text, []).append(f"{name} {version} ({licence})")
    parts = ["\n".join([_LINE, *names, _LINE, "", text, ""]) for text, names in owners.items()]
    return "\n".join([_HEAD, *parts])


def main(arguments: list[str]) -> int:
    """Write the file, or compare it."""
    text = written()
    if arguments != ["--check"]:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{FILE.name} is not current: run python tools/third_party.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
