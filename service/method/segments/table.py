"""The class table: what a class is worth, and the figures a plan is computed from.

Counts are numbers, amounts whole ten-thousandths, ratios exact Fractions or None where they have no meaning.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from service.method.segments import SEGMENTS
from service.method.segments.cells import GROUPED, SUMS, Cells
from service.method.segments.classes import ALL_CLASSES
from service.method.segments.concentration import gini, hhi, largest_share
from service.method.states import State
from service.values import AMOUNT_SCALE

WHOLE = ""
"""The scope of rows over all scopes."""
ALL = "all"
MONTHS_A_YEAR = 12
GROUPINGS: Mapping[str, Sequence[str]] = {
    "abc_class": ALL_CLASSES,
    "segment": SEGMENTS,
    "state": tuple(state.value for state in State),
    "potential_class": ALL_CLASSES,
}
"""What a table can be made by, and the rows of each."""
BY_CLASS_AND_SEGMENT = ("abc_class", "segment")

Row = dict[str, Any]
Key = tuple[str, str, str]
"""Scope, grouping, word; the total of a scope is the word `all` of its classes."""
_TOLD = ("revenue", "margin", "orders", "quotes", "contacts", "hours")


def class_table(cells: Cells, by: Sequence[str] = BY_CLASS_AND_SEGMENT) -> list[Row]:
    """Rows of every scope, the whole first: of each grouping asked for its words in their order, and after the classes
    the scope's total. `abc_class` is `all` in rows of other groupings, whose own word stands in the column of its name.

    `retention` of a class is that of the customers who were in it in the prior window (frozen floors); of all others
    that of their own customers. F is orders / active customers × 12 / months, V revenue / orders, of the row's
    customers.
    """
    sums, before = _added(cells, by)
    values = _values(cells, by)
    scopes = sorted({cell["scope"] for cell in cells.cells} - {WHOLE})
    return [row for scope in (WHOLE, *scopes) for row in _of_scope(scope, by, cells.months, sums, before, values)]


def _added(cells: Cells, by: Sequence[str]) -> tuple[dict[Key, Row], dict[Key, Row]]:
    """Sums of each row's customers, and of those who were in the row's class before."""
    states = [state.value for state in State]
    sums: dict[Key, Row] = defaultdict(lambda: dict.fromkeys((*SUMS, *states), 0))
    before: dict[Key, Row] = defaultdict(lambda: {"kept": 0, "bought": 0})
    for cell in cells.cells:
        for scope in {WHOLE, cell["scope"]}:
            for key in ((scope, ALL, ALL), *((scope, name, cell[name]) for name in by)):
                row = sums[key]
                for name in SUMS:
                    row[name] += cell[name]
                row[cell["state"]] += cell["customers"]
            earlier = before[scope, "abc_class", cell["prior_class"]]
            for name in earlier:
                earlier[name] += cell[name]
    return sums, before


def _values(cells: Cells, by: Sequence[str]) -> dict[Key, list[int]]:
    """The positive values of each row's customers, ascending."""
    found: dict[Key, list[int]] = defaultdict(list)
    places = [(name, GROUPED.index(name)) for name in by]
    for row in cells.values:
        value = row[-1]
        for scope in {WHOLE, row[0]}:
            found[scope, ALL, ALL].append(value)
            for name, place in places:
                found[scope, name, row[place]].append(value)
    return found


def _of_scope(
    scope: str,
    by: Sequence[str],
    months: int,
    sums: Mapping[Key, Row],
    before: Mapping[Key, Row],
    values: Mapping[Key, list[int]],
) -> Iterator[Row]:
    whole = sums[scope, ALL, ALL]
    for name in by:
        for word in GROUPINGS[name]:
            key = (scope, name, word)
            own = sums[key]
            words = {"scope": scope, "abc_class": ALL, **dict.fromkeys(set(GROUPINGS) - {"abc_class"}), name: word}
            kept = before[key] if name == "abc_class" else own
            yield words | _figures(own, kept, whole["revenue"], months, values[key])
        if name == "abc_class":
            words = {"scope": scope, "abc_class": ALL, **dict.fromkeys(set(GROUPINGS) - {"abc_class"})}
            yield words | _figures(whole, whole, whole["revenue"], months, values[scope, ALL, ALL])


def _figures(own: Row, before: Row, total: int, months: int, ascending: list[int]) -> Row:
    active, count = own["active"], own["customers"] * AMOUNT_SCALE
    return {
        "customers": own["customers"],
        "active": active,
        **{state.value: own[state.value] for state in State},
        **{name: own[name] for name in _TOLD},
        "revenue_share": ratio(own["revenue"], total),
        "margin_rate": ratio(own["margin"], own["revenue"]),
        "order_frequency": ratio(own["orders"] * MONTHS_A_YEAR, active * AMOUNT_SCALE * months),
        "value_per_order": ratio(own["revenue"], own["orders"]),
        "quote_to_order": ratio(own["orders"], own["quotes"]),
        "contacts_per_customer": ratio(own["contacts"], count),
        "hours_per_customer": ratio(own["hours"], count),
        "revenue_per_hour": ratio(own["revenue"], own["hours"]),
        "potential": own["effective_potential"],
        "wallet_share": ratio(own["active_value"], own["active_potential"]),
        "wallet_share_all": ratio(own["bought_value"], own["effective_potential"]),
        "retention": ratio(before["kept"], before["bought"]),
        "hhi": hhi(ascending),
        "gini": gini(ascending),
        "largest_share": largest_share(ascending),
    }


def ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
