"""Targets: quotas from outside, to compare with, and what they were before corrections."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, select
from sqlmodel import Field, SQLModel

from service.store.columns import amount, code, number_key, revision_key, subsidiary_key
from service.store.reach import Reach


class TargetFields(SQLModel):
    subsidiary_id: int = subsidiary_key()
    period: int = number_key()
    measure: str = Field(max_length=16, primary_key=True)
    salesperson_id: int = number_key()
    team: str = code(120, primary_key=True)
    channel_id: int = number_key()
    customer_id: int = number_key()
    abc_class: str = Field(max_length=1, primary_key=True)
    value: int = amount()
    revision: int = amount()


class Target(TargetFields, table=True):
    pass


class TargetHistory(TargetFields, table=True):
    __tablename__ = "target_history"
    until_revision: int = revision_key()


TABLE: Table = Target.__table__  # type: ignore[attr-defined]
HISTORY: Table = TargetHistory.__table__  # type: ignore[attr-defined]


def of_measures(
    connection: Connection,
    reach: Reach,
    measures: Sequence[str],
    months: tuple[int | None, int | None],
    limit: int | None = None,
) -> Sequence[Row[Any]]:
    """Targets of these measures from a month to a month, None: without bound; at most `limit`."""
    statement = select(TABLE).where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.measure.in_(list(measures)))
    first, last = months
    if first is not None:
        statement = statement.where(TABLE.c.period >= first)
    if last is not None:
        statement = statement.where(TABLE.c.period <= last)
    return connection.execute(statement.limit(limit)).all()
