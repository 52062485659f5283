"""The README and docs/: examples run, values in their comments are true, links lead somewhere."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import itertools
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_releases import tool

import rapidicom as rd
from data_paths import REPOSITORY

DOCS = REPOSITORY / "docs"
CORE = REPOSITORY / "rust/core/src"
README = REPOSITORY / "README.md"
PAGES = [README, *sorted(DOCS.glob("*.md"))]
# Sections of docs/sources.md whose examples need servers, and the marks of their headings.
SERVED = {"From a bucket": "##", "By DICOMweb": "###", "By DIMSE": "###"}
# Integrations of libraries that only `make test-ml` installs.
LARGE = ("torch", "monai", "ray")
# What the examples use beside Rapidicom.
LIBRARIES = (
    "PIL", "dask", "hl7", "nibabel", "pandas", "polars", "pyarrow", "pydicom", "xarray", "zarr",
)  # fmt: skip


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def examples_of(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def examples_without_servers(page: Path) -> list[str]:
    """Return the examples of a page but for those that other tests run.

    These are test_sources_docs.py, and tests/ml, which has torch, MONAI and Ray.
    """
    text = "" if page.name == "training.md" else text_of(page)
    for heading, level in SERVED.items():
        up_to = rf"(?=^#{{1,{len(level)}}} |\Z)"
        text = re.sub(rf"^{level} {heading}\n.*?{up_to}", "", text, flags=re.DOTALL | re.MULTILINE)
    return examples_of(text)


PAGES_WITH_EXAMPLES = [page for page in PAGES if examples_without_servers(page)]


def in_pages(pages: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "page", pages, ids=[page.relative_to(REPOSITORY).as_posix() for page in pages]
    )


def shown_value(line: str) -> tuple[bool, Any]:
    """Return whether a comment gives a value, and the value: `# 'MR'`, `# 40; a row a file`."""
    comment = line.rpartition("  # ")[2].partition("; ")[0] if "  # " in line else ""
    try:
        return True, ast.literal_eval(comment)
    except (SyntaxError, ValueError):
        return False, None


def run(example: str, names: dict[str, Any], where: str) -> int:
    """Run an example by statements; return how many values its comments gave, all true."""
    checked = 0
    for statement in ast.parse(example).body:
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), where, "exec"), names)
            continue
        value = eval(compile(ast.Expression(statement.value), where, "eval"), names)
        line = example.splitlines()[(statement.end_lineno or 0) - 1]
        is_shown, expected = shown_value(line)
        if is_shown:
            assert is_same(value, expected), f"{where}: {line}, but it is {value!r}"
            checked += 1
    return checked


def is_same(value: Any, expected: Any) -> bool:
    """Compare a value with what a comment shows of it: numbers are rounded there."""
    is_numbers = isinstance(expected, tuple) and all(
        isinstance(each, (int, float)) for each in expected
    )
    return bool(value == (pytest.approx(expected, rel=1e-6) if is_numbers else expected))


@in_pages(PAGES_WITH_EXAMPLES)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They run in order and in one namespace, as someone who types them does."""
    for library in LIBRARIES:
        pytest.importorskip(library)
    # An example may write files, but not into the project.
    (tmp_path / "tests").symlink_to(REPOSITORY / "tests")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    checked = 0
    for number, example in enumerate(examples_without_servers(page), start=1):
        checked += run(example, names, f"{page.name}, example {number}")
    assert checked > 0
    shown = re.findall(r"\]\(pictures/([\w-]+\.png)\)", text_of(page))
    for picture in tmp_path.glob("*.png"):
        assert picture.name in shown
        assert_same_picture(DOCS / "pictures" / picture.name, picture)


def assert_same_picture(shown: Path, made: Path) -> None:
    """Compare a picture of the manual with what its code makes: `python tools/pictures.py`."""
    from PIL import Image

    with Image.open(shown) as one, Image.open(made) as other:
        np.testing.assert_allclose(
            np.asarray(one.convert("RGB"), int), np.asarray(other.convert("RGB"), int), atol=2
        )


def test_every_picture_is_made_by_what_its_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PIL")
    from rapidicom.cli import main

    pictures = {path.name for path in (DOCS / "pictures").iterdir()}
    shown = {
        name: page for page in PAGES
        for name in re.findall(r"\]\(pictures/([\w-]+\.png)\)", text_of(page))
    }  # fmt: skip
    assert pictures == {*shown}
    (tmp_path / "tests").symlink_to(REPOSITORY / "tests")
    monkeypatch.chdir(tmp_path)
    commands = tool("pictures").COMMANDS
    for name, page in shown.items():
        text = text_of(page)
        if name in commands:
            assert f"rapidicom {' '.join(commands[name])}" in text
            assert main(commands[name]) == 0
            assert_same_picture(DOCS / "pictures" / name, tmp_path / name)
        else:
            assert f'.save("{name}")' in text


def test_pages_have_examples() -> None:
    names = {page.name for page in PAGES_WITH_EXAMPLES}
    assert names >= {"README.md", "files.md", "pixels.md", "tables.md", "volumes.md", "drop-in.md"}


def test_out_has_what_the_volume_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What docs/volumes.md says of `out=` and of parts, beyond their shapes."""
    monkeypatch.chdir(REPOSITORY)
    whole = rd.read_series("tests/data/brain-mr")
    out = np.empty((40, 80, 80), np.int16)
    rd.read_series("tests/data/brain-mr", values="stored", out=out)
    assert (out == whole.array).all()
    part = rd.read_series("tests/data/brain-mr", slices=slice(10, 30), rows=slice(20, 60))
    assert (part.array == whole.array[10:30, 20:60]).all()


def test_a_wrong_value_in_a_comment_is_found() -> None:
    assert run("1 + 1  # 2; two", {}, "here") == 1
    assert run("1 + 1  # about two", {}, "here") == 0
    with pytest.raises(AssertionError, match="here"):
        run("1 + 1  # 3", {}, "here")


def test_the_readme_is_read_in_a_minute() -> None:
    assert len(text_of(README).splitlines()) <= 160


# Links.


def anchors_of(page: Path) -> set[str]:
    """Return the names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@in_pages(PAGES)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text_of(page)) if "://" not in link]
    for link in links:
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def test_the_index_has_every_page() -> None:
    linked = set(re.findall(r"\]\((?:\./)?([\w-]+\.md)\)", text_of(DOCS / "README.md")))
    assert linked == {page.name for page in DOCS.glob("*.md")} - {"README.md"}


def missing_paths(text: str) -> list[str]:
    """Paths in backticks start at the root of the project, those of Rust files in the core too."""
    roots = r"(?:benches|docs|python|rust|tests|tools)"
    paths = re.findall(rf"`({roots}/[\w./-]*|[\w/]+\.rs)`", text)
    return [
        path for path in paths if not any((root / path).exists() for root in (REPOSITORY, CORE))
    ]


@in_pages(PAGES)
def test_paths_in_the_text_exist(page: Path) -> None:
    assert not missing_paths(text_of(page))


def test_paths_of_how_a_change_travels_exist() -> None:
    """The rest of the style guide also names files of other projects."""
    section = text_of(REPOSITORY / "STYLE.md").split("How a change travels\n")[1]
    assert "`codec/registry.rs`" in section
    assert not missing_paths(section)


def test_every_room_of_the_package_is_explained() -> None:
    section = text_of(DOCS / "development.md").split("## The Python package")[1].split("\n## ")[0]
    rooms = {path.parent.name for path in (REPOSITORY / "python/rapidicom").glob("*/__init__.py")}
    explained = set(re.findall(r"^\| `(\w+)/` \|", section, re.MULTILINE))
    assert explained == rooms - {"pixel_data_handlers"}


# Names.


@in_pages(PAGES)
def test_names_of_the_package_exist(page: Path) -> None:
    names = set(re.findall(r"\brd\.(\w+)", text_of(page)))
    assert not [name for name in names if not hasattr(rd, name)]


@in_pages([page for page in PAGES if page.name != "conformance.md"])
def test_modules_of_the_package_exist(page: Path) -> None:
    for name in set(re.findall(r"\brapidicom\.([a-z]\w*(?:\.\w+)*)", text_of(page))):
        found: Any = rd
        for place, part in enumerate(parts := name.split("."), start=1):
            module = f"rapidicom.{'.'.join(parts[:place])}"
            if part in LARGE and parts[:1] == ["integrations"]:
                assert importlib.util.find_spec(module)
                break
            if not hasattr(found, part):
                importlib.import_module(module)
            found = getattr(found, part)


def core_names(folder: str, pattern: str) -> list[str]:
    """Find names in the sources of a folder of the core."""
    sources = sorted((CORE / folder).rglob("*.rs"))
    texts = [source.read_text(encoding="utf-8") for source in sources]
    return [name for text in texts for name in re.findall(pattern, text, re.MULTILINE)]


def rows_of(page: str) -> list[str]:
    """Return the names, in backticks, that the rows of a page's tables begin with."""
    return re.findall(r"^\| `(\w+)` \|", text_of(DOCS / page), flags=re.MULTILINE)


def test_every_kind_of_finding_is_explained_in_the_order_of_reports() -> None:
    """`docs/report.md` names the kinds that the core can report, and no others."""
    kinds = core_names("series", r'IssueKind::\w+ => "(\w+)"')
    assert len(kinds) > 20
    assert rows_of("report.md") == kinds


def test_the_table_of_irregular_series_names_kinds_of_finding() -> None:
    kinds = core_names("series", r'IssueKind::\w+ => "(\w+)"')
    section = text_of(DOCS / "volumes.md").split("## Never silently wrong")[1].split("\n## ")[0]
    rows = [line.split("|")[2] for line in section.splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in re.findall(r"`([a-z]+_[a-z_]+|[a-z]+)`", row)} - {
        "read_series"
    }
    assert len(named) > 10
    assert named <= set(kinds)


def test_every_tolerated_deviation_is_explained_in_order() -> None:
    names = core_names("parse", r'^    \w+ = "(\w+)",$')
    assert len(names) > 10
    assert rows_of("files.md") == names


# The command line.

USAGE = re.compile(r"^    (rapidicom .*?)(?:  +#.*)?$", re.MULTILINE)


def test_commands_are_those_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    from rapidicom.cli import main

    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    (\w+)  ", capsys.readouterr().out, flags=re.MULTILINE)
    headings = re.findall(
        r"^## `rapidicom (\w+)`", text_of(DOCS / "command-line.md"), flags=re.MULTILINE
    )
    assert headings == commands


@in_pages([README, DOCS / "command-line.md"])
def test_options_are_those_of_the_command_line(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every option in a command of the page is one that `--help` of that command explains."""
    from rapidicom.cli import main

    lines = [shlex.split(line) for line in USAGE.findall(text_of(page))]
    assert len(lines) >= 3
    for _, command, *arguments in lines:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        explained = set(re.findall(r"(?<![\w-])--?[a-z]+", capsys.readouterr().out))
        assert {argument for argument in arguments if re.match("--?[a-z]", argument)} <= explained


# Transfer Syntaxes.


def transfer_syntax_rows() -> list[str]:
    """The rows of the table: neighbours with the same answer are one."""
    rows = []
    for decoder, group in itertools.groupby(
        rd.transfer_syntaxes(),
        lambda row: (row.byte_order, row.is_encapsulated, row.decoder, row.why_not),
    ):
        order, is_encapsulated, name, why_not = decoder
        uids = [row.uid.replace("1.2.840.10008.1.", "…") for row in group]
        shown = ", ".join(uids) if len(uids) < 5 else f"{uids[0]} to {uids[-1]}"
        pixels = "fragments" if is_encapsulated else "native"
        rows.append(f"| {shown} | {order} | {pixels} | {name or why_not} |")
    return rows


def test_the_table_of_transfer_syntaxes_is_that_of_the_library() -> None:
    page = text_of(DOCS / "transfer-syntaxes.md")
    assert [line for line in page.splitlines() if line.startswith("| …")] == transfer_syntax_rows()


# The site.


def test_the_reference_has_every_public_name() -> None:
    listed = re.findall(r"^::: rapidicom\.(\w+)$", text_of(DOCS / "reference.md"), re.MULTILINE)
    assert sorted(listed) == sorted(set(rd.__all__) - {"__version__"})


def test_the_site_has_every_page() -> None:
    chapters = text_of(REPOSITORY / "mkdocs.yml").split("\nnav:\n")[1]
    listed = re.findall(r": ([\w-]+\.md)$", chapters, re.MULTILINE)
    assert sorted(listed) == sorted(page.name for page in DOCS.glob("*.md"))
