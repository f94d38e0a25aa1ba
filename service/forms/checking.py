"""Checking a table against its form, column by column, and typing its cells.

Each distinct text of a column is read once, so a table costs about as much as its distinct values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from service.errors import Problem
from service.forms.declaration import Column, Form, RowRule
from service.forms.kinds import BadValue
from service.forms.readers import Cell, JsonNumber, Misfit, Table

KEPT_PROBLEMS = 10_000
"""Of a submission's problems the first are kept, the rest counted."""

Explanation = tuple[str, str, str, str | None]
"""Column, code, message, value."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Typed columns of the good rows, their numbers, and what is wrong with the others.

    `problems` lists the first of them, by row; `problem_count` counts all.
    """

    columns: dict[str, Sequence[Any]]
    rows: Sequence[int]
    problems: list[Problem]
    problem_count: int


def check(form: Form, table: Table, newest_month: int) -> Checked:
    """Values are in the internal form of their kind; months after `newest_month` are refused."""
    found = _Found(list(table.problems), len(table.problems), {problem.row for problem in table.problems})
    columns: dict[str, Sequence[Any]] = {}
    for column in form.columns:
        cells = table.columns.get(column.name)
        if cells is None:
            bad = list(range(len(table.rows))) if column.required else []
            found.add(table.rows, bad, partial(_missing, column))
            columns[column.name] = [column.default] * len(table.rows)
            continue
        values, bad = _typed(column, cells, newest_month)
        found.add(table.rows, bad, _explain(column, values, cells))
        columns[column.name] = values
    rows, columns = _without(found.refused, table.rows, columns)
    late = _Found([], 0, set())
    for rule in form.rules:
        late.add(rows, _broken(rule, columns), partial(_breaks, rule))
    repeated = _repeated(form, columns, rows)
    late.add(rows, list(repeated), lambda place: (form.key[0], "duplicate_key", repeated[place], None))
    rows, columns = _without(late.refused, rows, columns)
    problems = sorted(found.problems + late.problems, key=lambda problem: problem.row or 0)
    return Checked(columns, rows, problems[:KEPT_PROBLEMS], found.count + late.count)


@dataclass(slots=True)
class _Found:
    """Problems so far. Of each column the first are kept and all are counted, so a bad table costs little."""

    problems: list[Problem]
    count: int
    refused: set[int | None]

    def add(self, rows: Sequence[int], bad: Sequence[int], explain: Callable[[int], Explanation]) -> None:
        self.count += len(bad)
        self.refused.update(rows[place] for place in bad)
        self.problems += [Problem(rows[place], *explain(place)) for place in bad[:KEPT_PROBLEMS]]


class _Memo(dict[Cell, Any]):
    """Text → value, read once; what cannot be read becomes the BadValue itself."""

    def __init__(self, column: Column, newest_month: int) -> None:
        super().__init__()
        self.column = column
        self.newest_month = newest_month
        self.has_bad = False

    def __missing__(self, cell: Cell) -> Any:
        try:
            value = self._read(cell)
        except BadValue as bad:
            self.has_bad = True
            value = bad
        self[cell] = value
        return value

    def _read(self, cell: Cell) -> Any:
        if isinstance(cell, Misfit):
            raise BadValue(cell.code, cell.message)
        if not cell:
            if self.column.required:
                raise BadValue("missing_value", "A value is needed here.")
            return self.column.default
        return self.column.kind.read(cell, self.newest_month)


def _typed(column: Column, cells: Sequence[Cell], newest_month: int) -> tuple[list[Any], list[int]]:
    """Values of a column, and the places of those that could not be read."""
    memo = _Memo(column, newest_month)
    values = list(map(memo.__getitem__, cells))
    if not column.kind.numeric and any(type(cell) is JsonNumber for cell in cells):
        wrong = BadValue("wrong_type", "Write this as text, in quotes.")
        values = [wrong if type(cell) is JsonNumber else value for cell, value in zip(cells, values, strict=True)]
        memo.has_bad = True
    bad = [place for place, value in enumerate(values) if type(value) is BadValue] if memo.has_bad else []
    return values, bad


def _explain(column: Column, values: Sequence[Any], cells: Sequence[Cell]) -> Callable[[int], Explanation]:
    def explain(place: int) -> Explanation:
        bad, cell = values[place], cells[place]
        value = cell.value if isinstance(cell, Misfit) else str(cell)
        shown = value[:80].encode("utf-8", "replace").decode().replace("\0", "")
        return column.name, bad.code, bad.message, shown

    return explain


def _missing(column: Column, _place: int) -> Explanation:
    return column.name, "missing_column", f"The column {column.name} is needed.", None


def _without(
    refused: set[int | None], rows: Sequence[int], columns: dict[str, Sequence[Any]]
) -> tuple[Sequence[int], dict[str, Sequence[Any]]]:
    if not refused:
        return rows, columns
    kept = [place for place, row in enumerate(rows) if row not in refused]
    return [rows[place] for place in kept], {
        name: [values[place] for place in kept] for name, values in columns.items()
    }


def _breaks(rule: RowRule, _place: int) -> Explanation:
    return rule.column, rule.code, rule.message, None


def _broken(rule: RowRule, columns: Mapping[str, Sequence[Any]]) -> list[int]:
    needed = zip(*(columns[name] for name in rule.needs), strict=True)
    return [place for place, values in enumerate(needed) if not rule.holds(dict(zip(rule.needs, values, strict=True)))]


def _repeated(form: Form, columns: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> dict[int, str]:
    """Places whose key another row of the same table has, with what to say; the first row with a key is good."""
    keys = list(zip(*(columns[name] for name in form.key), strict=True))
    if len(set(keys)) == len(keys):
        return {}
    first: dict[tuple[Any, ...], int] = {}
    names = ", ".join(form.key)
    return {
        place: f"Row {first[key]} has the same {names}: a key stands once in a submission."
        for place, key in enumerate(keys)
        if first.setdefault(key, rows[place]) != rows[place]
    }
