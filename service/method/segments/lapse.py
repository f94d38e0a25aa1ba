"""How long a customer has not ordered, against his own habit (the method, section 3: at risk)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

AT_RISK_FROM = Fraction(8, 10)
"""Of the lapse after which a customer counts as gone."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """Days since the last order; the usual interval between orders (None before the second), and whether it is long."""

    days: int
    interval: Fraction | None
    at_risk: bool


def lapse(days: Sequence[int], end: int, minimum: int) -> Lapse | None:
    """From the numbers of the days on which a customer ordered, at the end of a day; None if he never did by then.

    The usual interval is the median between one day with an order and the next. A customer with one such day has no
    interval yet: the minimum alone counts.
    """
    dates = sorted({day for day in days if day <= end})
    if not dates:
        return None
    between = sorted(later - earlier for earlier, later in pairwise(dates))
    size = len(between)
    interval = Fraction(between[(size - 1) // 2] + between[size // 2], 2) if between else None
    since = end - dates[-1]
    return Lapse(since, interval, since > AT_RISK_FROM * max(minimum, 2 * (interval or 0)))
