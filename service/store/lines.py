"""Statistics lines: the facts everything is calculated from, and what they were before corrections."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, Connection, Index, Row, Select, Table, cast, func, select
from sqlmodel import SQLModel

from service.method.measures import MEASURES
from service.method.months import Window
from service.store import customers, labels, salespeople
from service.store.columns import amount, number_key, revision_key
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY


class LineFields(SQLModel):
    subsidiary_id: int = number_key()
    period: int = number_key()
    customer_id: int = number_key()
    salesperson_id: int = number_key()
    channel_id: int = number_key()
    product_group_id: int = number_key()
    feed: int = number_key()
    orders: int = amount()
    revenue: int = amount()
    margin: int = amount()
    quotes: int = amount()
    quote_value: int = amount()
    leads: int = amount()
    qualified: int = amount()
    offers: int = amount()
    wins: int = amount()
    lead_value: int = amount()
    offer_value: int = amount()
    win_value: int = amount()
    calls: int = amount()
    meetings: int = amount()
    hours: int = amount()
    revision: int = amount()


class Line(LineFields, table=True):
    # No foreign keys: rows are written in sets, by the lock's holder, with numbers just read from these very tables;
    # checking each again takes four times as long as storing it. `orphans` counts what would break them.
    __table_args__ = (Index("ix_line_customer", "subsidiary_id", "customer_id", "period"),)


class LineHistory(LineFields, table=True):
    __tablename__ = "line_history"
    until_revision: int = revision_key()


TABLE: Table = Line.__table__  # type: ignore[attr-defined]
HISTORY: Table = LineHistory.__table__  # type: ignore[attr-defined]
_NATURAL_KEY = (
    TABLE.c.subsidiary_id,
    TABLE.c.period,
    TABLE.c.customer_id,
    TABLE.c.salesperson_id,
    TABLE.c.channel_id,
    TABLE.c.product_group_id,
    TABLE.c.feed,
)
BY_LINES = 0
FEEDS: Mapping[int, str] = {BY_LINES: "statistics", 1: "orders", 2: "deals", 3: "activities"}
"""Where a line comes from: the form that handed it in, or the register it was derived from. Their measures differ."""
_CODES = {
    "customer": (customers.TABLE, "customer_id"),
    "salesperson": (salespeople.TABLE, "salesperson_id"),
    "channel": (labels.CHANNEL, "channel_id"),
    "product_group": (labels.PRODUCT_GROUP, "product_group_id"),
}


def periods(connection: Connection, reach: Reach) -> Window | None:
    """The first and last month that has a line; None where there is none."""
    first, last = connection.execute(
        select(func.min(TABLE.c.period), func.max(TABLE.c.period)).where(reach.covers(TABLE.c.subsidiary_id))
    ).one()
    return None if first is None else Window(first, last)


def monthly(
    connection: Connection, reach: Reach, until: int, by: Sequence[str] = (), measures: Sequence[str] = tuple(MEASURES)
) -> pd.DataFrame:
    """Sums of the measures per (subsidiary_id, customer_id, period, and the id columns in `by`) up to a month.

    All columns are int64; measures are ten-thousandths.
    """
    keys = ["subsidiary_id", "customer_id", "period", *by]
    sums = [cast(func.sum(TABLE.c[name]), BigInteger).label(name) for name in measures]
    statement = (
        select(*(TABLE.c[key] for key in keys), *sums)
        .where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.period <= until)
        .group_by(*(TABLE.c[key] for key in keys))
        .order_by(*(TABLE.c[key] for key in keys))
    )
    rows = connection.execute(statement).all()
    return pd.DataFrame(rows, columns=[*keys, *measures]).astype("int64")


def revenue_by_month(reach: Reach, first: Any, last: Any, customers: Any) -> Select[Any]:
    """The statement of positive revenue per (customer_id, period) from a month to a month, of these customers."""
    revenue = cast(func.sum(TABLE.c.revenue), BigInteger)
    return (
        select(TABLE.c.customer_id, TABLE.c.period, revenue.label("revenue"))
        .where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(first, last))
        .where(TABLE.c.customer_id.in_(customers))
        .group_by(TABLE.c.customer_id, TABLE.c.period)
        .having(revenue > 0)
    )


def totals(connection: Connection, reach: Reach, window: Window) -> dict[str, int]:
    """Sums of all measures over the window."""
    sums = [cast(func.coalesce(func.sum(TABLE.c[name]), 0), BigInteger).label(name) for name in MEASURES]
    statement = select(*sums).where(
        reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(window.first, window.last)
    )
    return dict(connection.execute(statement).one()._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def page(
    connection: Connection,
    reach: Reach,
    limit: int,
    after: tuple[int, ...] | None,
    months: tuple[int | None, int | None],
    codes: Mapping[str, str | None],
) -> Sequence[Row[Any]]:
    """Lines with their codes by natural key, at most `limit`, those after the cursor.

    `months` limits them to first and last month, `codes` to a customer, salesperson, channel or product group.
    """
    words = [table.c.code.label(word) for word, (table, _) in _CODES.items()]
    statement = select(TABLE, SUBSIDIARY.c.code.label("subsidiary"), SUBSIDIARY.c.currency, *words)
    statement = statement.join(SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id)
    for table, number in _CODES.values():
        statement = statement.join(
            table, (table.c.subsidiary_id == TABLE.c.subsidiary_id) & (table.c.id == TABLE.c[number])
        )
    statement = statement.where(reach.covers(TABLE.c.subsidiary_id)).order_by(*_NATURAL_KEY).limit(limit)
    if after is not None:
        statement = statement.where(later(_NATURAL_KEY, after))
    first, last = months
    if first is not None:
        statement = statement.where(TABLE.c.period >= first)
    if last is not None:
        statement = statement.where(TABLE.c.period <= last)
    for word, code in codes.items():
        if code is not None:
            statement = statement.where(_CODES[word][0].c.code == code)
    return connection.execute(statement).all()


def key_of(row: Row[Any]) -> list[int]:
    """The natural key of a line, for a cursor."""
    return [getattr(row, column.name) for column in _NATURAL_KEY]
