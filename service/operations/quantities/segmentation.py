"""Quantities that rest on classes and potential of the 12 months that end with the window."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from service.method.months import Window
from service.method.segments.classes import CLASSES
from service.operations.quantities import customers, lines
from service.operations.quantities.scope import Found, Scope, Source, add, units
from service.store import cells
from service.store import lines as lines_store

_STRONG = ("A", "B")
_MONTHS_A_YEAR = 12
_OF_LINES = frozenset(("strong_revenue", "contact_norm", "norm_hours"))
_OF_PORTFOLIO = frozenset(("strong_potential", "grow_gap", "grow_won"))
_FUNNEL = ("leads", "qualified", "offers")


def by_lines(scope: Scope, names: frozenset[str]) -> Found:
    """Of the customers of the group's own lines, by their class."""
    found: Found = {}
    if "strong_revenue" in names:
        for group, place, word, values in _split(scope, "potential_class", frozenset(["positive_revenue"])):
            strong = values["positive_revenue"] if word in _STRONG else Fraction(0)
            add(found, group, place, {"strong_revenue": strong})
    if names & {"contact_norm", "norm_hours"}:
        _add_norms(scope, found, names)
    return found


def _split(
    scope: Scope, word: str, names: frozenset[str]
) -> Iterator[tuple[cells.Words, int, str, dict[str, Fraction]]]:
    """(group, place, class, quantities) of each class in each group."""
    words = tuple(dict.fromkeys((*scope.words, word)))
    for (group, place), values in customers.counted(scope, names, words).items():
        known = {name: value or Fraction(0) for name, value in values.items()}
        yield group[: len(scope.words)], place, group[words.index(word)], known


def _add_norms(scope: Scope, found: Found, names: frozenset[str]) -> None:
    norms = scope.parameters.resources
    for group, place, word, values in _split(scope, "abc_class", frozenset(["active"])):
        contacts = values["active"] * len(scope.buckets[place].now) / _MONTHS_A_YEAR
        contacts *= Fraction(str(norms.contacts_a_year.get(word, 0)))
        hours = contacts * Fraction(str(norms.hours_a_contact.get(word, 0)))
        add(found, group, place, {"contact_norm": contacts, "norm_hours": hours})
    if "norm_hours" in names:
        words = tuple(dict.fromkeys((*scope.words, "abc_class", "potential_class")))
        wider = scope.other(words=words)
        for (group, place), sums in lines.read(wider, frozenset(("orders", *_FUNNEL))).items():
            told = dict(zip(words, group, strict=True))
            stages = norms.stage_hours[_class(told["abc_class"], told["potential_class"])]
            hours = (sums.get("orders") or 0) * Fraction(str(norms.hours_an_order))
            for name, each in zip(_FUNNEL, stages, strict=True):
                hours += (sums.get(name) or 0) * Fraction(str(each))
            add(found, group[: len(scope.words)], place, {"norm_hours": hours})


def _class(actual: str, potential: str) -> str:
    """The class whose norms hold: the actual one, else by potential; C where nothing is known."""
    return next((word for word in (actual, potential) if word in CLASSES), CLASSES[-1])


def of_portfolio(scope: Scope, names: frozenset[str]) -> Found:
    """Of all customers handed in, by their own seller, channel and team."""
    found: Found = {}
    for row in scope.rows:
        for place, bucket in enumerate(scope.buckets):
            if "strong_potential" in names:
                _add(scope, found, row.id, place, bucket, _strong(scope, row, bucket.now))
            if names & {"grow_gap", "grow_won"}:
                _add(scope, found, row.id, place, bucket, _grown(scope, row, bucket))
    return found


_OfCustomers = Iterator[tuple[Any, dict[str, int]]]
"""Customers of a segmentation, each with his amounts."""


def _add(scope: Scope, found: Found, number: int, place: int, bucket: cells.Bucket, rows: _OfCustomers) -> None:
    """In another currency at the rate of the window's last month."""
    month = bucket.now.last
    for row, amounts in rows:
        words = scope.words_of(number, month, row.customer_id, row.salesperson, row.channel)
        group = scope.group(words)
        if group is not None:
            add(found, group, place, {name: units(scope.in_currency(number, a, month)) for name, a in amounts.items()})


def _strong(scope: Scope, home: Row[Any], window: Window) -> _OfCustomers:
    found = scope.segmented(home, scope.last)
    row: Any
    for row in found.itertuples() if found is not None else ():
        if row.potential_class in _STRONG:
            yield row, {"strong_potential": _part(row.effective_potential, window)}


def _grown(scope: Scope, home: Row[Any], bucket: cells.Bucket) -> _OfCustomers:
    found = scope.segmented(home, bucket.before.last)
    if found is None or not (found["segment"] == "GROW").any():
        return
    grow = found[found["segment"] == "GROW"]
    reach = scope.reach.narrowed([home.id])
    cells = lines_store.monthly(scope.caller.connection, reach, bucket.now.last, measures=["revenue"])
    cells = cells[cells["customer_id"].isin(grow["customer_id"])]
    sums = [
        cells[cells["period"].between(window.first, window.last)].groupby("customer_id")["revenue"].sum()
        for window in (bucket.now, bucket.before)
    ]
    row: Any
    for row in grow.itertuples():
        now, before = (int(one.get(row.customer_id, 0)) for one in sums)
        yield row, {"grow_gap": _part(row.gap, bucket.now), "grow_won": max(now - max(before, 0), 0)}


def _part(yearly: int, window: Window) -> int:
    return round(Fraction(yearly * len(window), _MONTHS_A_YEAR))


LINES = Source(_OF_LINES, frozenset(cells.DIMENSIONS), by_lines)
PORTFOLIO = Source(_OF_PORTFOLIO, frozenset(cells.DIMENSIONS) - {"product_group"}, of_portfolio)
