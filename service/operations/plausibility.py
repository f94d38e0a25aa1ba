"""Warnings: a month of a customer that is far from his own past. Never a refusal."""

import pandas as pd
from sqlalchemy import BigInteger, Connection, cast, func, select

from service.errors import Problem
from service.method.months import month_text
from service.store import lines
from service.store.bulk import DELETED, ROW, Staged
from service.store.reach import Reach
from service.values import amount_text

MONTHS, TIMES = 12, 10
MOST_ROWS = 200_000
"""A larger submission is a first load or a migration: it is not compared."""


def unusual(connection: Connection, reach: Reach, staged: Staged) -> list[Problem]:
    """Customers' months whose revenue is ten times the usual one: the mean of the months with revenue, of the twelve
    before it that were stored already."""
    if "revenue" not in staged.names or "customer_id" not in staged.names or not 0 < staged.count <= MOST_ROWS:
        return []
    new = _new(connection, staged)
    if new.empty:
        return []
    first, last = int(new["period"].min()) - MONTHS, int(new["period"].max()) - 1
    past = lines.revenue_by_month(connection, reach, first, last)
    both = new.merge(past, on="customer_id", suffixes=("", "_past"))
    both = both[(both["period_past"] < both["period"]) & (both["period_past"] >= both["period"] - MONTHS)]
    usual = both.groupby(["customer_id", "period", "row", "revenue"], as_index=False)["revenue_past"].mean()
    far = usual[usual["revenue"] >= TIMES * usual["revenue_past"]].sort_values("row")
    return [
        Problem(
            int(line.row),
            "revenue",
            "unusual_value",
            f"{amount_text(int(line.revenue))} in {month_text(int(line.period))} is more than ten times this"
            f" customer's usual month, {amount_text(int(line.revenue_past))}. Taken; please check it.",
            amount_text(int(line.revenue)),
        )
        for line in far.itertuples()
    ]


def _new(connection: Connection, staged: Staged) -> pd.DataFrame:
    rows = staged.rows
    revenue = cast(func.sum(rows.c.revenue), BigInteger).label("revenue")
    statement = (
        select(rows.c.customer_id, rows.c.period, func.min(rows.c[ROW]).label("row"), revenue)
        .where(rows.c.customer_id != 0, rows.c[DELETED] == 0)
        .group_by(rows.c.customer_id, rows.c.period)
        .having(func.sum(rows.c.revenue) > 0)
    )
    found = connection.execute(statement).all()
    return pd.DataFrame(found, columns=["customer_id", "period", "row", "revenue"]).astype("int64")
