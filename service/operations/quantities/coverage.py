"""How complete the data are: months that are to be handed in, and months that were."""

from fractions import Fraction

from service.operations.quantities.scope import Found, Scope, Source, add
from service.store import lines

NAMES = frozenset(("expected_cells", "filled_cells"))


def read(scope: Scope, _names: frozenset[str]) -> Found:
    """A subsidiary is to hand in every month from its first one with data."""
    found: Found = {}
    until = max(bucket.now.last for bucket in scope.buckets)
    filled: dict[int, set[int]] = {}
    for subsidiary, month in lines.months(scope.caller.connection, scope.reach, until):
        filled.setdefault(subsidiary, set()).add(month)
    for subsidiary, months in filled.items():
        group = scope.group(scope.homes[subsidiary])
        if group is None:
            continue
        for place, bucket in enumerate(scope.buckets):
            expected = [month for month in bucket.now.months if month >= min(months)]
            there = [month for month in expected if month in months]
            counts = {"expected_cells": Fraction(len(expected)), "filled_cells": Fraction(len(there))}
            add(found, group, place, counts)
    return found


SOURCE = Source(NAMES, frozenset(("subsidiary", "country")), read)
