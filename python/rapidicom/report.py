"""What is irregular in a series, as data and as text."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Issue", "Report"]

# A report that names a thousand files helps nobody; `Issue.paths` has them all.
_PATHS_SHOWN = 4


class Issue:
    """One finding.

    Attributes:
        kind: What it is about: `gap`, `duplicate_position`, `multiple_phases`, `localizer`,
            `mixed_orientation`, `mixed_shape`, `mixed_rescale`, `tilt`, `missing_position`, `unreadable`,
            `truncated` and others.
        is_error: Whether it would make the affine, the order or the content of the volume a lie.
        paths: The files that it is about.
        numbers: What was measured; the end of a name says the unit: `_mm`, `_degrees`, `_count`, or `_index`,
            which counts the slices of the volume from 0.
        cells: For `incomplete_grid`, (step of the leading axis, slice) of each image that is missing.
        sentence: All of it in words.
    """

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
    """All findings about one series.

    Attributes:
        issues: The findings, errors and notes, sorted by kind.
    """

    __slots__ = ("issues",)

    def __init__(self, issues: list[Issue]) -> None:
        self.issues = issues

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
        return self.issues == other.issues if isinstance(other, Report) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Report: {len(self.errors)} errors, {len(self.issues) - len(self.errors)} notes>"

    def __str__(self) -> str:
        from pathlib import Path  # Here, so that `import rapidicom` does not pay for it.

        if not self.issues:
            return "Nothing irregular."
        lines = []
        for issue in self.issues:
            lines.append(f"{'error' if issue.is_error else 'note '}  {issue.kind}: {issue.sentence}")
            lines.extend(f"         {Path(path).name}" for path in issue.paths[:_PATHS_SHOWN])
            if len(issue.paths) > _PATHS_SHOWN:
                lines.append(f"         and {len(issue.paths) - _PATHS_SHOWN} more files")
        return "\n".join(lines)
