"""Erasing a person: the name goes from all that is kept, the code and every figure stay.

A body that was handed in is read again and kept anew as NDJSON, with the same rows but for what is erased; the record
keeps the hash of what came. Rows that were refused are left out of it: they may hold anything, and no figure needs
them.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import Conflict, KontorError, NotFound
from service.forms.batches import Batch
from service.forms.catalogue import FORMS
from service.forms.dialect import Dialect
from service.forms.formats import CONTENT_TYPES, FORMATS
from service.operations import references
from service.operations.handed import Source, opened
from service.store import erasures, jobs, submissions, subsidiaries
from service.store.erasures import PERSONAL, PersonForm
from service.store.reach import Reach
from service.wording import say

_KEPT_AS = "ndjson"
_OF_DIALECT = {"delimiter": "delimiter", "decimal": "decimal", "date_format": "dates", "sheet": "sheet"}
"""What a request declares about its notation; NDJSON has but one."""
_UNPACKED_LIMIT = 1 << 40
"""It was held against the limit when it came."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was changed: rows of the form and of its history, bodies kept anew, texts that mentioned a name."""

    rows: int
    bodies: int
    texts: int


def erase(caller: Caller, subsidiary: str, form: PersonForm, codes: Collection[str]) -> Erased:
    """Erase people of a subsidiary; again, it finds nothing more. NotFound for a code that was never there, Conflict
    while a submission of the form waits to be worked on."""
    connection = caller.connection
    home = caller.reach.narrowed([subsidiaries.get(connection, caller.reach, subsidiary).id])
    subsidiaries.revision_for_writing(connection, home)
    if jobs.waiting(connection, home, form):
        raise Conflict(
            say("A submission of the form {form} waits to be worked on. Erase when that is done.", form=form)
        )
    people = erasures.numbers(connection, home, form, codes)
    unknown = sorted(set(codes) - people.keys())
    if unknown:
        raise NotFound(
            say(
                "There is no {unknown!r} among the {form} of {subsidiary!r}, nor was there.",
                unknown=unknown[0],
                form=form,
                subsidiary=subsidiary,
            )
        )
    names = erasures.names(connection, home, form, people.values())
    rows = erasures.erase_rows(connection, home, form, people.values())
    whose = _Whose(form, frozenset(codes), erasures.mention(names))
    bodies = sum(_kept_anew(caller, home, row, whose) for row in submissions.telling(connection, home, form))
    erasures.drop_bodies(connection, home)
    texts = erasures.erase_texts(connection, home, names)
    for code in sorted(people):
        caller.note(home, "person.erase", f"{form}/{subsidiary}/{code}")
    return Erased(rows, bodies, texts)


@dataclass(frozen=True, slots=True)
class _Whose:
    """The people to look for in bodies: their codes in their own form, their names in rows that were refused."""

    form: PersonForm
    codes: frozenset[str]
    names: re.Pattern[str]

    def without(self, row: dict[str, str]) -> dict[str, str]:
        """A row of their form, without what is erased if it is one of theirs."""
        if row.get("code") not in self.codes:
            return row
        return row | {name: erased for name, erased in PERSONAL[self.form].items() if name in row}

    def named_in(self, row: dict[str, str]) -> bool:
        return any(self.names.search(cell) for cell in row.values())


def _kept_anew(caller: Caller, home: Reach, row: Row[Any], whose: _Whose) -> bool:
    """Read a body, and keep it without these people where it tells of them; whether it did."""
    with TemporaryDirectory(prefix="kontor-") as folder:
        came, anew = Path(folder) / "came", Path(folder) / "anew"
        with came.open("wb") as file:
            for piece in submissions.source(caller.connection, home, row.kept_sha256 or row.sha256):
                file.write(piece)
        if not came.stat().st_size:
            return False  # nothing is kept of it
        try:
            with anew.open("wb") as into:
                # What was kept anew has no refused rows any more, and other numbers.
                refused = submissions.refused(caller.connection, home, row.number) if row.kept_sha256 is None else ()
                told = _write(_batches(came, row), row.form, whose, frozenset(refused), into)
        except KontorError as error:
            identifier = references.write(row.subsidiary, row.number)
            raise Conflict(
                say(
                    "What was handed in as {identifier} cannot be read any more: {detail}",
                    identifier=identifier,
                    detail=error.detail,
                )
            ) from error
        if told:
            _keep(caller, home, row, anew)
    return told


def _batches(path: Path, row: Row[Any]) -> Iterator[Batch]:
    declared = dict(parse_qsl(row.query))
    words: dict[str, Any] = {ours: declared[name] for name, ours in _OF_DIALECT.items() if name in declared}
    dialect = Dialect(charset=row.charset, **words)
    format_ = FORMATS[CONTENT_TYPES[row.format]]
    source = Source(path, row.sha256, row.size, format_, row.content_encoding, row.charset, row.query)
    with opened(FORMS[row.form], source, dialect, _UNPACKED_LIMIT) as handed:
        yield from handed.reading.batches


def _write(batches: Iterator[Batch], form: str, whose: _Whose, refused: frozenset[int], into: BinaryIO) -> bool:
    """The rows without these people, and without those that were refused; whether these people were in any of them, or
    a row could not be read."""
    told = False
    for batch in batches:
        told = told or batch.received > len(batch.rows)
        columns = [cells.to_pylist() for cells in batch.columns.values()]
        for number, *cells in zip(batch.rows.to_pylist(), *columns, strict=True):
            if None in cells:
                told = True
                continue
            row = {name: cell for name, cell in zip(batch.columns, cells, strict=True) if cell}
            if number in refused:
                told = told or whose.named_in(row)
                continue
            without = whose.without(row) if form == whose.form else row
            told = told or without != row
            into.write(json.dumps(without, ensure_ascii=False).encode() + b"\n")
    return told


def _keep(caller: Caller, home: Reach, row: Row[Any], anew: Path) -> None:
    with anew.open("rb") as body:
        sha256 = hashlib.file_digest(body, "sha256").hexdigest()
        body.seek(0)
        submissions.keep_source(caller.connection, home, sha256, body)
    query = [(name, value) for name, value in parse_qsl(row.query) if name not in _OF_DIALECT]
    values = {"format": _KEPT_AS, "content_encoding": "", "charset": "utf-8", "query": urlencode(query)}
    submissions.kept_as(caller.connection, home, row.number, values | {"kept_sha256": sha256})
