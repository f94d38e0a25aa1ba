"""What levers do to a plan: the difference to the baseline split over them, and how the plan answers to each."""

from collections.abc import Mapping, Sequence

import numpy as np

from service.errors import BadArgument
from service.method.plan.blocks import BLOCKS, Plan, Spread, by_cycle, by_origin, plan
from service.method.plan.inputs import CONVERSIONS, Inputs
from service.method.plan.levers import LEVERS, Lever, apply
from service.method.segments.classes import CLASSES
from service.method.shapley import MOST_CAUSES, shapley
from service.wording import say

BUYING = ("existing", "new", "reactivated")
"""Blocks that are orders × value per order."""
_OF_BLOCKS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("order_frequency", "value_per_order", "price", "quantity"), BUYING),
    **dict.fromkeys(("leads", *CONVERSIONS), ("new",)),
    "reactivation_rate": ("reactivated",),
    "win_rate": ("carried_over",),
    "capture": ("grown",),
}
"""Levers to which blocks are proportional."""


def split(inputs: Inputs, levers: Sequence[Lever], season: Sequence[float], spread: Spread = "blocks") -> np.ndarray:
    """Levers × (revenue, margin): what each lever adds to the baseline of these inputs, by Shapley values.

    A lever that is absent leaves the order of the others. BadArgument for more levers than can be enumerated.
    """
    if len(levers) > MOST_CAUSES:
        raise BadArgument(
            "levers",
            say("At most {most} levers can be split exactly; these are {count}.", most=MOST_CAUSES, count=len(levers)),
        )

    def figures(present: frozenset[int]) -> np.ndarray:
        found = plan(apply(inputs, [levers[place] for place in sorted(present)]), season, spread)
        return np.array([found.revenue, found.margin])

    return shapley(len(levers), figures)


def elasticities(inputs: Inputs, season: Sequence[float], spread: Spread = "blocks") -> dict[str, np.ndarray]:
    """For each lever (revenue, margin) × classes: by how many per cent the plan grows where the lever grows by one.

    (∂Plan/∂x)·(x/Plan) with x of all units of the class together; of price and quantity x is 1 + change. Where a
    figure of the plan is 0 there is none: nan. The ends of a share's range are not looked at.
    """
    found = plan(inputs, season, spread)
    totals = np.array([[found.revenue], [found.margin]])
    answers: dict[str, np.ndarray] = {}
    for lever in LEVERS:
        effects = [month.sum(axis=(0, 2)) for month in _effects(lever, inputs, found, season, spread)]
        answers[lever] = np.divide(effects, totals, out=np.full((2, len(CLASSES)), np.nan), where=totals != 0)
    return answers


def _effects(
    lever: str, inputs: Inputs, found: Plan, season: Sequence[float], spread: Spread
) -> tuple[np.ndarray, np.ndarray]:
    """x · ∂/∂x of revenue and of margin by month, units × classes × 12."""
    rate = found.margin_rate
    if lever == "margin_rate":
        revenue = np.sum([found.months[block] for block in BLOCKS], axis=0)
        return np.zeros_like(revenue), revenue * rate
    if lever in ("customers", "retention"):
        # Customers who change their class bring its margin.
        origin, earned = by_origin(inputs, season, np.ones_like(rate)), by_origin(inputs, season, rate)
        if lever == "customers":
            return origin, earned
        return origin + found.months["grown"], earned + found.margins("grown")
    if lever == "cycle_months":
        moved = by_cycle(inputs, season, spread)
    else:
        moved = np.sum([found.months[block] for block in _OF_BLOCKS[lever]], axis=0)
    return moved, moved * rate
