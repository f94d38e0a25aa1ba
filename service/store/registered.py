"""Reading the rows of registers and targets back, with the codes of what they point to."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, Select, Table, or_, select

from service.store import registers
from service.store.exports import batches
from service.store.nouns import with_codes
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY


def page(
    connection: Connection,
    reach: Reach,
    table: Table,
    limit: int,
    after: Sequence[Any] | None,
    period: int | None = None,
) -> Sequence[Row[Any]]:
    """Rows of one of these tables by key, at most `limit`, those after the cursor; of targets, only of a month."""
    statement = _ordered(reach, table).limit(limit)
    if period is not None:
        statement = statement.where(table.c.period == period)
    if after is not None:
        statement = statement.where(later(list(table.primary_key.columns), after))
    return connection.execute(statement).all()


def each(connection: Connection, reach: Reach, table: Table) -> Iterator[pa.RecordBatch]:
    """All rows of one of these tables by key, in batches."""
    return batches(connection, _ordered(reach, table))


def _ordered(reach: Reach, table: Table) -> Select[Any]:
    statement = select(table, SUBSIDIARY.c.code.label("subsidiary"), SUBSIDIARY.c.currency)
    statement = statement.join(SUBSIDIARY, SUBSIDIARY.c.id == table.c.subsidiary_id)
    statement = with_codes(statement, table).where(reach.covers(table.c.subsidiary_id))
    return statement.order_by(*table.primary_key.columns)


def key_of(table: Table, row: Row[Any]) -> list[Any]:
    """The key of a row, for a cursor."""
    return [getattr(row, column.name) for column in table.primary_key.columns]


def is_open(deal: Row[Any], day: date) -> bool:
    """Whether a deal was still open at the end of a day."""
    return deal.closed is None or deal.closed > day


def deals_between(connection: Connection, reach: Reach, since: date, until: date) -> Sequence[Row[Any]]:
    """Deals that were open or closed between two days."""
    deal = registers.TABLES["deals"][0]
    lived = (deal.c.created <= until, or_(deal.c.closed.is_(None), deal.c.closed >= since))
    return connection.execute(select(deal).where(reach.covers(deal.c.subsidiary_id), *lived)).all()


def activities_between(connection: Connection, reach: Reach, since: date, until: date) -> Sequence[Row[Any]]:
    """Activities on the days from one to another."""
    activity = registers.TABLES["activities"][0]
    then = activity.c.date.between(since, until)
    return connection.execute(select(activity).where(reach.covers(activity.c.subsidiary_id), then)).all()
