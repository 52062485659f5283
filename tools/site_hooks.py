"""What `mkdocs build` needs beside `mkdocs.yml`: files of docs/ that lie outside of it.

Pages name them as they lie in the repository, `../benches/record/chart.svg`, so that they are found
there too; in the site they lie below it. Links that show the name of a page's file there show its
title here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
# Of a page or an image: `](../` and its path.
OUTSIDE = re.compile(r"\]\(\.\./([\w./-]+)")
# A page by the name of its file.
NAMED = re.compile(r"\[([\w-]+\.md)\]\((\1(?:#[\w-]+)?)\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the files that pages link to and that lie outside of docs/."""
    pages = (file.content_string for file in list(files) if file.is_documentation_page())
    for path in sorted({found for page in pages for found in OUTSIDE.findall(page)}):
        added = File.generated(config, path, content=(ROOT / path).read_bytes())
        # Linked from pages, but in no chapter.
        added.inclusion = added.inclusion.NOT_IN_NAV
        files.append(added)
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Let links out of docs/ lead into the site, and links to pages show their titles."""
    return NAMED.sub(_titled, OUTSIDE.sub(r"](\1", markdown))


def _titled(link: re.Match[str]) -> str:
    first_line = (ROOT / "docs" / link[1]).read_text(encoding="utf-8").partition("\n")[0]
    return f"[{first_line.removeprefix('# ')}]({link[2]})"
