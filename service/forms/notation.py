"""Numbers and dates in a declared notation, turned into the plain one that kinds of cell read."""

import pyarrow as pa
import pyarrow.compute as pc

from service.errors import Problem
from service.forms.batches import KEPT_PROBLEMS, Batch
from service.forms.declaration import Form
from service.forms.dialect import Dialect
from service.wording import Message, say

_ISO = "YYYY-MM-DD"
_DAYS = {
    "DD.MM.YYYY": (r"^(\d{2})\.(\d{2})\.(\d{4})$", r"\3-\2-\1"),
    "DD/MM/YYYY": (r"^(\d{2})/(\d{2})/(\d{4})$", r"\3-\2-\1"),
    "MM/DD/YYYY": (r"^(\d{2})/(\d{2})/(\d{4})$", r"\3-\1-\2"),
}
_MONTHS = (r"^(\d{2})[./](\d{4})$", r"\2-\1")
_GROUPED = r"^-?[1-9]\d{0,2}\.\d{3}$"
_MARKED = (r"^(-?\d+),(\d+)$", r"\1.\2")


def plain_notation(batch: Batch, form: Form, dialect: Dialect) -> Batch:
    """The batch with points in its numbers and ISO dates; a cell that has two readings becomes null, with a problem."""
    columns = dict(batch.columns)
    problems, unlisted = list(batch.problems), batch.unlisted
    for column in form.columns:
        cells = columns.get(column.name)
        if cells is None:
            continue
        if column.kind.numeric:
            odd = pc.match_substring(cells, ".") if dialect.decimal == "comma" else _ambiguous(cells, dialect)
            columns[column.name], more = _without(batch, column.name, cells, odd, _said(dialect))
            more = more[: KEPT_PROBLEMS - len(problems)]
            problems += more
            unlisted += odd.true_count - len(more)
            if dialect.decimal == "comma":
                columns[column.name] = pc.replace_substring_regex(columns[column.name], *_MARKED)
        elif dialect.dates != _ISO and column.kind.name == "date":
            columns[column.name] = pc.replace_substring_regex(cells, *_DAYS[dialect.dates])
        elif dialect.dates != _ISO and column.kind.name == "month":
            columns[column.name] = pc.replace_substring_regex(cells, *_MONTHS)
    return Batch(columns, batch.rows, batch.received, problems, unlisted)


def _ambiguous(cells: pa.Array, dialect: Dialect) -> pa.Array:
    if dialect.decimal == "point":
        return pa.repeat(pa.scalar(value=False), len(cells))
    return pc.match_substring_regex(cells, _GROUPED)


def _said(dialect: Dialect) -> tuple[str, Message]:
    if dialect.decimal == "comma":
        return "bad_number", say("The decimal mark is declared as a comma: write no point, and no grouping.")
    return "ambiguous_number", say(
        "This may be a decimal or grouped thousands: declare the decimal mark, as decimal=point."
    )


def _without(
    batch: Batch, name: str, cells: pa.Array, odd: pa.Array, said: tuple[str, Message]
) -> tuple[pa.Array, list[Problem]]:
    if not odd.true_count:
        return cells, []
    places = pc.indices_nonzero(odd)[:KEPT_PROBLEMS]
    values = zip(batch.rows.take(places).to_pylist(), cells.take(places).to_pylist(), strict=True)
    return pc.if_else(odd, None, cells), [Problem(row, name, *said, value[:80]) for row, value in values]
