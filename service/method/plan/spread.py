"""A plan as exact money: each block's year is rounded once, its months by largest remainder."""

from collections.abc import Iterator, Sequence

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
        margins, margin_years = plan.margins(block), plan.margin_year(block)
        for (unit, column), year in np.ndenumerate(plan.year(block)):
            if not year:
                continue
            revenue = _whole(plan.months[block][unit, column].tolist(), float(year), step, keys)
            margin = _whole(margins[unit, column].tolist(), float(margin_years[unit, column]), step, keys)
            for place in range(12):
                yield unit, CLASSES[column], block, first_month + place, revenue[place] * step, margin[place] * step


def _whole(months: Sequence[float], year: float, step: int, keys: Sequence[str]) -> list[int]:
    """The months in whole steps, adding up to the year, which is rounded once. Gains and losses are split apart."""
    gains, losses = [max(month, 0.0) for month in months], [max(-month, 0.0) for month in months]
    whole = round(year * AMOUNT_SCALE / step)
    if not any(losses):
        return _shares(whole, gains, keys)
    gained = round(sum(gains) * AMOUNT_SCALE / step)
    parts = zip(_shares(gained, gains, keys), _shares(whole - gained, losses, keys), strict=True)
    return [gain + loss for gain, loss in parts]


def _shares(whole: int, weights: Sequence[float], keys: Sequence[str]) -> list[int]:
    return largest_remainder(whole, weights, keys) if any(weights) else [0] * len(weights)
