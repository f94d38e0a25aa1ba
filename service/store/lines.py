"""Statistics lines: the facts everything is calculated from, and what they were before corrections."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, Connection, ForeignKeyConstraint, Index, Row, Table, case, cast, func, select
from sqlmodel import SQLModel

from service.method.measures import MEASURES
from service.method.months import Window
from service.store import customers, labels, salespeople
from service.store.bulk import Merged, merge
from service.store.columns import amount, number_key, revision_key, subsidiary_key
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY


class LineFields(SQLModel):
    subsidiary_id: int = subsidiary_key()
    period: int = number_key()
    customer_id: int = number_key()
    salesperson_id: int = number_key()
    channel_id: int = number_key()
    product_group_id: int = number_key()
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
    __table_args__ = (
        ForeignKeyConstraint(["subsidiary_id", "customer_id"], ["customer.subsidiary_id", "customer.id"]),
        ForeignKeyConstraint(["subsidiary_id", "salesperson_id"], ["salesperson.subsidiary_id", "salesperson.id"]),
        ForeignKeyConstraint(["subsidiary_id", "channel_id"], ["channel.subsidiary_id", "channel.id"]),
        ForeignKeyConstraint(
            ["subsidiary_id", "product_group_id"], ["product_group.subsidiary_id", "product_group.id"]
        ),
        Index("ix_line_customer", "subsidiary_id", "customer_id", "period"),
    )


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
)
_CODES = {
    "customer": (customers.TABLE, "customer_id"),
    "salesperson": (salespeople.TABLE, "salesperson_id"),
    "channel": (labels.CHANNEL, "channel_id"),
    "product_group": (labels.PRODUCT_GROUP, "product_group_id"),
}


def save(connection: Connection, reach: Reach, rows: Sequence[tuple[Any, ...]], revision: int) -> Merged:
    """Store rows of (period, the four numbers of the key, the measures) for the one subsidiary in reach."""
    subsidiary = reach.one
    return merge(connection, TABLE, HISTORY, [(subsidiary, *row) for row in rows], revision)


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


def totals(connection: Connection, reach: Reach, window: Window) -> dict[str, int]:
    """Sums of all measures over the window."""
    sums = [cast(func.coalesce(func.sum(TABLE.c[name]), 0), BigInteger).label(name) for name in MEASURES]
    statement = select(*sums).where(
        reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(window.first, window.last)
    )
    return dict(connection.execute(statement).one()._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def coverage(connection: Connection, reach: Reach, window: Window) -> Sequence[Row[Any]]:
    """What each month with a line holds: subsidiary_id, period, and for each measure four columns.

    `revenue` is the sum, `revenue_lines` how many lines have a value other than 0, `revenue_attributed` and
    `revenue_unattributed` the sums of lines with and without a customer, each summed by itself.
    """
    known = TABLE.c.customer_id != customers.UNATTRIBUTED
    sums = []
    for name in MEASURES:
        value = TABLE.c[name]
        sums += [
            _sum(value).label(name),
            _sum(case((value != 0, 1), else_=0)).label(f"{name}_lines"),
            _sum(case((known, value), else_=0)).label(f"{name}_attributed"),
            _sum(case((known, 0), else_=value)).label(f"{name}_unattributed"),
        ]
    keys = (TABLE.c.subsidiary_id, TABLE.c.period)
    statement = select(*keys, *sums).group_by(*keys).order_by(*keys)
    return connection.execute(
        statement.where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(window.first, window.last))
    ).all()


def _sum(value: Any) -> Any:
    return cast(func.sum(value), BigInteger)


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
