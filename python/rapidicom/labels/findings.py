"""Findings about labels: their kinds, and the sentence of each. None shows the text of a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidicom.volumes.irregular import IrregularSeriesError
from rapidicom.volumes.report import Issue, Report

__all__ = ["Findings"]


class Findings:
    """What is noticed while labels are read."""

    def __init__(self) -> None:
        self._issues: list[Issue] = []
        self._damage: Exception | None = None

    def note(self, kind: str, sentence: str, paths: Iterable[str] = (), **numbers: float) -> None:
        """Add a finding that the report has, and that does not stop the reading."""
        self._add(kind, sentence, paths, numbers, is_error=False)

    def error(self, kind: str, sentence: str, paths: Iterable[str] = (), **numbers: float) -> None:
        """Add a finding that would make the labels a guess."""
        self._add(kind, sentence, paths, numbers, is_error=True)

    def _add(
        self,
        kind: str,
        sentence: str,
        paths: Iterable[str],
        numbers: dict[str, float],
        *,
        is_error: bool,
    ) -> None:
        self._issues.append(
            Issue(
                kind=kind, is_error=is_error, paths=list(paths), numbers=numbers, sentence=sentence
            )
        )

    def damage(self, name: str, frames: Sequence[int], error: Exception) -> None:
        """Add frames that are damaged.

        Args:
            name: The label object.
            frames: Which of its frames, from 0.
            error: That of the first.
        """
        self._damage = self._damage or error
        self.error(
            "damaged_frame",
            f"{counted(len(frames), 'frame')}, the first of them {frames[0]:,}, are damaged: "
            "labels have what can be read of them",
            [name],
            frame_count=len(frames),
            frame_index=frames[0],
        )

    def report(self, paths: list[str]) -> Report:
        """Return the findings about label objects with these names."""
        return Report(list(self._issues), paths)

    def check(self, irregular: str, paths: list[str]) -> None:
        """Raise if there are errors and `irregular` is `"raise"`.

        Raises:
            DicomError: That of the first damaged frame, if nothing else is wrong.
            IrregularSeriesError: With the report, otherwise.
        """
        errors = [issue for issue in self._issues if issue.is_error]
        if irregular != "raise" or not errors:
            return
        if self._damage is not None and all(issue.kind == "damaged_frame" for issue in errors):
            raise self._damage
        sentences = "; ".join(f"{issue.kind}: {issue.sentence}" for issue in errors)
        hint = 'Pass irregular="keep" to get what can be read, with the report.'
        raise IrregularSeriesError(
            f"{paths[0] if paths else ''}: the labels do not fit. {sentences}. {hint}",
            report=self.report(paths),
            path=paths[0] if paths else None,
            hint=hint,
        )


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: `1 contour`, `2 contours`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
