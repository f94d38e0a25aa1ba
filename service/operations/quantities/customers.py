"""Quantities that are counted over customers: states between two windows, and what a portfolio holds."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from service.operations.quantities.scope import Found, Scope, Series, Source, Values, add, units
from service.store import cells, facts
from service.values import AMOUNT_SCALE

_MONTHS_A_YEAR = 12
_SQUARE = "sum_of_squares"
_LARGEST = "largest_revenue"
_RANKED = "ranked_sum"
_OF_POTENTIAL = ("known_potential", "revenue_of_unknown")
_NUMBERS = frozenset(
    ("active", "active_before", "retained", "new", "lost", "reactivated", "dormant", "contacted", "contact_age")
)
_OF_CONTACTS = frozenset(("contacted", "contact_age"))
NAMES = frozenset((*facts.COUNTS, _RANKED, "potential")) - _OF_CONTACTS - {*_OF_POTENTIAL}
OF_PORTFOLIO = frozenset(("customers", "known_potentials"))


def counted(scope: Scope, names: frozenset[str], words: cells.Words | None = None) -> Found:
    """These quantities of each group, by the words of the question or by others."""
    words = scope.words if words is None else words
    asked = [name for name in facts.COUNTS if name in names]
    if "potential" in names:
        asked += _OF_POTENTIAL
    found: Found = {}
    for series in scope.series:
        figures = _by_group(scope, series, words, asked) if asked else {}
        if _RANKED in names:
            figures = _with_ranks(scope, series, words, figures)
        for (group, place), values in figures.items():
            found[group, series.places[place]] = _quantities(scope, values, names)
    return found


_Figures = dict[tuple[cells.Words, int], dict[str, int]]


def _by_group(scope: Scope, series: Series, words: cells.Words, asked: list[str]) -> _Figures:
    """What the subsidiaries of each group have together."""
    by_home = words if "subsidiary" in words else ("subsidiary", *words)
    home, apart = by_home.index("subsidiary"), len(by_home) - len(words)

    def find(part: Scope) -> Iterator[tuple[int, tuple[cells.Words, int, dict[str, int]]]]:
        ids = {row.code: row.id for row in part.rows}
        cut = part.cut(series, by_home)
        read = facts.of_customers(part.caller.connection, part.reach, cut, series.buckets, asked)
        for (group, place), values in read.items():
            yield ids[group[home]], (group[apart:], place, values)

    together: _Figures = {}
    for group, place, values in scope.kept(("customers", tuple(asked), words, series), find):
        own = together.setdefault((group, place), dict.fromkeys(asked, 0))
        for name, value in values.items():
            own[name] = max(own[name], value) if name == _LARGEST else own[name] + value
    return together


def _with_ranks(scope: Scope, series: Series, words: cells.Words, figures: _Figures) -> _Figures:
    """Ranks are among all customers of a group, of whichever subsidiary: they do not add up, and are found anew."""
    cut = scope.cut(series, words)
    read = facts.of_customers(scope.caller.connection, scope.reach, cut, series.buckets, [_RANKED])
    return {key: figures.get(key, {}) | read.get(key, {}) for key in figures | read}


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
CONTACTS = Source(_OF_CONTACTS, frozenset(cells.DIMENSIONS), counted, fed="activity")
