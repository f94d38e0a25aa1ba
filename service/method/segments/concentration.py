"""Concentration of the positive values of a group: Herfindahl-Hirschman index, Gini coefficient, largest share."""

from fractions import Fraction

import numpy as np


def positive(values: np.ndarray) -> list[int]:
    """The positive values, ascending, as whole numbers without limit."""
    return sorted(value for value in values.tolist() if value > 0)


def sum_of_squares(values: list[int]) -> int:
    return sum(value * value for value in values)


def ranked_sum(ascending: list[int]) -> int:
    """Each value times its rank from below (1 is the smallest)."""
    return sum(rank * value for rank, value in enumerate(ascending, start=1))


def hhi(ascending: list[int]) -> Fraction | None:
    """Sum of the squared shares: 1/n for equal values, 1 for a single one."""
    total = sum(ascending)
    return Fraction(sum_of_squares(ascending), total * total) if total else None


def gini(ascending: list[int]) -> Fraction | None:
    """0 for equal values, towards 1 for one that has all."""
    total, count = sum(ascending), len(ascending)
    return Fraction(2 * ranked_sum(ascending), count * total) - Fraction(count + 1, count) if total else None


def largest_share(ascending: list[int]) -> Fraction | None:
    return Fraction(ascending[-1], sum(ascending)) if ascending else None
