"""Checking rows against their form, column by column, and typing their cells.

A column is read as a whole where its kind can; every other text is read once, however often it stands in the column,
so a table costs about as much as its distinct values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from service.errors import Problem
from service.forms.batches import KEPT_PROBLEMS, Batch
from service.forms.declaration import Column, Form, RowRule
from service.forms.kinds import BadValue
from service.wording import Message

_REMEMBERED = 200_000
"""So many texts of a column are kept read between batches."""
Mask = npt.NDArray[np.bool_]
Reason = tuple[str, str, Message, str | None]
"""Why a place is bad: column, code, message, and the value if it is told."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The good rows of a batch: typed columns (those that were handed in) and the numbers of their rows."""

    columns: Mapping[str, pa.Array]
    rows: pa.Array

    def without(self, refused: Mask) -> "Checked":
        """The rows that are not refused."""
        if not refused.any():
            return self
        kept = pa.array(~refused)
        return Checked({name: cells.filter(kept) for name, cells in self.columns.items()}, self.rows.filter(kept))


@dataclass(slots=True)
class Findings:
    """What is wrong with a submission, over all its batches: the first problems, and how many there are.

    Problems in the columns `untold` are told without the value: it is somebody's name.
    """

    untold: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, problems: Sequence[Problem], unlisted: int = 0) -> None:
        self.count += len(problems) + unlisted
        kept = problems[: KEPT_PROBLEMS - len(self.problems)]
        self.problems += [replace(one, value=None) if one.column in self.untold else one for one in kept]

    def report(self, rows: pa.Array, bad: Mask, explain: Callable[[int], Reason]) -> Mask:
        """Add a problem for each bad place: its reason. Only those kept are made."""
        places = np.flatnonzero(bad)
        listed = places[: max(0, KEPT_PROBLEMS - len(self.problems))]
        problems = [Problem(rows[int(place)].as_py(), *explain(int(place))) for place in listed]
        self.add(problems, len(places) - len(listed))
        return bad

    def listed(self) -> list[Problem]:
        """By row."""
        return sorted(self.problems, key=lambda problem: problem.row or 0)


class Checker:
    """Checks one submission, batch after batch; what it finds wrong is added to `found`."""

    def __init__(self, form: Form, newest_month: int) -> None:
        self.form = form
        self.found = Findings(form.names)
        self._newest_month = newest_month
        self._read: dict[str, dict[str, Any]] = {column.name: {} for column in form.columns}

    def check(self, batch: Batch) -> Checked:
        """Values are in the internal form of their kind; months after the newest are refused."""
        refused = _misfits(batch)
        self.found.add(batch.problems, batch.unlisted)
        columns = {}
        for column in self.form.columns:
            if column.name in batch.columns:
                cells = batch.columns[column.name]
                columns[column.name], bad = self._typed(column, cells)
                refused |= self.found.report(batch.rows, bad, _reason(column.name, cells, self._read[column.name]))
        for rule in self.form.rules:
            broken = self._broken(rule, columns, refused)
            refused |= self.found.report(batch.rows, broken, partial(_breaks, rule))
        return Checked(columns, batch.rows).without(refused)

    def _typed(self, column: Column, cells: pa.Array) -> tuple[pa.Array, Mask]:
        """Values of a column, and where they could not be read."""
        if column.kind.quick is None:
            encoded = cells.dictionary_encode()
            values, unread = self._each(column, encoded.dictionary)
            places = encoded.indices
            bad = np.asarray(unread.take(places).fill_null(False))
            if pa.types.is_string(values.type):
                return pa.DictionaryArray.from_arrays(places, values), bad
            return values.take(places), bad
        values = column.kind.quick(cells)
        left = pc.and_(values.is_null(), cells.is_valid())
        if not column.required:
            empty = pc.equal(cells, "")
            left = pc.and_(left, pc.invert(empty)).fill_null(False)
            values = values if column.default is None else pc.if_else(empty, column.default, values)
        if not pc.any(left).as_py():
            return values, np.zeros(len(cells), dtype=bool)
        rest, unread = self._each(column, cells.filter(left))
        bad = np.zeros(len(cells), dtype=bool)
        bad[np.asarray(left)] = np.asarray(unread)
        return pc.replace_with_mask(values, left, rest), bad

    def _each(self, column: Column, texts: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Values of these texts, read one by one, and which could not be read."""
        known = self._read[column.name]
        if len(known) > _REMEMBERED:
            known.clear()
        values = []
        for text in texts.to_pylist():
            if text not in known:
                known[text] = _value(column, text, self._newest_month)
            values.append(known[text])
        unread = [type(value) is BadValue for value in values]
        good = [None if bad else value for value, bad in zip(values, unread, strict=True)] if any(unread) else values
        return pa.array(good, type=column.kind.arrow), pa.array(unread, type=pa.bool_())

    def _broken(self, rule: RowRule, columns: Mapping[str, pa.Array], refused: Mask) -> Mask:
        """Rows, not refused yet, that break the rule. A column that was not handed in has its default."""
        broken = np.zeros(len(refused), dtype=bool)
        if not any(name in columns for name in rule.needs):
            return broken
        needed = (
            columns[name].to_pylist() if name in columns else [self.form.by_name[name].default] * len(refused)
            for name in rule.needs
        )
        for place, values in enumerate(zip(*needed, strict=True)):
            if not refused[place]:
                broken[place] = not rule.holds(dict(zip(rule.needs, values, strict=True)))
        return broken


def _misfits(batch: Batch) -> Mask:
    """Rows with a cell that could not be taken."""
    refused = np.zeros(len(batch.rows), dtype=bool)
    for cells in batch.columns.values():
        if cells.null_count:
            refused |= np.asarray(cells.is_null())
    return refused


def _value(column: Column, text: str | None, newest_month: int) -> Any:
    try:
        if text:
            return column.kind.read(text, newest_month)
        if column.required:
            return BadValue("missing_value", "A value is needed here.")
    except BadValue as bad:
        return bad
    return column.default


def _reason(name: str, cells: pa.Array, known: Mapping[str, Any]) -> Callable[[int], Reason]:
    def explain(place: int) -> Reason:
        text = cells[place].as_py()
        return name, known[text].code, known[text].message, text[:80]

    return explain


def _breaks(rule: RowRule, _place: int) -> Reason:
    return rule.column, rule.code, rule.message, None
