"""Reading a table of text cells from CSV or JSON, strictly: nothing is guessed, nothing is skipped.

CSV: UTF-8 (a byte order mark is allowed), comma, one header row, LF or CRLF, every row as many cells as the header.
JSON: an array of objects with text or numbers; a number is taken digit by digit as it is written.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, BinaryIO

from service.errors import BadBody, Problem, RowsRefused
from service.forms.declaration import SUBSIDIARY, Form

SIGNIFICANT_DIGITS = 15
"""A JSON number with more digits has passed, or will pass, through floating point somewhere: it must be text."""

csv.field_size_limit(1_000_000)


class JsonNumber(str):
    """A number as it was written in JSON."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Misfit:
    """A JSON value that no cell takes."""

    code: str
    message: str
    value: str


Cell = str | Misfit


@dataclass(frozen=True, slots=True)
class Table:
    """Cells by column, all columns of the same length; `rows` are the numbers a person would give the rows.

    `problems` are of rows that could not be cut into cells; they stand in no column.
    """

    columns: dict[str, Sequence[Cell]]
    rows: Sequence[int]
    received: int
    subsidiary: str | None
    problems: list[Problem] = field(default_factory=list)


def read_csv(stream: BinaryIO, form: Form) -> Table:
    """Raises BadBody for what is not CSV in UTF-8, RowsRefused for a wrong header or no rows."""
    text = _utf8(stream.read())
    if "\0" in text:
        raise BadBody("The body has NUL characters: it is not CSV text.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        cells = list(reader)
    except csv.Error as error:
        raise BadBody(f"The CSV cannot be read near line {reader.line_num}: {error}.") from error
    if not header:
        raise BadBody("The body is empty: send a header row and data rows.")
    _check_names(header, form, row=1)
    numbered = [(number, row) for number, row in enumerate(cells, start=2) if row]
    problems = [_wrong_length(number, row, header) for number, row in numbered if len(row) != len(header)]
    whole = [(number, row) for number, row in numbered if len(row) == len(header)] if problems else numbered
    columns = list(zip(*(row for _, row in whole), strict=True)) or [()] * len(header)
    return _table(form, dict(zip(header, columns, strict=True)), [n for n, _ in whole], len(numbered), problems)


def read_json(stream: BinaryIO, form: Form) -> Table:
    """Raises BadBody for what is not an array of objects in UTF-8, RowsRefused for unknown fields or no rows."""
    text = _utf8(stream.read())
    if not text.strip():
        raise BadBody("The body is empty: send an array of rows.")
    try:
        rows = json.loads(
            text,
            parse_int=JsonNumber,
            parse_float=JsonNumber,
            parse_constant=lambda name: Misfit("not_a_number", f"{name} is not a number of JSON.", name),
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise BadBody(f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise BadBody("The JSON is nested too deeply: send an array of flat objects.") from error
    if not isinstance(rows, list):
        raise BadBody("The body must be a JSON array of row objects.")
    problems = [_misplaced(number, row) for number, row in enumerate(rows, start=1) if not isinstance(row, _Row)]
    kept = [(number, row) for number, row in enumerate(rows, start=1) if isinstance(row, _Row)]
    problems += [problem for number, row in kept for problem in _unknown_fields(number, row, form)]
    bad = {problem.row for problem in problems}
    kept = [(number, row) for number, row in kept if number not in bad] if bad else kept
    names = dict.fromkeys(name for _, row in kept for name in row)
    columns: dict[str, Sequence[Cell]] = {name: [_cell(row.get(name)) for _, row in kept] for name in names}
    return _table(form, columns, [number for number, _ in kept], len(rows), problems)


class _Row(dict[str, Any]):
    """A JSON object; `doubled` is a name that stands in it twice."""

    doubled: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Row:
    row = _Row(pairs)
    if len(row) != len(pairs):
        names = [name for name, _ in pairs]
        row.doubled = next(name for name in names if names.count(name) > 1)
    return row


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadBody(f"The body is not UTF-8: byte {error.start + 1} is {body[error.start]:#04x}.") from error


def _table(
    form: Form, columns: dict[str, Sequence[Cell]], rows: Sequence[int], received: int, problems: list[Problem]
) -> Table:
    if not received:
        raise RowsRefused([Problem(None, None, "no_rows", "There are no rows: nothing to hand in.")], 1, 0)
    subsidiary = None
    if not form.of_group and SUBSIDIARY in columns:
        named = columns.pop(SUBSIDIARY)
        subsidiary = str(named[0]) if named and isinstance(named[0], str) and named[0] else None
        for number, other in zip(rows, named, strict=True):
            if other != (subsidiary or ""):
                message = f"All rows of a submission are of one subsidiary; the first row names {subsidiary or ''!r}."
                problem = Problem(number, SUBSIDIARY, "mixed_subsidiaries", message, str(other)[:80])
                raise RowsRefused([problem], 1, received)
    return Table(columns, rows, received, subsidiary, problems)


def _check_names(header: Sequence[str], form: Form, row: int) -> None:
    problems = []
    for place, name in enumerate(header):
        if name not in form.accepted:
            problems.append(_unknown(row, name, form))
        elif name in header[:place]:
            problems.append(Problem(row, name, "duplicate_column", f"The column {name} stands twice in the header."))
    problems += [
        Problem(row, column.name, "missing_column", f"The column {column.name} is needed.")
        for column in form.columns
        if column.required and column.name not in header
    ]
    if problems:
        raise RowsRefused(problems, len(problems), 0)


def _unknown(row: int, name: str, form: Form) -> Problem:
    near = get_close_matches(name[:80], form.accepted, n=1)
    hint = f"; did you mean {near[0]}?" if near else f". It has {', '.join(form.accepted)}."
    return Problem(row, name[:80], "unknown_column", f"The form {form.name} has no column {name[:80]!r}{hint}")


def _unknown_fields(number: int, row: _Row, form: Form) -> list[Problem]:
    if row.doubled is not None:
        return [Problem(number, row.doubled[:80], "duplicate_column", "The field stands twice in the object.")]
    return [_unknown(number, name, form) for name in row if name not in form.accepted]


def _misplaced(number: int, row: Any) -> Problem:
    return Problem(number, None, "wrong_type", "A row must be an object with a field per column.", str(row)[:80])


def _wrong_length(number: int, row: list[str], header: list[str]) -> Problem:
    message = f"The row has {len(row)} cells, the header {len(header)}. A comma inside a value needs quotes around it."
    return Problem(number, None, "wrong_number_of_cells", message)


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, JsonNumber):
        digits = value.lstrip("-").replace(".", "").lstrip("0")
        if "e" in value.lower() or len(digits) > SIGNIFICANT_DIGITS:
            return Misfit("too_many_digits", 'Write this number as text, as in "12.50".', value[:80])
        return value
    if isinstance(value, str | Misfit):
        return value
    kind = "true or false" if isinstance(value, bool) else "a list" if isinstance(value, list) else "an object"
    return Misfit("wrong_type", f"A cell is text or a number, not {kind}.", json.dumps(value, default=str)[:80])
