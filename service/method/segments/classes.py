"""Actual classes A, B, C, N (the method, section 4), compared exactly."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from service.errors import AmountTooLarge

Ints = np.ndarray
Words = np.ndarray
CLASSES = ("A", "B", "C")
ALL_CLASSES = ("A", "B", "C", "N")
LARGEST_SUM = 2**62


@dataclass(frozen=True, slots=True)
class Floors:
    """The smallest value in A and in B of a base window, ten-thousandths.

    An empty B has the floor of A. Without a positive value there are no floors (None), and whatever is positive is C.
    """

    a: int | None
    b: int | None


def total_of(values: Ints) -> int:
    """Sum of the positive values. AmountTooLarge where it would leave the range of exact 64-bit sums."""
    positive = values[values > 0]
    refuse_overflow(positive)
    return int(positive.sum())


def refuse_overflow(values: Ints) -> None:
    """AmountTooLarge where sums of these amounts would leave the range of exact 64-bit sums."""
    if float(np.abs(values.astype("float64")).sum()) > LARGEST_SUM:
        raise AmountTooLarge("The sum of the amounts does not fit into 64 bits.")


def before(values: Ints) -> Ints:
    """For each value the sum of the positive values strictly greater than it; equal values have the same."""
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    positive = np.where(ranked > 0, ranked, 0)
    above = np.cumsum(positive) - positive
    starts = np.concatenate(([True], ranked[1:] != ranked[:-1])) if len(ranked) else np.zeros(0, dtype=bool)
    first_of_equals = np.maximum.accumulate(np.where(starts, np.arange(len(ranked)), 0))
    result = np.empty_like(values)
    result[order] = above[first_of_equals]
    return result


def cumulative(values: Ints, a: Fraction, b: Fraction) -> Words:
    """A while the customers before hold less than share `a` of the positive total, B less than `b`, else C; N: ≤ 0."""
    total = total_of(values)
    # before < a·T for whole numbers exactly where before < ⌈a·T⌉
    limit_a, limit_b = math.ceil(a * total), math.ceil(b * total)
    above = before(values)
    return _named(values <= 0, above < limit_a, above < limit_b)


def floors_of(values: Ints, classes: Words) -> Floors:
    """The frozen floors of a classified window."""
    in_a, in_b = values[classes == "A"], values[classes == "B"]
    if not in_a.size:
        return Floors(None, None)
    a = int(in_a.min())
    return Floors(a, int(in_b.min()) if in_b.size else a)


def by_floors(values: Ints, floors: Floors) -> Words:
    """Classes by the floors of another window."""
    highest = np.iinfo(np.int64).max
    a = highest if floors.a is None else floors.a
    b = highest if floors.b is None else floors.b
    return _named(values <= 0, values >= a, values >= b)


def _named(none: np.ndarray, a: np.ndarray, b: np.ndarray) -> Words:
    return np.select([none, a, b], ["N", "A", "B"], "C").astype(object)
