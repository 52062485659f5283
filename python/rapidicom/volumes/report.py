"""What is irregular in a series, as data and as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rapidicom import _core

__all__ = ["Issue", "Report"]

# A report that names a thousand files helps nobody; `Issue.paths` has them all.
_PATHS_SHOWN = 4
# The files of a finding are indented below its words.
_INDENT = " " * 7
# The kinds of findings that come before damaged frames.
_BEFORE_DAMAGE = ("unreadable", "truncated")
# A terminal of fewer columns wraps the lines itself.
_NARROWEST = 40


class Issue:
    """One finding.

    Attributes:
        kind: What it is about: `gap`, `duplicate_position`, `multiple_phases`, `localizer`,
            `mixed_orientation`, `mixed_shape`, `mixed_rescale`, `tilt`, `missing_position`,
            `unreadable`, `truncated` and others; `docs/report.md` explains them all.
        is_error: Whether it would make the affine, the order or the content of the volume a lie.
        paths: The files that it is about.
        numbers: What was measured; the end of a name says the unit: `_mm`, `_degrees`, `_count`, or
            `_index`, which counts the slices of the whole volume from 0.
        cells: For `incomplete_grid`, (step of the leading axis, slice) of each image that is
            missing.
        sentence: All of it in words.
    """

    __module__ = "rapidicom"

    __slots__ = ("cells", "is_error", "kind", "numbers", "paths", "sentence")

    def __init__(
        self,
        *,
        kind: str,
        is_error: bool,
        paths: list[str],
        numbers: dict[str, float],
        sentence: str,
        cells: list[tuple[int, int]] | None = None,
    ) -> None:
        self.kind = kind
        self.is_error = is_error
        self.paths = paths
        self.numbers = numbers
        self.sentence = sentence
        self.cells = cells if cells is not None else []

    @classmethod
    def of(cls, found: _core.Issue) -> Issue:
        """Make the finding of what native code found.

        Args:
            found: The same finding, without methods of Python.
        """
        return cls(
            kind=found.kind,
            is_error=found.is_error,
            paths=found.paths,
            numbers=found.numbers,
            sentence=found.sentence,
            cells=found.cells,
        )

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        level = "error" if self.is_error else "note"
        return f"<Issue {self.kind} ({level}): {self.sentence}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Issue):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]


class Report:
    """All findings about one series, and where its slices are from.

    `print(report)` shows it in full.
    """

    __module__ = "rapidicom"

    __slots__ = ("_frames", "_issues", "_paths", "_present", "_unreadable")

    def __init__(
        self,
        issues: list[Issue],
        paths: Sequence[str] = (),
        frames: Sequence[int] | None = None,
        present: Sequence[bool] | None = None,
        *,
        unreadable: Sequence[list[Issue]] = (),
    ) -> None:
        """Make a report.

        Args:
            issues: The findings.
            paths: The file of each image of the volume, in the order of the array.
            frames: The frame of that file, from 0; by default the first of each.
            present: Whether there is an image, for each place of the array; by default all have
                one.
            unreadable: Lists of findings that come before `issues` and that other reports have too.
                They are not copied: a thousand stacks share those about a thousand files.
        """
        self._issues = issues
        self._unreadable = unreadable
        self._paths = paths
        self._frames = frames
        self._present = present

    @property
    def issues(self) -> list[Issue]:
        """The findings, errors and notes, sorted by kind."""
        if not self._unreadable:
            return self._issues
        return [*chain.from_iterable(self._unreadable), *self._issues]

    def of_slices(
        self,
        paths: Sequence[str],
        frames: Sequence[int],
        present: Sequence[bool],
        damage: Sequence[Issue] = (),
    ) -> Report:
        """Return a report with the same findings about other slices of the series.

        Args:
            paths: As for a report.
            frames: Likewise.
            present: Likewise.
            damage: Findings that came with the pixels.
        """
        issues = self._issues_with(damage)
        return Report(issues, paths, frames, present, unreadable=self._unreadable)

    def with_damage(self, damage: Sequence[Issue]) -> Report:
        """Return the same report with findings that came with the pixels.

        Args:
            damage: The findings.
        """
        issues = self._issues_with(damage)
        return Report(issues, self._paths, self._frames, self._present, unreadable=self._unreadable)

    def _issues_with(self, damage: Sequence[Issue]) -> list[Issue]:
        first = sum(issue.kind in _BEFORE_DAMAGE for issue in self._issues)
        return [*self._issues[:first], *damage, *self._issues[first:]]

    @property
    def slices(self) -> list[tuple[str, int] | None]:
        """Path and frame, from 0, of each slice of the array: `report.slices[k]`.

        With a leading axis, those of its first step come first. `None` where an image is missing.
        """
        frames = [0] * len(self._paths) if self._frames is None else self._frames
        found = zip(self._paths, frames, strict=True)
        if self._present is None:
            return list(found)
        return [next(found) if is_there else None for is_there in self._present]

    @property
    def errors(self) -> list[Issue]:
        """The findings because of which `irregular="raise"` raises."""
        return [issue for issue in self.issues if issue.is_error]

    def __len__(self) -> int:
        return len(self.issues)

    def __bool__(self) -> bool:
        # A report without findings is still a report.
        return True

    def __iter__(self) -> Iterator[Issue]:
        return iter(self.issues)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return NotImplemented
        return self.issues == other.issues and self.slices == other.slices

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Report: {self._counts()}>"

    def to_html(self, *, identifying: bool = False) -> str:
        """Return the report as HTML, as notebooks show it.

        Args:
            identifying: Whether to name the files, whose names may be those of patients.
        """
        from rapidicom.volumes.html import report_html

        return report_html(self, names_files=identifying)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        # Here, so that `import rapidicom` does not pay for them.
        import textwrap

        from rapidicom._common.text_table import printable, shorten, terminal_width
        from rapidicom.sources.member_names import last_part

        images = _counted(len(self._paths), "image")
        if not self.issues:
            return f"{images}, nothing irregular"
        width = max(terminal_width(), _NARROWEST)
        lines = [f"{images}, {self._counts()}"]
        for issue in self.issues:
            level = "error" if issue.is_error else "note "
            text = f"{level}  {issue.kind}: {printable(issue.sentence)}"
            lines += [
                "",
                *textwrap.wrap(text, width, subsequent_indent=_INDENT, break_on_hyphens=False),
            ]
            shown = len(issue.paths) if len(issue.paths) <= _PATHS_SHOWN + 1 else _PATHS_SHOWN
            names = [printable(last_part(path)) for path in issue.paths[:shown]]
            if shown < len(issue.paths):
                names.append(f"and {len(issue.paths) - shown:,} more files")
            lines += [
                _INDENT + shorten(name, width - len(_INDENT), keep_end=True) for name in names
            ]
        return "\n".join(lines)

    def _counts(self) -> str:
        errors = len(self.errors)
        return f"{_counted(errors, 'error')}, {_counted(len(self.issues) - errors, 'note')}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
