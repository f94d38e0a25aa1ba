"""A difference of products split over their factors: by LMDI-I (Ang 2005), by Shapley where one is not positive."""

from collections.abc import Sequence
from math import isclose, log, prod

import numpy as np

from service.method.shapley import shapley


def split_product(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """What each factor adds to the difference of the products; adds up to it but for the rounding of binary64."""
    start, end = prod(before), prod(after)
    if min(*before, *after, start, end) > 0:
        logs = [log(now) - log(then) for then, now in zip(before, after, strict=True)]
        # Where the products are nearly equal, their logarithmic mean is their mean.
        weight = (start + end) / 2 if isclose(start, end) else (end - start) / sum(logs)
        return [weight * one for one in logs]

    def product(changed: frozenset[int]) -> np.ndarray:
        factors = [after[place] if place in changed else before[place] for place in range(len(before))]
        return np.array([prod(factors)])

    parts: list[float] = shapley(len(before), product)[:, 0].tolist()
    return parts


def factors(before: tuple[float, float, float], after: tuple[float, float, float]) -> tuple[list[float], list[float]]:
    """Customers, orders per customer and revenue per order of both sides, from customers, orders and revenue.

    Revenue without orders counts as one order a customer. Where a side has no customers, or no orders, its missing
    factors are those of the other side, so that nothing is put down to them.
    """
    ways = []
    for customers, orders, revenue in (before, after):
        counted = customers if not orders and revenue else orders
        ways.append((customers, counted / customers if customers else None, revenue / counted if counted else None))
    found: list[list[float]] = []
    for own, other in (ways, ways[::-1]):
        found.append([next((x for x in pair if x is not None), 0.0) for pair in zip(own, other, strict=True)])
    return found[0], found[1]
