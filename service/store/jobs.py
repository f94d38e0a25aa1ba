"""Submissions that were accepted for later: what is to be done, how far it is, and what came of it.

Whoever works on a job holds a lock on its row until it is done, in the transaction that does the work: a worker that
dies leaves the job as it was, and two never do the same one.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, ForeignKeyConstraint, Row, Table, Text, func, insert, select, update
from sqlmodel import Field, SQLModel

from service.store.bulk import next_number
from service.store.columns import number_key, subsidiary_key
from service.store.database import skip_locked
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY

WAITING, DONE, REFUSED = "waiting", "done", "refused"
_LOOKED_AT = 100
"""So many processes may work on jobs at once."""


class Job(SQLModel, table=True):
    __table_args__ = (ForeignKeyConstraint(["subsidiary_id", "sha256"], ["source.subsidiary_id", "source.sha256"]),)
    subsidiary_id: int = subsidiary_key()
    number: int = number_key()
    status: str = Field(max_length=8)
    form: str = Field(max_length=32)
    terms: str = Field(sa_type=Text)
    sha256: str = Field(max_length=64)
    key_id: str = Field(max_length=32)
    created_at: datetime
    ended_at: datetime | None = None
    submission: int | None = None
    problem: str | None = Field(default=None, sa_type=Text)


class JobProgress(SQLModel, table=True):
    """Apart from the job, whose row is locked while it is worked on."""

    __tablename__ = "job_progress"
    subsidiary_id: int = number_key()
    number: int = number_key()
    rows_checked: int = Field(sa_type=BigInteger)
    rows_loaded: int = Field(sa_type=BigInteger)


TABLE: Table = Job.__table__  # type: ignore[attr-defined]
PROGRESS: Table = JobProgress.__table__  # type: ignore[attr-defined]


def create(connection: Connection, reach: Reach, values: dict[str, Any]) -> int:
    """A new job for the one subsidiary in reach, which is locked for writing; its number."""
    number = next_number(connection, TABLE.c.number, TABLE.c.subsidiary_id == reach.one)
    key = {"subsidiary_id": reach.one, "number": number}
    connection.execute(insert(TABLE).values({**values, **key, "status": WAITING}))
    connection.execute(insert(PROGRESS).values({**key, "rows_checked": 0, "rows_loaded": 0}))
    return number


def get(connection: Connection, reach: Reach, number: int) -> Row[Any] | None:
    """A job of the one subsidiary in reach, with its progress."""
    same = (PROGRESS.c.subsidiary_id == TABLE.c.subsidiary_id) & (PROGRESS.c.number == TABLE.c.number)
    statement = (
        select(TABLE, PROGRESS.c.rows_checked, PROGRESS.c.rows_loaded, SUBSIDIARY.c.code.label("subsidiary"))
        .join(PROGRESS, same)
        .join(SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id)
        .where(TABLE.c.subsidiary_id == reach.one, TABLE.c.number == number)
    )
    return connection.execute(statement).one_or_none()


def waiting(connection: Connection, reach: Reach, form: str | None = None) -> bool:
    """Whether any job within reach waits, or is worked on; if a form is named, one of this form."""
    condition = reach.covers(TABLE.c.subsidiary_id) & (TABLE.c.status == WAITING)
    if form is not None:
        condition &= TABLE.c.form == form
    return connection.execute(select(TABLE.c.number).where(condition).limit(1)).first() is not None


def count_waiting(connection: Connection, reach: Reach) -> int:
    """How many jobs within reach wait, or are worked on."""
    condition = reach.covers(TABLE.c.subsidiary_id) & (TABLE.c.status == WAITING)
    count: int = connection.execute(select(func.count()).select_from(TABLE).where(condition)).scalar_one()
    return count


def take(connection: Connection, reach: Reach) -> Row[Any] | None:
    """The oldest waiting job within reach that nobody works on, locked until the transaction ends."""
    waits = reach.covers(TABLE.c.subsidiary_id) & (TABLE.c.status == WAITING)
    names = select(TABLE.c.subsidiary_id, TABLE.c.number).where(waits)
    for name in connection.execute(names.order_by(TABLE.c.created_at, TABLE.c.number).limit(_LOOKED_AT)).all():
        # Each by itself: what locks rows names its subsidiary, so that it runs on the machine that has them.
        own = (TABLE.c.subsidiary_id == name.subsidiary_id) & (TABLE.c.number == name.number)
        locked = skip_locked(connection, select(TABLE).where(own, TABLE.c.status == WAITING))
        job: Row[Any] | None = connection.execute(locked).one_or_none()
        if job is not None:
            return job
    return None


def end(connection: Connection, reach: Reach, number: int, values: dict[str, Any]) -> None:
    """Note how a waiting job of the one subsidiary in reach ended."""
    mine = (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.number == number) & (TABLE.c.status == WAITING)
    connection.execute(update(TABLE).where(mine).values(values))


def progressed(connection: Connection, reach: Reach, number: int, rows_checked: int, rows_loaded: int) -> None:
    """Note how far a job of the one subsidiary in reach is."""
    mine = (PROGRESS.c.subsidiary_id == reach.one) & (PROGRESS.c.number == number)
    connection.execute(update(PROGRESS).where(mine).values(rows_checked=rows_checked, rows_loaded=rows_loaded))
