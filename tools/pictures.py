"""Make the pictures of the manual: `docs/pictures/`, by the code that its pages show.

    python tools/pictures.py

The tests compare them with what the code makes.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
PICTURES = DOCS / "pictures"
# What pages of commands show.
COMMANDS = {"view.png": ["view", "tests/data/brain-mr", "-o", "view.png", "--width", "800"]}


def make(folder: Path) -> None:
    """Run the examples of pages with pictures, and the commands, in an empty folder."""
    from rapidicom.cli import main as command

    (folder / "tests").symlink_to(REPOSITORY / "tests")
    os.chdir(folder)
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if re.search(r'\.save\("\w+\.png"\)', text):
            names: dict[str, object] = {}
            for example in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
                exec(example, names)
    for arguments in COMMANDS.values():
        command(arguments)


def main() -> int:
    """Replace the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        PICTURES.mkdir(exist_ok=True)
        for picture in sorted(Path(folder).glob("*.png")):
            shutil.copy(picture, PICTURES / picture.name)
            print(PICTURES / picture.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
