"""What a release is made of: the notes, the wheels' names, the extras that errors name."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from data_paths import REPOSITORY
from rapidicom._common import extras


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


CHANGELOG = """# Changelog

## Unreleased

- not yet

## [1.2.0] - 2026-11-29

### Added

- that

## 1.1.0

"""


def test_notes_are_those_of_the_version() -> None:
    notes_of = tool("release_notes").notes_of
    assert notes_of(CHANGELOG, "1.2.0") == "### Added\n\n- that\n"
    for version in ("1.1.0", "1.2", "2.0.0"):
        with pytest.raises(ValueError, match=version):
            notes_of(CHANGELOG, version)


def test_another_version_is_no_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool("release_notes").main(["0.0.0"]) == 1
    assert "Cargo.toml" in capsys.readouterr().err


def test_a_wheel_that_is_too_large_is_a_problem(tmp_path: Path) -> None:
    check = tool("check_wheels")
    name = "rapidicom-1.2.0-cp314-cp314t-win_amd64.whl"
    assert check.tags_of(name) == ("cp314", "cp314t", "win_amd64")
    wheel = tmp_path / name
    wheel.write_bytes(b"")
    assert check.problems_of(wheel) == []
    wheel.write_bytes(bytes(check.LARGEST + 1))
    assert len(check.problems_of(wheel)) == 1


def test_licences_of_crates_come_with_the_wheels() -> None:
    assert "LICENSE-THIRD-PARTY.txt" in project()["license-files"]
    text = (REPOSITORY / "LICENSE-THIRD-PARTY.txt").read_text(encoding="utf-8")
    named = set(re.findall(r"^([\w-]+) ([\d.]+) \(", text, re.MULTILINE))
    lock = tomllib.loads((REPOSITORY / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    locked = {(one["name"], one["version"]) for one in lock}
    # make lint compares the whole file with what cargo knows.
    assert {"jxl", "arrow-array", "numpy", "bytes", "pyo3"} <= {name for name, _ in named}
    assert named <= locked
    for licence in ("MIT License", "Apache License", "Redistribution and use", "Apache Arrow"):
        assert licence in text


def test_a_crate_with_a_choice_of_licences_comes_with_the_shorter_one(tmp_path: Path) -> None:
    texts = tool("third_party").texts
    for name in ("LICENSE-MIT", "LICENSE-APACHE", "NOTICE", "README.md"):
        (tmp_path / name).write_text(f"{name} \n")
    assert list(texts("MIT OR Apache-2.0", tmp_path)) == ["LICENSE-MIT", "NOTICE"]
    for licence in ("Apache-2.0", "Apache-2.0 AND MIT"):
        assert set(texts(licence, tmp_path)) == {"LICENSE-MIT", "LICENSE-APACHE", "NOTICE"}


@pytest.mark.parametrize(
    ("platform", "needed", "expected"),
    [
        ("manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_17_x86_64", True),
        ("manylinux2014_x86_64.manylinux_2_17_x86_64", "manylinux_2_5_x86_64", True),
        ("manylinux2014_x86_64.manylinux_2_17_x86_64", "manylinux_2_28_x86_64", False),
        ("manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_35_x86_64", False),
        ("manylinux_2_17_aarch64.manylinux2014_aarch64", "manylinux_2_17_x86_64", False),
        ("musllinux_1_2_aarch64", "musllinux_1_1_aarch64", True),
        ("musllinux_1_2_x86_64", "manylinux_2_17_x86_64", False),
        ("manylinux_2_17_x86_64", "linux_x86_64", False),
        ("linux_x86_64", "linux_x86_64", False),
    ],
)
def test_a_wheel_runs_where_its_tag_says(platform: str, needed: str, expected: bool) -> None:
    assert tool("check_wheels").keeps_promise(platform, needed) == expected


@pytest.mark.parametrize(
    ("platform", "needed", "libraries", "expected"),
    [
        ("musllinux_1_2_x86_64", "linux_x86_64", '"libc.so": null', True),
        ("musllinux_1_2_aarch64", "linux_aarch64", '"libc.so": null', True),
        ("musllinux_1_2_aarch64", "linux_x86_64", '"libc.so": null', False),
        ("musllinux_1_2_x86_64", "linux_x86_64", '"libc.so": null, "libz.so.1": null', False),
        ("musllinux_1_2_x86_64", "linux_x86_64", "", False),
        ("manylinux2014_x86_64", "linux_x86_64", '"libc.so": null', False),
    ],
)
def test_a_wheel_for_musl_needs_nothing_else(
    platform: str, needed: str, libraries: str, expected: bool
) -> None:
    output = f"The following libraries are required by the wheel: {{ {libraries} }} In order to"
    assert tool("check_wheels").needs_musl_alone(platform, needed, output) == expected


def test_every_extra_that_an_error_names_exists() -> None:
    offered = project()["optional-dependencies"]
    assert set(extras._EXTRAS.values()) <= offered.keys()
    (everything,) = offered["all"]
    named = everything.removeprefix("rapidicom[").removesuffix("]").split(",")
    assert sorted(named) == sorted(offered.keys() - {"all"})


@pytest.mark.parametrize("name", ["ci", "release"])
def test_workflows_name_files_that_exist(name: str) -> None:
    yaml = pytest.importorskip("yaml")
    text = (REPOSITORY / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    words = {word for command in commands for word in command.split()}
    files = {word for word in words if word.startswith(("tools/", "tests/", ".ci/"))}
    assert files
    assert all((REPOSITORY / file).exists() for file in files)
    for job in jobs.values():
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= jobs.keys()
