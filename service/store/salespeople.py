"""Salespeople, each with the spans of employment that the form `salespeople` hands in."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, ForeignKeyConstraint, Row, Select, Table, UniqueConstraint, select
from sqlmodel import Field, SQLModel

from service.store.columns import amount, code, number_key, person_name, revision_key, subsidiary_key
from service.store.exports import batches
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY


class Salesperson(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("subsidiary_id", "code"),)
    subsidiary_id: int = subsidiary_key()
    id: int = number_key()
    code: str = code()


class EmploymentFields(SQLModel):
    subsidiary_id: int = number_key()
    salesperson_id: int = number_key()
    start: date = Field(primary_key=True)
    end: date | None = None
    name: str = person_name()
    team: str = Field(max_length=120)
    role: str = Field(max_length=120)
    fte: int = amount()
    hours_a_day: int = amount()
    monthly_cost: int | None = amount(default=None)
    revision: int = amount()


class Employment(EmploymentFields, table=True):
    __table_args__ = (
        ForeignKeyConstraint(["subsidiary_id", "salesperson_id"], ["salesperson.subsidiary_id", "salesperson.id"]),
    )


class EmploymentHistory(EmploymentFields, table=True):
    __tablename__ = "employment_history"
    __table_args__ = (
        ForeignKeyConstraint(["subsidiary_id", "salesperson_id"], ["salesperson.subsidiary_id", "salesperson.id"]),
    )
    until_revision: int = revision_key()


TABLE: Table = Salesperson.__table__  # type: ignore[attr-defined]
EMPLOYMENT: Table = Employment.__table__  # type: ignore[attr-defined]
HISTORY: Table = EmploymentHistory.__table__  # type: ignore[attr-defined]
_ORDER = (EMPLOYMENT.c.subsidiary_id, TABLE.c.code, EMPLOYMENT.c.start)


def spans(
    connection: Connection, reach: Reach, limit: int | None = None, after: tuple[int, str, date] | None = None
) -> Sequence[Row[Any]]:
    """Employment spans with the salesperson's code, by (subsidiary, code, start): all, or a page after the cursor."""
    statement = _ordered(reach).limit(limit)
    if after is not None:
        statement = statement.where(later(_ORDER, after))
    return connection.execute(statement).all()


def each(connection: Connection, reach: Reach) -> Iterator[pa.RecordBatch]:
    """All of them in batches."""
    return batches(connection, _ordered(reach))


def _ordered(reach: Reach) -> Select[Any]:
    return (
        select(*reach.shown(*EMPLOYMENT.c), TABLE.c.code, SUBSIDIARY.c.code.label("subsidiary"), SUBSIDIARY.c.currency)
        .join(
            TABLE, (TABLE.c.subsidiary_id == EMPLOYMENT.c.subsidiary_id) & (TABLE.c.id == EMPLOYMENT.c.salesperson_id)
        )
        .join(SUBSIDIARY, SUBSIDIARY.c.id == EMPLOYMENT.c.subsidiary_id)
        .where(reach.covers(EMPLOYMENT.c.subsidiary_id))
        .order_by(*_ORDER)
    )
