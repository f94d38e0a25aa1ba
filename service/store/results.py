"""Stored results: segmentations, plans, requirements. What they share: a number inside the subsidiary, the method
version, the parameters and the data revision they were computed from, and a digest of these three, by which the same
question finds the answer that is there.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, Text, UniqueConstraint, insert, select
from sqlmodel import Field, SQLModel

from service.store import database
from service.store.bulk import next_number
from service.store.columns import amount, number_key, subsidiary_key
from service.store.pages import later
from service.store.reach import BUILT, Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY


class ResultFields(SQLModel):
    subsidiary_id: int = subsidiary_key()
    number: int = number_key()
    digest: str = Field(max_length=64)
    method: str = Field(max_length=64)
    data_revision: int = amount()
    parameters: str = Field(sa_type=Text)
    computed_at: datetime
    summary: str = Field(sa_type=Text)


class Segmentation(ResultFields, table=True):
    __table_args__ = (UniqueConstraint("subsidiary_id", "digest"),)


class Plan(ResultFields, table=True):
    __table_args__ = (UniqueConstraint("subsidiary_id", "digest"),)


class Requirement(ResultFields, table=True):
    __table_args__ = (UniqueConstraint("subsidiary_id", "digest"),)


SEGMENTATION: Table = Segmentation.__table__  # type: ignore[attr-defined]
PLAN: Table = Plan.__table__  # type: ignore[attr-defined]
REQUIREMENT: Table = Requirement.__table__  # type: ignore[attr-defined]


def find(connection: Connection, reach: Reach, table: Table, digest: str) -> int | None:
    """The number of the result with this digest, of the one subsidiary in reach."""
    condition = (table.c.subsidiary_id == reach.one) & (table.c.digest == digest)
    return connection.execute(select(table.c.number).where(condition)).scalar_one_or_none()


def get(connection: Connection, reach: Reach, table: Table, number: int) -> Row[Any] | None:
    """The result with this number, of the one subsidiary in reach."""
    return connection.execute(_described(reach, table).where(table.c.number == number)).one_or_none()


def newest(connection: Connection, reach: Reach, table: Table) -> Row[Any] | None:
    """The result computed last, of the one subsidiary in reach."""
    return connection.execute(_newest(reach, table)).one_or_none()


@lru_cache(BUILT)
def _newest(reach: Reach, table: Table) -> Select[Any]:
    return _described(reach, table).order_by(table.c.number.desc()).limit(1)


def page(
    connection: Connection, reach: Reach, table: Table, limit: int, after: tuple[int, int] | None
) -> Sequence[Row[Any]]:
    """Results by (subsidiary, number), at most `limit`, those after the cursor."""
    key = (table.c.subsidiary_id, table.c.number)
    statement = _described(reach, table).order_by(*key).limit(limit)
    if after is not None:
        statement = statement.where(later(key, after))
    return connection.execute(statement).all()


def after(connection: Connection, reach: Reach, table: Table, number: int) -> Sequence[Row[Any]]:
    """The results computed after this one, of the one subsidiary in reach, the oldest first."""
    return connection.execute(_described(reach, table).where(table.c.number > number).order_by(table.c.number)).all()


def before(connection: Connection, reach: Reach, table: Table, number: int, limit: int) -> Sequence[Row[Any]]:
    """The results computed before this one, of the one subsidiary in reach, the newest first."""
    earlier = _described(reach, table).where(table.c.number < number)
    return connection.execute(earlier.order_by(table.c.number.desc()).limit(limit)).all()


def next_one(connection: Connection, reach: Reach, table: Table) -> int:
    """The number of the result to be recorded next, of the one subsidiary in reach."""
    return next_number(connection, table.c.number, table.c.subsidiary_id == reach.one)


def one_at_a_time(connection: Connection, reach: Reach, table: Table) -> None:
    """Wait until nobody else records a result of this kind for the one subsidiary in reach."""
    database.one_at_a_time(connection, zlib.crc32(table.name.encode()) >> 1, reach.one)


def record(connection: Connection, reach: Reach, table: Table, values: dict[str, Any]) -> int:
    """Store a result of the one subsidiary in reach, which must be locked for writing; its number."""
    number = next_one(connection, reach, table)
    connection.execute(insert(table).values(values | {"subsidiary_id": reach.one, "number": number}))
    return number


def add_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """The rows that belong to a result just recorded."""
    if rows:
        connection.execute(insert(table), list(rows))


def _described(reach: Reach, table: Table) -> Select[Any]:
    words = (SUBSIDIARY.c.code.label("subsidiary"), SUBSIDIARY.c.currency, SUBSIDIARY.c.data_revision.label("newest"))
    joined = select(table, *words).join(SUBSIDIARY, SUBSIDIARY.c.id == table.c.subsidiary_id)
    return joined.where(reach.covers(table.c.subsidiary_id))
