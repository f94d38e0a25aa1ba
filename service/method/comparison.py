"""Units side by side (the method, section 9): rank, quartile, robust z, distance to the best quarter, standardised
rates and intervals. Values are exact Fractions; what needs a root is binary64.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import Literal, TypeVar

Unit = TypeVar("Unit", bound=Hashable)
Direction = Literal["higher", "lower", "neutral"]
FEWEST = 30
"""A rate that rests on fewer cases is shown with its interval, and not ranked."""
MAD_TO_DEVIATION = Fraction(14826, 10000)
"""Makes the median absolute deviation comparable with the standard deviation of a normal law."""
_Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit stands. `rank` 1 is the best; `quartile` 1 holds the best quarter; `distance` is what is missing
    to the best quarter, 0 inside it. None where a unit is not ranked or the direction is neutral."""

    rank: int | None
    quartile: int | None
    robust_z: Fraction | None
    distance: Fraction | None


@dataclass(frozen=True, slots=True)
class Spread:
    """What the ranked values have in common; None where there is none."""

    ranked: int
    median: Fraction | None
    deviation: Fraction | None
    best_quarter: Fraction | None


def spread(values: Sequence[Fraction], direction: Direction) -> Spread:
    """Median, 1.4826 × median absolute deviation, and the limit of the best quarter (linear between ranks)."""
    if not values:
        return Spread(0, None, None, None)
    median = quantile(values, Fraction(1, 2))
    deviation = MAD_TO_DEVIATION * quantile([abs(value - median) for value in values], Fraction(1, 2))
    best = {"higher": Fraction(3, 4), "lower": Fraction(1, 4)}.get(direction)
    return Spread(len(values), median, deviation, None if best is None else quantile(values, best))


def quantile(values: Sequence[Fraction], share: Fraction) -> Fraction:
    """The value below which this share lies, linear between neighbours (Hyndman & Fan 1996, type 7)."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def places(values: Mapping[Unit, Fraction], direction: Direction) -> dict[Unit, Place]:
    """The place of each unit among these, which are all ranked; equal values share the better rank."""
    common = spread(list(values.values()), direction)
    ascending = sorted(values.values())
    return {unit: _place(value, ascending, direction, common) for unit, value in values.items()}


def _place(value: Fraction, ascending: Sequence[Fraction], direction: Direction, common: Spread) -> Place:
    assert common.median is not None  # noqa: S101 - there is at least this value
    z = (value - common.median) / common.deviation if common.deviation else None
    if direction == "neutral" or common.best_quarter is None:
        return Place(None, None, z, None)
    sign = 1 if direction == "higher" else -1
    better = len(ascending) - bisect_right(ascending, value) if sign > 0 else bisect_left(ascending, value)
    quartile = 1 + 4 * better // len(ascending)
    return Place(1 + better, quartile, z, max(sign * (common.best_quarter - value), Fraction(0)))


def wilson(successes: Fraction, cases: Fraction) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a share (Wilson 1927). None unless 0 ≤ successes ≤ cases and there are cases."""
    if not 0 <= successes <= cases or not cases:
        return None
    n, share = float(cases), float(successes / cases)
    z = _Z95
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Numerator and denominator of a rate among the customers of one class."""

    numerator: Fraction
    denominator: Fraction


def standardised(units: Mapping[Unit, Mapping[str, Stratum]]) -> dict[Unit, Fraction | None]:
    """Each unit's rate, had it the mix of classes of all units together (direct standardisation).

    Weights are the classes' shares of all denominators. None for a unit that has no cases in a class that others
    have: its rate there is not known.
    """
    weights: dict[str, Fraction] = {}
    for strata in units.values():
        for name, stratum in strata.items():
            weights[name] = weights.get(name, Fraction(0)) + stratum.denominator
    counted = {name: weight for name, weight in weights.items() if weight > 0}
    total = sum(counted.values())
    found: dict[Unit, Fraction | None] = {}
    for unit, strata in units.items():
        known = {name for name, stratum in strata.items() if stratum.denominator > 0}
        if not counted or not counted.keys() <= known:
            found[unit] = None
            continue
        parts = (counted[name] * strata[name].numerator / strata[name].denominator for name in counted)
        found[unit] = sum(parts, Fraction(0)) / total
    return found
