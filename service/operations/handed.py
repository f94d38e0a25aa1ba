"""What was handed in: the bytes as they came, kept in a file, and the rows read from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl.utils import column_index_from_string

from service.access.keys import Caller
from service.errors import BadArgument, Problem, RowsRefused
from service.forms.batches import Batch, Reading
from service.forms.declaration import SUBSIDIARY, Form
from service.forms.dialect import Dialect
from service.forms.formats import Format, unpack
from service.forms.languages import heading, worded
from service.forms.marking import Marks, marked
from service.store import subsidiaries
from service.store.reach import GROUP, Reach
from service.wording import Message, say


@dataclass(frozen=True, slots=True)
class Source:
    """A body as it came, in a file, with its SHA-256. `query` is what the request declared about it."""

    path: Path
    sha256: str
    size: int
    format: Format
    encoding: str
    charset: str
    query: str


@dataclass(frozen=True, slots=True)
class Handed:
    """A form that is being handed in; its first rows were read, so its header is in order. `path` is unpacked."""

    form: Form
    source: Source
    path: Path
    reading: Reading
    subsidiary: str | None


@contextmanager
def opened(form: Form, source: Source, dialect: Dialect, unpacked_limit: int) -> Iterator[Handed]:
    """Read a body. Raises BadBody, TooLarge or RowsRefused where it cannot be read."""
    with TemporaryDirectory(prefix="kontor-") as folder:
        path = source.path
        if source.encoding:
            path = Path(folder) / "unpacked"
            with source.path.open("rb") as packed, path.open("wb") as plain:
                unpack(packed, plain, unpacked_limit)
        reading = source.format.read(path, form, dialect)
        batches = reading.batches
        first = _first_rows(batches)
        named = _subsidiary(form, first[-1])
        try:
            yield Handed(form, source, path, Reading(reading.names, chain(first, batches), reading.sheet), named)
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()


def home_of(caller: Caller, handed: Handed, asked: str | None) -> Reach:
    """The one subsidiary that a submission goes to: the query's, or the one its rows name; or the group."""
    if handed.form.of_group:
        caller.whole_group()
        return caller.reach.narrowed([GROUP])
    if asked is not None and handed.subsidiary is not None and asked != handed.subsidiary:
        raise BadArgument(
            "subsidiary",
            say(
                "The query names subsidiary {asked!r}, the rows name {subsidiary!r}.",
                asked=asked,
                subsidiary=handed.subsidiary,
            ),
        )
    code = asked or handed.subsidiary
    if code is None:
        raise BadArgument("subsidiary", say("Name the subsidiary, in the query or in a column."))
    return caller.reach.narrowed([subsidiaries.get(caller.connection, caller.reach, code).id])


def of_one_subsidiary(handed: Handed, batch: Batch) -> None:
    """Raises RowsRefused for a row that names another subsidiary than the first."""
    if handed.form.of_group or SUBSIDIARY not in batch.columns:
        return
    expected = handed.subsidiary or ""
    for row, named in zip(batch.rows.to_pylist(), batch.columns[SUBSIDIARY].to_pylist(), strict=True):
        if named is not None and named != expected:
            message = say(
                "All rows of a submission are of one subsidiary; the first row names {expected!r}.", expected=expected
            )
            raise RowsRefused([Problem(row, SUBSIDIARY, "mixed_subsidiaries", message, named[:80])], 1, batch.received)


def with_problems(handed: Handed, refused: RowsRefused, lang: str) -> bytes:
    """The workbook that was handed in, with the problems in its cells."""
    sheet = handed.reading.sheet
    if sheet is None:
        raise TypeError("only a workbook has cells to mark")
    columns = {name: column_index_from_string(letter) for name, letter in sheet.letters.items()}
    headings = {column.name: heading(column, lang) for column in handed.form.columns}
    problems = [replace(one, message=Message.kept(worded(one.message, lang))) for one in refused.problems]
    marks = Marks(problems, columns, sheet.name, refused.total, lang, headings)
    return marked(handed.path, marks)


def _first_rows(batches: Iterator[Batch]) -> list[Batch]:
    """Batches up to the first with rows in it, or all."""
    first = []
    for batch in batches:
        first.append(batch)
        if len(batch.rows):
            break
    return first


def _subsidiary(form: Form, batch: Batch) -> str | None:
    if form.of_group or SUBSIDIARY not in batch.columns or not len(batch.rows):
        return None
    named: str | None = batch.columns[SUBSIDIARY][0].as_py()
    return named or None
