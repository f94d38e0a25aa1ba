"""Regularity (XYZ): how evenly a customer buys over the quarters."""

from collections.abc import Sequence

import numpy as np

from service.method.parameters import Regularity

FEWEST_QUARTERS = 4


def regularity(quarters: np.ndarray, season: Sequence[float], limits: Regularity) -> np.ndarray:
    """X, Y or Z per customer; "" for fewer than 4 quarters from the first purchase on, or a sum that is not positive.

    `quarters`: customers × quarters of the window, ten-thousandths; `season`: the seasonal index of each quarter.
    The coefficient of variation is of the population, zero-filled, over the quarters divided by the index. It is
    compared by squares: variation ≤ x where n·Σe² ≤ (1+x²)·(Σe)². Added from the first quarter to the last, as the
    database does it, so that both give the same bits.
    """
    bought = np.cumsum(quarters > 0, axis=1) > 0
    count = bought.sum(axis=1)
    total = squares = np.zeros(len(quarters))
    for place, index in enumerate(season):
        even = np.where(bought[:, place], quarters[:, place] / np.float64(index), 0.0)
        total = total + even
        squares = squares + even * even
    spread, whole = count * squares, total * total
    none = (count < FEWEST_QUARTERS) | ~(total > 0)
    cases = [none, spread <= factor(limits.x) * whole, spread <= factor(limits.y) * whole]
    return np.select(cases, ["", "X", "Y"], "Z").astype(object)


def factor(limit: float) -> float:
    """What the square of the sum is multiplied by, for a limit of the variation."""
    return 1 + limit * limit
