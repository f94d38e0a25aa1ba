"""A plan as exact money: each block's year is rounded once, its months by largest remainder."""

from collections.abc import Iterator

import numpy as np

from service.method.money import largest_remainder
from service.method.months import month_text
from service.method.plan.blocks import BLOCKS, Plan
from service.method.segments.classes import CLASSES
from service.values import AMOUNT_DECIMALS, AMOUNT_SCALE

Line = tuple[int, str, str, int, int, int]
"""Unit (its place), class, block, month, revenue, margin; amounts in ten-thousandths."""


def lines(plan: Plan, first_month: int, minor_units: int) -> Iterator[Line]:
    """12 lines per unit, class and block that is not 0. `minor_units`: decimals of the currency, at most 4."""
    step = 10 ** (AMOUNT_DECIMALS - minor_units)
    keys = [month_text(first_month + place) for place in range(12)]
    for block in BLOCKS:
        for (unit, column), year in np.ndenumerate(plan.year(block)):
            rate = float(plan.margin_rate[unit, column])
            if not year:
                continue
            # The months of a block have one sign, since no season is negative.
            weights = [abs(float(value)) for value in plan.months[block][unit, column]]
            revenue = largest_remainder(round(float(year) * AMOUNT_SCALE / step), weights, keys)
            margin = largest_remainder(round(float(year) * rate * AMOUNT_SCALE / step), weights, keys)
            for place in range(12):
                yield unit, CLASSES[column], block, first_month + place, revenue[place] * step, margin[place] * step
