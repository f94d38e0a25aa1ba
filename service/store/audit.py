"""Who did what to which resource: entries that are only ever added, in a chain of hashes for each subsidiary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, Text, func, insert, select
from sqlmodel import Field, SQLModel

from service.store import database
from service.store.columns import code, number_key, subsidiary_key
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY

_LOCK = 0x61756469
"""Names the chains among what is locked by number."""


class AuditEntry(SQLModel, table=True):
    """`before` and `after` are JSON; `hash` is of the entry before and of all that stands here."""

    __tablename__ = "audit_entry"
    subsidiary_id: int = subsidiary_key()
    number: int = number_key()
    at: datetime
    principal: str = Field(max_length=255)
    action: str = Field(max_length=40)
    resource: str = code(255)
    address: str = Field(max_length=64)
    request_id: str = Field(max_length=64)
    before: str | None = Field(default=None, sa_type=Text)
    after: str | None = Field(default=None, sa_type=Text)
    hash: str = Field(max_length=64)


TABLE: Table = AuditEntry.__table__  # type: ignore[attr-defined]
KEY = (TABLE.c.subsidiary_id, TABLE.c.number)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; None: all."""

    action: str | None = None
    resource: str | None = None
    principal: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def newest(connection: Connection, reach: Reach) -> tuple[int, str] | None:
    """Number and hash of the last entry of the one subsidiary in reach. Nobody else adds one before this
    transaction ends."""
    database.one_at_a_time(connection, _LOCK, reach.one)
    last = select(TABLE.c.number, TABLE.c.hash).where(TABLE.c.subsidiary_id == reach.one)
    found = connection.execute(last.order_by(TABLE.c.number.desc()).limit(1)).one_or_none()
    return None if found is None else (found.number, found.hash)


def add(connection: Connection, reach: Reach, entries: Sequence[dict[str, Any]]) -> None:
    """Append entries to the chain of the one subsidiary in reach."""
    connection.execute(insert(TABLE), [{**entry, "subsidiary_id": reach.one} for entry in entries])


def page(
    connection: Connection, reach: Reach, limit: int, after: tuple[int, int] | None, wanted: Wanted
) -> Sequence[Row[Any]]:
    """Entries by (subsidiary, number), at most `limit`, those after the cursor."""
    statement = _described(reach).order_by(*KEY).limit(limit)
    if after is not None:
        statement = statement.where(later(KEY, after))
    for name in ("action", "resource", "principal"):
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(TABLE.c[name] == value)
    if wanted.since is not None:
        statement = statement.where(TABLE.c.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(TABLE.c.at < wanted.until)
    return connection.execute(statement).all()


def heads(connection: Connection, reach: Reach) -> Sequence[Row[Any]]:
    """The last entry of each chain within reach."""
    last = select(TABLE.c.subsidiary_id, func.max(TABLE.c.number).label("number")).group_by(TABLE.c.subsidiary_id)
    ends = last.where(reach.covers(TABLE.c.subsidiary_id)).subquery()
    same = (ends.c.subsidiary_id == TABLE.c.subsidiary_id) & (ends.c.number == TABLE.c.number)
    return connection.execute(_described(reach).join(ends, same).order_by(*KEY)).all()


def _described(reach: Reach) -> Select[Any]:
    joined = select(TABLE, SUBSIDIARY.c.code.label("subsidiary")).join(
        SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id
    )
    return joined.where(reach.covers(TABLE.c.subsidiary_id))
