"""Method versions that the group has posted. They are never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, Text, insert, select
from sqlmodel import Field, SQLModel

from service.store.columns import code, subsidiary_key
from service.store.reach import GROUP


class Method(SQLModel, table=True):
    """The group's own: `subsidiary_id` is the group's."""

    subsidiary_id: int = subsidiary_key()
    id: str = code(primary_key=True)
    title: str = Field(max_length=120)
    valid_from: int
    document: str = Field(sa_type=Text)
    sha256: str = Field(max_length=64)
    key_id: str = Field(max_length=32)
    created_at: datetime


TABLE: Table = Method.__table__  # type: ignore[attr-defined]
_OF_GROUP = TABLE.c.subsidiary_id == GROUP
_AGE = (TABLE.c.valid_from, TABLE.c.created_at, TABLE.c.id)


def find(connection: Connection, method: str) -> Row[Any] | None:
    """The version with this id."""
    return connection.execute(select(TABLE).where(_OF_GROUP, TABLE.c.id == method)).one_or_none()


def newest(connection: Connection, month: int) -> Row[Any] | None:
    """Of the versions that are valid in a month, the one valid from the latest; of several, the one posted last."""
    statement = select(TABLE).where(_OF_GROUP, TABLE.c.valid_from <= month)
    return connection.execute(statement.order_by(*(column.desc() for column in _AGE)).limit(1)).one_or_none()


def listed(connection: Connection) -> Sequence[Row[Any]]:
    """All, the oldest first."""
    return connection.execute(select(TABLE).where(_OF_GROUP).order_by(*_AGE)).all()


def add(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(insert(TABLE).values(values | {"subsidiary_id": GROUP}))
