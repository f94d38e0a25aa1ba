"""Warnings: a month of a customer that is far from his own past. Never a refusal."""

from typing import Any

from sqlalchemy import BigInteger, Connection, and_, cast, func, select

from service.errors import Problem
from service.method.months import month_text
from service.store import lines
from service.store.bulk import DELETED, ROW, Staged
from service.store.reach import Reach
from service.values import amount_text
from service.wording import say

MONTHS, TIMES = 12, 10
MOST_ROWS = 200_000
"""A larger submission is a first load or a migration: it is not compared."""


def unusual(connection: Connection, reach: Reach, staged: Staged) -> list[Problem]:
    """Customers' months whose revenue is ten times the usual one: the mean of the months with revenue, of the twelve
    before it that were stored already."""
    if "revenue" not in staged.names or "customer_id" not in staged.names or not 0 < staged.count <= MOST_ROWS:
        return []
    return [
        Problem(
            int(row),
            "revenue",
            "unusual_value",
            say(
                "{revenue} in {period} is more than ten times this customer's usual month, {usual}. Taken; please"
                " check it.",
                revenue=amount_text(int(revenue)),
                period=month_text(int(period)),
                usual=amount_text(int(usual)),
            ),
            amount_text(int(revenue)),
        )
        for row, period, revenue, usual in connection.execute(_far(reach, staged))
    ]


def _far(reach: Reach, staged: Staged) -> Any:
    """Row, month, revenue and usual revenue of what is to be warned of, by row."""
    new = _new(staged).cte("new")
    first = select(func.min(new.c.period) - MONTHS).scalar_subquery()
    last = select(func.max(new.c.period) - 1).scalar_subquery()
    past = lines.revenue_by_month(reach, first, last, select(new.c.customer_id)).cte("past")
    before = past.c.period.between(new.c.period - MONTHS, new.c.period - 1)
    usual = func.avg(past.c.revenue)
    return (
        select(new.c.row, new.c.period, new.c.revenue, usual)
        .join_from(new, past, and_(past.c.customer_id == new.c.customer_id, before))
        .group_by(new.c.customer_id, new.c.period, new.c.row, new.c.revenue)
        .having(new.c.revenue >= TIMES * usual)
        .order_by(new.c.row)
    )


def _new(staged: Staged) -> Any:
    """Revenue per customer and month, where there is some, and the first of its rows."""
    rows = staged.rows
    revenue = cast(func.sum(rows.c.revenue), BigInteger).label("revenue")
    return (
        select(rows.c.customer_id, rows.c.period, func.min(rows.c[ROW]).label("row"), revenue)
        .where(rows.c.customer_id != 0, rows.c[DELETED] == 0)
        .group_by(rows.c.customer_id, rows.c.period)
        .having(func.sum(rows.c.revenue) > 0)
    )
