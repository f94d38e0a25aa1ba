"""API keys: the hash of each, its scopes and the subsidiaries it reaches. The key itself is nowhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, insert, not_, or_, select, update
from sqlmodel import Field, SQLModel

from service.store.columns import subsidiary_key
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY


class ApiKey(SQLModel, table=True):
    __tablename__ = "api_key"
    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=200)
    secret_hash: str = Field(max_length=64)
    scopes: str = Field(max_length=400)
    whole_group: bool
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    former_hash: str | None = Field(default=None, max_length=64)
    former_until: datetime | None = None
    last_used_at: datetime | None = None


class ApiKeySubsidiary(SQLModel, table=True):
    __tablename__ = "api_key_subsidiary"
    subsidiary_id: int = subsidiary_key()
    key_id: str = Field(primary_key=True, max_length=32, foreign_key="api_key.id")


TABLE: Table = ApiKey.__table__  # type: ignore[attr-defined]
SUBSIDIARIES: Table = ApiKeySubsidiary.__table__  # type: ignore[attr-defined]
_BY_ID = select(TABLE).where(TABLE.c.id == bindparam("key"))
_REACHED = select(SUBSIDIARIES.c.subsidiary_id).where(SUBSIDIARIES.c.key_id == bindparam("key"))


def get(connection: Connection, key_id: str) -> Row[Any] | None:
    return connection.execute(_BY_ID, {"key": key_id}).one_or_none()


def subsidiaries(connection: Connection, key_id: str) -> frozenset[int]:
    """Ids of the subsidiaries that a key reaches."""
    return frozenset(connection.execute(_REACHED, {"key": key_id}).scalars())


def create(connection: Connection, values: dict[str, Any], subsidiary_ids: Sequence[int]) -> None:
    connection.execute(insert(TABLE).values(values))
    if subsidiary_ids:
        rows = [{"key_id": values["id"], "subsidiary_id": number} for number in subsidiary_ids]
        connection.execute(insert(SUBSIDIARIES), rows)


def page(
    connection: Connection, reach: Reach, limit: int | None = None, after: str | None = None
) -> list[tuple[Row[Any], list[str]]]:
    """Keys that reach nothing outside of this reach, by id, each with the codes of its subsidiaries (none: all)."""
    statement = select(TABLE).where(*_within(reach)).order_by(TABLE.c.id).limit(limit)
    return _with_codes(connection, statement if after is None else statement.where(TABLE.c.id > after))


def find(connection: Connection, reach: Reach, key_id: str) -> tuple[Row[Any], list[str]] | None:
    """The same of one key; None where there is none or it reaches further."""
    found = _with_codes(connection, select(TABLE).where(*_within(reach), TABLE.c.id == key_id))
    return found[0] if found else None


def _with_codes(connection: Connection, statement: Select[Any]) -> list[tuple[Row[Any], list[str]]]:
    rows = connection.execute(statement).all()
    reached = (
        select(SUBSIDIARIES.c.key_id, SUBSIDIARY.c.code)
        .join(SUBSIDIARY, SUBSIDIARY.c.id == SUBSIDIARIES.c.subsidiary_id)
        .where(SUBSIDIARIES.c.key_id.in_([row.id for row in rows]))
        .order_by(SUBSIDIARY.c.code)
    )
    codes: dict[str, list[str]] = {row.id: [] for row in rows}
    for key_id, code in connection.execute(reached):
        codes[key_id].append(code)
    return [(row, codes[row.id]) for row in rows]


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    if reach.subsidiaries is None:
        return []
    own = SUBSIDIARIES.c.key_id == TABLE.c.id
    outside = select(SUBSIDIARIES.c.key_id).where(own, not_(reach.covers(SUBSIDIARIES.c.subsidiary_id)))
    return [not_(TABLE.c.whole_group), not_(outside.exists())]


def used(connection: Connection, moments: Mapping[str, datetime]) -> None:
    """Note when keys were used last; an earlier moment than the one that is noted changes nothing."""
    for key_id, moment in sorted(moments.items()):
        later = or_(TABLE.c.last_used_at.is_(None), TABLE.c.last_used_at < moment)
        connection.execute(update(TABLE).where(TABLE.c.id == key_id, later).values(last_used_at=moment))


def rotate(connection: Connection, key_id: str, secret_hash: str, former_until: datetime, now: datetime) -> bool:
    """Give a key another secret, beside which the one of now is good until a moment; whether the key works."""
    works = _works(key_id, now)
    values = {"former_hash": TABLE.c.secret_hash, "former_until": former_until, "secret_hash": secret_hash}
    return connection.execute(update(TABLE).where(*works).values(values)).rowcount == 1


def revoke(connection: Connection, key_id: str, now: datetime) -> bool:
    """Whether there was such a key that still worked."""
    condition = (TABLE.c.id == key_id) & TABLE.c.revoked_at.is_(None)
    return connection.execute(update(TABLE).where(condition).values(revoked_at=now)).rowcount == 1


def _works(key_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    ends = or_(TABLE.c.expires_at.is_(None), TABLE.c.expires_at > now)
    return TABLE.c.id == key_id, TABLE.c.revoked_at.is_(None), ends
