"""Whose fiscal year a request means."""

from collections.abc import Collection

from service.access.keys import Caller
from service.store import subsidiaries


def year_start(caller: Caller, named: Collection[str]) -> int:
    """The month in which it begins: that of the one subsidiary that is named, else the group's.

    Subsidiaries with different fiscal years side by side are compared over the same months: the group's.
    """
    if len(set(named)) == 1:
        (code,) = set(named)
        own: int = subsidiaries.get(caller.connection, caller.reach, code).fiscal_year_start
        return own
    of_group: int = subsidiaries.group(caller.connection, caller.reach).fiscal_year_start
    return of_group
