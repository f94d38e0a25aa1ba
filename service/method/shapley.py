"""Splitting a difference over what caused it by Shapley values: the average effect over all orders of the causes."""

from collections.abc import Callable
from math import factorial

import numpy as np

MOST_CAUSES = 10
"""All subsets are computed: 2ⁿ of them."""


def shapley(causes: int, value: Callable[[frozenset[int]], np.ndarray]) -> np.ndarray:
    """Causes × figures: what each adds to the figures. `value` gives the figures where only these causes are there.

    The parts add up to the difference between all causes and none, but for the rounding of binary64.
    """
    members = [frozenset(one for one in range(causes) if bits >> one & 1) for bits in range(1 << causes)]
    values = np.array([value(present) for present in members])
    sizes = np.array([len(present) for present in members])
    orders = [factorial(size) * factorial(causes - size - 1) / factorial(causes) for size in range(causes)]
    parts = []
    for one in range(causes):
        without = np.array([bits for bits in range(1 << causes) if not bits >> one & 1])
        weights = np.array([orders[size] for size in sizes[without]])
        parts.append(weights @ (values[without | 1 << one] - values[without]))
    return np.array(parts).reshape(causes, values.shape[1])
