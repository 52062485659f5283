"""Check the wheels in a folder before anybody installs them, and print a table of them.

    python tools/check_wheels.py dist

Each is below 12 MB; those with the stable ABI use nothing else (abi3audit), and those for Linux
only what their tag promises (auditwheel). Needs the group `wheels` of pyproject.toml.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

# PyPI takes more, but a reader of files that is larger than NumPy would be a mistake.
LARGEST = 12_000_000
_LINUX = re.compile(r"(many|musl)linux_(\d+)_(\d+)_(\w+)")


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
        problems += _promised(wheel, platform)
        if platform.startswith("linux"):
            problems.append("a tag that PyPI does not take")
    return problems


def keeps_promise(platform: str, needed: str) -> bool:
    """Return whether a system that the tags of a wheel name has what the wheel needs.

    Args:
        platform: The tags, such as `manylinux_2_17_x86_64.manylinux2014_x86_64`.
        needed: The tag of the oldest system that the wheel runs on, as auditwheel finds it.
    """
    found = _LINUX.fullmatch(needed)
    # Names of the same system, of which the older has no number of its libc.
    promised = next(filter(None, map(_LINUX.fullmatch, platform.split("."))), None)
    if found is None or promised is None:
        return False
    libc, *version, processor = found.groups()
    own_libc, *own_version, own_processor = promised.groups()
    is_older = [*map(int, version)] <= [*map(int, own_version)]
    return (libc, processor) == (own_libc, own_processor) and is_older


def needs_musl_alone(platform: str, needed: str, output: str) -> bool:
    """Return whether a wheel for musl needs no other library.

    auditwheel wants the name that Alpine gives musl's; musl itself loads it by either. Its symbols
    have no versions, so that none can be too new.

    Args:
        platform: The tag, such as `musllinux_1_2_x86_64`.
        needed: The tag that auditwheel finds, without a libc.
        output: What auditwheel says, in one line.
    """
    libraries = re.search(r"libraries are required by the wheel: \{(.*?)\}", output)
    names = set() if libraries is None else set(re.findall(r'"([^"]+)":', libraries[1]))
    processor = needed.removeprefix("linux_")
    return (
        platform.startswith("musllinux_1_2")
        and names == {"libc.so"}
        and (platform.endswith(f"_{processor}"))
    )


def _promised(wheel: Path, platform: str) -> list[str]:
    # This machine's libraries are not those of the wheel's.
    with TemporaryDirectory() as nothing:
        status, output = _output("auditwheel", "show", "--ldpaths", nothing, str(wheel))
    found = re.search(r'platform tag: "(\w+)"', output)
    if status == 0 and found is not None:
        needed = found[1]
        if keeps_promise(platform, needed) or needs_musl_alone(platform, needed, output):
            return []
    return [f"auditwheel: {output}"]


def _run(program: str, *arguments: str) -> list[str]:
    status, output = _output(program, *arguments)
    return [] if status == 0 else [f"{program}: {output}"]


def _output(program: str, *arguments: str) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-m", program, *arguments], capture_output=True, text=True, check=False
    )
    return run.returncode, " ".join((run.stdout + run.stderr).split())


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
