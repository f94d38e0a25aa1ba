"""Bodies as bytes, and their way through reader and checks."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.errors import Problem
from service.forms.batches import Batch, Reading
from service.forms.catalogue import FORMS
from service.forms.checking import Checker
from service.forms.declaration import Form
from service.forms.delimited import read_delimited
from service.forms.dialect import DELIMITERS, Dialect
from service.forms.objects import read_json, read_ndjson
from service.method.months import parse_month

NEWEST = parse_month("2026-11")
STATISTICS = FORMS["statistics"]
PLAIN = Dialect()
POINT = Dialect(decimal="point")


@dataclass
class Cells:
    """What a reader made of a body, all batches together."""

    columns: dict[str, list[str | None]]
    rows: list[int] = field(default_factory=list)
    received: int = 0
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, batch: Batch) -> None:
        for name, cells in batch.columns.items():
            self.columns[name] += cells.to_pylist()
        self.rows += batch.rows.to_pylist()
        self.received += batch.received
        self.problems += batch.problems
        self.count += len(batch.problems) + batch.unlisted

    @property
    def lines(self) -> list[tuple[str | None, ...]]:
        return list(zip(*self.columns.values(), strict=True))

    @property
    def told(self) -> list[tuple[int | None, str | None, str]]:
        return [(one.row, one.column, one.code) for one in self.problems]


@dataclass
class Outcome:
    """What reader and checks made of a body: values of the good rows, and problems."""

    columns: dict[str, list[Any]]
    rows: list[int]
    problems: list[Problem]
    count: int

    @property
    def told(self) -> list[tuple[int | None, str | None, str]]:
        return [(one.row, one.column, one.code) for one in self.problems]


Reader = Callable[[Path, Form], Reading]


def csv_reader(dialect: Dialect = PLAIN) -> Reader:
    return lambda path, form: read_delimited(path, form, dialect)


@contextmanager
def opened(body: str | bytes, form: Form, reader: Reader) -> Iterator[Reading]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(body.encode() if isinstance(body, str) else body)
        file.flush()
        yield reader(Path(file.name), form)


def cells(body: str | bytes, form: Form = STATISTICS, reader: Reader | None = None) -> Cells:
    with opened(body, form, reader or csv_reader()) as reading:
        found = Cells({name: [] for name in reading.names})
        for batch in reading.batches:
            assert all(len(values) == len(batch.rows) for values in batch.columns.values())
            found.add(batch)
    return found


def checked(body: str | bytes, form: Form = STATISTICS, reader: Reader | None = None) -> Outcome:
    with opened(body, form, reader or csv_reader()) as reading:
        checker = Checker(form, NEWEST)
        columns: dict[str, list[Any]] = {}
        rows: list[int] = []
        for batch in reading.batches:
            good = checker.check(batch)
            rows += good.rows.to_pylist()
            for name, values in good.columns.items():
                columns.setdefault(name, []).extend(values.to_pylist())
    return Outcome(columns, rows, checker.found.listed(), checker.found.count)


def csv_of(rows: Sequence[dict[str, str]], dialect: Dialect = PLAIN, line_end: str = "\n") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=DELIMITERS[dialect.delimiter], lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def checked_csv(rows: Sequence[dict[str, str]], form: Form = STATISTICS, dialect: Dialect = POINT) -> Outcome:
    return checked(csv_of(rows, dialect), form, csv_reader(dialect))


def checked_json(rows: Any, form: Form = STATISTICS) -> Outcome:
    """`rows` as JSON text, or as objects to be written as JSON."""
    return checked(rows if isinstance(rows, str | bytes) else json.dumps(rows), form, read_json)


def checked_ndjson(rows: Sequence[Any], form: Form = STATISTICS) -> Outcome:
    return checked("".join(json.dumps(row) + "\n" for row in rows), form, read_ndjson)
