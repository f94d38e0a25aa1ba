"""Many rows at once: new ones go in, changed ones replace the former, and the former go to the history.

Works on sets: the rows are loaded into a temporary table, compared there with what is stored, and written by two
statements, in the order of their keys, so that two submissions never lock each other out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, and_, func, insert, literal, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from service.store.database import affected, load


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows were new, how many replaced another value, how many were there already."""

    added: int
    corrected: int
    unchanged: int

    @property
    def changed(self) -> bool:
        return bool(self.added or self.corrected)


def merge(
    connection: Connection, table: Table, history: Table, rows: Sequence[tuple[Any, ...]], revision: int
) -> Merged:
    """Store the rows (values in the order of the table's columns, without `revision`) as of this data revision.

    `table` has a column `revision`, `history` the same columns and `until_revision`, which is part of its key.
    """
    keys = [column.name for column in table.primary_key.columns]
    names = [column.name for column in table.columns if column.name != "revision"]
    values = [name for name in names if name not in keys]
    places = [names.index(key) for key in keys]
    staged = _stage(connection, table, names, sorted(rows, key=lambda row: tuple(row[place] for place in places)))

    same_key = and_(*(table.c[key] == staged.c[key] for key in keys))
    differs = or_(*(table.c[name].is_distinct_from(staged.c[name]) for name in values))
    former = select(*(table.c[column.name] for column in table.columns), _number(revision)).where(same_key, differs)
    into_history = [*(column.name for column in table.columns), "until_revision"]
    corrected = affected(connection, insert(history).from_select(into_history, former))

    written = _upsert(connection, table, staged, names, keys, values, revision)
    staged.drop(connection)
    _analyze(connection, table, written)
    return Merged(written - corrected, corrected, len(rows) - written)


def next_number(connection: Connection, column: Column[Any], *conditions: Any) -> int:
    """The largest value of the column, plus one; the subsidiary must be locked for writing."""
    largest: int | None = connection.execute(select(func.max(column)).where(*conditions)).scalar_one()
    return (largest or 0) + 1


def _stage(connection: Connection, table: Table, names: list[str], rows: Sequence[tuple[Any, ...]]) -> Table:
    columns = [Column(name, table.c[name].type, nullable=True) for name in names]
    staged = Table(f"staged_{table.name}", MetaData(), *columns, prefixes=["TEMPORARY"])
    staged.create(connection)
    load(connection, staged, rows)
    _analyze(connection, staged, len(rows))
    return staged


def _analyze(connection: Connection, table: Table, written: int) -> None:
    """Let PostgreSQL know of a table that was just filled: until then it joins it and checks keys in it by scanning.

    Only where it knows of fewer rows than were written now: the lock that this takes would make others wait.
    """
    if connection.dialect.name == "sqlite" or not written:
        return
    known = select(text("reltuples")).select_from(text("pg_class")).where(text("oid = CAST(:name AS regclass)"))
    if connection.execute(known, {"name": table.name}).scalar_one() < written:
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def _upsert(
    connection: Connection,
    table: Table,
    staged: Table,
    names: list[str],
    keys: list[str],
    values: list[str],
    revision: int,
) -> int:
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    ordered = select(*(staged.c[name] for name in names), _number(revision)).where(_always(staged, keys))
    statement = dialect.insert(table).from_select([*names, "revision"], ordered.order_by(*(staged.c[k] for k in keys)))
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[table.c[key] for key in keys],
        set_={name: new[name] for name in [*values, "revision"]},
        where=or_(*(table.c[name].is_distinct_from(new[name]) for name in values)),
    )
    return affected(connection, statement)


def _always(staged: Table, keys: list[str]) -> Any:
    # SQLite reads "SELECT … ON CONFLICT" without a WHERE as a join.
    return staged.c[keys[0]].is_not(None)


def _number(value: int) -> Any:
    return literal(value, BigInteger)
