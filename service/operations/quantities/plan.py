"""What the newest plan brings in the window's months."""

from service.method.months import Window
from service.operations.quantities.scope import Found, Scope, Source, add, units
from service.store import cells, plans

NAMES = frozenset(("planned_revenue",))
DIMENSIONS = frozenset(("salesperson", "channel", "abc_class", *cells.OF_SUBSIDIARY))
_UNIT = ("salesperson", "channel")


def read(scope: Scope, _names: frozenset[str]) -> Found:
    """A group without a plan for all of the window's months has none, which is not 0."""
    return {key: {"planned_revenue": values["revenue"]} for key, values in planned(scope).items()}


def planned(scope: Scope) -> Found:
    """Planned revenue and margin. A plan that was not made by the units asked for says nothing of them."""
    months = Window(min(b.now.first for b in scope.buckets), max(b.now.last for b in scope.buckets))
    rows = plans.of_months(scope.caller.connection, scope.reach, months)
    made_by = {(row.subsidiary_id, row.plan, name) for row in rows for name in _UNIT if getattr(row, name)}
    asked = [name for name in _UNIT if name in scope.named]
    covered: dict[int, set[int]] = {}
    for row in rows:
        if all((row.subsidiary_id, row.plan, name) in made_by for name in asked):
            covered.setdefault(row.subsidiary_id, set()).add(row.period)
    found: Found = {}
    for row in rows:
        own = {name: getattr(row, name) for name in (*_UNIT, "abc_class")}
        group = scope.group(scope.homes[row.subsidiary_id] | own)
        if group is None:
            continue
        amounts = {name: scope.in_currency(row.subsidiary_id, getattr(row, name), row.period) for name in _AMOUNTS}
        for place, bucket in enumerate(scope.buckets):
            whole = covered.get(row.subsidiary_id, set()).issuperset(bucket.now.months)
            if row.period in bucket.now and whole:
                add(found, group, place, {name: units(amount) for name, amount in amounts.items()})
    return found


_AMOUNTS = ("revenue", "margin")
SOURCE = Source(NAMES, DIMENSIONS, read, nothing=None)
