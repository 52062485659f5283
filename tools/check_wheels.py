"""Check the wheels in a folder before anybody installs them, and print a table of them.

    python tools/check_wheels.py dist

Each is below 12 MB; those with the stable ABI use nothing else (abi3audit), and those for Linux
only what their tag promises (auditwheel). Needs the group `wheels` of pyproject.toml.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# PyPI takes more, but a reader of files that is larger than NumPy would be a mistake.
LARGEST = 12_000_000


def tags_of(wheel: str) -> tuple[str, str, str]:
    """Return the tags of a wheel by its name: Python, ABI, platform."""
    python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
    return python, abi, platform


def problems_of(wheel: Path) -> list[str]:
    """Return what is wrong with a wheel."""
    _, abi, platform = tags_of(wheel.name)
    problems = []
    if wheel.stat().st_size > LARGEST:
        problems.append(f"{wheel.stat().st_size:,} bytes, more than {LARGEST:,}")
    if abi == "abi3":
        problems += _run("abi3audit", "--strict", "--summary", str(wheel))
    if "linux" in platform:
        problems += _run("auditwheel", "show", str(wheel), expected=platform.split(".")[0])
        if platform.startswith("linux"):
            problems.append("a tag that PyPI does not take")
    return problems


def _run(program: str, *arguments: str, expected: str = "") -> list[str]:
    run = subprocess.run(
        [sys.executable, "-m", program, *arguments], capture_output=True, text=True, check=False
    )
    output = run.stdout + run.stderr
    if run.returncode == 0 and expected in output:
        return []
    return [f"{program}: {' '.join(output.split())}"]


def main(arguments: list[str]) -> int:
    """Print a line a file, and what is wrong with it."""
    (folder,) = arguments
    files = sorted(Path(folder).iterdir())
    wheels = [path for path in files if path.suffix == ".whl"]
    status = 0 if wheels else 1
    for path in files:
        print(f"{path.stat().st_size / 1e6:6.2f} MB  {path.name}")
        for problem in problems_of(path) if path in wheels else []:
            status = 1
            print(f"           {problem}")
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
