"""Subsidiaries, and the counter of data revisions that each of them (and the group) has."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlmodel import Field, SQLModel

from service.errors import NotFound
from service.store.columns import amount, code
from service.store.database import lock
from service.store.reach import GROUP, Reach
from service.wording import say


class Subsidiary(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    code: str = code(unique=True)
    name: str = Field(max_length=200)
    country: str = Field(max_length=2)
    currency: str = Field(max_length=3)
    fiscal_year_start: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    data_revision: int = amount()
    feed_results: str = Field(default="lines", max_length=8)
    feed_funnel: str = Field(default="lines", max_length=8)
    feed_activity: str = Field(default="lines", max_length=8)
    created_at: datetime
    updated_at: datetime


TABLE = Subsidiary.__table__  # type: ignore[attr-defined]


def find(connection: Connection, reach: Reach, code: str) -> Row[Any] | None:
    """The subsidiary with this code, if the caller reaches it."""
    condition = (TABLE.c.code == code) & reach.covers(TABLE.c.id) & (TABLE.c.id != GROUP)
    return connection.execute(select(TABLE).where(condition)).one_or_none()


def get(connection: Connection, reach: Reach, code: str) -> Row[Any]:
    """The same; NotFound where there is none."""
    row = find(connection, reach, code)
    if row is None:
        raise NotFound(say("There is no subsidiary {code!r} that this key reaches.", code=code))
    return row


def ids_of(connection: Connection, reach: Reach, codes: Collection[str]) -> frozenset[int]:
    """Ids of the subsidiaries within reach that have these codes."""
    condition = TABLE.c.code.in_(sorted(codes)) & reach.covers(TABLE.c.id) & (TABLE.c.id != GROUP)
    return frozenset(connection.execute(select(TABLE.c.id).where(condition)).scalars())


def listed(connection: Connection, reach: Reach) -> Sequence[Row[Any]]:
    """All within reach, by code."""
    condition = reach.covers(TABLE.c.id) & (TABLE.c.id != GROUP)
    return connection.execute(select(TABLE).where(condition).order_by(TABLE.c.code)).all()


def group(connection: Connection, _reach: Reach) -> Row[Any]:
    """The group's own row: every reach includes it."""
    return connection.execute(select(TABLE).where(TABLE.c.id == GROUP)).one()


def create(connection: Connection, values: dict[str, Any], now: datetime) -> int:
    """A new subsidiary; its id."""
    values |= {"data_revision": 0, "created_at": now, "updated_at": now}
    number: int = connection.execute(insert(TABLE).values(values).returning(TABLE.c.id)).scalar_one()
    return number


def change(connection: Connection, reach: Reach, values: dict[str, Any], now: datetime) -> None:
    """Give the one subsidiary in reach (or the group) other values."""
    connection.execute(update(TABLE).where(TABLE.c.id == reach.one).values(values | {"updated_at": now}))


def revision_for_writing(connection: Connection, reach: Reach) -> int:
    """The data revision of the one subsidiary (or the group), which is locked until the transaction ends.

    Whoever writes a subsidiary's data takes this lock first, so numbers can be given out as the largest plus one.
    """
    statement = lock(connection, select(TABLE.c.data_revision).where(TABLE.c.id == reach.one))
    revision: int = connection.execute(statement).scalar_one()
    return revision


def code_of(connection: Connection, reach: Reach) -> str:
    """The code of the one subsidiary in reach; empty for the group."""
    code: str = connection.execute(select(TABLE.c.code).where(TABLE.c.id == reach.one)).scalar_one()
    return code


def feeds(connection: Connection, reach: Reach) -> dict[str, str]:
    """Group of measures → `lines` or `register`, of the one subsidiary in reach."""
    columns = (TABLE.c.feed_results, TABLE.c.feed_funnel, TABLE.c.feed_activity)
    row = connection.execute(select(*columns).where(TABLE.c.id == reach.one)).one()
    return {"results": row.feed_results, "funnel": row.feed_funnel, "activity": row.feed_activity}


def raise_revision(connection: Connection, reach: Reach, revision: int) -> None:
    connection.execute(update(TABLE).where(TABLE.c.id == reach.one).values(data_revision=revision))


def revision(connection: Connection, reach: Reach) -> int:
    """The data revision of the one subsidiary (or the group)."""
    number: int = connection.execute(select(TABLE.c.data_revision).where(TABLE.c.id == reach.one)).scalar_one()
    return number
