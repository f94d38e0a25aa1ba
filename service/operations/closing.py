"""Closed months: they change only with a reason, or by a delta."""

from sqlalchemy import Connection

from service.errors import ClosedMonth, Problem
from service.method.months import month_text
from service.store import closed_months, lines
from service.store.bulk import Staged
from service.store.reach import Reach


def refused_rows(connection: Connection, home: Reach, staged: Staged) -> list[Problem]:
    """A problem for each row that would change a line of a closed month."""
    closed = closed_months.within(connection, home)
    message = "This month is closed: give a reason, or hand the difference in as a delta."
    return [
        Problem(row, "period", "closed_month", message, month_text(period))
        for row, period in staged.changing("period", closed)
    ]


def check(connection: Connection, home: Reach, revision: int, reason: str) -> None:
    """Raises ClosedMonth where a data revision changed lines of a closed month and no reason was given."""
    if reason:
        return
    closed = closed_months.within(connection, home)
    months = sorted(lines.changed_months(connection, home, revision) & closed)
    if months:
        named = ", ".join(month_text(month) for month in months[:12])
        raise ClosedMonth(f"This changes months that are closed: {named}. Give a reason.")
