"""Actual classes A, B, C, N (the method, section 4), compared exactly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

import numpy as np

from service.errors import AmountTooLarge
from service.method.parameters import Abc
from service.values import AMOUNT_SCALE
from service.wording import say

Ints = np.ndarray
Words = np.ndarray
CLASSES = ("A", "B", "C")
ALL_CLASSES = ("A", "B", "C", "N")
LARGEST_SUM = 2**62
MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Floors:
    """The smallest value in A and in B of a base window, ten-thousandths; by the rule `floors` the limits themselves.

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
        raise AmountTooLarge(say("The sum of the amounts does not fit into 64 bits."))


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


def computed(values: Ints) -> Floors:
    """Floors from the curve itself, see `of_curve`."""
    total_of(values)
    return of_curve(sorted((value for value in values.tolist() if value > 0), reverse=True))


def of_curve(ranked: Sequence[int]) -> Floors:
    """Floors from the positive values, descending (Ultsch & Lötsch 2015), on the vertices (i/n, L_i) of their curve.

    A ends at the Pareto point (the vertex next to the ideal (0, 1)) or at the last value that is not below the mean,
    whichever comes first; B at the vertex next to (the later of both, 1). Compared as whole numbers.
    """
    if not ranked:
        return Floors(None, None)
    count, sums = len(ranked), list(accumulate(ranked))
    total = sums[-1]

    def nearest(x: int) -> int:
        distances = [((i - x) * total) ** 2 + (count * (total - so_far)) ** 2 for i, so_far in enumerate(sums, start=1)]
        return distances.index(min(distances)) + 1

    pareto, even = nearest(0), sum(value * count >= total for value in ranked)
    in_a = min(pareto, even)
    in_b = max(in_a, nearest(max(pareto, even)))
    return Floors(ranked[in_a - 1], ranked[in_b - 1])


def limits(a: Decimal, b: Decimal, months: int) -> Floors:
    """Floors from limits a year, taken for the months of a window: whole ten-thousandths that give the same classes."""
    factor = Fraction(months, MONTHS_A_YEAR) * AMOUNT_SCALE
    return Floors(math.ceil(Fraction(a) * factor), math.ceil(Fraction(b) * factor))


def cut(values: Ints, abc: Abc, months: int) -> tuple[Words, Floors]:
    """The classes of a window's values by the rule of the method, and its floors."""
    if abc.rule == "cumulative":
        words = cumulative(values, Fraction(abc.a), Fraction(abc.b))
        return words, floors_of(values, words)
    floors = computed(values) if abc.rule == "computed" else limits(*abc.floors, months)
    return by_floors(values, floors), floors


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
