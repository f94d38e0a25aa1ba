"""A segmentation added up: one cell per combination of its words, from which every table of it is a sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.method.segments import Segmentation
from service.method.states import State

WORDS = ("scope", "abc_class", "prior_class", "raw_prior_class", "segment", "state", "potential_class")
"""What cells are told apart by."""
GROUPED = ("scope", "abc_class", "segment", "state", "potential_class")
"""The words whose groups have a concentration."""
SUMMED = ("revenue", "prior_revenue", "margin", "orders", "quotes", "contacts", "hours", "effective_potential")
SUMS = (
    *SUMMED,
    "customers",
    "active",
    "bought",
    "kept",
    "bought_value",
    "active_value",
    "active_potential",
    "start",
    "contraction",
    "expansion",
    "credit_notes",
)
"""What a cell adds up, in whole numbers: SUMMED in ten-thousandths; customers in all, with positive revenue in the
window (active), in the prior one (bought), in both (kept); positive value of all and of active customers, potential of
the active; positive prior revenue, and the steps of the bridge."""

Cell = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cells:
    """`values`: (the words of GROUPED, positive value) of each customer who has one, ascending by value."""

    cells: Sequence[Cell]
    values: Sequence[tuple[Any, ...]]
    months: int

    @classmethod
    def of(cls, found: Segmentation) -> "Cells":
        frame = found.customers
        now, prior, value, potential = (
            frame[name].to_numpy() for name in ("revenue", "prior_revenue", "value", "effective_potential")
        )
        active, bought, positive = now > 0, prior > 0, np.maximum(value, 0)
        change = np.where(frame["state"] == State.RETAINED.value, now - prior, 0)
        sums = frame[[*WORDS, *SUMMED]].assign(
            customers=1,
            active=active.astype("int64"),
            bought=bought.astype("int64"),
            kept=(active & bought).astype("int64"),
            bought_value=positive,
            active_value=np.where(active, positive, 0),
            active_potential=np.where(active, potential, 0),
            start=np.maximum(prior, 0),
            contraction=np.minimum(change, 0),
            expansion=np.maximum(change, 0),
            credit_notes=np.minimum(now, 0),
        )
        rows = sums.groupby(list(WORDS), sort=False).sum().reset_index().astype(object).to_dict("records")
        buyers = frame[frame["value"] > 0].sort_values("value", kind="stable")
        values = list(zip(*(buyers[name].tolist() for name in (*GROUPED, "value")), strict=True))
        return cls([{str(name): number for name, number in row.items()} for row in rows], values, found.months)
