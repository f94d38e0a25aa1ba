"""Regularity (XYZ): how evenly a customer buys over the quarters."""

from collections.abc import Sequence

import numpy as np

from service.method.parameters import Regularity

FEWEST_QUARTERS = 4


def regularity(quarters: np.ndarray, season: Sequence[float], limits: Regularity) -> np.ndarray:
    """X, Y or Z per customer; "" for fewer than 4 quarters from the first purchase on, or a mean that is not positive.

    `quarters`: customers × quarters of the window, ten-thousandths; `season`: the seasonal index of each quarter.
    The coefficient of variation is of the population, zero-filled, over the quarters divided by the index.
    """
    even = quarters / np.asarray(season, dtype="float64")
    bought = np.cumsum(quarters > 0, axis=1) > 0
    count = bought.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(bought, even, 0).sum(axis=1) / count
        spread = np.sqrt((np.where(bought, even - mean[:, None], 0) ** 2).sum(axis=1) / count)
        variation = spread / mean
    none = (count < FEWEST_QUARTERS) | ~(mean > 0)
    return np.select([none, variation <= limits.x, variation <= limits.y], ["", "X", "Y"], "Z").astype(object)
