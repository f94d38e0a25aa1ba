"""Seasonal index: how a calendar month differs from an average one, by the ratio to the centred moving average."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

MONTHS_A_YEAR = 12
FEWEST_YEARS = 2


@dataclass(frozen=True, slots=True)
class SeasonalIndex:
    """`by_month[0]` is January; the mean is 1. `observed` is False where all are 1 for want of data."""

    by_month: tuple[float, ...]
    observed: bool

    def of(self, month: int) -> float:
        """The index of a month number."""
        return self.by_month[month % MONTHS_A_YEAR]

    def of_quarter(self, first_month: int) -> float:
        """The mean index of three months."""
        return sum(self.of(first_month + place) for place in range(3)) / 3


EVEN = SeasonalIndex((1.0,) * MONTHS_A_YEAR, observed=False)


def seasonal_index(revenue: Mapping[int, int], last: int) -> SeasonalIndex:
    """From net revenue by month number, over the complete years that end with month `last`.

    Fewer than two complete years, or a moving average that is not positive, give an even index, and so do years whose
    months within reach of the average bring nothing. A month that brings less than nothing on average counts as 0.
    """
    if not revenue:
        return EVEN
    years = (last - min(revenue) + 1) // MONTHS_A_YEAR
    if years < FEWEST_YEARS:
        return EVEN
    months = range(last - years * MONTHS_A_YEAR + 1, last + 1)
    series = np.array([revenue.get(month, 0) for month in months], dtype="float64")
    weights = np.array([0.5, *[1.0] * 11, 0.5]) / MONTHS_A_YEAR
    average = np.convolve(series, weights, mode="valid")
    if not (average > 0).all():
        return EVEN
    half = MONTHS_A_YEAR // 2
    ratios: list[list[float]] = [[] for _ in range(MONTHS_A_YEAR)]
    for place, value in enumerate(series[half:-half] / average):
        ratios[(months[0] + half + place) % MONTHS_A_YEAR].append(float(value))
    raw = [max(sum(found) / len(found), 0.0) for found in ratios]
    mean = sum(raw) / MONTHS_A_YEAR
    if mean == 0:
        return EVEN
    return SeasonalIndex(tuple(value / mean for value in raw), observed=True)
