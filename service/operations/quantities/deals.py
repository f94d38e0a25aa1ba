"""Quantities of the register of deals: the pipeline at the end of a window, and what was closed in it."""

from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from service.forms.kinds import read_stages
from service.method.months import month_of
from service.operations.quantities.scope import Found, Scope, Source, add, units
from service.store import cells, registered

NAMES = frozenset(
    ("open_deals", "open_value", "won_deals", "lost_deals", "won_value", "deal_days", "stuck_deals", "moved_deals")
)
_WEEK = 7


def read(scope: Scope, names: frozenset[str]) -> Found:
    """An open deal belongs to the team of its seller in the window's last month; a closed one in that of its end.

    Amounts are converted deal by deal: open ones at the rate of the window's last month, won ones at that of their end.
    """
    found: Found = {}
    days = [bucket.now.days for bucket in scope.buckets]
    since, until = min(first for first, _ in days), max(last for _, last in days)
    for deal in registered.deals_between(scope.caller.connection, scope.reach, since, until):
        for place, (first, last) in enumerate(days):
            values = _values(scope, deal, first, last)
            month = month_of(last if registered.is_open(deal, last) else deal.closed)
            group = _group(scope, deal, month) if values else None
            if group is not None:
                add(found, group, place, {name: value for name, value in values.items() if name in names})
    return found


def _group(scope: Scope, deal: Row[Any], month: int) -> tuple[str, ...] | None:
    home = deal.subsidiary_id
    seller, channel = (scope.code(noun, home, getattr(deal, f"{noun}_id")) for noun in ("salesperson", "channel"))
    return scope.group(scope.words_of(home, month, deal.customer_id, seller, channel))


def _values(scope: Scope, deal: Row[Any], first: date, last: date) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    if deal.created > last or (deal.closed is not None and deal.closed < first):
        return found
    entered = [day for day in (deal.created, *read_stages(deal.stages).values()) if day <= last]
    if registered.is_open(deal, last):
        amount = scope.in_currency(deal.subsidiary_id, deal.amount, month_of(last))
        stuck = (last - max(entered)).days > scope.parameters.deals.stage_days
        found |= {"open_deals": Fraction(1), "open_value": units(amount), "stuck_deals": Fraction(int(stuck))}
    elif deal.outcome == "won":
        amount = scope.in_currency(deal.subsidiary_id, deal.amount, month_of(deal.closed))
        passed = Fraction((deal.closed - deal.created).days)
        found |= {"won_deals": Fraction(1), "won_value": units(amount), "deal_days": passed}
    else:
        found["lost_deals"] = Fraction(1)
    events = entered if registered.is_open(deal, last) else [*entered, deal.closed]
    moved = any((last - day).days < _WEEK for day in events)
    return found | {"moved_deals": Fraction(int(moved))}


SOURCE = Source(NAMES, frozenset(cells.DIMENSIONS) - {"product_group"}, read, fed="funnel")
