"""Entries: what each row of a register adds to the statistics. Lines of a register are sums of its entries."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    MetaData,
    Row,
    Table,
    and_,
    cast,
    delete,
    exists,
    func,
    select,
    union,
)

from service.method.measures import MEASURES
from service.store.columns import code, number_key
from service.store.database import load
from service.store.measured import Measured
from service.store.reach import Reach

KEY = ("period", "customer_id", "salesperson_id", "channel_id", "product_group_id")


class Entry(Measured, table=True):
    subsidiary_id: int = number_key()
    feed: int = number_key()
    source: str = code(primary_key=True)
    place: int = number_key()
    period: int
    customer_id: int
    salesperson_id: int
    channel_id: int
    product_group_id: int
    __table_args__ = (Index("ix_entry_line", "subsidiary_id", "feed", *KEY),)


TABLE: Table = Entry.__table__  # type: ignore[attr-defined]


def touched(reach: Reach, register: tuple[Table, Table], *of: int) -> Any:
    """Statement: ids of the rows of a register that these data revisions wrote, replaced or removed."""
    table, history = register
    written = select(table.c.id).where(table.c.subsidiary_id == reach.one, table.c.revision.in_(of))
    gone = select(history.c.id).where(history.c.subsidiary_id == reach.one, history.c.until_revision.in_(of))
    return union(written, gone)


def rows_of(connection: Connection, reach: Reach, register: tuple[Table, Table], ids: Any) -> Sequence[Row[Any]]:
    """The rows with these ids that stand in a register of the one subsidiary in reach."""
    table, _ = register
    condition = (table.c.subsidiary_id == reach.one) & table.c.id.in_(select(ids.subquery().c.id))
    return connection.execute(select(table).where(condition).order_by(table.c.id)).all()


def all_of(connection: Connection, reach: Reach, register: tuple[Table, Table]) -> Sequence[Row[Any]]:
    """All rows of a register of the one subsidiary in reach."""
    table, _ = register
    return connection.execute(select(table).where(table.c.subsidiary_id == reach.one).order_by(table.c.id)).all()


def replace(connection: Connection, reach: Reach, feed: int, touched_ids: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Put the entries of the touched rows in place of their former ones; the new lines.

    `rows`: source, place, the columns of KEY and the measures. The answer: KEY and the sums of the measures, for each
    key that an entry came to or left; int64, ten-thousandths. A key without any entry has sums of zero and `entries` 0.
    """
    ids = touched_ids.subquery()
    mine = and_(TABLE.c.subsidiary_id == reach.one, TABLE.c.feed == feed)
    keys = Table("touched_line", MetaData(), *(Column(name, BigInteger) for name in KEY), prefixes=["TEMPORARY"])
    keys.create(connection)
    of_ids = exists().where(ids.c.id == TABLE.c.source)
    connection.execute(
        keys.insert().from_select(list(KEY), select(*(TABLE.c[name] for name in KEY)).where(mine, of_ids).distinct())
    )
    connection.execute(delete(TABLE).where(mine, TABLE.c.source.in_(select(ids.c.id))))
    if len(rows):
        _add(connection, rows.assign(subsidiary_id=reach.one, feed=feed)[[column.name for column in TABLE.columns]])
        load(connection, keys, pa.Table.from_pandas(rows[list(KEY)].drop_duplicates(), preserve_index=False))
    sums = _sums(connection, keys, mine)
    keys.drop(connection)
    return sums


def _add(connection: Connection, rows: pd.DataFrame) -> None:
    new = Table("new_entry", MetaData(), *(Column(c.name, c.type) for c in TABLE.columns), prefixes=["TEMPORARY"])
    new.create(connection)
    load(connection, new, pa.Table.from_pandas(rows, preserve_index=False))
    connection.execute(TABLE.insert().from_select(new.columns.keys(), select(new)))
    new.drop(connection)


def clear(connection: Connection, reach: Reach, feed: int) -> None:
    """Forget the entries of a register; its rows stay."""
    connection.execute(delete(TABLE).where(TABLE.c.subsidiary_id == reach.one, TABLE.c.feed == feed))


def _sums(connection: Connection, touched_keys: Table, mine: Any) -> pd.DataFrame:
    keys = select(*touched_keys.columns).distinct().subquery()
    same = and_(*(TABLE.c[name] == keys.c[name] for name in KEY), mine)
    sums = [cast(func.coalesce(func.sum(TABLE.c[name]), 0), BigInteger).label(name) for name in MEASURES]
    statement = (
        select(*(keys.c[name] for name in KEY), func.count(TABLE.c.place).label("entries"), *sums)
        .outerjoin(TABLE, same)
        .group_by(*(keys.c[name] for name in KEY))
    )
    rows = connection.execute(statement).all()
    return pd.DataFrame(rows, columns=[*KEY, "entries", *MEASURES]).astype("int64")
