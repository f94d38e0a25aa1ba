"""What a database is asked, as SQLAlchemy knows it: for tests that hold every statement against a rule."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, ColumnClause, Connection, Engine, FromClause, Select, Table, event
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.selectable import AliasedReturnsRows, Join, SelectState
from sqlalchemy.sql.visitors import iterate

Key = Callable[[Table], str | None]
"""Names the column that says whose a row is; None where the table is anybody's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement by its text; `built` is what it was made from, None where it was written as text."""

    text: str
    built: ClauseElement | None


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Asked]]:
    """Each different statement of requests. What the threads `kontor-…` ask concerns the whole group."""
    found: dict[str, Asked] = {}

    def note(_connection: Connection, _cursor: Any, text: str, _parameters: Any, context: Any, _many: bool) -> None:
        if text not in found and not threading.current_thread().name.startswith("kontor-"):
            compiled = context.compiled
            found[text] = Asked(text, None if compiled is None else compiled.statement)

    asked: list[Asked] = []
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)
        asked.extend(found.values())


def unbound(asked: Asked, key: Key) -> set[str]:
    """Tables which a part of the statement reads or changes without a condition on their key, or fills without it.

    What was written as text is not looked into.
    """
    found = set()
    for part in () if asked.built is None else (asked.built, *iterate(asked.built)):
        if isinstance(part, Insert):
            if (name := key(part.table)) and not _filled(asked.text, part.table, name):
                found.add(part.table.name)
            continue
        conditions = [one for one in _conditions(part) if one is not None]
        judged = {(id(one.table), one.key) for whole in conditions for one in iterate(whole) if _in_table(one)}
        for table in _tables_of(part):
            name = key(_plain(table))
            if name is not None and (id(table), name) not in judged:
                found.add(_plain(table).name)
    return found


def _filled(text: str, table: Table, name: str) -> bool:
    columns = re.search(rf'INSERT INTO "?{table.name}"? \(([^)]*)\)', text)
    return columns is not None and name in columns[1].split(", ")


def _conditions(part: Any) -> list[Any]:
    if isinstance(part, Select):
        joins = (one for whole in _froms(part) for one in iterate(whole) if isinstance(one, Join))
        return [part.whereclause, *(one.onclause for one in joins)]
    return [part.whereclause] if isinstance(part, (Update, Delete)) else []


def _tables_of(part: Any) -> Iterator[Any]:
    if isinstance(part, Select):
        for whole in _froms(part):
            yield from _tables(whole)
    elif isinstance(part, (Update, Delete)):
        yield part.table


def _froms(select: Select[Any]) -> list[FromClause]:
    """Its FROMs with all joins; `get_final_froms` would compile it, which our own functions need a dialect for."""
    return SelectState(select, None)._get_display_froms()


def _tables(whole: FromClause) -> Iterator[Any]:
    """Tables, and tables under another name, of a FROM. Sub-selects are parts of their own."""
    if isinstance(whole, Join):
        yield from _tables(whole.left)
        yield from _tables(whole.right)
    elif isinstance(_plain(whole), Table):
        yield whole


def _plain(table: Any) -> Any:
    return table.element if isinstance(table, AliasedReturnsRows) else table


def _in_table(element: Any) -> bool:
    return isinstance(element, ColumnClause) and element.table is not None
