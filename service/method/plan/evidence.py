"""The very customers, months of the funnel and deals over which a fact behind a plan's input was counted.

A fact is a term of an input's evidence, such as `orders` of `order_frequency`. What is counted here by itself is what
`statistics` adds up: a test holds the two together for every fact.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from service.method.plan import deals
from service.method.plan.deals import ALL_CLASSES
from service.method.plan.inputs import CLOSING
from service.method.plan.statistics import FUNNEL, OF_PARENT, OF_PARENT_CLASSES, lead_shares
from service.method.segments.classes import CLASSES
from service.method.states import State
from service.values import AMOUNT_SCALE

_AMOUNTS = ("orders", "revenue", "margin", "gap")
_OF_CUSTOMERS = ("customers", *_AMOUNTS, "there", "kept", "moved", "all_there", "all_kept", "returned", "dormant")
How = Literal["sum", "mean", "median", "given"]


@dataclass(frozen=True)
class Observed:
    """What a subsidiary's plan was derived from; columns as `statistics.derive` has them."""

    customers: pd.DataFrame
    funnel: pd.DataFrame
    deals: pd.DataFrame

    def of(self, unit: str) -> "Observed":
        """What belongs to a unit."""
        frames = zip((self.customers, self.funnel, self.deals), self._by_unit, strict=True)
        return Observed(*(units.get(unit, frame.iloc[:0]) for frame, units in frames))

    @cached_property
    def _by_unit(self) -> tuple[dict[str, pd.DataFrame], ...]:
        frames = (self.customers, self.funnel, self.deals)
        return tuple({str(unit): part for unit, part in frame.groupby("unit")} for frame in frames)


@dataclass(frozen=True, slots=True)
class Counted:
    """`rows`: those of `source`, each with the `share` of it that counts and its `value` in units; `how` they make the
    fact. Nothing is counted of a parameter: it is `given`."""

    source: Literal["customers", "funnel", "deals", "parameter"]
    how: How
    rows: pd.DataFrame

    @property
    def value(self) -> float | None:
        """What the rows make; None of a parameter."""
        if self.how == "given":
            return None
        values = self.rows["value"]
        return float(values.agg(self.how))


def counted(
    observed: Observed, unit: str, abc_class: str, name: str, fact: str, provenance: str, first: int
) -> Counted:
    """Over what a fact was counted, of an input of a unit and class with this provenance. `first`: the plan's month."""
    of_whole = provenance in (OF_PARENT, OF_PARENT_CLASSES)
    own = observed if of_whole else observed.of(unit)
    if fact in _OF_CUSTOMERS:
        rows = own.customers[_chosen(own.customers, abc_class, name, fact)]
        values = rows[fact] / AMOUNT_SCALE if fact in _AMOUNTS else 1.0
        return Counted("customers", "sum", rows.assign(share=1.0, value=values))
    shares = lead_shares(own.customers, observed.customers)
    if fact in FUNNEL:
        parts = own.funnel["abc_class"].map({abc_class: 1.0, "": shares[abc_class]}).astype(float).fillna(0.0)
        rows = own.funnel.assign(share=parts, value=own.funnel[fact] / AMOUNT_SCALE * parts)
        return Counted("funnel", "sum", rows[rows["value"] != 0])
    every_class = provenance in (ALL_CLASSES, OF_PARENT_CLASSES)
    cohort = own.deals if every_class else own.deals[own.deals["abc_class"] == abc_class]
    if fact in deals.REACHED:
        return Counted("deals", "sum", deals.reached(cohort, fact).assign(share=1.0, value=1.0))
    if fact == "median_months":
        won = deals.won_now(cohort)
        return Counted("deals", "median", won.assign(share=1.0, value=won["months"]))
    still = deals.still_open(own.deals, first)
    if name in CLOSING:
        still = still[still["month"] == CLOSING.index(name) + 1]
    return _of_open_deals(observed, still, abc_class, shares[abc_class], fact)


def _of_open_deals(observed: Observed, still: pd.DataFrame, abc_class: str, share: float, fact: str) -> Counted:
    """Amounts of a stage, and its win rate, which is that of the whole subsidiary."""
    head, _, place = fact.rpartition("_")
    if head == "amount":
        rows = deals.of_stage(still, int(place) - 1, abc_class, share)
        rows = rows.assign(value=rows["amount"] / AMOUNT_SCALE * rows["share"])
        return Counted("deals", "sum", rows[rows["share"] > 0])
    if head == "rate":
        rows = deals.reached(observed.deals, deals.REACHED[int(place) - 1])
        if len(rows) >= deals.FEWEST:
            return Counted("deals", "mean", rows.assign(share=1.0, value=(rows["outcome"] == "won").astype(float)))
    return Counted("parameter", "given", observed.customers.iloc[:0].assign(share=1.0, value=0.0))


def _chosen(customers: pd.DataFrame, abc_class: str, name: str, fact: str) -> pd.Series:
    """Which customers a fact counts; of `moved` the input `name` (to_A, to_B, to_C) says where they are now."""
    now, before, last = (customers[word] for word in ("abc_class", "prior_class", "last_class"))
    within: Mapping[str, Callable[[], pd.Series]] = {
        "gap": lambda: (now == abc_class) & (customers["segment"] == "GROW"),
        "there": lambda: before == abc_class,
        "kept": lambda: (before == abc_class) & now.isin(CLASSES),
        "moved": lambda: (before == abc_class) & (now == name.removeprefix("to_")),
        "all_there": lambda: before.isin(CLASSES),
        "all_kept": lambda: before.isin(CLASSES) & now.isin(CLASSES),
        "returned": lambda: (last == abc_class) & (customers["state"] == State.REACTIVATED.value),
        "dormant": lambda: (last == abc_class) & (customers["state"] == State.DORMANT.value),
    }
    return within[fact]() if fact in within else now == abc_class
