"""Many rows at once: new ones go in, changed ones replace the former, and the former go to the history.

Works on sets. Rows are loaded into a temporary table, in runs sorted by key (an index that is filled in order costs
half), and compared there with what is stored; then three statements write what is new, changed or removed, and only
that. Whoever writes holds the lock on the subsidiary, so two submissions never meet in the same rows.
"""

import math
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlmodel import SQLModel

from service.store.database import affected, load

RUN_ROWS = 131_072
DELETED, ROW = "deleted", "row"
_KEPT = 256
"""So many sets of columns that are handed in."""


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows were new, replaced another value, were there already, and were removed."""

    added: int = 0
    corrected: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.added or self.corrected or self.removed)


@lru_cache(maxsize=_KEPT)
def _staging(table: Table, names: tuple[str, ...]) -> Table:
    """The temporary table for rows of a table. Kept: SQLAlchemy writes a statement anew for every new object."""
    own = [Column(name, table.c[name].type, nullable=True) for name in names]
    extra = [Column(ROW, BigInteger), Column(DELETED, BigInteger)]
    return Table(f"staged_{table.name}", MetaData(), *extra, *own, prefixes=["TEMPORARY"])


class Staged:
    """Rows on their way into a table, in a temporary one.

    `names` are the columns that the rows bring, `fixed` the values of the others (all but `revision`). Beside them a
    row has its number in what was handed in, and whether it is to be removed.
    """

    def __init__(self, connection: Connection, table: Table, names: Sequence[str], fixed: Mapping[str, Any]) -> None:
        self.connection = connection
        self.table = table
        self.names = tuple(names)
        self.fixed = dict(fixed)
        self.keys = [column.name for column in table.primary_key.columns]
        self.values = [c.name for c in table.columns if c.name not in (*self.keys, "revision")]
        self._replaced = self.values
        self.rows = _staging(table, self.names)
        self.rows.create(connection)
        self.count = 0
        self._waiting: list[pa.Table] = []
        self._hashes = array("Q")
        self._first: int | None = None
        self._last: int | None = None

    def add(self, columns: Mapping[str, pa.Array], rows: pa.Array, deleted: pa.Array | None = None) -> None:
        """Take a batch: a column for each of the names."""
        if not len(rows):
            return
        removed = pa.repeat(pa.scalar(0, pa.int64()), len(rows)) if deleted is None else deleted.cast(pa.int64())
        batch = pa.table({ROW: rows, DELETED: removed, **{name: columns[name] for name in self.names}})
        self.count += len(rows)
        self._waiting.append(batch)
        brought = [key for key in self.keys if key in self.names]
        self._hashes.frombytes(_hashes(batch, brought).tobytes())
        if pa.types.is_integer(batch.schema.field(brought[0]).type):
            numbers = batch.column(brought[0]).to_numpy()
            low, high = int(numbers.min()), int(numbers.max())
            self._first = low if self._first is None else min(low, self._first)
            self._last = high if self._last is None else max(high, self._last)
        if sum(len(part) for part in self._waiting) >= RUN_ROWS:
            self._load()

    def finish(self) -> None:
        """All rows are there."""
        self._load()
        _analyze(self.connection, self.rows, self.count)

    def repeated(self) -> list[tuple[int, int]]:
        """Rows with a key that an earlier row has: the row's number and the earlier one's."""
        hashes = np.frombuffer(self._hashes, dtype=np.uint64)
        hashes.sort()
        self._hashes = array("Q")
        if not (hashes[1:] == hashes[:-1]).any():
            return []
        brought = [self.rows.c[key] for key in self.keys if key in self.names]
        first = func.min(self.rows.c[ROW]).label("first")
        twice = select(*brought, first).group_by(*brought).having(func.count() > 1).subquery()
        same = and_(*(column == twice.c[column.name] for column in brought))
        found = select(self.rows.c[ROW], twice.c.first).join(twice, same).where(self.rows.c[ROW] > twice.c.first)
        return [(row, first) for row, first in self.connection.execute(found.order_by(self.rows.c[ROW]))]

    def leave_out(self, rows: Sequence[int]) -> None:
        """Forget rows that were refused."""
        for start in range(0, len(rows), 500):
            part = delete(self.rows).where(self.rows.c[ROW].in_(rows[start : start + 500]))
            self.count -= affected(self.connection, part)

    def add_to_stored(self, names: Sequence[str]) -> None:
        """Turn differences into values: what is stored plus what was handed in, for these columns.

        Those of them that the rows do not bring stay as they are stored.
        """
        self._replaced = [name for name in self.values if name in self.names or name not in names]
        sums = {name: self.rows.c[name] + self.table.c[name] for name in names if name in self.names}
        if sums:
            self.connection.execute(update(self.rows).values(sums).where(self.matches()))

    def changing(self, name: str, values: Collection[int]) -> list[tuple[int, int]]:
        """Rows that would change what is stored, of those with such a value in a column: number and value."""
        if not values:
            return []
        as_stored = exists().where(self.matches(), not_(self._differs()))
        missing = not_(exists().where(self.matches()))
        kept, removed = self.rows.c[DELETED] == 0, self.rows.c[DELETED] == 1
        idle = or_(and_(kept, as_stored), and_(removed, missing))
        found = select(self.rows.c[ROW], self.rows.c[name]).where(self.rows.c[name].in_(sorted(values)), not_(idle))
        return [(row, value) for row, value in self.connection.execute(found.order_by(self.rows.c[ROW]))]

    def rows_of(self, name: str, values: Sequence[str]) -> list[tuple[int, str]]:
        """Numbers of the rows that are to be removed, with one of these values in a column."""
        found = select(self.rows.c[ROW], self.rows.c[name])
        found = found.where(self.rows.c[DELETED] == 1, self.rows.c[name].in_(values))
        return [(row, value) for row, value in self.connection.execute(found.order_by(self.rows.c[ROW]))]

    def to_be_removed(self, name: str) -> Any:
        """Statement: the values of a column in the rows that are to be removed."""
        return select(self.rows.c[name]).where(self.rows.c[DELETED] == 1)

    def merge(self, history: Table, revision: int) -> Merged:
        """Store the rows as of this data revision. `history` has the table's columns and `until_revision`."""
        new, corrected, gone = self._compared()
        kept, removed = self.rows.c[DELETED] == 0, self.rows.c[DELETED] == 1
        if corrected or gone:
            former = select(*(self.table.c[column.name] for column in self.table.columns), _number(revision))
            into_history = [*(column.name for column in self.table.columns), "until_revision"]
            replaced = former.where(self.matches(), or_(removed, self._differs()))
            self.connection.execute(insert(history).from_select(into_history, replaced))
        if gone:
            self.connection.execute(self._removal())
        if corrected:
            new_values = {name: self._value(name) for name in self._replaced} | {"revision": _number(revision)}
            self.connection.execute(update(self.table).values(new_values).where(self.matches(), kept, self._differs()))
        if new:
            self.connection.execute(self._insertion(revision, kept, among_stored=new < self.count))
        self.drop()
        _analyze(self.connection, self.table, new)
        return Merged(new, corrected, self.count - new - corrected - gone, gone)

    def _compared(self) -> tuple[int, int, int]:
        """How many rows are new, differ from what is stored, and are to be removed from there: found in one join."""
        kept, stored = self.rows.c[DELETED] == 0, self.table.c.revision.is_not(None)
        kinds = (and_(kept, not_(stored)), and_(kept, stored, self._differs()), and_(not_(kept), stored))
        counts = (func.coalesce(func.sum(case((kind, 1), else_=0)), 0) for kind in kinds)
        joined = self.rows.outerjoin(self.table, self.matches())
        new, corrected, gone = self.connection.execute(select(*counts).select_from(joined)).one()
        return int(new), int(corrected), int(gone)

    def drop(self) -> None:
        self.rows.drop(self.connection)

    def matches(self) -> Any:
        """The condition that a stored row has the key of a staged one."""
        return and_(*(self.table.c[key] == self._value(key) for key in self.keys), self._near())

    def _near(self) -> Any:
        """Implied by the equality of keys, but it keeps PostgreSQL from reading the whole table. SQLite, which needs no
        such help, would be misled by it: it joins from the table to the staged rows, which have no index."""
        if self._first is None or self.connection.dialect.name == "sqlite":
            return true()
        brought = next(key for key in self.keys if key in self.names)
        return self.table.c[brought].between(self._first, self._last)

    def _removal(self) -> Any:
        keys = select(*(self._value(key) for key in self.keys)).where(self.rows.c[DELETED] == 1)
        return delete(self.table).where(tuple_(*(self.table.c[key] for key in self.keys)).in_(keys), self._near())

    def _differs(self) -> Any:
        return or_(false(), *(self.table.c[name].is_distinct_from(self._value(name)) for name in self._replaced))

    def _insertion(self, revision: int, kept: Any, *, among_stored: bool) -> Any:
        """In the order of the key: runs are sorted each on its own, and a join may lose that too."""
        names = [*self.keys, *self.values]
        new = select(*(self._value(name) for name in names), _number(revision))
        new = new.where(kept, not_(exists().where(self.matches()))) if among_stored else new
        if self.connection.dialect.name == "postgresql":
            new = new.order_by(*(self.rows.c[key] for key in self.keys if key in self.names))
        return insert(self.table).from_select([*names, "revision"], new)

    def _value(self, name: str) -> Any:
        if name in self.names:
            return self.rows.c[name]
        return literal(self.fixed[name], self.table.c[name].type)

    def _load(self) -> None:
        if not self._waiting:
            return
        run = pa.concat_tables(self._waiting).unify_dictionaries()
        self._waiting = []
        run = _decoded(run)
        brought = [key for key in self.keys if key in self.names]
        load(self.connection, self.rows, run.take(_order([run.column(key) for key in brought])))


def take_back(
    connection: Connection, table: Table, history: Table, of: Mapping[str, int], revision: int, taken_at: int
) -> bool:
    """Undo what a data revision did to a table; False, with nothing done, where a later one changed the same rows.

    `of` limits it to rows with these values. What it wrote goes to the history, until the revision `taken_at`; what it
    replaced comes back as it was, with the revision that had written it, so that this too can be taken back.
    """
    keys = [column.name for column in table.primary_key.columns]
    mine = [table.c[name] == value for name, value in of.items()]
    former = [history.c[name] == value for name, value in of.items()]
    later = history.alias("later")
    stands = and_(*(table.c[key] == history.c[key] for key in keys))
    again = and_(*(later.c[key] == history.c[key] for key in keys))
    replaced = select(history.c.revision).where(
        *former, history.c.revision == revision, not_(exists().where(stands, table.c.revision == revision))
    )
    came_back = select(history.c.revision).where(
        *former,
        history.c.until_revision == revision,
        not_(exists().where(stands, table.c.revision == revision)),
        or_(exists().where(stands), exists().where(again, later.c.revision > revision)),
    )
    for changed in (replaced, came_back):
        if connection.execute(changed.limit(1)).first() is not None:
            return False
    into_history = [*(column.name for column in table.columns), "until_revision"]
    written = select(*table.columns, _number(taken_at)).where(*mine, table.c.revision == revision)
    connection.execute(insert(history).from_select(into_history, written))
    connection.execute(delete(table).where(*mine, table.c.revision == revision))
    names = [column.name for column in table.columns]
    before = select(*(history.c[name] for name in names)).where(*former, history.c.until_revision == revision)
    connection.execute(insert(table).from_select(names, before))
    return True


def next_number(connection: Connection, column: Column[Any], *conditions: Any) -> int:
    """The largest value of the column, plus one; the subsidiary must be locked for writing."""
    largest: int | None = connection.execute(select(func.max(column)).where(*conditions)).scalar_one()
    return (largest or 0) + 1


def _decoded(run: pa.Table) -> pa.Table:
    """Texts in place of their numbers in a dictionary."""
    columns = {
        name: column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for name, column in zip(run.column_names, run.columns, strict=True)
    }
    return pa.table(columns)


def _order(keys: Sequence[pa.ChunkedArray]) -> pa.Array:
    """The places of the rows in the order of these keys; numbers are made one number as long as 63 bits last."""
    spans = [pc.min_max(key).as_py() for key in keys] if all(pa.types.is_integer(key.type) for key in keys) else []
    widths = [span["max"] - span["min"] + 1 for span in spans]
    if not spans or math.prod(widths) >= 1 << 63:
        table = pa.table(list(keys), names=[str(place) for place in range(len(keys))])
        return pc.sort_indices(table, sort_keys=[(name, "ascending") for name in table.column_names])
    whole = np.zeros(len(keys[0]), dtype=np.int64)
    for key, span, width in zip(keys, spans, widths, strict=True):
        whole = whole * width + (key.to_numpy() - span["min"])
    return pa.array(np.argsort(whole))


def _hashes(batch: pa.Table, names: Sequence[str]) -> Any:
    """64 bits for each row's key: equal keys have equal ones."""
    frame = pd.DataFrame({name: _decoded(batch.select([name])).column(0).to_pandas() for name in names})
    return pd.util.hash_pandas_object(frame, index=False).to_numpy()


def _analyze(connection: Connection, table: Table, written: int) -> None:
    """Let PostgreSQL know of a table that was just filled: until then it joins it and checks keys in it by scanning.

    Only where it knows of fewer rows than were written now: the lock that this takes would make others wait.
    """
    if connection.dialect.name == "sqlite" or not written:
        return
    known = select(text("reltuples")).select_from(text("pg_class")).where(text("oid = CAST(:name AS regclass)"))
    if connection.execute(known, {"name": table.name}).scalar_one() < written:
        # Who owns the table does it in our place.
        own = table.metadata is not SQLModel.metadata
        connection.exec_driver_sql(f"ANALYZE {table.name}" if own else f"SELECT kontor_analyze('{table.name}')")


def _number(value: int) -> Any:
    return literal(value, BigInteger)
