"""The condition of `--where`: comparisons of columns, without running any code.

The words are Python's, because users know them; the tree that Python's parser makes of them is
walked here, and whatever is no comparison is refused.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from rapidicom._values.dictionary import dictionary_VM, tag_for_keyword
from rapidicom.cli.exits import UsageError

Row: TypeAlias = Mapping[str, Any]
Term: TypeAlias = Callable[[Row], Any]

# Longer ones are no conditions that somebody typed, and the parser takes its time for them.
_LONGEST = 10_000
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_EQUAL = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
_AMONG = (ast.In, ast.NotIn)
_EXAMPLE = "such as \"Modality == 'CT' and Rows >= 512\""


@dataclass(frozen=True)
class Condition:
    """What rows must meet.

    Attributes:
        columns: The names of the columns that it asks.
        holds: Whether a row meets it.
    """

    columns: tuple[str, ...]
    holds: Callable[[Row], bool]


def condition(text: str) -> Condition:
    """Return the condition that a text says.

    Comparisons (`== != < <= > >= in, not in, is None`, also several in a row), `and`, `or`, `not`
    and parentheses; of columns, texts in quotes, numbers, lists of them and `None`. What is `in` a
    column of several values is one of them; in another text, a part of it. `Name[0]` is the first
    of several values, `A[1].B` the path of a column into a sequence. A missing value is
    `None`: it equals nothing else, and neither precedes nor follows anything.

    Args:
        text: What follows `--where`.

    Raises:
        UsageError: It is no condition. When it is asked of a row: a column of text is compared with
            a number, or the like.
    """
    names: list[str] = []
    try:
        if len(text) > _LONGEST:
            raise UsageError(f"--where takes a condition, {_EXAMPLE}")
        holds = _logic(ast.parse(text.strip(), mode="eval").body, names)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(f"--where takes a condition, {_EXAMPLE}") from None
    return Condition(tuple(dict.fromkeys(names)), holds)


def _logic(node: ast.expr, names: list[str]) -> Callable[[Row], bool]:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            parts = [_logic(value, names) for value in values]
            return lambda row: all(part(row) for part in parts)
        case ast.BoolOp(values=values):
            parts = [_logic(value, names) for value in values]
            return lambda row: any(part(row) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            part = _logic(operand, names)
            return lambda row: not part(row)
        case ast.Compare(left=left, ops=ops, comparators=others):
            terms = [_term(one, names) for one in (left, *others)]
            tests = [_comparison(op, *pair) for op, pair in zip(ops, pairwise(terms), strict=True)]
            for place, (op, other) in enumerate(zip(ops, others, strict=True)):
                if isinstance(op, _AMONG) and _has_several(other):
                    before, after = terms[place : place + 2]
                    tests[place] = _comparison(op, before, _listed(after))
            return lambda row: all(test(row) for test in tests)
    raise UsageError(f"--where takes comparisons, {_EXAMPLE}")


def _term(node: ast.expr, names: list[str]) -> Term:
    """Return what gives a value: a column, one of its values, or what is written there."""
    if (name := _column(node)) is not None:
        names.append(name)
        return lambda row: row[name]
    match node:
        case ast.Subscript(value=value, slice=index):
            term, position = _term(value, names), _number(index)
            if type(position) is int:
                return lambda row: _part(term(row), position)
        case ast.Constant(value=None | str()):
            return _fixed(node.value)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            written = [_written(one) for one in elements]
            return _fixed(written)
        case _ if (number := _number(node)) is not None:
            return _fixed(number)
    raise UsageError(
        "--where compares columns with texts in quotes, numbers, lists of them and None"
    )


def _column(node: ast.expr) -> str | None:
    """Return the name of a column: a keyword, or keywords with dots and indices between."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Subscript(value=value, slice=ast.Constant(value=int(index)))):
            before = _column(value)
            return None if before is None else f"{before}[{index}].{node.attr}"
        case ast.Attribute(value=value):
            before = _column(value)
            return None if before is None else f"{before}.{node.attr}"
    return None


def _has_several(node: ast.expr) -> bool:
    """Return whether a term is a column whose attribute can have several values (PS3.6 §6)."""
    tag = tag_for_keyword((_column(node) or "").rpartition(".")[2])
    return tag is not None and dictionary_VM(tag) != "1"


def _listed(term: Term) -> Term:
    """Return a term whose values are a list, however many there are."""

    def values(row: Row) -> Any:
        value = term(row)
        if isinstance(value, str):
            return value.split("\\")
        return value if value is None or isinstance(value, list) else [value]

    return values


def _written(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str)):
        return node.value
    number = _number(node)
    if number is None:
        raise UsageError("--where takes lists of texts in quotes and numbers")
    return number


def _number(node: ast.expr) -> int | float | None:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            positive = _number(operand)
            return None if positive is None else -positive
    return None


def _fixed(value: Any) -> Term:
    return lambda row: value


def _part(value: Any, position: int) -> Any:
    if value is None:
        return None
    values = value.split("\\") if isinstance(value, str) else value
    if not isinstance(values, list):
        values = [values]
    return values[position] if -len(values) <= position < len(values) else None


def _comparison(op: ast.cmpop, left: Term, right: Term) -> Callable[[Row], bool]:
    if isinstance(op, _EQUAL):
        is_wanted = isinstance(op, (ast.Eq, ast.Is))
        return lambda row: _equal(left(row), right(row)) == is_wanted
    if isinstance(op, _AMONG):
        is_wanted = isinstance(op, ast.In)
        return lambda row: _contained(left(row), right(row)) == is_wanted
    in_order = _ORDER[type(op)]
    return lambda row: _ordered(in_order, left(row), right(row))


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, list):
        one, other = other, one
    if isinstance(other, list) and all(isinstance(each, str) for each in other):
        # Several values are one text in a table.
        one = one.split("\\") if isinstance(one, str) else one
    _check_alike(one, other)
    if isinstance(one, list):
        return _known(one) == _known(other)
    return bool(one == other)


def _known(values: list[Any]) -> list[Any]:
    """Return several values without what a row lacks that another row of the table has."""
    count = len(values)
    while count and values[count - 1] is None:
        count -= 1
    return values[:count]


def _ordered(in_order: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    if one is None or other is None:
        return False
    _check_alike(one, other)
    try:
        return in_order(one, other)
    except TypeError:
        # Some of several numbers are missing.
        return False


def _contained(one: Any, several: Any) -> bool:
    if several is None:
        return False
    if isinstance(several, str):
        if one is None:
            return False
        _check_alike(one, several)
        return one in several
    if not isinstance(several, list):
        raise UsageError("--where: what follows `in` is a list or a text, not a number")
    return any(_equal(one, each) for each in several)


def _check_alike(one: Any, other: Any) -> None:
    kinds = {_kind(one), _kind(other)}
    if len(kinds) > 1:
        advice = {
            "several numbers": "Name[0] is the first of several values",
            "text": "texts are in quotes, numbers are not",
        }
        hint = next(words for kind, words in advice.items() if kind in kinds)
        raise UsageError(f"--where compares {' with '.join(sorted(kinds))}: {hint}")


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "several numbers" if isinstance(value, list) else "a number"
