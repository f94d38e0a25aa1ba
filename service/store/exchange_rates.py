"""Exchange rates: units of a reference currency for one unit of a currency, the average of a month. The group's own."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Connection, Row, Table, select
from sqlmodel import Field, SQLModel

from service.store.columns import amount, number_key, revision_key
from service.store.exports import batches
from service.store.pages import later


class ExchangeRateFields(SQLModel):
    period: int = number_key()
    currency: str = Field(max_length=3, primary_key=True)
    reference: str = Field(max_length=3, primary_key=True)
    rate: int = Field(sa_type=BigInteger)
    revision: int = amount()


class ExchangeRate(ExchangeRateFields, table=True):
    __tablename__ = "exchange_rate"


class ExchangeRateHistory(ExchangeRateFields, table=True):
    __tablename__ = "exchange_rate_history"
    until_revision: int = revision_key()


TABLE: Table = ExchangeRate.__table__  # type: ignore[attr-defined]
HISTORY: Table = ExchangeRateHistory.__table__  # type: ignore[attr-defined]
_KEY = (TABLE.c.period, TABLE.c.currency, TABLE.c.reference)


def into(connection: Connection, reference: str) -> dict[tuple[str, int], int]:
    """(currency, month) → rate in 10⁻¹² of the reference currency."""
    statement = select(TABLE.c.currency, TABLE.c.period, TABLE.c.rate).where(TABLE.c.reference == reference)
    return {(row.currency, row.period): row.rate for row in connection.execute(statement)}


def each(connection: Connection) -> Iterator[pa.RecordBatch]:
    """All rates by (period, currency, reference), in batches."""
    return batches(connection, select(TABLE).order_by(*_KEY))


def page(connection: Connection, limit: int, after: tuple[int, str, str] | None) -> Sequence[Row[Any]]:
    """Rates by (period, currency, reference), at most `limit`, those after the cursor."""
    statement = select(TABLE).order_by(*_KEY).limit(limit)
    if after is not None:
        statement = statement.where(later(_KEY, after))
    return connection.execute(statement).all()
