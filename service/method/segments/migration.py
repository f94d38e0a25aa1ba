"""Migration between the classes of the prior window and this one, in customers and in money."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from service.method.segments.cells import Cell
from service.method.segments.classes import ALL_CLASSES
from service.method.segments.table import WHOLE, ratio
from service.method.states import State

Rule = Literal["frozen", "raw"]
_COLUMN = {"frozen": "prior_class", "raw": "raw_prior_class"}


@dataclass(frozen=True, slots=True)
class Move:
    """How many customers of a scope went from a class to a class, their share of those who were in it, and what they
    bought before and now. Ten-thousandths."""

    scope: str
    from_class: str
    to_class: str
    customers: int
    share: Fraction | None
    prior_revenue: int
    revenue: int


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


def moves(cells: Sequence[Cell], rule: Rule) -> list[Move]:
    """For the whole and for each scope, 16 moves each. `frozen`: both windows by the floors of this one."""
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for cell in cells:
        for scope in {WHOLE, cell["scope"]}:
            own = sums[scope, cell[_COLUMN[rule]], cell["abc_class"]]
            for place, name in enumerate(("customers", "prior_revenue", "revenue")):
                own[place] += cell[name]
    found = []
    for scope in (WHOLE, *sorted({cell["scope"] for cell in cells} - {WHOLE})):
        for from_class in ALL_CLASSES:
            there = sum(sums[scope, from_class, to_class][0] for to_class in ALL_CLASSES)
            for to_class in ALL_CLASSES:
                count, prior, now = sums[scope, from_class, to_class]
                found.append(Move(scope, from_class, to_class, count, ratio(count, there), prior, now))
    return found


def retention(cells: Sequence[Cell]) -> Fraction | None:
    """Share of the prior window's buyers who bought again."""
    return ratio(_sum(cells, "kept"), _sum(cells, "bought"))


def bridge(cells: Sequence[Cell]) -> Bridge:
    """The revenue bridge of these customers."""
    return Bridge(
        start=_sum(cells, "start"),
        lost=-_sum(cells, "prior_revenue", State.LOST),
        contraction=_sum(cells, "contraction"),
        expansion=_sum(cells, "expansion"),
        new=_sum(cells, "revenue", State.NEW),
        reactivated=_sum(cells, "revenue", State.REACTIVATED),
        credit_notes=_sum(cells, "credit_notes"),
        end=_sum(cells, "revenue"),
    )


def _sum(cells: Sequence[Cell], name: str, state: State | None = None) -> int:
    return sum(cell[name] for cell in cells if state in (None, cell["state"]))
