"""Quantities that are counted over customers: states between two windows, and what a portfolio holds."""

from collections.abc import Mapping
from fractions import Fraction

from service.operations.quantities.scope import Found, Scope, Source, Values, add, units
from service.store import cells, facts
from service.values import AMOUNT_SCALE

_MONTHS_A_YEAR = 12
_SQUARE = "sum_of_squares"
_OF_POTENTIAL = ("known_potential", "revenue_of_unknown")
_NUMBERS = frozenset(
    ("active", "active_before", "retained", "new", "lost", "reactivated", "dormant", "contacted", "contact_age")
)
_OF_CONTACTS = frozenset(("contacted", "contact_age"))
NAMES = frozenset((*facts.COUNTS, "ranked_sum", "potential")) - _OF_CONTACTS - {*_OF_POTENTIAL}
OF_PORTFOLIO = frozenset(("customers", "known_potentials"))


def counted(scope: Scope, names: frozenset[str], words: cells.Words | None = None) -> Found:
    """These quantities of each group, by the words of the question or by others."""
    asked = [name for name in (*facts.COUNTS, "ranked_sum") if name in names]
    if "potential" in names:
        asked += _OF_POTENTIAL
    found: Found = {}
    for cut, places, buckets in scope.cuts(words):
        read = facts.of_customers(scope.caller.connection, scope.reach, cut, buckets, asked)
        for (group, place), values in read.items():
            found[group, places[place]] = _quantities(scope, values, names)
    return found


def _quantities(scope: Scope, values: Mapping[str, int], names: frozenset[str]) -> Values:
    found: Values = {
        name: Fraction(values[name], 1 if name in _NUMBERS else AMOUNT_SCALE ** (2 if name == _SQUARE else 1))
        for name in names & values.keys()
    }
    if "potential" in names:
        share = Fraction(scope.parameters.potential.default_wallet_share)
        known = Fraction(values["known_potential"], _MONTHS_A_YEAR * AMOUNT_SCALE)
        found["potential"] = known + units(values["revenue_of_unknown"]) / share
    return found


def portfolio(scope: Scope, names: frozenset[str]) -> Found:
    """Customers handed in, in every bucket the same: by their own seller, channel and team, not by those of lines."""
    found: Found = {}
    frame = scope.portfolio
    columns = ["subsidiary_id", "id", "salesperson", "channel", "potential_known"]
    for subsidiary, number, seller, channel, known in frame[columns].itertuples(index=False):
        for place, bucket in enumerate(scope.buckets):
            group = scope.group(scope.words_of(subsidiary, bucket.now.last, number, seller, channel))
            if group is not None:
                counts = {"customers": Fraction(1), "known_potentials": Fraction(int(known))}
                add(found, group, place, {name: counts[name] for name in names})
    return found


SOURCE = Source(NAMES, frozenset(cells.DIMENSIONS), counted)
PORTFOLIO = Source(OF_PORTFOLIO, frozenset(cells.DIMENSIONS) - {"product_group"}, portfolio)
CONTACTS = Source(_OF_CONTACTS, frozenset(cells.DIMENSIONS), counted)
