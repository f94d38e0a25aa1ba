"""API keys: the hash of each, its scopes and the subsidiaries it reaches. The key itself is nowhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, update
from sqlmodel import Field, SQLModel

from service.store.columns import subsidiary_key
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


def listed(connection: Connection) -> Sequence[tuple[Row[Any], list[str]]]:
    """All keys by creation, each with the codes of its subsidiaries."""
    codes = select(SUBSIDIARIES.c.key_id, SUBSIDIARY.c.code).join(
        SUBSIDIARY, SUBSIDIARY.c.id == SUBSIDIARIES.c.subsidiary_id
    )
    reached: dict[str, list[str]] = {}
    for key_id, code in connection.execute(codes.order_by(SUBSIDIARY.c.code)):
        reached.setdefault(key_id, []).append(code)
    keys = connection.execute(select(TABLE).order_by(TABLE.c.created_at, TABLE.c.id)).all()
    return [(key, reached.get(key.id, [])) for key in keys]


def revoke(connection: Connection, key_id: str, now: datetime) -> bool:
    """Whether there was such a key that still worked."""
    condition = (TABLE.c.id == key_id) & TABLE.c.revoked_at.is_(None)
    return connection.execute(update(TABLE).where(condition).values(revoked_at=now)).rowcount == 1
