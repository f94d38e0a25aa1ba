"""Reading JSON (an array of objects) and NDJSON (an object a line): text or numbers in flat objects.

A number is taken digit by digit as it is written.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from service.errors import BadBody, Problem
from service.forms.batches import BATCH_ROWS, KEPT_PROBLEMS, Batch, Reading, no_rows, unknown_column
from service.forms.declaration import Form
from service.forms.kinds import CODE, FLAG, Kind
from service.wording import Message, say

SIGNIFICANT_DIGITS = 15
"""A JSON number with more digits has passed, or will pass, through floating point somewhere: it must be text."""
_CONSTANTS = ("NaN", "Infinity", "-Infinity")
LONGEST_LINE = 1 << 20


class JsonNumber(str):
    """A number as it was written in JSON."""

    __slots__ = ()


class _Object(dict[str, Any]):
    """A JSON object; `doubled` is a name that stands in it twice."""

    doubled: str | None = None


def read_json(path: Path, form: Form) -> Reading:
    """Raises BadBody for what is not an array of objects in UTF-8, RowsRefused for no rows."""
    rows = _decoded(_utf8(path.read_bytes()))
    if not isinstance(rows, list):
        raise BadBody(say("The body must be a JSON array of row objects."))
    if not rows:
        raise no_rows()
    return Reading(form.accepted, _batches(enumerate(rows, start=1), form))


def read_ndjson(path: Path, form: Form) -> Reading:
    """Raises BadBody for a line that is not JSON in UTF-8, RowsRefused for no rows. Blank lines are passed over."""
    return Reading(form.accepted, _batches(_lines(path), form))


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE + 1), b""), start=1):
            if len(line) > LONGEST_LINE:
                raise BadBody(say("Line {number} is longer than {longest} bytes.", number=number, longest=LONGEST_LINE))
            if line.strip():
                yield number, _decoded(_utf8(line), number)


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadBody(
            say("The body is not UTF-8: byte {place} is {found:#04x}.", place=error.start + 1, found=body[error.start])
        ) from error


def _decoded(text: str, line: int | None = None) -> Any:
    if not text.strip():
        raise BadBody(say("The body is empty: send an array of rows."))
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if line is None:
            raise BadBody(say("The body is not JSON: {error}.", error=str(error))) from error
        raise BadBody(say("Line {line} is not JSON: {error}.", line=line, error=str(error))) from error
    except RecursionError as error:
        raise BadBody(say("The JSON is nested too deeply: send an array of flat objects.")) from error


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    row = _Object(pairs)
    if len(row) != len(pairs):
        row.doubled = Counter(name for name, _ in pairs).most_common(1)[0][0]
    return row


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=JsonNumber
)


def _batches(rows: Iterable[tuple[int, Any]], form: Form) -> Iterator[Batch]:
    numbered = iter(rows)
    some = False
    while part := list(islice(numbered, BATCH_ROWS)):
        some = True
        yield _batch(part, form)
    if not some:
        raise no_rows()


def _batch(part: Sequence[tuple[int, Any]], form: Form) -> Batch:
    problems: list[Problem] = []
    unlisted = 0
    accepted = frozenset(form.accepted)
    kept = []
    for number, row in part:
        strange = [name for name in row if name not in accepted] if isinstance(row, _Object) else []
        wrong = _misshapen(number, row, strange[: max(0, KEPT_PROBLEMS - len(problems))], form)
        problems += wrong
        unlisted += max(0, len(strange) - len(wrong))
        if not wrong and not strange:
            kept.append((number, row))
    columns = {}
    for name in form.accepted:
        cells = [row.get(name) for _, row in kept]
        if any(cell is not None for cell in cells):
            kind = form.by_name[name].kind if name in form.by_name else CODE
            columns[name] = _column(name, kind, [number for number, _ in kept], cells, problems)
        else:
            columns[name] = pa.repeat(pa.scalar(""), len(kept))
    listed = problems[:KEPT_PROBLEMS]
    rows = pa.array([number for number, _ in kept], type=pa.int64())
    return Batch(columns, rows, len(part), listed, unlisted + len(problems) - len(listed))


def _column(name: str, kind: Kind, numbers: Sequence[int], cells: Sequence[Any], problems: list[Problem]) -> pa.Array:
    texts: list[str | None] = []
    for number, cell in zip(numbers, cells, strict=True):
        wrong = _misfit(cell, kind)
        if wrong is not None:
            problems.append(Problem(number, name, *wrong, _shown(cell)))
        texts.append(None if wrong else _text(cell))
    return pa.array(texts, type=pa.string())


def _misshapen(number: int, row: Any, strange: Sequence[str], form: Form) -> list[Problem]:
    """What is wrong with the row as a whole; `strange` are the fields that the form has not."""
    if not isinstance(row, _Object):
        message = say("A row must be an object with a field per column.")
        return [Problem(number, None, "wrong_type", message, _shown(row))]
    if row.doubled is not None:
        name = _printable(row.doubled[:80])
        return [Problem(number, name, "duplicate_column", say("The field stands twice in the object."))]
    return [unknown_column(number, _printable(name[:80]), form) for name in strange]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _misfit(cell: Any, kind: Kind) -> tuple[str, Message] | None:
    """Why a JSON value cannot be a cell: code and message."""
    if isinstance(cell, JsonNumber):
        return _misfit_number(cell, kind)
    if cell is None or (isinstance(cell, bool) and kind is FLAG):
        return None
    if isinstance(cell, str):
        return None if _storable(cell) else ("bad_text", say("The text has characters that cannot be stored."))
    if isinstance(cell, bool):
        return "wrong_type", say("A cell is text or a number, not true or false.")
    if isinstance(cell, list):
        return "wrong_type", say("A cell is text or a number, not a list.")
    return "wrong_type", say("A cell is text or a number, not an object.")


def _misfit_number(cell: JsonNumber, kind: Kind) -> tuple[str, Message] | None:
    if not kind.numeric:
        return "wrong_type", say("Write this as text, in quotes.")
    if cell in _CONSTANTS:
        return "not_a_number", say("{cell} is not a number of JSON.", cell=cell)
    if "e" in cell.lower() or len(cell.lstrip("-").replace(".", "").lstrip("0")) > SIGNIFICANT_DIGITS:
        return "too_many_digits", say('Write this number as text, as in "12.50".')
    return None


def _storable(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[…]"
    return "{…}" if isinstance(value, dict) else _printable(_text(value)[:80])


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")
