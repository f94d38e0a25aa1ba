"""Classes and segments that a person set for a customer, in place of the computed ones; nothing is ever removed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, insert, or_, select, update
from sqlmodel import Field, SQLModel

from service.store.bulk import next_number
from service.store.columns import number_key
from service.store.reach import Reach


class Override(SQLModel, table=True):
    __tablename__ = "customer_override"
    subsidiary_id: int = number_key()
    customer_id: int = number_key()
    number: int = number_key()
    abc_class: str | None = Field(default=None, max_length=1)
    segment: str | None = Field(default=None, max_length=8)
    until: int | None = None
    reason: str = Field(max_length=500)
    at: datetime
    key_id: str = Field(max_length=32)
    ended_at: datetime | None = None
    ended_by: str | None = Field(default=None, max_length=32)


TABLE: Table = Override.__table__  # type: ignore[attr-defined]


def holds(last: int) -> ColumnElement[bool]:
    """The condition that an override stands and is valid in a window that ends with this month."""
    return TABLE.c.ended_at.is_(None) & or_(TABLE.c.until.is_(None), TABLE.c.until >= last)


def of_customer(connection: Connection, reach: Reach, customer: int) -> Sequence[Row[Any]]:
    """All that were ever set for a customer of the one subsidiary in reach, the newest first."""
    condition = (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.customer_id == customer)
    return connection.execute(select(TABLE).where(condition).order_by(TABLE.c.number.desc())).all()


def add(connection: Connection, reach: Reach, customer: int, values: dict[str, Any]) -> None:
    """Set one for a customer of the one subsidiary in reach, which must be locked for writing."""
    mine = (TABLE.c.subsidiary_id == reach.one, TABLE.c.customer_id == customer)
    number = next_number(connection, TABLE.c.number, *mine)
    key = {"subsidiary_id": reach.one, "customer_id": customer, "number": number}
    connection.execute(insert(TABLE).values(values | key))


def end(connection: Connection, reach: Reach, customer: int, at: datetime, key_id: str) -> None:
    """End what stands for a customer of the one subsidiary in reach."""
    mine = (TABLE.c.subsidiary_id == reach.one, TABLE.c.customer_id == customer, TABLE.c.ended_at.is_(None))
    connection.execute(update(TABLE).where(*mine).values(ended_at=at, ended_by=key_id))
