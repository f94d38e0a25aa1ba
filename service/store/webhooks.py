"""Webhooks: where a subsidiary, or the group for all of them, wants to be told what happens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, insert, or_, select, tuple_, update
from sqlmodel import Field, SQLModel

from service.store.bulk import next_number
from service.store.columns import amount, number_key, subsidiary_key
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY

ACTIVE, OFF, GONE, DELETED = "active", "off", "gone", "deleted"


class Webhook(SQLModel, table=True):
    """`resume_at`: not before, as it failed lately; `tried_at`: who waited longest comes first."""

    subsidiary_id: int = subsidiary_key()
    number: int = number_key()
    url: str = Field(max_length=2000)
    events: str = Field(max_length=400)
    attainment_limit: int | None = amount(default=None)
    secret: str = Field(max_length=100)
    former_secret: str | None = Field(default=None, max_length=100)
    former_until: datetime | None = None
    state: str = Field(max_length=8)
    failures: int
    resume_at: datetime | None = None
    tried_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


TABLE: Table = Webhook.__table__  # type: ignore[attr-defined]
KEY = (TABLE.c.subsidiary_id, TABLE.c.number)
_EXISTS = TABLE.c.state != DELETED


def get(connection: Connection, reach: Reach, number: int) -> Row[Any] | None:
    """The webhook with this number, of the one subsidiary in reach."""
    mine = (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.number == number)
    found: Row[Any] | None = connection.execute(_described(reach).where(mine)).one_or_none()
    return found


def page(connection: Connection, reach: Reach, limit: int, after: tuple[int, int] | None) -> Sequence[Row[Any]]:
    """Webhooks by (subsidiary, number), at most `limit`, those after the cursor."""
    statement = _described(reach).order_by(*KEY).limit(limit)
    return connection.execute(statement if after is None else statement.where(later(KEY, after))).all()


def every(connection: Connection, reach: Reach) -> Sequence[Row[Any]]:
    """All within reach."""
    return connection.execute(_described(reach).order_by(*KEY)).all()


def active(connection: Connection, reach: Reach) -> Sequence[Row[Any]]:
    """All within reach that want to be told now."""
    return connection.execute(_described(reach).where(TABLE.c.state == ACTIVE).order_by(*KEY)).all()


def listening(now: datetime) -> ColumnElement[bool]:
    """The condition that a webhook is active and does not rest."""
    return (TABLE.c.state == ACTIVE) & or_(TABLE.c.resume_at.is_(None), TABLE.c.resume_at <= now)


def ready(
    connection: Connection, reach: Reach, now: datetime, busy: Sequence[tuple[int, int]], due: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """Active ones within reach that are not busy and for which the condition `due` holds; who waited longest first."""
    statement = _described(reach).where(listening(now), due)
    if busy:
        statement = statement.where(tuple_(*KEY).not_in(busy))
    return connection.execute(statement.order_by(TABLE.c.tried_at.nulls_first(), *KEY)).all()


def create(connection: Connection, reach: Reach, values: dict[str, Any], now: datetime) -> int:
    """A new one of the one subsidiary in reach (or the group), which must be locked for writing; its number."""
    number = next_number(connection, TABLE.c.number, TABLE.c.subsidiary_id == reach.one)
    fixed = {"subsidiary_id": reach.one, "number": number, "state": ACTIVE, "failures": 0}
    connection.execute(insert(TABLE).values(values | fixed | {"created_at": now, "updated_at": now}))
    return number


def change(connection: Connection, reach: Reach, number: int, values: dict[str, Any]) -> None:
    """Give the webhook of the one subsidiary in reach other values."""
    mine = (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.number == number)
    connection.execute(update(TABLE).where(mine).values(values))


def _described(reach: Reach) -> Select[Any]:
    joined = select(TABLE, SUBSIDIARY.c.code.label("subsidiary")).join(
        SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id
    )
    return joined.where(reach.covers(TABLE.c.subsidiary_id), _EXISTS)
