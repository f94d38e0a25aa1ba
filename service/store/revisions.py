"""The log of data revisions: when each came about, by whom, and what brought it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select
from sqlmodel import Field, SQLModel

from service.store.columns import revision_key, subsidiary_key
from service.store.reach import Reach


class DataRevision(SQLModel, table=True):
    __tablename__ = "data_revision"
    subsidiary_id: int = subsidiary_key()
    revision: int = revision_key()
    at: datetime
    key_id: str = Field(max_length=32)
    action: str = Field(max_length=16)
    submission: int | None = None


TABLE: Table = DataRevision.__table__  # type: ignore[attr-defined]


def note(connection: Connection, reach: Reach, values: dict[str, Any]) -> None:
    """Write down a revision of the one subsidiary in reach: revision, at, key_id, action, submission."""
    connection.execute(insert(TABLE).values(values | {"subsidiary_id": reach.one}))


def at(connection: Connection, reach: Reach, moment: datetime) -> dict[int, int]:
    """Subsidiary id → the data revision that was the newest at a moment, of all within reach that had one."""
    statement = (
        select(TABLE.c.subsidiary_id, func.max(TABLE.c.revision).label("revision"))
        .where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.at <= moment)
        .group_by(TABLE.c.subsidiary_id)
    )
    return {row.subsidiary_id: row.revision for row in connection.execute(statement)}
