"""The class table: what a class is worth, and the figures a plan is computed from.

Counts are numbers, amounts whole ten-thousandths, ratios exact Fractions or None where they have no meaning.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from service.method.segments import SEGMENTS, Segmentation
from service.method.segments.classes import ALL_CLASSES
from service.method.segments.concentration import gini, hhi, largest_share, positive
from service.method.states import State
from service.values import AMOUNT_SCALE

WHOLE = ""
"""The scope of rows over all scopes."""
ALL = "all"
MONTHS_A_YEAR = 12

Row = dict[str, Any]


def class_table(segmentation: Segmentation) -> list[Row]:
    """A row per scope and class, the scope's total, and a row per scope and segment; the whole comes first.

    `retention` of a class is that of the customers who were in it in the prior window (frozen floors); of a segment or
    a total, that of its own customers. F is orders / active customers × 12 / months, V
    revenue / orders, of the class's customers.
    """
    frame = segmentation.customers
    return [row for scope, part in _scopes(frame) for row in _of_scope(scope, part, segmentation.months)]


def _scopes(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield WHOLE, frame
    names = sorted(frame["scope"].unique())
    if names != [WHOLE] and names:
        for name in names:
            if name != WHOLE:
                yield name, frame[frame["scope"] == name]


def _of_scope(scope: str, part: pd.DataFrame, months: int) -> Iterator[Row]:
    total = int(part["revenue"].sum())
    for abc_class in ALL_CLASSES:
        before = part[part["prior_class"] == abc_class]
        own = part[part["abc_class"] == abc_class]
        yield {"scope": scope, "abc_class": abc_class, "segment": None, **_figures(own, before, total, months)}
    yield {"scope": scope, "abc_class": ALL, "segment": None, **_figures(part, part, total, months)}
    for segment in SEGMENTS:
        own = part[part["segment"] == segment]
        yield {"scope": scope, "abc_class": ALL, "segment": segment, **_figures(own, own, total, months)}


def _figures(own: pd.DataFrame, before: pd.DataFrame, total: int, months: int) -> Row:
    states = own["state"].value_counts()
    sums = {name: int(own[name].sum()) for name in ("revenue", "margin", "orders", "quotes", "contacts", "hours")}
    active = own[own["revenue"] > 0]
    count = len(own) * AMOUNT_SCALE
    buyers_before = before[before["prior_revenue"] > 0]
    kept = int((buyers_before["revenue"] > 0).sum())
    ascending = positive(own["value"].to_numpy())
    return {
        "customers": len(own),
        "active": len(active),
        **{state.value: int(states.get(state.value, 0)) for state in State},
        **sums,
        "revenue_share": ratio(sums["revenue"], total),
        "margin_rate": ratio(sums["margin"], sums["revenue"]),
        "order_frequency": ratio(sums["orders"] * MONTHS_A_YEAR, len(active) * AMOUNT_SCALE * months),
        "value_per_order": ratio(sums["revenue"], sums["orders"]),
        "quote_to_order": ratio(sums["orders"], sums["quotes"]),
        "contacts_per_customer": ratio(sums["contacts"], count),
        "hours_per_customer": ratio(sums["hours"], count),
        "revenue_per_hour": ratio(sums["revenue"], sums["hours"]),
        "potential": int(own["effective_potential"].sum()),
        "wallet_share": _wallet_share(active),
        "wallet_share_all": _wallet_share(own),
        "retention": ratio(kept, len(buyers_before)),
        "hhi": hhi(ascending),
        "gini": gini(ascending),
        "largest_share": largest_share(ascending),
    }


def ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _wallet_share(customers: pd.DataFrame) -> Fraction | None:
    bought = int(np.maximum(customers["value"].to_numpy(), 0).sum())
    return ratio(bought, int(customers["effective_potential"].sum()))
