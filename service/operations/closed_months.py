"""Closing a month of a subsidiary, and opening it again. A closed one changes only with a reason, or by a delta."""

from typing import Any

from sqlalchemy import Connection, Row

from service.access.keys import Caller
from service.errors import BadArgument, ClosedMonth, NotFound, Problem
from service.method.months import month_of, month_text
from service.operations.windows import month
from service.store import closed_months, lines, subsidiaries
from service.store.bulk import Staged
from service.store.reach import Reach
from service.wording import say


def close(caller: Caller, subsidiary: str, period: str, note: str) -> Row[Any]:
    """The closed month. One that is closed already stays as it was closed; BadArgument where it has not ended."""
    home, number = _locked(caller, subsidiary, period)
    found = closed_months.find(caller.connection, home, number)
    if found is not None:
        return found
    present = month_of(caller.now.date())
    if number >= present:
        newest = month_text(present - 1)
        raise BadArgument(
            "period",
            say(
                "{period} has not ended: {newest} is the newest month that can be closed.", period=period, newest=newest
            ),
        )
    closed_months.close(caller.connection, home, number, caller.now, caller.principal, note)
    caller.note(home, "closed-month.close", f"subsidiaries/{subsidiary}/closed-months/{period}")
    return _found(caller, home, number, period)


def reopen(caller: Caller, subsidiary: str, period: str, reason: str) -> None:
    """Open the month again; NotFound where it is not closed."""
    home, number = _locked(caller, subsidiary, period)
    _found(caller, home, number, period)
    closed_months.reopen(caller.connection, home, number, caller.now, caller.principal, reason)
    caller.note(home, "closed-month.reopen", f"subsidiaries/{subsidiary}/closed-months/{period}")


def refused_rows(connection: Connection, home: Reach, staged: Staged) -> list[Problem]:
    """A problem for each row that would change a line of a closed month."""
    closed = closed_months.within(connection, home)
    message = say("This month is closed: give a reason, or hand the difference in as a delta.")
    return [
        Problem(row, "period", "closed_month", message, month_text(period))
        for row, period in staged.changing("period", closed)
    ]


def check(connection: Connection, home: Reach, reason: str, revision: int) -> None:
    """Raises ClosedMonth where a data revision changed lines of a closed month and no reason was given."""
    if reason:
        return
    closed = closed_months.within(connection, home)
    months = sorted(lines.changed_months(connection, home, revision) & closed)
    if months:
        named = ", ".join(month_text(month) for month in months[:12])
        raise ClosedMonth(say("This changes months that are closed: {named}. Give a reason.", named=named))


def _locked(caller: Caller, subsidiary: str, period: str) -> tuple[Reach, int]:
    """The subsidiary, locked so that nothing is handed in meanwhile, and the month."""
    home = caller.reach.narrowed([subsidiaries.get(caller.connection, caller.reach, subsidiary).id])
    number = month("period", period)
    assert number is not None  # noqa: S101 - a month was given
    subsidiaries.revision_for_writing(caller.connection, home)
    return home, number


def _found(caller: Caller, home: Reach, number: int, period: str) -> Row[Any]:
    row = closed_months.find(caller.connection, home, number)
    if row is None:
        raise NotFound(say("The month {period} is not closed.", period=period))
    return row
