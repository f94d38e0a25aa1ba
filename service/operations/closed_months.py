"""Closing a month of a subsidiary, and opening it again."""

from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument, NotFound
from service.method.months import month_of, month_text
from service.operations.windows import month
from service.store import closed_months, subsidiaries
from service.store.reach import Reach


def close(caller: Caller, subsidiary: str, period: str, note: str) -> Row[Any]:
    """The closed month. One that is closed already stays as it was closed; BadArgument where it has not ended."""
    home, number = _locked(caller, subsidiary, period)
    found = closed_months.find(caller.connection, home, number)
    if found is not None:
        return found
    present = month_of(caller.now.date())
    if number >= present:
        newest = month_text(present - 1)
        raise BadArgument("period", f"{period} has not ended: {newest} is the newest month that can be closed.")
    closed_months.close(caller.connection, home, number, caller.now, caller.key_id, note)
    return _found(caller, home, number, period)


def reopen(caller: Caller, subsidiary: str, period: str, reason: str) -> None:
    """Open the month again; NotFound where it is not closed."""
    home, number = _locked(caller, subsidiary, period)
    _found(caller, home, number, period)
    closed_months.reopen(caller.connection, home, number, caller.now, caller.key_id, reason)


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
        raise NotFound(f"The month {period} is not closed.")
    return row
