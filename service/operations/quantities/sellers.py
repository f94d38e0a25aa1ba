"""Quantities of the sellers: what employment spans say."""

from fractions import Fraction

from service.method.months import Window
from service.method.parameters import ResourceNorms
from service.operations import dimensions
from service.operations.quantities.scope import Found, Scope, Source, add, units
from service.store import lines, salespeople

NAMES = frozenset(
    ("fte", "sellers", "deal_norm", "cost", "paid_hours", "selling_hours", "seller_months", "logged_months")
)
_LOGGED = "logged_months"


def groups(scope: Scope) -> set[tuple[str, ...]]:
    """Of the sellers who are employed in a window."""
    return {group for group, _ in read(scope, frozenset(["sellers"]))}


def read(scope: Scope, names: frozenset[str]) -> Found:
    """A seller who is employed without a monthly cost makes his group's cost unknown."""
    found: Found = {}
    norms = scope.parameters.resources
    days = Fraction(str(norms.working_days - norms.leave - norms.sick - norms.training)) / 12
    months = Window(min(b.now.first for b in scope.buckets), max(b.now.last for b in scope.buckets))
    logged = lines.logged_months(scope.caller.connection, scope.reach, months) if _LOGGED in names else set()
    unknown: set[tuple[tuple[str, ...], int]] = set()
    employed: dict[tuple[tuple[str, ...], int], set[tuple[int, int, int]]] = {}
    for span in salespeople.spans(scope.caller.connection, scope.reach):
        words = scope.homes[span.subsidiary_id] | {"salesperson": span.code, "team": span.team}
        group = scope.group(words)
        if group is None:
            continue
        own = dimensions.Employed(words, span.start, span.end, span.fte, span.hours_a_day, span.monthly_cost)
        for place, bucket in enumerate(scope.buckets):
            share = own.share(bucket.now)
            if not share:
                continue
            deals = share * Fraction(str(norms.simultaneous_deals))
            add(found, group, place, {"sellers": share, "deal_norm": deals, "fte": share * units(span.fte)})
            worked = [(month, part) for month in bucket.now.months if (part := own.share(Window(month, month)))]
            cells = {(span.subsidiary_id, span.salesperson_id, month) for month, _ in worked}
            employed.setdefault((group, place), set()).update(cells)
            hours = sum((part for _, part in worked), Fraction(0)) * days * units(span.fte) * units(span.hours_a_day)
            add(found, group, place, {"paid_hours": hours, "selling_hours": hours * _selling(norms)})
            if span.monthly_cost is None:
                unknown.add((group, place))
            elif "cost" in names:
                amounts = [(month, round(span.monthly_cost * part)) for month, part in worked]
                cost = sum(scope.in_currency(span.subsidiary_id, amount, month) for month, amount in amounts)
                add(found, group, place, {"cost": units(cost)})
    for key, cells in employed.items():
        found[key] |= {"seller_months": Fraction(len(cells)), _LOGGED: Fraction(len(cells & logged))}
    for key in unknown:
        found[key]["cost"] = None
    return found


def _selling(norms: ResourceNorms) -> Fraction:
    return Fraction(str(norms.selling_share))


SOURCE = Source(NAMES, dimensions.OF_SELLER, read)
