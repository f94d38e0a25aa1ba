"""Rows on their way in: text cells in columns, some thousands of rows at a time.

Every reader (CSV, JSON, NDJSON, XLSX, Parquet) makes a `Reading`, so that a form is checked in one way only.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from rapidfuzz import fuzz, process

from service.errors import LISTED_PROBLEMS, Problem, RowsRefused
from service.forms.declaration import Form
from service.wording import say

_PLAIN_NAME = re.compile(r"[^\W\d][\w.]*")
_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*([Cc]\d*)?|[Cc]\d*", re.ASCII)
BATCH_ROWS = 65_536
KEPT_PROBLEMS = 10_000
"""Of a submission's problems the first are kept, the rest counted."""
_NEAR = 60


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows. `columns` holds a string array per column handed in, all as long as `rows`.

    "" is an empty cell. Null is a cell that could not be taken: one of `problems` says why. `rows` (int64) are the
    numbers a person would give the rows. Rows that could not be cut into cells stand in `problems` alone; `received`
    counts them too. `unlisted` counts problems beyond those in `problems`, of cells that are null.
    """

    columns: Mapping[str, pa.Array]
    rows: pa.Array
    received: int
    problems: Sequence[Problem] = ()
    unlisted: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where the rows stand in a workbook: the sheet, and the letter of each column."""

    name: str
    letters: Mapping[str, str]

    def cell(self, row: int, column: str) -> str:
        """`Statistics!F17`, with the name in quotes where a spreadsheet wants them."""
        plain = _PLAIN_NAME.fullmatch(self.name) and not _LIKE_A_CELL.fullmatch(self.name)
        name = self.name if plain else "'" + self.name.replace("'", "''") + "'"
        return f"{name}!{self.letters.get(column, '')}{row}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was handed in: the columns' names, the rows, and the sheet if it is a workbook's."""

    names: Sequence[str]
    batches: Iterator[Batch]
    sheet: Sheet | None = None


def check_names(header: Sequence[str], form: Form, row: int) -> None:
    """Raises RowsRefused for names that are unknown, stand twice or are missing."""
    accepted, counts = frozenset(form.accepted), Counter(header)
    # A name that stands twice is told once: at its first place its count is taken away.
    wrong = [name for name in header if name not in accepted or counts.pop(name, 1) > 1]
    problems = [_wrong_name(row, name, form) for name in wrong[:LISTED_PROBLEMS]]
    problems += [
        Problem(row, column.name, "missing_column", say("The column {name} is needed.", name=column.name))
        for column in form.columns
        if column.required and column.name not in header
    ]
    if problems:
        raise RowsRefused(problems[:LISTED_PROBLEMS], len(problems) + len(wrong[LISTED_PROBLEMS:]), 0)


def _wrong_name(row: int, name: str, form: Form) -> Problem:
    if name not in form.accepted:
        return unknown_column(row, name, form)
    return Problem(
        row, name, "duplicate_column", say("The column {name} stands more than once in the header.", name=name)
    )


def unknown_column(row: int, name: str, form: Form) -> Problem:
    near = process.extractOne(name[:80], form.accepted, scorer=fuzz.ratio, score_cutoff=_NEAR)
    if near:
        message = say(
            "The form {form} has no column {name!r}; did you mean {near}?", form=form.name, name=name[:80], near=near[0]
        )
    else:
        columns = ", ".join(form.accepted)
        message = say(
            "The form {form} has no column {name!r}. It has {columns}.", form=form.name, name=name[:80], columns=columns
        )
    return Problem(row, name[:80], "unknown_column", message)


def no_rows() -> RowsRefused:
    return RowsRefused([Problem(None, None, "no_rows", say("There are no rows: nothing to hand in."))], 1, 0)
