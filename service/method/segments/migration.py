"""Migration between the classes of the prior window and this one, in customers and in money."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import pandas as pd

from service.method.segments.classes import ALL_CLASSES
from service.method.segments.table import WHOLE, ratio
from service.method.states import State

Rule = Literal["frozen", "raw"]
_COLUMN = {"frozen": "prior_class", "raw": "raw_prior_class"}


@dataclass(frozen=True, slots=True)
class Move:
    """How many customers of a scope went from a class to a class, and their share of those who were in it."""

    scope: str
    from_class: str
    to_class: str
    customers: int
    share: Fraction | None


@dataclass(frozen=True, slots=True)
class Bridge:
    """The prior window's positive revenue, what was lost and won, and this window's net revenue: it adds up exactly.

    `credit_notes` is the net revenue of customers whose returns exceed their purchases. Ten-thousandths.
    """

    start: int
    lost: int
    contraction: int
    expansion: int
    new: int
    reactivated: int
    credit_notes: int
    end: int

    @property
    def net_revenue_retention(self) -> Fraction | None:
        return ratio(self.start + self.lost + self.contraction + self.expansion, self.start)

    @property
    def gross_revenue_retention(self) -> Fraction | None:
        return ratio(self.start + self.lost + self.contraction, self.start)


def moves(customers: pd.DataFrame, rule: Rule) -> list[Move]:
    """For the whole and for each scope, 16 moves each. `frozen`: both windows by the floors of this one."""
    scopes = [(WHOLE, customers)]
    scopes += [(str(name), part) for name, part in customers.groupby("scope") if name != WHOLE]
    found = []
    for scope, part in scopes:
        counts = part.groupby([_COLUMN[rule], "abc_class"]).size().to_dict()
        for from_class in ALL_CLASSES:
            there = sum(counts.get((from_class, to_class), 0) for to_class in ALL_CLASSES)
            for to_class in ALL_CLASSES:
                count = int(counts.get((from_class, to_class), 0))
                found.append(Move(scope, from_class, to_class, count, ratio(count, there)))
    return found


def retention(customers: pd.DataFrame) -> Fraction | None:
    """Share of the prior window's buyers who bought again."""
    states = customers["state"].value_counts()
    kept, lost = int(states.get(State.RETAINED.value, 0)), int(states.get(State.LOST.value, 0))
    return ratio(kept, kept + lost)


def bridge(customers: pd.DataFrame) -> Bridge:
    """The revenue bridge of these customers."""
    now, prior, state = customers["revenue"], customers["prior_revenue"], customers["state"]
    change = (now - prior)[state == State.RETAINED.value]
    return Bridge(
        start=int(prior[prior > 0].sum()),
        lost=-int(prior[state == State.LOST.value].sum()),
        contraction=int(change[change < 0].sum()),
        expansion=int(change[change > 0].sum()),
        new=int(now[state == State.NEW.value].sum()),
        reactivated=int(now[state == State.REACTIVATED.value].sum()),
        credit_notes=int(now[now < 0].sum()),
        end=int(now.sum()),
    )
