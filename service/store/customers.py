"""Customers: the master data of the form `customers`, and what they were before corrections."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import (
    Connection,
    ForeignKeyConstraint,
    Index,
    Row,
    Select,
    Table,
    UniqueConstraint,
    exists,
    or_,
    select,
)
from sqlmodel import Field, SQLModel

from service.store import labels, salespeople
from service.store.bulk import next_number
from service.store.columns import amount, code, number_key, person_name, revision_key
from service.store.exports import batches
from service.store.pages import later
from service.store.reach import Reach
from service.store.relations import Relation
from service.store.subsidiaries import TABLE as SUBSIDIARY


class CustomerFields(SQLModel):
    subsidiary_id: int = number_key()
    id: int = number_key()
    code: str = code()
    name: str = person_name()
    salesperson_id: int
    channel_id: int
    potential: int | None = amount(default=None)
    potential_date: date | None = None
    potential_source: str = Field(max_length=16)
    industry: str = Field(max_length=120)
    region: str = Field(max_length=120)
    since: date | None = None
    revision: int = amount()


class Customer(CustomerFields, table=True):
    __table_args__ = (
        UniqueConstraint("subsidiary_id", "code"),
        ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"]),
        ForeignKeyConstraint(["subsidiary_id", "salesperson_id"], ["salesperson.subsidiary_id", "salesperson.id"]),
        ForeignKeyConstraint(["subsidiary_id", "channel_id"], ["channel.subsidiary_id", "channel.id"]),
        Index("ix_customer_salesperson", "subsidiary_id", "salesperson_id"),
    )


class CustomerHistory(CustomerFields, table=True):
    __tablename__ = "customer_history"
    until_revision: int = revision_key()


TABLE: Table = Customer.__table__  # type: ignore[attr-defined]
HISTORY: Table = CustomerHistory.__table__  # type: ignore[attr-defined]
UNATTRIBUTED = 0
_ORDER = (TABLE.c.subsidiary_id, TABLE.c.code)


def fresh_number(connection: Connection, reach: Reach) -> int:
    """The first number that no customer of the one subsidiary in reach has or had."""
    return max(next_number(connection, table.c.id, table.c.subsidiary_id == reach.one) for table in (TABLE, HISTORY))


def in_use(connection: Connection, reach: Reach, ids: Select[Any]) -> list[str]:
    """Codes of the customers, of the ids selected in the one subsidiary in reach, that other rows are or were about."""
    about = []
    for table in _about_customers():
        same = (table.c.subsidiary_id == TABLE.c.subsidiary_id) & (table.c.customer_id == TABLE.c.id)
        about.append(exists().where(same))
    statement = select(TABLE.c.code).where(TABLE.c.subsidiary_id == reach.one, TABLE.c.id.in_(ids), or_(*about))
    return list(connection.execute(statement.order_by(TABLE.c.code)).scalars())


def _about_customers() -> list[Table]:
    return [
        table
        for table in SQLModel.metadata.sorted_tables
        if {"subsidiary_id", "customer_id"} <= set(table.columns.keys())
    ]


def page(
    connection: Connection,
    reach: Reach,
    limit: int,
    after: tuple[int, str] | None,
    salesperson: str | None,
    code: str | None,
) -> Sequence[Row[Any]]:
    """Customers by (subsidiary, code), at most `limit`, those after the cursor."""
    statement = _ordered(reach, salesperson, code).limit(limit)
    if after is not None:
        statement = statement.where(later(_ORDER, after))
    return connection.execute(statement).all()


def each(connection: Connection, reach: Reach, salesperson: str | None, code: str | None) -> Iterator[pa.RecordBatch]:
    """The same without a limit, in batches."""
    return batches(connection, _ordered(reach, salesperson, code))


def _ordered(reach: Reach, salesperson: str | None, code: str | None) -> Select[Any]:
    statement = described(reach).order_by(*_ORDER)
    if salesperson is not None:
        statement = statement.where(salespeople.TABLE.c.code == salesperson)
    return statement if code is None else statement.where(TABLE.c.code == code)


def relation(reach: Reach) -> Relation:
    """All customers, to be asked with conditions."""
    own = ("code", "potential", "potential_date", "potential_source", "industry", "region", "since")
    columns = {
        "subsidiary": SUBSIDIARY.c.code,
        "name": reach.readable(TABLE.c.name),
        **{name: TABLE.c[name] for name in own},
        "salesperson": salespeople.TABLE.c.code,
        "channel": labels.CHANNEL.c.code,
        "currency": SUBSIDIARY.c.currency,
    }
    return Relation(described(reach), columns, _ORDER)


def find(connection: Connection, reach: Reach, subsidiary: str, code: str) -> Row[Any] | None:
    """One customer with the words for what it points to."""
    statement = described(reach).where(SUBSIDIARY.c.code == subsidiary, TABLE.c.code == code)
    return connection.execute(statement).one_or_none()


def described(reach: Reach) -> Select[Any]:
    """Statement: the customers within reach, with the words for what they point to."""
    return (
        select(
            *reach.shown(*TABLE.c),
            SUBSIDIARY.c.code.label("subsidiary"),
            SUBSIDIARY.c.currency,
            SUBSIDIARY.c.data_revision,
            salespeople.TABLE.c.code.label("salesperson"),
            labels.CHANNEL.c.code.label("channel"),
        )
        .join(SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id)
        .join(
            salespeople.TABLE,
            (salespeople.TABLE.c.subsidiary_id == TABLE.c.subsidiary_id)
            & (salespeople.TABLE.c.id == TABLE.c.salesperson_id),
        )
        .join(
            labels.CHANNEL,
            (labels.CHANNEL.c.subsidiary_id == TABLE.c.subsidiary_id) & (labels.CHANNEL.c.id == TABLE.c.channel_id),
        )
        .where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.id != UNATTRIBUTED)
    )


def portfolio(connection: Connection, reach: Reach) -> pd.DataFrame:
    """All customers within reach by (subsidiary, code).

    Columns: subsidiary_id, id (int64), subsidiary, code, channel, salesperson, industry, region (text), potential
    (int64 ten-thousandths a year, 0 where unknown), potential_known (bool).
    """
    rows = connection.execute(described(reach).order_by(TABLE.c.subsidiary_id, TABLE.c.code)).all()
    words = ("subsidiary", "code", "channel", "salesperson", "industry", "region")
    numbers = {name: [getattr(row, name) for row in rows] for name in ("subsidiary_id", "id")}
    potential = [row.potential or 0 for row in rows]
    return pd.DataFrame(
        {
            **{name: pd.Series(values, dtype="int64") for name, values in numbers.items()},
            **{name: pd.Series([getattr(row, name) for row in rows], dtype=object) for name in words},
            "potential": pd.Series(potential, dtype="int64"),
            "potential_known": pd.Series([row.potential is not None for row in rows], dtype=bool),
        }
    )
