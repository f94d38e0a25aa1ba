"""The class table: what a class is worth, and the figures a plan is computed from.

Counts are numbers, amounts whole ten-thousandths, ratios exact Fractions or None where they have no meaning.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from service.method.segments import SEGMENTS, Segmentation
from service.method.segments.classes import ALL_CLASSES
from service.method.segments.concentration import gini, hhi, largest_share, positive
from service.method.states import State
from service.values import AMOUNT_SCALE

WHOLE = ""
"""The scope of rows over all scopes."""
ALL = "all"
MONTHS_A_YEAR = 12

_SUMS = ("revenue", "margin", "orders", "quotes", "contacts", "hours")
_NUMBERS = (*_SUMS, "value", "prior_revenue", "effective_potential")
_WORDS = ("abc_class", "prior_class", "segment", "state")

Row = dict[str, Any]
Columns = Mapping[str, np.ndarray]


def class_table(segmentation: Segmentation) -> list[Row]:
    """A row per scope and class, the scope's total, and a row per scope and segment; the whole comes first.

    `retention` of a class is that of the customers who were in it in the prior window (frozen floors); of a segment or
    a total, that of its own customers. F is orders / active customers × 12 / months, V
    revenue / orders, of the class's customers.
    """
    frame = segmentation.customers
    # Arrays: a group of a seller's portfolio has a handful of customers, and there are thousands of such groups.
    columns = {name: frame[name].to_numpy(dtype=object if name in _WORDS else "int64") for name in _NUMBERS + _WORDS}
    places: Any = frame.groupby("scope").indices
    scopes = [(WHOLE, columns), *((name, _at(columns, places[name])) for name in sorted(places) if name != WHOLE)]
    return [row for scope, part in scopes for row in _of_scope(scope, part, segmentation.months)]


def _at(columns: Columns, places: np.ndarray) -> Columns:
    return {name: column[places] for name, column in columns.items()}


def _of_scope(scope: str, part: Columns, months: int) -> Iterator[Row]:
    total = int(part["revenue"].sum())
    for abc_class in ALL_CLASSES:
        own, before = _at(part, part["abc_class"] == abc_class), _at(part, part["prior_class"] == abc_class)
        yield {"scope": scope, "abc_class": abc_class, "segment": None, **_figures(own, before, total, months)}
    yield {"scope": scope, "abc_class": ALL, "segment": None, **_figures(part, part, total, months)}
    for segment in SEGMENTS:
        own = _at(part, part["segment"] == segment)
        yield {"scope": scope, "abc_class": ALL, "segment": segment, **_figures(own, own, total, months)}


def _figures(own: Columns, before: Columns, total: int, months: int) -> Row:
    customers = len(own["state"])
    sums = {name: int(own[name].sum()) for name in _SUMS}
    buys, bought = own["revenue"] > 0, before["prior_revenue"] > 0
    active, count = int(buys.sum()), customers * AMOUNT_SCALE
    kept = int((bought & (before["revenue"] > 0)).sum())
    ascending = positive(own["value"])
    return {
        "customers": customers,
        "active": active,
        **{state.value: int((own["state"] == state.value).sum()) for state in State},
        **sums,
        "revenue_share": ratio(sums["revenue"], total),
        "margin_rate": ratio(sums["margin"], sums["revenue"]),
        "order_frequency": ratio(sums["orders"] * MONTHS_A_YEAR, active * AMOUNT_SCALE * months),
        "value_per_order": ratio(sums["revenue"], sums["orders"]),
        "quote_to_order": ratio(sums["orders"], sums["quotes"]),
        "contacts_per_customer": ratio(sums["contacts"], count),
        "hours_per_customer": ratio(sums["hours"], count),
        "revenue_per_hour": ratio(sums["revenue"], sums["hours"]),
        "potential": int(own["effective_potential"].sum()),
        "wallet_share": _wallet_share(own, buys),
        "wallet_share_all": _wallet_share(own, np.ones(customers, dtype=bool)),
        "retention": ratio(kept, int(bought.sum())),
        "hhi": hhi(ascending),
        "gini": gini(ascending),
        "largest_share": largest_share(ascending),
    }


def _wallet_share(own: Columns, counted: np.ndarray) -> Fraction | None:
    bought = int(np.maximum(own["value"][counted], 0).sum())
    return ratio(bought, int(own["effective_potential"][counted].sum()))


def ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
