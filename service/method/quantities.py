"""The sums and counts that formulas of indicators use, per group and window.

States are evaluated inside each group on the group's own lines: a customer who moves from one seller to another is lost
for the one and new for the other, so `active = active_before − lost + new + reactivated` holds in every group.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from service.method.measures import MEASURES
from service.method.months import Window
from service.method.segments.classes import refuse_overflow
from service.method.segments.concentration import positive, ranked_sum, sum_of_squares
from service.method.states import State, states
from service.values import AMOUNT_SCALE

UNATTRIBUTED = 0
"""The customer of lines that name none: part of sums, never a customer."""

COUNTED: Mapping[str, str] = {
    "months": "Months of the window.",
    "active": "Customers with positive net revenue in the window.",
    "active_before": "The same in the window of the same length before.",
    "retained": "Customers active in both.",
    "new": "Active customers who never bought before.",
    "lost": "Customers active before and not now.",
    "reactivated": "Active customers who bought before, but not in the window before.",
    "prior_revenue": "Net revenue of the window before.",
    "positive_revenue": "Net revenue of active customers.",
    "revenue_before": "Positive net revenue of customers in the window before.",
    "revenue_lost": "What lost customers brought before.",
    "revenue_contracted": "What retained customers bring less than before.",
    "revenue_expanded": "What retained customers bring more than before.",
    "potential": "Effective potential of active customers, for the months of the window.",
    "sum_of_squares": "Sum of the squares of active customers' revenue.",
    "ranked_sum": "Sum of active customers' revenue times rank, 1 for the smallest.",
    "fte": "Average full-time equivalents of sellers in the window.",
}

Group = tuple[str, ...]


def quantities(
    cells: pd.DataFrame,
    window: Window,
    potentials: Mapping[int, int],
    default_wallet_share: Fraction,
) -> dict[Group, dict[str, Fraction | None]]:
    """Quantities per group, in units (not ten-thousandths); `fte` is left None.

    `cells`: a row per (group, customer, month) with columns `group` (a tuple of words), `customer`, `month` and all
    measures as int64. Months up to the window's end count; those before the prior window only tell who bought earlier.
    `potentials`: customer → potential a year, of customers whose potential is known.
    """
    for name in MEASURES:
        refuse_overflow(cells[name].to_numpy())
    month = cells["month"]
    now = cells[month.between(window.first, window.last)]
    prior = cells[month.between(window.prior.first, window.prior.last)]
    keys = ["group", "customer"]
    revenue = now.groupby(keys)["revenue"].sum()
    before = prior.groupby(keys)["revenue"].sum()
    earlier = cells[(month < window.prior.first) & (cells["revenue"] > 0)].groupby(keys).size()
    customers = _customers(revenue, before, earlier)
    sums = now.groupby("group")[list(MEASURES)].sum()
    found: dict[Group, dict[str, Fraction | None]] = {}
    prior_sums = prior.groupby("group")["revenue"].sum().to_dict()
    parts = dict(iter(customers.groupby("group")))
    for group in sorted({*sums.index, *parts, *prior_sums}):
        amounts = {name: _units(int(sums[name][group]) if group in sums.index else 0) for name in MEASURES}
        part = parts.get(group, customers.iloc[:0])
        found[group] = {
            **amounts,
            **_counted(part, window, potentials, default_wallet_share),
            "prior_revenue": _units(int(prior_sums.get(group, 0))),
            "months": Fraction(len(window)),
            "fte": None,
        }
    return found


def empty(window: Window) -> dict[str, Fraction | None]:
    """The quantities of a group without a line."""
    return {**dict.fromkeys((*MEASURES, *COUNTED), Fraction(0)), "months": Fraction(len(window)), "fte": None}


def _customers(revenue: pd.Series, before: pd.Series, earlier: pd.Series) -> pd.DataFrame:
    index = revenue.index.union(before.index).union(earlier.index)
    frame = pd.DataFrame(
        {
            "now": revenue.reindex(index, fill_value=0),
            "before": before.reindex(index, fill_value=0),
            "earlier": earlier.reindex(index, fill_value=0) > 0,
        }
    ).reset_index()
    frame = frame[frame["customer"] != UNATTRIBUTED]
    frame["state"] = states(frame["before"], frame["now"], frame["earlier"])
    return frame


def _counted(
    part: pd.DataFrame, window: Window, potentials: Mapping[int, int], default_share: Fraction
) -> dict[str, Fraction | None]:
    count = part["state"].value_counts()
    active = part[part["now"] > 0]
    bought = part[part["before"] > 0]
    ascending = positive(active["now"].to_numpy())
    kept = part[part["state"] == State.RETAINED.value]
    change = (kept["now"] - kept["before"]).to_numpy()
    lost = part[part["state"] == State.LOST.value]["before"]
    potential = _potential(active["customer"].tolist(), active["now"].tolist(), len(window), potentials, default_share)
    return {
        "active": Fraction(len(active)),
        "active_before": Fraction(len(bought)),
        **{
            state.value: Fraction(int(count.get(state.value, 0)))
            for state in (State.RETAINED, State.NEW, State.LOST, State.REACTIVATED)
        },
        "positive_revenue": _units(sum(ascending)),
        "revenue_before": _units(int(bought["before"].sum())),
        "revenue_lost": _units(int(lost.sum())),
        "revenue_contracted": _units(-int(np.minimum(change, 0).sum())),
        "revenue_expanded": _units(int(np.maximum(change, 0).sum())),
        "potential": potential,
        "sum_of_squares": Fraction(sum_of_squares(ascending), AMOUNT_SCALE**2),
        "ranked_sum": _units(ranked_sum(ascending)),
    }


def _potential(
    customers: Sequence[int], bought: Sequence[int], months: int, potentials: Mapping[int, int], default_share: Fraction
) -> Fraction:
    """Sum over active customers of max(potential, bought), unknown potential: bought / default wallet share."""
    total = Fraction(0)
    for customer, amount in zip(customers, bought, strict=True):
        yearly = potentials.get(customer)
        best = Fraction(amount) / default_share
        if yearly is not None:
            best = max(Fraction(yearly * months, 12), Fraction(amount))
        total += best
    return total / AMOUNT_SCALE


def _units(amount: int) -> Fraction:
    return Fraction(amount, AMOUNT_SCALE)
