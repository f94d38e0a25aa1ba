"""Tabular answers in the format that the client asks for, by `format` or by `Accept`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Literal

import pyarrow as pa
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from service.access.keys import Caller
from service.api.security import Entry
from service.api.spooling import SpooledResponse
from service.errors import BadArgument
from service.feeds.columns import Column, Rows, columns_of, of_rows, of_stored, schema_of
from service.feeds.tables import FORMATS, FileFormat, localised
from service.wording import say

Locale = Literal["en", "de", "fr", "es", "pl", "ru"]
_FILE = {"type": "string", "format": "binary"}
_ROWS = {"type": "array", "items": {"type": "object"}}
AS_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            one.content_type.partition(";")[0]: {"schema": _ROWS if one.name == "array" else _FILE}
            for one in FORMATS.values()
        }
    }
}
"""For `responses=` of an operation that can answer with a table."""
Batches = Iterator[pa.RecordBatch]
_JSON = ("application/json", "application/*", "*/*")


@dataclass(frozen=True, slots=True)
class TableFormat:
    """The format that was asked for instead of JSON in pages."""

    format: FileFormat

    def of_rows(self, name: str, item: type[BaseModel], rows: Rows, words: Sequence[str] = ()) -> Response:
        """Rows that are at hand, as a table. `words`: columns of text that only this question has."""
        columns = table_columns(item, tuple(words))
        return self._answer(name, lambda into: self._write(columns, of_rows(columns, rows), into), reads=False)

    def of_read(self, entry: Entry, name: str, item: type[BaseModel], read: Callable[[Caller], Rows]) -> Response:
        """Rows that are read while they are written."""
        columns = table_columns(item)
        return self._answer(name, lambda into: self._read(entry, columns, lambda c: of_rows(columns, read(c)), into))

    def of_stored(self, entry: Entry, name: str, item: type[BaseModel], read: Callable[[Caller], Batches]) -> Response:
        """Batches of the store, likewise. What `read` refuses is told before the answer begins."""
        columns = table_columns(item)
        return self._answer(name, lambda into: self._read(entry, columns, lambda c: of_stored(columns, read(c)), into))

    def _read(
        self, entry: Entry, columns: Sequence[Column], batches: Callable[[Caller], Batches], into: IO[bytes]
    ) -> None:
        if not self.format.slow:
            with entry.reading() as caller:
                self._write(columns, batches(caller), into)
            return
        with TemporaryFile(prefix="kontor-") as rows:
            with entry.reading() as caller:
                FORMATS["arrow"].write(schema_of(columns), batches(caller), rows)
            rows.seek(0)
            self._write(columns, iter(pa.ipc.open_stream(rows)), into)

    def _write(self, columns: Sequence[Column], batches: Batches, into: IO[bytes]) -> None:
        self.format.write(schema_of(columns), batches, into)

    def _answer(self, name: str, write: Callable[[IO[bytes]], None], *, reads: bool = True) -> Response:
        headers = {"Content-Disposition": f'attachment; filename="{name}.{self.format.suffix}"'}
        return SpooledResponse(write, self.format.content_type, headers, reads=reads)


@lru_cache
def table_columns(item: type[BaseModel], words: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """The columns of a table whose rows are these items."""
    return columns_of(item.model_json_schema(mode="serialization"), words)


def _asked(
    request: Request,
    given: Annotated[
        Literal["json", "array", "csv", "csv-excel", "ndjson", "parquet", "arrow", "xlsx"] | None,
        Query(
            alias="format",
            description="All but `json` answer with the whole table, whatever `limit` says: `array` is one flat JSON "
            "array in which amounts are numbers, `csv-excel` a CSV for a double-click in a spreadsheet. Without this "
            "parameter `Accept` decides, and JSON is the default.",
        ),
    ] = None,
    locale: Annotated[
        Locale | None, Query(description="Of `csv-excel`: outside `en` it has semicolons and decimal commas.")
    ] = None,
) -> TableFormat | None:
    if locale is not None and given != "csv-excel":
        raise BadArgument(
            "locale", say("`locale` goes with `format=csv-excel`; other formats are the same everywhere.")
        )
    if given is None:
        found = _accepted(request.headers.get("accept", ""))
    elif given == "csv-excel":
        found = localised(locale or "en")
    else:
        found = FORMATS.get(given)
    return None if found is None else TableFormat(found)


def _accepted(header: str) -> FileFormat | None:
    """The format with the highest quality, of equals the first; None: JSON."""
    by_type: dict[str, FileFormat | None] = {one.content_type.partition(";")[0]: one for one in FORMATS.values()}
    by_type |= dict.fromkeys(_JSON)
    known = [(quality, by_type[kind]) for kind, quality in map(_quality, header.lower().split(",")) if kind in by_type]
    return max(known, key=lambda one: one[0])[1] if known else None


def _quality(part: str) -> tuple[str, float]:
    kind, *parameters = (word.strip() for word in part.split(";"))
    told = next((word.removeprefix("q=") for word in parameters if word.startswith("q=")), "1")
    try:
        return kind, float(told)
    except ValueError:
        return kind, 0.0


AsTable = Annotated[TableFormat | None, Depends(_asked)]
"""The format of a table that was asked for; None: JSON in pages."""
