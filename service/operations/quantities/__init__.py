"""Where the quantities of formulas come from: a module for each source, all behind one question."""

from collections.abc import Collection
from fractions import Fraction

from service.method.quantities import QUANTITIES
from service.operations.quantities import coverage, customers, deals, lines, plan, segmentation, sellers, targets
from service.operations.quantities.scope import Found, Scope, Source, Values
from service.store.cells import Words

SOURCES: tuple[Source, ...] = (
    lines.SOURCE,
    customers.SOURCE,
    customers.PORTFOLIO,
    customers.CONTACTS,
    sellers.SOURCE,
    segmentation.LINES,
    segmentation.PORTFOLIO,
    deals.SOURCE,
    targets.SOURCE,
    plan.SOURCE,
    coverage.SOURCE,
)


class Quantities:
    """What was found for a question: quantities by group and bucket, and why one is not known."""

    def __init__(self, scope: Scope, found: Found, nothing: Values, reasons: dict[str, str]) -> None:
        self._scope = scope
        self._found = found
        self._nothing = nothing
        self.reasons = reasons

    @property
    def groups(self) -> set[Words]:
        return {group for group, _ in self._found}

    def of(self, group: Words, place: int) -> Values:
        """None where a quantity is not known; 0 where it is known to be nothing."""
        months = Fraction(len(self._scope.buckets[place].now))
        return self._nothing | self._found.get((group, place), {}) | {"months": months}


def gather(scope: Scope, names: Collection[str]) -> Quantities:
    """These quantities, each from its source; only the sources that are needed are asked."""
    found: Found = {}
    nothing: Values = dict.fromkeys(QUANTITIES)
    reasons: dict[str, str] = {}
    for source in SOURCES:
        asked = source.names.intersection(names)
        across = sorted(scope.named - source.dimensions)
        missing = f"does not fall apart by {', '.join(across)}" if across else source.missing(scope)
        if missing is not None:
            reasons |= {name: f"{name} {missing}" if across else missing for name in asked}
            continue
        if not asked and source is not lines.SOURCE:
            continue
        nothing |= dict.fromkeys(asked, source.nothing)
        for key, values in source.read(scope, asked).items():
            found[key] = found.get(key, {}) | values
    return Quantities(scope, found, nothing, reasons)
