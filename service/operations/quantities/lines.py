"""Quantities that are sums of lines."""

from service.method.measures import MEASURES
from service.operations.quantities.scope import Found, Scope, Source, add, units
from service.store import cells

_CURRENT = "revenue_at_prior_rates"
NAMES = frozenset((*MEASURES, "credited_revenue", "prior_revenue", "months", _CURRENT))


def measures(names: frozenset[str]) -> list[str]:
    """What must be added up for these quantities; the revenue always, for the control block."""
    return [name for name in (*MEASURES, "credited_revenue") if name in names or name == "revenue"]


def read(scope: Scope, names: frozenset[str]) -> Found:
    found: Found = {}
    summed = measures(names)
    for series, rows in scope.sums(summed):
        for row in rows:
            found.setdefault((row.words, series.places[0]), {})
            for place in series.places:
                bucket = scope.buckets[place]
                if row.month in bucket.now:
                    add(found, row.words, place, {name: units(row.now[name]) for name in summed})
                if row.month in bucket.before:
                    add(found, row.words, place, {"prior_revenue": units(row.own["revenue"])})
    if _CURRENT in names:
        _at_prior_rates(scope, found)
    return found


def _at_prior_rates(scope: Scope, found: Found) -> None:
    for series, rows in scope.other(constant=True).sums(["revenue"]):
        for row in rows:
            for place in series.places:
                if row.month in scope.buckets[place].now:
                    add(found, row.words, place, {_CURRENT: units(row.now["revenue"])})


SOURCE = Source(NAMES, frozenset(cells.DIMENSIONS), read)
