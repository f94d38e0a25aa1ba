"""The log of data revisions: when each came about, by whom, and what brought it."""

from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Select, Table, Text, func, insert, select
from sqlmodel import Field, SQLModel

from service.store import subsidiaries
from service.store.columns import revision_key, subsidiary_key
from service.store.reach import Reach

Action = Literal["submission", "withdrawal", "feeds", "override"]


class DataRevision(SQLModel, table=True):
    """`declared` is what the request said that a submission's record does not: JSON, for a switch of feeds."""

    __tablename__ = "data_revision"
    subsidiary_id: int = subsidiary_key()
    revision: int = revision_key()
    at: datetime
    key_id: str = Field(max_length=32)
    action: str = Field(max_length=16)
    submission: int | None = None
    declared: str | None = Field(default=None, sa_type=Text)


TABLE: Table = DataRevision.__table__  # type: ignore[attr-defined]


def raise_to(
    connection: Connection,
    reach: Reach,
    revision: int,
    at: datetime,
    key_id: str,
    action: Action,
    submission: int | None = None,
    declared: str | None = None,
) -> None:
    """The one subsidiary in reach has this data revision from now on; what brought it is written down.

    Who was admitted earlier than the one before, and waited for him, comes after him: what was known at a moment that
    has been told stays the same.
    """
    subsidiaries.raise_revision(connection, reach, revision)
    before = connection.execute(
        select(TABLE.c.at).where(TABLE.c.subsidiary_id == reach.one).order_by(TABLE.c.revision.desc()).limit(1)
    ).scalar_one_or_none()
    if before is not None and at < before:
        at = before + timedelta(microseconds=1)
    values = {"subsidiary_id": reach.one, "revision": revision, "at": at, "key_id": key_id, "action": action}
    connection.execute(insert(TABLE).values(**values, submission=submission, declared=declared))


def newest_at(reach: Reach, moment: datetime) -> Select[Any]:
    """Statement: subsidiary_id and the data revision that was the newest at a moment, of all within reach."""
    return (
        select(TABLE.c.subsidiary_id, func.max(TABLE.c.revision).label("revision"))
        .where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.at <= moment)
        .group_by(TABLE.c.subsidiary_id)
    )


def of_submission(connection: Connection, reach: Reach, number: int) -> int | None:
    """The revision that a submission to the one subsidiary in reach brought about; None if it changed nothing."""
    condition = (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.submission == number)
    revision: int | None = connection.execute(
        select(TABLE.c.revision).where(condition, TABLE.c.action == "submission")
    ).scalar_one_or_none()
    return revision
