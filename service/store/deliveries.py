"""What happened and is to be told (`event`), and each telling of it to a webhook (`delivery`).

An event is stored in the transaction of what happened, and removed in the one that stores its deliveries. A delivery
that is taken for an attempt is due again after a while, unless somebody notes how the attempt ended: a process that
dies in it leaves the delivery to another. The number of the attempt tells whether that note is still the last word.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    Index,
    Row,
    Table,
    Text,
    delete,
    exists,
    select,
    update,
)
from sqlalchemy import insert as insert_into
from sqlmodel import Field, SQLModel

from service.store import webhooks
from service.store.columns import code, number_key, subsidiary_key
from service.store.database import insert_new, skip_locked
from service.store.reach import Reach

State = Literal["waiting", "delivered", "dead"]


class Event(SQLModel, table=True):
    """`data` is JSON. Ids are in the order of time."""

    subsidiary_id: int = subsidiary_key()
    id: str = code(64, primary_key=True)
    type: str = Field(max_length=40)
    data: str = Field(sa_type=Text)
    at: datetime


class Delivery(SQLModel, table=True):
    """`payload` is what is sent, byte by byte, at every attempt. `offered_at` is when the attempts began."""

    __table_args__ = (
        ForeignKeyConstraint(["subsidiary_id", "webhook"], ["webhook.subsidiary_id", "webhook.number"]),
        Index("ix_delivery_subsidiary_id_webhook_due_at", "subsidiary_id", "webhook", "due_at"),
    )
    subsidiary_id: int = number_key()
    webhook: int = number_key()
    id: str = code(64, primary_key=True)
    type: str = Field(max_length=40)
    payload: str = Field(sa_type=Text)
    state: str = Field(max_length=12)
    created_at: datetime
    offered_at: datetime
    due_at: datetime | None = None
    attempts: int = 0
    ended_at: datetime | None = None
    last_status: int | None = None
    last_error: str = Field(default="", max_length=200)


EVENT: Table = Event.__table__  # type: ignore[attr-defined]
TABLE: Table = Delivery.__table__  # type: ignore[attr-defined]
WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"


def happened(connection: Connection, reach: Reach, values: dict[str, Any]) -> None:
    """Store an event of the one subsidiary in reach (or the group)."""
    connection.execute(insert_into(EVENT).values(values | {"subsidiary_id": reach.one}))


def untold(connection: Connection, reach: Reach, limit: int) -> Sequence[Row[Any]]:
    """The oldest events within reach that have no deliveries yet."""
    statement = select(EVENT).where(reach.covers(EVENT.c.subsidiary_id)).order_by(EVENT.c.at, EVENT.c.id)
    return connection.execute(statement.limit(limit)).all()


def told(connection: Connection, reach: Reach, event: str) -> None:
    """Remove an event of the one subsidiary in reach."""
    connection.execute(delete(EVENT).where(EVENT.c.subsidiary_id == reach.one, EVENT.c.id == event))


def add(connection: Connection, reach: Reach, webhook: int, values: dict[str, Any], now: datetime) -> None:
    """A delivery to a webhook of the one subsidiary in reach, due now, unless it is there already."""
    fixed = {"subsidiary_id": reach.one, "webhook": webhook, "state": WAITING, "attempts": 0, "last_error": ""}
    insert_new(connection, TABLE, values | fixed | {"created_at": now, "offered_at": now, "due_at": now})


def due(now: datetime) -> ColumnElement[bool]:
    """The condition that a webhook has a delivery that is due."""
    mine = (TABLE.c.subsidiary_id == webhooks.TABLE.c.subsidiary_id) & (TABLE.c.webhook == webhooks.TABLE.c.number)
    return exists().where(mine, TABLE.c.due_at <= now)


def longest_due(connection: Connection, reach: Reach, now: datetime) -> datetime | None:
    """Since when the oldest delivery within reach is due that may be attempted now; None: there is none."""
    joined = select(TABLE.c.due_at).join(webhooks.TABLE).where(reach.covers(TABLE.c.subsidiary_id))
    statement = joined.where(webhooks.listening(now), TABLE.c.due_at <= now).order_by(TABLE.c.due_at).limit(1)
    since: datetime | None = connection.execute(statement).scalar_one_or_none()
    return since


def take(connection: Connection, reach: Reach, webhook: int, now: datetime, until: datetime) -> Row[Any] | None:
    """What is due longest to a webhook of the one subsidiary in reach and nobody else is taking; due again `until`."""
    oldest = select(TABLE).where(*_of(reach, webhook), TABLE.c.due_at <= now).order_by(TABLE.c.due_at).limit(1)
    row: Row[Any] | None = connection.execute(skip_locked(connection, oldest)).one_or_none()
    if row is not None:
        values = {"attempts": row.attempts + 1, "due_at": until}
        connection.execute(update(TABLE).where(*_of(reach, webhook), TABLE.c.id == row.id).values(values))
    return row


def attempted(
    connection: Connection, reach: Reach, webhook: int, identifier: str, attempt: int, values: dict[str, Any]
) -> bool:
    """Note how an attempt ended; False where a later one has begun, whose end counts."""
    mine = (*_of(reach, webhook), TABLE.c.id == identifier, TABLE.c.attempts == attempt, TABLE.c.state == WAITING)
    return connection.execute(update(TABLE).where(*mine).values(values)).rowcount == 1


def get(connection: Connection, reach: Reach, webhook: int, identifier: str) -> Row[Any]:
    """A delivery that is known to exist, to a webhook of the one subsidiary in reach."""
    return connection.execute(select(TABLE).where(*_of(reach, webhook), TABLE.c.id == identifier)).one()


def page(
    connection: Connection, reach: Reach, webhook: int, limit: int, after: str | None, state: State | None
) -> Sequence[Row[Any]]:
    """Deliveries to a webhook of the one subsidiary in reach, in the order of their events."""
    statement = select(TABLE).where(*_of(reach, webhook)).order_by(TABLE.c.id).limit(limit)
    if after is not None:
        statement = statement.where(TABLE.c.id > after)
    if state is not None:
        statement = statement.where(TABLE.c.state == state)
    return connection.execute(statement).all()


def replay(connection: Connection, reach: Reach, webhook: int, identifiers: Sequence[str] | None, now: datetime) -> int:
    """Make deliveries due again, those named or all dead ones; how many there were."""
    which = TABLE.c.state == DEAD if identifiers is None else TABLE.c.id.in_(identifiers)
    again = {"state": WAITING, "offered_at": now, "due_at": now, "ended_at": None}
    return connection.execute(update(TABLE).where(*_of(reach, webhook), which).values(again)).rowcount


def remove(connection: Connection, reach: Reach, webhook: int) -> None:
    """Remove all deliveries to a webhook of the one subsidiary in reach."""
    connection.execute(delete(TABLE).where(*_of(reach, webhook)))


def forget(connection: Connection, reach: Reach, before: datetime) -> None:
    """Remove deliveries within reach that ended before a moment."""
    connection.execute(delete(TABLE).where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.ended_at < before))


def _of(reach: Reach, webhook: int) -> tuple[ColumnElement[bool], ...]:
    return TABLE.c.subsidiary_id == reach.one, TABLE.c.webhook == webhook
