"""Closed months: those in which a subsidiary's figures stand, and the record of closing and re-opening."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, ForeignKeyConstraint, Row, Table, delete, insert, select
from sqlmodel import Field, SQLModel

from service.store.bulk import next_number
from service.store.columns import number_key, subsidiary_key
from service.store.reach import Reach

Happening = Literal["closed", "reopened"]


class ClosedMonth(SQLModel, table=True):
    __tablename__ = "closed_month"
    subsidiary_id: int = subsidiary_key()
    period: int = number_key()
    closed_at: datetime
    key_id: str = Field(max_length=32)
    note: str = Field(max_length=500)


class ClosedMonthEvent(SQLModel, table=True):
    """A closing or re-opening; these rows are only ever added."""

    __tablename__ = "closed_month_event"
    __table_args__ = (ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"]),)
    subsidiary_id: int = number_key()
    number: int = number_key()
    period: int
    happening: str = Field(max_length=8)
    at: datetime
    key_id: str = Field(max_length=32)
    reason: str = Field(max_length=500)


TABLE: Table = ClosedMonth.__table__  # type: ignore[attr-defined]
EVENT: Table = ClosedMonthEvent.__table__  # type: ignore[attr-defined]


def within(connection: Connection, reach: Reach) -> set[int]:
    """The closed months of the one subsidiary in reach."""
    return set(connection.execute(select(TABLE.c.period).where(TABLE.c.subsidiary_id == reach.one)).scalars())


def pairs(connection: Connection, reach: Reach) -> set[tuple[int, int]]:
    """(subsidiary_id, month) of all closed months within reach."""
    statement = select(TABLE.c.subsidiary_id, TABLE.c.period).where(reach.covers(TABLE.c.subsidiary_id))
    return {(row.subsidiary_id, row.period) for row in connection.execute(statement)}


def listed(connection: Connection, reach: Reach) -> Sequence[Row[Any]]:
    """The closed months of the one subsidiary in reach, oldest month first."""
    return connection.execute(select(TABLE).where(TABLE.c.subsidiary_id == reach.one).order_by(TABLE.c.period)).all()


def events(connection: Connection, reach: Reach) -> Sequence[Row[Any]]:
    """What was closed and re-opened in the one subsidiary in reach, in the order of happening."""
    return connection.execute(select(EVENT).where(EVENT.c.subsidiary_id == reach.one).order_by(EVENT.c.number)).all()


def find(connection: Connection, reach: Reach, period: int) -> Row[Any] | None:
    """The month of the one subsidiary in reach, if it is closed."""
    return connection.execute(select(TABLE).where(_is(reach, period))).one_or_none()


def close(connection: Connection, reach: Reach, period: int, now: datetime, key_id: str, note: str) -> None:
    """Close an open month of the one subsidiary in reach, which is locked for writing."""
    values = {"subsidiary_id": reach.one, "period": period, "closed_at": now, "key_id": key_id, "note": note}
    connection.execute(insert(TABLE).values(values))
    _record(connection, reach, period, "closed", now, key_id, note)


def reopen(connection: Connection, reach: Reach, period: int, now: datetime, key_id: str, reason: str) -> None:
    """Open a closed month of the one subsidiary in reach, which is locked for writing."""
    connection.execute(delete(TABLE).where(_is(reach, period)))
    _record(connection, reach, period, "reopened", now, key_id, reason)


def _is(reach: Reach, period: int) -> Any:
    return (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.period == period)


def _record(
    connection: Connection, reach: Reach, period: int, happening: Happening, now: datetime, key_id: str, reason: str
) -> None:
    number = next_number(connection, EVENT.c.number, EVENT.c.subsidiary_id == reach.one)
    key = {"subsidiary_id": reach.one, "number": number}
    values = {"period": period, "happening": happening, "at": now, "key_id": key_id, "reason": reason}
    connection.execute(insert(EVENT).values(key | values))
