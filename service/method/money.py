"""Splitting and converting exact amounts, so that parts always add up to totals."""

import math
from collections.abc import Sequence
from fractions import Fraction

from service.values import RATE_DECIMALS

_RATE_UNIT: int = 10**RATE_DECIMALS


def convert(amount: int, rate: int) -> int:
    """An amount at a rate (10⁻¹² units), rounded once, half to even."""
    return _divide(amount * rate)


def largest_remainder(total: int, weights: Sequence[float], keys: Sequence[str]) -> list[int]:
    """`total` in whole shares proportional to the weights (not negative, not all 0), ties by key."""
    precise = [Fraction(weight) for weight in weights]
    whole = sum(precise)
    sign = -1 if total < 0 else 1
    exact = [abs(total) * weight / whole for weight in precise]
    shares = [int(share) for share in exact]
    left = abs(total) - sum(shares)
    order = sorted(range(len(weights)), key=lambda place: (-(exact[place] - shares[place]), keys[place]))
    for place in order[:left]:
        shares[place] += 1
    return [sign * share for share in shares]


def closed(total: int, parts: Sequence[float] | Sequence[Fraction], keys: Sequence[str]) -> list[int]:
    """Parts of any sign in whole numbers that add up to `total`, each rounded down and the rest handed out.

    What is left goes to the parts with the largest fractions, ties by key; all get more where it is more than that.
    """
    whole = [math.floor(part) for part in parts]
    each, left = divmod(total - sum(whole), len(parts))
    order = sorted(range(len(parts)), key=lambda place: (whole[place] - parts[place], keys[place]))
    for rank, place in enumerate(order):
        whole[place] += each + (rank < left)
    return whole


def _divide(product: int) -> int:
    whole, rest = divmod(product, _RATE_UNIT)
    if 2 * rest > _RATE_UNIT or (2 * rest == _RATE_UNIT and whole % 2):
        whole += 1
    return whole
